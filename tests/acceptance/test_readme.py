"""The first session of the README, run as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builder import tone

README = Path(__file__).resolve().parents[2] / "README.md"
BLOCK = re.compile(r"(?ms)(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$")


@dataclass(frozen=True, slots=True)
class Block:
    """A code block of a page: commands, or the content of a file."""

    kind: str
    text: str
    file: str | None


def test_the_first_session_of_the_readme_runs(tmp_path: Path) -> None:
    """Every command succeeds, and the clone has labels and recordings."""
    _recordings(tmp_path / "recordings")
    done = _bash(_script(_session(README.read_text("utf-8"))), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    clone = tmp_path / "elsewhere"
    assert (clone / "audio" / "cat.wav").read_bytes() == (tmp_path / "recordings" / "cat.wav").read_bytes()
    assert (clone / "db.animal.csv").read_text() == "file,animal\naudio/cat.wav,cat\naudio/dog.wav,dog\n"


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_names_targets_that_exist(command: str) -> None:
    """The two commands that a newcomer is told are targets of the Makefile."""
    assert command in README.read_text("utf-8")
    assert f"\n{command.split()[1]}:" in (README.parent / "Makefile").read_text("utf-8")


def test_the_readme_without_make_tells_the_demo_in_the_same_folder() -> None:
    """What the Makefile does is what the README says that it does."""
    line = "audiodvc demo demo\n"
    assert f".venv/bin/{line}" in README.read_text("utf-8")
    assert f"$(BIN)/{line}" in (README.parent / "Makefile").read_text("utf-8")


def test_the_readme_names_the_extras_that_there_are() -> None:
    """All but those for who works on audiodvc itself."""
    project = tomllib.loads((README.parent / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].keys() - {"test", "bench"}
    told = README.read_text("utf-8").partition("Extras add")[2].partition(", as in")[0]
    assert set(re.findall(r"`(\w+)`", told)) == extras


def test_a_page_becomes_a_script() -> None:
    """Commands are run, files written, and all else of the page is left out."""
    page = "```console\n$ not run\n```\n<!-- session -->\n```console\n$ a b\nshown\n```\n"
    page += "<!-- file: x.csv -->\n```csv\nfile\n```\n<!-- end of session -->\n```console\n$ not run\n```\n"
    assert _script(_session(page)) == "set -e\na b\nprintf %s 'file\n' > x.csv\n"


def _session(page: str) -> list[Block]:
    _, _, rest = page.partition("<!-- session")
    session, end, _ = rest.partition("<!-- end of session -->")
    assert end, "the page has no marked session"
    return [Block(found["kind"], found["text"], found["file"]) for found in BLOCK.finditer(session)]


def _script(blocks: list[Block]) -> str:
    return "\n".join(["set -e", *(line for block in blocks for line in _lines(block)), ""])


def _lines(block: Block) -> list[str]:
    if block.file:
        return [f"printf %s {shlex.quote(block.text)} > {block.file}"]
    assert block.kind == "console", f"what is a block of {block.kind} in a session?"
    return [line.removeprefix("$ ") for line in block.text.splitlines() if line.startswith("$ ")]


def _bash(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    programs = folder / "bin"
    programs.mkdir()
    for name in ("audiodvc", "dvc"):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {name} "$@"\n')
        program.chmod(0o755)
    env = {**os.environ, "PATH": os.pathsep.join([str(programs), os.environ["PATH"]])}
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def _recordings(folder: Path) -> None:
    folder.mkdir()
    (folder / "cat.wav").write_bytes(tone(0.5, pitch=660))
    (folder / "dog.wav").write_bytes(tone(0.5, pitch=220))
