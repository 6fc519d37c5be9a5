"""What differs as one JSON object, whose schema stands in `docs/reference/formats.md`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from audiodvc.report.document import document

if TYPE_CHECKING:
    from audiodvc.changes.difference import Difference, TableChange
    from audiodvc.changes.rowchanges import Record, RowChanges
    from audiodvc.project.diff import Compared, End


def as_json(done: Compared, *, stat: bool = False) -> str:
    """Everything that differs; only the numbers if these are wanted."""
    return document("diff", **{"from": _end(done.a), "to": _end(done.b)}, **_fields(done, stat=stat))


def _fields(done: Compared, *, stat: bool) -> dict[str, object]:
    found: Difference = done.found.difference
    counts = done.found.summary().media
    media = {
        "added": counts.added,
        "removed": counts.removed,
        "replaced": counts.replaced,
        "renamed": counts.renamed,
        "described": counts.described,
    }
    return {
        "header": [
            {"op": one.op, "path": one.dotted, "old": _data(one.old), "new": _data(one.new)}
            for one in found.header
        ],
        "tables": {table.id: _table(table, stat=stat) for table in found.tables},
        "media": media | ({} if stat else {"rows": list(_media(found.media))}),
        "files": [{"op": one.op, "path": one.path} for one in found.files],
        "form_only": list(found.form_only),
        "derived": list(found.derived),
        "unreadable": [
            {"path": one.path, "side": one.side, "line": one.line, "why": one.why} for one in found.unreadable
        ],
    }


def _end(end: End) -> dict[str, str | None]:
    return {"rev": end.rev, "commit": end.commit}


def _table(table: TableChange, *, stat: bool) -> dict[str, object]:
    rows = table.rows
    counts: dict[str, object] = {
        "op": table.op,
        "added": rows.count("add"),
        "removed": rows.count("remove"),
        "changed": rows.count("change"),
        "moved": rows.count("move"),
        "added_columns": list(rows.added_columns),
        "removed_columns": list(rows.removed_columns),
    }
    return counts if stat else counts | {"rows": list(rows.records())}


_MEDIA_OPS = {"add": "add", "remove": "remove", "move": "rename"}


def _media(changes: RowChanges) -> Iterator[Record]:
    columns = ["op", "k0", "t0", "o0", "n0"]
    for op, file, to, old, new in changes.frame.select(columns).iter_rows():
        replaced = "replace" if (old or "") != (new or "") else "describe"
        yield {
            "op": _MEDIA_OPS.get(op, replaced),
            "file": file,
            "to": to,
            "old_md5": old or None,
            "new_md5": new or None,
        }


def _data(value: object) -> object:
    """A value of the header as JSON can say it: dates and what YAML may have as keys are text."""
    if isinstance(value, dict):
        return {str(key): _data(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_data(one) for one in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
