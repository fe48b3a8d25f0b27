//! Copydesk reads a news article and says what it is about: one **topic** and the **tags** an
//! editor would file it under.
//!
//! The modules are the steps an article takes, in reading order. Imports run down this list only;
//! `tests/it/architecture.rs` holds them to it.
//!
//! 1. [`text`]: a string becomes tokens.
//! 2. [`features`]: tokens become weighted terms.
//! 3. [`model`]: terms become topic scores and probabilities.
//! 4. [`tags`]: the same terms become tags.
//! 5. [`pipeline`]: the whole way in one call, and the file it is kept in.
//! 6. [`train`]: labelled articles become a pipeline.
//! 7. [`service`]: the pipeline on the network.
//! 8. [`cli`]: a person at a terminal.
//!
//! ```
//! use copydesk::pipeline::{Options, Pipeline};
//! use copydesk::text::{Article, ArticleDraft};
//!
//! let pipeline = Pipeline::built_in()?;
//! let article = Article::new(ArticleDraft {
//!     title: "Midfielder signs a new contract".into(),
//!     body: "The club won the league and the cup last season and its coach praised the players.".into(),
//!     ..ArticleDraft::default()
//! })?;
//! let classification = pipeline.classify(&article, &Options::default());
//! assert_eq!(&*classification.topics[0].topic, "Sports");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod text;

pub mod features;

pub mod model;

pub mod tags;

pub mod pipeline;

pub mod train;

pub mod service;

pub mod cli;

pub mod telemetry;
