//! A linear classifier packed for serving.
//!
//! - [`TermTable`]: the table, packed, read and searched.
//! - `scores`: an article's scores out of it.

mod scores;

use half::f16;

use super::filter::Filter;

/// Bytes of a slot before its class weights.
const HEADER_BYTES: usize = 8;
/// Row scales are kept in f16 multiplied by this, away from its subnormal range.
const SCALE_UNIT: f32 = 1024.0;
/// Class weights are added so many at a time; slots are padded to it.
const LANES: usize = 4;
/// Share of the slots that are filled. Every probe for an unknown term ends at an empty slot.
const TARGET_LOAD: f32 = 0.8;
const MAX_LOAD: f32 = 0.95;

/// One term of the vocabulary, to be packed.
#[derive(Debug, Clone, Copy)]
pub struct TermRow<'a> {
    /// The term's 64-bit hash.
    pub hash: u64,
    /// The term's weight in an article (idf × IGM weight), above 0.
    pub weight: f32,
    /// (n_classes).
    pub class_weights: &'a [f32],
}

/// A term of an article that the model knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredTerm {
    /// The term's slot in the table.
    pub slot: u32,
    /// Its value in the article's row, which has length 1.
    pub value: f32,
}

/// The vocabulary and the class weights in one open-addressing hash table. A slot is
///
/// | bytes | content |
/// |---|---|
/// | 0..4 | fingerprint, u32 little-endian; 0: empty |
/// | 4..6 | term weight, f16 |
/// | 6..8 | row scale × 1024, f16 |
/// | 8.. | class weights, i8; the weight is `i8 × row scale` |
///
/// so that a term costs one probe and, up to 56 classes, one or two cache lines. Of a term that the model does
/// not know a filter of one bit a term says so (`filter.rs`): a search would end at the next empty slot only,
/// which in a table so full is a dozen slots away.
#[derive(Debug, Clone, PartialEq)]
pub struct TermTable {
    n_classes: usize,
    slots: Vec<u8>,
    filter: Filter,
    /// (n_classes).
    intercepts: Vec<f32>,
}

/// Why bytes are no [`TermTable`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The number of bytes is not a whole number of slots.
    #[error("the term table has {bytes} bytes, which is no multiple of its slot of {slot_bytes}")]
    Size {
        /// Bytes found.
        bytes: usize,
        /// Bytes of one slot.
        slot_bytes: usize,
    },
    /// Too few empty slots: a look-up could run long.
    #[error("the term table is too full: {filled} of {capacity} slots")]
    Load {
        /// Slots with a term.
        filled: usize,
        /// All slots.
        capacity: usize,
    },
    /// A weight is infinite or not a number.
    #[error("a weight of the term table is not finite (slot {slot})")]
    NotFinite {
        /// The first such slot; for an intercept the number of slots.
        slot: usize,
    },
}

fn slot_bytes(n_classes: usize) -> usize {
    (HEADER_BYTES + n_classes).next_multiple_of(LANES)
}

/// The term's first slot and its fingerprint, never 0.
#[inline]
fn address(hash: u64, capacity: usize) -> (usize, u32) {
    let slot = ((hash >> 32) * capacity as u64) >> 32;
    (slot as usize, hash as u32 | 1)
}

