//! What an article takes from the allocator once the buffers have grown: nothing for its topics, and for
//! tags what the list of them takes. `cargo bench --bench allocations` fails if that is no longer so.

mod articles;

use allocation_counter::measure;
use copydesk::pipeline::options::OptionsDraft;
use copydesk::pipeline::{Classification, Options, Pipeline, TagSource};
use copydesk::text::Article;

use articles::article;

const LENGTHS_IN_WORDS: [usize; 6] = [5, 30, 100, 400, 1_000, 4_000];
const ROUNDS: usize = 100;

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
}

/// Allocations per article, into an answer that is used again.
fn counted(
    pipeline: &Pipeline,
    articles: &[Article],
    tag_source: TagSource,
    max_tags: usize,
) -> f64 {
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
    taken.count_total as f64 / (ROUNDS * articles.len()) as f64
}
