"""CPU time per article: Copydesk beside grpcio + scikit-learn and FastAPI + scikit-learn.

    cargo build --release --bins --example load
    pip install -r bench/load/requirements.txt
    python3 bench/load/peers.py target/release DATA OUT.json

DATA holds train.jsonl and test.jsonl with the fields title, text and label, such as BBC News. All three learn
from the first and are sent the articles of the second, one call each, over connections that stay open: at the same
steady rate, and again so that every call follows an answer without a pause. The first is an idle site, where waking
up for a call is most of its cost; the second a busy one. What is counted is the CPU time of the server's process,
user and system, by /proc; each server has half of the machine's cores and the client, another process, the others.
Copydesk is asked twice: for topics and learnt tags, which is what the peers have of it, and for everything, with
names and phrases. FastAPI is compared with Copydesk's own plain HTTP, and with its gRPC, to which one would move.
"""

import datetime
import itertools
import json
import os
import platform
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"
TICKS = os.sysconf("SC_CLK_TCK")
RATE, SECONDS, WARM_UP_SECONDS = 200, 8, 2
N_CONNECTIONS = 8
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORES, CLIENT_CORES = CORES[: max(len(CORES) // 2, 1)], CORES[len(CORES) // 2 :]
PATIENCE_SECONDS = 60


class Server:
    """A server of this run."""

    def __init__(self, command):
        self.log = tempfile.TemporaryFile(mode="w+")
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        pinned = ["taskset", "--cpu-list", ",".join(map(str, SERVER_CORES)), *map(str, command)]
        self.process = subprocess.Popen(
            pinned, stderr=subprocess.PIPE, stdout=self.log, text=True, env=environment
        )
        for line in self.process.stderr:
            found = re.search(r" on (127\S+)", line)
            if found:
                self.address = found.group(1)
                break
        self.reader = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=subprocess.DEVNULL)

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)


def by_grpc(folder, server, articles, *arguments):
    """Microseconds of CPU for an article over gRPC."""
    command = [
        folder / "examples" / "load", "--address", server.address, "--pid", server.process.pid, "--articles", articles,
        "--connections", N_CONNECTIONS, *arguments,
    ]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout)
    assert set(seen["codes"]) == {"Ok"}, seen["codes"]
    return 1e6 / seen["ok_per_cpu_second"]


class HttpConnection:
    """A connection that asks again as soon as it is answered."""

    def __init__(self, address, requests):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), PATIENCE_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests = requests
        self.answer = b""
        self.ask()

    def ask(self):
        self.socket.sendall(next(self.requests))

    def read(self):
        """Whether the answer is whole."""
        self.answer += self.socket.recv(1 << 16)
        head, found, body = self.answer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not found or len(body) < int(length.group(1)):
            return False
        assert head.split()[1] == b"200" and b'"topic"' in body, self.answer
        self.answer = b""
        return True


def by_http(server, articles, seconds, rate=None, options=None):
    """Microseconds of CPU for an article over plain HTTP: so many a second on one connection, or as fast as it goes."""
    requests = []
    for line in open(articles, encoding="utf-8"):
        row = json.loads(line)
        message = {"article": {"title": row["title"], "body": row["text"]}}
        if options:
            message["options"] = options
        body = json.dumps(message).encode()
        head = f"POST /v1/classify HTTP/1.1\r\nhost: copydesk\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        requests.append(head.encode() + b"\r\n\r\n" + body)
    requests = itertools.cycle(requests)
    ready = selectors.DefaultSelector()
    for _ in range(N_CONNECTIONS if rate is None else 1):
        connection = HttpConnection(server.address, requests)
        ready.register(connection.socket, selectors.EVENT_READ, connection)
    n_answered, before, started = 0, server.cpu_seconds(), time.monotonic()
    while time.monotonic() < started + seconds:
        for key, _ in ready.select(PATIENCE_SECONDS):
            if key.data.read():
                n_answered += 1
                if rate is not None:
                    time.sleep(max(started + n_answered / rate - time.monotonic(), 0))
                key.data.ask()
    cpu_seconds = server.cpu_seconds() - before
    for key in list(ready.get_map().values()):
        key.fileobj.close()
    return cpu_seconds / n_answered * 1e6


def stubs(folder):
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"--python_out={folder}"]
    subprocess.run([*command, f"--grpc_python_out={folder}", "copydesk/v1/copydesk.proto"], check=True, cwd=PROTO)


def calm_and_busy(ask_calmly, ask_busily):
    """Both measures of one server, after a moment to warm up."""
    ask_busily(WARM_UP_SECONDS)
    return {"at a steady rate": ask_calmly(SECONDS), "without a pause": ask_busily(SECONDS)}


def both_ways_by_grpc(folder, server, articles, *arguments):
    return calm_and_busy(
        lambda seconds: by_grpc(folder, server, articles, "--rate", RATE, "--seconds", seconds, *arguments),
        lambda seconds: by_grpc(folder, server, articles, "--in-flight", 2, "--seconds", seconds, *arguments),
    )


def both_ways_by_http(server, articles, options=None):
    return calm_and_busy(
        lambda seconds: by_http(server, articles, seconds, RATE, options),
        lambda seconds: by_http(server, articles, seconds, None, options),
    )


def measured(folder, train, test, work):
    stubs(work)
    model = Path(work) / "peer.safetensors"
    command = [folder / "copydesk", "train", "--data", train, "--out", model]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    vocabulary = {"tagSource": "TAG_SOURCE_VOCABULARY"}
    result = {}
    server = Server([folder / "copydesk", "serve", "--listen", "127.0.0.1:0", "--model", model])
    result["copydesk gRPC, topics and learnt tags"] = both_ways_by_grpc(folder, server, test, "--tags", "vocabulary")
    result["copydesk gRPC, everything"] = both_ways_by_grpc(folder, server, test)
    result["copydesk HTTP, topics and learnt tags"] = both_ways_by_http(server, test, vocabulary)
    result["copydesk HTTP, everything"] = both_ways_by_http(server, test)
    server.stop()
    server = Server([sys.executable, HERE / "peer.py", "grpc", train, work])
    result["grpcio + scikit-learn"] = both_ways_by_grpc(folder, server, test)
    server.stop()
    server = Server([sys.executable, HERE / "peer.py", "fastapi", train])
    result["FastAPI + scikit-learn"] = both_ways_by_http(server, test)
    server.stop()
    return result


def main(folder, data, out):
    folder, data, out = Path(folder), Path(data), Path(out)
    os.sched_setaffinity(0, CLIENT_CORES)
    with tempfile.TemporaryDirectory() as work:
        micros = measured(folder, data / "train.jsonl", data / "test.jsonl", work)
    times = {
        f"{peer} / {ours}": {way: round(us / micros[ours][way], 1) for way, us in micros[peer].items()}
        for peer, door in [
            ("grpcio + scikit-learn", "gRPC"), ("FastAPI + scikit-learn", "HTTP"), ("FastAPI + scikit-learn", "gRPC"),
        ]
        for ours in [f"copydesk {door}, topics and learnt tags", f"copydesk {door}, everything"]
    }
    result = json.loads(out.read_text()) if out.exists() else {}
    result["peers"] = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, shared with the client and others",
        "data": data.name,
        "cpu_us_per_article": {
            name: {way: round(us, 1) for way, us in ways.items()} for name, ways in micros.items()
        },
        "times": times,
    }
    out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["peers"], indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
