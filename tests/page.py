"""The commands of a page of documentation, run as they stand there.

What counts is between `<!-- session … -->` and `<!-- end of session -->`: the commands of `console` blocks,
files whose content follows on `<!-- file: name -->`, and with `perform` also `python` blocks.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterable
from contextlib import chdir
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests import warm

_BLOCK = re.compile(r"(?ms)(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$")


@dataclass(frozen=True, slots=True)
class Block:
    """A code block of a page: commands, or the content of a file."""

    kind: str
    text: str
    file: str | None


def session(page: str) -> list[Block]:
    """The blocks of the first session of a page."""
    return sessions(page)[0]


def sessions(page: str) -> list[list[Block]]:
    """The blocks of each session of a page."""
    parts = page.split("<!-- session")[1:]
    assert parts, "the page has no marked session"
    assert all("<!-- end of session -->" in part for part in parts), "a session has no end"
    inside = (part.partition("<!-- end of session -->")[0] for part in parts)
    return [
        [Block(found["kind"], found["text"], found["file"]) for found in _BLOCK.finditer(part)]
        for part in inside
    ]


def script(blocks: list[Block]) -> str:
    """The shell script that does what the blocks say, and ends where something fails."""
    return "\n".join(["set -e", *(line for block in blocks for line in _lines(block)), ""])


def run(text: str, folder: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder; `audiodvc` and `dvc` are those of the tests, put into `programs`."""
    programs.mkdir(parents=True)
    for name in ("audiodvc", "dvc"):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{warm.python()}" -m {name} "$@"\n')
        program.chmod(0o755)
    env = {**os.environ, "PATH": os.pathsep.join([str(programs), os.environ["PATH"]])}
    return subprocess.run(
        ["bash", "-c", text], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def perform(blocks: Iterable[Block], folder: Path, programs: Path) -> str:
    """Do what the blocks say, commands and Python in turns, from the folder where the last one ended.

    All blocks of Python are one program. What the commands printed is returned.
    """
    names: dict[str, object] = {}
    said = ""
    for number, (is_python, part) in enumerate(groupby(blocks, lambda block: block.kind == "python")):
        if is_python:
            with chdir(folder):
                exec("".join(block.text for block in part), names)  # noqa: S102 - our own page
            continue
        end = programs.with_name(f"{programs.name}-{number}.end")
        done = run(f"{script([*part])}pwd > {shlex.quote(str(end))}\n", folder, programs / str(number))
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout + done.stderr
        folder = Path(end.read_text("utf-8").rstrip("\n"))
    return said


def _lines(block: Block) -> list[str]:
    if block.file:
        return [f"printf %s {shlex.quote(block.text)} > {block.file}"]
    assert block.kind == "console", f"what is a block of {block.kind} in a session?"
    return [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]
