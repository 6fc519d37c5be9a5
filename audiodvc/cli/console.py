"""What every verb needs of its caller: the folder, a place to print, progress."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from audiodvc.adapters import terminal
from audiodvc.progress import Advance
from audiodvc.report.look import plain

_COMMAND = re.compile(r"(?m)^([^\S\n]*)::")
_KEPT = re.compile("(\n|\t|\x1b\\[[0-9;]*m)")


@dataclass(frozen=True, slots=True)
class Console:
    """The terminal of one call."""

    folder: Path
    quiet: bool = False

    @property
    def colours(self) -> bool:
        """Whether results go to a terminal that shows colours, and nobody asked for none."""
        dumb = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return sys.stdout.isatty() and not dumb

    def result(self, text: str) -> None:
        """What was asked for, on standard output."""
        # Where it goes on to a program it stays as it is: a diff is a patch.
        click.echo(harmless(text) if sys.stdout.isatty() else unheeded(text))

    def commands(self, text: str) -> None:
        """What a build server is to do, on standard output."""
        click.echo(text)

    def note(self, text: str) -> None:
        """What helps to know, on standard error."""
        if not self.quiet:
            click.echo(unheeded(harmless(text)), err=True)

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Advance]:
        """A bar, on a terminal only."""
        with (terminal.silence if self.quiet else terminal.bar)(plain(what), total) as advance:
            yield advance


def unheeded(text: str) -> str:
    """A text in whose lines GitHub, where it reads them, finds no command: labels and paths are anybody's."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    # In JSON a mark means the same in another spelling.
    return _COMMAND.sub(r"\1: :", text).replace("##[", "##\\u005b" if text.startswith("{") else "## [")


def harmless(text: str) -> str:
    """A text that does nothing to a terminal but colour it."""
    parts = _KEPT.split(text)
    return "".join(part if place % 2 else plain(part) for place, part in enumerate(parts))
