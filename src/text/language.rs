use std::fmt;

/// How much of a text the detector reads. More hardly changes its answer and costs as it grows.
const SAMPLE_CHARS: usize = 600;

/// A BCP 47 language tag, such as `en` or `pt-BR`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanguageTag(String);

impl LanguageTag {
    /// Takes a tag whose subtags are well formed: 1 to 8 ASCII letters or digits each, joined by
    /// `-` (or `_`, as many systems write it), the first of 2 or 3 letters.
    pub fn parse(tag: &str) -> Option<Self> {
        let tag = tag.replace('_', "-");
        let mut subtags = tag.split('-');
        let primary = subtags.next()?;
        let primary_is_good =
            (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
        let rest_is_good = subtags
            .all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()));
        (primary_is_good && rest_is_good && tag.len() <= 35).then_some(Self(tag))
    }

    /// The language itself, without script or region, in lower case.
    pub fn primary(&self) -> String {
        self.0
            .split('-')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    }

    /// The tag as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LanguageTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was read out of a text about its language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedLanguage {
    /// The likeliest language.
    pub tag: LanguageTag,
    /// Whether the detector stands by it; on short texts it often does not.
    pub is_reliable: bool,
}

/// The likeliest language of a text, by its letters and their trigrams (`whatlang`, after Cavnar
/// and Trenkle 1994, "N-gram-based text categorization"). `None` if it has no letters.
pub fn detect(text: &str) -> Option<DetectedLanguage> {
    let end = text
        .char_indices()
        .nth(SAMPLE_CHARS)
        .map_or(text.len(), |(i, _)| i);
    let info = whatlang::detect(&text[..end])?;
    let code = info.lang().code();
    let short = isolang::Language::from_639_3(code).and_then(|l| l.to_639_1());
    Some(DetectedLanguage {
        tag: LanguageTag(short.unwrap_or(code).to_owned()),
        is_reliable: info.is_reliable(),
    })
}
