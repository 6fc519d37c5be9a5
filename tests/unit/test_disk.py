"""Files that are read and written where they seem to be, and nowhere else."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from audiodvc.adapters import disk
from audiodvc.errors import RefusedError


def test_a_link_is_refused_wherever_it_stands_below_the_top(tmp_path: Path) -> None:
    """The top itself may be behind one."""
    (tmp_path / "real" / "data").mkdir(parents=True)
    (tmp_path / "top").symlink_to("real")
    (tmp_path / "real" / "away").symlink_to("/tmp")  # noqa: S108 - nothing is written there
    top = tmp_path / "top"
    disk.refuse_link(top, top / "data" / "x.csv")
    for name in ("away", "away/x", "away/y/x.csv"):
        with pytest.raises(RefusedError, match="away is a symbolic link"):
            disk.refuse_link(top, top / name)


@pytest.mark.parametrize("name", ["../x", "data/../../x", "/etc/passwd"])
def test_what_is_not_below_the_top_is_refused(tmp_path: Path, name: str) -> None:
    """Whatever is there."""
    with pytest.raises(RefusedError, match="is not in"):
        disk.refuse_link(tmp_path, tmp_path / name)


def test_what_never_ends_is_not_read(tmp_path: Path) -> None:
    """A file is, and one that is not there is None."""
    (tmp_path / "file").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    assert (disk.read(tmp_path / "file"), disk.read(tmp_path / "none")) == (b"x", None)
    for name in ("pipe", "zero"):
        with pytest.raises(RefusedError, match=f"{name} is neither a file nor a folder"):
            disk.read(tmp_path / name)


def test_what_a_dead_process_left_of_a_file_goes_with_the_next_writing(tmp_path: Path) -> None:
    """Of a living process nothing is taken, nor of another file."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = tmp_path / f".db.x.csv.{dead.pid:08x}01234567.tmp"
    others = [
        tmp_path / f".db.x.csv.{os.getppid():08x}01234567.tmp",
        tmp_path / f".db.y.csv.{dead.pid:08x}01234567.tmp",
    ]
    for path in (left, *others):
        path.write_text("half")
    assert disk.write(tmp_path / "db.x.csv", b"whole")
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "db.x.csv"])
