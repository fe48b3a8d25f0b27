//! A sparse one-vs-rest support vector machine as a linfa estimator.

use std::sync::Arc;

use linfa::ParamGuard;
use linfa::dataset::{AsSingleTargets, DatasetBase};
use linfa::traits::Fit;
use ndarray::{Array1, Array2};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::neighbours::Neighbours;
use crate::features::SparseRecords;
use crate::model::LinearClassifier;

/// Classes that are solved in one sweep. A block's weights of one term stay in one cache line.
pub const BLOCK_CLASSES: usize = 16;
/// Articles whose dual variables move less than this are left alone.
const MIN_STEP: f32 = 1e-6;

/// What [`OneVsRestSvmParams`] cannot be.
#[derive(Debug, thiserror::Error)]
pub enum SvmError {
    /// C is not a positive number.
    #[error("C must be positive and finite, is {0}")]
    C(f32),
    /// Nothing to do.
    #[error("an SVM needs at least one class and one epoch")]
    Empty,
    /// Targets and records disagree.
    #[error("{targets} targets for {samples} articles")]
    Targets {
        /// Number of targets.
        targets: usize,
        /// Number of articles.
        samples: usize,
    },
    /// linfa's own errors.
    #[error(transparent)]
    Linfa(#[from] linfa::Error),
}

/// Checked parameters; see [`OneVsRestSvmParams`].
#[derive(Debug, Clone, PartialEq)]
pub struct OneVsRestSvmValidParams {
    n_classes: usize,
    c: f32,
    max_epochs: usize,
    tolerance: f32,
    balance: f32,
    seed: u64,
    neighbours: Option<Arc<Neighbours>>,
}

/// One L2-regularised linear SVM with squared hinge loss per class against all others:
///
/// min over w, b of  ½ (‖w‖² + b²) + C Σ max(0, 1 − y (w·x + b))²
///
/// solved in the dual by coordinate descent; a dataset's weights multiply each article's C. The problems of up to [`BLOCK_CLASSES`] classes are
/// swept together over a feature-major weight matrix, so that an article's terms are fetched once
/// for all of them. The result depends on the seed alone.
///
/// Source: Hsieh, Chang, Lin, Keerthi and Sundararajan 2008, "A dual coordinate descent method for
/// large-scale linear SVM", ICML, algorithm 1 without shrinking.
#[derive(Debug, Clone, PartialEq)]
pub struct OneVsRestSvmParams(OneVsRestSvmValidParams);

impl OneVsRestSvmParams {
    /// Parameters for classes 0 to `n_classes − 1`, whether or not the data has each of them.
    pub fn new(n_classes: usize) -> Self {
        Self(OneVsRestSvmValidParams {
            n_classes,
            c: 1.0,
            max_epochs: 15,
            tolerance: 0.01,
            balance: 0.0,
            seed: 42,
            neighbours: None,
        })
    }

    /// The cost of a margin violation; above 0, default 1.
    pub fn c(mut self, c: f32) -> Self {
        self.0.c = c;
        self
    }

    /// Most passes over the data; default 15.
    pub fn max_epochs(mut self, max_epochs: usize) -> Self {
        self.0.max_epochs = max_epochs;
        self
    }

    /// Stop when the mean projected gradient of a pass is below this; default 0.01.
    pub fn tolerance(mut self, tolerance: f32) -> Self {
        self.0.tolerance = tolerance;
        self
    }

    /// How far a class's own articles are weighted up towards equal classes: their C is multiplied by
    /// n_samples / (n_classes × n_own) to this power. 0, the default: all articles weigh the same; 1:
    /// as scikit-learn's "balanced" does.
    pub fn balance(mut self, balance: f32) -> Self {
        self.0.balance = balance;
        self
    }

    /// What each term brings with it while the weights are fitted; they are folded for rows as they are. Default: none.
    pub fn neighbours(mut self, neighbours: Option<Arc<Neighbours>>) -> Self {
        self.0.neighbours = neighbours;
        self
    }

    /// Seed of the order in which articles are visited; default 42.
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.seed = seed;
        self
    }
}

impl ParamGuard for OneVsRestSvmParams {
    type Checked = OneVsRestSvmValidParams;
    type Error = SvmError;

