//! The words of a text, normalised, in one pass and without an allocation for each.

use std::ops::Range;

use unicode_normalization::char::{canonical_combining_class, is_combining_mark};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Receives the tokens of a text, character by character, so that no token is ever stored.
pub trait TokenSink {
    /// One more character of the current token, in NFKC; never a separator.
    fn push_char(&mut self, c: char);

    /// Takes the letters, digits and `_` of ASCII that `text` begins with, and says how many they are. They are
    /// nearly always a whole token.
    fn take_ascii(&mut self, text: &[u8]) -> usize {
        let token = text.iter().take_while(|&&byte| is_ascii_word(byte));
        token.map(|&byte| self.push_char(char::from(byte))).count()
    }

    /// What was taken or pushed since the last token is none: it comes again, with what follows.
    fn drop_token(&mut self);

    /// The current token is complete and stood at these bytes of the text. A token that only
    /// normalisation sets apart from its neighbour ("1⁄2" out of "½") has the bytes of both.
    fn end_token(&mut self, bytes: Range<usize>);
}

/// Splits `text` into tokens: runs of letters, digits, `_` and the marks that belong to them, as
/// they are after NFKC. Characters of scripts that are written without spaces (Han, Kana, Thai,
/// Lao, Khmer, Burmese) are one token each.
///
/// Everything else separates: white space, punctuation, symbols, control characters. Invisible
/// format characters (soft hyphen, joiners, direction marks) neither separate nor count.
///
/// Works on the text in one pass. Plain ASCII never leaves the first loop; a run of other
/// characters is normalised only if the Unicode quick check says that it may not be NFKC already.
///
/// Source of the normal form: Unicode Standard Annex 15.
pub fn tokenize(text: &str, sink: &mut impl TokenSink) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if is_ascii_separator(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        at += sink.take_ascii(&bytes[start..]);
        if at < bytes.len() && !bytes[at].is_ascii() {
            // Only now is it known that the run is not plain: what it is decides the slow path.
            sink.drop_token();
            at = end_of_run(text, at);
            emit_run(&text[start..at], start, sink);
            if at == start {
                at += text[at..].chars().next().map_or(1, char::len_utf8);
            }
        } else {
            sink.end_token(start..at);
        }
    }
}

/// Letters, digits and `_`.
pub const fn is_ascii_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_ascii_separator(byte: u8) -> bool {
    byte.is_ascii() && !is_ascii_word(byte)
}

/// The end of the run of characters from `from` that normalisation may join or change.
fn end_of_run(text: &str, from: usize) -> usize {
    text[from..]
        .char_indices()
        .find(|&(_, c)| !belongs_to_run(c))
        .map_or(text.len(), |(i, _)| from + i)
}

fn belongs_to_run(c: char) -> bool {
    if c.is_ascii() {
        return is_ascii_word(c as u8);
    }
    is_word_char(c) || is_invisible(c) || !is_nfkc(c)
}

fn is_nfkc(c: char) -> bool {
    is_nfkc_quick(std::iter::once(c)) == IsNormalized::Yes
}

/// Emits the tokens of a run; `offset` is its first byte in the text.
fn emit_run(run: &str, offset: usize, sink: &mut impl TokenSink) {
    if is_nfkc_quick(run.chars()) == IsNormalized::Yes {
        let mut tokens = RunTokens::new(sink);
        for (i, c) in run.char_indices() {
            tokens.push(c, offset + i..offset + i + c.len_utf8());
        }
        tokens.finish();
    } else {
        let mut tokens = RunTokens::new(sink);
        for piece in pieces(run) {
            let bytes = offset + piece.start..offset + piece.end;
            for c in run[piece].nfkc() {
                tokens.push(c, bytes.clone());
            }
        }
        tokens.finish();
    }
}

/// The smallest pieces of a run that can be normalised each by itself: a piece begins with what joins nothing before it.
fn pieces(run: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    let ends = run.char_indices().skip(1).filter(|(_, c)| !may_join(*c));
    let ends = ends.map(|(i, _)| i).chain([run.len()]);
    ends.map(move |end| std::mem::replace(&mut start, end)..end)
}

/// Whether normalisation may join a character to one before it.
///
/// Source: Unicode Standard Annex 15, section 9.1.
fn may_join(c: char) -> bool {
    let first = std::iter::once(c).nfkd().next();
    first.is_none_or(|first| canonical_combining_class(first) != 0 || !is_nfkc(first))
}

/// Cuts normalised characters into tokens.
struct RunTokens<'a, S> {
    sink: &'a mut S,
    token: Option<Range<usize>>,
}

impl<'a, S: TokenSink> RunTokens<'a, S> {
    fn new(sink: &'a mut S) -> Self {
        Self { sink, token: None }
    }

    fn push(&mut self, c: char, bytes: Range<usize>) {
        if is_invisible(c) {
            return;
        }
        if is_unspaced(c) {
            self.finish();
            self.sink.push_char(c);
            self.sink.end_token(bytes);
            return;
        }
        let starts = self.token.is_none();
        if !is_word_char(c) || (starts && is_combining_mark(c) && !c.is_alphanumeric()) {
            self.finish();
            return;
        }
        self.sink.push_char(c);
        match &mut self.token {
            Some(token) => token.end = bytes.end,
            None => self.token = Some(bytes),
        }
    }

    fn finish(&mut self) {
        if let Some(token) = self.token.take() {
            self.sink.end_token(token);
        }
    }
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_combining_mark(c)
}

