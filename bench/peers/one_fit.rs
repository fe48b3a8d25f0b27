//! One fit of the topic model without search and calibration: what it costs, and what 8-bit weights
//! lose. One thread. See README.md.
//!
//! ```text
//! cargo run --release --example one_fit -- TRAIN.jsonl TEST.jsonl
//! ```

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};

use anyhow::{Context, bail};
use copydesk::features::{TermCounts, weighting::sublinear_tf};
use copydesk::model::linear::argmax;
use copydesk::pipeline::Pipeline;
use copydesk::train::corpus::{Corpus, Fields, LabelledArticle, RowFormat};
use copydesk::train::tags::TagModel;
use copydesk::train::topics::{N_FOLDS, TopicData, TopicModel};
use copydesk::train::vectorize::{VectorizedCorpus, igm_weights, vectorize};
use copydesk::train::{TrainParams, evaluate, pack, split, svm, topics};
use linfa::dataset::DatasetBase;
use linfa::traits::Fit;
use ndarray::Array1;

/// The C of the one fit.
const C: f32 = 0.3;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let files = args.next().zip(args.next());
    let (train, test) = files.context("give training and test articles as JSON lines")?;
    let (train, test) = (read(&train)?, read(&test)?);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| run(&train, &test))
}

fn run(train: &[LabelledArticle], test: &[LabelledArticle]) -> anyhow::Result<()> {
    let defaults = TrainParams::default();
    let params = TrainParams {
        min_df: defaults.min_df_of(train.len(), 0),
        ..defaults
    };
    let names: BTreeSet<&str> = train.iter().map(|a| a.label.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let class = |a: &LabelledArticle| names.binary_search(&a.label.as_str()).unwrap_or(0);
    let targets: Vec<usize> = train.iter().map(class).collect();

    let before = cpu_seconds()?;
    let corpus = vectorize(train, &params.terms, params.min_df, &|_| {});
    let all: Vec<usize> = (0..train.len()).collect();
    let igm = igm_weights(
        &corpus.records,
        &all,
        (&targets, names.len()),
        params.min_df,
        params.igm_lambda,
    );
    let rows = corpus.records.weighted_unit_rows(&all, &igm);
    let dataset = DatasetBase::new(rows, Array1::from(targets.clone()));
    let one = svm::OneVsRestSvmParams::new(names.len())
        .c(C)
        .balance(params.topic_balance)
        .fit(&dataset)?;
    let one_fit = cpu_seconds()? - before;
    drop(one);

    let groups = split::groups(train);
    let folds = split::stratified_folds(&targets, &groups, N_FOLDS, params.seed);
    let weights = vec![1.0; train.len()];
    let data = TopicData {
        neighbours: None,
        records: &corpus.records,
        targets: &targets,
        weights: &weights,
        folds: &folds,
        n_topics: names.len(),
    };
    let model = topics::fit(data, None, &params, &|_| {})?;
    let float = float_accuracy(&corpus, &model, &names, test, &params);
    let counts = names.iter().map(|name| {
        let n = train.iter().filter(|a| a.label == *name).count();
        ((*name).to_owned(), n)
    });
    let fitted = pack::Fitted {
        corpus: &corpus,
        topics: &counts.collect::<Vec<_>>(),
        topic_model: &Some(model),
        vocabulary: &[],
        tag_model: &TagModel::default(),
    };
    let pipeline: Pipeline = pack::pack(&fitted, train, &params)?;
    let packed = evaluate::evaluate(&pipeline, test, None).accuracy;
    println!(
        "{{\"one_fit_cpu_s\":{one_fit:.2},\"float_accuracy\":{float:.5},\"int8_accuracy\":{packed:.5}}}"
    );
    Ok(())
}

/// The accuracy of the model before it is packed: every term, every weight in 32 bits.
fn float_accuracy(
    corpus: &VectorizedCorpus,
    model: &TopicModel,
    names: &[&str],
    test: &[LabelledArticle],
    params: &TrainParams,
) -> f64 {
    let columns: HashMap<u64, usize> = corpus.hashes.iter().copied().zip(0..).collect();
    let mut terms = TermCounts::default();
    let mut n_right = 0;
    for article in test {
        terms.count(&article.title, &article.text, &params.terms);
        let row: Vec<(usize, f32)> = terms
            .as_slice()
            .iter()
            .filter_map(|&(hash, count)| {
                let column = *columns.get(&hash)?;
                let weight = corpus.idf[column] * model.igm[column];
                Some((column, sublinear_tf(count) * weight))
            })
            .collect();
        let norm = row
            .iter()
            .map(|(_, value)| value * value)
            .sum::<f32>()
            .sqrt();
        let mut scores = model.classifier.intercepts.to_vec();
        for (column, value) in row {
            let weights = model.classifier.weights.row(column);
            let sums = scores.iter_mut().zip(weights);
            sums.for_each(|(score, weight)| *score += value / norm * weight);
        }
        model.calibration.apply(&mut scores);
        n_right += usize::from(names[argmax(scores.iter().copied())] == article.label);
    }
    n_right as f64 / test.len().max(1) as f64
}

fn read(file: &str) -> anyhow::Result<Vec<LabelledArticle>> {
    let mut corpus = Corpus::default();
    let opened = File::open(file).with_context(|| file.to_owned())?;
    corpus.read(opened, file, RowFormat::JsonLines, &Fields::default())?;
    Ok(corpus.finish(false)?.articles)
}

/// CPU time of this process so far, in steps of a hundredth of a second (Linux).
fn cpu_seconds() -> anyhow::Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name before the numbers is in brackets and may hold spaces.
    let Some((_, numbers)) = stat.rsplit_once(')') else {
        bail!("/proc/self/stat has no process name");
    };
    let numbers: Vec<&str> = numbers.split_whitespace().collect();
    let ticks = |place: usize| -> anyhow::Result<f64> {
        Ok(numbers.get(place).context("too few numbers")?.parse()?)
    };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
