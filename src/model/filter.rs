//! Whether a term may be in a table, told by one bit.

/// Bits for each term: of the terms that are not in the table, 6 % are taken for one that is.
const BITS_PER_TERM: usize = 16;
const WORD_BITS: usize = u64::BITS as usize;

/// A set of fingerprints that forgets none of them and takes a few others for its own.
///
/// Source: Bloom 1970, "Space/time trade-offs in hash coding with allowable errors"; with one hash.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter(Vec<u64>);

impl Filter {
    /// The set of some fingerprints.
    pub(super) fn of(fingerprints: impl Iterator<Item = u32> + Clone) -> Self {
        let n_words = (fingerprints.clone().count() * BITS_PER_TERM).div_ceil(WORD_BITS);
        let mut filter = Self(vec![0; n_words.max(1)]);
        for fingerprint in fingerprints {
            let (word, bit) = filter.place(fingerprint);
            filter.0[word] |= bit;
        }
        filter
    }

    /// `false` only if the fingerprint is not in the set.
    #[inline]
    pub(super) fn may_have(&self, fingerprint: u32) -> bool {
        let (word, bit) = self.place(fingerprint);
        self.0[word] & bit != 0
    }

    /// A word, and the bit in it. The lowest bit of a fingerprint is always set and says nothing.
    #[inline]
    fn place(&self, fingerprint: u32) -> (usize, u64) {
        let word = (u64::from(fingerprint) * self.0.len() as u64) >> u32::BITS;
        (
            word as usize,
            1 << ((fingerprint >> 1) as usize % WORD_BITS),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn few_strangers_get_past_it() {
        // 1 - e^(-1/16) = 0.061 of them, by Bloom's formula.
        let spread = |i: u32| i.wrapping_mul(0x9e37_79b1) | 1;
        let filter = Filter::of((0..10_000).map(spread));
        let n_past = (10_000..110_000)
            .filter(|&i| filter.may_have(spread(i)))
            .count();
        assert!((4_000..8_000).contains(&n_past), "{n_past}");
    }

    proptest! {
        #[test]
        fn none_of_its_own_is_forgotten(own in proptest::collection::vec(any::<u32>(), 0..200)) {
            let filter = Filter::of(own.iter().copied());
            prop_assert!(own.iter().all(|&fingerprint| filter.may_have(fingerprint)));
        }
    }
}
