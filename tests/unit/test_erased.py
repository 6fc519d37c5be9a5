"""The list of erasures."""

from __future__ import annotations

import pytest

from audiodvc.errors import FormatError
from audiodvc.model import erased
from audiodvc.model.erased import Erasure

ONE, TWO = "0" * 32, "f" * 32


def test_lines_are_added_in_order_and_old_ones_stay() -> None:
    """What is known already keeps its date and reason."""
    first = erased.added(b"", [Erasure("b.wav", ONE, "2024-01-02", "asked, in writing")])
    assert first == f'file,md5,date,reason\nb.wav,{ONE},2024-01-02,"asked, in writing"\n'.encode()
    again = [Erasure("b.wav", ONE, "2025-01-01", "other"), Erasure("a.wav", TWO, "2025-01-01", "other")]
    lines = erased.added(first, again).decode().splitlines()
    assert lines[1:] == [f"a.wav,{TWO},2025-01-01,other", f'b.wav,{ONE},2024-01-02,"asked, in writing"']


def test_nothing_new_changes_nothing() -> None:
    """Not even a form that is not canonical."""
    data = f'file,md5,date,reason\n"b.wav",{ONE},2024-01-02,x\na.wav,{TWO},2024-01-02,x\n'.encode()
    assert erased.added(data, [Erasure("a.wav", TWO, "2025-01-01", "y")]) is data


def test_a_list_that_cannot_be_read_is_not_written() -> None:
    """It would lose what it says; and whoever reads it finds nothing in it."""
    with pytest.raises(FormatError):
        erased.added(b"file,md5\nb,\n", [Erasure("a", ONE, "2024-01-02", "x")])
    assert erased.keys([b"file,why\nb,x\n", b"\xff"]).is_empty()
