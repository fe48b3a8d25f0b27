//! What an article takes from the allocator once the buffers have grown: nothing, for topics and
//! learnt tags. `cargo bench --bench allocations` fails if that is no longer so.

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
    let n_articles = (ROUNDS * articles.len()) as f64;
    let learnt = options(TagSource::Vocabulary);

    let mut answer = Classification::default();
    let into = |answer: &mut Classification| {
        for article in &articles {
            pipeline.classify_into(article, &learnt, answer);
        }
    };
    into(&mut answer);
    let reused = measure(|| (0..ROUNDS).for_each(|_| into(&mut answer)));
    println!(
        "topics and learnt tags, answer used again: {} allocations an article",
        reused.count_total as f64 / n_articles
    );

    for (name, source) in [
        (
            "topics and learnt tags, a new answer",
            TagSource::Vocabulary,
        ),
        ("topics and all tags, a new answer", TagSource::default()),
    ] {
        let options = options(source);
        let new = || classify(&pipeline, &articles, &options);
        new();
        let counted = measure(|| (0..ROUNDS).for_each(|_| new()));
        println!(
            "{name}: {:.1} allocations and {:.0} bytes an article",
            counted.count_total as f64 / n_articles,
            counted.bytes_total as f64 / n_articles
        );
    }
    assert_eq!(reused.count_total, 0, "an article was allocated for");
}

fn options(tag_source: TagSource) -> Options {
    let draft = OptionsDraft {
        tag_source,
        ..OptionsDraft::default()
    };
    Options::new(draft).expect("the options are valid")
}

fn classify(pipeline: &Pipeline, articles: &[Article], options: &Options) {
    for article in articles {
        std::hint::black_box(pipeline.classify(article, options));
    }
}
