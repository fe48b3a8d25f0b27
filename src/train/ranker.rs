//! Where a model's ranker of the articles' own phrases comes from.

use super::TrainError;
use super::corpus::LabelledArticle;
use super::{keyphrases, word_statistics};
use crate::pipeline::{ArtifactError, Pipeline};
use crate::tags::Keyphrases;
use crate::tags::keyphrases::statistics::WordStatistics;

/// What the ranker of the articles' own phrases is learnt from. Empty: from the corpus if that has
/// enough articles whose tags their texts have, else it is the built-in model's.
#[derive(Debug, Clone, Default)]
pub struct KeyphraseData {
    /// Full articles with their editors' tags.
    pub tagged: Vec<LabelledArticle>,
    /// Any texts, to count how words are used, and what editors gave as tags of them if that is there.
    pub background: Vec<LabelledArticle>,
    /// Tags that editors use, of these articles or others: phrases among them are likelier tags.
    pub known_tags: Vec<String>,
}

impl KeyphraseData {
    /// What was given and is of no use with a ranker that was not fitted in this run: a ranker's weights hold for
    /// the counts and tags that it was fitted with. The background is of use if neighbours of words were found in it.
    pub fn unused(&self, ranker: &RankerSource, finds_neighbours: bool) -> Vec<&'static str> {
        let has_background = !self.background.is_empty();
        let given = [
            ("--keyphrase-data", !self.tagged.is_empty()),
            ("--background", has_background && !finds_neighbours),
            ("--known-tags", !self.known_tags.is_empty()),
        ];
        let is_used = matches!(ranker, RankerSource::Fitted(_));
        let unused = given.into_iter().filter(|(_, given)| *given && !is_used);
        unused.map(|(flag, _)| flag).collect()
    }

    /// The articles whose tags the ranker is learnt from.
    pub fn tagged_or<'a>(&'a self, corpus: &'a [LabelledArticle]) -> &'a [LabelledArticle] {
        if self.tagged.is_empty() {
            corpus
        } else {
            &self.tagged
        }
    }
}

/// Where the ranker of a model came from.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "source")]
pub enum RankerSource {
    /// Fitted in this run.
    Fitted(keyphrases::CrossValidation),
    /// Taken from the built-in model.
    BuiltIn,
    /// There is none: the model offers learnt tags alone.
    None,
}

/// The ranker, fitted on what was given for it, or on the corpus, or the built-in model's.
pub(super) fn fitted_or_built_in(
    corpus: &[LabelledArticle],
    data: &KeyphraseData,
) -> Result<(Option<Keyphrases>, RankerSource), TrainError> {
    let tagged = data.tagged_or(corpus);
    // Else words would be counted for nothing, in a background that is often larger than the corpus.
    let may_be_fitted = keyphrases::learnt_from(tagged).count() >= keyphrases::MIN_ARTICLES;
    if may_be_fitted
        && let Some(statistics) = statistics(data)?
        && let Some((fitted, measured)) = keyphrases::fit(tagged, statistics)?
    {
        return Ok((Some(fitted), RankerSource::Fitted(measured)));
    }
    Ok(match built_in()? {
        Some(known) => (Some(known), RankerSource::BuiltIn),
        None => (None, RankerSource::None),
    })
}

/// The table that the ranker looks words up in: of what was given, and else the built-in model's, if that has one.
fn statistics(data: &KeyphraseData) -> Result<Option<WordStatistics>, ArtifactError> {
    let mut statistics = if data.background.is_empty() {
        match built_in()? {
            Some(known) => known.statistics,
            None => return Ok(None),
        }
    } else {
        word_statistics::count_words(&data.background)
    };
    if !data.known_tags.is_empty() {
        statistics.known_tags = word_statistics::known_tags(&data.known_tags);
    } else if let (false, Some(known)) = (data.background.is_empty(), built_in()?) {
        statistics.known_tags = known.statistics.known_tags;
    }
    Ok(Some(statistics))
}

/// Not needed, and so not read, where all is given: the built-in model itself is trained so.
fn built_in() -> Result<Option<Keyphrases>, ArtifactError> {
    Ok(Pipeline::built_in()?.keyphrases().cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_background_that_neighbours_were_found_in_had_an_effect() {
        let data = KeyphraseData {
            background: vec![LabelledArticle::default()],
            known_tags: vec!["bank".into()],
            ..KeyphraseData::default()
        };
        let unused = |finds_neighbours| data.unused(&RankerSource::BuiltIn, finds_neighbours);
        assert_eq!(unused(false), ["--background", "--known-tags"]);
        assert_eq!(unused(true), ["--known-tags"]);
    }
}
