//! Any bytes as a page copied as text: an answer, and its text is made of pieces of the page.

#![no_main]

use std::sync::LazyLock;

use copydesk::extract::extract;
use copydesk::pipeline::Pipeline;
use copydesk::text::{Article, ArticleDraft, ContentFormat};
use libfuzzer_sys::fuzz_target;

static PIPELINE: LazyLock<Pipeline> =
    LazyLock::new(|| Pipeline::built_in().expect("the built-in model loads"));

fuzz_target!(|bytes: &[u8]| {
    let draft = ArticleDraft {
        body: String::from_utf8_lossy(bytes).into_owned(),
        format: ContentFormat::PageText,
        ..ArticleDraft::default()
    };
    if let Ok(article) = Article::new(draft) {
        let found = extract(&article, PIPELINE.lines());
        let pieces: Vec<&str> = found
            .article_ranges()
            .into_iter()
            .map(|range| &article.body()[range])
            .collect();
        assert_eq!(pieces.join("\n\n"), found.text);
    }
});
