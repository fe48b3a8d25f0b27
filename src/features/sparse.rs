//! Many articles as one sparse matrix.

use std::sync::Arc;

/// Most columns of a matrix.
pub const MAX_COLUMNS: usize = 1 << COLUMN_BITS;
/// Most levels of a matrix: distinct values before they are weighted.
pub const MAX_LEVELS: usize = 1 << (32 - COLUMN_BITS);
const COLUMN_BITS: u32 = 20;
const COLUMN_MASK: u32 = (1 << COLUMN_BITS) - 1;

/// Rows as they were counted: 4 bytes for each term of an article.
#[derive(Debug, Clone, Default)]
pub struct RowBlock {
    /// Column in the low bits, level above them.
    terms: Vec<u32>,
    /// Where each row ends in `terms`.
    ends: Vec<u32>,
}

impl RowBlock {
    /// Appends a row of (column, level), columns ascending and below [`MAX_COLUMNS`], levels below
    /// [`MAX_LEVELS`].
    pub fn push(&mut self, row: impl IntoIterator<Item = (u32, u32)>) {
        let terms = row
            .into_iter()
            .map(|(column, level)| level << COLUMN_BITS | column & COLUMN_MASK);
        self.terms.extend(terms);
        self.ends.push(self.terms.len() as u32);
    }

    /// Gives back the memory that further rows would have needed.
    pub fn shrink(&mut self) {
        self.terms.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// The columns of all rows, row after row.
    pub fn columns(&self) -> impl Iterator<Item = u32> + '_ {
        self.terms.iter().map(|term| term & COLUMN_MASK)
    }

    fn row(&self, i: usize) -> &[u32] {
        let start = i.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.terms[start as usize..self.ends[i] as usize]
    }
}

/// What all views of a matrix share.
#[derive(Debug)]
struct Shared {
    blocks: Vec<RowBlock>,
    block_rows: usize,
    n_samples: usize,
    n_features: usize,
    /// The value of each level.
    levels: Vec<f32>,
}

/// A matrix of articles and terms, (n_samples, n_features), or a view of some of its rows with its
/// columns weighted. Column indices of a row ascend.
///
/// A value is its level times its column's weight times its row's scale, multiplied when it is read:
/// a view of a million articles costs 8 bytes an article, where a copy would cost kilobytes.
#[derive(Debug, Clone)]
pub struct SparseRecords {
    shared: Arc<Shared>,
    /// (n_features).
    weights: Arc<[f32]>,
    /// The rows of a view with their scales; `None`: all rows as they are.
    rows: Option<Arc<[(u32, f32)]>>,
}

impl SparseRecords {
    /// Takes rows in blocks of `block_rows` each but the last. A term's value is `levels[level]` times
    /// its column's weight; `weights` is (n_features).
    pub fn new(
        blocks: Vec<RowBlock>,
        block_rows: usize,
        levels: Vec<f32>,
        weights: Vec<f32>,
    ) -> Self {
        let shared = Shared {
            n_samples: blocks.iter().map(|block| block.ends.len()).sum(),
            n_features: weights.len(),
            blocks,
            block_rows,
            levels,
        };
        Self {
            shared: Arc::new(shared),
            weights: weights.into(),
            rows: None,
        }
    }

    /// Number of rows.
    pub fn n_samples(&self) -> usize {
        self.rows
            .as_ref()
            .map_or(self.shared.n_samples, |rows| rows.len())
    }

    /// Number of columns.
    pub fn n_features(&self) -> usize {
        self.shared.n_features
    }

    /// Columns and values of row `i`, which is below `n_samples`.
    #[inline]
    pub fn row(&self, i: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        let (row, scale) = self.place(i);
        self.values(row).map(move |(c, v)| (c, v * scale))
    }

