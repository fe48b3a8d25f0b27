//! Step 6: the whole way from an article to its classification, and the file it is kept in.
//!
//! - [`Pipeline::classify`]: read this first.
//! - [`explain`]: why a topic.
//! - `tagging`: which tags.
//! - [`options`]: what a caller may ask for.
//! - `parts`: what a pipeline is put together from.
//! - [`manifest`]: what a model file says of itself.
//! - [`artifact`]: a pipeline to bytes and back.

pub mod artifact;
pub mod explain;
pub mod manifest;
pub mod options;
mod parts;
mod tagging;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::Arc;

pub use artifact::ArtifactError;
pub use explain::Evidence;
pub use manifest::Manifest;
pub use options::{Options, OptionsError, TagSource};

use crate::extract::{Extracted, LineModel, Page, extract, kind};
use crate::features::TermCounts;
use crate::model::linear::argmax;
use crate::model::softmax::softmax_in_place;
use crate::model::{ScoredTerm, SplineCalibration, TermTable};
use crate::tags::keyphrases::Phrases;
use crate::tags::keyphrases::reader::WordReader;
pub use crate::tags::{
    ConceptEntry, ConceptFile, ConceptFormat, Concepts, ConceptsError, RejectedTag, Rejection, Tag,
    TagKind, TagRules, TagRulesError,
};
use crate::tags::{Keyphrases, LearntTags, TagCandidate};
use crate::text::{
    Article, ContentFormat, Field, LanguageTag, OffsetCounter, OffsetUnit, Span, detect,
};

/// The default model, built into the binary.
static BUILT_IN: &[u8] = include_bytes!("../../models/news-en.safetensors");

/// An article of fewer tokens has little to go by.
const SHORT_ARTICLE_TOKENS: usize = 5;
/// So many of an article's first words are looked up to tell whether it is in the model's language.
const LANGUAGE_SAMPLE_TOKENS: usize = 100;
/// An article of which the model knows this share of words is in the model's language. The default
/// model knows 0.75 and more of 99 in 100 English articles, and under 0.5 of French or German.
const KNOWN_LANGUAGE_SHARE: f32 = 0.7;

/// A model ready to classify. Shared between threads; never changes.
#[derive(Debug)]
pub struct Pipeline {
    manifest: Manifest,
    topics: Vec<Arc<str>>,
    /// Each topic's share of the training articles; (n_topics).
    base_rates: Vec<f32>,
    /// The language of all training articles, if it is one.
    only_language: Option<LanguageTag>,
    table: TermTable,
    calibration: SplineCalibration,
    tags: LearntTags,
    /// `None` in a model that offers learnt tags alone.
    keyphrases: Option<Keyphrases>,
    /// Tags that need not be learnt.
    concepts: Option<Concepts>,
    /// What holds for every article's tags.
    tag_rules: TagRules,
    /// Tells the article's lines in pages copied as text.
    lines: Option<LineModel>,
}

/// What an article is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Classification {
    /// Best first; all of the model's topics unless fewer were asked for.
    pub topics: Vec<TopicScore>,
    /// Suggested tags, best first.
    pub tags: Vec<Tag>,
    /// What else was considered and why it is not offered, best first; only if asked for.
    pub rejected_tags: Vec<RejectedTag>,
    /// Given or detected; `None` if it could not be told.
    pub language: Option<LanguageTag>,
    /// What a reader of the answer should know.
    pub warnings: Vec<Warning>,
    /// The best topic's confidence is under the model's review threshold: a person should look.
    pub needs_review: bool,
    /// The terms that speak most for the best topic, then those that speak most against it; only if
    /// asked for.
    pub evidence: Vec<Evidence>,
    /// What was found around the article; only of pages.
    pub page: Option<PageReport>,
}

/// What a page says of its article, and where the article stands in it.
#[derive(Debug, Clone, PartialEq)]
pub struct PageReport {
    /// What the page says.
    pub page: Page,
    /// The ranges of the submitted body that are the article's own text, in order, as far as known.
    pub article_ranges: Vec<Span>,
    /// The article's own text.
    pub article_text: String,
}

/// A topic with its probability.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicScore {
    /// The topic's name.
    pub topic: Arc<str>,
    /// Calibrated probability in [0, 1]; over all topics they sum to 1.
    pub probability: f32,
    /// The topic's place in [`Manifest::topics`].
    pub index: usize,
}

