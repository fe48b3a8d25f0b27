//! Many articles as one sparse matrix.

use std::sync::Arc;

use sprs::CsMatI;

/// A CSR matrix of articles and terms, (n_samples, n_features). Column indices of a row ascend.
///
/// A type of its own because linfa's `Records` cannot be implemented for a matrix of another crate. A
/// clone shares the matrix.
#[derive(Debug, Clone)]
pub struct SparseRecords(Arc<CsMatI<f32, u32, usize>>);

impl SparseRecords {
    /// Takes the rows as they come: each a list of (column, value) with ascending columns below
    /// `n_features`.
    pub fn from_rows<I>(n_features: usize, rows: I) -> Self
    where
        I: IntoIterator,
        I::Item: IntoIterator<Item = (u32, f32)>,
    {
        let mut indptr = vec![0];
        let (mut indices, mut data) = (Vec::new(), Vec::new());
        for row in rows {
            for (column, value) in row {
                indices.push(column);
                data.push(value);
            }
            indptr.push(indices.len());
        }
        let shape = (indptr.len() - 1, n_features);
        Self(Arc::new(CsMatI::new(shape, indptr, indices, data)))
    }

    /// Number of rows.
    pub fn n_samples(&self) -> usize {
        self.0.rows()
    }

    /// Number of columns.
    pub fn n_features(&self) -> usize {
        self.0.cols()
    }

    /// Columns and values of row `i`, which is below `n_samples`.
    #[inline]
    pub fn row(&self, i: usize) -> (&[u32], &[f32]) {
        let indptr = self.0.indptr();
        let range = indptr.outer_inds_sz(i);
        (&self.0.indices()[range.clone()], &self.0.data()[range])
    }

    /// The given rows, each value multiplied by its column's weight, each row scaled to length 1.
    /// `weights` is (n_features).
    pub fn weighted_unit_rows(&self, rows: &[usize], weights: &[f32]) -> Self {
        let mut indptr = Vec::with_capacity(rows.len() + 1);
        indptr.push(0);
        let (mut indices, mut data) = (Vec::new(), Vec::new());
        for &i in rows {
            let (columns, values) = self.row(i);
            let start = data.len();
            indices.extend_from_slice(columns);
            data.extend(
                columns
                    .iter()
                    .zip(values)
                    .map(|(&c, v)| v * weights[c as usize]),
            );
            let norm = data[start..].iter().map(|v| v * v).sum::<f32>().sqrt();
            if norm > 0.0 {
                data[start..].iter_mut().for_each(|v| *v /= norm);
            }
            indptr.push(data.len());
        }
        let shape = (rows.len(), self.n_features());
        Self(Arc::new(CsMatI::new(shape, indptr, indices, data)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_values() {
        let x = SparseRecords::from_rows(3, [vec![(0, 1.0), (2, 2.0)], vec![], vec![(1, 3.0)]]);
        assert_eq!((x.n_samples(), x.n_features()), (3, 3));
        assert_eq!(x.row(0), (&[0, 2][..], &[1.0, 2.0][..]));
        assert_eq!(x.row(1), (&[][..], &[][..]));
    }

    #[test]
    fn weighted_rows_have_length_one() {
        let x = SparseRecords::from_rows(2, [vec![(0, 1.0), (1, 1.0)], vec![]]);
        let y = x.weighted_unit_rows(&[1, 0], &[3.0, 4.0]);
        assert_eq!(y.row(0).1, [] as [f32; 0]);
        assert_eq!(y.row(1).1, [0.6, 0.8]);
    }
}
