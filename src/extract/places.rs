//! Where the text that was read stands in the text that was submitted.

use std::ops::Range;

/// A map from bytes of a text to bytes of its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Places {
    /// The text is its source.
    Same,
    /// The text was put together from pieces of the source; what is in none of them has no place.
    Pieces(Vec<Piece>),
}

/// Some bytes of a text and where they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// In the text.
    pub text: Range<usize>,
    /// In the source. As long as `text` if the bytes are the same; else the whole piece is one word.
    pub source: Range<usize>,
    /// Pieces of one number follow each other in the source with nothing but white space and markup
    /// between them.
    pub run: u32,
}

impl Places {
    /// Where some bytes of the text stand in the source; `None` if that is unknown, or if they come
    /// from places that are apart.
    pub fn locate(&self, bytes: &Range<usize>) -> Option<Range<usize>> {
        let Self::Pieces(pieces) = self else {
            return Some(bytes.clone());
        };
        let first = piece_at(pieces, bytes.start)?;
        let last = piece_at(pieces, bytes.end.checked_sub(1)?)?;
        (first.run == last.run).then(|| first.at(bytes.start).start..last.at(bytes.end - 1).end)
    }

    /// The ranges of the source that the text came from, in order, none touching another.
    pub fn ranges(&self, source_len: usize) -> Vec<Range<usize>> {
        let Self::Pieces(pieces) = self else {
            return std::iter::once(0..source_len).collect();
        };
        let mut ranges: Vec<(u32, Range<usize>)> = Vec::new();
        for piece in pieces {
            match ranges.last_mut() {
                Some((run, range)) if *run == piece.run => range.end = piece.source.end,
                _ => ranges.push((piece.run, piece.source.clone())),
            }
        }
        merged(ranges.into_iter().map(|(_, range)| range).collect())
    }
}

impl Piece {
    /// The source of one byte of the piece.
    fn at(&self, byte: usize) -> Range<usize> {
        if self.text.len() == self.source.len() {
            let start = self.source.start + (byte - self.text.start);
            start..start + 1
        } else {
            self.source.clone()
        }
    }
}

fn piece_at(pieces: &[Piece], byte: usize) -> Option<&Piece> {
    let after = pieces.partition_point(|piece| piece.text.start <= byte);
    let piece = &pieces[after.checked_sub(1)?];
    piece.text.contains(&byte).then_some(piece)
}

fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut out: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: Range<usize>, source: Range<usize>, run: u32) -> Piece {
        Piece { text, source, run }
    }

    #[test]
    fn bytes_are_found_within_a_run_only() {
        // Two lines of a page, 10 to 20 and 50 to 60, and a word of 5 bytes written in 9.
        let places = Places::Pieces(vec![
            piece(0..10, 10..20, 0),
            piece(11..21, 50..60, 1),
            piece(22..27, 61..70, 1),
        ]);
        assert_eq!(places.locate(&(2..5)), Some(12..15));
        assert_eq!(places.locate(&(12..21)), Some(51..60));
        assert_eq!(places.locate(&(20..24)), Some(59..70));
        assert_eq!(places.locate(&(9..12)), None, "apart in the source");
        assert_eq!(places.locate(&(10..12)), None, "a joint of ours");
        assert_eq!(places.locate(&(27..30)), None, "nothing there");
        assert_eq!(places.ranges(99), [10..20, 50..70]);
        assert_eq!(Places::Same.locate(&(3..4)), Some(3..4));
    }
}
