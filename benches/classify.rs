//! One article through the built-in model, in process. `cargo bench --bench classify`.

mod articles;

use std::hint::black_box;

use copydesk::pipeline::options::OptionsDraft;
use copydesk::pipeline::{Options, Pipeline, TagSource};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

use articles::article;

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
