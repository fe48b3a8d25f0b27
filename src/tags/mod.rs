//! Step 5: the same terms become tags.
//!
//! - [`keyphrases`]: names and phrases of the article itself.
//! - [`vocabulary`]: tags the model learnt from a corpus, one linear model each.
//! - [`concepts`]: tags of a controlled vocabulary, which nobody has to learn.
//! - [`rules`]: what an editor's desk never wants to see, and what it calls things.
//! - [`wording`]: when two tags mean the same.
//! - [`suggestion`]: what all of these suggest, those that mean the same as one.
//! - [`mod@mentions`]: where an article speaks of a tag that was not found by its words.
//! - [`mod@select`]: which tags are offered, in which order.
//! - [`tag`]: a tag of an answer, or why it is none.

pub mod concepts;
pub mod keyphrases;
pub mod mentions;
pub mod rules;
pub mod select;
pub mod suggestion;
pub mod tag;
pub mod vocabulary;
pub mod wording;

pub use concepts::{ConceptEntry, ConceptFile, ConceptFormat, Concepts, ConceptsError, Reading};
pub use keyphrases::{Keyphrase, Keyphrases};
pub use rules::{TagRules, TagRulesError};
pub use select::{Selected, Selection, select};
pub use suggestion::Suggestion;
pub use tag::{RejectedTag, Rejection, Tag, TagKind};
pub use vocabulary::{LearntTags, LearntTagsError, TagCandidate};
pub use wording::Wording;
