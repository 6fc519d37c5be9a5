"""A dataset with two flavors that real DVC has built and pushed."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

from audiodvc.adapters.terminal import silence
from audiodvc.project import dataset
from audiodvc.project.build import Report, build
from audiodvc.project.building.conversions import Executor
from tests import warm
from tests.builder import Repo, RepoFactory, tone

if TYPE_CHECKING:
    import pytest

TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\naudio/c.flac,calm\n"
MEDIA = {
    "audio/a.wav": tone(0.2, 44100, 2),
    "audio/b.wav": tone(0.2, 16000, pitch=300),
    "audio/c.flac": tone(0.3, 22050, format="flac"),
    "audio/notes.txt": b"said twice\n",
}
NEW = tone(0.25, 44100, 2, pitch=500)
SETTINGS = """\
# What our devices need.
flavors:
  mono: {channels: [0], sampling_rate: 16000}
  low: {format: flac, sampling_rate: 8000} # for the phone
"""


def put_programs(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let stages find the commands of the tests."""
    folder.mkdir()
    for name in ("audiodvc", "dvc"):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{warm.python()}" -m {name} "$@"\n')
        program.chmod(0o755)
    patch.setenv("PATH", os.pathsep.join([str(folder), os.environ["PATH"]]))


def make(folder: Path, template: Path) -> Repo:
    """The dataset, its version 1.0.0 committed and its objects pushed."""
    repo = RepoFactory(folder, template)()
    repo.commit(tables={"mood": TABLE}, media=MEDIA, files={"audiodvc.yaml": SETTINGS})
    repo.audiodvc("flavor", "add", "low", "--format", "flac", "--sampling-rate", "8000")
    repo.dvc("repro")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "Flavors")
    repo.git("tag", "v1.0.0")
    repo.dvc("push")
    return repo


def built(repo: Repo, name: str = "mono", executor: Executor | None = None) -> Report:
    """What the stage of a flavor does, without DVC."""
    return build(dataset.find(repo.path), name, silence, executor or Executor(1))


def index(repo: Repo, name: str) -> dict[str, dict[str, str]]:
    """The lines of the index of a flavor, by the names of the files in it."""
    with (repo.path / f"flavors/{name}.media.csv").open(newline="") as file:
        return {row["file"].removeprefix(f"flavors/{name}/"): row for row in csv.DictReader(file)}


def objects(folder: Path) -> set[str]:
    """The names of the objects of a cache or remote."""
    return {path.parent.name + path.name for path in (folder / "files" / "md5").glob("*/*")}
