#!/usr/bin/env python3
"""Tags beside their peers: same articles, same measure, same run.

    pip install -r bench/tags/requirements.txt
    python3 bench/tags/run.py DATA --out bench/results/tags-DATE.json

DATA has the sets that README.md names. Suggestions are compared with tags by Snowball stems of their words
(English), and only exact matches count. F1 is that of an article, averaged over articles.
"""
import argparse
import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import snowballstemmer
import yake
from sklearn.feature_extraction.text import TfidfVectorizer

ROOT = Path(__file__).resolve().parents[2]
# The two fast programs are timed by turns so many times: noise of the machine meets both.
N_TURNS = 5
# YAKE takes its time.
MAX_ARTICLES = 500
# Deals of the articles into fifths, as tags.rs has them.
N_DEALS = 5
STEMMER = snowballstemmer.stemmer("english")
POSSESSIVE = re.compile(r"[’']s\b")
WORD = re.compile(r"[^\W_]+")
KEYPHRASES = [
    ("editor_tags", "editor_tags/train.jsonl", "cross-validate"),
    ("kpcrowd", "kpcrowd/train.jsonl", "rank"),
    ("inspec", "keyphrases/inspec.jsonl", "rank"),
]


def stems(text):
    return tuple(STEMMER.stemWords(WORD.findall(POSSESSIVE.sub("", text.lower()))))


def read(path):
    with open(path, encoding="utf8") as lines:
        return [json.loads(line) for line in lines]


def distinct(tags):
    return list(dict.fromkeys(key for key in map(stems, tags) if key))


def is_in(key, words):
    return any(words[i : i + len(key)] == key for i in range(len(words) - len(key) + 1))


def f1(suggestions, tags):
    hits = len(set(suggestions) & set(tags))
    return 2 * hits / (len(suggestions) + len(tags)) if suggestions or tags else 0.0


def measure(articles, answers):
    """F1 at 5 and 10 against all tags and against those that the text has."""
    rows = {"f1_at_5": [], "f1_at_10": [], "f1_at_5_present": [], "f1_at_10_present": []}
    for article, answer in zip(articles, answers):
        tags, found = distinct(article["tags"]), distinct(answer)
        words = stems(article["title"] + "\n" + article["text"])
        present = [tag for tag in tags if is_in(tag, words)]
        for k in (5, 10):
            rows[f"f1_at_{k}"].append(f1(found[:k], tags))
            if present:
                rows[f"f1_at_{k}_present"].append(f1(found[:k], present))
    return {name: round(statistics.mean(values), 4) for name, values in rows.items()}


def calibration(articles, answers):
    """Of the suggestions of each tenth of confidence: how many, their mean, the share that editors gave."""
    tenths = [[] for _ in range(10)]
    for article, answer in zip(articles, answers):
        tags = set(distinct(article["tags"]))
        for tag, confidence in answer:
            tenths[min(9, int(confidence * 10))].append((confidence, stems(tag) in tags))
    return [
        {
            "from": i / 10,
            "n": len(tenth),
            "confidence": round(statistics.mean(c for c, _ in tenth), 3),
            "share": round(statistics.mean(r for _, r in tenth), 3),
        }
        for i, tenth in enumerate(tenths)
        if tenth
    ]


def program(command, articles):
    lines = "".join(json.dumps(article) + "\n" for article in articles)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return answers, statistics.mean(a["seconds"] for a in answers)


def by_yake(articles):
    extractor = yake.KeywordExtractor(lan="en", n=3, top=20)
    answers, seconds = [], []
    for article in articles:
        started = time.perf_counter()
        found = extractor.extract_keywords(article["title"] + "\n" + article["text"])
        seconds.append(time.perf_counter() - started)
        answers.append([phrase for phrase, _ in found])
    return answers, statistics.mean(seconds)


