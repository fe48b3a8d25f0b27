//! Step 5: the same terms become tags.
//!
//! - [`vocabulary`]: tags the model learnt from a corpus, one linear model each.
//! - [`mod@select`]: which tags are offered, in which order.

pub mod select;
pub mod vocabulary;

pub use select::{Selection, Tag, select};
pub use vocabulary::{LearntTags, LearntTagsError, TagCandidate};
