//! The library and the binary from outside.

mod calls;
mod lifecycle;
mod limits;
mod serve_cli;
mod streams;
mod support;
