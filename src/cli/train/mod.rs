//! `copydesk train`: labelled articles in, a model file out.
//!
//! - `model_args`: what the model shall be.
//! - `progress`: how far the run has got.
//! - `gate`: whether the model is good enough to be written.
//! - `summary`: what the run says at its end.

mod gate;
mod model_args;
mod progress;
mod summary;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::data_args::{DataArgs, read_text, say_written_otherwise};
use super::model_file;
use super::report::Measured;
use super::report_page::{self, Page};
use super::tag_args::VocabularyArgs;
use crate::pipeline::Pipeline;
use crate::train::corpus::LabelledArticle;
use crate::train::memory;
use crate::train::{self, KeyphraseData, Split, TrainError, TrainParams};
use gate::GateArgs;
use model_args::ModelArgs;
use progress::Progress;
use summary::Summary;

/// More than any machine has cores; a hundred thousand would not even be started in minutes.
const MAX_THREADS: usize = 1024;

/// Train a model on labelled articles and write it to one file.
///
/// A row is an article: its topic in one field, its tags (if any) in another. Without --test, articles
/// that nearly repeat each other, and those of one --group-field, are all learnt from or all held out.
/// The model is measured on articles it has not seen and written only if it passes the gates.
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
    /// Articles to measure on; without them a share of the data is held out. It is told how many of
    /// them are in the data word for word; that others nearly repeat one, or are of its group, is not
    #[arg(long, env = "COPYDESK_TEST", value_name = "FILE", num_args = 1..)]
    test: Vec<PathBuf>,
    /// Share of the data that is held out if there is no --test, from 0.01 to 0.5
    #[arg(long, env = "COPYDESK_TEST_SHARE", value_name = "SHARE", default_value_t = 0.1, value_parser = test_share, conflicts_with = "test")]
    test_share: f64,
    /// Which articles are held out if there is no --test
    #[arg(long, env = "COPYDESK_SPLIT", value_enum, default_value_t = SplitBy::Random, conflicts_with = "test")]
    split: SplitBy,
    /// Full articles with editors' tags, to fit the ranker of names and phrases; without them the
    /// data itself if its texts have enough of their tags, else the built-in model's ranker is kept
    #[arg(long, env = "COPYDESK_KEYPHRASE_DATA", value_name = "FILE", num_args = 1..)]
    keyphrase_data: Vec<PathBuf>,
    /// Articles without a topic: of those that a first model is surest of, up to 2,000 a topic are learnt from
    /// too, and no more than topics have articles on average. Articles of other publishers gain most
    #[arg(long, env = "COPYDESK_UNLABELLED", value_name = "FILE", num_args = 1..)]
    unlabelled: Vec<PathBuf>,
    /// Any texts, to count how words are used and, if they have tags, what is a tag; without them the
    /// built-in model's counts are kept, and so they are where its ranker is
    #[arg(long, env = "COPYDESK_BACKGROUND", value_name = "FILE", num_args = 1..)]
    background: Vec<PathBuf>,
    /// Tags that editors use, one a line: phrases among them are likelier tags; without them the
    /// built-in model's are kept, and so they are where its ranker is
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
    #[arg(long, env = "COPYDESK_THREADS", value_name = "N", default_value_t = 0, value_parser = threads)]
    threads: usize,
}

/// How the held-out articles are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SplitBy {
    /// By chance, every topic alike
    Random,
    /// The newest, by --date-field: how the model will do on what comes. What nearly repeats one of them,
    /// or is of its --group-field, is left out
    Time,
}

impl TrainArgs {
    /// The files that the run reads, but for the rival, which the new model may replace.
    fn read_files(&self) -> impl Iterator<Item = &PathBuf> {
        let rows = self.data.iter().chain(&self.test).chain(&self.unlabelled);
        let of_ranker = self.keyphrase_data.iter().chain(&self.background);
        let lists = self.known_tags.iter().chain(self.vocabulary.files());
        rows.chain(of_ranker)
            .chain(lists)
            .chain(self.model.topic_codes_file())
    }

