use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::Value;

use super::data_args::is_stdin;
use super::model_file;
use super::page::{PageAnswer, SpanAnswer};
use super::tag_args::{RuleArgs, VocabularyArgs};
use crate::pipeline::options::{DEFAULT_MAX_TAGS, OptionsDraft};
use crate::pipeline::{
    Classification, Evidence, Manifest, Options, Pipeline, RejectedTag, Rejection, Tag, TagKind,
    TagSource, Warning,
};
use crate::text::{Article, ArticleDraft, Field};

/// Classify articles and print their topics and tags.
///
/// A text file is one article; of a .jsonl file each line is one. Answers come as the articles are
/// read, in their order. An article that cannot be read is named, the others are answered, and the
/// exit status is 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  copydesk classify article.txt other.txt
  copydesk classify --json articles.jsonl > answers.jsonl
  copydesk classify --explain article.txt
  echo 'The striker scored twice in the final.' | copydesk classify")]
pub(super) struct ClassifyArgs {
    /// Text files, HTML pages, pages copied as text, or JSON lines; - or nothing for standard input
    #[arg(value_name = "PATH", default_value = "-")]
    paths: Vec<PathBuf>,
    /// Model file; without it, the built-in model
    #[arg(long, env = "COPYDESK_MODEL", value_name = "FILE")]
    model: Option<PathBuf>,
    /// What the files hold; without it .jsonl, .ndjson and input that begins with { are JSON lines
    #[arg(long, env = "COPYDESK_INPUT", value_enum)]
    input: Option<InputFormat>,
    /// Field of a JSON line with the headline
    #[arg(
        long,
        env = "COPYDESK_TITLE_FIELD",
        value_name = "NAME",
        default_value = "title"
    )]
    title_field: String,
    /// Field of a JSON line with the text
    #[arg(
        long,
        env = "COPYDESK_TEXT_FIELD",
        value_name = "NAME",
        default_value = "text"
    )]
    text_field: String,
    /// At most so many tags
    #[arg(long, env = "COPYDESK_MAX_TAGS", value_name = "N", default_value_t = DEFAULT_MAX_TAGS)]
    max_tags: usize,
    /// The least confidence of a tag, from 0 to 1; without it, the model's own threshold
    #[arg(long, env = "COPYDESK_MIN_TAG_CONFIDENCE", value_name = "P")]
    min_tag_confidence: Option<f32>,
    /// Where tags may come from
    #[arg(long, env = "COPYDESK_TAG_SOURCE", value_enum, default_value_t = Source::Any)]
    tag_source: Source,
    #[command(flatten)]
    vocabulary: VocabularyArgs,
    #[command(flatten)]
    rules: RuleArgs,
    /// Say which tags were considered and are not suggested, and why not
    #[arg(long, env = "COPYDESK_REJECTED")]
    rejected: bool,
    /// Say why: the terms that speak most for and against the topic, and where they stand
    #[arg(long, env = "COPYDESK_EXPLAIN")]
    explain: bool,
    /// Write one JSON object an article
    #[arg(long, env = "COPYDESK_JSON")]
    json: bool,
}

/// Tags that are not suggested, as many of one reason as a person wants to read.
const SHOWN_REJECTED: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InputFormat {
    /// A file is one article
    Text,
    /// A line is one article
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Source {
    /// From anywhere
    Any,
    /// Only from the model's tags and vocabularies
    Vocabulary,
    /// Only from the article's own names and phrases
    Keyphrases,
}

impl From<Source> for TagSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Any => Self::Any,
            Source::Vocabulary => Self::Vocabulary,
            Source::Keyphrases => Self::Keyphrases,
        }
    }
}

/// An article as it was found, or why it could not be read.
struct Input {
    id: String,
    draft: Result<ArticleDraft, String>,
}

/// One answer for machines.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(flatten)]
    classification: Option<AnswerBody<'a>>,
}

#[derive(Serialize)]
struct AnswerBody<'a> {
    topic: &'a str,
    confidence: f32,
    topics: Vec<TopicAnswer<'a>>,
    tags: Vec<TagAnswer<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected_tags: Vec<RejectedAnswer<'a>>,
    language: &'a str,
    needs_review: bool,
    warnings: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<EvidenceAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<PageAnswer<'a>>,
    model: ModelAnswer<'a>,
}

#[derive(Serialize)]
struct TopicAnswer<'a> {
    topic: &'a str,
    probability: f32,
    iptc_code: &'a str,
}

#[derive(Serialize)]
struct TagAnswer<'a> {
    label: &'a str,
    kind: &'static str,
    confidence: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broader: Option<&'a str>,
    is_new: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<SpanAnswer>,
}

#[derive(Serialize)]
struct RejectedAnswer<'a> {
    tag: TagAnswer<'a>,
    reason: &'static str,
}

