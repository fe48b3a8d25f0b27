//! Lines that are longer than any row.

use std::io::{self, Read};

/// The text of the largest article, each byte of which JSON may write as six, and as much again for the rest.
pub(super) const MAX_LINE_BYTES: usize = 128 << 20;

/// Hands bytes on up to a line that is too long: of a file without line breaks all would be read as one row.
pub(super) struct LineBound<R> {
    inner: R,
    limit_bytes: usize,
    /// The line that is being read, from 1.
    line: u64,
    /// Those of this line so far.
    n_bytes: usize,
}

impl<R: Read> LineBound<R> {
    /// A line may have `limit_bytes`.
    pub(super) fn new(inner: R, limit_bytes: usize) -> Self {
        Self {
            inner,
            limit_bytes,
            line: 1,
            n_bytes: 0,
        }
    }
}

impl<R: Read> Read for LineBound<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n_bytes = self.inner.read(buffer)?;
        for (i, part) in buffer[..n_bytes].split(|byte| *byte == b'\n').enumerate() {
            if i > 0 {
                self.line += 1;
                self.n_bytes = 0;
            }
            self.n_bytes += part.len();
            if self.n_bytes > self.limit_bytes {
                return Err(io::Error::other(format!(
                    "line {} has more than {} bytes, the limit for a row; rows end with line breaks",
                    self.line, self.limit_bytes
                )));
            }
        }
        Ok(n_bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, empty, repeat};

    use super::*;

    fn read(text: &str) -> Result<String, String> {
        // Lines begin and end within what is read at once.
        let mut bounded = BufReader::with_capacity(5, LineBound::new(text.as_bytes(), 8));
        let mut read = String::new();
        let ended = io::copy(&mut bounded, &mut io::sink());
        ended.map_err(|error| error.to_string())?;
        let mut bounded = LineBound::new(text.as_bytes(), 8);
        bounded.read_to_string(&mut read).unwrap();
        Ok(read)
    }

    #[test]
    fn a_line_that_is_too_long_is_named_and_others_are_handed_on() {
        for text in ["", "12345678", "12345678\n\n1234567\n12345678\n"] {
            assert_eq!(read(text).as_deref(), Ok(text));
        }
        let error = read("1234567\n\n123456789\n1\n").unwrap_err();
        assert!(error.starts_with("line 3 has more than 8 bytes"), "{error}");
    }

    #[test]
    fn a_line_that_never_ends_is_not_read_for_ever() {
        let mut endless = LineBound::new(empty().chain(repeat(b'a')), 1 << 20);
        assert!(io::copy(&mut endless, &mut io::sink()).is_err());
    }
}
