//! Files of rows: how they are written, and what there is to take off before they can be read.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use super::line_bound::{LineBound, MAX_LINE_BYTES};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFormat {
    /// One JSON object a line.
    JsonLines,
    /// Columns parted by this byte, names in the first row.
    Table {
        /// `,` or a tab.
        delimiter: u8,
    },
}

impl RowFormat {
    /// What a file's name says of its rows, with or without `.gz`.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        match name.rsplit('.').next()? {
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            "csv" => Some(Self::Table { delimiter: b',' }),
            "tsv" | "tab" => Some(Self::Table { delimiter: b'\t' }),
            _ => None,
        }
    }
}

/// Bytes as they were before gzip, if they are gzip's, up to a line that is longer than any row.
///
/// # Errors
/// Why the first bytes cannot be read.
pub fn unzipped<'a>(bytes: impl Read + 'a) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut reader = BufReader::new(bytes);
    let plain: Box<dyn Read> = if reader.fill_buf()?.starts_with(&GZIP_MAGIC) {
        Box::new(MultiGzDecoder::new(reader))
    } else {
        Box::new(reader)
    };
    Ok(Box::new(BufReader::new(LineBound::new(
        plain,
        MAX_LINE_BYTES,
    ))))
}
