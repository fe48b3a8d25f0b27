//! What a training run says at its end, to machines and to people.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::cli::report;
use crate::cli::say;
use crate::train::RankerSource;
use crate::train::evaluate::Evaluation;
use crate::train::keyphrases::MIN_ARTICLES;

/// What a training run reports to machines.
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    pub(super) name: &'a str,
    pub(super) version: String,
    pub(super) written: Option<&'a Path>,
    pub(super) refused: Option<&'a str>,
    pub(super) training_articles: usize,
    /// Articles of `--unlabelled`, and how many of them were learnt from.
    pub(super) unlabelled_articles: usize,
    pub(super) self_labelled_articles: usize,
    pub(super) bad_rows: usize,
    pub(super) topics: usize,
    pub(super) tags: usize,
    /// Tags of the controlled vocabulary.
    pub(super) vocabulary_tags: usize,
    pub(super) terms: u64,
    pub(super) c: f32,
    pub(super) model_bytes: usize,
    pub(super) train_seconds: f64,
    pub(super) evaluation: &'a Evaluation,
    /// Tags that are not learnt, as no word tells them.
    pub(super) untold_tags: &'a [String],
    /// Flags whose files were of no use, as the ranker of phrases was not fitted.
    pub(super) unused_flags: Vec<&'static str>,
    pub(super) keyphrases: RankerSource,
}

impl Summary<'_> {
    /// What was trained goes to standard output, what became of it to standard error, also where the former
    /// cannot be written.
    pub(super) fn print(&self, as_json: bool) -> anyhow::Result<()> {
        let reported = self.report(as_json);
        self.tell();
        reported.context("cannot write the report to standard output")
    }

    fn report(&self, as_json: bool) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        if as_json {
            writeln!(out, "{}", serde_json::to_string(self)?)?;
        } else {
            writeln!(out, "{}\n", report::evaluation(self.evaluation))?;
            writeln!(
                out,
                "{} {}: {} topics, {} tags and {} terms out of {} articles in {:.1} s, {:.1} MB",
                self.name,
                self.version,
                self.topics,
                self.tags,
                self.terms,
                self.training_articles,
                self.train_seconds,
                self.model_bytes as f64 / 1e6,
            )?;
        }
        Ok(())
    }

    fn tell(&self) {
        if !self.untold_tags.is_empty() {
            say(format_args!(
                "tags that are not learnt, as no word tells them: {}",
                self.untold_tags.join(", ")
            ));
        }
        match (self.unlabelled_articles, self.self_labelled_articles) {
            (0, _) => {}
            (_, 0) if self.topics == 0 => {
                say("--unlabelled had no effect: there are no topics to find");
            }
            (n_articles, n_learnt) => say(format_args!(
                "{n_learnt} of {n_articles} articles without a topic were learnt from too: those of which a first model was surest, and no repeats"
            )),
        }
        match &self.keyphrases {
            RankerSource::Fitted(measured) => {
                say(format_args!(
                    "names and phrases: {}",
                    report::ranker(measured)
                ));
            }
            RankerSource::BuiltIn => {
                say("names and phrases: the built-in model's ranker is kept");
            }
            RankerSource::None => say("names and phrases: none are offered"),
        }
        if !self.unused_flags.is_empty() {
            say(format_args!(
                "{} had no effect: a ranker is fitted on no fewer than {MIN_ARTICLES} full articles whose texts have their tags as names or phrases; give more with --keyphrase-data",
                self.unused_flags.join(", ")
            ));
        }
        if self.vocabulary_tags > 0 {
            say(format_args!(
                "vocabulary: {} tags, found without training",
                self.vocabulary_tags
            ));
        }
        match (self.written, self.refused) {
            (Some(file), _) => say(format_args!("wrote {}", file.display())),
            (None, Some(why)) => say(format_args!("not written: {why}")),
            (None, None) => {}
        }
    }
}
