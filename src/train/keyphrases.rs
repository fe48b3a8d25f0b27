//! The recipe of the keyphrase ranker: weights from editors' tags, and what its scores are worth.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use serde::Serialize;

use super::TrainError;
use super::corpus::LabelledArticle;
use super::ranking::{GoldTags, RankedTags, Ranking, ranking};
use super::reliability::{ReliabilityBin, reliability};
use super::split::{groups, stratified_folds};
use super::topics::N_FOLDS;
use crate::tags::Keyphrases;
use crate::tags::keyphrases::Calibration;
use crate::tags::keyphrases::candidate::Candidate;
use crate::tags::keyphrases::candidates::Candidates;
use crate::tags::keyphrases::choose::{MAX_KEYPHRASES, choose, may_be_tag};
use crate::tags::keyphrases::features::{Context, N_FEATURES, features};
use crate::tags::keyphrases::reader::WordReader;
use crate::tags::keyphrases::statistics::WordStatistics;
use crate::tags::keyphrases::words::Words;

/// Shorter texts are blurbs, which have few of their tags.
const MIN_TEXT_BYTES: usize = 600;
/// More articles hardly change the ranker's few weights and cost as they grow.
const MAX_TAGGED: usize = 1_000;
/// A few hundred tags are few for as many weights: out of fold 100 is worse, and 30 as good (`bench/tags`).
const L2_PENALTY: f64 = 50.0;
const MAX_ITERATIONS: u64 = 300;
/// Slopes of the calibration: a better score may not be worth less.
const MIN_SLOPE: f32 = 0.05;
/// The surest held-out phrases say how sure one can be. Fewer would be the same few phrases of a few articles.
const N_SUREST: usize = 70;
/// The threshold is for so many phrases of an article: an editor looks at the first few.
const N_SHOWN: usize = 5;
/// How much a tag that is found counts against a suggestion that is wrong: an editor takes a wrong one off at a glance, and
/// has to think of a missing one. 1 is F1.
const BETA_SQUARED: f64 = 2.0;
/// The threshold where no phrase was right.
const NOTHING_OFFERED: f32 = 1.0;
const FOLD_SEED: u64 = 42;
const N_TENTHS: usize = 10;
/// Fewer articles with a tag that could be offered of their own text say too little.
pub const MIN_ARTICLES: usize = 50;

/// How well the ranker finds the tags of articles that it was not fitted on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CrossValidation {
    /// Articles with tags.
    pub n_articles: usize,
    /// The offered phrases against the editors' tags.
    #[serde(flatten)]
    pub ranking: Ranking,
    /// What confidences are worth, by tenths; calibrated on other articles than measured on.
    pub reliability: Vec<ReliabilityBin>,
}

/// One article's candidates as numbers.
struct Sample {
    words: Words,
    found: Candidates,
    /// (n_candidates).
    rows: Vec<[f32; N_FEATURES]>,
    /// Whether it is a tag that could be offered: of the others nothing is learnt; (n_candidates).
    is_tag: Vec<bool>,
    /// Distinct tags.
    n_tags: usize,
    /// Those of them that the text has; all candidates are in it.
    n_present: usize,
}

impl Sample {
    fn new(
        article: &LabelledArticle,
        reader: &mut WordReader,
        statistics: &WordStatistics,
    ) -> Self {
        let words = reader.read(&article.title, &article.text).clone();
        let mut found = Candidates::default();
        found.find(&words, statistics);
        let tags = GoldTags::of(article);
        let context = Context {
            words: &words,
            found: &found,
            statistics,
        };
        let rows = found.list.iter().map(|c| features(c, context)).collect();
        let is_tag = |c: &Candidate| may_be_tag(c) && tags.has(c.key);
        // As it is written, or under another of its names.
        let is_present =
            |key: &u64| tags.has_in(*key, &words) || found.list.iter().any(|c| c.key == *key);
        Self {
            rows,
            is_tag: found.list.iter().map(is_tag).collect(),
            n_tags: tags.len(),
            n_present: tags.keys().filter(is_present).count(),
            words,
            found,
        }
    }

    /// What is offered of the article by these scores: each with its score and whether it is a tag.
    fn offered(&self, scores: &[f32]) -> Vec<(f32, bool)> {
        choose(&self.words, &self.found, scores, MAX_KEYPHRASES, |_| true)
            .into_iter()
            .map(|choice| (choice.score, self.is_tag[choice.candidate]))
            .collect()
    }
}

/// A linear model on plain features: weights and intercept.
type Linear = (Vec<f32>, f32);
/// What is offered of each article.
type Offered = Vec<Vec<(f32, bool)>>;

