//! Step 6.
