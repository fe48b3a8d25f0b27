//! Vocabularies and rules for tags as a person gives them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::corpora::data;
use crate::program::{copydesk, run, stderr};

const ARTICLE: &str = "Ferries to Norrvik\n\nThe ferry to Norrvik will sail again in May. The council of Norrvik \
pays for the ferries, whose crews were without work for a year, and asks Canada for two more ferryboats.";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, text: &[u8]) -> String {
        let path = self.0.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn answer(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn labels(answer: &Value) -> Vec<&str> {
    let tags = answer["tags"].as_array().unwrap();
    tags.iter()
        .map(|tag| tag["label"].as_str().unwrap())
        .collect()
}

#[test]
fn classify_takes_a_vocabulary_and_rules() {
    let folder = Folder::new();
    let article = folder.write("article.txt", ARTICLE.as_bytes());
    let (tags, topics) = (data("desk-tags.csv"), data("media-topics.ttl"));
    let vocabulary = [
        "classify",
        "--json",
        &article,
        "--vocabulary",
        path(&tags),
        "--vocabulary",
        path(&topics),
    ];
    let found = answer(&run(&[&vocabulary[..], &["--explain"]].concat()));
    let ferries = &found["tags"]
        .as_array()
        .unwrap()
        .iter()
        .find(|t| t["label"] == "Ferries")
        .unwrap()
        .clone();
    assert_eq!(ferries["code"], "desk:ferries");
    assert_eq!(ferries["is_new"], false);
    assert_eq!(ferries["mentions"].as_array().unwrap().len(), 4);
    let rules = [
        "--deny-tags",
        "ferry",
        "--deny-tags",
        "Trade",
        "--tag-aliases",
        "Norrvik=Norrvik (town)",
        "--rejected",
    ];
    let found = answer(&run(&[&vocabulary[..], &rules].concat()));
    assert!(!labels(&found).contains(&"Ferries") && labels(&found).contains(&"Norrvik (town)"));
    let rejected = found["rejected_tags"].as_array().unwrap();
    let ferries = rejected
        .iter()
        .find(|r| r["tag"]["label"] == "Ferries")
        .unwrap();
    assert_eq!(ferries["reason"], "TAG_REJECTION_REASON_DENIED");
    let found = answer(&run(&[&vocabulary[..], &["--allow-tags", "ferry"]].concat()));
    assert_eq!(labels(&found), ["Ferries"]);
    let found = answer(&run(
        &[&vocabulary[..], &["--tag-source", "keyphrases"]].concat()
    ));
    let kinds = found["tags"].as_array().unwrap().iter();
    assert!(kinds.clone().count() > 0 && kinds.clone().all(|t| t["kind"] == "TAG_KIND_KEYPHRASE"));
}

#[test]
fn a_tag_with_a_comma_is_one() {
    let folder = Folder::new();
    let article = folder.write("article.txt", ARTICLE.as_bytes());
    let args = ["classify", "--json", "--allow-tags", "Norrvik"];
    let args = [&args[..], &["--allow-tags", "Canada", &article]].concat();
    let tags_with = |more: &[&str], denied: &str| {
        let output = copydesk()
            .args(&args)
            .args(more)
            .env("COPYDESK_DENY_TAGS", denied)
            .output();
        let found = answer(&output.unwrap());
        labels(&found).len()
    };
    assert_eq!(tags_with(&[], ""), 2);
    assert_eq!(tags_with(&["--deny-tags", "Norrvik, Canada"], ""), 2);
    let both = ["--deny-tags", "Norrvik", "--deny-tags", "Canada"];
    assert_eq!(tags_with(&both, ""), 0);
    assert_eq!(tags_with(&[], "Norrvik, Canada"), 0);

    let config = |more: &[&str], denied: &str| {
        let output = copydesk()
            .args(["serve", "--print-config"])
            .args(more)
            .env("COPYDESK_DENY_TAGS", denied)
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    let repeated = ["--deny-tags", "Washington, D.C.", "--deny-tags", "News"];
    let shown = config(&repeated, "Sport");
    assert!(
        shown.contains("deny_tags = [\"Washington, D.C.\", \"News\"]"),
        "{shown}"
    );
    let shown = config(&[], "News, Opinion");
    assert!(
        shown.contains("deny_tags = [\"News\", \"Opinion\"]"),
        "{shown}"
    );
}

#[test]
fn the_table_says_what_is_not_suggested_and_why() {
    let folder = Folder::new();
    let article = folder.write("article.txt", ARTICLE.as_bytes());
    let tags = data("desk-tags.csv");
    let output = run(&[
        "classify",
        &article,
        "--vocabulary",
        path(&tags),
        "--deny-tags",
        "Norrvik",
        "--rejected",
        "--explain",
    ]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.contains("not suggested, denied: Norrvik 0."),
        "{shown}"
    );
    assert!(shown.contains("Ferries [desk:ferries] 0."), "{shown}");
}

#[test]
fn a_vocabulary_without_a_tag_is_refused() {
    let folder = Folder::new();
    let article = folder.write("article.txt", ARTICLE.as_bytes());
    let empty = folder.write("empty.csv", b"label,code\n");
    let output = run(&["classify", &article, "--vocabulary", &empty]);
    assert_eq!(output.status.code(), Some(1));
    let said = stderr(&output);
    assert!(
        said.contains("empty.csv: the vocabulary has no tags"),
        "{said}"
    );
}

#[test]
fn learnt_tags_are_measured_as_well_with_a_vocabulary_in_the_model() {
    let folder = Folder::new();
    let file = |name: &str| path(&folder.0.path().join(name)).to_owned();
    let (rows, tests, tags) = (
        data("desk.jsonl"),
        data("desk-test.jsonl"),
        data("desk-tags.csv"),
    );
    let (rows, tests) = (path(&rows), path(&tests));
    // A tag that is in the texts and that no editor gave them.
    let extra = folder.write("extra.csv", b"label\nMinister\nTeam\nGoal\nPrice\n");
    let train = ["train", "--data", rows, "--test", tests, "--json"];
    let bare = file("bare.safetensors");
    answer(&run(&[&train[..], &["--out", &bare]].concat()));
    let whole = file("whole.safetensors");
    let vocabulary = [
        "--out",
        &whole,
        "--vocabulary",
        &extra,
        "--vocabulary",
        path(&tags),
    ];
    answer(&run(&[&train[..], &vocabulary].concat()));
    let measured = |model: &str| {
        answer(&run(&[
            "evaluate", "--json", "--model", model, "--data", tests,
        ]))["tags"]
            .clone()
    };
    assert_eq!(measured(&whole), measured(&bare));
    // Nor does it count against a rival.
    let gate = ["--out", &file("new.safetensors"), "--must-beat", &bare];
    answer(&run(&[&train[..], &gate].concat()));
    let gate = ["--out", &file("new.safetensors"), "--must-beat", &whole];
    answer(&run(&[&train[..], &gate].concat()));
}

#[test]
fn a_file_that_is_no_vocabulary_is_refused_by_file_row_and_field() {
    let folder = Folder::new();
    let article = folder.write("article.txt", ARTICLE.as_bytes());
    let cases: [(&str, &[u8], &str); 11] = [
        (
            "cut.csv",
            b"label,code\nFerries,1\n\"Tra",
            "cut.csv:3: row: has 1 fields",
        ),
        (
            "utf8.csv",
            b"label\nF\xffrries\n",
            "utf8.csv:2: label: is not UTF-8",
        ),
        (
            "empty.tsv",
            b"label\tcode\n\t1\n",
            "empty.tsv:2: label: is empty",
        ),
        (
            "twice.csv",
            b"label\nTrade\ntrade\n",
            "twice.csv:3: label: \"trade\" is there already, at 2",
        ),
        (
            "parent.csv",
            b"label,parent\nTrade,Economy\n",
            "parent.csv:2: parent: \"Economy\"",
        ),
        (
            "cycle.csv",
            b"label,parent\nA,B\nB,A\n",
            "cycle.csv:2: parent: \"A\" is its own parent",
        ),
        ("cut.ttl", b"<urn:a> <urn:b> \"c", "cut.ttl:1: Turtle: "),
        ("list.txt", b"Trade\n", "list.txt: a vocabulary is"),
        (
            "excel.csv",
            b"label;code\nTrade;1\n",
            "excel.csv:1: header: \"label;code\" is one column",
        ),
        (
            "windows.csv",
            b"\xff\xfel\0a\0b\0e\0l\0",
            "windows.csv: file: is UTF-16",
        ),
        (
            "windows.ttl",
            b"\xfe\xff\0@",
            "windows.ttl: file: is UTF-16",
        ),
    ];
    for (name, bytes, message) in cases {
        let file = folder.write(name, bytes);
        for args in [
            vec!["classify", &article, "--vocabulary", &file],
            vec!["serve", "--listen", "127.0.0.1:0", "--vocabulary", &file],
            vec![
                "train",
                "--data",
                "-",
                "--out",
                "/dev/null/x",
                "--vocabulary",
                &file,
            ],
        ] {
            let output = run(&args);
            assert_eq!(output.status.code(), Some(1), "{args:?}");
            let said = stderr(&output);
            assert!(said.contains(message), "{said}\nhas not\n{message}");
        }
    }
}

#[test]
fn a_vocabulary_begins_behind_its_byte_order_mark() {
    let folder = Folder::new();
    let article = folder.write("article.txt", ARTICLE.as_bytes());
    let turtle = b"\xef\xbb\xbf@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n<urn:f> skos:prefLabel \"Ferries\" .\n";
    for (name, bytes) in [
        ("f.ttl", &turtle[..]),
        ("f.csv", b"\xef\xbb\xbflabel\nFerries\n"),
    ] {
        let file = folder.write(name, bytes);
        let found = answer(&run(&[
            "classify",
            "--json",
            &article,
            "--vocabulary",
            &file,
        ]));
        assert!(labels(&found).contains(&"Ferries"), "{name}: {found}");
    }
}

#[test]
fn what_does_not_count_of_a_vocabulary_is_said_once() {
    let folder = Folder::new();
    let article = folder.write("article.txt", ARTICLE.as_bytes());
    let file = folder.write(
        "twice.ttl",
        b"@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n\
          <urn:a> skos:prefLabel \"Ferries\" .\n<urn:b> skos:prefLabel \"ferries\" .\n",
    );
    let remark = "twice.ttl: of concepts with the same label the first counts";
    let (rows, model) = (data("desk.jsonl"), folder.0.path().join("m.safetensors"));
    let train = ["train", "--data", path(&rows), "--out", path(&model)];
    for args in [&["classify", &article][..], &train] {
        let output = run(&[args, &["--vocabulary", &file]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        let said = stderr(&output);
        assert_eq!(said.matches(remark).count(), 1, "{said}");
    }
    let mut server = copydesk()
        .args(["serve", "--listen", "127.0.0.1:0", "--vocabulary", &file])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let logged = BufReader::new(server.stderr.take().unwrap()).lines();
    let is_logged = logged
        .map_while(Result::ok)
        .take(2)
        .any(|line| line.contains(remark));
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(is_logged);
}

#[test]
fn a_trained_model_keeps_the_vocabulary() {
    let folder = Folder::new();
    let article = folder.write("article.txt", ARTICLE.as_bytes());
    let model = folder.0.path().join("desk.safetensors");
    let (rows, tags) = (data("desk.jsonl"), data("desk-tags.csv"));
    let output = run(&[
        "train",
        "--data",
        path(&rows),
        "--out",
        path(&model),
        "--vocabulary",
        path(&tags),
        "--json",
    ]);
    assert_eq!(answer(&output)["vocabulary_tags"], 6);
    assert!(
        stderr(&output).contains("vocabulary: 6 tags"),
        "{}",
        stderr(&output)
    );
    let found = answer(&run(&[
        "classify",
        "--json",
        "--model",
        path(&model),
        &article,
    ]));
    assert!(labels(&found).contains(&"Ferries"), "{found}");
}

#[test]
fn serve_reads_vocabulary_and_rules_from_its_settings() {
    let folder = Folder::new();
    let tags = data("desk-tags.csv");
    let settings = format!(
        "listen = \"127.0.0.1:0\"\nvocabulary = [{:?}]\ndeny_tags = [\"Advertisement\", \"Duties, customs\"]\n\
         tag_aliases = [\"Kiev=Kyiv\"]\n",
        path(&tags)
    );
    let settings = folder.write("settings.toml", settings.as_bytes());
    let shown = run(&["serve", "--config", &settings, "--print-config"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("deny_tags = [\"Advertisement\", \"Duties, customs\"]"),
        "{shown}"
    );
    let mut server = copydesk();
    server
        .args(["serve", "--config", &settings])
        .stderr(Stdio::piped());
    let mut server = server.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stderr.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    // 88 learnt tags and the vocabulary's six.
    assert!(line.contains("(12 topics, 94 tags)"), "{line}");
}

#[test]
fn an_alias_that_is_none_is_a_bad_setting() {
    for (aliases, message) in [
        (&["Kiev"][..], "\"Kiev\" is no alias; write name=tag"),
        (&["a=b,b=c"], "\"a=b,b=c\" is no alias; write name=tag"),
        (
            &["a=b", "b=c"],
            "\"b\" stands for a tag that is an alias itself",
        ),
    ] {
        let aliases = aliases.iter().flat_map(|alias| ["--tag-aliases", alias]);
        let serve = ["serve", "--listen", "127.0.0.1:0"].into_iter();
        let output = run(&serve.chain(aliases).collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
}