def by_tf_idf(articles):
    texts = [article["title"] + "\n" + article["text"] for article in articles]
    vectorizer = TfidfVectorizer(ngram_range=(1, 3), stop_words="english", sublinear_tf=True).fit(texts)
    names = vectorizer.get_feature_names_out()
    answers, seconds = [], []
    for text in texts:
        started = time.perf_counter()
        row = vectorizer.transform([text])
        best = sorted(zip(-row.data, row.indices))[:20]
        seconds.append(time.perf_counter() - started)
        answers.append([names[i] for _, i in best])
    return answers, statistics.mean(seconds)


def keyphrases(data, tags, yake_rust, model):
    results = {}
    for name, path, mode in KEYPHRASES:
        articles = [a for a in read(data / path) if a["text"].strip() and a["tags"]][:MAX_ARTICLES]
        ours, our_seconds = program([tags, mode, *model], articles)
        theirs, their_seconds = program([yake_rust], articles)
        turns = [(our_seconds, their_seconds)] + [
            (program([tags, mode, *model], articles)[1], program([yake_rust], articles)[1]) for _ in range(N_TURNS - 1)
        ]
        answered = articles * (N_DEALS if mode == "cross-validate" else 1)
        ranked = [[tag for tag, _ in answer["tags"]] for answer in ours]
        offered = [found[: answer["n_offered"]] for found, answer in zip(ranked, ours)]
        systems = {
            "copydesk": (answered, ranked, our_seconds),
            "copydesk, as offered by default": (answered, offered, our_seconds),
            "yake-rust": (articles, [[tag for tag, _ in answer["tags"]] for answer in theirs], their_seconds),
            "yake": (articles, *by_yake(articles)),
            "tf-idf": (articles, *by_tf_idf(articles)),
        }
        results[name] = {
            "n_articles": len(articles),
            "systems": {
                system: {**measure(of, answers), "microseconds": round(1e6 * seconds, 1)}
                for system, (of, answers, seconds) in systems.items()
            },
            "times_as_fast_as_yake_rust": sorted(round(b / a, 1) for a, b in turns),
        }
        if mode == "cross-validate":
            results[name]["mean_offered"] = round(statistics.mean(map(len, offered)), 1)
            results[name]["calibration"] = calibration(answered, [answer["tags"] for answer in ours])
        print(name, json.dumps(results[name], indent=1), flush=True)
    return results


def train(copydesk, *args):
    with tempfile.TemporaryDirectory() as folder:
        command = [copydesk, "train", *map(str, args), "--out", f"{folder}/model.safetensors", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    tags = json.loads(done.stdout)["evaluation"]["archive_tags"]
    return {name: round(tags[name], 4) for name in ("n_articles", "n_tags", "micro_f1", "macro_f1", "precision", "recall")}


def learnt(data, copydesk):
    reuters, gov = data / "reuters21578", data / "digitalgov"
    halves = [gov / "train.jsonl", gov / "test.jsonl"]
    results = {
        "modapte_r90": train(
            copydesk,
            *("--data", reuters / "modapte_train_multilabel.jsonl"),
            *("--test", reuters / "modapte_test_multilabel.jsonl", "--min-tag-examples", 1),
        ),
        "digitalgov_random": train(copydesk, "--data", *halves, "--test-share", 0.2),
        "digitalgov_time": train(
            copydesk, "--data", *halves, "--test-share", 0.2, "--split", "time", "--date-field", "date"
        ),
    }
    print(json.dumps(results, indent=1), flush=True)
    return results


def build():
    cargo = ["cargo", "build", "--locked", "--release"]
    subprocess.run([*cargo, "--bin", "copydesk", "--example", "tags"], cwd=ROOT, check=True)
    subprocess.run(cargo, cwd=ROOT / "bench/tags/yake-rust", check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    own = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "bench/tags/yake-rust/target"))
    return target / "release/copydesk", target / "release/examples/tags", own / "release/yake-rust-bench"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--model", help="a model file; without it, the built-in model")
    args = parser.parse_args()
    copydesk, tags, yake_rust = map(str, build())
    results = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": {
            "yake": "0.7.3",
            "yake-rust": "1.0.3",
            "scikit-learn": "1.5.2",
        },
        "keyphrases": keyphrases(args.data, tags, yake_rust, [args.model] if args.model else []),
        "learnt_tags": learnt(args.data, copydesk),
    }
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
