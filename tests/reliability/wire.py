"""A wire between us and a server, that can be cut, silent, or answer for the server."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Thread
from urllib.parse import urlsplit

_HOST = "127.0.0.1"
_BLOCK = 4096

Fault = Callable[["socket.socket", "socket.socket | None"], None]
"""What becomes of a connection: that of a client, and that to the server, if it is to be reached."""


@dataclass(slots=True)
class Wire:
    """Where clients connect, what happens to each of them from now on, and how many there were."""

    port: int
    fault: Fault | None = None
    met: int = 0

    def url(self, scheme: str) -> str:
        """The address of the server behind it."""
        return f"{scheme}://{_HOST}:{self.port}"


@contextmanager
def wired(url: str) -> Iterator[Wire]:
    """A wire to a server; sound at first."""
    there = urlsplit(url)
    ended = Event()
    with socket.create_server((_HOST, 0), backlog=64) as server:
        wire = Wire(server.getsockname()[1])
        address = there.hostname or _HOST, there.port or 0
        Thread(target=_listen, args=(server, wire, address), daemon=True).start()
        try:
            yield wire
        finally:
            ended.set()
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def reset(client: socket.socket, there: socket.socket | None) -> None:
    """The server is gone: killed, or out of reach."""
    del there
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answer(status: int) -> Fault:
    """A server of the web that answers nothing but this status."""

    def work(client: socket.socket, there: socket.socket | None) -> None:
        del there
        client.recv(_BLOCK)
        client.sendall(f"HTTP/1.1 {status} no\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    return work


def cut_after(answered: int = 2**30, asked: int = 2**30) -> Fault:
    """After so many bytes of an answer, or of what is asked, the connection is gone on both sides."""

    def work(client: socket.socket, there: socket.socket | None) -> None:
        if there is None:
            return
        asking = Thread(target=_pass_on, args=(client, there, asked), daemon=True)
        asking.start()
        _pass_on(there, client, answered)
        reset(client, None)

    return work


def _listen(server: socket.socket, wire: Wire, address: tuple[str, int]) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            wire.met += 1
            Thread(target=_serve, args=(client, wire.fault or cut_after(), address), daemon=True).start()


def _serve(client: socket.socket, fault: Fault, address: tuple[str, int]) -> None:
    with suppress(OSError), client, socket.create_connection(address) as there:
        fault(client, there)


def _pass_on(source: socket.socket, target: socket.socket, most: int) -> None:
    """Until so many bytes, or the end; then both are closed, as by a process that was killed."""
    with suppress(OSError):
        while most > 0 and (data := source.recv(min(_BLOCK, most))):
            target.sendall(data)
            most -= len(data)
        if most > 0:
            target.shutdown(socket.SHUT_WR)
            return
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
