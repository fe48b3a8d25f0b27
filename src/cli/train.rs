use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::data_args::DataArgs;
use super::report_page::{self, Page};
use super::tag_args::VocabularyArgs;
use super::train_progress::Progress;
use super::{model_file, report};
use crate::pipeline::Pipeline;
use crate::train::corpus::LabelledArticle;
use crate::train::evaluate::{self, Evaluation};
use crate::train::memory;
use crate::train::{self, KeyphraseData, RankerSource, Split, TrainParams, Trained};

/// Train a model on labelled articles and write it to one file.
///
/// A row is an article: its topic in one field, its tags (if any) in another. Articles that nearly
/// repeat each other, and those of one --group-field, are all learnt from or all held out. The model
/// is measured on articles it has not seen and written only if it passes the gates.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  copydesk train --data archive.jsonl --out desk.safetensors
  copydesk train --data archive.csv.gz --text-field body --label-field section --out desk.safetensors
  copydesk train --data archive.jsonl --report report.html --out desk.safetensors
  copydesk train --data train.jsonl --test test.jsonl --must-beat desk.safetensors --out desk.safetensors
  zcat archive/*.gz | copydesk train --data - --out desk.safetensors")]
pub(super) struct TrainArgs {
    /// Labelled articles: JSON lines, CSV or TSV, plain or gzip; - for standard input
    #[arg(long, env = "COPYDESK_DATA", value_name = "FILE", num_args = 1.., required = true)]
    data: Vec<PathBuf>,
    /// Where the model is written, once it is measured
    #[arg(long, env = "COPYDESK_OUT", value_name = "FILE")]
    out: PathBuf,
    /// Articles to measure on; without them a share of the data is held out
    #[arg(long, env = "COPYDESK_TEST", value_name = "FILE", num_args = 1..)]
    test: Vec<PathBuf>,
    /// Share of the data that is held out if there is no --test, from 0.01 to 0.5
    #[arg(long, env = "COPYDESK_TEST_SHARE", value_name = "SHARE", default_value_t = 0.1, value_parser = test_share)]
    test_share: f64,
    /// Which articles are held out if there is no --test
    #[arg(long, env = "COPYDESK_SPLIT", value_enum, default_value_t = SplitBy::Random)]
    split: SplitBy,
    /// Full articles with editors' tags, to fit the ranker of names and phrases; without them the
    /// data itself if its texts have enough of their tags, else the built-in model's ranker is kept
    #[arg(long, env = "COPYDESK_KEYPHRASE_DATA", value_name = "FILE", num_args = 1..)]
    keyphrase_data: Vec<PathBuf>,
    /// Any texts, to count how words are used; without them the built-in model's counts are kept
    #[arg(long, env = "COPYDESK_BACKGROUND", value_name = "FILE", num_args = 1..)]
    background: Vec<PathBuf>,
    /// Tags that editors use, one a line: phrases among them are likelier tags; without them the
    /// built-in model's are kept
    #[arg(long, env = "COPYDESK_KNOWN_TAGS", value_name = "FILE")]
    known_tags: Option<PathBuf>,
    #[command(flatten)]
    vocabulary: VocabularyArgs,
    #[command(flatten)]
    rows: DataArgs,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    gate: GateArgs,
    /// Write the report as JSON to standard output
    #[arg(long, env = "COPYDESK_JSON")]
    json: bool,
    /// Write a page for a browser: measures with pictures, the articles that may be filed under the
    /// wrong topic, and what more articles would bring
    #[arg(long, env = "COPYDESK_REPORT", value_name = "FILE")]
    report: Option<PathBuf>,
    /// Threads to train with; 0: one for each core. The model does not depend on it
    #[arg(long, env = "COPYDESK_THREADS", value_name = "N", default_value_t = 0)]
    threads: usize,
}

/// How the held-out articles are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SplitBy {
    /// By chance, every topic alike
    Random,
    /// The newest, by --date-field: how the model will do on what comes
    Time,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Model")]
struct ModelArgs {
    /// Name of the model; without it, that of the file
    #[arg(long, env = "COPYDESK_NAME")]
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
    #[arg(long, env = "COPYDESK_MAX_TERMS", value_name = "N", default_value_t = TrainParams::default().max_terms)]
    max_terms: usize,
    /// CSV file of topics and their IPTC Media Topics: "topic,code", one a line
    #[arg(long, env = "COPYDESK_TOPIC_CODES", value_name = "FILE")]
    topic_codes: Option<PathBuf>,
    /// Languages of the articles, such as en; without it they are detected
    #[arg(
        long,
        env = "COPYDESK_LANGUAGES",
        value_name = "TAG",
        value_delimiter = ','
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

#[derive(Debug, Args)]
#[command(next_help_heading = "Gates: a model that fails is reported and not written")]
struct GateArgs {
    /// The least macro-F1 of the topics (of the tags, micro-F1, if there are no topics)
    #[arg(long, env = "COPYDESK_MIN_MACRO_F1", value_name = "F1")]
    min_macro_f1: Option<f64>,
    /// A model that must not be better on the held-out articles
    #[arg(long, env = "COPYDESK_MUST_BEAT", value_name = "FILE")]
    must_beat: Option<PathBuf>,
}

/// What a training run reports to machines.
#[derive(Serialize)]
struct Report<'a> {
    name: &'a str,
    version: String,
    written: Option<&'a Path>,
    refused: Option<&'a str>,
    training_articles: usize,
    bad_rows: usize,
    topics: usize,
    tags: usize,
    /// Tags of the controlled vocabulary.
    vocabulary_tags: usize,
    terms: u64,
    c: f32,
    model_bytes: usize,
    train_seconds: f64,
    evaluation: &'a Evaluation,
    keyphrases: RankerSource,
}

fn probability(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(probability) if (0.0..=1.0).contains(&probability) => Ok(probability),
        _ => Err("a probability is a number from 0 to 1".to_owned()),
    }
}

fn test_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.01..=0.5).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0.01 to 0.5".to_owned()),
    }
}

/// Runs `copydesk train`: trains, reports and, if the gates let it through, writes the model.
pub(super) fn run(args: &TrainArgs) -> anyhow::Result<ExitCode> {
    let params = args.params()?;
    // What is wrong with a vocabulary is said before the long run, not after it.
    args.vocabulary.add_to(Pipeline::built_in()?)?;
    model_file::check_writable("--out", &args.out)?;
    if let Some(file) = &args.report {
        model_file::check_writable("--report", file)?;
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        .build()?;
    let progress = Progress::new();
    let on_step = |step| progress.begin(step);
    let corpus = args.rows.read(&args.data)?;
    let bad_rows = corpus.n_bad_rows;
    let tests = if args.test.is_empty() {
        None
    } else {
        Some(args.rows.read(&args.test)?)
    };
    let keyphrase_data = KeyphraseData {
        tagged: args.rows.read_texts(&args.keyphrase_data)?,
        background: args.rows.read_texts(&args.background)?,
        known_tags: args
            .known_tags
            .as_deref()
            .map_or(Ok(Vec::new()), read_lines)?,
    };
    progress.say(&needs(
        &corpus.articles,
        &params,
        pool.current_num_threads(),
    ));
    let started = Instant::now();
    let (split, mut trained) = pool.install(|| {
        let split = match tests {
            Some(test) => Split {
                train: corpus.articles,
                test: test.articles,
            },
            None if args.split == SplitBy::Time => train::hold_out_newest(corpus, args.test_share)?,
            None => train::hold_out(corpus, args.test_share, params.seed, &on_step),
        };
        let trained = train::train(&split, &keyphrase_data, &params, &on_step);
        trained.map(|trained| (split, trained))
    })?;
    let train_seconds = started.elapsed().as_secs_f64();
    progress.finish();

    // Which lines of a page are its article does not depend on the archive: the built-in model knows.
    let lines = Pipeline::built_in()?.lines().cloned();
    // Nor does a vocabulary: what the articles teach is measured without it.
    trained.pipeline = args.vocabulary.add_to(trained.pipeline.with_lines(lines))?;
    let bytes = trained.pipeline.to_bytes()?;
    if let Some(file) = &args.report {
        let page = Page {
            manifest: trained.pipeline.manifest(),
            evaluation: &trained.evaluation,
            study: &trained.study.take().unwrap_or_default(),
        };
        report_page::write(file, &page)?;
    }
    let refused = args.gate.refusal(&trained, &split.test)?;
    if refused.is_none() {
        model_file::save(&args.out, &bytes)?;
    }
    let manifest = trained.pipeline.manifest();
    let report = Report {
        name: &manifest.name,
        version: manifest.version(),
        written: refused.is_none().then_some(args.out.as_path()),
        refused: refused.as_deref(),
        training_articles: trained.n_training_articles,
        bad_rows,
        topics: manifest.topics.len(),
        tags: manifest.tags.len(),
        vocabulary_tags: trained.pipeline.n_vocabulary_tags() - manifest.tags.len(),
        terms: manifest.training.terms,
        c: manifest.training.c,
        model_bytes: bytes.len(),
        train_seconds,
        evaluation: &trained.evaluation,
        keyphrases: trained.ranker,
    };
    report.print(args.json)?;
    Ok(if report.refused.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

impl TrainArgs {
    fn params(&self) -> anyhow::Result<TrainParams> {
        let mut params = TrainParams::default();
        let stem = self
            .out
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        params.name = self.model.name.clone().or(stem).unwrap_or(params.name);
        params.seed = self.model.seed;
        params.min_topic_examples = self.model.min_topic_examples;
        params.min_tag_examples = self.model.min_tag_examples;
        params.auto_accuracy = f64::from(self.model.auto_accuracy);
        params.min_tag_confidence = self.model.min_tag_confidence;
        params.max_terms = self.model.max_terms;
        params.languages = self.model.languages.clone();
        params.data = self.model.source.clone();
        params.licence = self.model.licence.clone();
        params.trained_at_unix_seconds = self.model.trained_at;
        params.studies_archive = self.report.is_some();
        if let Some(file) = &self.model.topic_codes {
            params.topic_codes.extend(read_topic_codes(file)?);
        }
        Ok(params)
    }
}

fn read_lines(file: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    Ok(text.lines().map(|line| line.trim().to_owned()).collect())
}

/// What the run will need, for whoever would rather stop it now.
fn needs(articles: &[LabelledArticle], params: &TrainParams, n_threads: usize) -> String {
    let topics: BTreeSet<&str> = articles.iter().map(|a| a.label.as_str()).collect();
    let bytes = memory::estimated_peak_bytes(articles, &params.terms, topics.len(), n_threads);
    format!(
        "{} articles, {n_threads} threads: about {:.1} GB of memory at most",
        articles.len(),
        bytes as f64 / 1e9
    )
}

fn read_topic_codes(file: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| name.to_string())?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut codes = BTreeMap::new();
    for (i, record) in reader.records().enumerate() {
        let record = record.with_context(|| name.to_string())?;
        match (record.get(0), record.get(1), record.len()) {
            (Some(topic), Some(code), 2) => {
                codes.insert(topic.trim().to_owned(), code.trim().to_owned())
            }
            _ => bail!(
                "{name}:{}: a row is a topic and its code, such as: Politics,medtop:11000000",
                i + 1
            ),
        };
    }
    Ok(codes)
}

impl GateArgs {
    /// Why the model must not be written, if so.
    fn refusal(
        &self,
        trained: &Trained,
        test: &[LabelledArticle],
    ) -> anyhow::Result<Option<String>> {
        let (measure, reached) = headline(&trained.evaluation);
        if let Some(least) = self.min_macro_f1.filter(|least| reached < *least) {
            return Ok(Some(format!(
                "its {measure} is {reached:.4}, and --min-macro-f1 asks for {least}"
            )));
        }
        let Some(file) = &self.must_beat else {
            return Ok(None);
        };
        let rival = model_file::load(Some(file))?;
        let rival = evaluate::evaluate(&rival, test, None);
        let (_, rival) = headline(&rival);
        Ok((reached < rival).then(|| {
            format!(
                "its {measure} is {reached:.4}, and {} reaches {rival:.4} on the same articles",
                file.display()
            )
        }))
    }
}

/// The one measure by which models are compared.
fn headline(evaluation: &Evaluation) -> (&'static str, f64) {
    if evaluation.n_articles > 0 {
        ("macro-F1", evaluation.macro_f1)
    } else {
        ("tag micro-F1", evaluation.tags.micro_f1)
    }
}

impl Report<'_> {
    fn print(&self, as_json: bool) -> anyhow::Result<()> {
        if as_json {
            println!("{}", serde_json::to_string(self)?);
        } else {
            println!("{}\n", report::evaluation(self.evaluation));
            println!(
                "{} {}: {} topics, {} tags and {} terms out of {} articles in {:.1} s, {:.1} MB",
                self.name,
                self.version,
                self.topics,
                self.tags,
                self.terms,
                self.training_articles,
                self.train_seconds,
                self.model_bytes as f64 / 1e6,
            );
        }
        match &self.keyphrases {
            RankerSource::Fitted(measured) => {
                eprintln!("copydesk: names and phrases: {}", report::ranker(measured));
            }
            RankerSource::BuiltIn => {
                eprintln!("copydesk: names and phrases: the built-in model's ranker is kept");
            }
            RankerSource::None => eprintln!("copydesk: names and phrases: none are offered"),
        }
        if self.vocabulary_tags > 0 {
            eprintln!(
                "copydesk: vocabulary: {} tags, found without training",
                self.vocabulary_tags
            );
        }
        match (self.written, self.refused) {
            (Some(file), _) => eprintln!("copydesk: wrote {}", file.display()),
            (None, Some(why)) => eprintln!("copydesk: not written: {why}"),
            (None, None) => {}
        }
        Ok(())
    }
}