/// What a reader of a classification should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// The article is not in a language the model was trained on.
    UnsupportedLanguage,
    /// No term of the article is known: the answer is the topics' base rates.
    NoKnownTerms,
    /// The article was not told from the page around it: the whole page was read.
    LowExtractionQuality,
    /// The article has fewer than five words.
    ShortText,
}

/// Buffers of one thread, grown to the longest article so far.
#[derive(Default)]
struct Workspace {
    terms: TermCounts,
    row: Vec<ScoredTerm>,
    topic_scores: Vec<f32>,
    topic_order: Vec<usize>,
    tag_scores: Vec<f32>,
    candidates: Vec<TagCandidate>,
    words: WordReader,
    phrases: Phrases,
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

impl Pipeline {
    /// The default model: English news in twelve topics. See models/README.md.
    ///
    /// # Errors
    /// None in a released binary; the built-in file is checked like any other.
    pub fn built_in() -> Result<Self, ArtifactError> {
        Self::from_bytes(BUILT_IN)
    }

    /// The article of a page and what the page says of it, and whether it could be told from the page
    /// around it. Of a text that is no page, all is the article.
    pub fn extract(&self, article: &Article, unit: OffsetUnit) -> (PageReport, bool) {
        let extracted = extract(article, self.lines.as_ref());
        let is_sure = !extracted.is_whole_page;
        (page_report(extracted, article, unit), is_sure)
    }

    /// Topic and tags of an article, out of its own text alone: nothing else of a page has a say. Pure: the same article and options give the same answer.
    pub fn classify(&self, article: &Article, options: &Options) -> Classification {
        let mut answer = Classification::default();
        self.classify_into(article, options, &mut answer);
        answer
    }

    /// As [`Self::classify`], into an answer whose list of topics is used again. Once that and the
    /// thread's buffers have grown, the topics of a text take no memory from the allocator, nor do
    /// learnt tags that are not offered.
    pub fn classify_into(&self, article: &Article, options: &Options, answer: &mut Classification) {
        let extracted = extract(article, self.lines.as_ref());
        WORKSPACE.with_borrow_mut(|workspace| {
            self.classify_in(workspace, (article, &extracted), options, answer);
        });
        let is_page = extracted.page.is_some();
        answer.page = is_page.then(|| page_report(extracted, article, options.offset_unit()));
    }

