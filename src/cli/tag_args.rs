//! Flags for vocabularies and for the desk's rules on tags.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, bail};
use clap::Args;

use super::list::{self, List};
use super::say;
use crate::pipeline::{ConceptEntry, ConceptFile, ConceptFormat, Concepts, Pipeline, TagRules};

/// The language of labels unless another is asked for: that of the built-in model.
pub(super) const DEFAULT_LANGUAGE: &str = "en";
/// A larger file is no vocabulary.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// A controlled vocabulary in files.
#[derive(Debug, Clone, Args)]
pub(super) struct VocabularyArgs {
    /// A vocabulary whose tags need no training: CSV or TSV with columns label, aliases (parted by | or
    /// ;), code and parent, or SKOS in Turtle (.ttl). For several, repeat the flag, or part them by commas
    /// in the environment
    #[arg(long, env = "COPYDESK_VOCABULARY", value_name = "FILE")]
    vocabulary: Vec<List<PathBuf>>,
    /// Language of the labels to take from a vocabulary in several
    #[arg(
        long,
        env = "COPYDESK_VOCABULARY_LANGUAGE",
        value_name = "TAG",
        default_value = DEFAULT_LANGUAGE
    )]
    vocabulary_language: String,
    /// What the files have: they are read once, and remarked on once.
    #[arg(skip)]
    read: OnceLock<Vec<Vec<ConceptEntry>>>,
}

impl VocabularyArgs {
    /// The files that are read.
    pub(super) fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.vocabulary.iter().flat_map(List::values)
    }

    /// The model with the files' tags.
    pub(super) fn add_to(&self, pipeline: Pipeline) -> anyhow::Result<Pipeline> {
        let read = match self.read.get() {
            Some(read) => read,
            None => {
                let on_remark = |remark: &str| say(remark);
                let files = self.files().map(PathBuf::as_path);
                let read = read_vocabularies(files, &self.vocabulary_language, on_remark)?;
                self.read.get_or_init(|| read)
            }
        };
        add_vocabularies(pipeline, read.clone())
    }
}

/// What a desk wants and does not want of tags.
#[derive(Debug, Clone, Args)]
pub(super) struct RuleArgs {
    /// A tag that is never suggested. For several, repeat the flag, or part them by commas in the
    /// environment
    #[arg(long, env = "COPYDESK_DENY_TAGS", value_name = "TAG")]
    deny_tags: Vec<List>,
    /// A tag that may be suggested, and no other may. For several, repeat the flag, or part them by commas
    /// in the environment
    #[arg(long, env = "COPYDESK_ALLOW_TAGS", value_name = "TAG")]
    allow_tags: Vec<List>,
    /// Another name of a tag, as name=tag, such as Kiev=Kyiv. For several, repeat the flag, or part them by
    /// commas in the environment
    #[arg(long, env = "COPYDESK_TAG_ALIASES", value_name = "NAME=TAG")]
    tag_aliases: Vec<List>,
}

impl RuleArgs {
    /// What holds for every article.
    pub(super) fn rules(&self) -> anyhow::Result<TagRules> {
        Ok(TagRules::new(
            &list::all(&self.deny_tags),
            &list::all(&self.tag_aliases),
        )?)
    }

    /// The only tags that may be suggested; none: any.
    pub(super) fn allow_tags(&self) -> Vec<String> {
        list::all(&self.allow_tags)
    }
}

/// The tags of each file, of whose remarks something is made.
pub(super) fn read_vocabularies<'a>(
    files: impl Iterator<Item = &'a Path>,
    language: &str,
    on_remark: impl Fn(&str),
) -> anyhow::Result<Vec<Vec<ConceptEntry>>> {
    let entries = |file| {
        let read = read(file, language)?;
        read.remarks.iter().for_each(|remark| on_remark(remark));
        Ok(read.entries)
    };
    files.map(entries).collect()
}

/// Adds files' tags to those that the model has; where labels are the same, the files' count.
pub(super) fn add_vocabularies(
    pipeline: Pipeline,
    vocabularies: Vec<Vec<ConceptEntry>>,
) -> anyhow::Result<Pipeline> {
    if vocabularies.is_empty() {
        return Ok(pipeline);
    }
    if pipeline.keyphrases().is_none() {
        bail!(
            "the model has no ranker of names and phrases, by which a vocabulary's tags are ranked; train it again"
        );
    }
    let own = pipeline.concepts().map(|known| known.entries().to_vec());
    let concepts = Concepts::new(own.into_iter().chain(vocabularies))?;
    Ok(pipeline.with_concepts(Some(concepts)))
}

fn read(file: &Path, language: &str) -> anyhow::Result<ConceptFile> {
    let name = file.display().to_string();
    let Some(format) = ConceptFormat::of_name(&name) else {
        bail!("{name}: a vocabulary is a .csv or .tsv table, or SKOS in Turtle, .ttl");
    };
    let cannot = || format!("cannot read the vocabulary {name}");
    let size = fs::metadata(file).with_context(cannot)?.len();
    if size > MAX_FILE_BYTES {
        bail!("{name} has {size} bytes; the limit for a vocabulary is {MAX_FILE_BYTES} bytes");
    }
    let bytes = fs::read(file).with_context(cannot)?;
    let read = format.read(&bytes, &name, language)?;
    if read.entries.is_empty() {
        bail!("{name}: the vocabulary has no tags; give it some, or leave it out");
    }
    Ok(read)
}