    fn check_ref(&self) -> Result<&Self::Checked, SvmError> {
        let params = &self.0;
        if !(params.c > 0.0 && params.c.is_finite()) {
            Err(SvmError::C(params.c))
        } else if params.n_classes == 0 || params.max_epochs == 0 {
            Err(SvmError::Empty)
        } else {
            Ok(params)
        }
    }

    fn check(self) -> Result<Self::Checked, SvmError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// Any number of classes per article: bit c of element i is set if article i has class c. For at
/// most [`BLOCK_CLASSES`] classes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassMasks(pub Vec<u32>);

impl<T> Fit<SparseRecords, T, SvmError> for OneVsRestSvmValidParams
where
    T: AsSingleTargets<Elem = usize>,
{
    type Object = LinearClassifier;

    /// Fits one class of `0..n_classes` per article.
    fn fit(&self, dataset: &DatasetBase<SparseRecords, T>) -> Result<LinearClassifier, SvmError> {
        let targets = dataset.targets().as_single_targets();
        let mut classifier = LinearClassifier {
            weights: Array2::zeros((dataset.records().n_features(), self.n_classes)),
            intercepts: Array1::zeros(self.n_classes),
        };
        for first in (0..self.n_classes).step_by(BLOCK_CLASSES) {
            let n_classes = BLOCK_CLASSES.min(self.n_classes - first);
            let masks = targets
                .iter()
                .map(|&class| match class.checked_sub(first) {
                    Some(bit) if bit < n_classes => 1 << bit,
                    _ => 0,
                })
                .collect();
            let block = self.fit_block(dataset, &ClassMasks(masks), n_classes)?;
            block.copy_into(&mut classifier, first);
        }
        Ok(self.folded(classifier))
    }
}

impl Fit<SparseRecords, ClassMasks, SvmError> for OneVsRestSvmValidParams {
    type Object = LinearClassifier;

    /// Fits any number of classes per article; for at most [`BLOCK_CLASSES`] classes.
    fn fit(
        &self,
        dataset: &DatasetBase<SparseRecords, ClassMasks>,
    ) -> Result<LinearClassifier, SvmError> {
        let mut classifier = LinearClassifier {
            weights: Array2::zeros((dataset.records().n_features(), self.n_classes)),
            intercepts: Array1::zeros(self.n_classes),
        };
        self.fit_block(dataset, dataset.targets(), self.n_classes)?
            .copy_into(&mut classifier, 0);
        Ok(self.folded(classifier))
    }
}

impl OneVsRestSvmValidParams {
    fn folded(&self, mut classifier: LinearClassifier) -> LinearClassifier {
        if let Some(neighbours) = &self.neighbours {
            classifier.weights = neighbours.fold(&classifier.weights);
        }
        classifier
    }

    fn fit_block<T>(
        &self,
        dataset: &DatasetBase<SparseRecords, T>,
        masks: &ClassMasks,
        n_classes: usize,
    ) -> Result<Block, SvmError> {
        let samples = dataset.records().n_samples();
        if masks.0.len() != samples {
            return Err(SvmError::Targets {
                targets: masks.0.len(),
                samples,
            });
        }
        // The width is known to the compiler, so that the inner loops are straight vector code.
        match n_classes {
            0..=4 => Ok(self.descend::<T, 4>(dataset, masks, n_classes)),
            5..=8 => Ok(self.descend::<T, 8>(dataset, masks, n_classes)),
            9..=12 => Ok(self.descend::<T, 12>(dataset, masks, n_classes)),
            13..=BLOCK_CLASSES => Ok(self.descend::<T, BLOCK_CLASSES>(dataset, masks, n_classes)),
            _ => Err(SvmError::Empty),
        }
    }

    /// 1 / 2C of each class's own articles.
    fn own_diagonal<const N: usize>(&self, masks: &ClassMasks) -> [f32; N] {
        std::array::from_fn(|class| {
            let n_own = masks
                .0
                .iter()
                .filter(|mask| *mask >> class & 1 == 1)
                .count();
            let share = n_own.max(1) as f32 * self.n_classes as f32 / masks.0.len() as f32;
            0.5 / self.c * share.powf(self.balance)
        })
    }

