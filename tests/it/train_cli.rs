//! `copydesk train`, `evaluate` and `classify` as a person runs them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::corpora::data;
use crate::program::{copydesk, run, stderr};

fn run_with_input(args: &[&str], input: &[u8]) -> Output {
    let mut child = copydesk()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn file(&self, name: &str) -> String {
        path(&self.folder.path().join(name)).to_owned()
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        fs::write(self.folder.path().join(name), bytes).unwrap();
        self.file(name)
    }

    /// Trains on `rows` with further flags.
    fn train(&self, rows: &str, flags: &[&str]) -> Output {
        let out = self.file("model.safetensors");
        run(&[&["train", "--data", rows, "--out", &out], flags].concat())
    }

    /// What `train` says of bad rows; nothing must have been written.
    fn refusal(&self, rows: &[u8], flags: &[&str]) -> String {
        let rows = self.write("rows.jsonl", rows);
        let output = self.train(&rows, flags);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(!Path::new(&self.file("model.safetensors")).exists());
        stderr(&output)
    }
}

fn desk_rows() -> String {
    path(&data("desk.jsonl")).to_owned()
}

fn built_in_model() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/models/news-en.safetensors"
    ))
}

fn test_rows() -> String {
    path(&data("desk-test.jsonl")).to_owned()
}