#[derive(Serialize)]
struct EvidenceAnswer<'a> {
    term: &'a str,
    weight: f32,
    mentions: Vec<SpanAnswer>,
}

#[derive(Serialize)]
struct ModelAnswer<'a> {
    name: &'a str,
    version: String,
}

/// Classifies article after article.
pub(super) fn run(args: &ClassifyArgs) -> anyhow::Result<ExitCode> {
    let options = Options::new(OptionsDraft {
        max_tags: Some(args.max_tags),
        min_tag_confidence: args.min_tag_confidence,
        tag_source: args.tag_source.into(),
        allow_tags: args.rules.allow_tags.clone(),
        include_rejected_tags: args.rejected,
        explain: args.explain,
        ..OptionsDraft::default()
    })
    .map_err(|error| {
        anyhow::anyhow!(
            error
                .to_string()
                .replace("options.", "--")
                .replace('_', "-")
        )
    })?;
    let pipeline = model_file::load(args.model.as_deref())?;
    let pipeline = args.vocabulary.add_to(pipeline)?;
    let pipeline = pipeline.with_tag_rules(args.rules.rules()?);
    let mut printer = Printer {
        pipeline: &pipeline,
        options,
        as_json: args.json,
        out: io::stdout().lock(),
        n_failed: 0,
        n_printed: 0,
    };
    for path in &args.paths {
        args.read(path, &mut |input| printer.print(input))?;
    }
    Ok(if printer.n_failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What to do with each article.
type OnInput<'a> = dyn FnMut(Input) -> anyhow::Result<()> + 'a;

impl ClassifyArgs {
    fn read(&self, path: &Path, on_input: &mut OnInput<'_>) -> anyhow::Result<()> {
        let id = path.display().to_string();
        let opened: io::Result<Box<dyn Read>> = if is_stdin(path) {
            Ok(Box::new(io::stdin().lock()))
        } else {
            File::open(path).map(|file| Box::new(file) as Box<dyn Read>)
        };
        let read = opened.and_then(|file| {
            let mut reader = BufReader::new(file);
            let is_lines = self.is_lines(path, reader.fill_buf()?);
            Ok((reader, is_lines))
        });
        match read {
            Err(error) => on_input(Input {
                id,
                draft: Err(error.to_string()),
            }),
            Ok((reader, true)) => self.read_lines(reader, &id, on_input),
            Ok((mut reader, false)) => {
                let mut bytes = Vec::new();
                let draft = reader
                    .read_to_end(&mut bytes)
                    .map_err(|error| error.to_string())
                    .and_then(|_| text_draft(bytes));
                on_input(Input { id, draft })
            }
        }
    }

    fn is_lines(&self, path: &Path, start: &[u8]) -> bool {
        match self.input {
            Some(format) => format == InputFormat::Jsonl,
            None if is_stdin(path) => start.trim_ascii_start().starts_with(b"{"),
            None => path
                .extension()
                .is_some_and(|e| e == "jsonl" || e == "ndjson"),
        }
    }

    fn read_lines(
        &self,
        mut reader: impl BufRead,
        file: &str,
        on_input: &mut OnInput<'_>,
    ) -> anyhow::Result<()> {
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if reader
                .read_until(b'\n', &mut line)
                .with_context(|| file.to_owned())?
                == 0
            {
                break;
            }
            if !line.trim_ascii().is_empty() {
                on_input(self.line_input(&line, format!("{file}:{number}")))?;
            }
        }
        Ok(())
    }

    fn line_input(&self, line: &[u8], place: String) -> Input {
        let row: Value = match serde_json::from_slice(line) {
            Ok(row) => row,
            Err(error) => {
                return Input {
                    id: place,
                    draft: Err(format!("no JSON: {error}")),
                };
            }
        };
        let string = |field: &str| {
            row.get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let draft = ArticleDraft {
            title: string(&self.title_field),
            body: string(&self.text_field),
            ..ArticleDraft::default()
        };
        let id = match string("id") {
            id if id.is_empty() => place,
            id => id,
        };
        Input {
            id,
            draft: Ok(draft),
        }
    }
}

fn text_draft(bytes: Vec<u8>) -> Result<ArticleDraft, String> {
    let body = String::from_utf8(bytes)
        .map_err(|e| format!("not UTF-8 from byte {}", e.utf8_error().valid_up_to() + 1))?;
    Ok(ArticleDraft {
        body,
        ..ArticleDraft::default()
    })
}

struct Printer<'a, W> {
    pipeline: &'a Pipeline,
    options: Options,
    as_json: bool,
    out: W,
    n_failed: usize,
    n_printed: usize,
}

impl<W: Write> Printer<'_, W> {
    fn print(&mut self, input: Input) -> anyhow::Result<()> {
        let article = input
            .draft
            .and_then(|draft| Article::new(draft).map_err(|error| error.to_string()));
        let answer = article.as_ref().map_err(Clone::clone);
        let answer = answer.map(|article| self.pipeline.classify(article, &self.options));
        if let Err(error) = &answer {
            self.n_failed += 1;
            eprintln!("copydesk: {}: {error}", input.id);
        }
        let manifest = self.pipeline.manifest();
        if self.as_json {
            serde_json::to_writer(&mut self.out, &json(&input.id, &answer, manifest))?;
            writeln!(self.out)?;
        } else if let Ok(answer) = &answer {
            if self.n_printed == 0 {
                writeln!(self.out, "{}", row("TOPIC", "P", "TAGS", "ARTICLE"))?;
            }
            writeln!(self.out, "{}", table_row(&input.id, answer))?;
            if self.options.include_rejected_tags() {
                writeln!(self.out, "{}", rejected(answer))?;
            }
            if let (true, Ok(article)) = (self.options.explain(), &article) {
                writeln!(self.out, "{}", explanation(article, answer))?;
            }
        }
        self.n_printed += 1;
        Ok(())
    }
}

