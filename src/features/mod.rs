//! Step 3: tokens become weighted terms.
//!
//! - [`hashing`]: the terms of an article (word n-grams and word prefixes) as 64-bit hashes with
//!   their counts.
//! - [`weighting`]: what a term is worth: sublinear tf, idf, inverse gravity moment.
//! - [`sparse`]: many articles as one sparse matrix.

pub mod hashing;
pub mod sparse;
pub mod weighting;

pub use hashing::{TermCounts, TermParams};
pub use sparse::SparseRecords;
