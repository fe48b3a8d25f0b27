//! Quotation marks of a table that are not closed, and the lines on which its rows begin.
//!
//! A reader of tables takes all that follows such a mark for one field, up to the next mark or to the end of the
//! file, and says nothing of the rows that it swallows. Nor does it count the line ends that it skips before a row:
//! blank lines, and the second byte of \r\n.

use std::collections::VecDeque;
use std::io::{self, Read};

/// Hands bytes on and remembers the first quoted field that swallows rows, and where rows begin.
pub(super) struct QuoteWatch<R> {
    inner: R,
    state: State,
    is_tabbed: bool,
    /// The line that is being read, from 1.
    line: u64,
    n_bytes: usize,
    /// Whether a row ended, or none has begun, and the next byte of one begins another.
    is_between_rows: bool,
    last_byte: u8,
    /// The first byte and the line of each row that was handed on and not asked for.
    rows: VecDeque<(u64, u64)>,
    field: QuotedField,
    fault: Option<u64>,
}

/// Where in a row the last byte was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    /// Behind a mark that ends the field, or is the first of a doubled one.
    Closing,
}

/// What is known of the quoted field that is being read.
#[derive(Default)]
struct QuotedField {
    line: u64,
    spans_lines: bool,
    has_delimiter: bool,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<R: Read> QuoteWatch<R> {
    /// Watches a table whose columns are parted by `delimiter`.
    pub(super) fn new(inner: R, delimiter: u8) -> Self {
        Self {
            inner,
            state: State::FieldStart,
            is_tabbed: delimiter == b'\t',
            line: 1,
            n_bytes: 0,
            is_between_rows: true,
            last_byte: 0,
            rows: VecDeque::new(),
            field: QuotedField::default(),
            fault: None,
        }
    }

    /// The line of the first row that begins at this byte or behind it; earlier ones are forgotten.
    pub(super) fn line_of_row(&mut self, byte: u64) -> Option<u64> {
        let n_earlier = self.rows.partition_point(|(start, _)| *start < byte);
        self.rows.drain(..n_earlier);
        self.rows.front().map(|(_, line)| *line)
    }

    /// The line on which the first field begins that swallows rows, among the bytes handed on so far.
    pub(super) fn fault(&self) -> Option<u64> {
        self.fault
    }

    /// The same at the end of the file, where a field that is still open is one too.
    pub(super) fn fault_at_end(&self) -> Option<u64> {
        let is_open = self.state == State::Quoted;
        self.fault.or(is_open.then_some(self.field.line))
    }

    fn watch(&mut self, byte: u8) {
        let is_delimiter = byte == if self.is_tabbed { b'\t' } else { b',' };
        let is_line_end = matches!(byte, b'\n' | b'\r');
        if self.is_between_rows && !is_line_end {
            self.rows.push_back((self.n_bytes as u64, self.line));
            self.is_between_rows = false;
        }
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::Closing,
            (State::Closing, b'"') => State::Quoted,
            (State::Quoted, _) => {
                self.field.spans_lines |= is_line_end;
                self.field.has_delimiter |= is_delimiter;
                State::Quoted
            }
            (State::FieldStart, b'"') => {
                self.field = QuotedField {
                    line: self.line,
                    ..QuotedField::default()
                };
                State::Quoted
            }
            (state, _) => {
                let is_end = is_delimiter || is_line_end;
                if state == State::Closing && self.swallowed_rows(is_end) {
                    self.fault.get_or_insert(self.field.line);
                }
                let is_mark = BYTE_ORDER_MARK.get(self.n_bytes) == Some(&byte);
                if is_end || (is_mark && state == State::FieldStart) {
                    State::FieldStart
                } else {
                    State::Plain
                }
            }
        };
        self.is_between_rows |= is_line_end && self.state != State::Quoted;
        let is_second_byte = (self.last_byte, byte) == (b'\r', b'\n');
        self.line += u64::from(is_line_end && !is_second_byte);
        self.last_byte = byte;
        self.n_bytes += 1;
    }

    /// Whether the field that was closed has rows in it: in a table of tabs a text has line breaks but hardly
    /// tabs, in one of commas what is quoted as a whole ends before a comma or with its line.
    fn swallowed_rows(&self, ends_field: bool) -> bool {
        let has_rows = !ends_field || (self.is_tabbed && self.field.has_delimiter);
        self.field.spans_lines && has_rows
    }
}

impl<R: Read> Read for QuoteWatch<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_bytes = self.inner.read(buffer)?;
        for byte in buffer.iter().take(n_bytes) {
            self.watch(*byte);
        }
        Ok(n_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(table: &str, delimiter: u8) -> Option<u64> {
        let mut watch = QuoteWatch::new(table.as_bytes(), delimiter);
        io::copy(&mut watch, &mut io::sink()).unwrap();
        watch.fault_at_end()
    }

    #[test]
    fn rows_are_found_on_their_lines_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let rows = ["\u{feff}a,b", "\"x", "\"\"y\"\"\",z", "", "x,y", "x,y"].join(end);
            let mut watch = QuoteWatch::new(rows.as_bytes(), b',');
            io::copy(&mut watch, &mut io::sink()).unwrap();
            let mut lines = Vec::new();
            let mut byte = 0;
            while let Some(line) = watch.line_of_row(byte) {
                lines.push(line);
                byte = watch.rows[0].0 + 1;
            }
            assert_eq!(lines, [1, 2, 5, 6], "{end:?}");
        }
    }

    #[test]
    fn a_mark_that_is_not_closed_is_found_at_its_line() {
        assert_eq!(fault("a,b\nx,y\nx,\"y\nx,y\n", b','), Some(3));
        // The next mark would close it.
        assert_eq!(fault("a,b\n\"x,y\nx,y\n\"x\" z,y\n", b','), Some(2));
        assert_eq!(fault("a\tb\n\"x\ty\nx\ty\n\"x\ty\n", b'\t'), Some(2));
        assert_eq!(fault("a\tb\n\"x\ty\nx \"\ty\n", b'\t'), Some(2));
    }

    #[test]
    fn marks_that_are_closed_or_mean_nothing_are_let_through() {
        for table in [
            "",
            "a,b\nx,y\n",
            "\u{feff}\"a\",b\n\"x, \"\"y\"\"\nz\",\"\"\n",
            "a,b\nx \"y,z\n5\" gun,\"z\"",
            "a,b\r\n\"x\r\ny\",z\r\n",
            "a,b\n\"Hello\" he said,z\n",
        ] {
            assert_eq!(fault(table, b','), None, "{table}");
        }
        assert_eq!(fault("a\tb\n\"x, \ny\"\tz\n\"x\ty\"\tz\n", b'\t'), None);
    }
}
