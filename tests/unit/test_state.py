"""What a folder of the cache says of itself, and bits of it that are flipped."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.model import layout
from audiodvc.resolve import state

SAID = {"schema": "audiodvc.version/v1", "name": "dätäset", "tables": ["mood"], "complete": True}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Whatever its letters are."""
    state.write(tmp_path, SAID)
    assert state.read(tmp_path) == {**SAID}
    assert not state.is_damaged(tmp_path)


def test_a_folder_without_one_says_nothing_and_is_not_damaged(tmp_path: Path) -> None:
    """It was left by a process that did not come to its end."""
    assert state.read(tmp_path) == {}
    assert not state.is_damaged(tmp_path)


@settings(max_examples=25)
@given(st.data())
def test_any_flipped_bit_is_noticed_and_mended(data: st.DataObject) -> None:
    """In what is said, in how it is said, and in the seal."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        state.write(folder, SAID)
        before = (folder / layout.STATE).read_bytes()
        bit = data.draw(st.integers(0, 8 * len(before) - 1))
        changed = bytearray(before)
        changed[bit // 8] ^= 1 << bit % 8
        (folder / layout.STATE).write_bytes(changed)
        assert state.is_damaged(folder)
        assert state.read(folder) == {}
        assert state.restore(folder)
        assert (folder / layout.STATE).read_bytes() == before


def test_what_has_more_than_a_flipped_bit_stays_as_it_is(tmp_path: Path) -> None:
    """Nobody can tell what it was."""
    state.write(tmp_path, SAID)
    path = tmp_path / layout.STATE
    path.write_bytes(path.read_bytes().replace(b"mood", b"moon and stars"))
    before = path.read_bytes()
    assert not state.restore(tmp_path)
    assert path.read_bytes() == before
