"""One process at a time, and a dead one does not count."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audiodvc.adapters.locks import locked
from audiodvc.errors import AudiodvcError, LockTimeoutError

HOLD = """
import sys, time
from audiodvc.adapters.locks import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that has the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_is_waited_for_as_long_as_one_wants(tmp_path: Path) -> None:
    """It is said once that one waits; the folder of the lock need not be there."""
    path = tmp_path / "new" / "x.lock"
    told: list[str] = []
    process = holder(path)
    try:
        with (
            pytest.raises(LockTimeoutError, match=r"x\.lock"),
            locked(str(path), 0.1, lambda: told.append("")),
        ):
            raise AssertionError
    finally:
        process.kill()
        process.communicate()
    assert told == [""]


def test_a_dead_owner_does_not_count(tmp_path: Path) -> None:
    """However it died."""
    path = tmp_path / "x.lock"
    process = holder(path)
    process.kill()
    process.communicate()
    with locked(str(path), 5):
        pass


def test_a_lock_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """With its place."""
    (tmp_path / "file").touch()
    with pytest.raises(AudiodvcError, match="cannot be locked"), locked(str(tmp_path / "file" / "x.lock")):
        raise AssertionError
