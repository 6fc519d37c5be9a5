"""Git servers of the tests, on this machine, each on a port of its own until its block ends."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

HOST = "127.0.0.1"


@contextmanager
def git_daemon(folder: Path, *, writable: bool = False) -> Iterator[str]:
    """The repositories below a folder, by git's own protocol; the block gets the URL of the folder."""
    port = free_port()
    programs = subprocess.run(
        ["git", "--exec-path"], capture_output=True, text=True, check=True
    ).stdout.strip()
    options = ["--reuseaddr", "--export-all", f"--base-path={folder}", f"--listen={HOST}", f"--port={port}"]
    options += ["--enable=receive-pack"] if writable else []
    with subprocess.Popen(
        [f"{programs}/git-daemon", *options, str(folder)], stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(port)
            yield f"git://{HOST}:{port}"
        finally:
            server.terminate()


@dataclass(slots=True)
class HttpServer:
    """An http server of git repositories, and how it is to behave from now on."""

    url: str
    status: int | None = None
    """What every request is answered with, instead of by git."""
    account: str | None = None
    """`user:password` without which nobody gets in."""
    old: bool = False
    """Whether it speaks only the first version of git's protocol."""
    dumb: bool = False
    """Whether it serves files and knows nothing of git."""
    requests: list[str] = field(default_factory=list)
    """Method and path of what was asked."""


@contextmanager
def git_http(folder: Path) -> Iterator[HttpServer]:
    """The repositories below a folder, by git's smart protocol over http."""

    class Handler(_GitHandler):
        root, state = folder, HttpServer("")

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        Handler.state.url = f"http://{HOST}:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield Handler.state
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent_server() -> Iterator[str]:
    """A server that takes every connection and never says a word; the block gets its git URL."""
    with socket.create_server((HOST, 0), backlog=8) as server:
        yield f"git://{HOST}:{server.getsockname()[1]}"


@contextmanager
def stalled(url: str, after: int) -> Iterator[str]:
    """What another server says, but from so many bytes on nothing more; the block gets its git URL."""
    behind = urlsplit(url)
    ended = Event()

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection((behind.hostname or "", behind.port or 0)) as there:
            Thread(target=_pass_on, args=(client, there), daemon=True).start()
            left = after
            while left > 0 and (data := there.recv(left)):
                client.sendall(data)
                left -= len(data)
            if not left:
                ended.wait()

    def listen(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server((HOST, 0), backlog=8) as server:
        Thread(target=listen, args=(server,), daemon=True).start()
        try:
            yield f"git://{HOST}:{server.getsockname()[1]}"
        finally:
            ended.set()
            server.shutdown(socket.SHUT_RDWR)


def _pass_on(client: socket.socket, there: socket.socket) -> None:
    with suppress(OSError):
        while data := client.recv(4096):
            there.sendall(data)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


class _GitHandler(BaseHTTPRequestHandler):
    """What `git http-backend` says to a request, by the rules of CGI."""

    root: Path
    state: HttpServer

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, body: bytes) -> None:
        self.state.requests.append(f"{self.command} {self.path}")
        if self.state.status is not None:
            self._refuse(self.state.status)
        elif self.state.account is not None and not self._is_let_in(self.state.account):
            self._refuse(401)
        elif self.state.dumb:
            self._serve_file()
        else:
            self._hand_over(body)

    def _is_let_in(self, account: str) -> bool:
        return self.headers.get("Authorization") == f"Basic {base64.b64encode(account.encode()).decode()}"

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="test"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _serve_file(self) -> None:
        path = self.root / self.path.partition("?")[0].lstrip("/")
        if path.is_file():
            content = path.read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            self._refuse(404)

    def _hand_over(self, body: bytes) -> None:
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=self._cgi(), capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _cgi(self) -> dict[str, str]:
        path, _, query = self.path.partition("?")
        return {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_ADDR": HOST,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": self.headers.get("Content-Length", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": "" if self.state.old else self.headers.get("Git-Protocol", ""),
        }


def _wait_for(port: int) -> None:
    for _ in range(1000):
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise TimeoutError(f"nobody listens on {port}")
