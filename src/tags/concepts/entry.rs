//! One tag of a vocabulary, and what a vocabulary must be.

use std::collections::HashMap;
use std::fmt::Display;

use foldhash::fast::RandomState;
use serde::{Deserialize, Serialize};

use crate::tags::wording::fold;

/// At most so many tags.
pub const MAX_CONCEPTS: usize = 500_000;
/// A label of more bytes is none, nor is such a code.
pub const MAX_LABEL_BYTES: usize = 400;

/// A remark has no more examples.
const SHOWN: usize = 3;

/// One tag of a controlled vocabulary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConceptEntry {
    /// The tag as it is offered.
    pub label: String,
    /// What it is called as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The vocabulary's code, such as `medtop:20000002`; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// Label of the broader tag; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub parent: String,
}

/// A vocabulary out of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConceptFile {
    /// Its tags.
    pub entries: Vec<ConceptEntry>,
    /// What of the file does not count, or counts otherwise than may be meant, in a sentence each.
    pub remarks: Vec<String>,
}

/// Why a file is no vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {field}: {problem}")]
pub struct ConceptsError {
    /// The file, and the row or the name of the tag in it.
    pub place: String,
    /// The column or property at fault.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// What a file calls the parts of a tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldNames {
    pub(super) label: &'static str,
    pub(super) alias: &'static str,
    pub(super) code: &'static str,
    pub(super) parent: &'static str,
}

/// A file's tags with the names of its fields and the place of each tag.
pub(super) struct Draft<'a, P> {
    pub(super) file: &'a str,
    pub(super) fields: FieldNames,
    pub(super) entries: Vec<ConceptEntry>,
    /// Such as the row; (n_entries).
    pub(super) places: Vec<P>,
    /// Whether a parent may be named by its code.
    pub(super) has_parent_codes: bool,
}

impl<P: Display> Draft<'_, P> {
    fn error(&self, i: usize, field: &'static str, problem: String) -> ConceptsError {
        ConceptsError {
            place: format!("{}:{}", self.file, self.places[i]),
            field,
            problem,
        }
    }

    /// The tags, if they are a vocabulary: labels that are labels and differ, parents that exist and lead
    /// to an end. Parents given by code become labels.
    pub(super) fn check(mut self) -> Result<ConceptFile, ConceptsError> {
        check_number(self.file, self.entries.len())?;
        let mut by_label: HashMap<String, usize, RandomState> =
            HashMap::with_capacity_and_hasher(self.entries.len(), RandomState::default());
        for (i, entry) in self.entries.iter().enumerate() {
            check_label(&entry.label)
                .map_err(|problem| self.error(i, self.fields.label, problem))?;
            for alias in &entry.aliases {
                check_label(alias).map_err(|problem| self.error(i, self.fields.alias, problem))?;
            }
            check_text(&entry.code).map_err(|problem| self.error(i, self.fields.code, problem))?;
            if let Some(first) = by_label.insert(fold(&entry.label), i) {
                let (label, first) = (&entry.label, &self.places[first]);
                let problem = format!("{label:?} is there already, at {first}; give each tag once");
                return Err(self.error(i, self.fields.label, problem));
            }
        }
        let parents = self.parents(&by_label)?;
        let shared = self.shared_aliases(&by_label);
        self.check_no_cycle(&parents)?;
        for (i, parent) in parents.into_iter().enumerate() {
            if let Some(parent) = parent {
                self.entries[i].parent = self.entries[parent].label.clone();
            }
        }
        let remark = || {
            format!(
                "{}: an alias of several tags finds the first of them, or the one whose label it is: {}",
                self.file,
                listed(&shared)
            )
        };
        Ok(ConceptFile {
            remarks: (!shared.is_empty()).then(remark).into_iter().collect(),
            entries: self.entries,
        })
    }

    /// The aliases by which another tag is found.
    fn shared_aliases(&self, by_label: &HashMap<String, usize, RandomState>) -> Vec<String> {
        let mut by_alias: HashMap<String, usize, RandomState> = HashMap::default();
        let mut shared = Vec::new();
        for (i, entry) in self.entries.iter().enumerate() {
            for alias in &entry.aliases {
                let folded = fold(alias);
                let found = match by_label.get(&folded) {
                    Some(&labelled) => labelled,
                    None => *by_alias.entry(folded).or_insert(i),
                };
                if found != i {
                    let (label, found) = (&entry.label, &self.entries[found].label);
                    shared.push(format!("{alias:?} of {label:?} finds {found:?}"));
                }
            }
        }
        shared
    }

    /// The place of each tag's parent.
    fn parents(
        &self,
        by_label: &HashMap<String, usize, RandomState>,
    ) -> Result<Vec<Option<usize>>, ConceptsError> {
        let mut by_code: HashMap<&str, usize, RandomState> = HashMap::default();
        // The last of several tags with a code.
        let mut doubled: HashMap<&str, usize, RandomState> = HashMap::default();
        for (i, entry) in self.entries.iter().enumerate() {
            if self.has_parent_codes && *by_code.entry(&entry.code).or_insert(i) != i {
                doubled.insert(&entry.code, i);
            }
        }
        let parent = |(i, entry): (usize, &ConceptEntry)| {
            let parent = entry.parent.as_str();
            if parent.is_empty() {
                return Ok(None);
            }
            let problem = match (by_code.get(parent), doubled.get(parent)) {
                (Some(&one), Some(&other)) => format!(
                    "{parent:?} is the code of several tags, {:?} and {:?}; name the parent by its label, or give each tag a code of its own",
                    self.entries[one].label, self.entries[other].label
                ),
                (Some(&place), None) => return Ok(Some(place)),
                _ => match by_label.get(&fold(parent)) {
                    Some(&place) => return Ok(Some(place)),
                    None => format!("{parent:?} is no label and no code of this file"),
                },
            };
            Err(self.error(i, self.fields.parent, problem))
        };
        self.entries.iter().enumerate().map(parent).collect()
    }

    fn check_no_cycle(&self, parents: &[Option<usize>]) -> Result<(), ConceptsError> {
        // The walk on which a tag was met; on another walk it is known to lead to an end.
        let mut met_on = vec![usize::MAX; parents.len()];
        for start in 0..parents.len() {
            let mut at = Some(start);
            while let Some(place) = at.filter(|&place| met_on[place] == usize::MAX) {
                met_on[place] = start;
                at = parents[place];
            }
            if let Some(place) = at.filter(|&place| met_on[place] == start) {
                let label = &self.entries[place].label;
                let problem = format!("{label:?} is its own parent, by way of its parents");
                return Err(self.error(place, self.fields.parent, problem));
            }
        }
        Ok(())
    }
}

