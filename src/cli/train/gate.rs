//! Whether a trained model is good enough to be written.

use std::path::PathBuf;

use clap::Args;

use crate::cli::model_file;
use crate::train::Trained;
use crate::train::corpus::LabelledArticle;
use crate::train::evaluate::{self, Evaluation};

#[derive(Debug, Args)]
#[command(next_help_heading = "Gates: a model that fails is reported and not written")]
pub(super) struct GateArgs {
    /// The least macro-F1 of the topics (of the tags, micro-F1, if there are no topics)
    #[arg(long, env = "COPYDESK_MIN_MACRO_F1", value_name = "F1")]
    min_macro_f1: Option<f64>,
    /// A model that must not be better on the held-out articles
    #[arg(long, env = "COPYDESK_MUST_BEAT", value_name = "FILE")]
    must_beat: Option<PathBuf>,
}

impl GateArgs {
    /// Why the model must not be written, if so.
    pub(super) fn refusal(
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
