//! The small corpora of tests/data, and a model of one of them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use copydesk::pipeline::Pipeline;
use copydesk::train::corpus::{Corpus, Fields, LabelledArticle, RowFormat};
use copydesk::train::{KeyphraseData, Split, TrainParams, train};

/// A file of tests/data.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn read(name: &str) -> Vec<LabelledArticle> {
    let mut corpus = Corpus::default();
    let file = File::open(data(name)).unwrap();
    corpus
        .read(file, name, RowFormat::JsonLines, &Fields::default())
        .unwrap();
    corpus.finish(false).unwrap().articles
}

/// Short news items of four topics.
pub(crate) fn desk() -> Vec<LabelledArticle> {
    read("desk.jsonl")
}

/// Further items of the same topics.
pub(crate) fn desk_test() -> Vec<LabelledArticle> {
    read("desk-test.jsonl")
}

/// A model of [`desk`], trained once.
pub(crate) fn trained() -> &'static Pipeline {
    static TRAINED: LazyLock<Pipeline> = LazyLock::new(|| {
        let split = Split {
            train: desk(),
            test: desk_test(),
        };
        train(
            &split,
            &[],
            &KeyphraseData::default(),
            &TrainParams::default(),
            &|_| {},
        )
        .unwrap()
        .pipeline
    });
    &TRAINED
}
