//! What the first suggestions are worth, from wherever they come.

use std::collections::HashSet;

use rayon::prelude::*;
use serde::Serialize;

use super::answer;
use crate::pipeline::options::OptionsDraft;
use crate::pipeline::{Options, Pipeline};
use crate::tags::keyphrases::{reader::WordReader, words::tag_key};
use crate::train::corpus::LabelledArticle;
use crate::train::ranking::{GoldTags, RankedTags, Ranking, ranking};

/// Suggestions from anywhere, learnt tags, names and phrases, on articles that have tags.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SuggestionMeasures {
    /// Articles with tags.
    pub n_articles: usize,
    /// What their first suggestions are worth.
    #[serde(flatten)]
    pub ranking: Ranking,
}

/// The first ten suggestions, however sure, against the tags of each article.
pub(super) fn measure_suggestions(
    pipeline: &Pipeline,
    articles: &[LabelledArticle],
) -> SuggestionMeasures {
    let options = Options::new(OptionsDraft {
        max_tags: Some(10),
        min_tag_confidence: Some(0.0),
        ..OptionsDraft::default()
    })
    .unwrap_or_default();
    let ranked: Vec<RankedTags> = articles
        .par_iter()
        .filter(|article| !article.tags.is_empty())
        .map_init(WordReader::default, |words, article| {
            let answer = answer(pipeline, article, &options);
            let labels = answer
                .iter()
                .flat_map(|a| a.tags.iter().map(|tag| &*tag.label));
            ranked_tags(article, labels, words)
        })
        .collect();
    SuggestionMeasures {
        n_articles: ranked.len(),
        ranking: ranking(&ranked),
    }
}

/// Which suggestions are tags of an article, and how many tags it has.
fn ranked_tags<'a>(
    article: &LabelledArticle,
    suggestions: impl Iterator<Item = &'a str>,
    words: &mut WordReader,
) -> RankedTags {
    let words = words.read(&article.title, &article.text);
    let tags = GoldTags::of(article);
    // What repeats another's stems finds no further tag.
    let mut seen = HashSet::new();
    let keys: Vec<Option<u64>> = suggestions
        .map(|tag| Some(tag_key(tag)).filter(|key| seen.insert(*key)))
        .collect();
    RankedTags {
        is_right: keys
            .iter()
            .map(|key| key.is_some_and(|key| tags.has(key)))
            .collect(),
        is_present: keys
            .iter()
            .map(|key| key.is_some_and(|key| tags.has_in(key, words)))
            .collect(),
        n_tags: tags.len(),
        n_present: tags.keys().filter(|key| tags.has_in(*key, words)).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_right_by_their_stems() {
        let article = LabelledArticle {
            text: "A tariff and a cease fire.".into(),
            tags: ["Tariffs", "cease-fire", "Economy", "tariff"]
                .map(str::to_owned)
                .into(),
            ..LabelledArticle::default()
        };
        let suggestions = ["Tariff", "Canada", "Cease-fires"];
        let found = ranked_tags(
            &article,
            suggestions.into_iter(),
            &mut WordReader::default(),
        );
        assert_eq!(found.is_right, [true, false, true]);
        assert_eq!((found.n_tags, found.n_present), (3, 2));
        // Right, but learnt: the text does not have it. And what was suggested before.
        let suggestions = ["Economy", "Tariff", "Economies"];
        let found = ranked_tags(
            &article,
            suggestions.into_iter(),
            &mut WordReader::default(),
        );
        assert_eq!(found.is_right, [true, true, false]);
        assert_eq!(found.is_present, [false, true, false]);
    }
}
