//! The library and the binary from outside.

// A test that cannot go on says where it stopped.
#![allow(clippy::unwrap_used)]

mod admission;
mod architecture;
mod browsers;
mod calls;
mod classification;
mod connections;
mod contract;
mod corpora;
mod http;
mod keyphrases;
mod lifecycle;
mod limits;
mod model_file;
mod pages;
mod program;
mod protocols;
mod records;
mod report_page;
mod security;
mod serve_cli;
mod streams;
mod support;
mod traces;
mod train_cli;
mod training;
mod vocabulary;
mod vocabulary_cli;
mod wire;
