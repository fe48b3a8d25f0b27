//! Which tags are offered, in which order: one list out of all sources, in which no two mean the same.

use std::ops::Range;
use std::sync::Arc;

use super::concepts::Concepts;
use super::keyphrases::aliases;
use super::keyphrases::surnames::known_person;
use super::rules::TagRules;
use super::suggestion::{Suggestion, joined};
use super::tag::{Rejection, TagKind};
use super::vocabulary::LearntTags;
use super::wording::{ByWording, Wording};
use crate::text::Field;

/// At most so many rejected tags are named.
const MAX_REJECTED: usize = 50;

/// What a caller wants of the tags.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// At most so many.
    pub max_tags: usize,
    /// Never these.
    pub denied: &'a [String],
    /// Nor these, which the article has.
    pub existing: &'a [String],
    /// Only these; empty: any.
    pub allowed: &'a [String],
    /// What holds for every article.
    pub rules: &'a TagRules,
    /// The vocabulary whose labels go before those of the article.
    pub concepts: Option<&'a Concepts>,
    /// The tags that were learnt, which are of a vocabulary too.
    pub learnt: Option<&'a LearntTags>,
    /// Whether a phrase that is in the vocabulary is a tag of the vocabulary.
    pub joins_vocabulary: bool,
}

/// What is offered and what is not, each best first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selected {
    /// The tags of the answer.
    pub offered: Vec<Suggestion>,
    /// The best of the others.
    pub rejected: Vec<(Suggestion, Rejection)>,
}

/// Makes one list of all suggestions: names become the tags that they stand for, those that mean the same
/// become one, best first and equals by label; then what is not wanted goes.
pub fn select(suggestions: Vec<Suggestion>, selection: &Selection<'_>) -> Selected {
    let named = suggestions.into_iter().map(|s| selection.named(s));
    let mut list = joined(named);
    list.sort_by(|(_, a), (_, b)| {
        let best_first = b.confidence.total_cmp(&a.confidence);
        best_first.then_with(|| a.label.cmp(&b.label))
    });
    let denied = selection.wordings(selection.denied);
    let existing = selection.wordings(selection.existing);
    let allowed = selection.wordings(selection.allowed);
    let parts = Covered::new(&list);
    let mut selected = Selected::default();
    for (wording, mut tag) in list {
        let has_room = selected.offered.len() < selection.max_tags;
        let is_allowed = selection.allowed.is_empty() || allowed.has(&wording);
        let is_denied = denied.has(&wording) || selection.rules.denied().has(&wording);
        let reasons = [
            (existing.has(&wording), Rejection::Existing),
            (is_denied, Rejection::Denied),
            (!is_allowed, Rejection::NotAllowed),
            (!tag.is_sure, Rejection::LowConfidence),
            (parts.holds(&tag), Rejection::PartOfAnother),
            (!has_room, Rejection::OverLimit),
        ];
        tag.is_new &= !allowed.has(&wording);
        match reasons.into_iter().find(|(holds, _)| *holds) {
            None => selected.offered.push(tag),
            Some((_, reason)) if selected.rejected.len() < MAX_REJECTED => {
                selected.rejected.push((tag, reason));
            }
            Some(_) => {}
        }
    }
    selected
}

