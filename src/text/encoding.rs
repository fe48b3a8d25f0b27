//! How a text file begins: what some programs put before UTF-8, and what tells UTF-16.

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// As Windows begins what it calls Unicode text.
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// What is wrong with a file in UTF-16, and what to do about it.
pub const IS_UTF_16: &str =
    "is UTF-16, and files are read as UTF-8; convert it first, as `iconv -f UTF-16 -t UTF-8` does";

/// A text without the mark that some programs begin it with.
pub fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// Whether a file with this beginning is UTF-16.
pub fn is_utf16(start: &[u8]) -> bool {
    UTF_16_MARKS.iter().any(|mark| start.starts_with(mark))
}