    /// The columns of row `i` alone.
    #[inline]
    pub fn columns(&self, i: usize) -> impl Iterator<Item = u32> + '_ {
        let row = self.place(i).0;
        self.terms(row).iter().map(|term| term & COLUMN_MASK)
    }

    /// The given rows, each value multiplied by its column's weight, each row scaled to length 1.
    /// `weights` is (n_features).
    pub fn weighted_unit_rows(&self, rows: &[usize], weights: &[f32]) -> Self {
        let weights = self.weights.iter().zip(weights).map(|(a, b)| a * b);
        let mut view = Self {
            shared: Arc::clone(&self.shared),
            weights: weights.collect(),
            rows: None,
        };
        let scaled = rows.iter().map(|&i| {
            let row = self.place(i).0;
            let norm = view.values(row).map(|(_, v)| v * v).sum::<f32>().sqrt();
            (row as u32, if norm > 0.0 { 1.0 / norm } else { 1.0 })
        });
        view.rows = Some(scaled.collect());
        view
    }

    fn place(&self, i: usize) -> (usize, f32) {
        self.rows.as_ref().map_or((i, 1.0), |rows| {
            let (row, scale) = rows[i];
            (row as usize, scale)
        })
    }

    fn terms(&self, row: usize) -> &[u32] {
        let block_rows = self.shared.block_rows;
        self.shared.blocks[row / block_rows].row(row % block_rows)
    }

    fn values(&self, row: usize) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.terms(row).iter().map(|term| {
            let (column, level) = (term & COLUMN_MASK, term >> COLUMN_BITS);
            let value = self.shared.levels[level as usize] * self.weights[column as usize];
            (column, value)
        })
    }
}

#[cfg(test)]
impl SparseRecords {
    /// Rows of any values, each of them a level: for small matrices.
    pub(crate) fn from_rows(
        n_features: usize,
        rows: impl IntoIterator<Item = Vec<(u32, f32)>>,
    ) -> Self {
        let mut levels: Vec<f32> = Vec::new();
        let mut block = RowBlock::default();
        for row in rows {
            let row: Vec<(u32, u32)> = row
                .into_iter()
                .map(|(column, value)| {
                    levels.push(value);
                    (column, levels.len() as u32 - 1)
                })
                .collect();
            block.push(row);
        }
        let n_rows = block.ends.len().max(1);
        Self::new(vec![block], n_rows, levels, vec![1.0; n_features])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(x: &SparseRecords, i: usize) -> Vec<(u32, f32)> {
        x.row(i).collect()
    }

    #[test]
    fn rows_keep_their_values() {
        let x = SparseRecords::from_rows(3, [vec![(0, 1.0), (2, 2.0)], vec![], vec![(1, 3.0)]]);
        assert_eq!((x.n_samples(), x.n_features()), (3, 3));
        assert_eq!(row(&x, 0), [(0, 1.0), (2, 2.0)]);
        assert_eq!(row(&x, 1), []);
        assert_eq!(x.columns(2).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn weighted_rows_have_length_one() {
        let x = SparseRecords::from_rows(2, [vec![(0, 1.0), (1, 1.0)], vec![]]);
        let y = x.weighted_unit_rows(&[1, 0], &[3.0, 4.0]);
        assert_eq!(row(&y, 0), []);
        let values: Vec<f32> = y.row(1).map(|(_, v)| v).collect();
        assert!((values[0] - 0.6).abs() < 1e-6 && (values[1] - 0.8).abs() < 1e-6);
    }

    #[test]
    fn the_last_column_and_level_fit_and_blocks_join() {
        let mut blocks = vec![RowBlock::default(), RowBlock::default()];
        let last = (MAX_COLUMNS as u32 - 1, MAX_LEVELS as u32 - 1);
        blocks[0].push([(0, 1), last]);
        blocks[0].push([]);
        blocks[1].push([(7, 2)]);
        let levels = (0..MAX_LEVELS).map(|level| level as f32).collect();
        let x = SparseRecords::new(blocks, 2, levels, vec![2.0; MAX_COLUMNS]);
        assert_eq!(row(&x, 0), [(0, 2.0), (last.0, 2.0 * last.1 as f32)]);
        assert_eq!((x.n_samples(), row(&x, 2)), (3, vec![(7, 4.0)]));
    }
}
