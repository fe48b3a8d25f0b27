#!/usr/bin/env python3
"""One fit beside one fit, and what 8-bit weights lose.

    pip install -r bench/peers/requirements.txt
    cargo build --release --example one_fit
    python3 bench/peers/one_fit.py DATA [--out FILE.json]

On every set of run.py, accuracy of Copydesk's topic model before and after it is packed into 8-bit
weights. On news12, also CPU seconds of one fit without search and calibration, from texts to weights, of
Copydesk, LinearSVC and fastText's paper preset, one after the other.
"""
import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from run import ROOT, SETS, TITLES

PEERS = ["svc", "fasttext_paper"]


def copydesk(train, test):
    program = ROOT / "target/release/examples/one_fit"
    return json.loads(subprocess.run([program, train, test], check=True, capture_output=True, text=True).stdout)


def peer_cpu_seconds(system, train, test):
    """In a process of its own, as run.py does."""
    code = ("import json, sys; from run import run_system; "
            "print(json.dumps(run_system(*sys.argv[1:])['train_cpu_s']))")
    command = [sys.executable, "-c", code, system, train, test]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent).stdout
    return float(said.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out")
    args = parser.parse_args()
    files = {name: [str((args.data / part).resolve()) for part in parts] for name, parts in SETS.items()}
    sets = {}
    for name, parts in files.items():
        found = copydesk(*parts)
        found["lost_points"] = round(100 * (found["float_accuracy"] - found["int8_accuracy"]), 3)
        sets[name] = found
        print(name, json.dumps(found), flush=True)
    seconds = {"Copydesk": sets["news12"]["one_fit_cpu_s"]}
    for system in PEERS:
        seconds[TITLES[system]] = round(peer_cpu_seconds(system, *files["news12"]), 2)
    print(json.dumps(seconds))
    if args.out:
        result = {
            "date": datetime.date.today().isoformat(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, shared",
            "sets": sets,
            "news12_one_fit_cpu_seconds": seconds,
        }
        Path(args.out).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
