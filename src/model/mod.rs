//! Step 4: terms become topic scores and probabilities.
//!
//! - [`linear`]: a fitted linear classifier in full precision, as linfa knows it.
//! - [`table`]: the same classifier packed for serving, one slot of a hash table per term.
//! - `filter`: one bit that tells most unknown terms.
//! - [`spline`]: its scores become log-odds.
//! - [`softmax`]: these become probabilities.

mod filter;
pub mod linear;
pub mod softmax;
pub mod spline;
pub mod table;

pub use linear::LinearClassifier;
pub use spline::{N_SEGMENTS, SplineCalibration, SplineError};
pub use table::{ScoredTerm, TableError, TermTable};