    fn descend<T, const N: usize>(
        &self,
        dataset: &DatasetBase<SparseRecords, T>,
        masks: &ClassMasks,
        n_classes: usize,
    ) -> Block {
        let records = dataset.records();
        let n_samples = records.n_samples();
        let mut sums = self.neighbours.as_ref().map(|n| n.sums());
        let mut read = |i: usize, terms: &mut Vec<(u32, f32)>| {
            terms.clear();
            terms.extend(records.row(i));
            if let (Some(neighbours), Some(sums)) = (&self.neighbours, &mut sums) {
                neighbours.spread(terms, sums);
            }
        };
        let mut terms = Vec::new();
        // With the constant term that carries the intercept.
        let squared_norms: Vec<f32> = (0..n_samples)
            .map(|i| {
                read(i, &mut terms);
                terms.iter().map(|(_, v)| v * v).sum::<f32>() + 1.0
            })
            .collect();
        let mut solver = Solver::<N> {
            weights: vec![[0.0; N]; records.n_features()],
            intercepts: [0.0; N],
            duals: vec![[0.0; N]; n_samples],
            own_diagonal: self.own_diagonal(masks),
            other_diagonal: 0.5 / self.c,
            terms,
        };
        let mut order: Vec<u32> = (0..n_samples as u32).collect();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.seed);
        for _ in 0..self.max_epochs {
            order.shuffle(&mut rng);
            let violation: f64 = order
                .iter()
                .map(|&i| i as usize)
                .map(|i| {
                    read(i, &mut solver.terms);
                    let article = Article {
                        mask: masks.0[i],
                        squared_norm: squared_norms[i],
                        slack: 1.0 / dataset.weight_for(i),
                    };
                    solver.step(i, article, n_classes)
                })
                .map(f64::from)
                .sum();
            if violation < f64::from(self.tolerance) * (n_samples * n_classes) as f64 {
                break;
            }
        }
        Block {
            n_classes,
            n_lanes: N,
            weights: solver.weights.into_flattened(),
            intercepts: solver.intercepts.to_vec(),
        }
    }
}

/// The weights of a block: (n_features, n_lanes), row-major, of which the first `n_classes` count.
struct Block {
    n_classes: usize,
    n_lanes: usize,
    weights: Vec<f32>,
    intercepts: Vec<f32>,
}

impl Block {
    fn copy_into(&self, classifier: &mut LinearClassifier, first_class: usize) {
        for (row, lanes) in classifier
            .weights
            .rows_mut()
            .into_iter()
            .zip(self.weights.chunks_exact(self.n_lanes))
        {
            let wanted = row.into_iter().skip(first_class);
            wanted
                .zip(&lanes[..self.n_classes])
                .for_each(|(w, lane)| *w = *lane);
        }
        let wanted = classifier.intercepts.iter_mut().skip(first_class);
        wanted
            .zip(&self.intercepts[..self.n_classes])
            .for_each(|(w, lane)| *w = *lane);
    }
}

/// What the solver must know of an article beside its terms.
struct Article {
    /// Its classes, a bit each.
    mask: u32,
    /// With the constant term.
    squared_norm: f32,
    /// 1 / its weight: multiplies the diagonal of its classes.
    slack: f32,
}

struct Solver<const N: usize> {
    weights: Vec<[f32; N]>,
    intercepts: [f32; N],
    duals: Vec<[f32; N]>,
    /// 1 / 2C of a class's own articles.
    own_diagonal: [f32; N],
    /// 1 / 2C of all others.
    other_diagonal: f32,
    /// Columns and values of the article that is visited.
    terms: Vec<(u32, f32)>,
}