/// Widths are fixed: rows are printed as they come.
fn row(topic: &str, probability: &str, tags: &str, article: &str) -> String {
    format!("{topic:<24} {probability:>5}  {tags:<48}  {article}")
}

fn table_row(id: &str, answer: &Classification) -> String {
    let (topic, probability) = match answer.topics.first() {
        Some(best) => (&*best.topic, format!("{:.2}", best.probability)),
        None => ("-", String::new()),
    };
    let tags: Vec<&str> = answer.tags.iter().map(|tag| &*tag.label).collect();
    let tags = if tags.is_empty() {
        "-".to_owned()
    } else {
        tags.join(", ")
    };
    let review = if answer.needs_review {
        "  (needs review)"
    } else {
        ""
    };
    let warnings: String = answer
        .warnings
        .iter()
        .map(|w| format!("  ({})", warning(*w).1))
        .collect();
    row(
        topic,
        &probability,
        &tags,
        &format!("{id}{review}{warnings}"),
    )
}

/// The tags that are not suggested, a line for each reason; `--json` has them all.
fn rejected(answer: &Classification) -> String {
    const REASONS: [Rejection; 6] = [
        Rejection::Existing,
        Rejection::Denied,
        Rejection::NotAllowed,
        Rejection::LowConfidence,
        Rejection::PartOfAnother,
        Rejection::OverLimit,
    ];
    let line = |reason| {
        let rejected = answer.rejected_tags.iter();
        let mut tags: Vec<String> = rejected
            .filter(|rejected| rejected.reason == reason)
            .map(|rejected| format!("{} {:.2}", rejected.tag.label, rejected.tag.confidence))
            .collect();
        let n_more = tags.len().saturating_sub(SHOWN_REJECTED);
        if n_more > 0 {
            tags.truncate(SHOWN_REJECTED);
            tags.push(format!("and {n_more} more"));
        }
        let (_, why) = rejection(reason);
        (!tags.is_empty()).then(|| format!("  not suggested, {why}: {}", tags.join(", ")))
    };
    let lines: Vec<String> = REASONS.into_iter().filter_map(line).collect();
    lines.join("\n")
}

/// A reason's name in the contract, and in words.
fn rejection(reason: Rejection) -> (&'static str, &'static str) {
    match reason {
        Rejection::Existing => ("TAG_REJECTION_REASON_EXISTING", "there already"),
        Rejection::Denied => ("TAG_REJECTION_REASON_DENIED", "denied"),
        Rejection::NotAllowed => ("TAG_REJECTION_REASON_NOT_ALLOWED", "not allowed"),
        Rejection::LowConfidence => ("TAG_REJECTION_REASON_LOW_CONFIDENCE", "not sure enough"),
        Rejection::PartOfAnother => ("TAG_REJECTION_REASON_PART_OF_ANOTHER", "part of another"),
        Rejection::OverLimit => ("TAG_REJECTION_REASON_OVER_LIMIT", "enough better ones"),
    }
}

/// A tag with what is known of it.
fn tag_line(tag: &Tag) -> String {
    let origin = match &tag.code {
        Some(code) => format!(" [{code}]"),
        None if tag.is_new => " [new]".to_owned(),
        None => String::new(),
    };
    let (label, n) = (&tag.label, tag.mentions.len());
    format!("{label}{origin} {:.2} ({n}×)", tag.confidence)
}

