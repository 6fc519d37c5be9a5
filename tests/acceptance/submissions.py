"""Folders with an audformat database, as people publish them, and repositories to publish them to."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import audiodvc
from audiodvc.project.publish import Offer, Published, hand_in
from audiodvc.project.publishing.destination import Wish
from audiodvc.resolve import config
from tests.builder import tone

if TYPE_CHECKING:
    import audformat

HEADER = """name: corpus
source: made by a test
usage: unrestricted
schemes:
  emotion: {dtype: str, labels: [anger, joy]}
tables:
  emotion: {type: filewise, columns: {emotion: {scheme_id: emotion}}}
"""
ATTACHED = "attachments:\n  paper: {path: docs/paper.bib}\n  notes: {path: notes}\n"
SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with a database of one table."""

    path: Path

    def media(self, **pitches: float) -> Folder:
        """Write recordings: `a=440` is `audio/a.wav`."""
        for name, pitch in pitches.items():
            self.put(f"audio/{name}.wav", tone(SECONDS, pitch=pitch))
        return self

    def put(self, file: str, content: bytes | str) -> Folder:
        """Write a file."""
        path = self.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def labels(self, rows: Mapping[str, str], header: str = HEADER) -> Folder:
        """Write header and table."""
        self.put("db.yaml", header)
        return self.put(
            "db.emotion.csv",
            "".join(["file,emotion\n", *(f"{file},{label}\n" for file, label in rows.items())]),
        )

    def hollow(self, name: str) -> Folder:
        """Make an empty folder."""
        (self.path / name).mkdir()
        return self

    def link(self, name: str, target: str) -> Folder:
        """Make a symbolic link."""
        (self.path / name).symlink_to(self.path / target)
        return self

    def without(self, name: str) -> Folder:
        """Remove a file."""
        (self.path / name).unlink()
        return self

    def only(self, *files: str) -> Folder:
        """Remove all media but these."""
        for path in self.path.rglob("*.wav"):
            if path.relative_to(self.path).as_posix() not in files:
                path.unlink()
        return self


def loaded(source: Path | str, version: str | None = None) -> audformat.Database:
    """A version, with paths as they are in it."""
    db = audiodvc.load(str(source), version=version, full_path=False, verbose=False)
    assert db is not None
    return db


def brought(source: Path | str, files: list[str] | str, version: str | None = None) -> list[Path]:
    """Media of a version."""
    found = audiodvc.load_media(str(source), files, version=version, verbose=False)
    assert found is not None
    return [Path(file) for file in found]


def make_folder(path: Path) -> Folder:
    """A folder with two recordings in a folder, and one beside it."""
    folder = Folder(path).media(a=300, b=400).put("alone.wav", tone(SECONDS, pitch=500))
    return folder.labels({"audio/a.wav": "anger", "audio/b.wav": "joy", "alone.wav": "joy"})


def hand(folder: Folder | Path, version: str, target: object, **more: object) -> Published:
    """Publish a folder to a path, URL or configured name."""
    path = folder.path if isinstance(folder, Folder) else folder
    wish = more.pop("wish", None) or Wish(str(target), media=str(more.pop("media", "")))
    offer = Offer(path, version, wish, **more)  # type: ignore[arg-type]
    return hand_in(offer, config.current())


def git(folder: Path, *words: str) -> str:
    """What git says in a folder."""
    done = subprocess.run(
        ["git", "-c", "core.quotePath=false", *words], cwd=folder, capture_output=True, check=True
    )
    return done.stdout.decode()


def files_of(bare: Path, revision: str = "HEAD") -> list[str]:
    """The files of a commit."""
    return git(bare, "ls-tree", "-r", "--name-only", revision).split("\n")[:-1]


def copied(template: Path, target: Path) -> Path:
    """A copy of what was built once."""
    shutil.copytree(template, target, symlinks=True)
    return target