fn fingerprint(slot: &[u8]) -> u32 {
    // In one piece, so that the length of the slot is looked at once and not four times.
    slot.first_chunk()
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn filter(slots: &[u8], slot_bytes: usize) -> Filter {
    let all = slots.chunks_exact(slot_bytes).map(fingerprint);
    Filter::of(all.filter(|&found| found != 0))
}

fn half_at(slot: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([slot[at], slot[at + 1]]).to_f32()
}

impl TermTable {
    /// Packs a classifier. Terms that are looked up often should come first: they get the shortest
    /// probes. Of two terms with one fingerprint and slot the second is unreachable.
    pub fn pack<'a>(rows: &[TermRow<'a>], intercepts: Vec<f32>) -> Self {
        let n_classes = intercepts.len();
        let slot_bytes = slot_bytes(n_classes);
        let capacity = ((rows.len() as f32 / TARGET_LOAD) as usize).max(64);
        let mut slots = vec![0; capacity * slot_bytes];
        for row in rows {
            let (mut slot, fingerprint_) = address(row.hash, capacity);
            while fingerprint(&slots[slot * slot_bytes..]) != 0 {
                slot = (slot + 1) % capacity;
            }
            let bytes = &mut slots[slot * slot_bytes..(slot + 1) * slot_bytes];
            bytes[..4].copy_from_slice(&fingerprint_.to_le_bytes());
            write_row(bytes, row);
        }
        Self {
            n_classes,
            filter: filter(&slots, slot_bytes),
            slots,
            intercepts,
        }
    }

    /// Takes the bytes of [`TermTable::slots`] and the intercepts.
    ///
    /// # Errors
    /// [`TableError`] if the bytes are not whole slots, the table is too full to be searched, or a
    /// weight is not finite.
    pub fn from_parts(slots: Vec<u8>, intercepts: Vec<f32>) -> Result<Self, TableError> {
        let n_classes = intercepts.len();
        let slot_bytes = slot_bytes(n_classes);
        if slots.is_empty() || !slots.len().is_multiple_of(slot_bytes) {
            return Err(TableError::Size {
                bytes: slots.len(),
                slot_bytes,
            });
        }
        let capacity = slots.len() / slot_bytes;
        let mut filled = 0;
        for (i, slot) in slots.chunks_exact(slot_bytes).enumerate() {
            if fingerprint(slot) != 0 {
                filled += 1;
                if !half_at(slot, 4).is_finite() || !half_at(slot, 6).is_finite() {
                    return Err(TableError::NotFinite { slot: i });
                }
            }
        }
        if filled as f32 > capacity as f32 * MAX_LOAD || filled == capacity {
            return Err(TableError::Load { filled, capacity });
        }
        if intercepts.iter().any(|w| !w.is_finite()) {
            return Err(TableError::NotFinite { slot: capacity });
        }
        Ok(Self {
            n_classes,
            filter: filter(&slots, slot_bytes),
            slots,
            intercepts,
        })
    }

    /// All slots, as [`TermTable`] describes them.
    pub fn slots(&self) -> &[u8] {
        &self.slots
    }

    /// (n_classes).
    pub fn intercepts(&self) -> &[f32] {
        &self.intercepts
    }

    /// Number of slots, filled or not.
    pub fn capacity(&self) -> usize {
        self.slots.len() / slot_bytes(self.n_classes)
    }

    /// Number of terms.
    pub fn n_terms(&self) -> usize {
        let slots = self.slots.chunks_exact(slot_bytes(self.n_classes));
        slots.filter(|slot| fingerprint(slot) != 0).count()
    }

    /// The slot of a term, if the model knows it.
    #[inline]
    pub fn find(&self, hash: u64) -> Option<usize> {
        let slot_bytes = slot_bytes(self.n_classes);
        let capacity = self.slots.len() / slot_bytes;
        let (slot, wanted) = address(hash, capacity);
        if !self.filter.may_have(wanted) {
            return None;
        }
        self.search(slot, wanted, (slot_bytes, capacity))
    }

    /// The class weights of a slot's term; (n_classes). `slot` is below the capacity.
    pub fn class_weights(&self, slot: usize) -> impl Iterator<Item = f32> + '_ {
        let slot_bytes = slot_bytes(self.n_classes);
        let bytes = &self.slots[slot * slot_bytes..(slot + 1) * slot_bytes];
        let scale = half_at(bytes, 6) / SCALE_UNIT;
        let weights = &bytes[HEADER_BYTES..HEADER_BYTES + self.n_classes];
        weights
            .iter()
            .map(move |&weight| scale * f32::from(weight as i8))
    }

    /// Whether the model may know a term: `false` is sure, and `true` is wrong of one in sixteen that it does not know.
    #[inline]
    pub fn may_know(&self, hash: u64) -> bool {
        self.filter.may_have(address(hash, self.capacity()).1)
    }

    /// The slot of a fingerprint, sought from one of its slots on.
    #[inline]
    fn search(
        &self,
        mut slot: usize,
        wanted: u32,
        (slot_bytes, capacity): (usize, usize),
    ) -> Option<usize> {
        loop {
            let found = fingerprint(&self.slots[slot * slot_bytes..]);
            if found == wanted {
                return Some(slot);
            }
            if found == 0 {
                return None;
            }
            slot += 1;
            if slot == capacity {
                slot = 0;
            }
        }
    }
}

fn write_row(bytes: &mut [u8], row: &TermRow<'_>) {
    let largest = row
        .class_weights
        .iter()
        .map(|w| w.abs())
        .fold(0.0, f32::max);
    let scale = f16::from_f32(largest / 127.0 * SCALE_UNIT);
    bytes[4..6].copy_from_slice(&f16::from_f32(row.weight).to_le_bytes());
    bytes[6..8].copy_from_slice(&scale.to_le_bytes());
    let unit = scale.to_f32() / SCALE_UNIT;
    for (byte, weight) in bytes[HEADER_BYTES..].iter_mut().zip(row.class_weights) {
        let steps = if unit > 0.0 {
            (weight / unit).round()
        } else {
            0.0
        };
        *byte = steps.clamp(-127.0, 127.0) as i8 as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_full_table_is_refused() {
        let mut slots = Vec::new();
        for i in 1u32..=64 {
            slots.extend(i.to_le_bytes());
            slots.extend([0; 8]);
        }
        assert_eq!(
            TermTable::from_parts(slots, vec![0.0; 2]),
            Err(TableError::Load {
                filled: 64,
                capacity: 64
            })
        );
    }

    #[test]
    fn weights_that_are_not_finite_are_refused() {
        let table = TermTable::pack(
            &[TermRow {
                hash: 5,
                weight: 1.0,
                class_weights: &[1.0, -1.0],
            }],
            vec![0.0; 2],
        );
        let mut slots = table.slots().to_vec();
        let slot = table.find(5).unwrap();
        slots[slot * 12 + 4..slot * 12 + 6].copy_from_slice(&f16::INFINITY.to_le_bytes());
        assert_eq!(
            TermTable::from_parts(slots, vec![0.0; 2]),
            Err(TableError::NotFinite { slot })
        );
        assert!(TermTable::from_parts(table.slots().to_vec(), vec![f32::NAN, 0.0]).is_err());
        assert!(TermTable::from_parts(table.slots()[1..].to_vec(), vec![0.0; 2]).is_err());
    }

    proptest! {
        #[test]
        fn every_packed_term_is_found(hashes in proptest::collection::hash_set(any::<u64>(), 0..400)) {
            let rows: Vec<_> = hashes.iter()
                .map(|&hash| TermRow { hash, weight: 1.0, class_weights: &[] })
                .collect();
            let table = TermTable::pack(&rows, Vec::new());
            prop_assert!(hashes.iter().all(|&h| table.find(h).is_some()));
            prop_assert!(TermTable::from_parts(table.slots().to_vec(), Vec::new()).is_ok());
        }
    }
}
