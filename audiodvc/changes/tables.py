"""How tables differ between two states of a dataset."""

from __future__ import annotations

from typing import NamedTuple

from audiodvc.changes import moves, pair, rowchanges
from audiodvc.changes.difference import FileOp, TableChange, Unreadable
from audiodvc.model.sheet import Sheet
from audiodvc.model.spec import SEGMENTED_LEVELS


class Compared(NamedTuple):
    """The change, None where both say the same, and what could not be read."""

    change: TableChange | None
    unread: tuple[Unreadable, ...] = ()


def compare(a: Sheet | None, b: Sheet | None) -> Compared:
    """How a table became another one; None where there is none."""
    old, new, unread, lost = pair.read(a, b)
    sheet = b or a
    if sheet is None or lost:
        return Compared(None, unread)
    found = rowchanges.compare(old, new)
    if new.shape.levels == SEGMENTED_LEVELS:
        found = rowchanges.moved(found, moves.segments)
    op: FileOp = "add" if a is None else "remove" if b is None else "change"
    if op == "change" and found.is_empty:
        return Compared(None, unread)
    spec = sheet.spec or (a.spec if a else None)
    return Compared(TableChange(sheet.id, sheet.path, op, spec.kind if spec else None, found), unread)
