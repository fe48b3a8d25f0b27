//! Vocabularies as SKOS in Turtle (W3C, "SKOS Simple Knowledge Organization System Reference").
//!
//! `skos:prefLabel` is the label, `skos:altLabel` and `skos:hiddenLabel` are aliases, `skos:notation` is
//! the code, `skos:broader` the parent. Everything else is left alone, `skos:exactMatch` too: it leads
//! to other vocabularies.
//!
//! Such files are published by others, who put up with more than a desk's own table has: concepts that are no longer
//! in use, two concepts of one label, empty aliases, parents in other files. None of these keeps the rest from being
//! read.

use std::collections::{BTreeSet, HashMap};

use oxrdf::{NamedOrBlankNode, Term, Triple};
use oxttl::TurtleParser;

use super::entry::{
    ConceptEntry, ConceptFile, ConceptsError, Draft, FieldNames, check_number, listed,
};
use crate::tags::wording::fold;

const SKOS: &str = "http://www.w3.org/2004/02/skos/core#";
/// Its labels are resources of their own (SKOS Reference, appendix B).
const SKOS_XL: &str = "http://www.w3.org/2008/05/skos-xl#";
const OWL_DEPRECATED: &str = "http://www.w3.org/2002/07/owl#deprecated";
const RDF_TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
/// IPTC's names of Media Topics, whose codes are written `medtop:20000002`.
const IPTC_MEDIA_TOPICS: &str = "http://cv.iptc.org/newscodes/mediatopic/";
const FIELDS: FieldNames = FieldNames {
    label: "skos:prefLabel",
    alias: "skos:altLabel",
    code: "skos:notation",
    parent: "skos:broader",
};

const ONLY_XL: &str = "there are only labels of SKOS-XL, which are not read; write each skosxl:literalForm as skos:prefLabel or skos:altLabel of its concept too";

/// A text with its language, which may be empty.
type Literal = (String, String);

#[derive(Default)]
struct Resource {
    name: String,
    is_concept: bool,
    /// A scheme or a collection has a label too and is no tag.
    is_other: bool,
    /// It is there for what was filed under it before, and no tag.
    is_retired: bool,
    has_xl_label: bool,
    labels: Vec<Literal>,
    aliases: Vec<Literal>,
    notation: String,
    broader: Option<String>,
}

/// Reads a vocabulary. Labels and aliases are taken in `language`, such as `en`; those without a
/// language count where there is none in it, and tags with neither are left out. So are retired ones.
///
/// # Errors
/// [`ConceptsError`] names the file, the line or the tag, and the property.
pub fn read(bytes: &[u8], file: &str, language: &str) -> Result<ConceptFile, ConceptsError> {
    let mut resources = resources(bytes, file)?;
    resources.retain(|resource| !resource.is_other && !resource.is_retired);
    let labels: HashMap<&str, &str> = resources
        .iter()
        .filter_map(|r| Some((r.name.as_str(), chosen(&r.labels, language)?)))
        .collect();
    let (mut entries, mut places) = (Vec::new(), Vec::new());
    let mut firsts = HashMap::new();
    for resource in &resources {
        if let Some(label) = labels.get(&*resource.name) {
            firsts.entry(fold(label)).or_insert(&*resource.name);
        }
    }
    let first_of = |label: &str| firsts.get(&fold(label)).copied();
    let mut doubled = Vec::new();
    for resource in &resources {
        let name = resource.name.as_str();
        if resource.is_concept && resource.labels.is_empty() {
            let problem = match resource.has_xl_label {
                true => ONLY_XL,
                false => "there is none",
            };
            return Err(error(
                format!("{file}:{name}"),
                FIELDS.label,
                problem.to_owned(),
            ));
        }
        let Some(label) = labels.get(name) else {
            continue;
        };
        if let Some(first) = first_of(label).filter(|first| *first != name) {
            doubled.push(format!("{label:?} of {name}, as of {first}"));
            continue;
        }
        // Of one that is retired or left out, in another language or in another file, there is no tag.
        let broader = resource.broader.as_deref();
        let parent = broader.and_then(|name| {
            let label = labels.get(name)?;
            (first_of(label) == Some(name)).then_some(label)
        });
        entries.push(ConceptEntry {
            label: (*label).to_owned(),
            aliases: in_language(&resource.aliases, language),
            code: code(resource),
            parent: parent.copied().unwrap_or_default().to_owned(),
        });
        places.push(name);
    }
    if entries.is_empty() {
        return Err(error(
            file.to_owned(),
            FIELDS.label,
            none_in(language, &resources),
        ));
    }
    let draft = Draft {
        file,
        fields: FIELDS,
        entries,
        places,
        has_parent_codes: false,
    };
    let mut read = draft.check()?;
    let remark = format!(
        "{file}: of concepts with the same label the first counts; left out: {}",
        listed(&doubled)
    );
    read.remarks.extend((!doubled.is_empty()).then_some(remark));
    Ok(read)
}