/// Those of the articles that the ranker is fitted on: evenly out of all, which are often in the order of time.
pub(super) fn learnt_from(articles: &[LabelledArticle]) -> impl Iterator<Item = &LabelledArticle> {
    let is_tagged = |article: &&LabelledArticle| {
        !article.tags.is_empty() && article.text.len() >= MIN_TEXT_BYTES
    };
    let tagged: Vec<&LabelledArticle> = articles.iter().filter(is_tagged).collect();
    let n_taken = tagged.len().min(MAX_TAGGED);
    (0..n_taken).map(move |i| tagged[i * tagged.len() / n_taken])
}

/// Fits the ranker on articles with their editors' tags, calibrated out of fold. `None` if too few
/// of them have a tag that could be offered of their text, or if any fit saw nothing but tags, or none.
///
/// # Errors
/// [`TrainError::Calibration`] if linfa's solver fails.
pub fn fit(
    articles: &[LabelledArticle],
    statistics: WordStatistics,
) -> Result<Option<(Keyphrases, CrossValidation)>, TrainError> {
    let articles: Vec<LabelledArticle> = learnt_from(articles).cloned().collect();
    let samples: Vec<Sample> = articles
        .par_iter()
        .map_init(WordReader::default, |reader, article| {
            Sample::new(article, reader, &statistics)
        })
        .collect();
    if samples.iter().filter(|s| s.is_tag.contains(&true)).count() < MIN_ARTICLES {
        return Ok(None);
    }
    // Near-duplicates stand in one fold.
    let strata = vec![0; articles.len()];
    let folds = stratified_folds(&strata, &groups(&articles), N_FOLDS, FOLD_SEED);
    let fitted: Vec<Option<Linear>> = (0..=N_FOLDS)
        .into_par_iter()
        .map(|fold| {
            let others = samples.iter().zip(&folds).filter(|(_, f)| **f != fold);
            fit_linear(others.map(|(sample, _)| sample))
        })
        .collect::<Result<_, _>>()?;
    let Some(fitted) = fitted.into_iter().collect::<Option<Vec<Linear>>>() else {
        return Ok(None);
    };
    let offered: Offered = samples
        .iter()
        .zip(&folds)
        .map(|(sample, fold)| {
            let scores = sample.rows.iter().map(|row| score(&fitted[*fold], row));
            sample.offered(&scores.collect::<Vec<_>>())
        })
        .collect();
    let n_tags: Vec<usize> = samples.iter().map(|sample| sample.n_tags).collect();
    let (weights, intercept) = fitted[N_FOLDS].clone();
    let calibration = calibrate(offered.iter().flatten())?;
    let measured = cross_validation(&samples, &offered, &folds)?;
    let (Some(calibration), Some(measured)) = (calibration, measured) else {
        return Ok(None);
    };
    let keyphrases = Keyphrases {
        weights,
        intercept,
        calibration,
        threshold: best_f_threshold(&n_tags, &offered),
        statistics,
    };
    Ok(Some((keyphrases, measured)))
}

fn score((weights, intercept): &Linear, row: &[f32; N_FEATURES]) -> f32 {
    intercept + row.iter().zip(weights).map(|(x, w)| x * w).sum::<f32>()
}

/// `None` if what could be offered of the articles is all tags, or none.
fn fit_linear<'a>(samples: impl Iterator<Item = &'a Sample>) -> Result<Option<Linear>, TrainError> {
    let (mut values, mut is_tag) = (Vec::new(), Vec::new());
    for sample in samples {
        let of = sample
            .found
            .list
            .iter()
            .zip(&sample.rows)
            .zip(&sample.is_tag);
        for ((_, row), tag) in of.filter(|((candidate, _), _)| may_be_tag(candidate)) {
            values.extend(row.iter().map(|value| f64::from(*value)));
            is_tag.push(*tag);
        }
    }
    let mut records = Array2::from_shape_vec((is_tag.len(), N_FEATURES), values)
        .map_err(|e| TrainError::Calibration(e.to_string()))?;
    let n = is_tag.len().max(1) as f64;
    let (mut means, mut deviations) = (Vec::new(), Vec::new());
    for mut column in records.columns_mut() {
        let mean = column.iter().sum::<f64>() / n;
        let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let deviation = variance.sqrt().max(1e-6);
        column.mapv_inplace(|x| (x - mean) / deviation);
        means.push(mean);
        deviations.push(deviation);
    }
    let Some((params, intercept)) = logistic(records, is_tag, L2_PENALTY)? else {
        return Ok(None);
    };
    let weights: Vec<f64> = params.iter().zip(&deviations).map(|(p, d)| p / d).collect();
    let shift: f64 = weights.iter().zip(&means).map(|(w, m)| w * m).sum();
    Ok(Some((
        weights.into_iter().map(|w| w as f32).collect(),
        (intercept - shift) as f32,
    )))
}

