"""Datasets for tests, built on real git and DVC.

`make_repo().commit(tables={"emotion": TEXT}, media={"audio/a.wav": tone(1.0)}, tag="v1.0.0")`
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path, PurePosixPath
from typing import Protocol
from warnings import catch_warnings, simplefilter

import numpy as np
import soundfile
import yaml

from audiodvc.cli.main import run
from tests import warm

Content = str | bytes | None
"""What a file should hold; None removes it."""


@dataclass(frozen=True, slots=True)
class Repo:
    """A git and DVC repository of a test."""

    path: Path

    def run(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in the repository; `audiodvc`, `dvc` and `python` are those of the tests."""
        command = _command(words)
        if command[0] == sys.executable and (done := warm.run(command[1:], self.path, stdin)):
            return done
        return subprocess.run(
            command, cwd=self.path, input=stdin, capture_output=True, text=True, check=False
        )

    def git(self, *words: str) -> str:
        """Run git, which must succeed, and return what it printed."""
        return self._must("git", *words)

    def dvc(self, *words: str) -> str:
        """Run DVC, which must succeed, and return what it printed."""
        return self._must("dvc", *words)

    def audiodvc(self, *words: str) -> str:
        """Run audiodvc in this process, as one of its own needs a second to start; it must succeed."""
        said = StringIO(), StringIO()
        with chdir(self.path), redirect_stdout(said[0]), redirect_stderr(said[1]), catch_warnings():
            simplefilter("ignore")
            code = run(words)
        printed, complaint = (stream.getvalue() for stream in said)
        assert code == 0, f"audiodvc {' '.join(words)}: exit {code}\n{printed}{complaint}"
        return printed

    def commit(  # noqa: PLR0913 - one argument for each thing that a dataset consists of
        self,
        *,
        tables: Mapping[str, str | None] | None = None,
        media: Mapping[str, bytes | None] | None = None,
        header: str | None = None,
        files: Mapping[str, Content] | None = None,
        tag: str | None = None,
        message: str | None = None,
    ) -> str:
        """Write what is given, track the media, commit all of it, and return the commit."""
        self.write(tables=tables, media=media, header=header, files=files)
        if media:
            self.audiodvc("add", *sorted({PurePosixPath(file).parts[0] for file in media}))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", message or tag or "Change")
        if tag:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD").strip()

    def write(
        self,
        *,
        tables: Mapping[str, str | None] | None = None,
        media: Mapping[str, bytes | None] | None = None,
        header: str | None = None,
        files: Mapping[str, Content] | None = None,
    ) -> None:
        """Write what is given, and a header for the tables unless the test has its own."""
        header_is_ours = self._header() in (None, default_header(self._tables()))
        texts = {f"db.{name}.csv": text for name, text in (tables or {}).items()}
        for file, content in {**texts, **(media or {}), **(files or {})}.items():
            _put(self.path / file, content)
        if header is None and header_is_ours and "db.yaml" not in (files or {}):
            header = default_header(self._tables())
        if header is not None:
            _put(self.path / "db.yaml", header)

    def push(self) -> None:
        """Bring all objects of the cache to the remote: what `dvc push` does, in a hundredth of its time."""
        remote = self.path.parent / f"{self.path.name}.media"
        shutil.copytree(self.path / ".dvc" / "cache", remote, dirs_exist_ok=True)

    def hide(self) -> None:
        """Leave nothing to read in the repository and its remote, as if both could not be reached."""
        objects = self.path / ".git" / "objects"
        objects.rename(self.path.parent / f"{self.path.name}.objects")
        objects.mkdir()
        self.path.with_name(f"{self.path.name}.media").rename(self.path.with_name(f"{self.path.name}.gone"))

    def clone(self, name: str) -> Repo:
        """A clone beside this repository, which shares its DVC remote; without any media yet."""
        target = self.path.parent / name
        self.git("clone", "--quiet", str(self.path), str(target))
        return Repo(target)

    def _must(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode == 0, f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _header(self) -> str | None:
        path = self.path / "db.yaml"
        return path.read_bytes().decode(errors="replace") if path.exists() else None

    def _tables(self) -> dict[str, str]:
        return {
            path.name.removeprefix("db.").removesuffix(".csv"): path.read_bytes().decode(errors="replace")
            for path in sorted(self.path.glob("db.*.csv"))
        }


class MakeRepo(Protocol):
    """What the fixture `make_repo` gives: a call that builds a repository."""

    def __call__(self, name: str = "dataset") -> Repo:
        """A repository without a commit in the folder `name`, its DVC remote beside it."""


@dataclass(frozen=True, slots=True)
class RepoFactory:
    """Copies the template into a folder: twenty times faster than `git init` and `dvc init`."""

    folder: Path
    template: Path

    def __call__(self, name: str = "dataset") -> Repo:
        """A repository without a commit in the folder `name`, its DVC remote beside it."""
        path = self.folder / name
        shutil.copytree(self.template, path, symlinks=True)
        # DVC reads a relative url from the folder of its configuration.
        _put(
            path / ".dvc" / "config",
            f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = ../../{name}.media\n",
        )
        return Repo(path)


def make_template(path: Path) -> Path:
    """A repository as `git init` and `dvc init` leave it, with empty project settings."""
    path.mkdir(parents=True)
    repo = Repo(path)
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.dvc("init", "--quiet")
    _put(path / "audiodvc.yaml", "flavors: {}\n")
    return path


def tone(  # noqa: PLR0913 - each is a property of audio that some test is about
    seconds: float,
    rate: int = 16000,
    channels: int = 1,
    format: str = "wav",
    subtype: str | None = None,
    *,
    pitch: float = 440.0,
) -> bytes:
    """The bytes of an audio file with a sine; another pitch makes another object."""
    wave = 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)
    file = BytesIO()
    soundfile.write(file, np.column_stack([wave] * channels), rate, format=format, subtype=subtype)
    return file.getvalue()


