"""What those who use a dataset may name: its tables, columns, labels and the like, each with what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from audiodvc.model import scalar
from audiodvc.model.header import Header, TableEntry
from audiodvc.model.snapshot import Snapshot


class Promise(NamedTuple):
    """Something that a user of a dataset names; `inside` says of what it is a part, as of a table."""

    noun: str
    name: str
    inside: str = ""

    @property
    def shown(self) -> str:
        """The thing in words, as in `column age of table speaker`."""
        whole = f" of {'scheme' if self.noun == 'label' else 'table'} {self.inside}" if self.inside else ""
        return f"{self.noun} {self.name}{whole}"


Promises = Mapping[Promise, str]
"""What is there, and what it is, as its dtype; two that differ here are of no use to the same program."""


def of_snapshot(snapshot: Snapshot) -> Promises:
    """All that a dataset has under a name."""
    return dict(_found(snapshot))


def beyond(one: Promises, other: Promises) -> list[Promise]:
    """What one has and the other lacks; with a table or scheme that is lacking go its parts unsaid."""
    lacking = [promise for promise in one if promise not in other]
    wholes = {promise.name for promise in lacking if promise.noun in ("table", "scheme")}
    return [promise for promise in lacking if not promise.inside or promise.inside not in wholes]


def _found(snapshot: Snapshot) -> Iterator[tuple[Promise, str]]:
    header = snapshot.header
    for table in header.tables.values():
        yield Promise("table", table.id), _kind(table)
        dtypes = dict(header.spec(table.id).columns)
        yield from ((Promise("column", name, table.id), dtypes[name]) for name in table.columns)
    for scheme in header.schemes.values():
        yield Promise("scheme", scheme.id), scheme.dtype
        yield from ((Promise("label", text, scheme.id), "") for text in labels(snapshot, scheme.id))
    yield from ((Promise("split", name), "") for name in header.splits)
    yield from ((Promise("attachment", name), "") for name in header.attachments)


def labels(snapshot: Snapshot, scheme_id: str) -> tuple[str, ...]:
    """The labels of a scheme as they stand in cells: listed, or the key of a misc table."""
    scheme = snapshot.header.schemes.get(scheme_id)
    if scheme is None or scheme.labels is None:
        return ()
    if not isinstance(scheme.labels, str):
        return tuple(dict.fromkeys(_cell(label, scheme.dtype) for label in scheme.labels))
    level, sheet = _level(snapshot.header, scheme.labels), snapshot.tables.get(scheme.labels)
    if level is None or sheet is None or not sheet.has(level):
        return ()
    return tuple(dict.fromkeys(text for text in sheet.canonical(level).to_list() if text))


def _level(header: Header, table_id: str) -> str | None:
    table = header.tables.get(table_id)
    return table.levels[0][0] if table and table.kind == "misc" else None


def _cell(label: object, dtype: str) -> str:
    return scalar.canonical_cell(str(label), dtype) or str(label)


def _kind(table: TableEntry) -> str:
    """What rows of a table are; which dtype a level has matters as for a column."""
    key = ", ".join(f"{name} ({dtype})" for name, dtype in table.levels)
    return f"{table.kind}, by {key}" if table.kind == "misc" else table.kind