/// linfa's logistic regression with the tags as the positive class: weights and intercept. `None` if there is only
/// one class.
fn logistic(
    records: Array2<f64>,
    is_tag: Vec<bool>,
    l2_penalty: f64,
) -> Result<Option<(Vec<f64>, f64)>, TrainError> {
    if !(is_tag.contains(&true) && is_tag.contains(&false)) {
        return Ok(None);
    }
    let fitted = LogisticRegression::default()
        .alpha(l2_penalty)
        .max_iterations(MAX_ITERATIONS)
        .gradient_tolerance(1e-2)
        .fit(&Dataset::new(records, Array1::from(is_tag)))
        .map_err(|e| TrainError::Calibration(e.to_string()))?;
    // linfa calls the more frequent class positive, whichever it is.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let params = fitted.params().iter().map(|p| sign * p).collect();
    Ok(Some((params, sign * fitted.intercept())))
}

/// The confidence that a score is worth, fitted on what was offered of articles that the ranker had
/// not seen. `None` if all of that is right, or nothing.
fn calibrate<'a>(
    offered: impl Iterator<Item = &'a (f32, bool)>,
) -> Result<Option<Calibration>, TrainError> {
    let (scores, is_tag): (Vec<f32>, Vec<bool>) = offered.copied().unzip();
    let records = Array2::from_shape_fn((scores.len(), 2), |(i, j)| {
        f64::from(Calibration::basis(scores[i])[j])
    });
    let surest = surest_log_odds(&scores, &is_tag);
    let Some((params, bias)) = logistic(records, is_tag, 1.0)? else {
        return Ok(None);
    };
    let (below, bend) = (params[0] as f32, params[1] as f32);
    Ok(Some(Calibration {
        slopes: [below.max(MIN_SLOPE), (below + bend).max(MIN_SLOPE)],
        bias: bias as f32,
        surest,
    }))
}

/// Log-odds of a tag among the [`N_SUREST`] phrases of the best scores, as if one more were right and one more wrong.
fn surest_log_odds(scores: &[f32], is_tag: &[bool]) -> f32 {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let surest = order.iter().take(N_SUREST);
    let n_right = surest.clone().filter(|&&i| is_tag[i]).count();
    let n_wrong = surest.len() - n_right;
    ((n_right + 1) as f32 / (n_wrong + 1) as f32).ln()
}

/// The confidence from which on an article's first [`N_SHOWN`] phrases are offered: where F of calibrated probabilities is
/// greatest, which is the best mean F that any threshold has out of fold, divided by 1 + β² (Lipton, Elkan and Naryanaswamy
/// 2014, "Optimal thresholding of classifiers to maximize F1 measure", with β; for the mean over articles it nearly holds,
/// `bench/tags`). The confidence of that best itself is a matter of the few phrases around it.
/// `n_tags` is how many tags each article has.
fn best_f_threshold(n_tags: &[usize], offered: &Offered) -> f32 {
    let articles = offered.iter().enumerate();
    let mut shown: Vec<(usize, f32, bool)> = articles
        .flat_map(|(i, phrases)| phrases.iter().take(N_SHOWN).map(move |p| (i, p.0, p.1)))
        .collect();
    shown.sort_by(|a, b| b.1.total_cmp(&a.1));
    let f = |n_shown: usize, n_right: usize, n_tags: usize| {
        let weighted = n_shown as f64 + BETA_SQUARED * n_tags as f64;
        (1.0 + BETA_SQUARED) * n_right as f64 / weighted.max(1.0)
    };
    let mut counts = vec![(0, 0); n_tags.len()];
    let (mut sum, mut best) = (0.0f64, 0.0f64);
    for (i, _, is_tag) in shown {
        let (n_shown, n_right) = &mut counts[i];
        sum -= f(*n_shown, *n_right, n_tags[i]);
        *n_shown += 1;
        *n_right += usize::from(is_tag);
        sum += f(*n_shown, *n_right, n_tags[i]);
        best = best.max(sum);
    }
    if best == 0.0 {
        return NOTHING_OFFERED;
    }
    (best / n_tags.len() as f64 / (1.0 + BETA_SQUARED)) as f32
}

