#!/usr/bin/env python3
"""Pages made to hurt, each given to `copydesk extract` in a process of its own: seconds, and peak memory.

    cargo build --release
    python3 bench/extract/hostile.py --out bench/results/hostile-pages-DATE.json

The time includes the start of the program and the loading of its model, some 10 ms.
"""
import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIZE = 4 << 20


def fill(piece, head=""):
    return (head + piece * (SIZE // len(piece)))[:SIZE]


PAGES = {
    "nested tags": fill("<div>"),
    "nested tags and text": fill("<div>word ", "<html><body>"),
    "nested formatting": fill("<b><i>", "<html><body>"),
    "misnested formatting": fill("<b><font size=1></b>x", "<html>"),
    "nested tables": fill("<table><tr><td>", "<html>"),
    "nested lists": fill("<ul><li>", "<html>"),
    "nested in an object": "<html><body><object>" + "<div>" * 150_000,
    "nested in a template": "<html><body><template>" + "<div>" * 150_000,
    "nested in a drawing left open": "<html><body><svg>" + "<div>" * 150_000,
    "nested behind a noscript": "<object><noscript><!--</noscript>" + "<div>" * 200_000,
    "drawings left open": "<html><body>" + "<svg><math>" * 95_000,
    "comments in an object": "<html><body><object>" + "a<!>" * 250_000,
    "attributes of an end tag": "<html><body><p>Words.</p " + "".join(f"a{i} " for i in range(140_000)) + ">",
    "attributes of a drawing": "<html><body><svg " + "".join(f"a{i} " for i in range(140_000)) + "/>",
    "attributes in a template": "<html><body><template><p " + "".join(f"a{i} " for i in range(140_000)) + ">",
    "end tags behind a cell": "<html><body>" + "<div><table><tr><td></div>" * 4_900,
    "end tags behind a marquee": "<html><body>" + "<div><marquee></div>" * 9_000,
    "end tags behind a block": "<html><body>" + "<span><div></span>" * 9_900,
    "formatting opened anew": "<html><body><p>" + "".join(f"<font size={i}>" for i in range(240)) + "</p><p>x</p>" * 19_000,
    "as deep as allowed": "<html><body>" + ("<div>" * 250 + "<p>A line of words, and more.</p>" + "</div>" * 250) * 75,
    "as many elements as allowed": "<html><body>" + "<p>A short line of words.</p>" * 19_990,
    "as many links as allowed": "<html><body>" + "<a href=x>A link</a> " * 19_990,
    "a million empty lines": "\n" * 1_000_000,
    "a million empty lines in a page": "<html><p>Words." + "\n" * 1_000_000,
    "a million short lines": "Menu\nHome ©\n" * 333_000,
    "one line": fill("Menu © "),
    "unclosed comment": fill("x -", "<html><!-- "),
    "many unclosed comments": fill("<!-- ", "<html>"),
    "unclosed attribute": fill("x>", '<html><p title="'),
    "huge attribute": "<html><p title='" + fill("x ") + "'>Words.",
    "many attributes": "<html><p " + "".join(f"a{i}=1 " for i in range(300_000)) + ">Words.",
    "unclosed scripts": fill("<script></scrip", "<html>"),
    "entities": fill("&lt;!ENTITY a &amp;a;", "<html><body><p>"),
    "entity bomb": "<!DOCTYPE x [" + '<!ENTITY a "&b;&b;">' * 150_000 + "]><p>&a;",
    "invalid markup": fill("<<p/ <a <b=' </ >&#x110000;&#0;", "<html>"),
    "binary": "".join(chr(i * 7 % 251) for i in range(SIZE)),
    "binary in a page": fill("\0\1\ufffd\x85", "<html>"),
    "metadata": "<html><head>" + "<meta property='article:tag' content='x'>" * 15_000 + "</head><p>Words.",
    "JSON-LD": "<html><script type='application/ld+json'>" + "[" * 1_000_000 + "</script><p>Words.",
}


def run(program, page):
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
        file.write(page)
        file.flush()
        started = time.perf_counter()
        process = subprocess.Popen([program, "extract", "--json", file.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, errors = process.communicate()
        seconds = time.perf_counter() - started
    answer = json.loads(out) if out else {}
    return {
        "bytes": len(page.encode()),
        "seconds": round(seconds, 3),
        "exit": process.returncode,
        "is_sure": answer.get("is_sure"),
        "error": errors.decode().strip().split(": ")[-1][:100] if process.returncode else "",
    }


# In a small process between: a child's peak counts what its parent had when it was forked.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def peak_mb(program, page):
    with tempfile.NamedTemporaryFile("w", suffix=".html", encoding="utf-8") as file:
        file.write(page)
        file.flush()
        command = [sys.executable, "-c", PEAK, program, "extract", file.name]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    program = ROOT / "target/release/copydesk"
    pages = {}
    for name, page in PAGES.items():
        pages[name] = run(program, page) | {"peak_mb": peak_mb(program, page)}
        print(f"{name:34}", *(f"{key} {value}" for key, value in pages[name].items()))
    report = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "max_seconds": max(page["seconds"] for page in pages.values()),
        "pages": pages,
    }
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
