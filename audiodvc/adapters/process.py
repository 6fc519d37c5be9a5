"""Other programs, run with what they need and nothing else."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audiodvc.errors import AudiodvcError


@dataclass(frozen=True, slots=True)
class Completed:
    """What a program said, and how it ended."""

    code: int
    stdout: bytes
    stderr: bytes

    @property
    def complaint(self) -> str:
        """The last words on standard error, or of a program that was killed, by what."""
        said = self.stderr.decode(errors="replace").strip()
        return said or (f"it was ended by {_signal(-self.code)}" if self.code < 0 else "")


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"the signal {number}"


def run(
    command: Sequence[str], *, cwd: Path, stdin: bytes = b"", env: Mapping[str, str] | None = None
) -> Completed:
    """Run a program to its end; a program that does not exist is an error, a failing one is not."""
    try:
        done = subprocess.run(command, cwd=cwd, input=stdin, env=env, capture_output=True, check=False)
    except FileNotFoundError as error:
        if not cwd.is_dir():
            raise AudiodvcError(f"{cwd}: no such folder") from error
        program = command[0]
        raise AudiodvcError(f"{program} is not installed", hint=f"install {program} and try again") from error
    return Completed(done.returncode, done.stdout, done.stderr)
