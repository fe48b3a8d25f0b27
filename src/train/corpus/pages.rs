//! Pages among the texts of an archive: what the service reads of a page is learnt from, and measured on.

use rayon::prelude::*;

use super::LabelledArticle;
use crate::extract::{LineModel, extract, kind};
use crate::text::{Article, ArticleDraft, ContentFormat};

/// Leaves of each page among the texts its article alone, by the same steps as before an article is classified. `lines`
/// tells the article's lines of pages copied as text. Calls `on_article` behind each article, and returns how many were
/// pages.
pub fn leave_articles(
    articles: &mut [LabelledArticle],
    lines: Option<&LineModel>,
    on_article: &(dyn Fn() + Sync),
) -> usize {
    let were_pages = articles.par_iter_mut().map(|article| {
        let was_page = leave_article(article, lines);
        on_article();
        usize::from(was_page)
    });
    were_pages.sum()
}

fn leave_article(article: &mut LabelledArticle, lines: Option<&LineModel>) -> bool {
    let format = kind::detect(&article.text);
    if format == ContentFormat::Text {
        return false;
    }
    let page = Article::new(ArticleDraft {
        title: article.title.clone(),
        body: article.text.clone(),
        format,
        ..ArticleDraft::default()
    });
    let Ok(page) = page else {
        return false;
    };
    let found = extract(&page, lines);
    // Of a page without words there is nothing better than what it was.
    if found.title.trim().is_empty() && found.text.trim().is_empty() {
        return false;
    }
    article.title = found.title.into_owned();
    article.text = found.text.into_owned();
    true
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn of_a_page_its_article_is_left() {
        let story =
            "The central bank raised interest rates again on Tuesday, as prices went on rising. "
                .repeat(9);
        let html = format!(
            "<html><head><title>Rates</title></head><body><nav><a href=/sport>Sport today</a></nav>\
             <article><h1>Rates rise</h1><p class=money>{story}</p></article></body></html>"
        );
        let article = |title: &str, text: &str| LabelledArticle {
            title: title.to_owned(),
            text: text.to_owned(),
            label: "Economy".to_owned(),
            ..LabelledArticle::default()
        };
        let plain = article("Own headline", "A text with 5 < 6 in it.");
        let empty = article("", "<html><body></body></html>");
        let mut articles = [
            article("Own headline", &html),
            article("", &html),
            plain.clone(),
            empty.clone(),
        ];
        let n_read = AtomicUsize::new(0);
        let n_pages = leave_articles(&mut articles, None, &|| {
            n_read.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!((n_pages, n_read.into_inner()), (2, 4));
        let titles = [&*articles[0].title, &*articles[1].title];
        assert_eq!(titles, ["Own headline", "Rates rise"]);
        for article in &articles[..2] {
            assert_eq!(
                (article.text.trim(), &*article.label),
                (story.trim(), "Economy")
            );
        }
        assert_eq!(articles[2..], [plain, empty]);
    }
}