impl Selection<'_> {
    /// A suggestion under the name that the desk or its vocabulary has for it.
    fn named(&self, mut suggestion: Suggestion) -> (Wording, Suggestion) {
        if let Some(tag) = self.rules.canonical(&suggestion.label) {
            suggestion.label = Arc::clone(tag);
        }
        if let Some(concept) = self.concepts.and_then(|c| c.lookup(&suggestion.label)) {
            suggestion.label = Arc::clone(&concept.label);
            suggestion.code.clone_from(&concept.code);
            suggestion.broader.clone_from(&concept.broader);
            self.join_vocabulary(&mut suggestion);
        }
        let wording = Wording::new(&suggestion.label);
        let learnt = self.learnt.filter(|_| suggestion.is_new);
        if let Some(label) = learnt.and_then(|learnt| learnt.lookup(&wording)) {
            suggestion.label = Arc::clone(label);
            self.join_vocabulary(&mut suggestion);
        }
        (wording, suggestion)
    }

    fn join_vocabulary(&self, suggestion: &mut Suggestion) {
        suggestion.is_new = false;
        if self.joins_vocabulary {
            suggestion.kind = TagKind::Vocabulary;
        }
    }

    /// The wordings of a caller's list, and of the tags that they are other names of.
    fn wordings(&self, tags: &[String]) -> ByWording<()> {
        let mut all = ByWording::default();
        for tag in tags {
            let wording = Wording::new(tag);
            let person = known_person(wording.key()).map(str::to_owned);
            all.insert(wording, ());
            let usual = person.unwrap_or_else(|| aliases::canonical(tag.trim().to_owned()));
            let meant = self.rules.canonical(tag).map_or(usual.as_str(), |t| t);
            let concept = self.concepts.and_then(|c| c.lookup(meant));
            let meant = concept.map_or(meant, |concept| &concept.label);
            if meant != tag {
                all.insert(Wording::new(meant), ());
            }
        }
        all
    }
}

/// Where the article speaks of the tags of vocabularies that are sure.
struct Covered {
    /// By field: starts in order, each with the greatest end up to there.
    ranges: [Vec<(usize, usize)>; 2],
}

impl Covered {
    fn new(list: &[(Wording, Suggestion)]) -> Self {
        let mut ranges = [Vec::new(), Vec::new()];
        let tags = list.iter().map(|(_, tag)| tag);
        for tag in tags.filter(|tag| tag.kind == TagKind::Vocabulary && tag.is_sure) {
            for (field, bytes) in &tag.mentions {
                ranges[usize::from(*field == Field::Body)].push((bytes.start, bytes.end));
            }
        }
        for ranges in &mut ranges {
            ranges.sort_unstable();
            let mut greatest = 0;
            for (_, end) in ranges {
                greatest = greatest.max(*end);
                *end = greatest;
            }
        }
        Self { ranges }
    }

    /// Whether a phrase stands nowhere but within them.
    fn holds(&self, tag: &Suggestion) -> bool {
        let is_within = |(field, bytes): &(Field, Range<usize>)| {
            let ranges = &self.ranges[usize::from(*field == Field::Body)];
            let after = ranges.partition_point(|(start, _)| *start <= bytes.start);
            after > 0 && ranges[after - 1].1 >= bytes.end
        };
        tag.kind == TagKind::Keyphrase
            && !tag.mentions.is_empty()
            && tag.mentions.iter().all(is_within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tags::concepts::ConceptEntry;

    fn suggestion(label: &str, confidence: f32, kind: TagKind) -> Suggestion {
        Suggestion {
            label: Arc::from(label),
            confidence,
            is_sure: confidence >= 0.3,
            kind,
            mentions: Vec::new(),
            code: None,
            broader: None,
            is_new: kind == TagKind::Keyphrase,
        }
    }

    fn learnt() -> Vec<Suggestion> {
        [
            ("Brexit", 0.5),
            ("Floods", 0.9),
            ("Élections", 0.7),
            ("Budget", 0.9),
            ("Rain", 0.2),
        ]
        .map(|(label, confidence)| suggestion(label, confidence, TagKind::Vocabulary))
        .into()
    }

    fn concepts() -> Concepts {
        let entry = |label: &str, aliases: &[&str], code: &str| ConceptEntry {
            label: label.into(),
            aliases: aliases.iter().map(|a| (*a).to_owned()).collect(),
            code: code.into(),
            parent: String::new(),
        };
        Concepts::new([vec![
            entry("United Nations", &["UN", "U.N."], "org:1"),
            entry("Climate change", &["global warming"], "c:2"),
        ]])
        .unwrap()
    }

    struct Wanted<'a> {
        max_tags: usize,
        lists: [&'a [&'a str]; 3],
        rules: TagRules,
        concepts: Option<Concepts>,
    }

