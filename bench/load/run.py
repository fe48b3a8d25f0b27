"""Copydesk beside the echo ceiling, in one run on one machine.

    cargo build --release --bins --examples
    python3 bench/load/run.py target/release bench/results/load-DATE.json

First the cost: CPU time of the server for each Classify and each article of a stream. Then capacity is
found by offering ever more, and latency is measured at half of it. Generator and server share the machine's
cores, which is noisy: compare the two servers of one run, never runs of different days. What a server does
with more than it can take needs a generator on a machine of its own.
"""

import datetime
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

SECONDS = os.environ.get("COPYDESK_BENCH_SECONDS", "6")
PATIENCE_SECONDS = 60


class Server:
    """A server of this run, on a free port or on one of its own."""

    def __init__(self, command):
        environment = {**os.environ, "COPYDESK_LOG": os.environ.get("COPYDESK_LOG", "info")}
        log = open("/dev/null", "w")
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self.address = re.search(r" on (\S+)", self.process.stderr.readline()).group(1)
        # The log has to go somewhere, or the server waits for a reader.
        self.drain = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=log)

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)


def load(folder, server, *arguments):
    command = [folder / "examples" / "load", "--address", server.address, "--pid", str(server.process.pid)]
    done = subprocess.run([*command, "--seconds", SECONDS, *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def cost(folder, command):
    """The same work for each server: a moderate rate, and a stream as fast as it goes."""
    server = Server(command)
    single = load(folder, server, "--rate", "2000")
    stream = load(folder, server, "--call", "stream-classify", "--connections", "2")
    server.stop()
    return {"Classify": single, "StreamClassify": stream}


def capacity(folder, server):
    """The most that is answered without refusals of more than 1 in 1,000 and a p99 under 20 ms."""
    best = None
    for rate in range(2_000, 60_000, 2_000):
        seen = load(folder, server, "--rate", str(rate))
        answered = seen["codes"].get("Ok", 0)
        refused = sum(seen["codes"].values()) - answered
        if refused > answered / 1_000 or seen["answered_us"]["p99"] > 20_000:
            return best or seen
        best = seen
    return best


def main(folder, out):
    folder = Path(folder)
    copydesk = [folder / "copydesk", "serve", "--listen", "127.0.0.1:0"]
    echo = [folder / "examples" / "echo", "127.0.0.1:0"]
    result = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, shared with the generator",
        "article_bytes": 3_000,
        "cost": {"echo": cost(folder, echo), "copydesk": cost(folder, copydesk)},
    }
    shares = {}
    for call in ["Classify", "StreamClassify"]:
        figures = [result["cost"][name][call]["ok_per_cpu_second"] for name in ["copydesk", "echo"]]
        shares[call] = round(figures[0] / figures[1], 3)
    result["share_of_echo"] = shares
    server = Server(copydesk)
    peak = capacity(folder, server)
    half = load(folder, server, "--rate", str(int(peak["offered_per_second"] / 2)))
    result["peak"], result["half_load"] = peak, half
    server.stop()
    Path(out).write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["share_of_echo"]))
    for name in ["peak", "half_load"]:
        print(name, json.dumps(result[name]))


if __name__ == "__main__":
    main(*sys.argv[1:])
