"""Copydesk beside the echo ceiling, in one run on one machine.

    cargo build --release --bins --example load --example echo
    python3 bench/load/run.py target/release bench/results/load-DATE.json

First the cost: CPU time of the server for each Classify, at a steady rate (where waking up for a call is most of it)
and with every call following an answer, and for each article of a stream; once for topics and learnt tags and once
for everything, with names and phrases; by turns, five of each, and the median counts. Then capacity is found by
offering ever more, latency is measured at half of it, and at three times it what becomes of the calls that are too
many. All times count from when a call was due; `began_late_us` is the generator's part of them. The server has half
of the machine's cores and the generator the others. Other work on the machine makes it noisy: compare the two
servers of one run, and never runs of different days. cost.py counts instructions instead, peers.py has servers in
Python beside Copydesk.
"""

import datetime
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

SECONDS = os.environ.get("COPYDESK_BENCH_SECONDS", "6")
PATIENCE_SECONDS = 60
N_TURNS = 5
N_TRIES = 3
CALLS = ["Classify, steady", "Classify", "StreamClassify"]
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES, LOAD_CORES = CORES[: max(len(CORES) // 2, 1)], CORES[len(CORES) // 2 :]
TAGS = {"topics and learnt tags": "vocabulary", "everything": "any"}


def on(cores, command):
    """The command, on these cores alone."""
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *map(str, command)]


class Server:
    """A server of this run, on a free port or on one of its own."""

    def __init__(self, command):
        environment = {**os.environ, "COPYDESK_LOG": os.environ.get("COPYDESK_LOG", "info")}
        self.process = subprocess.Popen(
            on(SERVER_CORES, command), stderr=subprocess.PIPE, text=True, env=environment
        )
        self.address = re.search(r" on (\S+)", self.process.stderr.readline()).group(1)
        # The log has to go somewhere, or lines are lost.
        self.reader = subprocess.Popen(
            on(LOAD_CORES, ["cat"]), stdin=self.process.stderr, stdout=subprocess.DEVNULL
        )

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)


def load(folder, server, *arguments):
    command = [folder / "examples" / "load", "--address", server.address, "--pid", server.process.pid]
    command = on(LOAD_CORES, [*command, "--seconds", SECONDS, *arguments])
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def cost(folder, command, tags):
    """The same work for each server: a moderate rate, and calls and streams as fast as they go."""
    server = Server(command)
    load(folder, server, "--rate", 500)
    steady = load(folder, server, "--rate", 1_000, "--tags", tags)
    single = load(folder, server, "--in-flight", 2, "--tags", tags)
    stream = load(folder, server, "--call", "stream-classify", "--connections", 2, "--tags", tags)
    server.stop()
    return dict(zip(CALLS, [steady, single, stream]))


def is_kept_up(seen):
    """Whether at most 1 in 1,000 was refused and the p99 is under 20 ms."""
    answered = seen["codes"].get("Ok", 0)
    refused = sum(seen["codes"].values()) - answered
    return refused <= answered / 1_000 and seen["answered_us"]["p99"] <= 20_000


def capacity(folder, server, tags):
    """The most that the server keeps up with. A rate that is too much is tried again: it may have been the machine."""
    best, rate = None, 500
    while True:
        tries = (load(folder, server, "--rate", rate, "--tags", tags) for _ in range(N_TRIES))
        seen = next(filter(is_kept_up, tries), None)
        if seen is None:
            return best
        best, rate = seen, int(rate * 1.3)


def under_load(folder, command, tags):
    """Half of what the server can take, all of it, and three times as much."""
    server = Server(command)
    peak = capacity(folder, server, tags)
    rate = peak["offered_per_second"]
    half = load(folder, server, "--rate", rate // 2, "--tags", tags)
    over = load(folder, server, "--rate", rate * 3, "--tags", tags)
    again = load(folder, server, "--rate", rate * 3, "--tags", tags)
    server.stop()
    return {"peak": peak, "half": half, "threefold": over, "threefold_again": again}


def per_cpu_second(turn, name, call):
    return turn[name][call]["ok_per_cpu_second"]


def median_of(turns, measure, digits):
    """The median over the turns, the least and the most."""
    values = sorted(map(measure, turns))
    return [round(value, digits) for value in (statistics.median(values), values[0], values[-1])]


def main(folder, out):
    folder, out = Path(folder), Path(out)
    copydesk = [folder / "copydesk", "serve", "--listen", "127.0.0.1:0"]
    echo = [folder / "examples" / "echo", "127.0.0.1:0"]
    result = json.loads(out.read_text()) if out.exists() else {}
    result |= {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, shared with the generator and others",
        "article_bytes": 3_000,
    }
    turns = []
    for _ in range(N_TURNS):
        turns.append({"echo": cost(folder, echo, "any")})
        turns[-1] |= {name: cost(folder, copydesk, tags) for name, tags in TAGS.items()}
    result["cost"] = turns
    result["per_cpu_second"] = {
        call: {name: median_of(turns, lambda turn: per_cpu_second(turn, name, call), 0) for name in turns[0]}
        for call in CALLS
    }
    shares = {call: (call, call) for call in CALLS} | {"StreamClassify by echo's Classify": ("StreamClassify", "Classify")}
    result["share_of_echo"] = {
        title: {
            name: median_of(
                turns, lambda turn: per_cpu_second(turn, name, ours) / per_cpu_second(turn, "echo", echos), 3
            )
            for name in TAGS
        }
        for title, (ours, echos) in shares.items()
    }
    print(json.dumps(result["per_cpu_second"]), flush=True)
    print(json.dumps(result["share_of_echo"]), flush=True)
    result["load"] = {name: under_load(folder, copydesk, tags) for name, tags in TAGS.items()}
    out.write_text(json.dumps(result, indent=1) + "\n")
    for name, loads in result["load"].items():
        for share, seen in loads.items():
            print(name, share, json.dumps({key: seen[key] for key in seen if key != "messages"}))


if __name__ == "__main__":
    main(*sys.argv[1:])
