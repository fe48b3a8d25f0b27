"""Has a conversation with Copydesk through clients that nobody here wrote, and says which went well.

    python3 bench/interop/run.py target/release/copydesk /tmp/interop

The second argument is a folder for what is installed from PyPI and npm; a second run finds it there.
A client that cannot be installed is left out and named; one that fails makes the exit status 1.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROTO = HERE.parent.parent / "proto"
CALL = "copydesk.v1.ClassifierService"
ARTICLE = {"article": {"title": "Cup final", "body": "The striker scored twice and the team won the match."}}
PATIENCE_SECONDS = 60


class Absent(Exception):
    """A client that is not on this machine."""


def run(*command, **options):
    """The output of a command that succeeds."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=PATIENCE_SECONDS * 5, **options
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-500:]} {done.stderr[-1500:]}"
    return done.stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A running copydesk on a free port."""

    def __init__(self, binary):
        self.process = subprocess.Popen(
            [binary, "serve", "--listen", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True,
            env={**os.environ, "COPYDESK_LOG": "warn"},
        )
        self.address = re.search(r" on (\S+)", self.process.stderr.readline()).group(1)
        self.port = int(self.address.rsplit(":", 1)[1])

    def calls(self):
        """How many single calls it has answered."""
        with urllib.request.urlopen(f"http://{self.address}/metrics") as answer:
            text = answer.read().decode()
        found = re.search(r'copydesk_calls_total\{method="Classify",code="OK"\} (\d+)', text)
        return int(found.group(1)) if found else 0

    def stop(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE_SECONDS) == 0


def install(folder):
    """Clients of PyPI and npm; what cannot be installed is found missing later."""
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", folder / "venv")
    for package in (HERE / "requirements.txt").read_text().split():
        subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=False)
    for file in [*HERE.glob("*.mjs"), HERE / "package.json"]:
        shutil.copy(file, folder)
    if shutil.which("npm"):
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=False)
    return python


def node(folder, script, *arguments):
    if not shutil.which("node") or not (folder / "node_modules").exists():
        raise Absent("node and its packages")
    run("node", folder / script, *arguments, cwd=folder)


def descriptors(folder):
    made = folder / "copydesk.binpb"
    run(buf(folder), "build", PROTO, "--as-file-descriptor-set", "-o", made)
    return made


def buf(folder):
    found = folder / "node_modules" / ".bin" / "buf"
    if not found.exists():
        raise Absent("buf")
    return found


def buf_curl(folder, server):
    for protocol in ["grpc", "grpcweb"]:
        said = run(
            buf(folder), "curl", "--protocol", protocol, "--http2-prior-knowledge", "-d", json.dumps(ARTICLE),
            f"http://{server.address}/{CALL}/Classify",
        )
        assert json.loads(said)["classification"]["topic"] == "Sports"


def buf_lint(folder, _server):
    run(buf(folder), "lint", cwd=PROTO.parent)
    run(buf(folder), "breaking", "--against", PROTO / "published.binpb", cwd=PROTO.parent)


def grpcurl(_folder, server):
    found = shutil.which("grpcurl")
    if not found:
        raise Absent("grpcurl")
    assert CALL in run(found, "-plaintext", server.address, "list")
    said = run(found, "-plaintext", "-d", json.dumps(ARTICLE), server.address, f"{CALL}/Classify")
    assert json.loads(said)["classification"]["topic"] == "Sports"


def h2load(_folder, server):
    found = shutil.which("h2load")
    if not found:
        raise Absent("h2load (Debian: nghttp2-client)")
    said = run(found, "-n", "2000", "-c", "10", "-m", "10", f"http://{server.address}/healthz")
    assert "2000 succeeded" in said, said


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return json.loads(answer.read())


def plain_http(_folder, server):
    assert post(f"http://{server.address}/v1/classify", ARTICLE)["classification"]["topic"] == "Sports"
    try:
        post(f"http://{server.address}/v1/classify", {})
        raise AssertionError("an empty request was answered")
    except urllib.error.HTTPError as error:
        assert error.code == 400 and json.loads(error.read())["field"] == "article"


def envoy(folder, first, binary):
    found = next(folder.glob("venv/bin/envoy*"), None) or shutil.which("envoy")
    if not found:
        raise Absent("envoy")
    second, port = Server(binary), free_port()
    text = (HERE / "envoy.yaml").read_text()
    for name, value in {
        "PORT": port, "FIRST": first.port, "SECOND": second.port, "DESCRIPTORS": descriptors(folder),
    }.items():
        text = re.sub(rf"\b{name}\b", str(value), text)
    (folder / "envoy.yaml").write_text(text)
    log = open(folder / "envoy.log", "w")
    proxy = subprocess.Popen([found, "-c", folder / "envoy.yaml", "--base-id", str(port)], stderr=log, stdout=log)
    try:
        through_envoy(f"http://127.0.0.1:{port}/{CALL}/Classify", [first, second])
    finally:
        proxy.terminate()
        proxy.wait(PATIENCE_SECONDS)
        second.stop()


def through_envoy(url, servers):
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            assert post(url, ARTICLE)["classification"]["topic"] == "Sports"
            break
        except urllib.error.URLError:
            assert time.monotonic() < end, "envoy does not answer"
            time.sleep(0.2)
    before = [server.calls() for server in servers]
    for _ in range(40):
        post(url, ARTICLE)
    shares = [server.calls() - count for server, count in zip(servers, before)]
    assert sum(shares) == 40 and min(shares) >= 10, shares


def main(binary, folder):
    folder = Path(folder).resolve()
    python, server = install(folder), Server(binary)
    conversations = {
        "Python grpcio": lambda: run(python, HERE / "grpcio_client.py", server.address),
        "@grpc/grpc-js": lambda: node(folder, "grpc_js_client.mjs", server.address, PROTO),
        "@connectrpc/connect": lambda: node(folder, "connect_client.mjs", server.address, descriptors(folder)),
        "buf curl": lambda: buf_curl(folder, server),
        "buf lint and breaking": lambda: buf_lint(folder, server),
        "grpcurl": lambda: grpcurl(folder, server),
        "h2load": lambda: h2load(folder, server),
        "plain HTTP": lambda: plain_http(folder, server),
        "Envoy": lambda: envoy(folder, server, binary),
    }
    failed = False
    for name, conversation in conversations.items():
        try:
            conversation()
            outcome = "passed"
        except Absent as absent:
            outcome = f"left out: no {absent} here"
        except Exception as error:  # each client has its own kinds
            outcome, failed = f"FAILED: {error!r}", True
        print(f"{name:<22} {outcome}", flush=True)
    server.stop()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
