"""What takes long to make, once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import flavors
from tests.acceptance import recordings

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