    impl Default for Wanted<'_> {
        fn default() -> Self {
            Self {
                max_tags: 9,
                lists: [&[], &[], &[]],
                rules: TagRules::default(),
                concepts: None,
            }
        }
    }

    impl Wanted<'_> {
        fn select(&self, suggestions: Vec<Suggestion>) -> Selected {
            let [denied, existing, allowed] = self.lists.map(|list| {
                list.iter()
                    .map(|tag| (*tag).to_owned())
                    .collect::<Vec<String>>()
            });
            let selection = Selection {
                max_tags: self.max_tags,
                denied: &denied,
                existing: &existing,
                allowed: &allowed,
                rules: &self.rules,
                concepts: self.concepts.as_ref(),
                learnt: None,
                joins_vocabulary: true,
            };
            select(suggestions, &selection)
        }
    }

    fn labels(selected: &Selected) -> Vec<&str> {
        selected.offered.iter().map(|tag| &*tag.label).collect()
    }

    fn reasons(selected: &Selected) -> Vec<(&str, Rejection)> {
        let rejected = selected.rejected.iter();
        rejected
            .map(|(tag, reason)| (&*tag.label, *reason))
            .collect()
    }

    #[test]
    fn best_first_and_equals_by_label() {
        let selected = Wanted::default().select(learnt());
        assert_eq!(
            labels(&selected),
            ["Budget", "Floods", "Élections", "Brexit"]
        );
        assert_eq!(reasons(&selected), [("Rain", Rejection::LowConfidence)]);
        let two = Wanted {
            max_tags: 2,
            ..Wanted::default()
        }
        .select(learnt());
        assert_eq!(labels(&two), ["Budget", "Floods"]);
        assert_eq!(two.rejected[0].1, Rejection::OverLimit);
        let none = Wanted {
            max_tags: 0,
            ..Wanted::default()
        }
        .select(learnt());
        assert!(none.offered.is_empty());
    }

    #[test]
    fn denied_existing_and_unlisted_tags_are_left_out_in_any_form() {
        let lists: [&[&str]; 3] = [
            &["  FLOOD", "nothing"],
            &["e\u{301}lections"],
            &["floods", "budgets", "Élections", "rain"],
        ];
        let selected = Wanted {
            lists,
            ..Wanted::default()
        }
        .select(learnt());
        assert_eq!(labels(&selected), ["Budget"]);
        let want = [
            ("Floods", Rejection::Denied),
            ("Élections", Rejection::Existing),
            ("Brexit", Rejection::NotAllowed),
            ("Rain", Rejection::LowConfidence),
        ];
        assert_eq!(reasons(&selected), want);
    }

    #[test]
    fn no_two_tags_mean_the_same_and_the_vocabulary_names_them() {
        let wanted = Wanted {
            concepts: Some(concepts()),
            ..Wanted::default()
        };
        let mut phrase = suggestion("global warming", 0.8, TagKind::Keyphrase);
        phrase.mentions = vec![(Field::Body, 5..19), (Field::Body, 40..54)];
        let mut concept = suggestion("Climate change", 0.1, TagKind::Vocabulary);
        concept.mentions = vec![(Field::Body, 5..19), (Field::Title, 0..14)];
        let other = suggestion("UN", 0.5, TagKind::Keyphrase);
        let new = suggestion("Glaciers", 0.4, TagKind::Keyphrase);
        let selected = wanted.select(vec![phrase, concept, other, new]);
        assert_eq!(
            labels(&selected),
            ["Climate change", "United Nations", "Glaciers"]
        );
        let [climate, nations, glaciers] = &selected.offered[..] else {
            panic!("three tags")
        };
        assert_eq!(
            (climate.code.as_deref(), climate.kind),
            (Some("c:2"), TagKind::Vocabulary)
        );
        assert_eq!(climate.confidence, 0.8);
        let places = [
            (Field::Title, 0..14),
            (Field::Body, 5..19),
            (Field::Body, 40..54),
        ];
        assert_eq!(climate.mentions, places);
        assert!(!nations.is_new && glaciers.is_new);
        assert_eq!(glaciers.kind, TagKind::Keyphrase);
    }

    #[test]
    fn only_what_is_allowed_is_not_new() {
        let lists: [&[&str]; 3] = [&[], &[], &["glaciers"]];
        let wanted = Wanted {
            lists,
            ..Wanted::default()
        };
        let found = ["Glacier", "Ferry"].map(|label| suggestion(label, 0.9, TagKind::Keyphrase));
        let selected = wanted.select(found.into());
        assert!(!selected.offered[0].is_new);
        assert!(selected.rejected[0].0.is_new);
    }

    #[test]
    fn another_name_of_a_tag_denies_it_too() {
        let rules = TagRules::new(&[], &["Great Flood=Floods".to_owned()]).unwrap();
        let lists: [&[&str]; 3] = [&["great flood"], &["U.N."], &[]];
        let wanted = Wanted {
            lists,
            rules,
            concepts: Some(concepts()),
            ..Wanted::default()
        };
        let selected = wanted.select(vec![
            suggestion("Floods", 0.9, TagKind::Keyphrase),
            suggestion("United Nations", 0.9, TagKind::Vocabulary),
        ]);
        let want = [
            ("Floods", Rejection::Denied),
            ("United Nations", Rejection::Existing),
        ];
        assert_eq!(reasons(&selected), want);
    }

    #[test]
    fn the_surname_of_whom_everybody_knows_is_another_name() {
        let lists: [[&[&str]; 3]; 2] = [[&["trump"], &[], &[]], [&[], &["Trump"], &[]]];
        let reasons = lists.map(|lists| {
            let wanted = Wanted {
                lists,
                ..Wanted::default()
            };
            let trump = suggestion("Donald Trump", 0.9, TagKind::Keyphrase);
            wanted.select(vec![trump]).rejected[0].1
        });
        assert_eq!(reasons, [Rejection::Denied, Rejection::Existing]);
    }

    #[test]
    fn the_desks_rules_hold_for_every_kind() {
        let aliases = ["Great Flood=Floods".to_owned()];
        let rules = TagRules::new(&["budgets".to_owned()], &aliases).unwrap();
        let mut list = learnt();
        list.push(suggestion("great floods", 0.95, TagKind::Keyphrase));
        list.push(suggestion("Budget", 0.95, TagKind::Keyphrase));
        let selected = Wanted {
            rules,
            ..Wanted::default()
        }
        .select(list);
        assert_eq!(labels(&selected), ["Floods", "Élections", "Brexit"]);
        assert_eq!(selected.offered[0].confidence, 0.95);
        assert_eq!(selected.offered[0].kind, TagKind::Vocabulary);
    }

    #[test]
    fn an_allowed_phrase_is_not_new() {
        let lists: [&[&str]; 3] = [&[], &[], &["glacier"]];
        let selected = Wanted {
            lists,
            ..Wanted::default()
        }
        .select(vec![suggestion("Glaciers", 0.9, TagKind::Keyphrase)]);
        assert!(!selected.offered[0].is_new);
    }

    #[test]
    fn a_phrase_within_a_tag_is_no_tag_of_its_own() {
        let mut tag = suggestion("Climate change", 0.4, TagKind::Vocabulary);
        tag.mentions = vec![(Field::Body, 5..19), (Field::Body, 30..44)];
        let mut inner = suggestion("Climate", 0.9, TagKind::Keyphrase);
        inner.mentions = vec![(Field::Body, 5..12), (Field::Body, 30..37)];
        let mut apart = suggestion("Change", 0.8, TagKind::Keyphrase);
        apart.mentions = vec![(Field::Body, 13..19), (Field::Body, 50..56)];
        let selected = Wanted::default().select(vec![tag, inner, apart]);
        assert_eq!(labels(&selected), ["Change", "Climate change"]);
        assert_eq!(reasons(&selected), [("Climate", Rejection::PartOfAnother)]);
    }
}
