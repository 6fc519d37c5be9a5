"""Folders of objects, and what killed processes leave in them."""

from __future__ import annotations

import os
from pathlib import Path

from audiodvc.adapters import cache, deliveries

NAME = "0" * 30
OBJECT = "5d41402abc4b2a76b9719d911017c592"  # hello


def test_what_was_left_unfinished_goes_after_a_day(tmp_path: Path) -> None:
    """Objects, files of others, and what somebody is writing now stay."""
    folder = tmp_path / "ab"
    folder.mkdir()
    old = [f"{NAME}.0123456789ab.tmp", f"{NAME}.dir.0123456789ab.tmp"]
    kept = [NAME, f"{NAME}.dir", "notes.tmp", f"{NAME}.0123456789ab.tmp.mine"]
    for name in (*old, *kept):
        (folder / name).write_text("half")
        os.utime(folder / name, (0, 0))
    (folder / f"{NAME}.cccccccccccc.tmp").write_text("in hand")
    cache.tidy(str(tmp_path))
    assert {path.name for path in folder.iterdir()} == {*kept, f"{NAME}.cccccccccccc.tmp"}


def test_a_second_name_of_a_file_stays(tmp_path: Path) -> None:
    """It is as old as the file, and may be in hand."""
    (tmp_path / "ab").mkdir()
    (tmp_path / "recording.wav").write_text("sound")
    os.utime(tmp_path / "recording.wav", (0, 0))
    link = tmp_path / "ab" / f"{NAME}.0123456789ab.tmp"
    link.hardlink_to(tmp_path / "recording.wav")
    cache.tidy(str(tmp_path))
    assert link.exists()


def test_who_brings_an_object_into_a_remote_removes_what_is_old(tmp_path: Path) -> None:
    """Nobody else looks there for what killed processes left."""
    folder = tmp_path / "files" / "md5" / "ab"
    folder.mkdir(parents=True)
    left = folder / f"{NAME}.0123456789ab.tmp"
    left.write_text("half")
    os.utime(left, (0, 0))
    deliveries.into_folder(str(tmp_path), {OBJECT: b"hello"}, lambda _: None)
    assert not left.exists()
