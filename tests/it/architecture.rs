//! The map of ARCHITECTURE.md, held by reading the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Each floor with the floors it may import from.
const FLOORS: [(&str, &[&str]); 9] = [
    ("text", &[]),
    ("extract", &["text", "model"]),
    ("features", &["text"]),
    ("model", &["features"]),
    ("tags", &["text", "features", "model"]),
    (
        "pipeline",
        &["text", "extract", "features", "model", "tags"],
    ),
    (
        "train",
        &["text", "extract", "features", "model", "tags", "pipeline"],
    ),
    ("service", &["text", "pipeline"]),
    (
        "cli",
        &[
            "text",
            "extract",
            "pipeline",
            "train",
            "service",
            "telemetry",
        ],
    ),
];

/// Outside crates with the only floors that may name them.
const DOORS: [(&str, &[&str]); 28] = [
    ("tonic", &["service"]),
    ("prost", &["service"]),
    ("tonic_types", &["service"]),
    ("tokio", &["service", "cli"]),
    ("tokio_util", &["service"]),
    ("axum", &["service"]),
    ("hyper", &["service"]),
    ("tower", &["service"]),
    ("prometheus_client", &["service"]),
    ("opentelemetry", &["service"]),
    ("rustls", &["service"]),
    ("figment", &["cli"]),
    ("clap", &["cli", "main"]),
    ("anyhow", &["cli"]),
    ("indicatif", &["cli"]),
    ("plotters", &["cli"]),
    ("maud", &["cli"]),
    ("unicode_width", &["cli"]),
    ("linfa", &["model", "train"]),
    ("linfa_logistic", &["train"]),
    ("safetensors", &["pipeline"]),
    ("whatlang", &["text"]),
    ("trafilatura", &["extract"]),
    ("dom_smoothie", &["extract"]),
    ("html_escape", &["extract"]),
    ("aho_corasick", &["tags"]),
    ("oxrdf", &["tags"]),
    ("oxttl", &["tags"]),
];

const FORBIDDEN_NAMES: [&str; 4] = ["utils", "common", "helpers", "types"];

struct Source {
    path: PathBuf,
    floor: String,
    /// Lines without comments and without the unit tests at the end of the file.
    code: Vec<String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    collect(&root, &root, &mut sources);
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let within = path.strip_prefix(root).unwrap();
            let floor = within.components().next().unwrap().as_os_str();
            let floor = floor.to_string_lossy().trim_end_matches(".rs").to_owned();
            let code = text
                .split("#[cfg(test)]\nmod tests")
                .next()
                .unwrap_or_default()
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .map(str::to_owned)
                .collect();
            sources.push(Source { path, floor, code });
        }
    }
}

fn words_after<'a>(line: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> + 'a {
    line.match_indices(prefix).filter_map(move |(at, _)| {
        let starts_word = !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &line[at + prefix.len()..];
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        starts_word.then_some(&rest[..end])
    })
}

#[test]
fn imports_run_down_only() {
    for source in sources() {
        let Some((_, allowed)) = FLOORS.iter().find(|(floor, _)| *floor == source.floor) else {
            continue;
        };
        for line in &source.code {
            assert!(
                !line.contains("crate::{"),
                "{}: one import a line: {line}",
                source.path.display()
            );
            for target in words_after(line, "crate::") {
                let is_own = target == source.floor;
                assert!(
                    is_own || allowed.contains(&target),
                    "{}: {} may not import {target}: {line}",
                    source.path.display(),
                    source.floor
                );
            }
        }
    }
}

#[test]
fn every_outside_crate_has_its_door() {
    for source in sources() {
        for (name, floors) in DOORS {
            let is_allowed = floors.contains(&source.floor.as_str());
            let names = source.code.iter().find(|line| {
                let path = format!("{name}::");
                line.match_indices(&path).any(|(at, _)| {
                    !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                })
            });
            if let (false, Some(line)) = (is_allowed, names) {
                panic!(
                    "{}: only {floors:?} may name {name}: {line}",
                    source.path.display()
                );
            }
        }
    }
}

#[test]
fn a_status_is_made_in_one_place() {
    for source in sources() {
        if source.path.ends_with("service/status.rs") {
            continue;
        }
        for line in &source.code {
            let makes = words_after(line, "Status::").any(|word| {
                word == "new" || word == "with_details" || word.starts_with(char::is_lowercase)
            });
            assert!(!makes, "{}: {line}", source.path.display());
        }
    }
}

#[test]
fn the_lower_floors_know_no_clock_environment_or_files() {
    let pure = ["text", "extract", "features", "model", "tags", "pipeline"];
    let impure = [
        "std::fs",
        "std::env",
        "std::time",
        "std::path",
        "std::thread",
        "SystemTime",
        "Instant",
    ];
    for source in sources()
        .iter()
        .filter(|source| pure.contains(&source.floor.as_str()))
    {
        for line in &source.code {
            for name in impure {
                assert!(!line.contains(name), "{}: {line}", source.path.display());
            }
        }
    }
}

#[test]
fn nothing_panics_for_want_of_a_reader() {
    for source in sources() {
        for line in &source.code {
            let panics = ["println!(", "print!("]
                .iter()
                .any(|name| line.contains(name));
            assert!(!panics, "{}: {line}", source.path.display());
        }
    }
}

#[test]
fn no_module_is_a_drawer() {
    for source in sources() {
        let stem = source
            .path
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        assert!(
            !FORBIDDEN_NAMES.contains(&stem.as_str()),
            "{}",
            source.path.display()
        );
    }
}
