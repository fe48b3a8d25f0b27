//! Whether a trained model is good enough to be written.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;

use crate::cli::data_args::say_written_otherwise;
use crate::cli::model_file;
use crate::pipeline::Pipeline;
use crate::train::Split;
use crate::train::evaluate::{self, Evaluation, TagMeasures};

#[derive(Debug, Args)]
#[command(next_help_heading = "Gates: a model that fails is reported and not written")]
pub(super) struct GateArgs {
    /// The least macro-F1 of the topics; if there are none, micro-F1 of all tags of the training articles, those that
    /// were too rare to be learnt among them
    #[arg(long, env = "COPYDESK_MIN_MACRO_F1", value_name = "F1", value_parser = least_f1)]
    min_macro_f1: Option<f64>,
    /// A model that must not be better on the articles of --test, which neither may have learnt from
    #[arg(long, env = "COPYDESK_MUST_BEAT", value_name = "FILE")]
    must_beat: Option<PathBuf>,
}

impl GateArgs {
    /// The model that must not be better.
    pub(super) fn rival_file(&self) -> Option<&PathBuf> {
        self.must_beat.as_ref()
    }

    /// Reads the rival before the long run, not after it.
    ///
    /// # Errors
    /// Without articles of its own to measure on: an earlier model has learnt from most of what a later run on the
    /// grown archive holds out, and would be compared by what it remembers.
    pub(super) fn open(&self, has_test: bool) -> anyhow::Result<Gate<'_>> {
        if let Some(file) = self.must_beat.as_ref().filter(|_| !has_test) {
            bail!(
                "--must-beat needs --test: {} may have learnt from articles that are held out of --data, and would be compared by what it remembers; name articles with --test that neither model has learnt from",
                file.display()
            );
        }
        let rival = match &self.must_beat {
            // What is learnt is compared, without a vocabulary on either side.
            Some(file) => {
                let rival = model_file::load(Some(file))?.with_concepts(None);
                Some((file.as_path(), rival))
            }
            None => None,
        };
        Ok(Gate {
            least: self.min_macro_f1,
            rival,
        })
    }
}

/// What a model must reach.
pub(super) struct Gate<'a> {
    least: Option<f64>,
    rival: Option<(&'a Path, Pipeline)>,
}

impl Gate<'_> {
    /// Why the model must not be written, if so.
    pub(super) fn refusal(&self, measured: &Evaluation, split: &Split) -> Option<String> {
        let least = self.least.and_then(|least| below(measured, least));
        let rival = self.rival.as_ref();
        least.or_else(|| rival.and_then(|(file, rival)| beaten(measured, split, file, rival)))
    }
}

fn below(measured: &Evaluation, least: f64) -> Option<String> {
    let Some(measure) = Measure::of([measured]) else {
        return Some(format!(
            "{NOTHING_MEASURED}, and --min-macro-f1 asks for {least}"
        ));
    };
    let (name, reached) = (measure.name(), measure.reached(measured));
    (reached < least)
        .then(|| format!("its {name} is {reached:.4}, and --min-macro-f1 asks for {least}"))
}

fn beaten(measured: &Evaluation, split: &Split, file: &Path, rival: &Pipeline) -> Option<String> {
    let file = file.display();
    if Measure::of([measured]).is_none() {
        return Some(format!("{NOTHING_MEASURED}, and it must beat {file}"));
    }
    say_written_otherwise(&file.to_string(), rival.manifest(), &split.test);
    let rival = evaluate::evaluate(rival, &split.test, Some(&split.archive_tags()));
    let Some(measure) = Measure::of([measured, &rival]) else {
        return Some(format!(
            "it cannot be compared with {file}: one has topics alone, the other tags; give --must-beat a model of the same kind"
        ));
    };
    let (name, reached, to_beat) = (
        measure.name(),
        measure.reached(measured),
        measure.reached(&rival),
    );
    (reached < to_beat).then(|| {
        format!("its {name} is {reached:.4}, and {file} reaches {to_beat:.4} on the same articles")
    })
}

const NOTHING_MEASURED: &str = "nothing was measured: no article with a topic or a known tag was held out (give --test, or a larger --test-share)";

/// The one measure by which models are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Topics,
    Tags,
}

impl Measure {
    /// That of the topics if all have it, else that of the tags.
    fn of<'a>(evaluations: impl IntoIterator<Item = &'a Evaluation> + Clone) -> Option<Self> {
        let all = |has: fn(&Evaluation) -> bool| evaluations.clone().into_iter().all(has);
        if all(|evaluation| evaluation.n_articles > 0) {
            Some(Self::Topics)
        } else if all(|evaluation| archive_tags(evaluation).is_some()) {
            Some(Self::Tags)
        } else {
            None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Topics => "macro-F1",
            Self::Tags => "micro-F1 of all tags of the training articles",
        }
    }

    fn reached(self, evaluation: &Evaluation) -> f64 {
        match self {
            Self::Topics => evaluation.macro_f1,
            Self::Tags => archive_tags(evaluation).map_or(0.0, |tags| tags.micro_f1),
        }
    }
}

/// What was measured over tags that count whatever a model has learnt: one that has fewer must not be better for it.
fn archive_tags(evaluation: &Evaluation) -> Option<&TagMeasures> {
    let tags = evaluation.archive_tags.as_ref();
    tags.filter(|tags| tags.n_articles > 0)
}

fn least_f1(text: &str) -> Result<f64, String> {
    match text.parse() {
        // One above 1 is met by no model, which is how a run is tried without writing.
        Ok(least) if (0.0..=f64::MAX).contains(&least) => Ok(least),
        _ => Err("an F1 is a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(n_topics: usize, n_tags: usize) -> Evaluation {
        let tags = TagMeasures {
            n_articles: n_tags,
            ..TagMeasures::default()
        };
        Evaluation {
            n_articles: n_topics,
            macro_f1: 0.5,
            archive_tags: Some(tags),
            ..Evaluation::default()
        }
    }

    #[test]
    fn one_measure_serves_all_models() {
        let (topics, tags, both) = (measured(1, 0), measured(0, 1), measured(1, 1));
        assert_eq!(Measure::of([&both, &topics]), Some(Measure::Topics));
        assert_eq!(Measure::of([&both, &tags]), Some(Measure::Tags));
        assert_eq!(Measure::of([&topics, &tags]), None);
    }

    #[test]
    fn what_was_not_measured_passes_no_gate() {
        let nothing = below(&measured(0, 0), 0.1).unwrap();
        assert!(nothing.starts_with("nothing was measured"), "{nothing}");
        assert!(nothing.contains("--min-macro-f1 asks for 0.1"), "{nothing}");
        assert_eq!(below(&measured(1, 0), 0.5), None);
    }

    #[test]
    fn an_f1_is_a_number() {
        assert_eq!(least_f1("0.8"), Ok(0.8));
        for odd in ["nan", "inf", "-0.1", ""] {
            assert!(least_f1(odd).is_err(), "{odd}");
        }
    }
}