    /// The files that a page must not be written over.
    fn files_beside_page(&self) -> impl Iterator<Item = &PathBuf> {
        let models = self.gate.rival_file().into_iter().chain([&self.out]);
        self.read_files().chain(models)
    }
}

/// Runs `copydesk train`: trains, reports and, if the gates let it through, writes the model.
pub(super) fn run(args: &TrainArgs) -> anyhow::Result<ExitCode> {
    let params = TrainParams {
        studies_archive: args.report.is_some(),
        ..args.model.params(&args.out)?
    };
    // What is wrong with a vocabulary or a rival is said before the long run, not after it.
    args.vocabulary.add_to(Pipeline::built_in()?)?;
    let gate = args.gate.open(!args.test.is_empty())?;
    model_file::check_writable("--out", &args.out, args.read_files())?;
    if let Some(file) = &args.report {
        model_file::check_writable("--report", file, args.files_beside_page())?;
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        .build()?;
    let progress = Progress::new();
    let on_step = |step| progress.begin(step);
    // Which lines of a page are its article does not depend on the archive: the built-in model knows.
    let lines = Pipeline::built_in()?.lines().cloned();
    let lines = lines.as_ref();
    let corpus = args.rows.read(&args.data, lines)?;
    let bad_rows = corpus.n_bad_rows;
    if let Some(said) = args.model.unused_codes(&corpus.articles)? {
        progress.say(&said);
    }
    let unlabelled = args.rows.read_texts(&args.unlabelled, lines)?;
    let tests = if args.test.is_empty() {
        None
    } else {
        let tests = args.rows.read_test(&args.test, lines)?;
        say_written_otherwise("the data", &corpus.articles[..], &tests.articles);
        if let Some(said) = remembered(corpus.articles.iter().chain(&unlabelled), &tests.articles) {
            progress.say(&said);
        }
        Some(tests)
    };
    let keyphrase_data = KeyphraseData {
        tagged: args.rows.read_tagged(&args.keyphrase_data, lines)?,
        background: args.rows.read_texts(&args.background, lines)?,
        known_tags: args
            .known_tags
            .as_deref()
            .map_or(Ok(Vec::new()), read_known_tags)?,
    };
    let texts = memory::Texts {
        articles: &corpus.articles,
        unlabelled: &unlabelled,
        test: tests.as_ref().map_or(&[], |tests| &tests.articles[..]),
        keyphrase_data: &keyphrase_data,
    };
    progress.say(&needs(&texts, &params, pool.current_num_threads())?);
    let n_articles = corpus.articles.len();
    let started = Instant::now();
    let (split, mut trained) = pool.install(|| {
        let split = match tests {
            Some(test) => Split {
                train: corpus.articles,
                test: test.articles,
            },
            None if args.split == SplitBy::Time => {
                train::hold_out_newest(corpus, args.test_share, &on_step)?
            }
            None => train::hold_out(corpus, args.test_share, params.seed, &on_step)?,
        };
        let trained = train::train(&split, &unlabelled, &keyphrase_data, &params, &on_step);
        trained.map(|trained| (split, trained))
    })?;
    let train_seconds = started.elapsed().as_secs_f64();
    progress.finish();
    if let Some(said) = left_out(n_articles, &split, args.test.is_empty()) {
        progress.say(&said);
    }

    let pipeline = trained.pipeline.with_lines(lines.cloned());
    // What the articles teach is measured without the vocabulary.
    trained.pipeline = args.vocabulary.add_to(pipeline)?;
    let bytes = trained.pipeline.to_bytes()?;
    // The digest is of the file's bytes: what is said is said of the file.
    trained.pipeline = Pipeline::from_bytes(&bytes)?;
    let refused = gate.refusal(&trained.evaluation, &split);
    // Before its page: one that cannot be written must not cost the model, nor the other way round.
    let saved = match refused {
        None => model_file::save(&args.out, &bytes),
        Some(_) => Ok(()),
    };
    let is_written = refused.is_none() && saved.is_ok();
    let page = args.report.as_ref().map_or(Ok(()), |file| {
        let page = Page {
            manifest: trained.pipeline.manifest(),
            evaluation: &trained.evaluation,
            study: &trained.study.take().unwrap_or_default(),
            on: Measured::HeldOut,
        };
        report_page::write(file, &page)
    });
    let manifest = trained.pipeline.manifest();
    let finds_neighbours = params.word_neighbours > 0 && !manifest.topics.is_empty();
    let summary = Summary {
        name: &manifest.name,
        version: manifest.version(),
        written: is_written.then_some(args.out.as_path()),
        refused: refused.as_deref(),
        training_articles: trained.n_training_articles,
        unlabelled_articles: unlabelled.len(),
        self_labelled_articles: trained.n_self_labelled,
        bad_rows,
        topics: manifest.topics.len(),
        tags: manifest.tags.len(),
        vocabulary_tags: trained.pipeline.n_vocabulary_tags() - manifest.tags.len(),
        terms: manifest.training.terms,
        c: manifest.training.c,
        model_bytes: bytes.len(),
        train_seconds,
        evaluation: &trained.evaluation,
        untold_tags: &trained.untold_tags,
        unused_flags: keyphrase_data.unused(&trained.ranker, finds_neighbours),
        keyphrases: trained.ranker,
    };
    let printed = summary.print(args.json);
    saved?;
    page?;
    match (printed, summary.refused) {
        // Also if the reader of the report has seen enough.
        (_, Some(_)) => Ok(ExitCode::FAILURE),
        (printed, None) => printed.map(|()| ExitCode::SUCCESS),
    }
}

/// Tags, one a line.
fn read_known_tags(file: &Path) -> anyhow::Result<Vec<String>> {
    let text = read_text("--known-tags", file)?;
    Ok(text.lines().map(|line| line.trim().to_owned()).collect())
}

/// That articles are measured on which are learnt from, if some are.
fn remembered<'a>(
    learnt: impl Iterator<Item = &'a LabelledArticle>,
    tests: &[LabelledArticle],
) -> Option<String> {
    let learnt: HashSet<u64> = learnt.map(words_key).collect();
    let n_tests = tests.len();
    let tests = tests.iter();
    let n_learnt = tests
        .filter(|test| learnt.contains(&words_key(test)))
        .count();
    (n_learnt > 0).then(|| {
        format!(
            "{n_learnt} of {n_tests} articles of --test are in --data or --unlabelled too; what is measured on them is what the model remembers"
        )
    })
}

