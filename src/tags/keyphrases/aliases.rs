//! Names that are written in several ways, and words that stand for a country.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::RandomState;

use super::words::{phrase_key, tag_key, tag_stems};

/// As written in an article, and as a tag: abbreviations, spellings, and the people and adjectives of
/// countries. Sorted.
const ALIASES: [(&str, &str); 197] = [
    ("Afghan", "Afghanistan"),
    ("Afghans", "Afghanistan"),
    ("African", "Africa"),
    ("Africans", "Africa"),
    ("Albanian", "Albania"),
    ("Algerian", "Algeria"),
    ("American", "United States"),
    ("Americans", "United States"),
    ("Angolan", "Angola"),
    ("Argentine", "Argentina"),
    ("Armenian", "Armenia"),
    ("Asian", "Asia"),
    ("Australian", "Australia"),
    ("Australians", "Australia"),
    ("Austrian", "Austria"),
    ("Azerbaijani", "Azerbaijan"),
    ("Bahraini", "Bahrain"),
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
    ("Burma", "Myanmar"),
    ("Burmese", "Myanmar"),
    ("Cambodian", "Cambodia"),
    ("Cameroonian", "Cameroon"),
    ("Canadian", "Canada"),
    ("Canadians", "Canada"),
    ("Chilean", "Chile"),
    ("Chinese", "China"),
    ("Colombian", "Colombia"),
    ("Costa Rican", "Costa Rica"),
    ("Croatian", "Croatia"),
    ("Cuban", "Cuba"),
    ("Cypriot", "Cyprus"),
    ("Czech", "Czech Republic"),
    ("Czechia", "Czech Republic"),
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
    ("Eritrean", "Eritrea"),
    ("Estonian", "Estonia"),
    ("Ethiopian", "Ethiopia"),
    ("European", "Europe"),
    ("Europeans", "Europe"),
    ("Filipino", "Philippines"),
    ("Finnish", "Finland"),
    ("French", "France"),
    ("Georgian", "Georgia"),
    ("German", "Germany"),
    ("Germans", "Germany"),
    ("Ghanaian", "Ghana"),
    ("Great Britain", "United Kingdom"),
    ("Greek", "Greece"),
    ("Greeks", "Greece"),
    ("Guatemalan", "Guatemala"),
    ("Haitian", "Haiti"),
    ("Honduran", "Honduras"),
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
    ("Jamaican", "Jamaica"),
    ("Japanese", "Japan"),
    ("Jordanian", "Jordan"),
    ("Kazakh", "Kazakhstan"),
    ("Kenyan", "Kenya"),
    ("Kenyans", "Kenya"),
    ("Kiev", "Kyiv"),
    ("Kuwaiti", "Kuwait"),
    ("Latin American", "Latin America"),
    ("Latvian", "Latvia"),
    ("Lebanese", "Lebanon"),
    ("Liberian", "Liberia"),
    ("Libyan", "Libya"),
    ("Lithuanian", "Lithuania"),
    ("Malaysian", "Malaysia"),
    ("Malian", "Mali"),
    ("Maltese", "Malta"),
    ("Mexican", "Mexico"),
    ("Mexicans", "Mexico"),
    ("Middle Eastern", "Middle East"),
    ("Moldovan", "Moldova"),
    ("Mongolian", "Mongolia"),
    ("Moroccan", "Morocco"),
    ("Mozambican", "Mozambique"),
    ("Namibian", "Namibia"),
    ("Nepalese", "Nepal"),
    ("New Zealander", "New Zealand"),
    ("New Zealanders", "New Zealand"),
    ("Nicaraguan", "Nicaragua"),
    ("Nigerian", "Nigeria"),
    ("Nigerians", "Nigeria"),
    ("North Korean", "North Korea"),
    ("North Koreans", "North Korea"),
    ("Northern Irish", "Northern Ireland"),
    ("Norwegian", "Norway"),
    ("Norwegians", "Norway"),
    ("Omani", "Oman"),
    ("Pakistani", "Pakistan"),
    ("Pakistanis", "Pakistan"),
    ("Panamanian", "Panama"),
    ("Paraguayan", "Paraguay"),
    ("Peruvian", "Peru"),
    ("Philippine", "Philippines"),
    ("Polish", "Poland"),
    ("Portuguese", "Portugal"),
    ("Puerto Rican", "Puerto Rico"),
    ("Puerto Ricans", "Puerto Rico"),
    ("Qatari", "Qatar"),
    ("Romanian", "Romania"),
    ("Russian", "Russia"),
    ("Russians", "Russia"),
    ("Rwandan", "Rwanda"),
    ("Salvadoran", "El Salvador"),
    ("Saudi", "Saudi Arabia"),
    ("Saudi Arabian", "Saudi Arabia"),
    ("Saudis", "Saudi Arabia"),
    ("Scottish", "Scotland"),
    ("Senegalese", "Senegal"),
    ("Serbian", "Serbia"),
    ("Sierra Leonean", "Sierra Leone"),
    ("Singaporean", "Singapore"),
    ("Slovak", "Slovakia"),
    ("Slovenian", "Slovenia"),
    ("Somali", "Somalia"),
    ("South African", "South Africa"),
    ("South Africans", "South Africa"),
    ("South Korean", "South Korea"),
    ("South Koreans", "South Korea"),
    ("South Sudanese", "South Sudan"),
    ("Spaniards", "Spain"),
    ("Spanish", "Spain"),
    ("Sri Lankan", "Sri Lanka"),
    ("Sri Lankans", "Sri Lanka"),
    ("Sudanese", "Sudan"),
    ("Swede", "Sweden"),
    ("Swedes", "Sweden"),
    ("Swedish", "Sweden"),
    ("Swiss", "Switzerland"),
    ("Syrian", "Syria"),
    ("Syrians", "Syria"),
    ("Taiwanese", "Taiwan"),
    ("Tanzanian", "Tanzania"),
    ("Thai", "Thailand"),
    ("Tunisian", "Tunisia"),
    ("Turkish", "Turkey"),
    ("Türkiye", "Turkey"),
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
    ("Uruguayan", "Uruguay"),
    ("Uzbek", "Uzbekistan"),
    ("Venezuelan", "Venezuela"),
    ("Venezuelans", "Venezuela"),
    ("Vietnamese", "Vietnam"),
    ("Welsh", "Wales"),
    ("Yemeni", "Yemen"),
    ("Zambian", "Zambia"),
    ("Zimbabwean", "Zimbabwe"),
];

/// The alias that a single word is, as written: "US", but not "us".
pub(super) fn of_word(word: &str) -> Option<u8> {
    let place = ALIASES.binary_search_by(|(alias, _)| (*alias).cmp(word));
    place.ok().and_then(|place| u8::try_from(place).ok())
}

/// The alias that a name of several words is, by its identity.
pub(super) fn of_name(key: u64) -> Option<u8> {
    static PLACES: LazyLock<HashMap<u64, u8, RandomState>> = LazyLock::new(|| {
        let places = (0..).zip(&ALIASES);
        let several = places.filter(|(_, (alias, _))| alias.contains(' '));
        several
            .map(|(place, (alias, _))| (tag_key(alias), place))
            .collect()
    });
    PLACES.get(&key).copied()
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