/// Checks tags that come in a model file as any file's are checked.
///
/// # Errors
/// [`ConceptsError`] names the tag by its number, from 1.
pub fn check(entries: Vec<ConceptEntry>) -> Result<Vec<ConceptEntry>, ConceptsError> {
    let draft = Draft {
        file: "tag",
        fields: FieldNames {
            label: "label",
            alias: "aliases",
            code: "code",
            parent: "parent",
        },
        places: (1..=entries.len()).collect(),
        entries,
        has_parent_codes: false,
    };
    Ok(draft.check()?.entries)
}

pub(super) fn check_number(file: &str, n_concepts: usize) -> Result<(), ConceptsError> {
    if n_concepts <= MAX_CONCEPTS {
        return Ok(());
    }
    Err(ConceptsError {
        place: file.to_owned(),
        field: "file",
        problem: format!("more than {MAX_CONCEPTS} tags, which is the limit"),
    })
}

/// The first of what a remark is about, and how many more there are.
pub(super) fn listed(what: &[String]) -> String {
    let mut shown = what[..what.len().min(SHOWN)].join(", ");
    if what.len() > SHOWN {
        shown.push_str(&format!(" and {} more", what.len() - SHOWN));
    }
    shown
}

fn check_label(label: &str) -> Result<(), String> {
    if label.chars().all(|c| c.is_whitespace() || c.is_control()) {
        return Err("is empty; every tag needs a label and every alias a word".to_owned());
    }
    if !label.chars().any(char::is_alphanumeric) {
        return Err(format!("{label:?} has no letter and no digit"));
    }
    check_text(label)
}

/// What holds for a code too, which may be empty.
fn check_text(text: &str) -> Result<(), String> {
    if text.len() > MAX_LABEL_BYTES {
        let size = text.len();
        let start: String = text.chars().take(40).collect();
        return Err(format!(
            "{start:?}… has {size} bytes; the limit is {MAX_LABEL_BYTES}: is a quotation mark not closed?"
        ));
    }
    if text.contains(char::is_control) {
        return Err(format!(
            "{text:?} has a line break or another control character: is a quotation mark not closed?"
        ));
    }
    Ok(())
}
