//! Step 8.
