//! A piece of an article, in bytes, code points or UTF-16 units.

/// What offsets count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OffsetUnit {
    /// UTF-8 bytes.
    #[default]
    Bytes,
    /// Unicode code points, as Python counts.
    CodePoints,
    /// UTF-16 code units, as JavaScript and Java count.
    Utf16,
}

/// A field of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The headline.
    Title,
    /// The text.
    Body,
}

/// A piece of a submitted article: the half-open range from `start` to `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where it is.
    pub field: Field,
    /// In the unit that was asked for.
    pub start: usize,
    /// In the unit that was asked for.
    pub end: usize,
}

impl OffsetUnit {
    /// How long a text is.
    pub fn length(self, text: &str) -> usize {
        match self {
            Self::Bytes => text.len(),
            Self::CodePoints => text.chars().count(),
            Self::Utf16 => text.encode_utf16().count(),
        }
    }
}

/// Turns byte offsets of a text, asked for in ascending order, into offsets of a unit, in one pass.
#[derive(Debug)]
pub struct OffsetCounter<'a> {
    text: &'a str,
    unit: OffsetUnit,
    /// The last offset in bytes and in the unit.
    last: (usize, usize),
}

impl<'a> OffsetCounter<'a> {
    /// Starts at the beginning of a text.
    pub fn new(text: &'a str, unit: OffsetUnit) -> Self {
        Self {
            text,
            unit,
            last: (0, 0),
        }
    }

    /// The span of some bytes, which are whole characters and do not begin before those of the last
    /// call.
    pub fn span(&mut self, field: Field, bytes: std::ops::Range<usize>) -> Span {
        let (last_byte, last_offset) = self.last;
        let start = last_offset + self.unit.length(&self.text[last_byte..bytes.start]);
        self.last = (bytes.start, start);
        Span {
            field,
            start,
            end: start + self.unit.length(&self.text[bytes]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_in_every_unit() {
        // Bytes 2 4 1 2: "é" 2, "🏆" 4, "a" 1, "ß" 2. In UTF-16 the cup has two units.
        let text = "é🏆aß";
        let spans = |unit| {
            let mut counter = OffsetCounter::new(text, unit);
            [0..2, 2..7, 7..9].map(|bytes| {
                let span = counter.span(Field::Body, bytes);
                (span.start, span.end)
            })
        };
        assert_eq!(spans(OffsetUnit::Bytes), [(0, 2), (2, 7), (7, 9)]);
        assert_eq!(spans(OffsetUnit::CodePoints), [(0, 1), (1, 3), (3, 4)]);
        assert_eq!(spans(OffsetUnit::Utf16), [(0, 1), (1, 4), (4, 5)]);
    }
}
