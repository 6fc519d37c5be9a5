"""What many tests work on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import flavors
from tests.acceptance import recordings
from tests.builder import Repo

if TYPE_CHECKING:
    from tests.twins import Both


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A dataset with twelve recordings, some in segments, whose objects are in its remote beside it."""
    return recordings.make(tmp_path_factory.mktemp("made"), repo_template)


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Iterator[Both]:
    """The dataset that audb and audiodvc both have."""
    from tests import twins  # which skips the test where there is no audb

    yield from twins.build(tmp_path_factory.mktemp("twins"), repo_template)


@pytest.fixture(scope="session")
def with_flavors(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """The folder of a dataset with flavors, and of its remote."""
    folder = tmp_path_factory.mktemp("flavors")
    with pytest.MonkeyPatch.context() as patch:
        flavors.put_programs(folder / "bin", patch)
        flavors.make(folder, repo_template)
    return folder


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Repo:
    """A copy of the dataset that a module has `made`, and of its remote."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return Repo(tmp_path / "dataset")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of the test's own."""
    return tmp_path / "cache"