/// The same for articles of the same words, whatever is between them, and whether or not the first are a title.
fn words_key(article: &LabelledArticle) -> u64 {
    let mut key = DefaultHasher::new();
    let words = article.title.split_whitespace();
    for word in words.chain(article.text.split_whitespace()) {
        word.hash(&mut key);
    }
    key.finish()
}

/// That articles are neither learnt from nor measured on, if some are.
fn left_out(n_articles: usize, split: &Split, is_one_corpus: bool) -> Option<String> {
    let n_used = split.train.len() + split.test.len();
    let n_left_out = n_articles.checked_sub(n_used).filter(|n| *n > 0)?;
    is_one_corpus.then(|| {
        format!(
            "{n_left_out} articles are left out: they nearly repeat, or are of one group with, a held-out one"
        )
    })
}

/// What the run will need, for whoever would rather stop it now.
///
/// # Errors
/// If there are more topics than a model may have: no memory is enough for them.
fn needs(
    texts: &memory::Texts<'_>,
    params: &TrainParams,
    n_threads: usize,
) -> Result<String, TrainError> {
    let n_topics = train::count_topics(texts.articles)?;
    let bytes = memory::estimated_peak_bytes(texts, params, n_topics, n_threads);
    Ok(format!(
        "{} articles, {n_threads} threads: about {:.1} GB of memory at most",
        texts.articles.len(),
        bytes as f64 / 1e9
    ))
}

fn test_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.01..=0.5).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0.01 to 0.5".to_owned()),
    }
}

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads) if threads <= MAX_THREADS => Ok(threads),
        _ => Err(format!(
            "threads are a number from 1 to {MAX_THREADS}, or 0: one for each core"
        )),
    }
}
