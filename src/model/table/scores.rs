//! The scores of an article, out of the table.

use super::{
    HEADER_BYTES, LANES, SCALE_UNIT, ScoredTerm, TermTable, address, fingerprint, slot_bytes,
};
use crate::features::TermCounts;
use crate::features::weighting::sublinear_tf;

/// 2^112: from the bias of an f16's exponent, 15, to that of an f32's, 127.
const EXPONENT_SHIFT: f32 = f32::from_bits(0x7780_0000);
/// Terms are looked up so many at a time.
const BATCH: usize = 32;

/// A look at a term's first slot.
#[derive(Debug, Clone, Copy, Default)]
struct Probe {
    slot: usize,
    /// The term's fingerprint.
    wanted: u32,
    /// The term's mentions.
    count: u32,
    /// The slot's fingerprint.
    found: u32,
}

impl TermTable {
    /// Scores an article: fills `row` with its known terms (their values have length 1) and
    /// `scores`, (n_classes), with intercepts plus the weighted sum of the row.
    pub fn decision_function(
        &self,
        terms: &TermCounts,
        row: &mut Vec<ScoredTerm>,
        scores: &mut Vec<f32>,
    ) {
        row.clear();
        scores.clear();
        let slot_bytes = slot_bytes(self.n_classes);
        let capacity = self.slots.len() / slot_bytes;
        scores.resize(slot_bytes - HEADER_BYTES, 0.0);
        let mut squares = 0.0;
        let mut probes = [Probe::default(); BATCH];
        for batch in terms.as_slice().chunks(BATCH) {
            for probe in self.probe(batch, &mut probes, (slot_bytes, capacity)) {
                let slot = match probe.found == probe.wanted {
                    true => Some(probe.slot),
                    false => self.search(probe.slot, probe.wanted, (slot_bytes, capacity)),
                };
                let Some(slot) = slot else { continue };
                let bytes = &self.slots[slot * slot_bytes..(slot + 1) * slot_bytes];
                let value = finite_half_at(bytes, 4) * sublinear_tf(probe.count);
                squares += value * value;
                row.push(ScoredTerm {
                    slot: slot as u32,
                    value,
                });
                let scaled = value * finite_half_at(bytes, 6) * (1.0 / SCALE_UNIT);
                let (weights, _) = bytes[HEADER_BYTES..].as_chunks::<LANES>();
                let (sums, _) = scores.as_chunks_mut::<LANES>();
                for (sums, weights) in sums.iter_mut().zip(weights) {
                    for (sum, weight) in sums.iter_mut().zip(weights) {
                        *sum += scaled * f32::from(*weight as i8);
                    }
                }
            }
        }
        scores.truncate(self.n_classes);
        let norm = if squares > 0.0 {
            1.0 / squares.sqrt()
        } else {
            0.0
        };
        row.iter_mut().for_each(|term| term.value *= norm);
        for (score, intercept) in scores.iter_mut().zip(&self.intercepts) {
            *score = *score * norm + intercept;
        }
    }

    /// The terms of a batch that the filter lets through, each with what its first slot has. There is no branch in it:
    /// half of the terms are unknown, and a processor that guesses wrong waits for the memory before it goes on.
    #[inline]
    fn probe<'a>(
        &self,
        batch: &[(u64, u32)],
        probes: &'a mut [Probe; BATCH],
        (slot_bytes, capacity): (usize, usize),
    ) -> &'a [Probe] {
        let mut n = 0;
        for &(hash, count) in batch {
            let (slot, wanted) = address(hash, capacity);
            probes[n] = Probe {
                slot,
                wanted,
                count,
                found: 0,
            };
            n += usize::from(self.filter.may_have(wanted));
        }
        let probes = &mut probes[..n];
        for probe in probes.iter_mut() {
            probe.found = fingerprint(&self.slots[probe.slot * slot_bytes..]);
        }
        probes
    }

    /// The scores of a row that [`TermTable::decision_function`] filled; (n_classes).
    pub fn row_scores(&self, row: &[ScoredTerm]) -> Vec<f32> {
        let mut scores = self.intercepts.clone();
        for term in row {
            let weights = self.class_weights(term.slot as usize);
            let sums = scores.iter_mut().zip(weights);
            sums.for_each(|(score, weight)| *score += term.value * weight);
        }
        scores
    }
}

