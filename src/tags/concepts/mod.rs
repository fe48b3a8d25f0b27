//! A controlled vocabulary that needs no training: its tags are found where the article names them.
//!
//! - [`Concepts`]: read this first.
//! - [`entry`]: one tag of a vocabulary, and what a vocabulary must be.
//! - [`table`]: vocabularies as CSV and TSV.
//! - [`skos`]: vocabularies as SKOS in Turtle.
//! - [`names`]: all labels and aliases as one automaton.
//! - [`mod@rank`]: how sure it is that an article is about a tag that it names.

pub mod entry;
pub mod names;
pub mod rank;
pub mod skos;
pub mod table;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::wording::fold;
use crate::text::{IS_UTF_16, is_utf16, without_mark};
pub use entry::{ConceptEntry, ConceptFile, ConceptsError};
use names::Names;
pub use names::{Hit, Reading};
pub use rank::ConceptTag;

/// How a vocabulary file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConceptFormat {
    /// A table with the names of its columns in the first row.
    Table {
        /// What parts the columns.
        delimiter: u8,
    },
    /// SKOS in Turtle.
    Turtle,
}

impl ConceptFormat {
    /// By a file's name; `None` if it ends in none of `.csv`, `.tsv` and `.ttl`.
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Table { delimiter: b',' }),
            "tsv" => Some(Self::Table { delimiter: b'\t' }),
            "ttl" => Some(Self::Turtle),
            _ => None,
        }
    }

    /// Reads a vocabulary. Labels are taken in `language` where a vocabulary has several.
    ///
    /// # Errors
    /// [`ConceptsError`] names the file, the place in it and the field.
    pub fn read(
        self,
        bytes: &[u8],
        file: &str,
        language: &str,
    ) -> Result<ConceptFile, ConceptsError> {
        if is_utf16(bytes) {
            return Err(ConceptsError {
                place: file.to_owned(),
                field: "file",
                problem: IS_UTF_16.to_owned(),
            });
        }
        let bytes = without_mark(bytes);
        match self {
            Self::Table { delimiter } => table::read(bytes, file, delimiter),
            Self::Turtle => skos::read(bytes, file, language),
        }
    }
}

/// The tags of one or several vocabularies, ready to be found.
#[derive(Debug, Clone)]
pub struct Concepts {
    entries: Vec<ConceptEntry>,
    concepts: Vec<Concept>,
    names: Names,
}

/// What is said of a tag in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concept {
    /// As the vocabulary writes it.
    pub label: Arc<str>,
    /// The vocabulary's code, if it has one.
    pub code: Option<Arc<str>>,
    /// Label of the broader tag, if there is one.
    pub broader: Option<Arc<str>>,
}

impl Concepts {
    /// Puts vocabularies together. Of two tags with the same label the later vocabulary's counts.
    ///
    /// # Errors
    /// [`ConceptsError`] if they are too large together.
    pub fn new(
        vocabularies: impl IntoIterator<Item = Vec<ConceptEntry>>,
    ) -> Result<Self, ConceptsError> {
        let mut entries: Vec<ConceptEntry> = Vec::new();
        let mut places: HashMap<String, usize, RandomState> = HashMap::default();
        for entry in vocabularies.into_iter().flatten() {
            let place = *places.entry(fold(&entry.label)).or_insert(entries.len());
            match entries.get_mut(place) {
                Some(known) => *known = entry,
                None => entries.push(entry),
            }
        }
        let filled = |text: &String| (!text.is_empty()).then(|| Arc::from(text.as_str()));
        let concepts = entries.iter().map(|entry| Concept {
            label: Arc::from(entry.label.as_str()),
            code: filled(&entry.code),
            broader: filled(&entry.parent),
        });
        Ok(Self {
            concepts: concepts.collect(),
            names: Names::new(&entries)?,
            entries,
        })
    }

    /// The tags as they were read.
    pub fn entries(&self) -> &[ConceptEntry] {
        &self.entries
    }

    /// What is said of a tag, by its place.
    pub fn get(&self, place: usize) -> &Concept {
        &self.concepts[place]
    }

    /// How many tags there are.
    pub fn len(&self) -> usize {
        self.concepts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.concepts.is_empty()
    }

    /// The tag that somebody's wording is a label or an alias of.
    pub fn lookup(&self, wording: &str) -> Option<&Concept> {
        self.names
            .lookup(wording)
            .map(|place| &self.concepts[place])
    }

    /// Where an article names the tags, in order, none within another.
    pub fn hits(&self, reading: &Reading<'_>) -> Vec<Hit> {
        self.names.hits(reading)
    }
}
