//! From an article's terms and words to its tags: what is learnt, what the vocabulary has and what the
//! article itself has to offer, in one list.

use std::sync::Arc;

use super::{Options, Pipeline, Workspace, explain};
use crate::extract::Extracted;
use crate::tags::concepts::rank::rank;
use crate::tags::keyphrases::{MAX_KEYPHRASES, Phrases, is_source, site_of_title};
use crate::tags::mentions::mentions;
use crate::tags::{
    Keyphrase, Keyphrases, Reading, RejectedTag, Selection, Suggestion, Tag, TagKind, select,
};
use crate::text::Article;

/// What is less sure than this is not even named among the rejected.
const REJECTED_FLOOR: f32 = 0.01;

/// So many phrases may be the publisher's or author's name, or the same tag as another, and leave room for the next.
const SPARE_PHRASES: usize = 5;

/// A site's own article seldom names it; what is named oftener is what the article is about.
const MAX_SITE_MENTIONS: usize = 3;

impl Pipeline {
    /// The tags of an article and, if asked for, those that were considered and are not offered. The
    /// article's row is in the workspace.
    pub(super) fn tags(
        &self,
        workspace: &mut Workspace,
        (article, extracted): (&Article, &Extracted<'_>),
        options: &Options,
    ) -> (Vec<Tag>, Vec<RejectedTag>) {
        let mut suggestions = self.learnt(workspace, options);
        let Workspace { words, phrases, .. } = workspace;
        let ranker = self
            .keyphrases
            .as_ref()
            .filter(|_| self.reads_words(options));
        if ranker.is_some() || (options.explain() && !suggestions.is_empty()) {
            let reading = Reading {
                words: words.read(&extracted.title, &extracted.text),
                title: &extracted.title,
                body: &extracted.text,
            };
            for learnt in &mut suggestions {
                learnt.mentions = mentions(&learnt.label, &reading);
            }
            if let Some(ranker) = ranker {
                let max_phrases = self.max_phrases(article, options);
                let read = (&reading, phrases);
                self.read_for_tags(ranker, read, max_phrases, options, &mut suggestions);
            }
        }
        let site = site_of_title(&extracted.title);
        suggestions.retain(|tag| {
            tag.kind != TagKind::Keyphrase || !names_publisher_or_author(tag, extracted, site)
        });
        let selection = Selection {
            max_tags: options.max_tags(),
            denied: options.deny_tags(),
            existing: article.existing_tags(),
            allowed: options.allow_tags(),
            rules: &self.tag_rules,
            concepts: self.concepts.as_ref(),
            learnt: Some(&self.tags),
            joins_vocabulary: options.wants_vocabulary_tags(),
        };
        let selected = select(suggestions, &selection);
        let tag = |found| tag(found, article, extracted, options);
        let rejected = selected.rejected.into_iter();
        let rejected = rejected.filter(|_| options.include_rejected_tags());
        (
            selected.offered.into_iter().map(tag).collect(),
            rejected
                .map(|(found, reason)| RejectedTag {
                    tag: tag(found),
                    reason,
                })
                .collect(),
        )
    }

    /// Whether any tag can come of the article's own words; reading them costs more than its topic.
    fn reads_words(&self, options: &Options) -> bool {
        let names_concepts = self.concepts.is_some() && options.wants_vocabulary_tags();
        options.wants_keyphrases() || names_concepts
    }

    /// How many phrases are looked at: so many as may be offered, some more, and one for each that a list can take off. A long
    /// article has far more, whose labels and places nobody would see.
    fn max_phrases(&self, article: &Article, options: &Options) -> usize {
        if options.include_rejected_tags() || !options.allow_tags().is_empty() {
            return MAX_KEYPHRASES;
        }
        let denied = options.deny_tags().len() + self.tag_rules.n_denied();
        let left_out = SPARE_PHRASES + denied + article.existing_tags().len();
        options
            .max_tags()
            .saturating_add(left_out)
            .min(MAX_KEYPHRASES)
    }

    fn learnt(&self, workspace: &mut Workspace, options: &Options) -> Vec<Suggestion> {
        let Workspace {
            row,
            tag_scores,
            candidates,
            ..
        } = workspace;
        candidates.clear();
        let threshold = options
            .min_tag_confidence()
            .unwrap_or(self.tags.parts().calibration.threshold);
        if options.wants_vocabulary_tags() && !row.is_empty() {
            let floor = floor(threshold, options);
            self.tags.candidates(row, floor, tag_scores, candidates);
        }
        let found = candidates.iter().map(|candidate| Suggestion {
            label: Arc::clone(&self.tags.labels()[candidate.index]),
            confidence: candidate.confidence,
            is_sure: candidate.confidence >= threshold,
            kind: TagKind::Vocabulary,
            mentions: Vec::new(),
            code: None,
            broader: None,
            is_new: false,
        });
        found.collect()
    }

    /// Tags that the article's own words give: those of the vocabulary that it names, and its phrases.
    fn read_for_tags(
        &self,
        ranker: &Keyphrases,
        (reading, phrases): (&Reading<'_>, &mut Phrases),
        max_phrases: usize,
        options: &Options,
        suggestions: &mut Vec<Suggestion>,
    ) {
        let concepts = self.concepts.as_ref();
        let concepts = concepts.filter(|_| options.wants_vocabulary_tags());
        let hits = concepts.map(|concepts| concepts.hits(reading));
        let hits = hits.unwrap_or_default();
        if hits.is_empty() && !options.wants_keyphrases() {
            return;
        }
        let threshold = options.min_tag_confidence().unwrap_or(ranker.threshold);
        ranker.read(reading.words, phrases);
        if let Some(concepts) = concepts {
            let named = rank(&hits, reading, phrases, ranker).into_iter();
            suggestions.extend(named.map(|named| {
                let concept = concepts.get(named.concept);
                Suggestion {
                    label: Arc::clone(&concept.label),
                    confidence: named.confidence,
                    is_sure: named.confidence >= threshold,
                    kind: TagKind::Vocabulary,
                    mentions: named.mentions,
                    code: concept.code.clone(),
                    broader: concept.broader.clone(),
                    is_new: false,
                }
            }));
        }
        if options.wants_keyphrases() {
            let floor = floor(threshold, options);
            let phrases = ranker.choose(reading, phrases, max_phrases, floor);
            suggestions.extend(phrases.into_iter().map(|found| phrase(found, threshold)));
        }
    }
}

/// The least confidence that is looked at.
fn floor(threshold: f32, options: &Options) -> f32 {
    if options.include_rejected_tags() {
        threshold.min(REJECTED_FLOOR)
    } else {
        threshold
    }
}

fn phrase(found: Keyphrase, threshold: f32) -> Suggestion {
    Suggestion {
        label: found.label.into(),
        confidence: found.confidence,
        is_sure: found.confidence >= threshold,
        kind: TagKind::Keyphrase,
        mentions: found.mentions,
        code: None,
        broader: None,
        is_new: true,
    }
}

/// A suggestion as a tag, its mentions where the submitted article has them.
fn tag(found: Suggestion, article: &Article, extracted: &Extracted<'_>, options: &Options) -> Tag {
    let located = found
        .mentions
        .iter()
        .filter(|_| options.explain())
        .filter_map(|(field, bytes)| {
            let (field, bytes) = extracted.locate(*field, bytes)?;
            Some(((), field, bytes))
        })
        .collect();
    let spans = explain::spans(article, options.offset_unit(), located);
    Tag {
        label: found.label,
        confidence: found.confidence,
        kind: found.kind,
        mentions: spans
            .into_iter()
            .take(explain::MAX_MENTIONS)
            .map(|(_, span)| span)
            .collect(),
        code: found.code,
        broader: found.broader,
        is_new: found.is_new,
    }
}

/// Whether a phrase is who publishes the article or writes it, which is no tag of what it says. `site` is what the headline
/// ends in.
fn names_publisher_or_author(
    tag: &Suggestion,
    extracted: &Extracted<'_>,
    site: Option<&str>,
) -> bool {
    let page = extracted.page.iter();
    let mut told = page.flat_map(|page| [&page.source, &page.author]);
    let is_seldom = tag.mentions.len() <= MAX_SITE_MENTIONS;
    told.any(|who| is_source(&tag.label, who))
        || site.is_some_and(|site| is_seldom && is_source(&tag.label, site))
}
