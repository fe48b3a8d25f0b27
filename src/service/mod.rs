//! Step 7.
