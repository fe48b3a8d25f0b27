"""CPU time per article: Copydesk beside grpcio + scikit-learn and FastAPI + scikit-learn.

    cargo build --release --bins --example load
    pip install -r bench/load/requirements.txt
    python3 bench/load/peers.py target/release DATA OUT.json

DATA holds train.jsonl and test.jsonl with the fields title, text and label, such as BBC News. All three learn
from the first and are sent the articles of the second, one call each, over one to eight connections that stay
open. What is counted is the CPU time of the server's process, user and system, by /proc; the client is
another process. Copydesk is asked twice: for topics and learnt tags, which is what the peers have of it, and
for everything, with names and phrases. FastAPI is compared with Copydesk's own plain HTTP.
"""

import datetime
import http.client
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"
TICKS = os.sysconf("SC_CLK_TCK")
N_COPYDESK, N_PEER = 6_000, 1_000
PATIENCE_SECONDS = 60


class Server:
    """A server of this run."""

    def __init__(self, command):
        self.log = tempfile.TemporaryFile(mode="w+")
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [str(part) for part in command], stderr=subprocess.PIPE, stdout=self.log, text=True, env=environment
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


def by_grpc(folder, server, articles, n_articles, *arguments):
    """Microseconds of CPU for an article over gRPC."""
    rate = 400 if n_articles == N_COPYDESK else 200
    command = [
        folder / "examples" / "load", "--address", server.address, "--pid", server.process.pid, "--articles", articles,
        "--rate", rate, "--seconds", n_articles // rate, *arguments,
    ]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout)
    assert set(seen["codes"]) == {"Ok"}, seen["codes"]
    return 1e6 / seen["ok_per_cpu_second"]


def by_http(server, articles, n_articles, options=None):
    """Microseconds of CPU for an article over plain HTTP, on one connection."""
    rows = [json.loads(line) for line in open(articles, encoding="utf-8")]
    bodies = []
    for row in rows:
        message = {"article": {"title": row["title"], "body": row["text"]}}
        if options:
            message["options"] = options
        bodies.append(json.dumps(message))
    connection = http.client.HTTPConnection(server.address, timeout=PATIENCE_SECONDS)
    before = None
    # The first hundred warm it up.
    for number in range(-100, n_articles):
        if number == 0:
            before = server.cpu_seconds()
        headers = {"content-type": "application/json"}
        connection.request("POST", "/v1/classify", bodies[number % len(bodies)], headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        assert json.loads(answer.read())["classification"]["topic"]
    connection.close()
    return (server.cpu_seconds() - before) / n_articles * 1e6


def stubs(folder):
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"--python_out={folder}"]
    subprocess.run([*command, f"--grpc_python_out={folder}", "copydesk/v1/copydesk.proto"], check=True, cwd=PROTO)


def measured(folder, train, test, work):
    stubs(work)
    model = Path(work) / "peer.safetensors"
    command = [folder / "copydesk", "train", "--data", train, "--out", model]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    vocabulary = {"tagSource": "TAG_SOURCE_VOCABULARY"}
    result = {}
    server = Server([folder / "copydesk", "serve", "--listen", "127.0.0.1:0", "--model", model])
    by_grpc(folder, server, test, 400)
    result["copydesk gRPC, topics and learnt tags"] = by_grpc(folder, server, test, N_COPYDESK, "--tags", "vocabulary")
    result["copydesk gRPC, everything"] = by_grpc(folder, server, test, N_COPYDESK)
    result["copydesk HTTP, topics and learnt tags"] = by_http(server, test, N_COPYDESK, vocabulary)
    result["copydesk HTTP, everything"] = by_http(server, test, N_COPYDESK)
    server.stop()
    server = Server([sys.executable, HERE / "peer.py", "grpc", train, 50_971, work])
    by_grpc(folder, server, test, 200)
    result["grpcio + scikit-learn"] = by_grpc(folder, server, test, N_PEER)
    server.stop()
    server = Server([sys.executable, HERE / "peer.py", "fastapi", train, 50_972])
    wait_for(server)
    result["FastAPI + scikit-learn"] = by_http(server, test, N_PEER)
    server.stop()
    return result


def wait_for(server):
    """uvicorn listens a moment after it says so."""
    for _ in range(PATIENCE_SECONDS * 1_000_000):
        try:
            http.client.HTTPConnection(server.address).connect()
            return
        except OSError:
            continue
    raise TimeoutError(server.address)


def main(folder, data, out):
    folder, data, out = Path(folder), Path(data), Path(out)
    with tempfile.TemporaryDirectory() as work:
        micros = measured(folder, data / "train.jsonl", data / "test.jsonl", work)
    times = {
        f"{peer} / {ours}": round(micros[peer] / micros[ours], 1)
        for peer, door in [("grpcio + scikit-learn", "gRPC"), ("FastAPI + scikit-learn", "HTTP")]
        for ours in [f"copydesk {door}, topics and learnt tags", f"copydesk {door}, everything"]
    }
    result = json.loads(out.read_text()) if out.exists() else {}
    result["peers"] = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, shared with the client and others",
        "data": data.name,
        "cpu_us_per_article": {name: round(us, 1) for name, us in micros.items()},
        "times": times,
    }
    out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["peers"], indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
