"""The two states of a table file as rows, without those rows that both have where that can be told early."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from audiodvc.changes import lines, rows
from audiodvc.changes.difference import Side, Unreadable
from audiodvc.changes.rows import Rows, Shape
from audiodvc.model import table
from audiodvc.model.sheet import Sheet
from audiodvc.model.spec import Spec
from audiodvc.model.table import Table


class Pair(NamedTuple):
    """Rows before and after, and what could not be read; `lost` if that is a whole file."""

    old: Rows
    new: Rows
    unread: tuple[Unreadable, ...] = ()
    lost: bool = False


def read(a: Sheet | None, b: Sheet | None) -> Pair:
    """The rows of two states of a file; where there is none it has no rows."""
    specs = a.spec if a else None, b.spec if b else None
    # Where one header does not say what a table is, the other one does.
    before, after = specs[0] or specs[1], specs[1] or specs[0]
    quick = _unshared(a, b, before, after) if a and b else None
    if quick is not None:
        return quick
    unread = (*_faults(a, "from"), *_faults(b, "to"))
    lost = any(sheet is not None and sheet.table.lossy and not sheet.table.columns for sheet in (a, b))
    return Pair(_whole(a, before), _whole(b, after), unread, lost)


def _unshared(a: Sheet, b: Sheet, before: Spec | None, after: Spec | None) -> Pair | None:
    if not _agree(before, after):
        return None
    rest = lines.rest(a.data, b.data)
    old, new = (table.parse(text, b.path) for text in rest[:2]) if rest else (None, None)
    # A row that cannot be read is told with its line in the whole file.
    if rest is None or old is None or new is None or _is_odd(old) or _is_odd(new):
        return None
    return Pair(_more(rows.of_table(old, before), rest.shared), _more(rows.of_table(new, after), rest.shared))


def _agree(before: Spec | None, after: Spec | None) -> bool:
    """Whether equal texts are equal rows: the same key, and one dtype for each name."""
    if before is None or after is None:
        return before is after
    columns = dict(after.columns)
    return before.levels == after.levels and all(
        columns.get(name, dtype) == dtype for name, dtype in before.columns
    )


def _is_odd(parsed: Table) -> bool:
    return parsed.lossy or len(set(parsed.columns)) < len(parsed.columns)


def _more(found: Rows, shared: int) -> Rows:
    return replace(found, shape=replace(found.shape, height=found.shape.height + shared))


def _whole(sheet: Sheet | None, spec: Spec | None) -> Rows:
    return rows.nothing(Shape()) if sheet is None else rows.of_table(sheet.table, spec)


def _faults(sheet: Sheet | None, side: Side) -> Iterator[Unreadable]:
    """Why a file cannot be read, or not all of it, by its first fault."""
    if sheet is None:
        return
    parsed = sheet.table
    if parsed.lossy:
        fault = next(
            one for one in parsed.findings if one.code not in ("AF001", "AF002") or not parsed.columns
        )
        yield Unreadable(sheet.path, side, fault.line, fault.message)
    elif _is_odd(parsed):
        name = next(name for name in parsed.columns if parsed.columns.count(name) > 1)
        yield Unreadable(sheet.path, side, 1, f"column '{name}' stands twice, and only the first is compared")
