//! Capitals, whose names stand for their countries' governments.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::candidate::Candidate;
use super::words::tag_key;

/// A capital named at most one time for so many of its country's is no tag beside it: "Moscow" is then the
/// government, or where somebody spoke. Half as often, and the article is about the city too.
const MIN_TIMES_AS_OFTEN: u32 = 3;

/// Each capital with the country, under the name that its tag has. Sorted. Jerusalem is not among them: articles
/// name it for itself.
const CAPITALS: [(&str, &str); 88] = [
    ("Abuja", "Nigeria"),
    ("Accra", "Ghana"),
    ("Addis Ababa", "Ethiopia"),
    ("Algiers", "Algeria"),
    ("Amman", "Jordan"),
    ("Amsterdam", "Netherlands"),
    ("Ankara", "Turkey"),
    ("Athens", "Greece"),
    ("Baghdad", "Iraq"),
    ("Baku", "Azerbaijan"),
    ("Bamako", "Mali"),
    ("Bangkok", "Thailand"),
    ("Beijing", "China"),
    ("Beirut", "Lebanon"),
    ("Belgrade", "Serbia"),
    ("Berlin", "Germany"),
    ("Bern", "Switzerland"),
    ("Bogota", "Colombia"),
    ("Bogotá", "Colombia"),
    ("Brasilia", "Brazil"),
    ("Bratislava", "Slovakia"),
    ("Brussels", "Belgium"),
    ("Bucharest", "Romania"),
    ("Budapest", "Hungary"),
    ("Buenos Aires", "Argentina"),
    ("Cairo", "Egypt"),
    ("Canberra", "Australia"),
    ("Caracas", "Venezuela"),
    ("Colombo", "Sri Lanka"),
    ("Copenhagen", "Denmark"),
    ("Damascus", "Syria"),
    ("Delhi", "India"),
    ("Dhaka", "Bangladesh"),
    ("Doha", "Qatar"),
    ("Dublin", "Ireland"),
    ("Hanoi", "Vietnam"),
    ("Harare", "Zimbabwe"),
    ("Havana", "Cuba"),
    ("Helsinki", "Finland"),
    ("Islamabad", "Pakistan"),
    ("Jakarta", "Indonesia"),
    ("Kabul", "Afghanistan"),
    ("Kampala", "Uganda"),
    ("Kathmandu", "Nepal"),
    ("Khartoum", "Sudan"),
    ("Kinshasa", "Democratic Republic of Congo"),
    ("Kuala Lumpur", "Malaysia"),
    ("Kyiv", "Ukraine"),
    ("Lima", "Peru"),
    ("Lisbon", "Portugal"),
    ("Ljubljana", "Slovenia"),
    ("London", "United Kingdom"),
    ("Madrid", "Spain"),
    ("Manila", "Philippines"),
    ("Mexico City", "Mexico"),
    ("Minsk", "Belarus"),
    ("Mogadishu", "Somalia"),
    ("Moscow", "Russia"),
    ("Nairobi", "Kenya"),
    ("New Delhi", "India"),
    ("Nicosia", "Cyprus"),
    ("Oslo", "Norway"),
    ("Ottawa", "Canada"),
    ("Paris", "France"),
    ("Prague", "Czech Republic"),
    ("Pretoria", "South Africa"),
    ("Pyongyang", "North Korea"),
    ("Quito", "Ecuador"),
    ("Rabat", "Morocco"),
    ("Riga", "Latvia"),
    ("Riyadh", "Saudi Arabia"),
    ("Rome", "Italy"),
    ("Sanaa", "Yemen"),
    ("Santiago", "Chile"),
    ("Seoul", "South Korea"),
    ("Sofia", "Bulgaria"),
    ("Stockholm", "Sweden"),
    ("Taipei", "Taiwan"),
    ("Tallinn", "Estonia"),
    ("Tehran", "Iran"),
    ("Tokyo", "Japan"),
    ("Tripoli", "Libya"),
    ("Tunis", "Tunisia"),
    ("Vienna", "Austria"),
    ("Vilnius", "Lithuania"),
    ("Warsaw", "Poland"),
    ("Washington", "United States"),
    ("Zagreb", "Croatia"),
];

/// Whether a candidate is a capital that stands for its country in this article.
pub(super) fn stands_for_country(candidate: &Candidate, all: &[Candidate]) -> bool {
    /// The countries' keys by their capitals'.
    static COUNTRIES: LazyLock<HashMap<u64, u64>> = LazyLock::new(|| {
        let keys = CAPITALS.map(|(capital, country)| (tag_key(capital), tag_key(country)));
        HashMap::from(keys)
    });
    let country = COUNTRIES.get(&candidate.key);
    country.is_some_and(|key| {
        let least = candidate.count.saturating_mul(MIN_TIMES_AS_OFTEN);
        all.iter().any(|c| c.key == *key && c.count >= least)
    })
}

#[cfg(test)]
mod tests {
    use super::super::aliases::canonical;
    use super::*;

    #[test]
    fn capitals_and_countries_are_written_as_tags_are() {
        assert!(CAPITALS.is_sorted_by(|a, b| a.0 < b.0));
        for (capital, country) in CAPITALS {
            assert_eq!(canonical(capital.to_owned()), capital);
            assert_eq!(canonical(country.to_owned()), country);
        }
    }

    #[test]
    fn a_capital_named_a_third_as_often_or_less_stands_for_its_country() {
        let of = |name: &str, count| Candidate {
            key: tag_key(name),
            count,
            ..Candidate::default()
        };
        let stands = |capital: (&str, u32), country: (&str, u32)| {
            let capital = of(capital.0, capital.1);
            let all = [capital.clone(), of(country.0, country.1)];
            stands_for_country(&capital, &all)
        };
        assert!(stands(("Moscow", 3), ("Russia", 9)));
        assert!(!stands(("Moscow", 3), ("Russia", 8)));
        assert!(!stands(("Moscow", 1), ("Ukraine", 9)));
        assert!(!stands(("Leipzig", 1), ("Germany", 9)));
    }
}
