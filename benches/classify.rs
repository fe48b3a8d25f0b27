//! One article through the built-in model, in process. `cargo bench --bench classify`.

use std::hint::black_box;

use copydesk::pipeline::options::OptionsDraft;
use copydesk::pipeline::{Options, Pipeline, TagSource};
use copydesk::text::{Article, ArticleDraft};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Plain newspaper sentences. They are drawn again and again with other names and numbers, so that
/// long articles have many distinct terms, as real ones do.
const SENTENCES: [&str; 12] = [
    "The prime minister told parliament on Tuesday that the {} reform would be voted on before summer.",
    "Shares in {} fell by almost a tenth after the company said that orders had slowed since March.",
    "Police in {} are looking for two men who were seen leaving the building shortly after midnight.",
    "A study of {} patients found that those who slept longer recovered sooner from the operation.",
    "The club from {} has signed a defender who won the league twice with its northern rivals.",
    "Rescue teams reached {} at dawn, where floods had cut off roads and telephone lines for days.",
    "Researchers at the university of {} have built a battery that keeps its charge for a month.",
    "The museum in {} will return eleven bronzes that were taken during the colonial war.",
    "Teachers in {} went on strike over class sizes, and most schools remained closed until noon.",
    "Farmers near {} say that the drought has cost them half of their harvest this year.",
    "The ministry promised {} new flats within three years and lower rents for young families.",
    "Voters in {} will choose a new council on Sunday, and polls predict a narrow result.",
];
const NAMES: [&str; 16] = [
    "Arvendal",
    "Bexholm",
    "Corvane",
    "Dunmere",
    "Elsford",
    "Farnoby",
    "Gralden",
    "Hollmark",
    "Istrava",
    "Jorvale",
    "Kestrel Bay",
    "Lindow",
    "Marrowby",
    "Norhaven",
    "Ostrand",
    "Pellworth",
];

fn article(n_words: usize) -> Article {
    let mut words = Vec::new();
    for i in 0.. {
        let sentence = SENTENCES[i * 5 % SENTENCES.len()].replace("{}", NAMES[i * 7 % NAMES.len()]);
        words.extend(sentence.split(' ').map(str::to_owned));
        if words.len() >= n_words {
            break;
        }
    }
    words.truncate(n_words);
    let draft = ArticleDraft {
        body: words.join(" "),
        ..ArticleDraft::default()
    };
    Article::new(draft).expect("the article has words")
}

fn classify(criterion: &mut Criterion) {
    let pipeline = Pipeline::built_in().expect("the built-in model loads");
    let learnt = Options::new(OptionsDraft {
        tag_source: TagSource::Vocabulary,
        ..OptionsDraft::default()
    })
    .expect("the options are valid");
    // Topic and learnt tags, which need no phrases; and everything.
    for (name, options) in [("learnt", learnt), ("everything", Options::default())] {
        let mut group = criterion.benchmark_group(name);
        for n_words in [30, 400, 4_000] {
            let article = article(n_words);
            group.throughput(Throughput::Elements(1));
            group.bench_with_input(
                BenchmarkId::new("words", n_words),
                &article,
                |bencher, article| {
                    bencher.iter(|| black_box(pipeline.classify(black_box(article), &options)));
                },
            );
        }
        group.finish();
    }
}

fn load(criterion: &mut Criterion) {
    criterion.bench_function("load the built-in model", |bencher| {
        bencher.iter(|| black_box(Pipeline::built_in()));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = classify, load
}
criterion_main!(benches);
