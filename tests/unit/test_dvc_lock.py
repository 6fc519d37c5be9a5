"""The lock that keeps other DVC commands out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from audiodvc.adapters import dvc_lock


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with the place where DVC has its lock."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".dvc" / "tmp").mkdir(parents=True)
    return tmp_path


def test_who_has_to_wait_is_told_once(root: Path) -> None:
    """It is told when waiting begins, and waiting ends when the other lets go."""
    held = FileLock(root / ".dvc" / "tmp" / "lock")
    held.acquire()
    told: list[str] = []

    def waiting() -> None:
        told.append("waiting")
        held.release()

    with dvc_lock.locked(root, waiting):
        assert told == ["waiting"]


def test_free_lock_is_taken_without_a_word(root: Path) -> None:
    """There is nothing to wait for."""
    told: list[str] = []
    for _ in range(2):
        with dvc_lock.locked(root, lambda: told.append("waiting")):
            pass
    assert not told
