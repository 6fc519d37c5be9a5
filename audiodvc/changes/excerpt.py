"""The rows of a table that belong to one file, or to one first part of a key, found without reading the rest.

Of ten thousand rows a few are wanted, in two hundred states of a table: they are looked up as text, and only
where a text is not plain is it read as a whole.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from audiodvc.model import scalar, scan, table
from audiodvc.model.header import SchemeEntry
from audiodvc.model.spec import FILEWISE_LEVELS, SEGMENTED_LEVELS, Spec, Typed

Key = tuple[str, ...]
Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Columns beside the key, and rows by key; all cells are in canonical form, missing is empty."""

    columns: tuple[str, ...] = ()
    rows: Mapping[Key, Cells] = field(default_factory=lambda: MappingProxyType({}))


class Reader:
    """Reads the rows whose key begins with a value in canonical form, out of many states of a table.

    A line that stood in an earlier state is not read again.
    """

    def __init__(self, spec: Spec, first: str) -> None:
        self._spec = spec
        self._first = first
        self._seen: dict[tuple[str, ...], dict[bytes, _Row | None]] = {}
        self._last = _State()

    def __call__(self, data: bytes) -> Excerpt | None:
        """The rows of a state; None if the text cannot be read."""
        is_text = self._spec.levels[0][1] in ("str", "object")
        if is_text and self._first and _is_plain(data):
            with suppress(csv.Error):
                return self._by_lines(data)
        return self._as_a_whole(data)

    def _by_lines(self, data: bytes) -> Excerpt:
        columns = _cells(_head(data))
        if not set(self._spec.key) <= set(columns):
            return Excerpt()
        seen = self._seen.setdefault(columns, {})
        lines = _with(data, self._first.replace('"', '""').encode("utf-8", "surrogateescape"))
        now = frozenset(lines)
        for line in now.difference(seen):
            seen[line] = self._row(columns, _cells(line))
        self._last = state = self._last.followed(columns, now, seen)
        # Where a key stands twice, and in the first state, the order of the lines counts.
        rows = state.rows if state.is_sure else _by_key(_of(lines, seen))
        if not state.is_sure:
            self._last = _State(columns, now, rows, len(_of(now, seen)))
        return self._excerpt(columns, rows)

    def _as_a_whole(self, data: bytes) -> Excerpt | None:
        """The same from a text that is read as a whole; rows that cannot be read are left out."""
        parsed = table.parse(data, self._spec.id)
        if not set(self._spec.key) <= set(parsed.columns):
            return Excerpt() if parsed.columns else None
        rows = (self._row(parsed.columns, cells) for cells in parsed.frame.iter_rows())
        return self._excerpt(parsed.columns, _by_key([row for row in rows if row]))

    def _row(self, columns: tuple[str, ...], texts: Sequence[str]) -> _Row | None:
        """A row in canonical form; None if it is another one's."""
        if len(texts) != len(columns):
            raise csv.Error("uneven")
        name, dtype = self._spec.levels[0]
        if cell(texts[columns.index(name)], dtype) != self._first:
            return None
        # Of a name that stands twice the first column counts.
        said = dict(zip(reversed(columns), reversed(texts), strict=True))
        cells = {name: cell(text, self._spec.dtype(name)) for name, text in said.items()}
        return _Row(tuple(cells.pop(level) for level in self._spec.key), cells)

    def _excerpt(self, columns: tuple[str, ...], rows: Mapping[Key, Cells]) -> Excerpt:
        return Excerpt(tuple(name for name in dict.fromkeys(columns) if name not in self._spec.key), rows)


class _Row(NamedTuple):
    key: Key
    cells: Cells


_Seen = Mapping[bytes, _Row | None]


class _State(NamedTuple):
    """The lines of a state, the rows in them, and how many of the lines are rows."""

    columns: tuple[str, ...] = ()
    lines: frozenset[bytes] = frozenset()
    rows: Mapping[Key, Cells] = MappingProxyType({})
    height: int = 0

    @property
    def is_sure(self) -> bool:
        """Whether each row has its own key."""
        return 0 < self.height == len(self.rows)

    def followed(self, columns: tuple[str, ...], lines: frozenset[bytes], seen: _Seen) -> _State:
        """Another state, which mostly differs in a few lines; not sure if it has to be made anew."""
        if self.columns != columns or not self.is_sure:
            return _State()
        gone, come = (_of(some, seen) for some in (self.lines - lines, lines - self.lines))
        rows = dict(self.rows)
        for row in gone:
            del rows[row.key]
        rows.update(come)
        return _State(columns, lines, rows, self.height - len(gone) + len(come))


def _of(lines: Iterable[bytes], seen: _Seen) -> list[_Row]:
    return [row for line in lines if (row := seen[line])]


def of_labels(scheme: SchemeEntry | None) -> Excerpt:
    """The labels that a header gives a scheme as rows: by label, with its fields, if it has any."""
    if scheme is None or scheme.labels is None or isinstance(scheme.labels, str):
        return Excerpt()
    said = scheme.labels if isinstance(scheme.labels, Mapping) else {label: {} for label in scheme.labels}
    rows: dict[Key, Cells] = {
        (cell(str(label), scheme.dtype),): _fields(value) for label, value in said.items()
    }
    return Excerpt(tuple(dict.fromkeys(name for row in rows.values() for name in row)), rows)


def guessed(data: bytes) -> Typed:
    """The levels that a first line tells, where no header says what a table is; none if it tells none."""
    columns = scan.cells_of(_head(data).decode("utf-8", "replace"))
    for levels in (SEGMENTED_LEVELS, FILEWISE_LEVELS):
        if {name for name, _ in levels} <= set(columns):
            return levels
    return ()


def cell(text: str, dtype: str) -> str:
    """A cell in canonical form; what is not of the dtype stays as it is."""
    canonical = scalar.canonical_cell(text, dtype)
    return text if canonical is None else canonical


_BOM = b"\xef\xbb\xbf"


def _head(data: bytes) -> bytes:
    return data.removeprefix(_BOM).partition(b"\n")[0].rstrip(b"\r")


def _is_plain(data: bytes) -> bool:
    """Whether each line is a row."""
    if b"\r" in data or not data.endswith(b"\n") or scan.markers(data) or scan.undecodable(data):
        return False
    return b'"' not in data or all(line.count(b'"') % 2 == 0 for line in data.split(b"\n") if b'"' in line)


def _cells(line: bytes) -> tuple[str, ...]:
    return tuple(next(csv.reader([line.decode()], strict=True), ()))


def _by_key(rows: Sequence[_Row]) -> Mapping[Key, Cells]:
    """Of a key that stands twice the first row counts."""
    found = dict(rows)
    return found if len(found) == len(rows) else dict(reversed(rows))


def _with(data: bytes, text: bytes) -> list[bytes]:
    """The lines after the first one that have a text in them."""
    if data.count(text) * _SEVERAL > data.count(b"\n"):
        return [line for line in data.split(b"\n")[1:] if text in line]
    found, at = [], data.find(text, data.index(b"\n") + 1)
    while at >= 0:
        end = data.index(b"\n", at)
        found.append(data[data.rfind(b"\n", 0, at) + 1 : end])
        at = data.find(text, end)
    return found


_SEVERAL = 8
"""Where more than one of so many lines has a text, looking at all of them is faster."""


def _fields(value: object) -> Cells:
    if not isinstance(value, Mapping):
        return {"": _text(value)}
    return {str(name): _text(one) for name, one in value.items()}


def _text(value: object) -> str:
    return "" if value is None else str(value)
