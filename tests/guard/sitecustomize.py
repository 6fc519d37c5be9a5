"""Keeps a Python process of the tests from connecting to anything but this machine.

The folder of this file is put on PYTHONPATH, so that every child process runs it at its start;
the process of the tests itself calls `forbid_network`.
"""

from __future__ import annotations

import os
import socket
from typing import Any

LOOPBACK = ("127.", "localhost", "::1", "::ffff:127.")


class NetworkForbidden(RuntimeError):  # noqa: N818 - a test's mistake, not an error of the product
    """A test wanted to reach another machine; no OSError, so that nobody takes it for a bad network."""


def forbid_network() -> None:
    """Make every connection to another machine fail, in this process."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address: Any) -> None:  # noqa: ANN401
        refuse_other_machines(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:  # noqa: ANN401
        refuse_other_machines(address)
        return connect_ex(self, address)

    # mypy has no other way to say that a method is replaced on purpose.
    socket.socket.connect = guarded_connect  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = guarded_connect_ex  # type: ignore[method-assign, assignment]


def refuse_other_machines(address: object) -> None:
    """Raise unless the address is a Unix socket or on the loopback interface."""
    if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
        message = f"a test must not reach the network: {address}"
        raise NetworkForbidden(message)


if __name__ == "sitecustomize" and os.environ.get("AUDIODVC_TEST_NO_NETWORK"):
    forbid_network()
