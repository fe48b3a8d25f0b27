//! The library and the binary from outside.

// A test that cannot go on says where it stopped.
#![allow(clippy::unwrap_used)]

mod architecture;
mod calls;
mod classification;
mod corpora;
mod lifecycle;
mod limits;
mod model_file;
mod pages;
mod program;
mod serve_cli;
mod streams;
mod support;
mod train_cli;