def default_header(tables: Mapping[str, str]) -> str:
    """A valid header for tables, guessed from their first lines and cells."""
    entries = {name: _table_entry(text) for name, text in tables.items()}
    misc = {name: entry for name, entry in entries.items() if "levels" in entry}
    header = {
        "name": "dataset",
        "source": "made by a test",
        "usage": "unrestricted",
        "languages": ["eng"],
        "schemes": {name: scheme for text in tables.values() for name, scheme in _schemes(text).items()},
        "tables": {name: entry for name, entry in entries.items() if name not in misc},
        "misc_tables": misc,
    }
    return yaml.safe_dump({key: value for key, value in header.items() if value}, sort_keys=False)


def _table_entry(text: str) -> dict[str, object]:
    levels, columns = _first_line(text)
    kinds = {("file",): "filewise", ("file", "start", "end"): "segmented"}
    entry: dict[str, object] = (
        {"type": kinds[levels]} if levels in kinds else {"levels": dict.fromkeys(levels, "str")}
    )
    return {**entry, "columns": {name: {"scheme_id": name} for name in columns}}


def _schemes(text: str) -> dict[str, dict[str, str]]:
    levels, columns = _first_line(text)
    rows = [line.split(",") for line in text.splitlines()[1:]]
    return {
        name: {"dtype": _dtype([row[place] for row in rows if place < len(row) and row[place]])}
        for place, name in enumerate(columns, len(levels))
    }


def _first_line(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = tuple((text.splitlines() or [""])[0].removeprefix("\ufeff").split(","))
    for levels in (("file", "start", "end"), ("file",)):
        if names[: len(levels)] == levels:
            return levels, names[len(levels) :]
    return names[:1], names[1:]


def _dtype(cells: list[str]) -> str:
    if not cells:
        return "str"
    if all(re.fullmatch(r"-?\d+", cell) for cell in cells):
        return "int"
    return "float" if all(re.fullmatch(r"-?\d+(\.\d+)?", cell) for cell in cells) else "str"


def _command(words: tuple[str, ...]) -> list[str]:
    program, *rest = words
    if program in ("audiodvc", "dvc"):
        return [sys.executable, "-m", program, *rest]
    return [sys.executable if program == "python" else program, *rest]


def _put(path: Path, content: Content) -> None:
    if content is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
