//! Words with an office in the language: what phrases do not begin with, titles, connectors.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use super::words::hash_of;

/// A word that no phrase begins or ends with.
pub const STOP: u16 = 1;
/// "of", "de", "van", "&": may stand within a name.
pub const CONNECTOR: u16 = 2;
/// What stands before a noun.
pub const DETERMINER: u16 = 4;
/// What stands before a verb.
pub const BEFORE_VERB: u16 = 8;
/// What stands after a noun.
pub const AFTER_NOUN: u16 = 16;
/// An office or a title, which is no part of a name.
pub const ROLE: u16 = 32;
/// A title that is dropped before a single name as well.
pub const TITLE: u16 = 64;
/// Ends in a full stop that ends no sentence.
pub const ABBREVIATION: u16 = 128;
/// A word that no phrase begins with, and many a name does: "New York", "Six Nations".
pub const NAME_START: u16 = 256;

const STOP_WORDS: &str = "a about above after again against all also although always am among an and another any anybody anyone anything anyway are around as at away back be became because become becomes been before began begin behind being below best better between both but by came can cannot can't come comes could couldn't did didn't do does doesn't doing don't done down during each either else enough even ever every everybody everyone everything far few for found from further gave get gets getting give given go goes going gone got had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers herself him himself his how however i i'd i'll i'm i've if in into is isn't it it'd it'll it's its itself just keep kept knew know known last least less let let's like likely look looking made make makes making many may maybe me meanwhile might more most much must my myself near nearly need needed needs never new next no nobody nor not nothing now of off often on once one only onto or other others otherwise our ours ourselves out over own per perhaps put quite rather really said same saw say saying says see seem seemed seems seen several shall she she'd she'll she's should shouldn't since so some someone something soon still such take taken takes taking tell than that that's the their theirs them themselves then there there's therefore these they they'd they'll they're they've thing things think this those though through thus till to today together told tomorrow too took toward towards try under until up upon us use used using very want wanted wants was wasn't way we we'd we'll we're we've well went were weren't what what's whatever when where whether which while who who's whom whose why will with within without won't would wouldn't yes yesterday yet you you'd you'll you're you've your yours yourself yourselves mr mrs ms dr monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november december jan feb aug sept oct nov dec year years month months week weeks day days time times hour hours minute minutes two three four five six seven eight nine ten first second third million billion percent pct cent according added adding ago almost already along asked called early earlier late later long lot largely left little old part people able actually across amid despite including include includes included especially recent recently";
const CONNECTORS: &str = "of for de la le du van von der den bin al el del da di & y";
const DETERMINERS: &str = "the a an this that these those his her its their our my your of in for with by on from at some any no each both";
const BEFORE_VERBS: &str = "to he she they it we who i you will would can could may might must should not has have had been was were is are be being";
const AFTER_NOUNS: &str =
    "of is was are were has have had will would said says and , . ; : ' \" ) 's";
const ROLES: &str = "president vice prime minister senator sen rep gov governor secretary majority minority leader foreign chancellor king queen prince princess judge justice general chief ceo coach spokesman spokeswoman spokesperson mayor congressman congresswoman chairman chairwoman chair director mr mrs ms dr sir lady lord pope rev attorney speaker ambassador admiral colonel captain sergeant officer detective professor prof press house senate democratic republican former rabbi commissioner sheriff treasury defense defence state interior finance kremlin";
const TITLES: &str = "president minister senator sen rep gov governor secretary chancellor mayor mr mrs ms dr judge congressman congresswoman chairman chairwoman prof rev";
const ABBREVIATIONS: &str = "mr mrs ms dr gov sen rep gen col lt sgt capt prof st jr sr inc corp co ltd vs no jan feb aug sept oct nov dec cmdr adm rev hon ave";

const NAME_STARTS: &str = "new old little long best first second third two three four five six seven eight nine ten time will left far near";
/// What "and" stands between in names of one thing, among much else that it joins.
const ONE_NAME: &str = "antigua-barbuda arts-sciences barnes-noble black-decker bosnia-herzegovina brighton-hove control-prevention dolce-gabbana education-skills ernst-young food-drug hammersmith-fulham health-human housing-urban jammu-kashmir johnson-johnson kensington-chelsea kitts-nevis marks-spencer newfoundland-labrador procter-gamble research-analysis rhythm-blues rock-roll science-technology securities-exchange smith-wesson standard-poor trade-industry trinidad-tobago turks-caicos tyne-wear wallis-futuna work-pensions";

static WORD_CLASSES: LazyLock<HashMap<u64, u16, RandomState>> = LazyLock::new(|| {
    let mut classes: HashMap<u64, u16, RandomState> = HashMap::default();
    for (words, class) in [
        (STOP_WORDS, STOP),
        (CONNECTORS, CONNECTOR),
        (DETERMINERS, DETERMINER),
        (BEFORE_VERBS, BEFORE_VERB),
        (AFTER_NOUNS, AFTER_NOUN),
        (ROLES, ROLE),
        (TITLES, TITLE),
        (ABBREVIATIONS, ABBREVIATION),
        (NAME_STARTS, NAME_START),
    ] {
        for word in words.split_whitespace() {
            *classes.entry(hash_of(word)).or_default() |= class;
        }
    }
    classes
});

/// The classes of a word, by the hash of its lower case.
pub(super) fn classes_of(word: u64) -> u16 {
    WORD_CLASSES.get(&word).copied().unwrap_or_default()
}

/// Whether "and" joins two words, by the hashes of their lower case, in the name of one thing.
pub(super) fn are_one_name(before: u64, after: u64) -> bool {
    static PAIRS: LazyLock<Vec<(u64, u64)>> = LazyLock::new(|| {
        let pairs = ONE_NAME.split(' ').filter_map(|pair| pair.split_once('-'));
        pairs.map(|(a, b)| (hash_of(a), hash_of(b))).collect()
    });
    PAIRS.contains(&(before, after))
}