fn error(place: String, field: &'static str, problem: String) -> ConceptsError {
    ConceptsError {
        place,
        field,
        problem,
    }
}

fn none_in(language: &str, resources: &[Resource]) -> String {
    let labels = resources.iter().flat_map(|r| &r.labels);
    let languages: BTreeSet<&str> = labels.map(|(_, language)| language.as_str()).collect();
    let languages: Vec<&str> = languages.into_iter().collect();
    if languages.is_empty() && resources.iter().any(|r| r.has_xl_label) {
        return ONLY_XL.to_owned();
    }
    format!(
        "there is none in the language {language:?}; the file has {}",
        if languages.is_empty() {
            "no labels of concepts in use at all".to_owned()
        } else {
            format!("labels in: {}", languages.join(", "))
        }
    )
}

/// All that has a name in the file, in the order of the file.
fn resources(bytes: &[u8], file: &str) -> Result<Vec<Resource>, ConceptsError> {
    let mut resources: Vec<Resource> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for triple in TurtleParser::new().for_slice(bytes) {
        let triple = triple.map_err(|fault| {
            let line = fault.location().start.line + 1;
            error(
                format!("{file}:{line}"),
                "Turtle",
                fault.message().to_owned(),
            )
        })?;
        let name = subject(&triple);
        let place = *places.entry(name.clone()).or_insert(resources.len());
        if place == resources.len() {
            check_number(file, place)?;
            resources.push(Resource {
                name,
                ..Resource::default()
            });
        }
        resources[place].add(&triple);
    }
    Ok(resources)
}

fn subject(triple: &Triple) -> String {
    match &triple.subject {
        NamedOrBlankNode::NamedNode(node) => node.as_str().to_owned(),
        NamedOrBlankNode::BlankNode(node) => format!("_:{}", node.as_str()),
    }
}

impl Resource {
    fn add(&mut self, triple: &Triple) {
        let predicate = triple.predicate.as_str();
        match (predicate.strip_prefix(SKOS), &triple.object) {
            (Some("prefLabel"), Term::Literal(text)) => self.labels.push(literal(text)),
            (Some("altLabel" | "hiddenLabel"), Term::Literal(text)) => {
                self.aliases.push(literal(text));
            }
            (Some("notation"), Term::Literal(text)) => self.notation = text.value().to_owned(),
            (Some("broader"), Term::NamedNode(node)) if self.broader.is_none() => {
                self.broader = Some(node.as_str().to_owned());
            }
            (None, Term::NamedNode(node)) if predicate == RDF_TYPE => {
                match node.as_str().strip_prefix(SKOS) {
                    Some("Concept") => self.is_concept = true,
                    Some(_) => self.is_other = true,
                    None => {}
                }
            }
            (None, object) if retires(predicate, object) => self.is_retired = true,
            (None, _) if predicate.starts_with(SKOS_XL) => self.has_xl_label = true,
            _ => {}
        }
    }
}

