"""Keeps a Python process of the tests from connecting to anything but this machine.

The folder of this file is put on PYTHONPATH, so that every child process runs it at its start;
the process of the tests itself calls `forbid_network`.
"""

from __future__ import annotations

import os
import sys

LOOPBACK = ("127.", "localhost", "::1", "::ffff:127.")


class NetworkForbidden(RuntimeError):  # noqa: N818 - a test's mistake, not an error of the product
    """A test wanted to reach another machine; no OSError, so that nobody takes it for a bad network."""


def forbid_network() -> None:
    """Make every connection to another machine fail, in this process, without a need of `socket` for it."""
    sys.addaudithook(
        lambda event, words: refuse_other_machines(words[1]) if event == "socket.connect" else None
    )


def refuse_other_machines(address: object) -> None:
    """Raise unless the address is a Unix socket or on the loopback interface."""
    if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
        message = f"a test must not reach the network: {address}"
        raise NetworkForbidden(message)


if __name__ == "sitecustomize" and os.environ.get("AUDIODVC_TEST_NO_NETWORK"):
    forbid_network()
