"""What Copydesk does around its model, in instructions: a single call and an article of a stream with all layers on
beside a bare tonic echo, counted by callgrind, which noise of the machine does not reach.

    CARGO_PROFILE_RELEASE_STRIP=none cargo build --release --target-dir target/named --bins --example load --example echo
    python3 bench/load/cost.py target/named/release OUT.json

Each server runs twice under valgrind, for few articles and for many; the difference, divided by the difference
of the articles, is what one more costs, without the start. Of Copydesk's, what `Pipeline::classify_into` and all
that it calls took is subtracted: what is left is the way from the socket to the model and back, with
admission, deadline, metrics and the line in the log.
"""

import datetime
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FEW_SECONDS, MANY_SECONDS = 2, 12
RATE = 25
MODEL = "copydesk::pipeline::Pipeline::classify_into"
LIMIT = 1.25
PATIENCE_SECONDS = 300


def counted(folder, command, call, seconds):
    """Articles answered, instructions of a server from start to end, and those of the model within them."""
    with tempfile.TemporaryDirectory() as work:
        profile = Path(work) / "profile"
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}"]
        process = subprocess.Popen(
            [*valgrind, *map(str, command)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        address = None
        while not address:
            found = re.search(r" on (127\S+)", process.stderr.readline())
            address = found and found.group(1)
        reader = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
        load = [
            folder / "examples" / "load", "--address", address, "--call", call, "--rate", RATE, "--seconds", seconds,
            "--connections", 2, "--tags", "vocabulary",
        ]
        done = subprocess.run([str(part) for part in load], capture_output=True, text=True, check=True)
        seen = json.loads(done.stdout)
        assert set(seen["codes"]) == {"Ok"}, seen["codes"]
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        reader.wait(PATIENCE_SECONDS)
        said = subprocess.run(
            ["callgrind_annotate", "--inclusive=yes", "--threshold=100", profile],
            capture_output=True, text=True, check=True,
        ).stdout
    number = r"^\s*([\d,]+)"
    total = int(re.search(number + r".*PROGRAM TOTALS", said, re.M).group(1).replace(",", ""))
    # With symbols there are several entries if the compiler made several copies; the largest holds the others.
    model = [int(n.replace(",", "")) for n in re.findall(number + rf".*{re.escape(MODEL)}(?![\w:])", said, re.M)]
    return seen["codes"]["Ok"], total, max(model, default=0)


def per_article(folder, command, call):
    """Instructions for one more article: all, and the model's."""
    n_few, *few = counted(folder, command, call, FEW_SECONDS)
    n_many, *many = counted(folder, command, call, MANY_SECONDS)
    return [(after - before) / (n_many - n_few) for before, after in zip(few, many)]


def compared(folder, call):
    echo, _ = per_article(folder, [folder / "examples" / "echo", "127.0.0.1:0"], call)
    # Under valgrind a call takes long, and none may be refused.
    serve = [folder / "copydesk", "serve", "--listen", "127.0.0.1:0", "--max-in-flight", "10000"]
    whole, model = per_article(folder, serve, call)
    assert model > 0, "the model's instructions were not found: the binary has no symbols"
    return {
        "echo": round(echo),
        "copydesk": round(whole),
        "of_these_the_model": round(model),
        "around_the_model_by_echo": round((whole - model) / echo, 3),
    }


def main(folder, out):
    folder, out = Path(folder), Path(out)
    result = json.loads(out.read_text()) if out.exists() else {}
    result["instructions"] = {
        "date": datetime.date.today().isoformat(),
        "article_bytes": 3_000,
        "goal_of_single_calls": LIMIT,
        "Classify": compared(folder, "classify"),
        "StreamClassify": compared(folder, "stream-classify"),
    }
    out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["instructions"], indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
