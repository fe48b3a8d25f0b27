#!/usr/bin/env python3
"""Article extraction beside its peers: same pages, same measure, same run.

    pip install --no-deps -r bench/extract/requirements.txt
    cargo build --release --example pages
    python3 bench/extract/run.py PAGES --out bench/results/extract-DATE.json --texts ARTICLES.jsonl…

PAGES is a folder of the article-extraction-benchmark: html/ID.html.gz and ground-truth.json. The measure
is that benchmark's: precision and recall of 4-word shingles, counted as often as they occur, averaged over
pages; F1 of the two means; intervals by bootstrap over pages. ARTICLES.jsonl have articles in "text", none of
which should be taken for a page. "everything_html" is the source of a page read as if it were text: what would
be answered without extraction.
"""
import argparse
import collections
import datetime
import gzip
import json
import os
import platform
import random
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import html2text
import inscriptis
import justext
import lxml.html
import readability
import trafilatura

ROOT = Path(__file__).resolve().parents[2]
N_GRAM = 4
N_BOOTSTRAP = 1000
ROUNDS = 3
BLOCKS = set(
    "address article aside blockquote body button dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr label li main nav ol option p pre section select table tbody "
    "td th thead title tr ul br".split()
)
UNSEEN = {"script", "style", "noscript", "template", "svg", "head", "iframe", "object"}


def inner_text(html):
    """The page's title, then a line for each block, bullets before list items."""
    tree = lxml.html.fromstring(html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
    lines, words = [], []

    def flush():
        line = " ".join("".join(words).split())
        words.clear()
        if line and line != "•":
            lines.append(line)

    def walk(element):
        if isinstance(element.tag, str) and element.tag not in UNSEEN:
            if element.tag in BLOCKS:
                flush()
            words.append("• " if element.tag == "li" else "")
            words.append(element.text or "")
            for child in element:
                walk(child)
            if element.tag in BLOCKS:
                flush()
        words.append(element.tail or "")

    title = " ".join((tree.findtext(".//title") or "").split())
    walk(tree.find("body") if tree.find("body") is not None else tree)
    flush()
    return "\n".join(([title] if title else []) + lines)


def markdown(html):
    writer = html2text.HTML2Text()
    writer.ignore_links = writer.ignore_images = writer.ignore_emphasis = True
    writer.body_width = 0
    return writer.handle(html)


STYLES = {"inner": inner_text, "inscriptis": inscriptis.get_text, "html2text": markdown}


def trafilatura_precise(html):
    return trafilatura.extract(html, favor_precision=True, include_comments=False) or ""


def trafilatura_default(html):
    return trafilatura.extract(html, include_comments=False) or ""


def readability_lxml(html):
    return lxml.html.fromstring(readability.Document(html).summary()).text_content()


STOP_WORDS = justext.get_stoplist("English")


def justext_lines(text):
    """jusText's own classification with each line as a paragraph; a text has no links to count."""
    html = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines())
    paragraphs = justext.justext(f"<html><body>{html}</body></html>", STOP_WORDS)
    return "\n".join(p.text for p in paragraphs if not p.is_boilerplate)


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def timed(job, argument):
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        try:
            result = job(argument)
        except Exception as error:  # a page that a peer cannot read is an empty answer
            print("failed:", job.__name__, error)
            result = ""
        best = min(best, time.perf_counter() - started)
    return {"text": result, "ms": best * 1e3}


def shingles(text):
    words = re.findall(r"\w+", text.lower())
    if len(words) < N_GRAM:
        return collections.Counter([tuple(words)] if words else [])
    return collections.Counter(tuple(words[i : i + N_GRAM]) for i in range(len(words) - N_GRAM + 1))


def precision_recall(text, gold):
    found, wanted = shingles(text), shingles(gold)
    right = sum((found & wanted).values())
    n_found, n_wanted = sum(found.values()), sum(wanted.values())
    precision = right / n_found if n_found else float(not n_wanted)
    recall = right / n_wanted if n_wanted else float(not n_found)
    return precision, recall


def f1_of(pairs):
    precision = statistics.mean(p for p, _ in pairs)
    recall = statistics.mean(r for _, r in pairs)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def score(answers, gold):
    pairs = [precision_recall(answers[page]["text"], gold[page]) for page in gold]
    precision, recall, f1 = f1_of(pairs)
    draw = random.Random(1)
    draws = sorted(f1_of(draw.choices(pairs, k=len(pairs)))[2] for _ in range(N_BOOTSTRAP))
    result = {"f1": f1, "precision": precision, "recall": recall}
    result["f1_95"] = [draws[int(N_BOOTSTRAP * 0.025)], draws[int(N_BOOTSTRAP * 0.975)]]
    times = [answers[page]["ms"] for page in gold]
    if any(times):
        result["ms_median"], result["ms_mean"] = statistics.median(times), statistics.mean(times)
        result["ms_max"] = max(times)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--texts", type=Path, nargs="*", default=[])
    parser.add_argument("--only-copydesk", action="store_true")
    args = parser.parse_args()
    truth = json.loads((args.pages / "ground-truth.json").read_text(encoding="utf-8"))
    gold = {page: answer["articleBody"] for page, answer in truth.items()}
    html = {
        page: gzip.decompress((args.pages / "html" / f"{page}.html.gz").read_bytes()).decode("utf-8", "replace")
        for page in gold
    }
    dumps = {style: {page: dump(html[page]) for page in gold} for style, dump in STYLES.items()}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(dumps, file)
        file.flush()
        program = [ROOT / "target/release/examples/pages", args.pages, file.name, *args.texts]
        answers = json.loads(subprocess.run(program, check=True, capture_output=True).stdout)
        found = answers["systems"]
    if not args.only_copydesk:
        for peer in (trafilatura_precise, trafilatura_default, readability_lxml):
            found[peer.__name__] = {page: timed(peer, html[page]) for page in gold}
        for style, texts in dumps.items():
            found[f"justext_{style}"] = {page: timed(justext_lines, texts[page]) for page in gold}
    report = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "n_pages": len(gold),
        "kind_right": {s: sum(a["is_kind_right"] for a in found[s].values()) for s in found if s.startswith(("copydesk", "gold"))},
        "texts_right": {"/".join(Path(f).parts[-2:]): {"n": n, "right": right} for f, (n, right) in answers["texts"].items()},
        "systems": {},
    }
    topics = {page: found["gold"][page]["topic"] for page in gold}
    for system in sorted(found):
        if system == "gold":
            continue
        report["systems"][system] = measures = score(found[system], gold)
        answers = found[system]
        if all("topic" in answer for answer in answers.values()):
            measures["same_topic_as_gold"] = statistics.mean(answers[p]["topic"] == topics[p] for p in gold)
            measures["same_topic_with_title"] = statistics.mean(answers[p]["page_topic"] == topics[p] for p in gold)
        columns = ("f1", "precision", "recall", "same_topic_as_gold", "same_topic_with_title", "ms_median", "ms_max")
        print(f"{system:24}", *(f"{key} {measures[key]:.4f}" for key in columns if key in measures))
    print(report["kind_right"], report["texts_right"])
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
