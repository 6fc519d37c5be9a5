"""Folders that are kept from being taken away."""

from __future__ import annotations

import pickle
from gc import collect
from pathlib import Path

from audiodvc.adapters import opened


def test_a_folder_is_open_as_long_as_somebody_holds_it(tmp_path: Path) -> None:
    """One who holds it twice too."""
    first, second = opened.hold([tmp_path]), opened.hold([tmp_path])
    assert first
    assert opened.is_open(tmp_path)
    del first
    collect()
    assert opened.is_open(tmp_path)
    del second
    collect()
    assert not opened.is_open(tmp_path)


def test_all_are_held_or_none(tmp_path: Path) -> None:
    """If one of them is gone, so is what was asked for."""
    assert opened.hold([tmp_path, tmp_path / "gone"]) is None
    assert not opened.is_open(tmp_path)


def test_nobody_opens_what_is_being_taken_away(tmp_path: Path) -> None:
    """Whoever wants it is told, and brings it anew."""
    with opened.alone([str(tmp_path)]) as others:
        assert not others
        assert opened.hold([tmp_path]) is None
    assert opened.hold([tmp_path])


def test_what_is_sent_to_another_process_holds_there_too(tmp_path: Path) -> None:
    """As long as it is there."""
    sent = pickle.dumps(opened.hold([tmp_path]))
    collect()
    assert not opened.is_open(tmp_path)
    got = pickle.loads(sent)  # noqa: S301 - our own
    assert opened.is_open(tmp_path)
    del got
    collect()
    tmp_path.rmdir()
    assert pickle.loads(sent).folders == ()  # noqa: S301 - our own
