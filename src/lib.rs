//! Copydesk reads a news article and says what it is about: one **topic** and the **tags** an
//! editor would file it under.
//!
//! The modules are the steps an article takes, in reading order. Imports run down this list only;
//! `tests/it/architecture.rs` holds them to it.
//!
//! 1. [`text`]: a string becomes tokens.
//! 2. [`extract`]: a page becomes an article.
//! 3. [`features`]: tokens become weighted terms.
//! 4. [`model`]: terms become topic scores and probabilities.
//! 5. [`tags`]: the same terms become tags.
//! 6. [`pipeline`]: the whole way in one call, and the file it is kept in.
//! 7. [`train`]: labelled articles become a pipeline.
//! 8. [`service`]: the pipeline on the network.
//! 9. [`cli`]: a person at a terminal.
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

pub mod extract;

pub mod features;

pub mod model;

pub mod tags;

pub mod pipeline;

pub mod train;

pub mod service;

pub mod cli;

pub mod telemetry;
