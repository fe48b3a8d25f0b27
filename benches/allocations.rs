//! What an article takes from the allocator once the buffers have grown: nothing for its topics, for tags what
//! the list of them takes, and no more for a controlled vocabulary because it is large.
//! `cargo bench --bench allocations` fails if that is no longer so.

mod articles;

use allocation_counter::measure;
use copydesk::pipeline::options::OptionsDraft;
use copydesk::pipeline::{Classification, ConceptEntry, Concepts, Options, Pipeline, TagSource};
use copydesk::text::Article;

use articles::article;

const LENGTHS_IN_WORDS: [usize; 6] = [5, 30, 100, 400, 1_000, 4_000];
const ROUNDS: usize = 100;
/// Tags of a small and a large vocabulary.
const VOCABULARIES: [usize; 2] = [1_000, 100_000];

fn main() {
    let pipeline = Pipeline::built_in().expect("the built-in model loads");
    let articles = LENGTHS_IN_WORDS.map(article);
    let topics = counted(&pipeline, &articles, TagSource::Vocabulary, 0);
    println!("topics: {topics} allocations an article");
    for (name, source) in [
        ("topics and tags of the vocabulary", TagSource::Vocabulary),
        ("topics and all tags", TagSource::default()),
    ] {
        let n = counted(&pipeline, &articles, source, 10);
        println!("{name}: {n:.1} allocations an article");
    }
    assert_eq!(topics, 0.0, "an article's topics were allocated for");
    let [few, many] = VOCABULARIES.map(|n_tags| {
        let vocabulary = vocabulary(n_tags);
        let pipeline = Pipeline::built_in().expect("the built-in model loads");
        let pipeline = pipeline.with_concepts(Some(vocabulary));
        let taken = taken(&pipeline, &articles, TagSource::default(), 10);
        println!("all tags, beside {n_tags} of a vocabulary: {taken:?} allocations and bytes in {ROUNDS} rounds");
        taken
    });
    assert_eq!(few, many, "more was allocated for a larger vocabulary");
}

/// Tags of which the articles have some words, and no whole name.
fn vocabulary(n_tags: usize) -> Concepts {
    let entry = |i: usize| ConceptEntry {
        label: format!("Reform of parliament {i} council"),
        ..ConceptEntry::default()
    };
    Concepts::new([(0..n_tags).map(entry).collect()]).expect("a vocabulary")
}

/// Allocations per article.
fn counted(
    pipeline: &Pipeline,
    articles: &[Article],
    tag_source: TagSource,
    max_tags: usize,
) -> f64 {
    let (n_allocations, _) = taken(pipeline, articles, tag_source, max_tags);
    n_allocations as f64 / (ROUNDS * articles.len()) as f64
}

/// Allocations and bytes of all rounds, into an answer that is used again.
fn taken(
    pipeline: &Pipeline,
    articles: &[Article],
    tag_source: TagSource,
    max_tags: usize,
) -> (u64, u64) {
    let draft = OptionsDraft {
        tag_source,
        max_tags: Some(max_tags),
        ..OptionsDraft::default()
    };
    let options = Options::new(draft).expect("the options are valid");
    let mut answer = Classification::default();
    let mut classify_all = || {
        for article in articles {
            pipeline.classify_into(article, &options, &mut answer);
        }
    };
    classify_all();
    let taken = measure(|| (0..ROUNDS).for_each(|_| classify_all()));
    (taken.count_total, taken.bytes_total)
}
