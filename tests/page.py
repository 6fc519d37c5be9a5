"""The commands of a page of documentation, run as they stand there.

What counts is between `<!-- session … -->` and `<!-- end of session -->`: the commands of `console` blocks,
and files whose content follows on `<!-- file: name -->`.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"(?ms)(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$")


@dataclass(frozen=True, slots=True)
class Block:
    """A code block of a page: commands, or the content of a file."""

    kind: str
    text: str
    file: str | None


def session(page: str) -> list[Block]:
    """The blocks of the session of a page."""
    _, _, rest = page.partition("<!-- session")
    inside, end, _ = rest.partition("<!-- end of session -->")
    assert end, "the page has no marked session"
    return [Block(found["kind"], found["text"], found["file"]) for found in _BLOCK.finditer(inside)]


def script(blocks: list[Block]) -> str:
    """The shell script that does what the blocks say, and ends where something fails."""
    return "\n".join(["set -e", *(line for block in blocks for line in _lines(block)), ""])


def run(text: str, folder: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a folder; `audiodvc` and `dvc` are those of the tests, put into `programs`."""
    programs.mkdir()
    for name in ("audiodvc", "dvc"):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {name} "$@"\n')
        program.chmod(0o755)
    env = {**os.environ, "PATH": os.pathsep.join([str(programs), os.environ["PATH"]])}
    return subprocess.run(
        ["bash", "-c", text], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def _lines(block: Block) -> list[str]:
    if block.file:
        return [f"printf %s {shlex.quote(block.text)} > {block.file}"]
    assert block.kind == "console", f"what is a block of {block.kind} in a session?"
    return [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]
