//! Names that are written in several ways, and words that stand for a country.

/// As written in an article, and as a tag: abbreviations, spellings, and the people and adjectives of
/// countries. Sorted.
const ALIASES: [(&str, &str); 59] = [
    ("Afghan", "Afghanistan"),
    ("American", "United States"),
    ("Americans", "United States"),
    ("Australian", "Australia"),
    ("Australians", "Australia"),
    ("Brazilian", "Brazil"),
    ("British", "United Kingdom"),
    ("Canadian", "Canada"),
    ("Canadians", "Canada"),
    ("Chinese", "China"),
    ("Danish", "Denmark"),
    ("Dutch", "Netherlands"),
    ("E.U", "European Union"),
    ("EU", "European Union"),
    ("Egyptian", "Egypt"),
    ("French", "France"),
    ("German", "Germany"),
    ("Germans", "Germany"),
    ("Greek", "Greece"),
    ("Hungarian", "Hungary"),
    ("Indian", "India"),
    ("Indonesian", "Indonesia"),
    ("Iranian", "Iran"),
    ("Iranians", "Iran"),
    ("Iraqi", "Iraq"),
    ("Irish", "Ireland"),
    ("Israeli", "Israel"),
    ("Israelis", "Israel"),
    ("Italian", "Italy"),
    ("Japanese", "Japan"),
    ("Kenyan", "Kenya"),
    ("Kiev", "Kyiv"),
    ("Lebanese", "Lebanon"),
    ("Mexican", "Mexico"),
    ("Nigerian", "Nigeria"),
    ("Norwegian", "Norway"),
    ("Pakistani", "Pakistan"),
    ("Portuguese", "Portugal"),
    ("Russian", "Russia"),
    ("Russians", "Russia"),
    ("Saudi", "Saudi Arabia"),
    ("Spanish", "Spain"),
    ("Swedish", "Sweden"),
    ("Swiss", "Switzerland"),
    ("Syrian", "Syria"),
    ("Turkish", "Turkey"),
    ("U.K", "United Kingdom"),
    ("U.K.", "United Kingdom"),
    ("U.N", "United Nations"),
    ("U.N.", "United Nations"),
    ("U.S", "United States"),
    ("U.S.", "United States"),
    ("UK", "United Kingdom"),
    ("UN", "United Nations"),
    ("US", "United States"),
    ("USA", "United States"),
    ("Ukrainian", "Ukraine"),
    ("Ukrainians", "Ukraine"),
    ("Venezuelan", "Venezuela"),
];

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