/// As `half_at`, of what was found finite when the table was made: the exponent is moved by a product, without
/// a look at what the processor can do.
#[inline]
fn finite_half_at(slot: &[u8], at: usize) -> f32 {
    let bits = u32::from(u16::from_le_bytes([slot[at], slot[at + 1]]));
    let magnitude = f32::from_bits((bits & 0x7fff) << 13) * EXPONENT_SHIFT;
    f32::from_bits(magnitude.to_bits() | (bits & 0x8000) << 16)
}

#[cfg(test)]
mod tests {
    use super::super::TermRow;
    use super::*;
    use crate::features::TermParams;
    use half::f16;
    use proptest::prelude::*;

    fn terms(text: &str) -> TermCounts {
        let mut terms = TermCounts::default();
        terms.count(
            "",
            text,
            &TermParams {
                ngram_range: (1, 1),
                prefix_chars: 0,
                ..TermParams::default()
            },
        );
        terms
    }

    fn hash(word: &str) -> u64 {
        terms(word).as_slice()[0].0
    }

    #[test]
    fn a_finite_half_is_read_as_the_standard_says() {
        for bits in 0..=u16::MAX {
            let half = f16::from_bits(bits);
            if half.is_finite() {
                let read = finite_half_at(&bits.to_le_bytes(), 0);
                assert_eq!(read.to_bits(), half.to_f32().to_bits(), "{bits:#06x}");
            }
        }
    }

    #[test]
    fn scores_are_those_of_the_unpacked_model() {
        let rows = [
            TermRow {
                hash: hash("goal"),
                weight: 2.0,
                class_weights: &[1.0, -1.0, 0.0],
            },
            TermRow {
                hash: hash("bank"),
                weight: 1.0,
                class_weights: &[-0.5, 0.0, 0.5],
            },
        ];
        let table = TermTable::pack(&rows, vec![0.1, 0.2, 0.3]);
        let (mut row, mut scores) = (Vec::new(), Vec::new());
        table.decision_function(&terms("goal goal bank unknown"), &mut row, &mut scores);
        // By hand: goal 2 (1 + ln 2) = 3.386, bank 1; norm sqrt(3.386² + 1) = 3.531.
        let (goal, bank) = (3.386_294_4 / 3.530_853, 1.0 / 3.530_853);
        let want = [0.1 + goal - 0.5 * bank, 0.2 - goal, 0.3 + 0.5 * bank];
        for (got, want) in scores.iter().zip(want) {
            assert!((got - want).abs() < 5e-3, "{scores:?} {want}");
        }
        assert_eq!(row.len(), 2);
        let length: f32 = row.iter().map(|t| t.value * t.value).sum();
        assert!((length - 1.0).abs() < 1e-5);
    }

    #[test]
    fn no_known_term_leaves_the_intercepts() {
        let table = TermTable::pack(&[], vec![0.5, -0.5]);
        let (mut row, mut scores) = (Vec::new(), Vec::new());
        table.decision_function(&terms("nothing known here"), &mut row, &mut scores);
        assert_eq!((row.len(), scores), (0, vec![0.5, -0.5]));
    }

    proptest! {
        #[test]
        fn the_row_has_every_term_that_the_table_has(
            known in proptest::collection::hash_set(0u32..400, 0..300),
            words in proptest::collection::vec(0u32..400, 0..300),
        ) {
            // Of a script without spaces: each character is a word, and so a term.
            let word = |n: &u32| char::from_u32(0x4e00 + n).into_iter().collect::<String>();
            let rows: Vec<TermRow<'_>> = known.iter().map(|n| hash(&word(n)))
                .map(|hash| TermRow { hash, weight: 1.0, class_weights: &[1.0] })
                .collect();
            let table = TermTable::pack(&rows, vec![0.0]);
            let words: Vec<String> = words.iter().map(word).collect();
            let terms = terms(&words.join(" "));
            let (mut row, mut scores) = (Vec::new(), Vec::new());
            table.decision_function(&terms, &mut row, &mut scores);
            let slots: Vec<usize> = row.iter().map(|term| term.slot as usize).collect();
            let found = terms.as_slice().iter().filter_map(|(hash, _)| table.find(*hash));
            prop_assert_eq!(slots, found.collect::<Vec<_>>());
        }
    }
}
