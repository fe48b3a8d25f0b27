//! How a model is trained.

use std::collections::BTreeMap;

use crate::features::TermParams;

/// How a model is trained. The defaults are those of the default model.
#[derive(Debug, Clone)]
pub struct TrainParams {
    /// Name of the model, such as `news-en`.
    pub name: String,
    /// Seed of splits and solvers.
    pub seed: u64,
    /// Which terms articles are turned into.
    pub terms: TermParams,
    /// Terms of fewer articles are dropped; 0: as [`Self::min_df_of`] says.
    pub min_df: u32,
    /// Weight of the inverse gravity moment; 0: plain tf × idf.
    pub igm_lambda: f32,
    /// How far topics are weighted up towards equal numbers of articles; see
    /// [`super::svm::OneVsRestSvmParams::balance`].
    pub topic_balance: f32,
    /// So many words that keep a word's company speak for it where few articles have it; 0: none. See
    /// [`super::neighbours`].
    pub word_neighbours: usize,
    /// What of the topics' own log-odds is kept, in [0, 1]. 1: articles to come have the training articles' shares of
    /// topics; 0: any shares.
    pub base_rate_share: f32,
    /// The accuracy that answers without review shall have, in [0, 1].
    pub auto_accuracy: f64,
    /// At most so many terms are kept, the most telling ones.
    pub max_terms: usize,
    /// Topics of fewer training articles are an error.
    pub min_topic_examples: usize,
    /// Tags of fewer training articles are not learnt.
    pub min_tag_examples: usize,
    /// Tags of less confidence are not offered, even where that would find more of them; in [0, 1].
    pub min_tag_confidence: f32,
    /// The tags' C.
    pub tag_c: f32,
    /// At most so many terms speak for or against one tag.
    pub max_tag_terms: usize,
    /// IPTC Media Topic of each topic that has one, by name.
    pub topic_codes: BTreeMap<String, String>,
    /// Primary BCP 47 subtags; empty: detected from the articles.
    pub languages: Vec<String>,
    /// Where the articles came from.
    pub data: String,
    /// Licence of the model.
    pub licence: String,
    /// Unix seconds to record.
    pub trained_at_unix_seconds: Option<i64>,
    /// Whether the archive is studied too, for a report; the model does not depend on it.
    pub studies_archive: bool,
}

/// Archives of fewer articles have most of their words once.
const MANY_ARTICLES: usize = 20_000;

impl TrainParams {
    /// The `min_df` of an archive: what a small one has once is most of what it has; in a large one it makes the model
    /// large, and of tags it tells nothing (`bench/peers`).
    pub fn min_df_of(&self, n_articles: usize, n_tags: usize) -> u32 {
        match self.min_df {
            0 => 1 + u32::from(n_articles >= MANY_ARTICLES || n_tags > 0),
            min_df => min_df,
        }
    }
}

impl Default for TrainParams {
    fn default() -> Self {
        Self {
            name: "custom".into(),
            seed: 42,
            terms: TermParams::default(),
            min_df: 0,
            igm_lambda: 1.0,
            topic_balance: 1.0,
            word_neighbours: 0,
            // Better than all and than none on held-out articles of one archive; `bench/transfer` has the figures.
            base_rate_share: 0.5,
            auto_accuracy: 0.95,
            max_terms: 200_000,
            min_topic_examples: 1,
            min_tag_examples: 5,
            min_tag_confidence: 0.0,
            tag_c: 1.0,
            max_tag_terms: 4_000,
            topic_codes: iptc_codes(),
            languages: Vec::new(),
            data: String::new(),
            licence: String::new(),
            trained_at_unix_seconds: None,
            studies_archive: false,
        }
    }
}

/// The IPTC Media Topics of the default model's topic names.
///
/// Source: IPTC NewsCodes, Media Topics, top level (<https://iptc.org/standards/media-topics/>).
pub fn iptc_codes() -> BTreeMap<String, String> {
    [
        ("Culture & Entertainment", "01000000"),
        ("Crime", "02000000"),
        ("Disasters", "03000000"),
        ("Economy", "04000000"),
        ("Education", "05000000"),
        ("Environment", "06000000"),
        ("Health", "07000000"),
        ("Lifestyle", "10000000"),
        ("Politics", "11000000"),
        ("Science & Tech", "13000000"),
        ("Sports", "15000000"),
        ("Conflict", "16000000"),
    ]
    .map(|(topic, code)| (topic.to_owned(), format!("medtop:{code}")))
    .into()
}