/// The tags, the terms that speak for and against the topic, and the article with those for it in brackets.
fn explanation(article: &Article, answer: &Classification) -> String {
    let terms = |speaks_for: bool| {
        let chosen = answer
            .evidence
            .iter()
            .filter(|e| (e.weight > 0.0) == speaks_for);
        let named: Vec<String> = chosen
            .map(|e| format!("{} {:+.2} ({}×)", e.term, e.weight, e.mentions.len()))
            .collect();
        if named.is_empty() {
            "-".to_owned()
        } else {
            named.join(", ")
        }
    };
    let title = marked(article.title(), Field::Title, answer);
    let body = marked(article.body(), Field::Body, answer);
    let tags: Vec<String> = answer.tags.iter().map(tag_line).collect();
    let tags = match tags.is_empty() {
        true => String::new(),
        false => format!("\n  tags     {}", tags.join(", ")),
    };
    format!(
        "{tags}\n  for      {}\n  against  {}\n\n{}\n",
        terms(true),
        terms(false),
        format!("{title}\n{body}").trim()
    )
}

/// A text with brackets around the terms that speak for the topic; overlapping ones share theirs.
fn marked(text: &str, field: Field, answer: &Classification) -> String {
    let speak_for = answer.evidence.iter().filter(|e| e.weight > 0.0);
    let mut spans: Vec<(usize, usize)> = speak_for
        .flat_map(|e| &e.mentions)
        .filter(|span| span.field == field)
        .map(|span| (span.start, span.end))
        .collect();
    spans.sort_unstable();
    let mut out = String::with_capacity(text.len() + 2 * spans.len());
    let (mut at, mut spans) = (0, spans.into_iter().peekable());
    while let Some((start, mut end)) = spans.next() {
        while let Some((_, further)) = spans.next_if(|(start, _)| *start <= end) {
            end = end.max(further);
        }
        out.push_str(&text[at..start]);
        out.push('[');
        out.push_str(&text[start..end]);
        out.push(']');
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

/// A warning's name in the contract, and in words.
fn warning(warning: Warning) -> (&'static str, &'static str) {
    match warning {
        Warning::UnsupportedLanguage => (
            "WARNING_UNSUPPORTED_LANGUAGE",
            "not in a language of the model",
        ),
        Warning::NoKnownTerms => ("WARNING_NO_KNOWN_TERMS", "no known words"),
        Warning::LowExtractionQuality => {
            ("WARNING_LOW_EXTRACTION_QUALITY", "the whole page was read")
        }
        Warning::ShortText => ("WARNING_SHORT_TEXT", "very short"),
    }
}

fn json<'a>(
    id: &'a str,
    answer: &'a Result<Classification, String>,
    manifest: &'a Manifest,
) -> Answer<'a> {
    Answer {
        id,
        error: answer.as_ref().err().map(String::as_str),
        classification: answer.as_ref().ok().map(|answer| body(answer, manifest)),
    }
}

fn body<'a>(answer: &'a Classification, manifest: &'a Manifest) -> AnswerBody<'a> {
    let best = answer.topics.first();
    AnswerBody {
        topic: best.map_or("", |best| &best.topic),
        confidence: best.map_or(0.0, |best| best.probability),
        topics: answer
            .topics
            .iter()
            .map(|score| TopicAnswer {
                topic: &score.topic,
                probability: score.probability,
                iptc_code: &manifest.topics[score.index].iptc_code,
            })
            .collect(),
        tags: answer.tags.iter().map(tag_answer).collect(),
        rejected_tags: answer.rejected_tags.iter().map(rejected_answer).collect(),
        language: answer
            .language
            .as_ref()
            .map_or("", |language| language.as_str()),
        warnings: answer.warnings.iter().map(|w| warning(*w).0).collect(),
        needs_review: answer.needs_review,
        evidence: answer.evidence.iter().map(evidence).collect(),
        page: answer.page.as_ref().map(PageAnswer::new),
        model: ModelAnswer {
            name: &manifest.name,
            version: manifest.version(),
        },
    }
}

fn tag_answer(tag: &Tag) -> TagAnswer<'_> {
    TagAnswer {
        label: &tag.label,
        kind: match tag.kind {
            TagKind::Vocabulary => "TAG_KIND_VOCABULARY",
            TagKind::Keyphrase => "TAG_KIND_KEYPHRASE",
        },
        confidence: tag.confidence,
        code: tag.code.as_deref(),
        broader: tag.broader.as_deref(),
        is_new: tag.is_new,
        mentions: tag.mentions.iter().map(SpanAnswer::new).collect(),
    }
}

fn rejected_answer(rejected: &RejectedTag) -> RejectedAnswer<'_> {
    RejectedAnswer {
        tag: tag_answer(&rejected.tag),
        reason: rejection(rejected.reason).0,
    }
}

fn evidence(found: &Evidence) -> EvidenceAnswer<'_> {
    EvidenceAnswer {
        term: &found.term,
        weight: found.weight,
        mentions: found.mentions.iter().map(SpanAnswer::new).collect(),
    }
}