    fn classify_in(
        &self,
        workspace: &mut Workspace,
        (article, extracted): (&Article, &Extracted<'_>),
        options: &Options,
        answer: &mut Classification,
    ) {
        let Workspace {
            terms,
            row,
            topic_scores,
            ..
        } = workspace;
        terms.count(&extracted.title, &extracted.text, &self.manifest.terms);
        self.table.decision_function(terms, row, topic_scores);
        if row.is_empty() {
            topic_scores.copy_from_slice(&self.base_rates);
        } else {
            self.calibration.apply(topic_scores);
            softmax_in_place(topic_scores);
        }
        let tags = self.tags(workspace, (article, extracted), options);
        (answer.tags, answer.rejected_tags) = tags;
        let Workspace {
            terms,
            row,
            topic_scores,
            topic_order,
            ..
        } = workspace;
        let best = argmax(topic_scores.iter().copied());
        best_first(topic_scores, topic_order);
        self.name_topics(topic_scores, topic_order, options, &mut answer.topics);
        answer.needs_review = self.needs_review(topic_scores.get(best).copied());
        answer.evidence = match options.explain() && !topic_scores.is_empty() {
            true => self.evidence((article, extracted), row, best, options),
            false => Vec::new(),
        };
        answer.language = self.language_of(article, extracted, terms);
        self.warn(extracted, terms, row, answer);
    }

    fn needs_review(&self, confidence: Option<f32>) -> bool {
        confidence.is_some_and(|confidence| confidence < self.manifest.review_threshold)
    }

    fn evidence(
        &self,
        read: (&Article, &Extracted<'_>),
        row: &[ScoredTerm],
        class: usize,
        options: &Options,
    ) -> Vec<Evidence> {
        let breakdown = explain::breakdown(&self.table, &self.calibration, row, class);
        let unit = options.offset_unit();
        explain::evidence(&breakdown, &self.table, read, &self.manifest.terms, unit)
    }

    fn name_topics(
        &self,
        probabilities: &[f32],
        order: &[usize],
        options: &Options,
        topics: &mut Vec<TopicScore>,
    ) {
        let n_topics = match options.max_topics() {
            0 => order.len(),
            max_topics => max_topics,
        };
        topics.clear();
        topics.extend(order.iter().take(n_topics).map(|&index| TopicScore {
            topic: Arc::clone(&self.topics[index]),
            probability: probabilities[index],
            index,
        }));
    }

    fn warn(
        &self,
        extracted: &Extracted<'_>,
        terms: &TermCounts,
        row: &[ScoredTerm],
        answer: &mut Classification,
    ) {
        let language = answer.language.as_ref();
        let is_foreign = language.is_some_and(|tag| !self.is_supported(tag));
        let warnings = [
            (is_foreign, Warning::UnsupportedLanguage),
            (row.is_empty(), Warning::NoKnownTerms),
            (extracted.is_whole_page, Warning::LowExtractionQuality),
            (terms.n_tokens() < SHORT_ARTICLE_TOKENS, Warning::ShortText),
        ];
        let holding = warnings.into_iter().filter(|(holds, _)| *holds);
        answer.warnings.clear();
        answer.warnings.extend(holding.map(|(_, warning)| warning));
    }

    fn is_supported(&self, language: &LanguageTag) -> bool {
        let languages = &self.manifest.languages;
        languages.is_empty() || languages.iter().any(|known| language.is_of(known))
    }

    /// The language the caller gave; else the model's own if it knows most of the article's words,
    /// which takes a microsecond; else the detector's answer, which takes a hundred.
    fn language_of(
        &self,
        article: &Article,
        extracted: &Extracted<'_>,
        terms: &TermCounts,
    ) -> Option<LanguageTag> {
        if let Some(given) = article.language() {
            return Some(given.clone());
        }
        if self.only_language.is_some() && self.known_share(terms) >= KNOWN_LANGUAGE_SHARE {
            return self.only_language.clone();
        }
        let has_text = !extracted.text.trim().is_empty();
        detect(if has_text {
            &extracted.text
        } else {
            &extracted.title
        })
    }

    /// The share of the article's first words that the model knows, in [0, 1], and of the others one in sixteen.
    fn known_share(&self, terms: &TermCounts) -> f32 {
        let words = terms.last_words().take(LANGUAGE_SAMPLE_TOKENS);
        let (mut n_words, mut n_known) = (0u32, 0u32);
        for hash in words {
            n_words += 1;
            n_known += u32::from(self.table.may_know(hash));
        }
        if n_words == 0 {
            0.0
        } else {
            n_known as f32 / n_words as f32
        }
    }
}

/// The places of the probabilities, the largest first.
fn best_first(probabilities: &[f32], order: &mut Vec<usize>) {
    order.clear();
    order.extend(0..probabilities.len());
    // A stable sort would keep equals in their order by itself, but asks the allocator for room.
    order.sort_unstable_by(|&a, &b| {
        let by_probability = probabilities[b].total_cmp(&probabilities[a]);
        by_probability.then(a.cmp(&b))
    });
}

/// Whether an article must be found in a page first, which takes up to a hundred times as long as to
/// classify it.
pub fn is_page(article: &Article) -> bool {
    let format = match article.format() {
        ContentFormat::Unspecified => kind::detect(article.body()),
        format => format,
    };
    format != ContentFormat::Text
}

/// What was found, its places in the unit that was asked for. An article that is no page has only a text.
fn page_report(extracted: Extracted<'_>, article: &Article, unit: OffsetUnit) -> PageReport {
    let ranges = extracted.article_ranges();
    PageReport {
        page: extracted.page.unwrap_or_default(),
        article_ranges: spans_in_body(article.body(), unit, ranges),
        article_text: extracted.text.into_owned(),
    }
}

fn spans_in_body(body: &str, unit: OffsetUnit, ranges: Vec<Range<usize>>) -> Vec<Span> {
    let mut offsets = OffsetCounter::new(body, unit);
    ranges
        .into_iter()
        .map(|bytes| offsets.span(Field::Body, bytes))
        .collect()
}
