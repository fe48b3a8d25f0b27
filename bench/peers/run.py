#!/usr/bin/env python3
"""Copydesk beside scikit-learn, fastText and Vowpal Wabbit: same splits, same machine, same run.

    pip install -r bench/peers/requirements.txt
    cargo build --release --bin copydesk --example latency
    python3 bench/peers/run.py DATA [--sets bbc,r8] [--systems copydesk,svc] [--out FILE.json]

DATA holds the sets as JSON lines with the fields title, text and label, at the paths in SETS below;
README.md beside this file says where each comes from. Every system of a set runs in a process of its
own, one after the other, and learns from the training part alone. Nothing is tuned here: every system
has one setting for all sets.
"""
import argparse
import datetime
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SETS = {
    "bbc": ("bbc/train.jsonl", "bbc/test.jsonl"),
    "ag_news": ("ag_news/train_subset8k.jsonl", "ag_news/test.jsonl"),
    "r8": ("reuters21578/r8_train.jsonl", "reuters21578/r8_test.jsonl"),
    "r52": ("reuters21578/r52_train.jsonl", "reuters21578/r52_test.jsonl"),
    "masakhanews": ("masakhanews/train_fewshot50.jsonl", "masakhanews/dev.jsonl"),
    "news12": ("news12/train.jsonl", "news12/test.jsonl"),
}
# Further news without topics, out of which the second row of Copydesk learns which words are in like company.
BACKGROUND = ["news12/train.jsonl", "unlabelled/wikipedia_events.jsonl"]
SYSTEMS = ["copydesk", "copydesk_neighbours", "svc", "logreg", "svc_char", "fasttext_paper", "fasttext_tuned", "vw"]
TITLES = {
    "copydesk": "Copydesk",
    "copydesk_neighbours": "Copydesk, `--word-neighbours 10 --background`",
    "svc": "scikit-learn TF-IDF 1-2-grams + LinearSVC",
    "logreg": "scikit-learn TF-IDF 1-2-grams + LogisticRegression",
    "svc_char": "scikit-learn word + char_wb + LinearSVC",
    "fasttext_paper": "fastText, paper preset",
    "fasttext_tuned": "fastText, 25 epochs",
    "vw": "Vowpal Wabbit",
}
N_TIMED = 400  # articles whose latency is taken one by one
N_BINS = 15
N_BOOTSTRAP = 2000


def read(path):
    rows = [json.loads(line) for line in open(path, encoding="utf-8")]
    texts = [((r.get("title") or "") + "\n" + (r.get("text") or "")).strip() for r in rows]
    return texts, [r["label"] for r in rows]


