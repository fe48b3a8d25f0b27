//! `train --report` and `evaluate --report` as an owner of an archive uses them.

use std::fs;
use std::path::Path;
use std::process::Output;

use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

use crate::corpora::data;
use crate::program::{run, stderr};

/// What ids of sections the page has.
fn sections(page: &str) -> Vec<&str> {
    let ids = Regex::new("<section id=\"([a-z-]+)\"").unwrap();
    let found = ids.captures_iter(page);
    found.map(|ids| ids.get(1).unwrap().as_str()).collect()
}

/// The places of the articles in doubt, in their order.
fn suspects(page: &str) -> Vec<&str> {
    let places = Regex::new("class=\"place\">([^<]*)<").unwrap();
    let found = places.captures_iter(page);
    found.map(|place| place.get(1).unwrap().as_str()).collect()
}

/// Trains on `rows` in a new folder and gives the page.
fn trained_page(rows: &str, flags: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(file("rows.jsonl"), rows).unwrap();
    let (rows, out, page) = (file("rows.jsonl"), file("desk.safetensors"), file("p.html"));
    let args = ["train", "--data", &rows, "--out", &out, "--report", &page];
    let output = run(&[&args, flags].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    fs::read_to_string(page).unwrap()
}

fn desk() -> String {
    fs::read_to_string(data("desk.jsonl")).unwrap()
}

/// The desk's rows with something else in one field of some of them, by line number from 1.
fn desk_with(field: &str, changes: &[(usize, &str)]) -> String {
    let rows = desk();
    let changed = rows.lines().zip(1..).map(|(row, line)| {
        let mut row: Value = serde_json::from_str(row).unwrap();
        for (_, value) in changes.iter().filter(|(changed, _)| *changed == line) {
            row[field] = Value::from(*value);
        }
        row.to_string() + "\n"
    });
    changed.collect()
}

#[test]
fn training_writes_a_page_with_all_its_parts_and_nothing_from_outside() {
    let page = trained_page(&desk(), &["--name", "Harbour desk"]);
    assert_eq!(
        sections(&page),
        [
            "topics",
            "confusion",
            "trust",
            "learning-curve",
            "mislabelled",
            "terms",
            "tags"
        ]
    );
    assert!(page.contains("<h1>Harbour desk</h1>"), "{page}");
    assert_eq!(page.matches("<svg").count(), 3);
    for part in [
        "Interest rates",
        "Science &amp; Tech",
        "Reliability",
        "Without review",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    let outside = Regex::new(r#"(src|href)=|@import|url\(|<script"#).unwrap();
    assert!(!outside.is_match(&page), "{page}");
}

#[test]
fn the_page_changes_nothing_of_the_model() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let rows = data("desk.jsonl").to_str().unwrap().to_owned();
    let models: Vec<Vec<u8>> = [&["--report", &file("p.html")] as &[&str], &[]]
        .iter()
        .map(|flags| {
            let out = file("desk.safetensors");
            let output = run(&[&["train", "--data", &rows, "--out", &out], *flags].concat());
            assert!(output.status.success(), "{}", stderr(&output));
            fs::read(out).unwrap()
        })
        .collect();
    assert!(models[0] == models[1]);
}

#[test]
fn planted_wrong_labels_are_found_first() {
    let planted = [
        (13, "Sports"),
        (22, "Politics"),
        (39, "Economy"),
        (52, "Politics"),
    ];
    let rows = desk();
    for (line, label) in planted {
        let row: Value = serde_json::from_str(rows.lines().nth(line - 1).unwrap()).unwrap();
        assert_ne!(row["label"], label, "line {line} has that label already");
    }
    let page = trained_page(&desk_with("label", &planted), &[]);
    let found = suspects(&page);
    for (line, _) in planted {
        let place = format!("rows.jsonl:{line}");
        let rank = found.iter().position(|suspect| suspect.ends_with(&place));
        assert!(
            rank.is_some_and(|rank| rank < planted.len() + 1),
            "{place}: {found:?}"
        );
    }
}

#[test]
fn an_archive_cannot_put_markup_into_the_page() {
    let hostile = "<script>alert('x')</script><b onmouseover=\"alert(1)\">Council</b>";
    let labels = [
        (1, hostile),
        (4, hostile),
        (8, hostile),
        (12, hostile),
        (16, hostile),
    ];
    let rows = desk_with("label", &labels);
    let titles: Vec<(usize, &str)> = (1..=64).map(|line| (line, hostile)).collect();
    let rows_of_titles = desk_with("title", &titles);
    let wrong = [(9, "Sports"), (22, "Politics")];
    for rows in [rows, rows_of_titles, desk_with("label", &wrong)] {
        let page = trained_page(&rows, &["--name", hostile]);
        assert!(page.contains("&lt;script&gt;"), "{page}");
        assert!(
            !page.contains("<script") && !page.contains("<b on"),
            "{page}"
        );
    }
}

#[test]
fn evaluation_writes_the_page_without_a_learning_curve() {
    let folder = TempDir::new().unwrap();
    let page = folder.path().join("p.html");
    let rows = data("desk-test.jsonl");
    let args = ["evaluate", "--data", rows.to_str().unwrap(), "--report"];
    let output = run(&[&args[..], &[page.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let page = fs::read_to_string(page).unwrap();
    let found = sections(&page);
    assert!(
        found.starts_with(&["topics", "confusion", "trust", "mislabelled"]),
        "{found:?}"
    );
    assert!(!found.contains(&"learning-curve"));
    // What the model has learnt from, the page cannot know.
    for claim in ["held-out", "has not seen"] {
        assert!(!page.contains(claim), "{claim}: {page}");
    }
    let trained = trained_page(&desk(), &[]);
    assert!(trained.contains("held-out articles"), "{trained}");
}

#[test]
fn an_archive_of_tags_alone_has_a_page_of_tags() {
    let labels: Vec<(usize, &str)> = (1..=64).map(|line| (line, "")).collect();
    let page = trained_page(&desk_with("label", &labels), &[]);
    assert_eq!(sections(&page), ["tags"]);
}

/// A run of which one of the two files cannot be written.
fn failing_train(out: &Path, page: &Path) -> Output {
    let rows = data("desk.jsonl");
    let files = [&*rows, out, page].map(|file| file.to_str().unwrap());
    let output = run(&[
        "train", "--data", files[0], "--out", files[1], "--report", files[2],
    ]);
    assert_eq!(output.status.code(), Some(1));
    output
}

#[test]
fn a_page_that_cannot_be_written_costs_no_model() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("desk.safetensors");
    // Only who writes it learns that no file may have so long a name.
    let page = folder.path().join(format!("{}.html", "x".repeat(300)));
    let output = failing_train(&out, &page);
    let said = stderr(&output);
    let wrote = said.find("wrote ");
    assert!(
        wrote.is_some() && wrote < said.find("cannot write "),
        "{said}"
    );
    assert!(Path::new(&out).exists());
}

#[test]
fn a_model_that_cannot_be_written_costs_no_measures() {
    let folder = TempDir::new().unwrap();
    // Only who writes it learns that no file may have so long a name.
    let out = folder.path().join("x".repeat(300));
    let page = folder.path().join("page.html");
    let output = failing_train(&out, &page);
    let said = stderr(&output);
    assert!(said.contains("cannot replace "), "{said}");
    assert!(!said.contains("wrote "), "{said}");
    let measured = String::from_utf8_lossy(&output.stdout);
    assert!(measured.contains("accuracy"), "{measured}");
    assert!(page.exists());
}

#[test]
fn a_page_that_cannot_be_written_is_said_before_training() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("desk.safetensors");
    let rows = data("desk.jsonl");
    let args = [
        "train",
        "--data",
        rows.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    let output = run(&[&args[..], &["--report", "/no/such/folder/p.html"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("p.html"), "{}", stderr(&output));
    assert!(!Path::new(&out).exists());
}
