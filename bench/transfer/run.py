#!/usr/bin/env python3
"""How the default model does on articles of publishers that it has not learnt from.

    cargo build --release --bin copydesk
    python3 bench/transfer/run.py DATA [--model FILE] [--out FILE.json]

DATA holds JSON lines with the fields title, text and label: bbc/train.jsonl and bbc/test.jsonl (BBC News,
Greene and Cunningham 2006), masakhanews/dev.jsonl (MasakhaNEWS, English) and ag_news/train_subset8k.jsonl (2,000 rows a
topic of AG News, Zhang, Zhao and LeCun 2015; "World" is none of the model's topics and is left out). All rows are measured
on; none is learnt from. AG News has chosen between variants (README.md), the others have not. "open": over all topics of the model; "closed": over those that the set has.
"""
import argparse
import datetime
import json
import os
import platform
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETS = {"bbc": ["bbc/train.jsonl", "bbc/test.jsonl"], "masakhanews": ["masakhanews/dev.jsonl"],
        "ag_news": ["ag_news/train_subset8k.jsonl"]}
TOPICS = {"business": "Economy", "entertainment": "Culture & Entertainment", "tech": "Science & Tech",
          "technology": "Science & Tech", "sci/tech": "Science & Tech", "politics": "Politics", "sport": "Sports", "sports": "Sports",
          "health": "Health"}
N_BINS = 15


def answers(rows, model):
    """The probabilities of each article's topics."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        for row in rows:
            file.write(json.dumps({"title": row.get("title") or "", "text": row["text"]}) + "\n")
        file.flush()
        command = [ROOT / "target/release/copydesk", "classify", "--json", *(["--model", model] if model else []), file.name]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [{t["topic"]: t["probability"] for t in json.loads(line)["topics"]} for line in lines]


def measure(found, truth):
    own = set(truth)
    share = lambda right: sum(right) / len(truth)
    bins = [[0.0, 0] for _ in range(N_BINS)]
    for topics, label in zip(found, truth):
        best = max(topics, key=topics.get)
        bin_ = bins[min(int(topics[best] * N_BINS), N_BINS - 1)]
        bin_[0] += topics[best]
        bin_[1] += best == label
    return {
        "articles": len(truth),
        "open": share(max(t, key=t.get) == y for t, y in zip(found, truth)),
        "closed": share(max(own, key=lambda name: t[name]) == y for t, y in zip(found, truth)),
        "calibration_error": sum(abs(a - b) for a, b in bins) / len(truth),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    results = {}
    for name, parts in SETS.items():
        rows = [json.loads(line) for part in parts for line in open(args.data / part, encoding="utf-8")]
        rows = [row for row in rows if row["label"].lower() in TOPICS]
        results[name] = measure(answers(rows, args.model), [TOPICS[row["label"].lower()] for row in rows])
        print(f"{name:12} open {results[name]['open']:.4f}  closed {results[name]['closed']:.4f}  "
              f"calibration error {results[name]['calibration_error']:.4f}  on {results[name]['articles']} articles")
    if args.out:
        machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
        document = {"date": datetime.date.today().isoformat(), "machine": machine, "sets": results}
        args.out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
