//! Names that are written in several ways, and words that stand for a country.

use std::sync::LazyLock;

use super::words::{phrase_key, tag_stems};

/// As written in an article, and as a tag: abbreviations, spellings, and the people and adjectives of
/// countries. Sorted.
const ALIASES: [(&str, &str); 135] = [
    ("Afghan", "Afghanistan"),
    ("Afghans", "Afghanistan"),
    ("Algerian", "Algeria"),
    ("American", "United States"),
    ("Americans", "United States"),
    ("Argentine", "Argentina"),
    ("Australian", "Australia"),
    ("Australians", "Australia"),
    ("Austrian", "Austria"),
    ("Bangladeshi", "Bangladesh"),
    ("Belarusian", "Belarus"),
    ("Belgian", "Belgium"),
    ("Bolivian", "Bolivia"),
    ("Brazilian", "Brazil"),
    ("Brazilians", "Brazil"),
    ("Britain", "United Kingdom"),
    ("British", "United Kingdom"),
    ("Briton", "United Kingdom"),
    ("Britons", "United Kingdom"),
    ("Bulgarian", "Bulgaria"),
    ("Burmese", "Myanmar"),
    ("Cambodian", "Cambodia"),
    ("Canadian", "Canada"),
    ("Canadians", "Canada"),
    ("Chilean", "Chile"),
    ("Chinese", "China"),
    ("Colombian", "Colombia"),
    ("Croatian", "Croatia"),
    ("Cuban", "Cuba"),
    ("Cypriot", "Cyprus"),
    ("Czech", "Czech Republic"),
    ("D.R.C", "Democratic Republic of Congo"),
    ("DRC", "Democratic Republic of Congo"),
    ("Danes", "Denmark"),
    ("Danish", "Denmark"),
    ("Dutch", "Netherlands"),
    ("E.U", "European Union"),
    ("EU", "European Union"),
    ("Ecuadorian", "Ecuador"),
    ("Egyptian", "Egypt"),
    ("Egyptians", "Egypt"),
    ("Emirati", "United Arab Emirates"),
    ("Estonian", "Estonia"),
    ("Ethiopian", "Ethiopia"),
    ("Filipino", "Philippines"),
    ("Finnish", "Finland"),
    ("French", "France"),
    ("German", "Germany"),
    ("Germans", "Germany"),
    ("Ghanaian", "Ghana"),
    ("Greek", "Greece"),
    ("Greeks", "Greece"),
    ("Haitian", "Haiti"),
    ("Hungarian", "Hungary"),
    ("Hungarians", "Hungary"),
    ("Icelandic", "Iceland"),
    ("Indian", "India"),
    ("Indians", "India"),
    ("Indonesian", "Indonesia"),
    ("Iranian", "Iran"),
    ("Iranians", "Iran"),
    ("Iraqi", "Iraq"),
    ("Iraqis", "Iraq"),
    ("Irish", "Ireland"),
    ("Israeli", "Israel"),
    ("Israelis", "Israel"),
    ("Italian", "Italy"),
    ("Italians", "Italy"),
    ("Japanese", "Japan"),
    ("Kenyan", "Kenya"),
    ("Kenyans", "Kenya"),
    ("Kiev", "Kyiv"),
    ("Kuwaiti", "Kuwait"),
    ("Latvian", "Latvia"),
    ("Lebanese", "Lebanon"),
    ("Libyan", "Libya"),
    ("Lithuanian", "Lithuania"),
    ("Malaysian", "Malaysia"),
    ("Mexican", "Mexico"),
    ("Mexicans", "Mexico"),
    ("Moroccan", "Morocco"),
    ("Nepalese", "Nepal"),
    ("Nigerian", "Nigeria"),
    ("Nigerians", "Nigeria"),
    ("Norwegian", "Norway"),
    ("Norwegians", "Norway"),
    ("Pakistani", "Pakistan"),
    ("Pakistanis", "Pakistan"),
    ("Peruvian", "Peru"),
    ("Philippine", "Philippines"),
    ("Portuguese", "Portugal"),
    ("Qatari", "Qatar"),
    ("Romanian", "Romania"),
    ("Russian", "Russia"),
    ("Russians", "Russia"),
    ("Saudi", "Saudi Arabia"),
    ("Saudis", "Saudi Arabia"),
    ("Serbian", "Serbia"),
    ("Singaporean", "Singapore"),
    ("Slovak", "Slovakia"),
    ("Slovenian", "Slovenia"),
    ("Somali", "Somalia"),
    ("Spaniards", "Spain"),
    ("Spanish", "Spain"),
    ("Sudanese", "Sudan"),
    ("Swede", "Sweden"),
    ("Swedes", "Sweden"),
    ("Swedish", "Sweden"),
    ("Swiss", "Switzerland"),
    ("Syrian", "Syria"),
    ("Syrians", "Syria"),
    ("Taiwanese", "Taiwan"),
    ("Thai", "Thailand"),
    ("Tunisian", "Tunisia"),
    ("Turkish", "Turkey"),
    ("U.A.E", "United Arab Emirates"),
    ("U.K", "United Kingdom"),
    ("U.K.", "United Kingdom"),
    ("U.N", "United Nations"),
    ("U.N.", "United Nations"),
    ("U.S", "United States"),
    ("U.S.", "United States"),
    ("UAE", "United Arab Emirates"),
    ("UK", "United Kingdom"),
    ("UN", "United Nations"),
    ("US", "United States"),
    ("USA", "United States"),
    ("Ugandan", "Uganda"),
    ("Ukrainian", "Ukraine"),
    ("Ukrainians", "Ukraine"),
    ("Venezuelan", "Venezuela"),
    ("Venezuelans", "Venezuela"),
    ("Vietnamese", "Vietnam"),
    ("Yemeni", "Yemen"),
    ("Zimbabwean", "Zimbabwe"),
];

/// The alias that a single word is, as written: "US", but not "us".
pub(super) fn of_word(word: &str) -> Option<u8> {
    let place = ALIASES.binary_search_by(|(alias, _)| (*alias).cmp(word));
    place.ok().and_then(|place| u8::try_from(place).ok())
}

/// The identity of the name that an alias stands for.
pub(super) fn key(alias: u8) -> u64 {
    phrase_key(stems(alias))
}

/// The stems of the name that an alias stands for.
pub(super) fn stems(alias: u8) -> &'static [u64] {
    static STEMS: LazyLock<Vec<Vec<u64>>> =
        LazyLock::new(|| ALIASES.iter().map(|(_, name)| tag_stems(name)).collect());
    STEMS.get(usize::from(alias)).map_or(&[], Vec::as_slice)
}

/// The name that an alias stands for.
pub(super) fn name_of(alias: u8) -> Option<&'static str> {
    ALIASES.get(usize::from(alias)).map(|(_, name)| *name)
}

/// The name as a tag has it; the same if it is known by no other.
pub(in crate::tags) fn canonical(name: String) -> String {
    match ALIASES.binary_search_by(|(alias, _)| (*alias).cmp(name.as_str())) {
        Ok(place) => ALIASES[place].1.to_owned(),
        Err(_) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alias_is_found_and_leads_to_a_name_of_its_own() {
        assert!(ALIASES.is_sorted_by(|a, b| a.0 < b.0));
        for (alias, name) in ALIASES {
            assert_eq!(canonical(alias.to_owned()), name);
            assert_eq!(canonical(name.to_owned()), name);
        }
    }

    #[test]
    fn a_common_word_is_no_country() {
        assert_eq!(canonical("us".to_owned()), "us");
    }
}
