//! A controlled vocabulary of 100,000 tags: to load it, and an article beside it.
//! `cargo bench --bench vocabulary`.

use std::fmt::Write;
use std::hint::black_box;

use copydesk::pipeline::{ConceptFormat, Concepts, Options, Pipeline};
use copydesk::text::{Article, ArticleDraft};
use criterion::{Criterion, criterion_group, criterion_main};
use mimalloc::MiMalloc;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const N_TAGS: usize = 100_000;
const CSV: ConceptFormat = ConceptFormat::Table { delimiter: b',' };
const STARTS: [&str; 20] = [
    "bar", "cor", "dal", "fen", "gri", "hol", "jas", "kel", "lum", "mor", "nav", "ost", "pel",
    "quin", "ros", "sel", "tar", "ulv", "vor", "wen",
];
const ENDS: [&str; 25] = [
    "ance", "bury", "city", "dale", "en", "field", "gate", "ham", "ion", "ity", "land", "ment",
    "ness", "or", "port", "quay", "ridge", "stan", "ton", "um", "ville", "wick", "yard", "zone",
    "mere",
];

/// One of 10,000 words.
fn word(i: usize) -> String {
    let (start, middle, end) = (i % 20, i / 20 % 20, i / 400 % 25);
    format!("{}{}{}", STARTS[start], STARTS[middle], ENDS[end])
}

/// Tags of one to three words with an alias and a parent each.
fn table() -> String {
    let mut table = String::from("label,aliases,code,parent\n");
    for i in 0..N_TAGS {
        let (a, b, c) = (word(i), word(i / 7 + 3_000), word(i / 3 + 6_000));
        let parent = if i < 100 {
            String::new()
        } else {
            format!("c{}", i % 100)
        };
        writeln!(table, "{a} {b} {i},{c} {a}|{b} {c} {a},c{i},{parent}")
            .expect("a string takes all");
    }
    table
}

fn concepts(table: &str) -> Concepts {
    let file = CSV
        .read(table.as_bytes(), "table.csv", "en")
        .expect("a vocabulary");
    Concepts::new([file.entries]).expect("a vocabulary")
}

/// 400 words, of which every tenth pair is a name of a tag.
fn article() -> Article {
    let mut words = Vec::new();
    for i in 0..40 {
        let (a, c) = (word(i * 7), word(i * 7 / 3 + 6_000));
        words.push(format!(
            "The council of {c} {a} told reporters on Monday what {a} costs"
        ));
    }
    Article::new(ArticleDraft {
        body: words.join(". "),
        ..ArticleDraft::default()
    })
    .expect("the article has words")
}

fn load(criterion: &mut Criterion) {
    let table = table();
    criterion.bench_function("load 100,000 tags", |bencher| {
        bencher.iter(|| black_box(concepts(&table)));
    });
}

fn classify(criterion: &mut Criterion) {
    let article = article();
    let options = Options::default();
    let without = Pipeline::built_in().expect("the built-in model loads");
    let with = Pipeline::built_in().expect("the built-in model loads");
    let with = with.with_concepts(Some(concepts(&table())));
    for (name, pipeline) in [("without", without), ("with", with)] {
        criterion.bench_function(&format!("400 words {name} 100,000 tags"), |bencher| {
            bencher.iter(|| black_box(pipeline.classify(&article, &options)));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = load, classify
}
criterion_main!(benches);
