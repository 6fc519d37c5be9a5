"""Progress bars: on a terminal, on standard error, and nowhere else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

CODE = """
import time
from pathlib import Path
from audiodvc.cli.console import Console
with Console(Path("."), quiet={quiet}).progress("reading audio", 30) as advance:
    for _ in range(30):
        time.sleep(0.1)
        advance(1)
print("done")
"""


def on_terminal(code: str) -> bytes:
    """What a program shows on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", code], stdout=theirs, stderr=theirs) as program:
        os.close(theirs)
        shown = b""
        while data := _read(ours):
            shown += data
    os.close(ours)
    assert program.returncode == 0, shown
    return shown


def test_long_work_shows_a_bar_on_a_terminal() -> None:
    """It says what is being done, and goes away when that is done."""
    shown = on_terminal(
        "import fcntl, struct, sys, termios\n"
        "fcntl.ioctl(2, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))\n" + CODE.format(quiet=False)
    )
    assert b"reading audio" in shown
    assert b"/30" in shown
    assert shown.replace(b"\r\n", b"\n").endswith(b"done\n")


def test_quiet_call_shows_no_bar() -> None:
    """--quiet is quiet on a terminal too."""
    assert on_terminal(CODE.format(quiet=True)) == b"done\r\n"


def test_no_bar_without_a_terminal() -> None:
    """A log has no bars in it."""
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(quiet=False)], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("done\n", "")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the other side has gone
        return b""
