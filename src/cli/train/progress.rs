//! How far a training run has got, on standard error.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::cli::say;
use crate::train::Step;

/// Where no terminal shows a bar, a line at most this often.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Says on standard error what is being done, how fast, and how long it will take: a bar on a
/// terminal, lines elsewhere.
pub(super) struct Progress {
    bar: ProgressBar,
    /// When the last line was written.
    last_line: Mutex<Instant>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(100));
        Self {
            bar,
            last_line: Mutex::new(Instant::now()),
        }
    }

    /// Writes a line that stays.
    pub(super) fn say(&self, line: &str) {
        self.bar.suspend(|| say(line));
    }

    pub(super) fn begin(&self, step: Step) {
        let (message, n_units) = match step {
            Step::Advanced { n_units } => return self.advance(n_units as u64),
            Step::Grouping { n_articles } => (
                format!("looking for near-duplicates in {n_articles} articles"),
                0,
            ),
            Step::Vectorizing { n_articles } => (
                format!("counting the terms of {n_articles} articles"),
                2 * n_articles,
            ),
            Step::FindingNeighbours => ("finding each word's neighbours".to_owned(), 0),
            Step::ChoosingC { n_fits } => ("choosing C on a held-out fold".to_owned(), n_fits),
            Step::FittingTopics { n_fits } => ("fitting topics".to_owned(), n_fits),
            Step::Calibrating => ("calibrating".to_owned(), 0),
            Step::LabellingArticles { n_articles } => (
                format!("finding the topics of {n_articles} articles without one"),
                0,
            ),
            Step::FittingTags { n_tags } => (format!("fitting {n_tags} tags"), n_tags),
            Step::FittingKeyphrases => ("fitting the ranker of names and phrases".to_owned(), 0),
            Step::StudyingArchive => ("studying the archive".to_owned(), 0),
            Step::Packing => ("packing".to_owned(), 0),
            Step::Evaluating { n_articles } => {
                (format!("measuring on {n_articles} held-out articles"), 0)
            }
        };
        self.bar.reset();
        self.bar.set_length(n_units as u64);
        self.bar.set_style(style(n_units > 0));
        if self.bar.is_hidden() {
            say(&message);
        }
        self.bar.set_message(message);
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn advance(&self, n_units: u64) {
        self.bar.inc(n_units);
        if !self.bar.is_hidden() {
            return;
        }
        let Ok(mut last_line) = self.last_line.lock() else {
            return;
        };
        if last_line.elapsed() >= LINE_INTERVAL {
            *last_line = Instant::now();
            say(format_args!(
                "{}: {} of {}, {:.1} a second, {} left",
                self.bar.message(),
                self.bar.position(),
                self.bar.length().unwrap_or(0),
                self.bar.per_sec(),
                HumanDuration(self.bar.eta())
            ));
        }
    }
}

/// With a bar, rate and time left if the step has a known length.
fn style(has_length: bool) -> ProgressStyle {
    let bar = "{msg} {wide_bar} {pos}/{len}, {per_sec}, {eta} left";
    let spinner = ProgressStyle::default_spinner();
    if has_length {
        ProgressStyle::with_template(bar).unwrap_or(spinner)
    } else {
        spinner
    }
}
