"""Pointers that say another object."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audiodvc.errors import FormatError
from audiodvc.model import pointer

OLD, NEW, INDEX = "a" * 32, "b" * 32, "c" * 40
TEXT = f"""\
# ours
outs:
- md5: {OLD}.dir
  size: 10
  nfiles: 2
  hash: md5
  path: audio
  desc: 10 takes
meta:
  audiodvc:
    index: {INDEX}
"""


def rewritten(text: str, **values: object) -> str:
    """A pointer with other values."""
    data = text.encode()
    now = pointer.parse(data, "audio.dvc")
    assert now is not None
    return pointer.rewritten(data, now, replace(now, **values)).decode()  # type: ignore[arg-type]


def test_values_change_and_nothing_else() -> None:
    """Comments, order and a word that looks like one of them stay."""
    text = rewritten(TEXT, md5=f"{NEW}.dir", size=5, nfiles=1, index="d" * 40)
    wanted = TEXT.replace(OLD, NEW).replace("size: 10", "size: 5").replace("nfiles: 2", "nfiles: 1")
    assert text == wanted.replace(INDEX, "d" * 40)


def test_a_name_that_looks_like_a_number_gets_quotes_and_loses_them() -> None:
    """As DVC writes it."""
    text = rewritten(TEXT, index="1" * 40)
    assert f"index: '{'1' * 40}'\n" in text
    assert rewritten(text, index=INDEX) == TEXT


def test_what_cannot_be_edited_in_place_is_refused() -> None:
    """A flow mapping, say: better nothing than half of it."""
    with pytest.raises(FormatError):
        rewritten(f"outs: [{{md5: {OLD}.dir, path: audio}}]\n", md5=f"{NEW}.dir")
