//! How far a training run has got.

/// What a training run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Looking for near-duplicates.
    Grouping {
        /// Articles of the corpus.
        n_articles: usize,
    },
    /// Counting and weighting terms, in two passes.
    Vectorizing {
        /// Articles that are learnt from.
        n_articles: usize,
    },
    /// Looking for the words that keep each word's company.
    FindingNeighbours,
    /// Trying values of C.
    ChoosingC {
        /// Models to fit.
        n_fits: usize,
    },
    /// Fitting the topic model and the models of the folds.
    FittingTopics {
        /// Models to fit.
        n_fits: usize,
    },
    /// Fitting probabilities.
    Calibrating,
    /// Finding the topics of articles without one, to learn from the surest.
    LabellingArticles {
        /// Articles without a topic.
        n_articles: usize,
    },
    /// Fitting tags.
    FittingTags {
        /// Tags to fit.
        n_tags: usize,
    },
    /// Fitting the ranker of the articles' own phrases.
    FittingKeyphrases,
    /// Packing the model.
    Packing,
    /// Measuring on held-out articles.
    Evaluating {
        /// Held-out articles.
        n_articles: usize,
    },
    /// Studying the archive for a report.
    StudyingArchive,
    /// The step that began last has got on.
    Advanced {
        /// So many more articles (of one pass), fits or tags are done.
        n_units: usize,
    },
}

/// Called when a training run begins something new, and when it gets on with it.
pub type OnStep<'a> = dyn Fn(Step) + Sync + 'a;
