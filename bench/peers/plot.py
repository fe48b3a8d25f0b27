#!/usr/bin/env python3
"""Draws the two pictures of the README from a result of run.py.

    python3 bench/peers/plot.py bench/results/peers-DATE.json
"""
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

# Equal input makes equal files.
matplotlib.rcParams.update({"svg.hashsalt": "copydesk", "font.size": 9, "axes.spines.top": False,
                            "axes.spines.right": False})
NAMES = {"copydesk": "Copydesk", "copydesk_neighbours": "Copydesk (further texts)", "svc": "LinearSVC",
         "logreg": "LogisticRegression", "svc_char": "word+char LinearSVC", "fasttext_paper": "fastText (paper)",
         "fasttext_tuned": "fastText (25 epochs)", "vw": "Vowpal Wabbit"}
OURS, OTHERS = "#c0392b", "#7f8c8d"
SHOWN = ["news12", "ag_news", "r52"]


def colour(system):
    return OURS if system.startswith("copydesk") else OTHERS


def accuracy_against_cost(sets, path):
    figure, axes = plt.subplots(1, len(SHOWN), figsize=(10, 3.2))
    for axis, name in zip(axes, SHOWN):
        best = max(found["accuracy"] for found in sets[name].values())
        for system, found in sets[name].items():
            if found["accuracy"] < best - 0.12:
                continue  # would flatten the rest; the table has it
            axis.scatter(found["train_cpu_s"], found["accuracy"], color=colour(system), zorder=3)
            is_ours = system.startswith("copydesk")
            axis.annotate(NAMES[system], (found["train_cpu_s"], found["accuracy"]), xytext=(0, 12) if is_ours else (4, 4),
                          ha="center" if is_ours else "left", textcoords="offset points", fontsize=7,
                          color=colour(system))
        axis.set(xscale="log", title=name, xlabel="training, CPU seconds")
        axis.margins(x=0.35, y=0.15)
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("accuracy")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def latency(sets, path):
    systems = [s for s in NAMES if s in sets["news12"]]
    figure, axis = plt.subplots(figsize=(7, 2.6))
    for place, system in enumerate(reversed(systems)):
        found = sets["news12"][system]
        axis.barh(place, found["p50_us"], color=colour(system))
        axis.plot([found["p50_us"], found["p99_us"]], [place, place], color="black", linewidth=1)
        axis.text(found["p99_us"] * 1.15, place, f"{found['p50_us']:,.1f} µs", va="center", fontsize=8)
    axis.set(xscale="log", xlabel="one article of news12, µs: median (bar) to 99th percentile (line)")
    axis.set_yticks(range(len(systems)), [NAMES[s] for s in reversed(systems)])
    axis.margins(x=0.15)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    source = Path(sys.argv[1])
    sets = json.loads(source.read_text())["sets"]
    accuracy_against_cost(sets, source.with_name("accuracy-against-training-cost.svg"))
    latency(sets, source.with_name("latency.svg"))


if __name__ == "__main__":
    main()
