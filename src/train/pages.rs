//! Labelled pages out of a folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::lines::LabelledPage;

/// The file of a folder that has the articles of its pages.
const ANSWERS: &str = "ground-truth.json";
/// A page that unpacks to more is refused.
const MAX_PAGE_BYTES: u64 = 16 << 20;

/// Why pages could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}: {cause}", file.display())]
pub struct PagesError {
    /// The file.
    pub file: PathBuf,
    /// What went wrong.
    pub cause: io::Error,
}

/// What is known of one page.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "articleBody")]
    article_body: String,
}

/// Reads the pages of a folder in the layout of the article-extraction-benchmark: `html/ID.html.gz`, and
/// `ground-truth.json` with the `articleBody` of each ID. By ID, in order.
///
/// # Errors
/// [`PagesError`] names the file that is missing or is not what it should be.
pub fn read_pages(folder: &Path) -> Result<BTreeMap<String, LabelledPage>, PagesError> {
    let file = folder.join(ANSWERS);
    let answers: BTreeMap<String, Answer> = fs::read(&file)
        .and_then(|bytes| Ok(serde_json::from_slice(&bytes)?))
        .map_err(|cause| PagesError { file, cause })?;
    let page = |(id, answer): (String, Answer)| {
        let file = folder.join("html").join(format!("{id}.html.gz"));
        let html = unpacked(&file).map_err(|cause| PagesError { file, cause })?;
        let article = answer.article_body;
        Ok((id, LabelledPage { html, article }))
    };
    answers.into_iter().map(page).collect()
}

/// A page; bytes that are not UTF-8 are replaced, as pages of the wild have some.
fn unpacked(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(File::open(file)?)
        .take(MAX_PAGE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_PAGE_BYTES {
        return Err(io::Error::other(format!(
            "the page has more than {MAX_PAGE_BYTES} bytes"
        )));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