def cpu_seconds(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


class Clock:
    """Wall and CPU seconds of what is done within, of this process or of its children."""

    def __init__(self, who=resource.RUSAGE_SELF):
        self.who = who

    def __enter__(self):
        self.wall, self.cpu = time.perf_counter(), cpu_seconds(self.who)
        return self

    def __exit__(self, *_):
        self.wall, self.cpu = time.perf_counter() - self.wall, cpu_seconds(self.who) - self.cpu


def one_by_one(predict, texts):
    micros = []
    for text in texts[:N_TIMED]:
        start = time.perf_counter()
        predict([text])
        micros.append((time.perf_counter() - start) * 1e6)
    micros.sort()
    return {"p50_us": micros[len(micros) // 2], "p99_us": micros[int(len(micros) * 0.99)]}


def result(clock, labels, probabilities, classes, speed, model_bytes, who=resource.RUSAGE_SELF):
    return {
        "train_wall_s": clock.wall,
        "train_cpu_s": clock.cpu,
        "peak_mb": resource.getrusage(who).ru_maxrss / 1024,
        "model_mb": model_bytes / 1e6,
        "labels": labels,
        "probabilities": probabilities,
        "classes": classes,
        **speed,
    }


def run_copydesk(system, train, test):
    binary = ROOT / "target/release/copydesk"
    latency = ROOT / "target/release/examples/latency"
    background = [Path(train).parents[1] / part for part in BACKGROUND]
    more = ["--word-neighbours", "10", "--background", *background] if system == "copydesk_neighbours" else []
    with tempfile.TemporaryDirectory() as folder:
        model = f"{folder}/model.safetensors"
        with Clock(resource.RUSAGE_CHILDREN) as clock:
            # Tags are not part of the comparison: no field has them. The test part is only measured on.
            subprocess.run([binary, "train", "--data", train, "--test", test, "--out", model,
                            "--tags-field", "", *more], check=True, capture_output=True)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        answers = subprocess.run([binary, "classify", "--json", "--model", model, test],
                                 check=True, capture_output=True, text=True).stdout.splitlines()
        answers = [json.loads(answer) for answer in answers]
        classes = sorted(t["topic"] for t in answers[0]["topics"])
        by_topic = [{t["topic"]: t["probability"] for t in a["topics"]} for a in answers]
        speed = json.loads(subprocess.run([latency, model, test], check=True, capture_output=True, text=True).stdout)
        found = result(clock, [a["topic"] for a in answers], [[p[c] for c in classes] for p in by_topic],
                       classes, speed, os.path.getsize(model))
        found["peak_mb"] = peak / 1024
        return found


def run_scikit_learn(system, train, test):
    import pickle

    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    def words():
        return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, dtype=np.float32)

    def characters():
        return TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=3, dtype=np.float32)

    model = {
        "svc": lambda: make_pipeline(words(), LinearSVC(C=1.0)),
        "logreg": lambda: make_pipeline(words(), LogisticRegression(C=10, max_iter=200)),
        "svc_char": lambda: make_pipeline(make_union(words(), characters()), LinearSVC(C=0.3)),
    }[system]()
    texts, labels = read(train)
    held_out, _ = read(test)
    with Clock() as clock:
        model.fit(texts, labels)
    start = time.perf_counter()
    predicted = model.predict(held_out)
    per_second = len(held_out) / (time.perf_counter() - start)
    probabilities = model.predict_proba(held_out).tolist() if hasattr(model, "predict_proba") else None
    speed = {"articles_per_second": per_second, **one_by_one(model.predict, held_out)}
    return result(clock, list(predicted), probabilities, list(model.classes_), speed, len(pickle.dumps(model)))


TOKEN = re.compile(r"\w+|[^\w\s]")


def plain(text):
    return " ".join(TOKEN.findall(text.lower()))


def run_fasttext(system, train, test):
    import fasttext

    settings = {
        # The preset of the paper's classification script, and a longer run of the kind its tutorial ends with.
        "fasttext_paper": dict(lr=0.25, epoch=5, dim=10, bucket=10_000_000),
        "fasttext_tuned": dict(lr=0.5, epoch=25, dim=50, bucket=1_000_000),
    }[system]
    texts, labels = read(train)
    held_out, _ = read(test)
    classes = sorted(set(labels))
    number = {label: i for i, label in enumerate(classes)}
    with tempfile.TemporaryDirectory() as folder:
        with Clock() as clock:
            with open(f"{folder}/train.txt", "w") as file:
                file.writelines(f"__label__{number[y]} {plain(x)}\n" for x, y in zip(texts, labels))
            model = fasttext.train_supervised(f"{folder}/train.txt", wordNgrams=2, minCount=1, thread=2,
                                              verbose=0, seed=42, **settings)
        model.save_model(f"{folder}/model.bin")
        model_bytes = os.path.getsize(f"{folder}/model.bin")

    def predict(texts):
        rows = []
        for text in texts:
            row = [0.0] * len(classes)
            for probability, label in model.f.predict(plain(text) + "\n", len(classes), 0.0, "strict"):
                row[int(label[9:])] = min(probability, 1.0)
            rows.append(row)
        return rows

    start = time.perf_counter()
    rows = predict(held_out)
    per_second = len(held_out) / (time.perf_counter() - start)
    rows = [[p / sum(row) for p in row] if sum(row) else [1 / len(row)] * len(row) for row in rows]
    best = [classes[max(range(len(row)), key=row.__getitem__)] for row in rows]
    speed = {"articles_per_second": per_second, **one_by_one(predict, held_out)}
    return result(clock, best, rows, classes, speed, model_bytes)


def run_vw(_, train, test):
    import random

    import vowpalwabbit

    texts, labels = read(train)
    held_out, _ = read(test)
    classes = sorted(set(labels))
    number = {label: i + 1 for i, label in enumerate(classes)}
    words = re.compile(r"\w+")

    def features(text):
        return "| " + " ".join(words.findall(text.lower()))

    with Clock() as clock:
        model = vowpalwabbit.Workspace(f"--oaa {len(classes)} --loss_function logistic -b 22 --ngram 2 "
                                       "--quiet --random_seed 1 -l 0.5 --l2 1e-9")
        examples = [f"{number[y]} {features(x)}" for x, y in zip(texts, labels)]
        order = random.Random(0)
        for _ in range(5):
            order.shuffle(examples)
            for example in examples:
                model.learn(example)
    start = time.perf_counter()
    best = [classes[model.predict(features(x)) - 1] for x in held_out]
    per_second = len(held_out) / (time.perf_counter() - start)
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/model.vw")
        model_bytes = os.path.getsize(f"{folder}/model.vw")
    speed = {"articles_per_second": per_second,
             **one_by_one(lambda texts: [model.predict(features(x)) for x in texts], held_out)}
    return result(clock, best, None, classes, speed, model_bytes)


def run_system(system, train, test):
    if system.startswith("copydesk"):
        return run_copydesk(system, train, test)
    if system == "vw":
        return run_vw(system, train, test)
    return (run_fasttext if system.startswith("fasttext") else run_scikit_learn)(system, train, test)


def measure(found, truth):
    """Replaces the answers by what they are worth."""
    import math

    labels, rows, classes = found.pop("labels"), found.pop("probabilities"), found.pop("classes")
    right = [a == b for a, b in zip(labels, truth)]
    f1 = []
    for name in sorted(set(truth) | set(labels)):
        hits = sum(a == name == b for a, b in zip(labels, truth))
        wrong = sum((a == name) != (b == name) for a, b in zip(labels, truth))
        f1.append(2 * hits / (2 * hits + wrong) if hits + wrong else 0.0)
    found["accuracy"], found["macro_f1"] = sum(right) / len(right), sum(f1) / len(f1)
    if rows is not None:
        place = {name: i for i, name in enumerate(classes)}
        found["log_loss"] = sum(-math.log(max(row[place[y]], 2**-23)) if y in place else -math.log(2**-23)
                                for row, y in zip(rows, truth)) / len(truth)
        bins = [[0.0, 0.0] for _ in range(N_BINS)]
        for row, ok in zip(rows, right):
            confidence = max(row)
            bin_ = bins[min(max(math.ceil(confidence * N_BINS), 1), N_BINS) - 1]
            bin_[0] += confidence
            bin_[1] += ok
        found["calibration_error"] = sum(abs(a - b) for a, b in bins) / len(truth)
    return right


def interval(ours, theirs):
    """95 % of the paired bootstrap of the difference in accuracy, ours less theirs."""
    import numpy as np

    difference = np.array(ours, float) - np.array(theirs, float)
    draws = np.random.default_rng(0).integers(0, len(difference), (N_BOOTSTRAP, len(difference)))
    return [float(q) for q in np.quantile(difference[draws].mean(axis=1), [0.025, 0.975])]


COLUMNS = [("accuracy", "accuracy", "{:.4f}"), ("macro_f1", "macro-F1", "{:.4f}"), ("log_loss", "log loss", "{:.4f}"),
           ("calibration_error", "ECE", "{:.4f}"), ("train_cpu_s", "train CPU s", "{:.2f}"),
           ("train_wall_s", "wall s", "{:.2f}"), ("peak_mb", "peak MB", "{:.0f}"), ("model_mb", "model MB", "{:.1f}"),
           ("p50_us", "p50 µs", "{:.1f}"), ("p99_us", "p99 µs", "{:.1f}"), ("articles_per_second", "articles/s", "{:.0f}")]


def table(results):
    lines = []
    for name, systems in results.items():
        lines += [f"\n### {name}\n", "| system | " + " | ".join(c[1] for c in COLUMNS) + " | accuracy of Copydesk less its |",
                  "|---|" + "---|" * (len(COLUMNS) + 1)]
        for system, found in systems.items():
            cells = [shape.format(found[key]) if key in found else "–" for key, _, shape in COLUMNS]
            gap = found.get("accuracy_gap")
            cells.append("–" if gap is None else f"{gap[0]:+.4f} to {gap[1]:+.4f}")
            lines.append(f"| {TITLES[system]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--systems", default=",".join(SYSTEMS))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        json.dump(run_system(*args.one), sys.stdout)
        return
    results = {}
    for name in args.sets.split(","):
        train, test = (str(args.data / part) for part in SETS[name])
        truth, ours = read(test)[1], None
        results[name] = {}
        for system in args.systems.split(","):
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            done = subprocess.run([sys.executable, __file__, str(args.data), "--one", system, train, test],
                                  capture_output=True, text=True, env=environment)
            if done.returncode:
                print(f"{name} {system}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
                continue
            found = json.loads(done.stdout)
            right = measure(found, truth)
            ours = right if system == "copydesk" else ours
            if not system.startswith("copydesk") and ours is not None:
                found["accuracy_gap"] = interval(ours, right)
            results[name][system] = found
            print(f"{name} {system}: accuracy {found['accuracy']:.4f}", file=sys.stderr)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    date = datetime.date.today().isoformat()
    print(f"Measured {date} on {machine}.\n{table(results)}")
    if args.out:
        args.out.write_text(json.dumps({"date": date, "machine": machine, "sets": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
