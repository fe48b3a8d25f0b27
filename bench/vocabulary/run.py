"""How far confidences of a controlled vocabulary hold, on articles with their editors' tags.

For each article, the tags of all other articles are its vocabulary: so no tag is in it because the article
has it. What is named in the article is then compared with what its editors gave.

    python3 bench/vocabulary/run.py ARTICLES.jsonl [COPYDESK [MODEL]]

A line of ARTICLES has title, text and tags.
"""

import csv
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def fold(tag: str) -> str:
    return re.sub(r"\W+", " ", tag.lower()).strip()


def pairs(rows, program, model):
    """Each suggestion's confidence and whether the editors gave it, and how many of their tags can be found."""
    found, n_tags, n_findable = [], 0, 0
    with tempfile.TemporaryDirectory() as folder:
        table, article = Path(folder, "tags.csv"), Path(folder, "article.jsonl")
        for i, row in enumerate(rows):
            others = [t for j, other in enumerate(rows) if j != i for t in other["tags"]]
            labels = {fold(t): " ".join(t.split()) for t in others if fold(t) and len(t) < 200}
            labels = {t.lower(): t for t in labels.values()}
            with table.open("w", newline="") as out:
                csv.writer(out).writerows([["label"], *([t] for t in labels.values())])
            article.write_text(json.dumps({"title": row["title"], "text": row["text"]}) + "\n")
            flags = ["--tag-source", "vocabulary", "--min-tag-confidence", "0", "--max-tags", "100000"]
            flags += ["--model", model] if model else []
            command = [program, "classify", "--json", "--vocabulary", table, *flags, article]
            answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            gold, known = {fold(t) for t in row["tags"]}, {fold(t) for t in labels.values()}
            n_tags, n_findable = n_tags + len(gold), n_findable + len(gold & known)
            for tag in answer["tags"]:
                if fold(tag["label"]) in known:
                    found.append((tag["confidence"], fold(tag["label"]) in gold))
    return found, n_tags, n_findable


def offset(found):
    """What is best added to all log-odds: 0 if confidences hold."""

    def loss(added):
        total = 0.0
        for confidence, is_tag in found:
            p = min(max(confidence, 1e-6), 1 - 1e-6)
            p = 1 / (1 + (1 - p) / p * math.exp(-added))
            total -= math.log(p if is_tag else 1 - p)
        return total

    return min((step / 10 for step in range(-30, 31)), key=loss)


def main():
    rows = [json.loads(line) for line in open(sys.argv[1])]
    program = sys.argv[2] if len(sys.argv) > 2 else "target/release/copydesk"
    model = sys.argv[3] if len(sys.argv) > 3 else None
    found, n_tags, n_findable = pairs(rows, program, model)
    bins = []
    for low, high in [(0, 0.02), (0.02, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.4), (0.4, 1.01)]:
        own = [(c, y) for c, y in found if low <= c < high]
        n = max(len(own), 1)
        mean, share = sum(c for c, _ in own) / n, sum(y for _, y in own) / n
        bins.append({"from": low, "n": len(own), "confidence": round(mean, 3), "share": round(share, 3)})
    print(json.dumps({
        "articles": len(rows), "tags": n_tags, "tags_in_vocabulary": n_findable,
        "suggestions": len(found), "right": sum(y for _, y in found),
        "log_odds_to_add": offset(found), "bins": bins,
    }, indent=1))


if __name__ == "__main__":
    main()
