//! What stands around an article.

/// What a page says of its article. Nothing of it is an input to topic or tags but the title.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The headline; empty if not found, as are all the others.
    pub title: String,
    /// When the article was published, as the page writes it.
    pub published: String,
    /// Only if stated.
    pub author: String,
    /// Who published the article first; of an HTML page that does not say, the site's name.
    pub source: String,
    /// The section the page files it under.
    pub section: String,
    /// Tags the page carries.
    pub page_tags: Vec<String>,
}
