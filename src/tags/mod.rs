//! Step 5: the same terms become tags.
//!
//! - [`keyphrases`]: names and phrases of the article itself.
//! - [`vocabulary`]: tags the model learnt from a corpus, one linear model each.
//! - [`mod@select`]: which tags are offered, in which order.

pub mod keyphrases;
pub mod select;
pub mod vocabulary;

pub use keyphrases::{Keyphrase, Keyphrases};
pub use select::{Selection, Tag, TagKind, merge, select};
pub use vocabulary::{LearntTags, LearntTagsError, TagCandidate};