/// Format characters that are no part of a word's spelling.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Letters of scripts that put no space between words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e01}'..='\u{e3a}' | '\u{e40}'..='\u{e4e}'   // Thai
        | '\u{e81}'..='\u{ece}'                          // Lao
        | '\u{1000}'..='\u{103f}'                        // Burmese
        | '\u{1780}'..='\u{17d3}'                        // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{309f}' // Kana
        | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' // without the middle dot
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' // Han
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Default)]
    struct Collect {
        current: String,
        tokens: Vec<(String, Range<usize>)>,
    }

    impl TokenSink for Collect {
        fn push_char(&mut self, c: char) {
            self.current.push(c);
        }
        fn drop_token(&mut self) {
            self.current.clear();
        }
        fn end_token(&mut self, bytes: Range<usize>) {
            self.tokens.push((std::mem::take(&mut self.current), bytes));
        }
    }

    fn tokens(text: &str) -> Vec<String> {
        collect(text).tokens.into_iter().map(|(t, _)| t).collect()
    }

    fn collect(text: &str) -> Collect {
        let mut collect = Collect::default();
        tokenize(text, &mut collect);
        assert!(
            collect.current.is_empty(),
            "characters without an end: {text:?}"
        );
        collect
    }

    #[test]
    fn words_digits_and_underscores() {
        assert_eq!(
            tokens("It's 3.5% of U.S. GDP,\r\nsnake_case!"),
            ["It", "s", "3", "5", "of", "U", "S", "GDP", "snake_case"]
        );
    }

    #[test]
    fn tokens_of_a_run_that_is_normalised_have_their_own_bytes() {
        let text = "①中goal\u{200d}ﬁn";
        let found = collect(text).tokens;
        let at: Vec<(&str, &str)> = found
            .iter()
            .map(|(t, b)| (&**t, &text[b.clone()]))
            .collect();
        assert_eq!(
            at,
            [("1", "①"), ("中", "中"), ("goalfin", "goal\u{200d}ﬁn")]
        );
        // Both come of one character.
        let halves = collect("½").tokens;
        assert_eq!(halves, [("1".to_owned(), 0..2), ("2".to_owned(), 0..2)]);
    }

    #[test]
    fn nfkc_joins_what_looks_the_same() {
        // Composed and decomposed, full width, ligature, circled digit.
        assert_eq!(tokens("e\u{301}te\u{301}"), tokens("été"));
        assert_eq!(tokens("Ｅｕｒｏｐｅ"), ["Europe"]);
        assert_eq!(tokens("o\u{fb03}ce"), ["office"]);
        assert_eq!(tokens("①"), ["1"]);
        assert_eq!(tokens("one…two"), ["one", "two"]);
        assert_eq!(tokens("no\u{a0}break"), ["no", "break"]);
    }

    #[test]
    fn invisible_characters_do_not_split_a_word() {
        assert_eq!(tokens("co\u{ad}op\u{200d}er\u{feff}ate"), ["cooperate"]);
        assert_eq!(tokens("\u{202b}שלום\u{202c} עולם"), ["שלום", "עולם"]);
    }

    #[test]
    fn marks_stay_with_their_letters() {
        assert_eq!(tokens("क्षमा नमस्ते"), ["क्षमा", "नमस्ते"]);
        assert_eq!(tokens("\u{301}abc"), ["abc"]);
    }

    #[test]
    fn scripts_without_spaces_yield_characters() {
        assert_eq!(tokens("东京2020"), ["东", "京", "2020"]);
        assert_eq!(tokens("ニュース"), ["ニ", "ュ", "ー", "ス"]);
        // The middle dot separates, in half width too.
        assert_eq!(tokens("ア・イ"), tokens("ア･イ"));
        assert!(tokens("･").is_empty());
    }

    #[test]
    fn emoji_and_control_characters_separate() {
        assert_eq!(
            tokens("win🏆cup\0end\u{1b}[0m"),
            ["win", "cup", "end", "0m"]
        );
        assert!(tokens("👩‍👩‍👧‍👦 \u{7}\u{0}").is_empty());
    }

    #[test]
    fn a_token_knows_its_bytes() {
        let text = "Žižek, “naïve”  ok";
        let spans: Vec<&str> = collect(text)
            .tokens
            .iter()
            .map(|(_, b)| &text[b.clone()])
            .collect();
        assert_eq!(spans, ["Žižek", "naïve", "ok"]);
    }

    #[test]
    fn normalising_any_one_character_first_changes_nothing() {
        for c in '\u{80}'..=char::MAX {
            let text = format!("{c} a{c}a");
            let normalised: String = text.nfkc().collect();
            assert_eq!(tokens(&text), tokens(&normalised), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_normalise_as_the_whole_does(run in "[a-cﬁ①½\u{300}-\u{345}\u{1100}-\u{11ff}가-깋\u{3131}-\u{318e}\u{ff66}-\u{ff9f}か\u{3099}é\u{fdfa}\u{0f71}-\u{0f84}\u{9c7}-\u{9d7}\u{110ba}\u{1d15e}]{0,30}") {
            let by_pieces: String = pieces(&run).flat_map(|piece| run[piece].nfkc().collect::<Vec<char>>()).collect();
            prop_assert_eq!(by_pieces, run.nfkc().collect::<String>());
        }

        #[test]
        fn any_text_yields_ordered_tokens_within_it(text in any::<String>()) {
            let mut last = 0;
            for (token, bytes) in collect(&text).tokens {
                prop_assert!(!token.is_empty());
                prop_assert!(text.get(bytes.clone()).is_some());
                prop_assert!(bytes.start >= last || bytes.start < bytes.end);
                last = bytes.start;
            }
        }

        #[test]
        fn normalising_first_changes_nothing(text in any::<String>()) {
            let normalised: String = text.nfkc().collect();
            prop_assert_eq!(tokens(&text), tokens(&normalised));
        }
    }
}
