"""The rows that three texts of a table have in common, told by their lines: only others are to be merged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from audiodvc.changes import lines


class Parts(NamedTuple):
    """What all three have, and what is left of each; every part is a table with the first line."""

    common: bytes
    base: bytes
    ours: bytes
    theirs: bytes


def parted(base: bytes, ours: bytes, theirs: bytes) -> Parts | None:
    """The parts of three texts; None where a line may not be a row, or stands several times."""
    mine = lines.rest(base, ours)
    other = lines.rest(base, theirs) if mine else None
    if mine is None or other is None:
        return None
    head = base.partition(b"\n")[0]
    gone_ours, gone_theirs = _rows(mine.old), _rows(other.old)
    touched = dict.fromkeys((*gone_ours, *gone_theirs))
    left, right = set(gone_ours), set(gone_theirs)
    return Parts(
        _text(head, (line for line in _rows(base) if line not in touched)),
        _text(head, touched),
        _text(head, (*_rows(mine.new), *(line for line in touched if line not in left))),
        _text(head, (*_rows(other.new), *(line for line in touched if line not in right))),
    )


def _rows(text: bytes) -> list[bytes]:
    return text.removesuffix(b"\n").split(b"\n")[1:]


def _text(head: bytes, rows: Iterable[bytes]) -> bytes:
    return b"\n".join((head, *rows, b""))