/// Whether a statement takes its concept out of use. IPTC gives the date of that, in a namespace of its own.
fn retires(predicate: &str, object: &Term) -> bool {
    let Term::Literal(value) = object else {
        return false;
    };
    match predicate {
        OWL_DEPRECATED => matches!(value.value(), "true" | "1"),
        _ => {
            predicate.contains("iptc.org/")
                && predicate.rsplit(['/', '#']).next() == Some("retired")
        }
    }
}

fn literal(text: &oxrdf::Literal) -> Literal {
    let language = text.language().unwrap_or_default().to_ascii_lowercase();
    (text.value().trim().to_owned(), language)
}

/// How well a language tag answers to a wanted one: the same, the same but for the region, none, another.
fn rank(language: &str, wanted: &str) -> usize {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    let wanted = wanted.to_ascii_lowercase();
    if language == wanted {
        0
    } else if language.is_empty() {
        2
    } else if primary(language) == primary(&wanted) {
        1
    } else {
        3
    }
}

fn chosen<'a>(labels: &'a [Literal], wanted: &str) -> Option<&'a str> {
    let ranked = labels.iter().map(|(text, tag)| (rank(tag, wanted), text));
    let best = ranked.min_by_key(|(rank, _)| *rank)?;
    (best.0 < 3).then_some(best.1)
}

/// The aliases in a language, but for those of which no word is left to be found.
fn in_language(aliases: &[Literal], wanted: &str) -> Vec<String> {
    let has_word = |text: &str| text.contains(char::is_alphanumeric);
    let fitting = aliases
        .iter()
        .filter(|(text, tag)| rank(tag, wanted) < 3 && has_word(text));
    fitting.map(|(text, _)| text.clone()).collect()
}