impl<const N: usize> Solver<N> {
    /// Minimises the dual of every class along article `i`, that of `terms`; returns the sum of the
    /// projected gradients of the first `n_classes`.
    #[inline]
    fn step(&mut self, i: usize, article: Article, n_classes: usize) -> f32 {
        let mut scores = self.intercepts;
        for &(column, value) in &self.terms {
            let row = &self.weights[column as usize];
            for class in 0..N {
                scores[class] += value * row[class];
            }
        }
        let duals = &mut self.duals[i];
        let mut moves = [0.0; N];
        let (mut moved, mut violation) = (0.0, 0.0);
        // Indexed loops over N lanes: the compiler turns each into vector instructions.
        #[allow(clippy::needless_range_loop)]
        for class in 0..N {
            let is_own = article.mask >> class & 1 == 1;
            let sign = if is_own { 1.0 } else { -1.0 };
            let diagonal = article.slack
                * if is_own {
                    self.own_diagonal[class]
                } else {
                    self.other_diagonal
                };
            let curvature = article.squared_norm + diagonal;
            let gradient = sign * scores[class] - 1.0 + diagonal * duals[class];
            let dual = (duals[class] - gradient / curvature).max(0.0);
            let change = dual - duals[class];
            duals[class] = dual;
            moves[class] = change * sign;
            let counted = if class < n_classes { change.abs() } else { 0.0 };
            moved += counted;
            violation += counted * curvature;
        }
        if moved >= MIN_STEP {
            for &(column, value) in &self.terms {
                let row = &mut self.weights[column as usize];
                for class in 0..N {
                    row[class] += value * moves[class];
                }
            }
            let intercepts = self.intercepts.iter_mut();
            intercepts
                .zip(&moves)
                .for_each(|(intercept, step)| *intercept += step);
        }
        violation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linfa::traits::Predict;
    use ndarray::array;

    /// Six articles in three terms, three classes, unit rows.
    fn dataset() -> DatasetBase<SparseRecords, Array1<usize>> {
        let records = SparseRecords::from_rows(
            3,
            [
                vec![(0, 1.0)],
                vec![(0, 0.8), (1, 0.6)],
                vec![(1, 1.0)],
                vec![(1, 0.8), (2, 0.6)],
                vec![(2, 1.0)],
                vec![(0, 0.6), (2, 0.8)],
            ],
        );
        DatasetBase::new(records, array![0, 0, 1, 1, 2, 2])
    }

    #[test]
    fn weights_match_liblinear() {
        // sklearn.svm.LinearSVC(C=1.0, loss="squared_hinge", dual=True, tol=1e-8,
        // max_iter=100000, intercept_scaling=1.0), scikit-learn 1.5.2, on the same six rows.
        let model = OneVsRestSvmParams::new(3)
            .tolerance(1e-7)
            .max_epochs(10_000)
            .fit(&dataset())
            .unwrap();
        let weights = LIBLINEAR_WEIGHTS;
        for class in 0..3 {
            for (term, want) in weights[class].iter().enumerate() {
                let got = model.weights[(term, class)];
                assert!((got - want).abs() < 1e-3, "{:?}", model.weights);
            }
            assert!((model.intercepts[class] - LIBLINEAR_INTERCEPTS[class]).abs() < 1e-3);
        }
    }

    /// (n_classes, n_features).
    const LIBLINEAR_WEIGHTS: [[f32; 3]; 3] = [
        [0.951_150, -0.237_539, -0.920_340],
        [-0.920_340, 0.951_150, -0.237_539],
        [-0.237_539, -0.920_340, 0.951_150],
    ];
    const LIBLINEAR_INTERCEPTS: [f32; 3] = [-0.259_206; 3];

    #[test]
    fn a_fitted_model_is_a_linfa_model() {
        let dataset = dataset();
        let model = OneVsRestSvmParams::new(3).fit(&dataset).unwrap();
        let classes = model.predict(&dataset);
        assert_eq!(classes, dataset.targets);
    }

    #[test]
    fn blocks_of_classes_do_not_know_of_each_other() {
        // 20 classes make two blocks; class 17 has the same problem in both runs.
        let records = dataset().records;
        let many = DatasetBase::new(records.clone(), array![17, 17, 3, 3, 9, 9]);
        let masks = ClassMasks(vec![1, 1, 0, 0, 0, 0]);
        let params = |n| {
            OneVsRestSvmParams::new(n)
                .tolerance(1e-7)
                .max_epochs(10_000)
        };
        let all = params(20).fit(&many).unwrap();
        let one = params(1).fit(&DatasetBase::new(records, masks)).unwrap();
        for term in 0..3 {
            assert!((all.weights[(term, 17)] - one.weights[(term, 0)]).abs() < 1e-4);
        }
    }

    #[test]
    fn bad_parameters_are_named() {
        let message = |p: OneVsRestSvmParams| p.check().unwrap_err().to_string();
        assert!(message(OneVsRestSvmParams::new(2).c(-1.0)).contains("-1"));
        assert!(message(OneVsRestSvmParams::new(2).c(f32::NAN)).contains("NaN"));
        assert!(message(OneVsRestSvmParams::new(0)).contains("one class"));
        let short = DatasetBase::new(dataset().records, ClassMasks(vec![1]));
        assert!(matches!(
            OneVsRestSvmParams::new(1).fit(&short),
            Err(SvmError::Targets {
                targets: 1,
                samples: 6
            })
        ));
    }
}
