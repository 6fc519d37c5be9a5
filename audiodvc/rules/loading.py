"""Cells that are sound by themselves, and that audformat cannot load beside others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from audiodvc.finding import Finding
from audiodvc.model import timetext
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot

if TYPE_CHECKING:
    import polars as pl


def lost_times(sheet: Sheet) -> Iterator[Finding]:
    """The first empty time of a table that only the slower of audformat's two readers can read."""
    times = [name for name in sheet.names if sheet.dtype(name) == "time"]
    gaps = [(gap, name) for name in times if (gap := _first(sheet.canonical(name) == "")) is not None]
    obstacle = _obstacle(sheet) if gaps else None
    if obstacle is not None:
        row, name = min(gaps, key=lambda gap: (gap[0], times.index(gap[1])))
        what = f"a table {obstacle.what} (line {obstacle.line})"
        yield sheet.finding("AS001", f"loaders fail at an empty time in {what}", row, name)


def unfit_labels(snapshot: Snapshot) -> Iterator[Finding]:
    """Dates in a misc table that audformat cannot make labels of."""
    tables = {
        scheme.labels: scheme.id
        for scheme in snapshot.header.schemes.values()
        if isinstance(scheme.labels, str) and scheme.dtype == "date"
    }
    for identifier, scheme in tables.items():
        sheet = snapshot.declared.get(identifier)
        if sheet is None or sheet.spec is None or sheet.spec.kind != "misc" or len(sheet.spec.levels) != 1:
            continue
        level, dtype = sheet.spec.levels[0]
        odd = _odd_dates(sheet, level) if dtype == "date" and sheet.has(level) else []
        for row, zoned in sorted((row, kind is _ZONED) for kind, rows in odd for row in rows.arg_true()):
            why = "has a zone" if zoned else f"is outside of {timetext.RANGE}"
            message = f"'{sheet.text(level)[row]}' cannot be a label of scheme '{scheme}': it {why}"
            yield sheet.finding("AS001", message, row, level)


class _Obstacle(NamedTuple):
    """What the fast reader stops at, and the line where it stands."""

    what: str
    line: int


# The fast reader is pyarrow's: it takes a file in blocks of this size, and cuts them at line breaks.
_BLOCK = 2**20
_ZONE = r"[+-][0-9]{2}:[0-9]{2}$"
_ZONED, _OUTSIDE = "with a date with a zone", f"with a date outside of {timetext.RANGE}"


def _obstacle(sheet: Sheet) -> _Obstacle | None:
    dates = [name for name in sheet.names if sheet.dtype(name) == "date"]
    for what, rows in (odd for name in dates for odd in _odd_dates(sheet, name)):
        row = _first(rows)
        if row is not None:
            return _Obstacle(what, sheet.table.lines[row])
    return _in_blocks(sheet) if len(sheet.data) > _BLOCK else None


def _odd_dates(sheet: Sheet, name: str) -> list[tuple[str, pl.Series]]:
    """Which dates of a column have a zone, and which are others that nanoseconds cannot hold."""
    texts, values = sheet.canonical(name), sheet.values(name)
    # A year and its month look like a zone: only what follows a time of day is one.
    zoned = texts.str.contains(rf":[0-9.]+{_ZONE}") & values.is_not_null()
    return [(_ZONED, zoned), (_OUTSIDE, ~values.is_between(timetext.FIRST, timetext.LAST) & ~zoned)]


def _in_blocks(sheet: Sheet) -> _Obstacle | None:
    """What a block may be cut in, or have no place to be cut at."""
    raw = sheet.table.raw
    broken = None if raw is None else _first(raw.str.contains(r"[\r\n]"))
    if broken is not None:
        return _Obstacle("of more than 1 MiB with a line break in a cell", sheet.table.lines[broken])
    for start in range(0, len(sheet.data) - _BLOCK + 1, _BLOCK):
        if sheet.data.find(b"\n", start, start + _BLOCK) < 0:
            return _Obstacle("with a row of more than 1 MiB", sheet.data.count(b"\n", 0, start) + 1)
    return None


def _first(rows: pl.Series) -> int | None:
    """The first row that is true."""
    return (
        int(found) if (found := rows.fill_null(value=False).arg_max()) is not None and rows[found] else None
    )
