"""Trains on generated corpora of growing size and records time and memory of each run."""

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import tempfile
import time

from generate import write

N_TEST_ARTICLES = 5_000


def measure(program, train, test, folder):
    command = [program, "train", "--json", "--data", train, "--test", test]
    command += ["--out", os.path.join(folder, "model.safetensors")]
    with open(os.path.join(folder, "said"), "w+") as said, open(os.path.join(folder, "report"), "w+") as report:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=report, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        said.seek(0), report.seek(0)
        said = said.read()
        if status != 0:
            raise SystemExit(said)
        report = json.loads(report.read())
    stated = re.search(r"about ([0-9.]+) GB of memory", said)
    return {
        "articles": report["training_articles"],
        "wall_seconds": round(wall, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_gb": round(usage.ru_maxrss * 1024 / 1e9, 3),
        "stated_gb": float(stated.group(1)) if stated else None,
        "wall_us_per_article": round(wall / report["training_articles"] * 1e6, 1),
        "accuracy": report["evaluation"]["accuracy"],
        "c": report["c"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default="target/release/copydesk")
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--words", type=int, default=200)
    parser.add_argument("--out", help="results as JSON")
    args = parser.parse_args()
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        train, test = (os.path.join(folder, name) for name in ("train.jsonl", "test.jsonl"))
        write(test, N_TEST_ARTICLES, args.words, seed=2)
        for n_articles in args.articles:
            write(train, n_articles, args.words, seed=1)
            load = os.getloadavg()[0]
            run = measure(args.program, train, test, folder)
            run["load_average_before"] = round(load, 1)
            runs.append(run)
            print(json.dumps(run), flush=True)
    if args.out:
        result = {
            "date": datetime.date.today().isoformat(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "words_per_article": args.words,
            "runs": runs,
        }
        with open(args.out, "w", encoding="utf-8") as out:
            json.dump(result, out, indent=1)


if __name__ == "__main__":
    main()
