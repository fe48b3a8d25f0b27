//! Which language a text is written in, and how languages are named.

use std::fmt;
use std::sync::Arc;

/// How much of a text the detector reads. More hardly changes its answer and costs as it grows.
pub const SAMPLE_CHARS: usize = 600;

/// A BCP 47 language tag, such as `en` or `pt-BR`. Cheap to clone: every answer has one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LanguageTag(Arc<str>);

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
        (primary_is_good && rest_is_good && tag.len() <= 35).then(|| Self(tag.into()))
    }

    /// The language itself, without script or region, in lower case.
    pub fn primary(&self) -> String {
        self.first_subtag().to_ascii_lowercase()
    }

    /// Whether the language itself is this one, such as `en`, whatever its script and region.
    pub fn is_of(&self, primary: &str) -> bool {
        self.first_subtag().eq_ignore_ascii_case(primary)
    }

    fn first_subtag(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
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

/// The language of a text, by its letters and their trigrams (`whatlang`, after Cavnar and Trenkle
/// 1994, "N-gram-based text categorization"). `None` if the detector does not stand by its answer, as
/// often on a few words, or the text has no letters.
pub fn detect(text: &str) -> Option<LanguageTag> {
    let end = text
        .char_indices()
        .nth(SAMPLE_CHARS)
        .map_or(text.len(), |(i, _)| i);
    let info = whatlang::detect(&text[..end])?;
    info.is_reliable().then(|| bcp47(info.lang()))
}

/// BCP 47 prefers the two letters of ISO 639-1, and the macrolanguage's for its commonest member.
fn bcp47(language: whatlang::Lang) -> LanguageTag {
    let code = match language.code() {
        "cmn" => "zho",
        "pes" => "fas",
        code => code,
    };
    let short = isolang::Language::from_639_3(code).and_then(|language| language.to_639_1());
    LanguageTag(short.unwrap_or(code).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_well_formed() {
        for good in ["en", "pt-BR", "zh_Hant_TW", "yue"] {
            assert!(LanguageTag::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "e",
            "english",
            "en-",
            "en-a+b",
            "12",
            "en--us",
            "e\u{301}n",
        ] {
            assert_eq!(LanguageTag::parse(bad), None, "{bad}");
        }
        assert_eq!(
            LanguageTag::parse("pt_BR").map(|t| (t.primary(), t.to_string())),
            Some(("pt".into(), "pt-BR".into()))
        );
        let tag = LanguageTag::parse("PT-br").unwrap();
        assert!(tag.is_of("pt") && !tag.is_of("p") && !tag.is_of("pt-br"));
    }

    #[test]
    fn languages_are_told_apart() {
        let texts = [
            (
                "en",
                "The council will vote on the new budget for schools and hospitals on Thursday.",
            ),
            (
                "de",
                "Der Stadtrat stimmt am Donnerstag über den neuen Haushalt für Schulen ab.",
            ),
            ("zh", "市议会将于周四就学校和医院的新预算进行表决。"),
            (
                "ar",
                "سيصوت مجلس المدينة يوم الخميس على الميزانية الجديدة للمدارس",
            ),
        ];
        for (language, text) in texts {
            assert_eq!(
                detect(text).map(|tag| tag.to_string()).as_deref(),
                Some(language),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_is_claimed_of_few_or_no_letters() {
        assert_eq!(detect("12:30 – 14:00"), None);
        assert_eq!(detect(""), None);
        assert_eq!(detect("Xavi Pedri Gavi"), None);
    }

    #[test]
    fn every_detected_language_has_its_two_letters() {
        for language in whatlang::Lang::all() {
            assert_eq!(bcp47(*language).as_str().len(), 2, "{}", language.code());
        }
    }
}
