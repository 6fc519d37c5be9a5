"""What `blame` says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from audiodvc.report.diff import keyed, value
from audiodvc.report.document import document
from audiodvc.report.look import plain
from audiodvc.report.text import columns

if TYPE_CHECKING:
    from audiodvc.project.blame import Blamed
    from audiodvc.resolve.trails import Change, Trail

_DIGITS = 10


def text(done: Blamed) -> str:
    """Each cell with its value, and below it a line for each change, the latest first."""
    return "\n".join(line for one in done.trails for line in _cell(one))


def as_json(done: Blamed) -> str:
    """Each cell with every change and all that is known of it."""
    cells = [
        {
            "table": one.table,
            "path": one.path,
            "key": dict(one.key),
            "column": one.column,
            "value": one.value,
            "through": one.through,
            "changes": [_fields(change) for change in one.changes],
        }
        for one in done.trails
    ]
    return document("blame", rev=done.rev, commit=done.commit, complete=done.is_whole, cells=cells)


def _cell(one: Trail) -> Iterator[str]:
    where = [one.table or one.path, keyed(one.key.values()), *([] if one.column is None else [one.column])]
    now = "(removed)" if one.value is None else value(one.value) if one.column is not None else ""
    yield "  ".join(plain(part) for part in (*where, now) if part)
    yield from (f"  {line}" for line in columns([_line(change, one) for change in one.changes]))


def _line(change: Change, one: Trail) -> tuple[str, ...]:
    day = change.date.date().isoformat()
    version = change.version or "(no version)"
    return change.commit[:_DIGITS], day, version, plain(change.author), _what(change, one)


def _what(change: Change, one: Trail) -> str:
    key = f" at {keyed(change.key.values())}" if change.key != one.key else ""
    named = f" in {plain(change.column)}" if change.column and change.column != one.column else ""
    return f"{_values(change)}{named}{key}"


def _values(change: Change) -> str:
    if change.op == "remove":
        return "removed"
    if change.column is None:
        return "added"
    return value(change.value) if change.op == "add" else f"{value(change.old)} -> {value(change.value)}"


def _fields(change: Change) -> dict[str, object]:
    return {
        "op": change.op,
        "key": dict(change.key),
        "column": change.column,
        "old": change.old,
        "value": change.value,
        "commit": change.commit,
        "author": change.author,
        "email": change.email,
        "date": change.date.isoformat(),
        "version": change.version,
    }