/// `None` if for some fold there is nothing to calibrate on.
fn cross_validation(
    samples: &[Sample],
    offered: &Offered,
    folds: &[usize],
) -> Result<Option<CrossValidation>, TrainError> {
    let (mut confidences, mut is_right) = (Vec::new(), Vec::new());
    for fold in 0..N_FOLDS {
        let of = |is_held_out: bool| {
            let is_wanted = move |f: usize| (f == fold) == is_held_out;
            let articles = offered.iter().zip(folds);
            articles
                .filter(move |(_, f)| is_wanted(**f))
                .flat_map(|(o, _)| o)
        };
        let Some(calibration) = calibrate(of(false))? else {
            return Ok(None);
        };
        for (score, is_tag) in of(true) {
            confidences.push(calibration.confidence(*score));
            is_right.push(*is_tag);
        }
    }
    let ranked: Vec<RankedTags> = samples
        .iter()
        .zip(offered)
        .map(|(sample, offered)| {
            let is_right: Vec<bool> = offered.iter().map(|(_, is_tag)| *is_tag).collect();
            RankedTags {
                is_present: is_right.clone(),
                is_right,
                n_tags: sample.n_tags,
                n_present: sample.n_present,
            }
        })
        .collect();
    Ok(Some(CrossValidation {
        n_articles: samples.len(),
        ranking: ranking(&ranked),
        reliability: reliability(&confidences, &is_right, N_TENTHS),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_a_third_of_the_best_f_of_an_articles_first_five() {
        let threshold = |n_tags: &[usize], offered: Offered| best_f_threshold(n_tags, &offered);
        // By hand, β² = 2, from the surest on: sums of 3/3, 3/4, 3/4 + 3/5 and 3/4 + 3/6.
        let two = vec![
            vec![(2.0, true), (1.0, false)],
            vec![(0.5, true), (0.2, false)],
        ];
        assert!((threshold(&[1, 2], two) - 1.35 / 2.0 / 3.0).abs() < 1e-6);
        // 3/7, then less; with the two behind the fifth it would be 9/13.
        let long = [true, false, false, false, false, true, true];
        let long: Vec<(f32, bool)> = (0..7).map(|i| (3.0 - i as f32, long[i])).collect();
        assert!((threshold(&[3], vec![long]) - 1.0 / 7.0).abs() < 1e-6);
        assert_eq!(threshold(&[1], vec![Vec::new()]), NOTHING_OFFERED);
    }

    /// Articles long enough, about "Ruth Amber": each of other words.
    fn articles_with_tag(n: usize, tag: &str) -> Vec<LabelledArticle> {
        let article = |i: usize| {
            let word: String = format!("{i:03}")
                .bytes()
                .map(|b| char::from(b + 49))
                .collect();
            let said = format!(
                "The {word} bridge and the {word}ing road were closed by {word}ers, said Ruth Amber. "
            );
            LabelledArticle {
                text: format!("{}They asked Amber for {word}s.", said.repeat(9)),
                tags: vec![tag.to_owned()],
                ..LabelledArticle::default()
            }
        };
        (0..n).map(article).collect()
    }

    fn fitted(articles: &[LabelledArticle]) -> Option<(Keyphrases, CrossValidation)> {
        fit(articles, WordStatistics::default()).unwrap()
    }

    #[test]
    fn tags_that_are_never_offered_are_nothing_to_learn_from() {
        assert!(fitted(&articles_with_tag(60, "Ruth Amber")).is_some());
        // A surname stands for its full name, and is not offered beside it.
        assert!(fitted(&articles_with_tag(60, "Amber")).is_none());
    }

    #[test]
    fn fits_that_see_one_class_leave_the_built_in_ranker() {
        // All of them nearly repeat each other: whatever fold they are in, the others have nothing.
        let story = articles_with_tag(1, "Ruth Amber").remove(0);
        assert!(fitted(&vec![story; 60]).is_none());
    }

    #[test]
    fn the_ranker_learns_from_articles_of_all_times() {
        let mut articles = articles_with_tag(3 * MAX_TAGGED / 2, "Ruth Amber");
        articles[0].tags.clear();
        let taken: Vec<&LabelledArticle> = learnt_from(&articles).collect();
        assert_eq!(taken.len(), MAX_TAGGED);
        let place = |i: usize| articles.iter().position(|article| article == taken[i]);
        assert_eq!(place(0), Some(1));
        assert!(place(MAX_TAGGED - 1) > Some(3 * MAX_TAGGED / 2 - 3));
        let few: Vec<&LabelledArticle> = learnt_from(&articles[..MAX_TAGGED]).collect();
        assert_eq!(few, articles[1..MAX_TAGGED].iter().collect::<Vec<_>>());
    }

    #[test]
    fn one_can_be_as_sure_as_the_surest_seventy_were_right() {
        // The best seventy are right but for the first and the last of them; the others do not count.
        let scores: Vec<f32> = (0..300).map(|i| ((i * 7) % 300) as f32).collect();
        let is_tag: Vec<bool> = scores.iter().map(|&s| s > 230.0 && s < 299.0).collect();
        assert!((surest_log_odds(&scores, &is_tag) - (69f32 / 3.0).ln()).abs() < 1e-6);
        assert_eq!(surest_log_odds(&[], &[]), 0.0);
    }
}
