//! What the model shall be, as flags.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::cli::data_args::read_text;
use crate::text::LanguageTag;
use crate::train::TrainParams;
use crate::train::corpus::LabelledArticle;

/// More words than these have hardly anything in common with one.
const MAX_NEIGHBOURS: usize = 100;

#[derive(Debug, Args)]
#[command(next_help_heading = "Model")]
pub(super) struct ModelArgs {
    /// Name of the model; without it, that of the file
    #[arg(long, env = "COPYDESK_NAME", value_parser = name)]
    name: Option<String>,
    /// Seed of the hold-out, the folds and the solver
    #[arg(long, env = "COPYDESK_SEED", default_value_t = 42)]
    seed: u64,
    /// Topics of fewer training articles are an error
    #[arg(
        long,
        env = "COPYDESK_MIN_TOPIC_EXAMPLES",
        value_name = "N",
        default_value_t = 1
    )]
    min_topic_examples: usize,
    /// The accuracy that answers without review shall have, from 0 to 1: less confident answers are
    /// marked needs_review
    #[arg(
        long,
        env = "COPYDESK_AUTO_ACCURACY",
        value_name = "SHARE",
        default_value_t = TrainParams::default().auto_accuracy as f32,
        value_parser = probability
    )]
    auto_accuracy: f32,
    /// Tags of fewer training articles are not learnt
    #[arg(long, env = "COPYDESK_MIN_TAG_EXAMPLES", value_name = "N", default_value_t = TrainParams::default().min_tag_examples)]
    min_tag_examples: usize,
    /// Tags of less confidence are not offered, from 0 to 1; 0: the threshold of best F1
    #[arg(
        long,
        env = "COPYDESK_MIN_TAG_CONFIDENCE",
        value_name = "P",
        default_value_t = 0.0,
        value_parser = probability
    )]
    min_tag_confidence: f32,
    /// Most terms that the model keeps: its size
    #[arg(long, env = "COPYDESK_MAX_TERMS", value_name = "N", default_value_t = TrainParams::default().max_terms, value_parser = at_least_one)]
    max_terms: usize,
    /// Let so many words that keep the same company speak for a word that few articles have; 0: none. 10 helps with
    /// texts of other publishers, and takes several times as long. Their company is that of --background, if given, and of --unlabelled
    #[arg(long, env = "COPYDESK_WORD_NEIGHBOURS", value_name = "N", default_value_t = 0, value_parser = neighbours)]
    word_neighbours: usize,
    /// How far articles to come will share the archive's mix of topics, from 0 to 1: a frequent topic is answered
    /// the oftener. 0 suits articles of other publishers
    #[arg(long, env = "COPYDESK_BASE_RATES", value_name = "SHARE", default_value_t = TrainParams::default().base_rate_share, value_parser = share)]
    base_rates: f32,
    /// CSV file of topics and their IPTC Media Topics: "topic,code", one a line
    #[arg(long, env = "COPYDESK_TOPIC_CODES", value_name = "FILE")]
    topic_codes: Option<PathBuf>,
    /// Languages of the articles, such as en; without it they are detected
    #[arg(
        long,
        env = "COPYDESK_LANGUAGES",
        value_name = "TAG",
        value_delimiter = ',',
        value_parser = language
    )]
    languages: Vec<String>,
    /// Where the articles came from, for the model card
    #[arg(long, env = "COPYDESK_SOURCE", value_name = "TEXT", default_value = "")]
    source: String,
    /// Licence of the model, for the model card
    #[arg(
        long,
        env = "COPYDESK_LICENCE",
        value_name = "SPDX",
        default_value = ""
    )]
    licence: String,
    /// Time to record in the model, in Unix seconds; without it none, so that equal runs write
    /// equal files
    #[arg(long, env = "SOURCE_DATE_EPOCH", value_name = "SECONDS")]
    trained_at: Option<i64>,
}

impl ModelArgs {
    /// The file that is read.
    pub(super) fn topic_codes_file(&self) -> Option<&PathBuf> {
        self.topic_codes.as_ref()
    }

    /// The parameters of a run that writes to `out`.
    pub(super) fn params(&self, out: &Path) -> anyhow::Result<TrainParams> {
        let mut params = TrainParams::default();
        let stem = out
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        params.name = self.name.clone().or(stem).unwrap_or(params.name);
        params.seed = self.seed;
        params.min_topic_examples = self.min_topic_examples;
        params.min_tag_examples = self.min_tag_examples;
        params.auto_accuracy = f64::from(self.auto_accuracy);
        params.min_tag_confidence = self.min_tag_confidence;
        params.max_terms = self.max_terms;
        params.word_neighbours = self.word_neighbours;
        params.base_rate_share = self.base_rates;
        params.languages = self.languages.clone();
        params.data = self.source.clone();
        params.licence = self.licence.clone();
        params.trained_at_unix_seconds = self.trained_at;
        params.topic_codes.extend(self.topic_codes()?);
        Ok(params)
    }

    /// Codes that are of no use, as no article has their topic.
    pub(super) fn unused_codes(
        &self,
        articles: &[LabelledArticle],
    ) -> anyhow::Result<Option<String>> {
        let topics: HashSet<&str> = articles.iter().map(|a| a.label.as_str()).collect();
        let mut codes = self.topic_codes()?;
        codes.retain(|topic, _| !topics.contains(topic.as_str()));
        let unused: Vec<String> = codes
            .into_keys()
            .map(|topic| format!("{topic:?}"))
            .collect();
        Ok((!unused.is_empty()).then(|| {
            format!(
                "--topic-codes: no article has the topics {}; topics are compared letter by letter",
                unused.join(", ")
            )
        }))
    }

    fn topic_codes(&self) -> anyhow::Result<BTreeMap<String, String>> {
        match &self.topic_codes {
            Some(file) => read_topic_codes(file),
            None => Ok(BTreeMap::new()),
        }
    }
}

fn read_topic_codes(file: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let name = file.display();
    let text = read_text("--topic-codes", file)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut codes = BTreeMap::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.with_context(|| name.to_string())?;
        let (Some(topic), Some(code), 2) = (record.get(0), record.get(1), record.len()) else {
            bail!(
                "{name}:{}: a row is a topic and its code, such as: Politics,medtop:11000000",
                i + 1
            );
        };
        let topic = topic.trim();
        let earlier = codes.insert(topic.to_owned(), code.trim().to_owned());
        if earlier.is_some() {
            bail!(
                "{name}:{}: the topic {topic:?} is named twice; name it once",
                i + 1
            );
        }
    }
    Ok(codes)
}

fn name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a model without a name cannot be told from others".to_owned()),
        name if name.contains(char::is_control) => Err("a name is one line".to_owned()),
        name => Ok(name.to_owned()),
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("it is a number from 1 on".to_owned()),
    }
}

/// The language itself: answers are compared by it, whatever the script and the region.
fn language(text: &str) -> Result<String, String> {
    match LanguageTag::parse(text.trim()) {
        Some(tag) => Ok(tag.primary()),
        None => Err("a language is a tag of BCP 47 such as en or pt-BR".to_owned()),
    }
}

fn neighbours(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n <= MAX_NEIGHBOURS => Ok(n),
        _ => Err(format!("give a number from 0 to {MAX_NEIGHBOURS}")),
    }
}

fn share(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

fn probability(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(probability) if (0.0..=1.0).contains(&probability) => Ok(probability),
        _ => Err("a probability is a number from 0 to 1".to_owned()),
    }
}
