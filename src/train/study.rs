//! What an owner wants to know of an archive besides how good the model is.

use ndarray::{Array2, ArrayView2, Axis, concatenate};
use rayon::prelude::*;

use super::corpus::LabelledArticle;
use super::evaluate::answer;
use super::learning_curve::{LearningPoint, learning_curve};
use super::mislabelled::{Suspect, suspects};
use super::telling_terms::{TopicTerms, telling_terms};
use super::topics::{TopicData, TopicModel};
use super::{Split, TrainError, TrainParams};
use crate::pipeline::{Options, Pipeline};

/// More suspects than this are counted and not described.
const MAX_SUSPECTS: usize = 200;
/// An article without a headline is shown by so many of its first characters.
const EXCERPT_CHARS: usize = 160;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Study {
    /// Quality against the number of articles; empty where nothing was trained.
    pub learning_curve: Vec<LearningPoint>,
    /// The terms that decide for each topic.
    pub terms: Vec<TopicTerms>,
    /// Articles whose label was judged; in a training run by a model that had not seen them.
    pub n_judged: usize,
    /// How many of them are in doubt.
    pub n_suspects: usize,
    /// The most doubtful ones, worst first.
    pub suspects: Vec<SuspectArticle>,
}

/// An article whose label is in doubt, so that a person finds it.
#[derive(Debug, Clone, PartialEq)]
pub struct SuspectArticle {
    /// The headline; may be empty.
    pub title: String,
    /// How the text begins.
    pub excerpt: String,
    /// File and line.
    pub place: String,
    /// The topic it is filed under.
    pub given: String,
    /// The topic it more likely has.
    pub likely: String,
    /// Probability of the topic it is filed under, in [0, 1].
    pub given_probability: f32,
    /// Probability of the likely topic, in [0, 1].
    pub likely_probability: f32,
}

/// Articles with their classes and the probabilities of models that have not seen them.
struct Judged<'a> {
    articles: Vec<&'a LabelledArticle>,
    targets: Vec<usize>,
    /// (articles, n_topics).
    probabilities: Array2<f32>,
}

impl Study {
    /// Studies the whole archive of a training run: what was learnt from by the models of the other
    /// folds, what was held out by the finished model.
    ///
    /// # Errors
    /// [`TrainError`] if the solver fails.
    pub fn of_training(
        pipeline: &Pipeline,
        split: &Split,
        data: TopicData<'_>,
        model: &TopicModel,
        params: &TrainParams,
    ) -> Result<Self, TrainError> {
        let held_out = judge(pipeline, &split.test);
        let views = [model.out_of_fold.view(), held_out.probabilities.view()];
        let all = Judged {
            articles: split.train.iter().chain(held_out.articles).collect(),
            targets: [&data.targets[..data.n_with_folds()], &held_out.targets].concat(),
            probabilities: stacked(views),
        };
        Ok(Self {
            learning_curve: learning_curve(data, model.c, params)?,
            ..Self::of_judged(pipeline, &all)
        })
    }

    /// Studies articles by a finished pipeline; of those that it has learnt from, it doubts few.
    pub fn of_given(pipeline: &Pipeline, articles: &[LabelledArticle]) -> Self {
        Self::of_judged(pipeline, &judge(pipeline, articles))
    }

    fn of_judged(pipeline: &Pipeline, judged: &Judged<'_>) -> Self {
        let suspects = suspects(judged.probabilities.view(), &judged.targets);
        let described = suspects
            .iter()
            .take(MAX_SUSPECTS)
            .map(|suspect| describe(suspect, judged.articles[suspect.article], pipeline));
        Self {
            learning_curve: Vec::new(),
            terms: telling_terms(pipeline, &judged.articles),
            n_judged: judged.articles.len(),
            n_suspects: suspects.len(),
            suspects: described.collect(),
        }
    }
}

/// One matrix above the other. Both have a column for each topic, or the second none and no rows.
fn stacked([above, below]: [ArrayView2<'_, f32>; 2]) -> Array2<f32> {
    concatenate(Axis(0), &[above, below]).unwrap_or_else(|_| above.to_owned())
}

/// The articles whose topic the pipeline knows, with its probabilities.
fn judge<'a>(pipeline: &Pipeline, articles: &'a [LabelledArticle]) -> Judged<'a> {
    let topics = &pipeline.manifest().topics;
    let options = Options::default();
    let judged: Vec<(&LabelledArticle, usize, Vec<f32>)> = articles
        .par_iter()
        .filter_map(|article| {
            let target = topics.iter().position(|t| t.name == article.label)?;
            let mut row = vec![0.0; topics.len()];
            for score in answer(pipeline, article, &options)?.topics {
                row[score.index] = score.probability;
            }
            Some((article, target, row))
        })
        .collect();
    let cell = |(i, class): (usize, usize)| judged[i].2[class];
    Judged {
        articles: judged.iter().map(|(article, ..)| *article).collect(),
        targets: judged.iter().map(|(_, target, _)| *target).collect(),
        probabilities: Array2::from_shape_fn((judged.len(), topics.len()), cell),
    }
}

fn describe(suspect: &Suspect, article: &LabelledArticle, pipeline: &Pipeline) -> SuspectArticle {
    let name = |class: usize| pipeline.manifest().topics[class].name.clone();
    SuspectArticle {
        title: article.title.trim().to_owned(),
        excerpt: excerpt(&article.text),
        place: article.place.to_string(),
        given: name(suspect.given),
        likely: name(suspect.likely),
        given_probability: suspect.given_probability,
        likely_probability: suspect.likely_probability,
    }
}

/// The first words of a text on one line, cut between words where that is possible.
fn excerpt(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if let Some((cut, _)) = line.char_indices().nth(EXCERPT_CHARS) {
            let cut = line[..cut].rfind(' ').unwrap_or(cut);
            line.truncate(cut);
            line.push('…');
            break;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_between_words_if_it_can() {
        assert_eq!(excerpt("  Short\n text "), "Short text");
        let words = excerpt(&"word ".repeat(100));
        assert!(words.ends_with("word…") && words.chars().count() <= EXCERPT_CHARS + 1);
        let glyphs = excerpt(&"議".repeat(500));
        assert_eq!(glyphs.chars().count(), EXCERPT_CHARS + 1);
    }
}