#[test]
fn a_model_is_trained_measured_and_used() {
    let desk = Desk::new();
    let output = desk.train(&desk_rows(), &["--test", &test_rows()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report = stdout(&output);
    for word in [
        "Sports",
        "precision",
        "accuracy",
        "macro-F1",
        "calibration error",
        "micro-F1",
        "MB",
    ] {
        assert!(report.contains(word), "{word} is missing:\n{report}");
    }
    let model = desk.file("model.safetensors");
    let evaluated = run(&[
        "evaluate",
        "--model",
        &model,
        "--data",
        &test_rows(),
        "--json",
    ]);
    let measures: Value = serde_json::from_slice(&evaluated.stdout).unwrap();
    assert!(measures["accuracy"].as_f64().unwrap() >= 0.7, "{measures}");
    assert!(
        measures["tags"]["micro_f1"].as_f64().unwrap() >= 0.5,
        "{measures}"
    );
    let table = stdout(&run(&[
        "evaluate",
        "--model",
        &model,
        "--data",
        &test_rows(),
    ]));
    assert!(table.contains("is \\ was answered"), "{table}");
}

#[test]
fn training_and_evaluation_tell_the_same_scores_of_the_same_tags() {
    let desk = Desk::new();
    let least = ["--min-tag-examples", "9"];
    let trained = desk.train(
        &desk_rows(),
        &[&["--test", &test_rows(), "--json"], &least[..]].concat(),
    );
    let trained: Value = serde_json::from_slice(&trained.stdout).unwrap();
    let trained = &trained["evaluation"];
    let model = desk.file("model.safetensors");
    let evaluate = ["evaluate", "--model", &model, "--data", &test_rows()];
    let evaluated = run(&[&evaluate[..], &["--json"]].concat());
    let evaluated: Value = serde_json::from_slice(&evaluated.stdout).unwrap();
    assert_eq!(trained["tags"], evaluated["tags"]);
    assert_eq!(trained["tags"]["n_tags"], 5);
    assert_eq!(trained["tags"]["n_unknown_tags"], 3);
    // What an archive has is known where it is learnt from.
    assert_eq!(trained["archive_tags"]["n_tags"], 8);
    assert_eq!(evaluated["archive_tags"], Value::Null);
    let f1 = |tags: &str| trained[tags]["micro_f1"].as_f64().unwrap();
    assert!(f1("archive_tags") < f1("tags"), "{trained}");
}

#[test]
fn equal_runs_write_equal_files_on_any_number_of_threads() {
    let files: Vec<Vec<u8>> = ["1", "2", "7"]
        .iter()
        .map(|threads| {
            let desk = Desk::new();
            let output = desk.train(&desk_rows(), &["--threads", threads]);
            assert!(output.status.success(), "{}", stderr(&output));
            fs::read(desk.file("model.safetensors")).unwrap()
        })
        .collect();
    assert!(files.iter().all(|file| *file == files[0]));
    let desk = Desk::new();
    assert!(desk.train(&desk_rows(), &["--seed", "7"]).status.success());
    assert_ne!(fs::read(desk.file("model.safetensors")).unwrap(), files[0]);
}

#[test]
fn the_report_for_machines_is_json() {
    let desk = Desk::new();
    let output = desk.train(&desk_rows(), &["--json", "--test", &test_rows()]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["name"], "model");
    assert_eq!(report["training_articles"], 64);
    assert_eq!(report["evaluation"]["n_articles"], 20);
    assert!(
        report["written"]
            .as_str()
            .unwrap()
            .ends_with("model.safetensors")
    );
}

#[test]
fn the_version_that_is_told_is_that_of_the_file() {
    let desk = Desk::new();
    let page = desk.file("page.html");
    let output = desk.train(&desk_rows(), &["--json", "--report", &page]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let version = report["version"].as_str().unwrap();
    let model = desk.file("model.safetensors");
    let measured = run(&["evaluate", "--model", &model, "--data", &test_rows()]);
    let said = stdout(&measured);
    assert!(said.starts_with(&format!("model {version}\n")), "{said}");
    assert!(fs::read_to_string(page).unwrap().contains(version));
}

#[test]
fn the_newest_articles_are_held_out_by_their_date() {
    let desk = Desk::new();
    let rows: Vec<Value> = fs::read_to_string(data("desk.jsonl"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let dated: String = rows
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let mut row = row.clone();
            row["published"] = format!("on 2024-{:02}-{:02}, late", 1 + i / 28, 1 + i % 28).into();
            format!("{row}\n")
        })
        .collect();
    let dated = desk.write("dated.jsonl", dated.as_bytes());
    let by_time = ["--split", "time", "--test-share", "0.25", "--json"];
    let trained = desk.train(
        &dated,
        &[&by_time[..], &["--date-field", "published"]].concat(),
    );
    assert!(trained.status.success(), "{}", stderr(&trained));
    let report: Value = serde_json::from_slice(&trained.stdout).unwrap();
    let n_test = (rows.len() as f64 * 0.25).round() as u64;
    assert_eq!(report["training_articles"], rows.len() as u64 - n_test);
    let undated = desk.train(&dated, &by_time);
    assert_eq!(undated.status.code(), Some(1));
    assert!(
        stderr(&undated).contains("--date-field"),
        "{}",
        stderr(&undated)
    );
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn gzip_tables_and_standard_input_are_read() {
    let desk = Desk::new();
    let rows = fs::read(data("desk.jsonl")).unwrap();
    let zipped = desk.write("rows.jsonl.gz", &gzipped(&rows));
    assert!(desk.train(&zipped, &[]).status.success());
    let from_file = fs::read(desk.file("model.safetensors")).unwrap();

    let out = desk.file("model.safetensors");
    let piped = run_with_input(&["train", "--data", "-", "--out", &out], &rows);
    assert!(piped.status.success(), "{}", stderr(&piped));
    assert_eq!(fs::read(&out).unwrap(), from_file);

    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["section", "body"]).unwrap();
    for row in String::from_utf8(rows).unwrap().lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        table
            .write_record([
                row["label"].as_str().unwrap(),
                row["text"].as_str().unwrap(),
            ])
            .unwrap();
    }
    let table = desk.write("rows.csv", &table.into_inner().unwrap());
    let output = desk.train(
        &table,
        &["--label-field", "section", "--text-field", "body"],
    );
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn a_gate_that_is_not_met_leaves_the_old_file() {
    let desk = Desk::new();
    let old = desk.write("model.safetensors", b"the old model");
    let output = desk.train(
        &desk_rows(),
        &["--min-macro-f1", "1.01", "--test", &test_rows()],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("macro-F1"),
        "the report is missing"
    );
    assert!(
        stderr(&output).contains("--min-macro-f1 asks for 1.01"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read(&old).unwrap(), b"the old model");
    assert_eq!(
        fs::read_dir(desk.folder.path()).unwrap().count(),
        1,
        "a temporary file is left"
    );
}

#[test]
fn a_model_must_beat_its_rival() {
    let desk = Desk::new();
    assert!(
        desk.train(&desk_rows(), &["--test", &test_rows()])
            .status
            .success()
    );
    let rival = desk.file("rival.safetensors");
    fs::rename(desk.file("model.safetensors"), &rival).unwrap();
    // The same again is not worse, and is written.
    let again = desk.train(
        &desk_rows(),
        &["--test", &test_rows(), "--must-beat", &rival],
    );
    assert!(again.status.success(), "{}", stderr(&again));
    fs::remove_file(desk.file("model.safetensors")).unwrap();
    // Labels that lie make a worse one.
    let lying: String = fs::read_to_string(data("desk.jsonl"))
        .unwrap()
        .replace("\"label\": \"Sports\"", "\"label\": \"Swap\"")
        .replace("\"label\": \"Economy\"", "\"label\": \"Sports\"")
        .replace("\"label\": \"Swap\"", "\"label\": \"Economy\"");
    let worse = desk.write("worse.jsonl", lying.as_bytes());
    let output = desk.train(&worse, &["--test", &test_rows(), "--must-beat", &rival]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("rival.safetensors reaches"),
        "{}",
        stderr(&output)
    );
    assert!(!Path::new(&desk.file("model.safetensors")).exists());
}

#[test]
fn a_rival_is_not_measured_on_what_it_has_learnt() {
    let desk = Desk::new();
    assert!(desk.train(&desk_rows(), &[]).status.success());
    let rival = desk.file("rival.safetensors");
    fs::rename(desk.file("model.safetensors"), &rival).unwrap();
    let output = desk.train(&desk_rows(), &["--must-beat", &rival]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    let why = format!("--must-beat needs --test: {rival} may have learnt from articles");
    assert!(said.contains(&why), "{said}");
    assert!(!said.contains("counting the terms"), "{said}");
    assert!(!Path::new(&desk.file("model.safetensors")).exists());
}

#[test]
fn bad_corpora_are_refused_by_name() {
    let desk = Desk::new();
    let row = |label: &str, text: &str| format!("{{\"label\":\"{label}\",\"text\":\"{text}\"}}\n");
    let one_topic = row("A", "the bank raised rates") + &row("A", "the bank cut rates again");
    let message = desk.refusal(one_topic.as_bytes(), &[]);
    assert!(
        message.contains("at least two topics; the training articles have 1: A"),
        "{message}"
    );

    assert!(desk.refusal(b"", &[]).contains("it is empty"));
    assert!(
        desk.refusal(b"{\"label\":\"A\",\"text\":\"\"}\n", &[])
            .contains("rows.jsonl:1: fields \"title\" and \"text\"")
    );
    let broken = [
        row("A", "x").as_bytes(),
        b"{\"label\":\"A\",\"text\":\"\xc3\x28\"}\n",
    ]
    .concat();
    assert!(
        desk.refusal(&broken, &[])
            .contains("rows.jsonl:2: not UTF-8 from byte 22")
    );
    let unlabelled = row("A", "x") + "{\"text\":\"y\"}\n";
    assert!(
        desk.refusal(unlabelled.as_bytes(), &[])
            .contains("rows.jsonl:2: field \"label\" is missing")
    );
    let strangers = [
        row("A", "alpha beta"),
        row("B", "gamma delta"),
        row("A", "epsilon zeta"),
        row("B", "eta theta"),
    ]
    .concat();
    assert!(
        desk.refusal(strangers.as_bytes(), &[])
            .contains("share no words")
    );
}

#[test]
fn a_field_that_is_no_topic_is_refused_for_how_many_there_are() {
    let desk = Desk::new();
    let rows: String = (0..1100)
        .map(|n| format!("{{\"label\":\"story-{n}\",\"text\":\"the bank raised rates {n}\"}}\n"))
        .collect();
    let message = desk.refusal(rows.as_bytes(), &["--test", &test_rows()]);
    let named = r#"1100 topics, such as "story-0", "story-1", "story-10"; the limit is 1000"#;
    assert!(message.contains(named), "{message}");
    assert!(message.contains("--label-field"), "{message}");
    // Not only once they are dealt out, and not after what memory so many would need.
    let message = desk.refusal(rows.as_bytes(), &[]);
    assert!(message.contains(named), "{message}");
    assert!(!message.contains("of memory"), "{message}");
}

#[test]
fn articles_to_measure_on_of_too_many_topics_are_refused() {
    let desk = Desk::new();
    let rows: String = (0..1100)
        .map(|n| format!("{{\"label\":\"story-{n}\",\"text\":\"the bank raised rates {n}\"}}\n"))
        .collect();
    let file = desk.write("stories.jsonl", rows.as_bytes());
    let of_evaluate = run(&["evaluate", "--data", &file]);
    let of_train = desk.train(&desk_rows(), &["--test", &file]);
    for output in [of_evaluate, of_train] {
        assert_eq!(output.status.code(), Some(1));
        let message = stderr(&output);
        let named = r#"1100 topics that the model does not have, such as "story-0", "story-1", "story-10"; the limit is 1000"#;
        assert!(message.contains(named), "{message}");
        assert!(message.contains("--label-field"), "{message}");
    }
}

#[test]
fn articles_to_measure_on_of_other_topics_are_refused() {
    let desk = Desk::new();
    let out = desk.write("model.safetensors", b"the old model");
    let other = desk.write(
        "other.jsonl",
        b"{\"label\":\"Weather\",\"text\":\"rain\"}\n",
    );
    let output = desk.train(&desk_rows(), &["--test", &other]);
    assert_eq!(output.status.code(), Some(1));
    let told =
        r#"these are "Economy", "Politics", "Science & Tech", those of --test "Weather"; name"#;
    assert!(stderr(&output).contains(told), "{}", stderr(&output));
    assert_eq!(fs::read(&out).unwrap(), b"the old model");
}

#[test]
fn topics_of_one_article_each_are_told_to_be_such() {
    let desk = Desk::new();
    let output = desk.train(&desk_rows(), &["--label-field", "id"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    let told = "of 64 topics 64 have one article, such as \"economy-01\"";
    assert!(
        said.contains(told) && said.contains("--label-field"),
        "{said}"
    );
    assert!(!said.contains("--group-field"), "{said}");
}

#[test]
fn a_file_that_is_no_file_of_rows_is_told_for_what_it_is() {
    let desk = Desk::new();
    for (file, told) in [
        (desk.file("nothing"), "nothing: No such file"),
        (desk.file(""), "is a folder; name the files in it"),
        (desk.write("rows.txt", b"x"), "say --data-format"),
    ] {
        let output = desk.train(&file, &[]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
    let out = desk.file("model.safetensors");
    let table = b"label,text\nA,x\n\"B\",y\n";
    let output = run_with_input(&["train", "--data", "-", "--out", &out], table);
    let said = stderr(&output);
    assert!(said.contains("--data-format csv"), "{said}");
    assert!(!said.contains("--skip-bad-rows"), "{said}");
}

#[test]
fn a_row_of_a_table_is_said_to_be_on_one_line() {
    let desk = Desk::new();
    let rows = "label,text\nA,\"x\ny\"\n\nB,y,z\nA,z\n";
    let table = desk.write("ragged.csv", rows.as_bytes());
    let said = stderr(&desk.train(&table, &[]));
    let told = "ragged.csv:5: columns: 3, and those of the first row: 2;";
    assert!(said.contains(told), "{said}");
    assert!(!said.contains("record"), "{said}");
}

#[test]
fn articles_without_a_topic_are_learnt_from_too() {
    let desk = Desk::new();
    // The held-out articles, whose topics nobody tells.
    let rows = fs::read_to_string(test_rows()).unwrap();
    let texts = rows.lines().map(|row| {
        let row: Value = serde_json::from_str(row).unwrap();
        serde_json::json!({ "title": row["title"], "text": row["text"] }).to_string()
    });
    let texts = desk.write(
        "texts.jsonl",
        texts.collect::<Vec<_>>().join("\n").as_bytes(),
    );
    let output = desk.train(&desk_rows(), &["--unlabelled", &texts, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["unlabelled_articles"], 20);
    let n_learnt = report["self_labelled_articles"].as_u64().unwrap();
    assert!((1..=20).contains(&n_learnt), "{n_learnt}");
    let said = format!("{n_learnt} of 20 articles without a topic were learnt from too");
    assert!(stderr(&output).contains(&said), "{}", stderr(&output));
    // What is known already is not learnt twice.
    let known = ["--unlabelled", &desk_rows(), "--test", &test_rows()];
    let output = desk.train(&desk_rows(), &known);
    let said = "0 of 64 articles without a topic were learnt from too";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    // Of tags alone there are no topics to find.
    let rows = fs::read_to_string(desk_rows()).unwrap();
    let rows = desk.write(
        "tags.jsonl",
        rows.replace("\"label\"", "\"section\"").as_bytes(),
    );
    let output = desk.train(&rows, &["--unlabelled", &texts]);
    let said = "--unlabelled had no effect";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    let missing = desk.train(&desk_rows(), &["--unlabelled", "no-such-file.jsonl"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("no-such-file.jsonl"));
}

#[test]
fn a_topic_of_one_example_is_learnt_unless_more_are_asked_for() {
    let desk = Desk::new();
    let rows = fs::read_to_string(data("desk.jsonl")).unwrap()
        + "{\"label\":\"Weather\",\"text\":\"Rain and wind are expected along the coast on Sunday.\"}\n";
    let file = desk.write("one.jsonl", rows.as_bytes());
    let output = desk.train(&file, &["--json", "--test", &test_rows()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["topics"], 5);
    fs::remove_file(desk.file("model.safetensors")).unwrap();
    let message = desk.refusal(
        rows.as_bytes(),
        &["--min-topic-examples", "2", "--test", &test_rows()],
    );
    assert!(
        message.contains("topics with fewer than 2 training articles: Weather (1)"),
        "{message}"
    );
}

#[test]
fn a_corpus_of_few_groups_is_measured_or_refused() {
    let desk = Desk::new();
    let rows = |n_groups: usize| {
        let rows = fs::read_to_string(data("desk.jsonl")).unwrap();
        let rows = rows.lines().enumerate().map(|(i, row)| {
            let mut row: Value = serde_json::from_str(row).unwrap();
            // The topics take turns.
            row["story"] = format!("{}", i / 4 % n_groups).into();
            format!("{row}\n")
        });
        rows.collect::<String>()
    };
    let flags = ["--group-field", "story", "--json"];
    let file = desk.write("three.jsonl", rows(3).as_bytes());
    let output = desk.train(&file, &flags);
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        report["evaluation"]["n_articles"].as_u64() > Some(10),
        "{report}"
    );
    fs::remove_file(desk.file("model.safetensors")).unwrap();
    let message = desk.refusal(rows(2).as_bytes(), &flags);
    assert!(
        message.contains("articles to learn from are one group"),
        "{message}"
    );
    let message = desk.refusal(rows(1).as_bytes(), &flags);
    assert!(
        message.contains("the 64 articles to learn from are one group"),
        "{message}"
    );
    // However much there is to measure on, confidences are learnt out of fold.
    let message = desk.refusal(
        rows(1).as_bytes(),
        &[&flags[..], &["--test", &test_rows()]].concat(),
    );
    assert!(
        message.contains("articles to learn from are one group"),
        "{message}"
    );
}

#[test]
fn bad_rows_are_left_out_and_counted_if_asked() {
    let desk = Desk::new();
    let rows =
        fs::read_to_string(data("desk.jsonl")).unwrap() + "not json\n{\"text\":\"no label\"}\n";
    let file = desk.write("some.jsonl", rows.as_bytes());
    let output = desk.train(&file, &["--skip-bad-rows", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["bad_rows"], 2);
    assert!(
        stderr(&output).contains("some.jsonl:65: no JSON"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn files_that_cannot_be_read_or_written_are_named() {
    let desk = Desk::new();
    let output = desk.train("/no/such/rows.jsonl", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("/no/such/rows.jsonl"),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&desk.train("/tmp", &["--data-format", "csv"])).contains("/tmp is a folder"));
    let odd = desk.write("rows.xls", b"");
    assert!(stderr(&desk.train(&odd, &[])).contains("--data-format jsonl, csv or tsv"));
    let output = run(&[
        "train",
        "--data",
        &desk_rows(),
        "--out",
        "/no/such/model.safetensors",
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("/no/such/model.safetensors"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn what_is_read_is_never_written_over() {
    let desk = Desk::new();
    let rows = fs::read(data("desk.jsonl")).unwrap();
    let archive = desk.write("archive.jsonl", &rows);
    let again = desk.folder.path().join(".").join("archive.jsonl");
    let out = desk.file("model.safetensors");
    let train = ["train", "--data", &archive, "--out"];
    let new = desk.folder.path().join(".").join("model.safetensors");
    let vocabulary = desk.write("tags.csv", b"label\nFerries\n");
    let codes = desk.write("codes.csv", b"Sports,medtop:15000000\n");
    let rival = desk.write("rival.safetensors", &fs::read(built_in_model()).unwrap());
    let reads = [["--vocabulary", &vocabulary], ["--topic-codes", &codes]];
    let gate = ["--must-beat", &rival, "--test", &test_rows()];
    for (args, flag) in [
        ([&train[..], &[path(&again)]].concat(), "--out"),
        (
            [&train[..], &[&out, "--report", &archive]].concat(),
            "--report",
        ),
        ([&train[..], &[&out, "--report", &out]].concat(), "--report"),
        (
            [&train[..], &[&out, "--report", path(&new)]].concat(),
            "--report",
        ),
        ([&train[..], &[&vocabulary], &reads[0]].concat(), "--out"),
        ([&train[..], &[&codes], &reads[1]].concat(), "--out"),
        (
            [&train[..], &[&out, "--report", &vocabulary], &reads[0]].concat(),
            "--report",
        ),
        (
            [&train[..], &[&out, "--report", &codes], &reads[1]].concat(),
            "--report",
        ),
        (
            [&train[..], &[&out, "--report", &rival], &gate].concat(),
            "--report",
        ),
        (
            vec!["evaluate", "--data", &archive, "--report", &archive],
            "--report",
        ),
    ] {
        let output = run(&args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let said = stderr(&output);
        assert!(said.starts_with(&format!("copydesk: {flag} ")), "{said}");
        assert!(said.contains("is a file of the same run"), "{said}");
    }
    let said = stderr(&run(&[&train[..], &["-"]].concat()));
    assert!(
        said.contains("--out - would be a file of that name"),
        "{said}"
    );
    assert_eq!(fs::read(&archive).unwrap(), rows);
    assert_eq!(fs::read_dir(desk.folder.path()).unwrap().count(), 4);
}

#[cfg(unix)]
#[test]
fn a_model_is_written_where_a_link_leads_and_not_over_what_is_no_file() {
    let desk = Desk::new();
    let socket = desk.file("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let output = run(&["train", "--data", &desk_rows(), "--out", &socket]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains(&format!("--out {socket} is no ordinary file")),
        "{said}"
    );
    assert!(!fs::metadata(&socket).unwrap().is_file());

    let model = desk.write("v1.safetensors", b"the old model");
    let link = desk.file("model.safetensors");
    std::os::unix::fs::symlink(&model, &link).unwrap();
    assert!(desk.train(&desk_rows(), &[]).status.success());
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_ne!(fs::read(&model).unwrap(), b"the old model");
}

#[test]
fn wrong_flags_are_status_two() {
    assert_eq!(run(&["train", "--out", "x"]).status.code(), Some(2));
    assert_eq!(
        run(&["train", "--data", "x", "--out", "y", "--test-share", "2"])
            .status
            .code(),
        Some(2)
    );
    for held_out in [["--split", "time"], ["--test-share", "0.2"]] {
        let test = ["train", "--data", "x", "--out", "y", "--test", "z"];
        let output = run(&[&test[..], &held_out].concat());
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(
            said.contains("cannot be used with") && said.contains(held_out[0]),
            "{said}"
        );
    }
    assert_eq!(run(&["nothing"]).status.code(), Some(2));
    assert_eq!(run(&["key", "--name", ""]).status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn ctrl_c_and_a_stop_leave_the_old_file() {
    // What a shell starts in the background, as a run of tests may be, ignores ctrl-c, and so do its children.
    let ctrl_c = (!ignores_ctrl_c()).then_some("-INT");
    for signal in ctrl_c.into_iter().chain(["-TERM"]) {
        let desk = Desk::new();
        let old = desk.write("model.safetensors", b"the old model");
        let mut child = copydesk()
            .args(["train", "--data", "-", "--out", &old])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The rows never end: the run is still reading when it is stopped.
        let mut rows = child.stdin.take().unwrap();
        rows.write_all(&fs::read(data("desk.jsonl")).unwrap())
            .unwrap();
        let stopped = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(stopped.success());
        assert!(!child.wait().unwrap().success(), "{signal}");
        assert_eq!(fs::read(&old).unwrap(), b"the old model", "{signal}");
    }
}

/// Whether this process ignores SIGINT, where the system tells.
#[cfg(unix)]
fn ignores_ctrl_c() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let signals = ignored.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    signals.is_some_and(|signals| signals & 0b10 != 0)
}

#[test]
fn iptc_codes_come_from_a_file() {
    let desk = Desk::new();
    let codes = desk.write(
        "codes.csv",
        b"Sports,medtop:15000000\nScience & Tech, medtop:13000000\n",
    );
    assert!(
        desk.train(&desk_rows(), &["--topic-codes", &codes])
            .status
            .success()
    );
    let model = desk.file("model.safetensors");
    let output = run_with_input(
        &["classify", "--json", "--model", &model],
        b"The coach praised the striker.",
    );
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let sports = answer["topics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["topic"] == "Sports")
        .unwrap();
    assert_eq!(sports["iptc_code"], "medtop:15000000");
    let odd = desk.write(
        "odd.csv",
        b"Sports,medtop:1\nsports,medtop:2\nSprots,medtop:3\n",
    );
    let said = stderr(&desk.train(&desk_rows(), &["--topic-codes", &odd]));
    assert!(
        said.contains(r#"no article has the topics "Sprots", "sports";"#),
        "{said}"
    );
    let odd = desk.write("odd.csv", b"Sports,medtop:1\n Sports ,medtop:2\n");
    let said = stderr(&desk.train(&desk_rows(), &["--topic-codes", &odd]));
    assert!(
        said.contains(r#"odd.csv:2: the topic "Sports" is named twice"#),
        "{said}"
    );
    let odd = desk.write("odd.csv", b"Sports\n");
    let output = desk.train(&desk_rows(), &["--topic-codes", &odd]);
    assert!(
        stderr(&output).contains("odd.csv:1: a row is a topic and its code"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn lists_that_flags_name_are_named_with_the_flag() {
    let desk = Desk::new();
    let latin = desk.write(
        "latin.csv",
        b"Sports,medtop:15000000\nCaf\xe9,medtop:13000000\n",
    );
    for flag in ["--known-tags", "--topic-codes"] {
        let said = stderr(&desk.train(&desk_rows(), &[flag, &latin]));
        let named = format!("cannot read {flag} {latin}: not UTF-8 from byte 27; convert it");
        assert!(said.contains(&named), "{said}");
        let said = stderr(&desk.train(&desk_rows(), &[flag, "/no/such.csv"]));
        let named = format!("cannot read {flag} /no/such.csv: No such file");
        assert!(said.contains(&named), "{said}");
    }
}

#[test]
fn topics_and_tags_of_another_writing_are_told_where_they_are_measured() {
    let desk = Desk::new();
    let lower: String = fs::read_to_string(test_rows())
        .unwrap()
        .lines()
        .map(|row| {
            let mut row: Value = serde_json::from_str(row).unwrap();
            let label = row["label"].as_str().unwrap();
            // Where no topic were the data's, the articles would be refused.
            if label != "Sports" {
                row["label"] = label.to_lowercase().into();
            }
            row["tags"] = serde_json::json!(["ELECTIONS"]);
            format!("{row}\n")
        })
        .collect();
    let lower = desk.write("lower.jsonl", lower.as_bytes());
    let says = |output: &Output, whose: &str| {
        let said = stderr(output);
        assert!(output.status.success(), "{said}");
        for (kind, pair) in [
            ("topics", r#""politics" (5) is "Politics""#),
            ("tags", r#""ELECTIONS" (20) is "Elections""#),
        ] {
            let told = said.lines().find(|line| {
                line.starts_with(&format!("copydesk: {kind} are compared"))
                    && line.contains(&format!("those of {whose} in case"))
            });
            assert!(told.is_some_and(|line| line.contains(pair)), "{said}");
        }
    };
    says(&desk.train(&desk_rows(), &["--test", &lower]), "the data");
    let model = desk.file("model.safetensors");
    let evaluated = run(&["evaluate", "--model", &model, "--data", &lower]);
    says(&evaluated, "the model");
    let rival = desk.file("rival.safetensors");
    fs::rename(&model, &rival).unwrap();
    let trained = desk.train(&lower, &["--test", &lower, "--must-beat", &rival]);
    says(&trained, &rival);
    let evaluated = run(&["evaluate", "--model", &rival, "--data", &test_rows()]);
    assert!(
        !stderr(&evaluated).contains("compared"),
        "{}",
        stderr(&evaluated)
    );
}

#[test]
fn a_file_is_named_once() {
    let desk = Desk::new();
    let trained = desk.train(&desk_rows(), &["--data", &desk_rows()]);
    assert!(!trained.status.success());
    let said = stderr(&trained);
    assert!(said.contains("desk.jsonl is named twice"), "{said}");
    // Another spelling is no other file, nor is a link to it.
    let rows = desk.write("rows.jsonl", &fs::read(desk_rows()).unwrap());
    let again = desk.folder.path().join(".").join("rows.jsonl");
    let mut spellings = vec![path(&again).to_owned()];
    if cfg!(unix) {
        let link = desk.file("link.jsonl");
        #[cfg(unix)]
        std::os::unix::fs::symlink(&rows, &link).unwrap();
        spellings.push(link);
    }
    for again in &spellings {
        for args in [["--data", &rows, again], ["--test", &rows, again]] {
            let said = stderr(&desk.train(&desk_rows(), &args));
            assert!(said.contains(&format!("{again} is named twice")), "{said}");
        }
        let said = stderr(&run(&["evaluate", "--data", &rows, again]));
        assert!(said.contains(&format!("{again} is named twice")), "{said}");
    }
    assert!(!Path::new(&desk.file("model.safetensors")).exists());
}

/// A row is measured as it is classified: without the menus around its article, which name other topics.
#[test]
fn of_rows_that_are_pages_the_articles_count() {
    let desk = Desk::new();
    let menu =
        "<a href=/bank/rates/inflation>Bank rates inflation stocks economy markets</a> ".repeat(20);
    let story =
        "The striker scored twice in the cup final and the coach praised the team. ".repeat(5);
    let page =
        format!("<html><body><nav>{menu}</nav><article><p>{story}</p></article></body></html>");
    let row = serde_json::json!({"text": page, "label": "Sports"});
    let rows = desk.write("rows.jsonl", format!("{row}\n").as_bytes());
    let output = run(&["evaluate", "--json", "--data", &rows]);
    assert!(
        stderr(&output).contains("1 of 1 texts are pages: of each its article alone counts"),
        "{}",
        stderr(&output)
    );
    let measured: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(measured["accuracy"], 1.0);
    let output = desk.train(&desk_rows(), &["--background", &rows]);
    assert!(
        stderr(&output).contains("1 of 1 texts are pages"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn what_is_held_out_whole_is_so_without_a_test_file() {
    let help = stdout(&run(&["train", "--help"]));
    let words: Vec<&str> = help.split_whitespace().collect();
    let help = words.join(" ");
    assert!(
        help.contains("Without --test, articles that nearly repeat"),
        "{help}"
    );
    assert!(help.contains("that others nearly repeat one"), "{help}");
}

#[test]
fn articles_that_are_learnt_and_measured_on_are_counted() {
    let desk = Desk::new();
    let rows = fs::read_to_string(desk_rows()).unwrap();
    // The same words, whatever the white space, are the same article.
    let some = rows.lines().take(3).map(|row| {
        let mut row: Value = serde_json::from_str(row).unwrap();
        row["text"] = (row["text"].as_str().unwrap().replace(' ', "\n ") + " ").into();
        format!("{row}\n")
    });
    let tests = fs::read_to_string(test_rows()).unwrap() + &some.collect::<String>();
    let tests = desk.write("tests.jsonl", tests.as_bytes());
    let said = stderr(&desk.train(&desk_rows(), &["--test", &tests]));
    assert!(
        said.contains("3 of 23 articles of --test are in --data or --unlabelled too"),
        "{said}"
    );
    let said = stderr(&desk.train(&desk_rows(), &["--test", &test_rows()]));
    assert!(!said.contains("in --data too"), "{said}");
}

#[test]
fn classify_says_of_a_file_that_it_has_no_rows_once() {
    let desk = Desk::new();
    let row = "{\n  \"text\": \"The cup final\"\n}\n";
    let array = format!("[\n{row}]\n");
    let spread = desk.write("spread.json", row.as_bytes());
    let good = desk.write("good.jsonl", b"{\"text\":\"The cup final\"}\n");
    let output = run(&["classify", "--json", &spread, &good]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("spread.json: begins with a JSON object over"),
        "{said}"
    );
    assert_eq!(
        (said.lines().count(), stdout(&output).lines().count()),
        (1, 2)
    );
    for (piped, kind) in [
        (row, "with a JSON object over"),
        (&array, "as a JSON array"),
    ] {
        let output = run_with_input(&["classify", "--json"], piped.as_bytes());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with(&format!("begins {kind}")), "{error}");
    }
}

#[test]
fn classify_answers_the_rest_after_a_file_that_breaks_off() {
    let desk = Desk::new();
    let row = b"{\"id\":\"x\",\"text\":\"The cup final\"}\n";
    let gzip = gzipped(row);
    let broken = desk.write("broken.jsonl.gz", &gzip[..gzip.len() - 4]);
    let good = desk.write("good.jsonl", row);
    let output = run(&["classify", "--json", &broken, &good]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&broken), "{}", stderr(&output));
    let last = stdout(&output).lines().last().unwrap().to_owned();
    let last: Value = serde_json::from_str(&last).unwrap();
    assert_eq!(last["topic"], "Sports");
}

#[test]
fn classify_takes_no_table_for_an_article() {
    let desk = Desk::new();
    let table = desk.write("rows.csv", b"title,text\nCup,The cup final\n");
    let output = run(&["classify", "--json", &table]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("rows.csv: a table is not read here"),
        "{said}"
    );
    assert!(
        run(&["classify", "--input", "text", &table])
            .status
            .success()
    );
}

#[cfg(unix)]
#[test]
fn of_a_file_that_never_ends_no_more_is_read_than_an_article_may_have() {
    for command in ["classify", "extract"] {
        let output = run(&[command, "/dev/zero"]);
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        assert!(
            said.contains("/dev/zero: the article has more than 16777216 bytes"),
            "{said}"
        );
    }
    let desk = Desk::new();
    for format in ["jsonl", "csv"] {
        let said = stderr(&desk.train("/dev/zero", &["--data-format", format]));
        assert!(
            said.contains("/dev/zero: line 1 has more than 134217728 bytes"),
            "{said}"
        );
    }
}

#[test]
fn classify_answers_texts_and_lines_in_order() {
    let desk = Desk::new();
    let text = desk.write(
        "match.txt",
        b"The striker scored twice and the coach praised the team after the final.",
    );
    let lines = desk.write("rows.jsonl", b"{\"id\":\"a\",\"text\":\"The central bank raised interest rates.\"}\n{\"text\":\"Voters elect a new parliament on Sunday.\"}\n");
    let output = run(&["classify", "--json", &text, &lines]);
    assert!(output.status.success(), "{}", stderr(&output));
    let answers: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: Vec<&str> = answers.iter().map(|a| a["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [text.as_str(), "a", &format!("{lines}:2")]);
    assert_eq!(answers[0]["topic"], "Sports");
    assert_eq!(answers[1]["topic"], "Economy");
    assert_eq!(answers[2]["topic"], "Politics");
    assert!(
        answers[0]["model"]["version"]
            .as_str()
            .unwrap()
            .starts_with("sha256:")
    );

    let table = stdout(&run(&["classify", &text]));
    assert!(table.starts_with("TOPIC"), "{table}");
    assert!(table.contains("match.txt"), "{table}");
}

#[test]
fn classify_names_what_it_cannot_read_and_answers_the_rest() {
    let desk = Desk::new();
    let broken = desk.write("broken.txt", b"abc\xff");
    let empty = desk.write("empty.txt", b" \n");
    let good = desk.write("good.txt", b"The central bank raised interest rates.");
    let output = run(&["classify", "--json", &broken, "/no/such.txt", &empty, &good]);
    assert_eq!(output.status.code(), Some(1));
    let answers: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers[0]["error"], "not UTF-8 from byte 4");
    assert!(
        answers[1]["error"]
            .as_str()
            .unwrap()
            .contains("No such file")
    );
    assert!(answers[2]["error"].as_str().unwrap().contains("no text"));
    assert_eq!(answers[3]["topic"], "Economy");
    assert!(
        stderr(&output).contains("broken.txt: not UTF-8"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn classify_says_why() {
    let text = "The striker scored twice in the cup final.";
    let output = run_with_input(&["classify", "--explain"], text.as_bytes());
    let shown = stdout(&output);
    let why = shown
        .lines()
        .find(|line| line.trim_start().starts_with("for "))
        .unwrap();
    assert!(why.contains("cup"), "{shown}");
    let marked = shown
        .lines()
        .find(|line| line.contains('[') && line.contains("striker"))
        .unwrap();
    assert_eq!(marked.replace(['[', ']'], ""), text);

    let output = run_with_input(&["classify", "--explain", "--json"], text.as_bytes());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let first = &answer["evidence"][0];
    let mention = &first["mentions"][0];
    let (start, end) = (
        mention["start"].as_u64().unwrap(),
        mention["end"].as_u64().unwrap(),
    );
    let quoted = &text[start as usize..end as usize];
    assert!(quoted.starts_with(first["term"].as_str().unwrap().trim_end_matches('…')));
}

#[test]
fn classify_reads_standard_input() {
    let text = run_with_input(
        &["classify", "--json"],
        b"The striker scored twice in the cup final.",
    );
    let answer: Value = serde_json::from_slice(&text.stdout).unwrap();
    assert_eq!(answer["topic"], "Sports");
    let lines = run_with_input(
        &["classify", "--json", "-"],
        b"{\"id\":\"x\",\"text\":\"The cup final\"}\n",
    );
    let answer: Value = serde_json::from_slice(&lines.stdout).unwrap();
    assert_eq!(answer["id"], "x");
}

#[test]
fn extract_reads_gzip_as_classify_does() {
    let desk = Desk::new();
    let page = fs::read(data("page.html")).unwrap();
    let zipped = gzipped(&page);
    let file = desk.write("page.html.gz", &zipped);
    let plain = stdout(&run(&["extract", path(&data("page.html"))]));
    assert!(plain.starts_with("Title: "), "{plain}");
    assert_eq!(stdout(&run(&["extract", &file])), plain);
    assert_eq!(stdout(&run_with_input(&["extract"], &zipped)), plain);
}

#[test]
fn classify_reads_rows_as_train_does() {
    let desk = Desk::new();
    let row = b"{\"id\":\"x\",\"text\":\"The striker scored twice in the cup final.\"}\n";
    let marked = [b"\xef\xbb\xbf", &row[..]].concat();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(row).unwrap();
    let zipped = gzip.finish().unwrap();
    let files = [
        desk.write("rows.json", row),
        desk.write("ROWS.JSONL", row),
        desk.write("marked.jsonl", &marked),
        desk.write("rows.jsonl.gz", &zipped),
    ];
    let files = files.iter().map(String::as_str);
    let output = run(&["classify", "--json"]
        .into_iter()
        .chain(files)
        .collect::<Vec<_>>());
    let piped = run_with_input(&["classify", "--json"], &marked);
    let zipped = run_with_input(&["classify", "--json"], &zipped);
    let answers = stdout(&output) + &stdout(&piped) + &stdout(&zipped);
    let ids: Vec<Value> = answers
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].clone())
        .collect();
    assert_eq!(ids, ["x"; 6], "{}", stderr(&output));
}

#[test]
fn classify_names_fields_of_another_kind_and_those_that_are_missing() {
    let rows = b"{\"id\":12,\"title\":\"Cup final\",\"text\":[\"a\",\"b\"]}\n[1]\n\"x\"\n{\"content\":\"The cup\"}\n{\"id\":7,\"text\":\"The cup final\"}\n";
    let desk = Desk::new();
    let file = desk.write("odd.jsonl", rows);
    let output = run(&["classify", "--json", &file]);
    assert_eq!(output.status.code(), Some(1));
    let answers: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers[0]["id"], "12");
    assert_eq!(
        answers[0]["error"],
        "field \"text\" is no string but an array"
    );
    assert_eq!(answers[1]["error"], "no JSON object but an array");
    assert_eq!(answers[2]["error"], "no JSON object but a string");
    let missing = answers[3]["error"].as_str().unwrap();
    assert!(missing.contains("--text-field"), "{missing}");
    assert!(missing.contains("the row's are: content"), "{missing}");
    assert_eq!(
        (&answers[4]["id"], &answers[4]["topic"]),
        (&"7".into(), &"Sports".into())
    );
}

#[test]
fn classify_reads_headlines_alone_only_if_that_is_asked_for() {
    let desk = Desk::new();
    let title = "\"title\":\"Notes\"";
    let text = "The striker scored twice in the cup final.";
    let body = desk.write(
        "body.jsonl",
        format!("{{{title},\"body\":\"{text}\"}}\n").as_bytes(),
    );
    let output = run(&["classify", "--json", &body]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["topic"], "Sports");
    let content = format!("{{{title},\"content\":\"{text}\"}}\n");
    let content = desk.write("content.jsonl", content.as_bytes());
    let output = run(&["classify", &content]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    for part in [
        "content.jsonl: has no field \"text\" or \"body\"; the first row's are: content, title.",
        "--text-field \"content\"",
    ] {
        assert!(said.contains(part), "{said}");
    }
    let output = run(&["classify", "--text-field", "", &content]);
    assert!(output.status.success(), "{}", stderr(&output));
    let neither = ["--text-field", "", "--title-field", ""];
    let output = run(&[&["classify"], &neither[..], &[&content]].concat());
    assert!(
        stderr(&output).contains("--text-field"),
        "{}",
        stderr(&output)
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_table_has_its_first_row_whatever_the_first_article_is() {
    let desk = Desk::new();
    let good = desk.write("good.txt", b"The central bank raised interest rates.");
    let table = stdout(&run(&["classify", "/no/such.txt", &good, &good]));
    assert!(table.starts_with("TOPIC"), "{table}");
    assert_eq!(table.matches("TOPIC").count(), 1, "{table}");
}

#[test]
fn an_empty_list_of_tags_is_none() {
    let text = b"The striker scored twice in the cup final for Arsenal. Arsenal won the cup.";
    let usual = run_with_input(&["classify"], text);
    let mut empty = copydesk();
    empty.env("COPYDESK_TAG_ALIASES", "");
    empty.env("COPYDESK_DENY_TAGS", "");
    let path = Desk::new();
    let file = path.write("article.txt", text);
    let output = empty
        .args(["classify", "--allow-tags", "", &file])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let tags = |output: &Output| {
        stdout(output)
            .lines()
            .nth(1)
            .map(|row| row[..80].to_owned())
    };
    assert_eq!(tags(&output), tags(&usual));
}

#[test]
fn bad_rows_of_further_texts_are_named() {
    let desk = Desk::new();
    let texts = desk.write("texts.jsonl", b"{\"text\":\"The bank\"}\nno json\n");
    for flag in ["--background", "--keyphrase-data"] {
        let output = desk.train(&desk_rows(), &[flag, &texts]);
        assert_eq!(output.status.code(), Some(1), "{flag}");
        let said = stderr(&output);
        assert!(said.contains("texts.jsonl:2: no JSON"), "{said}");
    }
}

#[test]
fn an_archive_whose_texts_are_in_another_field_is_not_learnt_by_its_headlines() {
    let desk = Desk::new();
    let rows = fs::read_to_string(desk_rows()).unwrap();
    let content = rows.replace("\"text\":", "\"content\":");
    let said = desk.refusal(content.as_bytes(), &[]);
    assert!(said.contains("--text-field \"content\""), "{said}");
    let body = desk.write(
        "body.jsonl",
        rows.replace("\"text\":", "\"body\":").as_bytes(),
    );
    let version = |rows: &str| -> Value {
        let output = desk.train(rows, &["--json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["version"].clone()
    };
    assert_eq!(version(&body), version(&desk_rows()));
}

#[test]
fn swallowed_rows_and_absent_fields_are_refused() {
    let desk = Desk::new();
    let table = desk.write(
        "open.csv",
        b"label,text\nA,the bank raised rates\nB,\"the cup\nA,the bank cut rates\n",
    );
    let output = desk.train(&table, &["--skip-bad-rows"]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("open.csv:3: a quotation mark is not closed"),
        "{said}"
    );
    let output = desk.train(&desk_rows(), &["--group-field", "stroy"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("--group-field"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn gates_are_met_by_what_was_measured_alone() {
    let desk = Desk::new();
    let missing = desk.train(
        &desk_rows(),
        &[
            "--must-beat",
            "/no/such.safetensors",
            "--test",
            &test_rows(),
        ],
    );
    let said = stderr(&missing);
    assert!(said.contains("/no/such.safetensors"), "{said}");
    assert!(!said.contains("counting the terms"), "{said}");
    assert!(desk.train(&desk_rows(), &[]).status.success());
    let rival = desk.file("rival.safetensors");
    fs::rename(desk.file("model.safetensors"), &rival).unwrap();
    // None of these has a topic or a tag that counts.
    let nothing = desk.write(
        "nothing.jsonl",
        b"{\"text\":\"x\",\"tags\":[\"unheard of\"]}\n",
    );
    for gate in [["--must-beat", &rival], ["--min-macro-f1", "0.1"]] {
        let output = desk.train(&desk_rows(), &[&gate[..], &["--test", &nothing]].concat());
        assert_eq!(output.status.code(), Some(1), "{gate:?}");
        let said = stderr(&output);
        assert!(said.contains("nothing was measured"), "{said}");
        assert!(!Path::new(&desk.file("model.safetensors")).exists());
    }
}

#[test]
fn odd_values_of_flags_are_status_two() {
    for flag in [
        ["--min-macro-f1", "nan"],
        ["--threads", "100000"],
        ["--languages", "English"],
        ["--languages", ""],
        ["--name", " "],
        ["--name", "desk\nnews"],
        ["--max-terms", "0"],
        ["--word-neighbours", "101"],
        ["--word-neighbours", "-1"],
        ["--base-rates", "1.1"],
    ] {
        let output = Desk::new().train(&desk_rows(), &flag);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{flag:?}: {}",
            stderr(&output)
        );
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let mut child = copydesk()
        .args(["evaluate", "--data", &test_rows()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_said_keeps_no_command_from_its_work() {
    let full = || fs::File::create("/dev/full").unwrap();
    let desk = Desk::new();
    let model = desk.file("model.safetensors");
    let train = ["train", "--data", &desk_rows(), "--out", &model];
    let output = copydesk().args(train).stderr(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(fs::metadata(&model).is_ok());
    // The report is lost, the model is not, which is said.
    let output = copydesk().args(train).stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(said.contains(&format!("wrote {model}")), "{said}");
    assert!(said.contains("cannot write the report"), "{said}");

    let rows = desk.write("rows.jsonl", b"no json\n{\"text\":\"The cup final\"}\n");
    for command in ["classify", "extract"] {
        let args = [command, "--json", &rows, "/no/such"];
        let output = copydesk().args(args).stderr(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(!output.stdout.is_empty(), "{command}");
    }
}

#[cfg(unix)]
#[test]
fn a_refused_model_is_a_failure_whoever_reads() {
    let desk = Desk::new();
    let out = desk.file("model.safetensors");
    let mut child = copydesk()
        .args(["train", "--data", &desk_rows(), "--out", &out])
        .args(["--min-macro-f1", "1.01"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
}

#[test]
fn what_does_not_count_in_a_file_need_not_be_there() {
    let desk = Desk::new();
    let texts = desk.write("texts.csv", b"text\nThe bank raised rates\n");
    let rows = fs::read_to_string(desk_rows()).unwrap();
    let rows = rows.replace("{\"", "{\"story\": \"\", \"");
    let rows = desk.write("rows.jsonl", rows.as_bytes());
    let output = desk.train(
        &rows,
        &[
            "--group-field",
            "story",
            "--test",
            &test_rows(),
            "--background",
            &texts,
        ],
    );
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn files_for_a_ranker_that_is_not_fitted_are_said_to_have_no_effect() {
    let desk = Desk::new();
    let texts = desk.write("texts.csv", b"text\nThe bank raised rates\n");
    let tags = desk.write("tags.txt", b"central bank\n");
    let flags = ["--background", &texts, "--known-tags", &tags, "--json"];
    let output = desk.train(&desk_rows(), &flags);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["keyphrases"]["source"], "built_in");
    let unused = serde_json::json!(["--background", "--known-tags"]);
    assert_eq!(report["unused_flags"], unused);
    let said = stderr(&output);
    let named = "--background, --known-tags had no effect";
    assert!(said.contains(named), "{said}");
    let output = desk.train(&desk_rows(), &[]);
    assert!(
        !stderr(&output).contains("no effect"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn of_articles_for_the_ranker_their_texts_and_tags_alone_count() {
    let desk = Desk::new();
    let tagged = desk.write("tagged.csv", b"text,tags\nThe bank raised rates,bank\n");
    let rows = fs::read_to_string(desk_rows()).unwrap();
    let rows = rows
        .replace("\"label\"", "\"section\"")
        .replace("{\"", "{\"story\": \"\", \"");
    let rows = desk.write("rows.jsonl", rows.as_bytes());
    // Its topic is not read, and so it is not wrong.
    let texts = desk.write(
        "texts.csv",
        b"text,label,tags\nThe bank,\"a\nb\",\"['a', 'b']\"\n",
    );
    let flags = ["--label-field", "section", "--group-field", "story"];
    let files = ["--keyphrase-data", &tagged, "--background", &texts];
    let output = desk.train(&rows, &[flags, files].concat());
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn how_tags_and_topics_are_written_is_remarked_on() {
    let desk = Desk::new();
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["label", "text", "tags"]).unwrap();
    for row in fs::read_to_string(desk_rows()).unwrap().lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let tags: Vec<&str> = row["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        table
            .write_record([text("label"), text("text"), tags.join(", ")])
            .unwrap();
    }
    table
        .write_record(["sports", "The striker scored in the final.", ""])
        .unwrap();
    let table = desk.write("rows.csv", &table.into_inner().unwrap());
    let output = desk.train(&table, &["--json", "--test", &test_rows()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(
        said.contains("rows.csv: rows with commas in their tags: "),
        "{said}"
    );
    assert!(
        said.contains("\"Sports\" (16) and \"sports\" (1)"),
        "{said}"
    );
    let of_table: Value = serde_json::from_slice(&output.stdout).unwrap();
    let output = desk.train(&desk_rows(), &["--json", "--test", &test_rows()]);
    let of_lines: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(of_table["tags"], of_lines["tags"]);
    assert!(!stderr(&output).contains("parted"), "{}", stderr(&output));
}

#[test]
fn a_tag_that_no_word_tells_is_not_learnt() {
    let desk = Desk::new();
    // No word of a tagged article is in another one.
    let tagged = ('a'..='l').enumerate().map(|(i, letter)| {
        let word = letter.to_string().repeat(4) + "ing";
        let topic = ["A", "B"][i % 2];
        serde_json::json!({"label": topic, "text": word, "tags": ["daily"]})
    });
    let rows = fs::read_to_string(desk_rows()).unwrap();
    let untagged = rows.lines().map(|row| {
        let mut row: Value = serde_json::from_str(row).unwrap();
        row["tags"] = Value::Null;
        row
    });
    let rows: String = tagged
        .chain(untagged)
        .map(|row| format!("{row}\n"))
        .collect();
    let rows = desk.write("rows.jsonl", rows.as_bytes());
    let output = desk.train(&rows, &["--json", "--test", &test_rows()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["tags"], 0);
    assert_eq!(report["untold_tags"], serde_json::json!(["daily"]));
    assert!(
        stderr(&output).contains("not learnt, as no word tells them: daily"),
        "{}",
        stderr(&output)
    );
    let model = desk.file("model.safetensors");
    let text = b"The striker scored twice in the cup final.";
    let answer = run_with_input(&["classify", "--json", "--model", &model], text);
    assert!(!stdout(&answer).contains("daily"), "{}", stdout(&answer));
}
