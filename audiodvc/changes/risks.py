"""What a reviewer has to look at first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from audiodvc.changes import promises
from audiodvc.changes.difference import Difference, TableChange
from audiodvc.model.header import Header
from audiodvc.model.snapshot import Snapshot

RiskKind = Literal["unreadable", "label", "split", "table", "column", "share"]

SHARE = 0.05
"""More than this part of a table is a risk by itself."""


@dataclass(frozen=True, slots=True)
class Risk:
    """Something to look at first: `subject` is a table, a label or a file, `count` how many cells or rows.

    | kind | subject | before, after |
    |---|---|---|
    | unreadable | a file that could not be read | |
    | label | a label that the scheme `before` no longer has, and `count` cells still do | |
    | split | files, `count` of them, or a table with all its rows | from which split, to which |
    | table | a table that was removed, with its rows | |
    | column | a column that was removed from the table `before` | |
    | share | a table of which `count` of `total` rows differ | |
    """

    kind: RiskKind
    subject: str
    count: int = 0
    total: int = 0
    before: str = ""
    after: str = ""


def find(difference: Difference, a: Snapshot, b: Snapshot) -> tuple[Risk, ...]:
    """All risks of a difference, the greatest first."""
    return (
        *(Risk("unreadable", one.path, before=one.why) for one in difference.unreadable),
        *_labels(difference, a, b),
        *_split_tables(a.header, b.header, difference),
        *_split_files(difference, a.header, b.header),
        *_removed(difference),
        *_shares(difference),
    )


def _labels(difference: Difference, a: Snapshot, b: Snapshot) -> Iterator[Risk]:
    """Labels that a scheme no longer has, and that cells still have."""
    changed = {table.id for table in difference.tables}
    for scheme_id, scheme in a.header.schemes.items():
        other = b.header.schemes.get(scheme_id)
        is_same = other is not None and scheme.labels == other.labels
        if other is None or (is_same and not (isinstance(scheme.labels, str) and scheme.labels in changed)):
            continue
        left = set(promises.labels(b, scheme_id))
        gone = [label for label in promises.labels(a, scheme_id) if label not in left]
        uses = _uses(b, scheme_id, gone) if gone and other.labels is not None else Counter[str]()
        for label in gone:
            if uses[label]:
                yield Risk("label", label, uses[label], before=scheme_id)


def _uses(snapshot: Snapshot, scheme_id: str, labels: list[str]) -> Counter[str]:
    """In how many cells labels stand."""
    found = Counter[str]()
    for table in snapshot.header.tables.values():
        sheet = snapshot.tables.get(table.id)
        for column in table.columns.values():
            if sheet is not None and column.scheme_id == scheme_id and sheet.has(column.id):
                cells = sheet.canonical(column.id)
                found.update(dict(cells.filter(cells.is_in(labels)).value_counts().iter_rows()))
    return found


def _split_tables(a: Header, b: Header, difference: Difference) -> Iterator[Risk]:
    heights = {table.id: table.rows.after.height for table in difference.tables}
    for name, table in b.tables.items():
        before = a.tables[name].split_id if name in a.tables else None
        if before and before != table.split_id:
            yield Risk(
                "split", f"table {name}", heights.get(name, 0), before=before, after=table.split_id or ""
            )


def _split_files(difference: Difference, a: Header, b: Header) -> Iterator[Risk]:
    """Files that were taken out of one split and put into another one."""
    gone, come = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for table in difference.tables:
        for split, op, parts in (
            (split_of(a, table.id), "remove", gone),
            (split_of(b, table.id), "add", come),
        ):
            if split and table.rows.levels[:1] == ("file",):
                rows = table.rows.frame.filter(pl.col("op") == op)
                parts[split].update(rows["k0"].drop_nulls().unique().to_list())
    for before in gone:
        for after in come:
            if files := sorted(gone[before] & come[after]) if before != after else []:
                yield Risk("split", _named(files), len(files), before=before, after=after)


def split_of(header: Header, table_id: str) -> str | None:
    """The split that the files of a table are in."""
    table = header.tables.get(table_id)
    return table.split_id if table else None


def _named(files: list[str]) -> str:
    return ", ".join(files[:_NAMED]) + (", …" if len(files) > _NAMED else "")


_NAMED = 3


def _removed(difference: Difference) -> Iterator[Risk]:
    for table in difference.tables:
        if table.op == "remove":
            yield Risk("table", table.id, table.rows.before.height)
        elif table.op == "change":
            yield from (Risk("column", name, before=table.id) for name in table.rows.removed_columns)


def _shares(difference: Difference) -> Iterator[Risk]:
    for table in difference.tables:
        total = max(table.rows.before.height, table.rows.after.height)
        if table.op == "change" and _touched(table) > SHARE * total:
            yield Risk("share", table.id, _touched(table), total)


def _touched(table: TableChange) -> int:
    """A column that came or went touches all rows, and is told by itself."""
    rows = table.rows
    return rows.corrected + rows.count("add") + rows.count("remove") + rows.count("move")
