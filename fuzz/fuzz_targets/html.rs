//! Any bytes as an HTML page: an answer, and no place that is not whole characters of the page.

#![no_main]

use copydesk::extract::extract;
use copydesk::text::{Article, ArticleDraft, ContentFormat};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let draft = ArticleDraft {
        body: String::from_utf8_lossy(bytes).into_owned(),
        format: ContentFormat::Html,
        ..ArticleDraft::default()
    };
    if let Ok(article) = Article::new(draft) {
        for range in extract(&article, None).article_ranges() {
            assert!(article.body().get(range).is_some());
        }
    }
});
