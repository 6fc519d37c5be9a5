"""What tests of faults begin with: a room with a dataset, of which each has a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.builder import Repo
from tests.reliability import room


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A dataset with one version, its remote, and the repository that it is pushed to."""
    return room.make(tmp_path_factory.mktemp("made"), repo_template)


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Repo:
    """A copy of all of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True, symlinks=True)
    return Repo(tmp_path / "dataset")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of the test's own."""
    return tmp_path / "cache"
