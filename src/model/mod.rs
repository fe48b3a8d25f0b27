//! Step 4: terms become topic scores and probabilities.
//!
//! - [`linear`]: a fitted linear classifier in full precision, as linfa knows it.
//! - [`table`]: the same classifier packed for serving, one slot of a hash table per term.
//! - [`softmax`]: scores become probabilities.

pub mod linear;
pub mod softmax;
pub mod table;

pub use linear::LinearClassifier;
pub use table::{ScoredTerm, TableError, TermTable};