/// The notation, or else the name itself.
fn code(resource: &Resource) -> String {
    match resource.name.strip_prefix(IPTC_MEDIA_TOPICS) {
        _ if !resource.notation.is_empty() => resource.notation.clone(),
        Some(number) => format!("medtop:{number}"),
        None => resource.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOCABULARY: &str = r#"
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        @prefix t: <http://cv.iptc.org/newscodes/mediatopic/> .
        <urn:scheme> a skos:ConceptScheme ; skos:prefLabel "All of them"@en .
        t:15000000 a skos:Concept ; skos:prefLabel "sport"@en-GB, "Sport"@de, "sports"@en-US .
        t:20001065 a skos:Concept ;
            skos:prefLabel "football"@en, "Fußball"@de ; skos:altLabel "soccer"@en, "Kicken"@de, "11-a-side" ;
            skos:broader t:15000000 ; skos:exactMatch <http://www.wikidata.org/entity/Q2736> .
        <urn:x> a skos:Concept ; skos:prefLabel "seulement"@fr ; skos:notation "X1" .
        <urn:y> a skos:Concept ; skos:prefLabel "Anything" ; skos:notation "Y1" .
    "#;

    fn read_in(language: &str) -> Vec<ConceptEntry> {
        read(VOCABULARY.as_bytes(), "v.ttl", language)
            .unwrap()
            .entries
    }

    #[test]
    fn labels_are_those_of_the_language() {
        let labels =
            |language| -> Vec<String> { read_in(language).into_iter().map(|e| e.label).collect() };
        assert_eq!(labels("en"), ["sport", "football", "Anything"]);
        assert_eq!(labels("en-US"), ["sports", "football", "Anything"]);
        assert_eq!(labels("de"), ["Sport", "Fußball", "Anything"]);
        assert_eq!(labels("fr"), ["seulement", "Anything"]);
    }

    #[test]
    fn aliases_codes_and_parents_are_read() {
        let entries = read_in("en");
        assert_eq!(entries[1].aliases, ["soccer", "11-a-side"]);
        assert_eq!(entries[1].code, "medtop:20001065");
        assert_eq!(entries[1].parent, "sport");
        assert_eq!(entries[2].code, "Y1");
    }

    #[test]
    fn what_is_wrong_is_named_by_file_place_and_property() {
        let prefix = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n";
        let cases: [(&[u8], &str); 7] = [
            (b"<urn:a> a skos:Concept .", "v.ttl:2: Turtle: "),
            (b"<urn:a> skos:prefLabel \"cut o", "v.ttl:2: Turtle: "),
            (b"<urn:a> skos:prefLabel \"\xff\" .", "v.ttl:2: Turtle: "),
            (
                b"",
                "v.ttl: skos:prefLabel: there is none in the language \"en\"",
            ),
            (
                b"<urn:a> a skos:Concept .",
                "v.ttl:urn:a: skos:prefLabel: there is none",
            ),
            (
                b"<urn:a> a skos:Concept ; <http://www.w3.org/2008/05/skos-xl#prefLabel> <urn:b> .",
                "v.ttl:urn:a: skos:prefLabel: there are only labels of SKOS-XL",
            ),
            (
                b"<urn:a> skos:prefLabel \"A\" ; skos:broader <urn:a> .",
                "v.ttl:urn:a: skos:broader: \"A\" is its own parent",
            ),
        ];
        for (i, (text, message)) in cases.into_iter().enumerate() {
            // The first has no prefix, and so a name that nothing stands for.
            let head = if i == 0 { "\n" } else { prefix };
            let text = [head.as_bytes(), text].concat();
            let fault = read(&text, "v.ttl", "en").unwrap_err().to_string();
            assert!(fault.starts_with(message), "{fault}\nis not\n{message}");
        }
    }

    #[test]
    fn what_published_files_have_does_not_keep_them_from_being_read() {
        let read = |text: &str| {
            let head = format!(
                "@prefix skos: <{SKOS}> . @prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix ikos: <http://cv.iptc.org/newscodes/ikos/> .\n"
            );
            read((head + text).as_bytes(), "v.ttl", "en").unwrap()
        };
        let found = read(
            r#"<urn:old> a skos:Concept ; skos:prefLabel "Renewable energy" ; owl:deprecated true .
            <urn:older> a skos:Concept ; skos:prefLabel "Wind" ; ikos:retired "2017-01-26T12:00:00+00:00" .
            <urn:bare> a skos:Concept ; owl:deprecated true .
            <urn:new> skos:prefLabel "renewable energy" ; skos:broader <urn:gone> ; owl:deprecated false ;
                skos:altLabel "", " ", "–", "green energy" .
            <urn:sun> skos:prefLabel "Sun" ; skos:broader <urn:older> ."#,
        );
        let labels: Vec<&str> = found.entries.iter().map(|e| &*e.label).collect();
        assert_eq!(labels, ["renewable energy", "Sun"]);
        assert_eq!(found.entries[0].aliases, ["green energy"]);
        assert!(found.entries.iter().all(|entry| entry.parent.is_empty()));
        assert!(found.remarks.is_empty());

        // What is left out is nobody's parent: "Law" would be its own.
        let found = read(
            r#"<urn:a> skos:prefLabel "Law" ; skos:broader <urn:b> . <urn:b> skos:prefLabel "law" ; skos:broader <urn:c> .
            <urn:c> skos:prefLabel "Society" ."#,
        );
        let parents: Vec<&str> = found.entries.iter().map(|e| &*e.parent).collect();
        assert_eq!(parents, ["", ""]);

        let found = read(
            r#"<urn:a> skos:prefLabel "Mercury" . <urn:b> skos:prefLabel "mercury" .
            <urn:c> skos:prefLabel "Planets" . <urn:d> skos:prefLabel "Ring" ; skos:broader <urn:b> ."#,
        );
        assert_eq!(found.entries.len(), 3);
        assert_eq!(
            (&*found.entries[0].code, &*found.entries[2].parent),
            ("urn:a", "")
        );
        assert_eq!(
            found.remarks,
            [
                "v.ttl: of concepts with the same label the first counts; left out: \"mercury\" of urn:b, as of urn:a"
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_does_harm(text in "[<>a-c:@\"\\.;, \n]{0,80}") {
            let _ = read(text.as_bytes(), "f", "en");
            let prefixed = format!("@prefix skos: <{SKOS}> . <urn:a> skos:prefLabel {text}");
            let _ = read(prefixed.as_bytes(), "f", "en");
        }
    }
}
