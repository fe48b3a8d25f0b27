//! Words by which the furniture of a page gives itself away.
//!
//! Word borders are those of ASCII, which keeps the patterns on the fast path of `regex`.

use std::sync::LazyLock;

use regex::Regex;

fn pattern(source: &str) -> Regex {
    // The patterns are constants, and a test compiles each.
    Regex::new(source).unwrap_or_else(|error| unreachable!("{error}"))
}

macro_rules! patterns {
    ($($(#[$doc:meta])* $name:ident = $source:expr;)*) => {
        $($(#[$doc])* pub(super) static $name: LazyLock<Regex> = LazyLock::new(|| pattern($source));)*
    };
}

patterns! {
    /// Anywhere in a line: buttons, notices, credits, invitations.
    CUE = concat!(
        r"(?i)©|(?-u:\b)(?:share (?:this|on|via)|share|sharing|subscribe[rd]?|sign ?up|sign ?in|log ?in|",
        r"newsletters?|copyright|all rights reserved|cookies?|privacy|terms (?:of|&|and)|",
        r"leave a (?:reply|comment)|comments?|reply|read more|read next|also read|see also|related|",
        r"you (?:might|may) also like|more (?:from|on|stories|news|in)|recommended|popular|most read|trending|",
        r"previous (?:article|post|story)|next (?:article|post|story)|up next|tagged|tags?:|filed under|",
        r"follow (?:us|me)|advertisements?|sponsored|promoted|photo(?:graph)?(?: by|:)|getty images|afp|",
        r"(?:image|photo) (?:credit|source|caption|copyright)|last (?:updated|modified)|facebook|twitter|whatsapp|",
        r"instagram|youtube|pinterest|reddit|linkedin|telegram|e-?mail|print|copy link|download|skip to|menu|",
        r"search|home|contact|about us|careers|advertise|site ?map|rss|click here|view (?:all|more)|loading|",
        r"register|my account|account|donate|support (?:us|our|independent)|editors?['’]? picks?|",
        r"latest (?:news|stories)|top stories|your email|required fields|password|app store|google play|apps?|",
        r"do not sell|back to top|continue reading|report a (?:typo|error)|by continuing|accept|unsubscribe|",
        r"limited[- ]time|special offer|per (?:week|month)|gift|shop|podcasts?|video|gallery|watch|listen)(?-u:\b)"
    );
    /// A whole line that no article has: buttons, menus, notices, in the languages that share letters and
    /// habits with English, and Russian.
    FURNITURE = concat!(
        r"(?i)^\W*(?:see also(?-u:\b).*|share(?: this(?: article| story| post)?)?|advertisement|(?:tagged|tags|topics)(?-u:\b).*|",
        r"leave a (?:reply|comment).*|follow us(?-u:\b).*|sign ?up|subscribe(?: now)?|skip to(?-u:\b).*|search|menu|log ?in|sign ?in|home|",
        r"contact(?: us)?|about(?: us)?|.{0,40}(?-u:\b)privacy (?:policy|notice|statement)(?-u:\b).{0,40}|.{0,40}(?-u:\b)terms (?:of (?:use|service)|(?:&|and) conditions)(?-u:\b).{0,40}|",
        r"related(?: articles?| stories| posts| news| content| topics)?|most (?:read|popular|viewed)|trending(?: now)?|cookies?|",
        r"(?:\d+ )?comments?(?: \(?\d+\)?)?|newsletters?|facebook|twitter|instagram|linkedin|youtube|whatsapp|print|e-?mail|copy link|",
        r"learn more|read more|read next|load(?:ing)?(?: more)?|back to top|popular posts|you (?:might|may) also like|(?:previous|next) (?:article|post|story)(?-u:\b).*|",
        r"impressum.*|datenschutz.*|kontakt|startseite|accueil|mentions légales|inicio|contacto|≡? ?меню|контакты|поиск|",
        r"(?:\W|\d{4})*(?:copyright|all rights reserved)(?-u:\b).*)\W*$|©"
    );
    /// A whole line that ends in how long ago the article was published.
    AGE = r"(?i)[|/] +\d+ (?:hours?|days?|minutes?)$";
    /// The beginning of a line that leads away from the article, whatever its length.
    LEADS_AWAY = concat!(
        r"(?i)^\W*(?:see also|read (?:more|next|also)|also read|more:|watch:|listen:|related(?: articles?| stories| posts| news| content)?\s*(?::|$)|",
        r"recommended(?: for you| reading)?\s*(?::|$)|share(?: this(?: article| story| post)?)?\s*(?::|$)|advertisement|",
        r"tagged|tags?:|filed under|topics?:|you (?:might|may) also like|popular posts|leave a (?:reply|comment)|",
        r"previous (?:article|post|story)|next (?:article|post|story)|follow us|sign ?up|subscribe (?:to|now|today|here)|",
        r"skip to|last updated|last modified|©|copyright ©?|all rights reserved|click here|continue reading|",
        r"don['’]t miss|(?:like|enjoy(?:ed)?) (?:this|the) (?:story|article|post)\?|trending|most (?:read|popular)|up next|download (?:the|our)|get (?:the|our) (?:app|newsletter))"
    );
    /// A line that is the heading of a list of other things.
    STOP_SECTION = concat!(
        r"(?i)^\W*(?:you (?:might|may) also like|popular posts|leave a (?:reply|comment)(?: cancel reply)?|",
        r"related(?: articles?| stories| posts| news| content| topics)?|more (?:from|on|in|stories|news)(?-u:\b).{0,40}|",
        r"recommended(?: for you| reading| stories)?|trending(?: now| stories)?|most (?:read|popular|viewed|shared)|",
        r"share this(?: article| story| post)?|\d*\s*comments?(?: \(?\d+\)?)?|(?:tagged|tags|topics)(?-u:\b).{0,200}|read next|up next|",
        r"latest(?: news| stories)?|top stories|(?:previous|next) (?:article|post|story).{0,200}|post navigation|",
        r"sponsored(?: content| links)?|promoted(?: content| links| stories)?|editors?['’]? picks?|newsletters?|",
        r"about the author|follow us.{0,40}|sign up.{0,60}|around the web|from the web)\W*$"
    );
    /// A line that says who had the article first.
    SYNDICATION = concat!(
        r"(?i)^\W*(?:(?:this|the) (?:article|story|post|piece|report|column|essay|review|interview|version)",
        r"(?-u:\b).{0,160}?\s)?(?:(?:originally|first) (?:published|appeared|posted|ran)|appeared (?:first|originally))",
        r"\s+(?:by|on|in|at|with)\s+(?P<source>[^:;,.\n(\d][^:;,.\n(]{1,60}?(?:\.(?:com|org|net|co\.uk))?)\s*(?:[:;,.(]|\s-|\s–|$|\s(?:on|in|and|under|as|at)(?-u:\b))"
    );
    /// A line that says how many comments follow, and on what.
    COMMENT_COUNT = r"(?i)^\W*\d+ (?:comments?|responses?|replies|thoughts?) (?:to|on)(?-u:\b)";
    /// A line that names who wrote the comment below it.
    COMMENTER = r"(?i)(?-u:\b)(?:says|said|wrote)\W*$";
    /// A line that credits an agency or colleagues.
    CREDIT = concat!(
        r"(?i)^\W*(?:(?:the )?[\p{L}][\p{L}’'.& -]{1,60}? contributed to this (?:report|story|article)|",
        r"(?:additional |with )?reporting by|editing by|compiled by|with (?:files|agencies|reporting) from|with agency inputs?|",
        r"(?:photo|image|picture|photograph|graphic|video)s?(?: credit| courtesy)?\s*(?::|by(?-u:\b)))"
    );
    /// A line that asks the reader for money or an address.
    PLEA = concat!(
        r"(?i)(?-u:\b)(?:support(?:ing)? (?:\w+ ){0,3}journalism|support our (?:work|newsroom|mission)|",
        r"become a (?:member|subscriber|supporter)|subscribe (?:to|now|today|for)|introductory offer|",
        r"(?:make|consider) a donation|donate (?:today|now)|sign up (?:for|to) (?:our|the|receive|get)|free newsletter|",
        r"(?:just|only|for) [$£€]\d+(?:\.\d+)? (?:per|a) (?:week|month|year)|cancel any ?time)(?-u:\b)"
    );
    /// A line that sends the reader elsewhere, or stands for something that the text does not show.
    NOTICE = concat!(
        r"(?i)(?-u:\b)click here(?-u:\b)|(?-u:\b)(?:enable|requires) javascript(?-u:\b)|",
        r"^\W*(?:(?:you can|please|to) )?(?:view|read|see|find|watch|listen|download|buy|order|shop|donate|apply|register|sign up|subscribe|learn)(?-u:\b).{0,80}(?-u:\b)here\W*$|",
        r"^\W*(?:adverts?\W*$|also on \S+\.[a-z]{2,}(?-u:\b)|follow .{1,40} on(?:\W*$| (?:facebook|twitter|instagram|youtube|linkedin)(?-u:\b)))|",
        r"^\[[a-z_]+ \w+=|",
        r"^\W*(?:(?:estimated )?reading time|tempo de leitura|tiempo de lectura|temps de lecture|tempo di lettura|lesezeit)\W+(?:ca\.? )?\d+ ?min\w*\W*$|^\W*\d+ min(?:utes?)? read\W*$"
    );
    /// The heading of a note on who wrote the article, in languages of large presses.
    NOTE_ON_AUTHOR = concat!(
        r"^\W*(?:(?i:about the (?:authors?|writers?)|sobre (?:[oa]|el|la|los|las|os|as) autor(?:[ae]s?)?|über (?:den autor|die autorin)|",
        r"à propos de l['’]auteure?|acerca del? (?:la )?autora?|l['’]autore|om (?:författaren|forfatteren))|",
        r"(?:About|Sobre|Über|Om)(?: \p{Lu}[\p{L}’'.-]+){2,4})\W*$"
    );
    /// Who an asking paragraph speaks of.
    WE_AND_YOU = r"(?i)(?-u:\b)(?:we|our|us|you|your|yours)(?-u:\b)";
    /// A day, a time of day, or how long ago.
    DATE = concat!(
        r"(?i)(?-u:\b)(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}|",
        r"(?-u:\b)\d{1,2}(?:st|nd|rd|th)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,? \d{4}|",
        r"(?-u:\b)\d{4}-\d\d-\d\d(?-u:\b)|(?-u:\b)\d{1,2}[/.]\d{1,2}[/.]\d{4}(?-u:\b)"
    );
    /// A time of day, or how long ago.
    CLOCK = r"(?i)\d{1,2}[:.]\d\d ?(?:[ap]\.?m|gmt|est|edt|bst)|(?-u:\b)(?:hours?|minutes?|mins?|days?) ago(?-u:\b)";
    /// An address of a page, a person or an account.
    ADDRESS = r"https?://|www\.|@\w";
    /// A line that names the author and nothing else.
    BYLINE = r"^\W*(?:(?i:by|written by|author)\s*:?)\s+(?P<author>\p{Lu}[\p{L}’'.-]+(?:\s+(?:\p{Lu}[\p{L}’'.-]*|de|van|von|der|bin|al|and|&|,))*\s+\p{Lu}[\p{L}’'.-]+)\s*(?:$|[|,•·–-])";
    /// A line of tags.
    TAG_LINE = r"(?i)^\W*(?:tagged|tags|filed under|topics)\s*(?::|$)\s*(?P<tags>.*)$";
}

/// Function words: lines of sentences have them, lines of menus do not.
const STOP_WORDS: &str = " a about above after again against all also although always am among an and another any are \
aren't around as at away back be became because become been before began being below between both but by came can \
can't cannot could couldn't did didn't do does doesn't doing don't done down during each either else enough even ever \
every few for from further get gets give given go goes going gone got had hadn't has hasn't have haven't having he he's \
her here hers herself him himself his how however i i'd i'll i'm i've if in instead into is isn't it it's its itself just \
keep kept last least less let like made make makes many may me might mine more most much must my myself near nearly \
neither never no nor not now of off often on once one only onto or other others our ours ourselves out over own per \
perhaps put quite rather said same saw say says see seem seemed seems seen several shall she she's should shouldn't since \
so some soon still such take taken tell than that that's the their theirs them themselves then there there's therefore \
these they they're this those though through thus till to together told too took toward towards two under until up upon us \
very was wasn't we we're we've well went were weren't what when where whether which while who whom whose why will with \
within without won't would wouldn't yet you you're you've your yours ";

/// Whether a line is furniture: a button, a notice, a date or a name that stands alone.
pub(crate) fn is_furniture(line: &str) -> bool {
    let stands_alone = || line.split_whitespace().nth(10).is_none() && !line.ends_with('.');
    // A quoted post is signed with an account and a date.
    let is_dated = || DATE.is_match(line) && !line.contains("(@");
    FURNITURE.is_match(line) || stands_alone() && (is_dated() || BYLINE.is_match(line))
}

/// Whether a line says how long ago the article was published, as of a list of articles or under a headline.
pub(crate) fn is_age(line: &str) -> bool {
    AGE.is_match(line)
}

static STOP_SET: LazyLock<std::collections::HashSet<&'static str>> =
    LazyLock::new(|| STOP_WORDS.split_whitespace().collect());

/// Whether a word, in lower case, is a function word.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_SET.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches_all(pattern: &Regex, expected: bool, lines: &[&str]) {
        for line in lines {
            assert_eq!(pattern.is_match(line), expected, "{line}");
        }
    }

    #[test]
    fn lines_that_lead_away() {
        matches_all(
            &LEADS_AWAY,
            true,
            &[
                "See also  A city without cars?",
                "Read more: What the vote means",
                "Tagged:HarbourFerry",
                "© 2026 The Quayside",
                "Share",
            ],
        );
        matches_all(
            &LEADS_AWAY,
            false,
            &[
                "Share prices fell on Monday.",
                "Related industries suffered too.",
                "Seeing is believing, she said.",
            ],
        );
    }

    #[test]
    fn lines_that_send_the_reader_elsewhere() {
        matches_all(
            &NOTICE,
            true,
            &[
                "The paper comes by post every month. Click here for more.",
                "You can read our spring letter here.",
                "Also on quayside.example The ferry that never came",
                "Follow the Quayside on",
                "Advert",
                "[button link=\"x\"] Send us your own[/button]",
                "Tempo de leitura: 2 minutos",
                "4 min read",
            ],
        );
        matches_all(
            &NOTICE,
            false,
            &[
                "The advert was shown twice.",
                "They wanted to see their children grow up here.",
                "Those who want to see the harbour come here in spring.",
                "[It] was never meant to be read.",
                "Police follow leads on the coast.",
                "The reading time of the meter was 2 minutes.",
            ],
        );
    }

    #[test]
    fn headings_of_notes_on_authors() {
        matches_all(
            &NOTE_ON_AUTHOR,
            true,
            &[
                "About the author",
                "About Ilse Brandt",
                "Sobre el autor:",
                "## Über die Autorin",
            ],
        );
        matches_all(
            &NOTE_ON_AUTHOR,
            false,
            &[
                "About Hamburg",
                "About the authority",
                "About Ilse Brandt nobody spoke.",
                "About 40 Ships",
            ],
        );
    }

    #[test]
    fn who_had_it_first() {
        let source = |line| SYNDICATION.captures(line).map(|c| c["source"].to_owned());
        let line = "This article was originally published  by The Harbour Times: Ferry to return";
        assert_eq!(source(line).as_deref(), Some("The Harbour Times"));
        let line = "The post first appeared on Quayside News.";
        assert_eq!(source(line).as_deref(), Some("Quayside News"));
        let line = "The post A ferry for all appeared first on Quayside News.";
        assert_eq!(source(line).as_deref(), Some("Quayside News"));
        for line in [
            "The book was published by a small press.",
            "The camp lies in the dunes. It first appeared in 2014, when people fled the coast.",
            "This story first appeared in 2014 and was never told again.",
        ] {
            assert_eq!(source(line), None, "{line}");
        }
    }

    #[test]
    fn credits_pleas_and_bylines() {
        assert!(CREDIT.is_match("The Northern Press Agency contributed to this report."));
        assert!(CREDIT.is_match("Reporting by Ann Lee; editing by Bo Sand"));
        assert!(!CREDIT.is_match("He contributed to this reform for years."));
        assert!(PLEA.is_match("Please consider supporting local journalism"));
        assert!(PLEA.is_match("for just $2 per week"));
        assert!(!PLEA.is_match("The union asked members to support the strike."));
        let author = |line| BYLINE.captures(line).map(|c| c["author"].to_owned());
        assert_eq!(author("By Anna van Dijk").as_deref(), Some("Anna van Dijk"));
        assert_eq!(author("By Thursday the water had fallen."), None);
        for date in [
            "July 12, 2025",
            "12 Jul 2025",
            "2025-07-12",
            "Sept. 3, 2024",
        ] {
            assert_eq!(
                DATE.find(&format!("Updated {date} 12:55 am"))
                    .map(|m| m.as_str()),
                Some(date)
            );
        }
    }
}
