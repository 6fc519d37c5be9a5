"""What differs as text for people: what a reviewer wants first, then every row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from audiodvc.report.look import plain
from audiodvc.words import counted, lasting

if TYPE_CHECKING:
    from audiodvc.changes.between import Between
    from audiodvc.changes.header import HeaderChange
    from audiodvc.changes.risks import Risk
    from audiodvc.changes.rowchanges import RowChange, RowChanges
    from audiodvc.changes.summary import ColumnSummary, MediaSummary, Summary, TableSummary

    Line = tuple[str, str, str]

MOST = 50
"""So many rows of a table are shown; json has all."""

SIGNS: Mapping[str, str] = {"add": "+", "remove": "-", "change": "~", "move": ">"}
_PAST: Mapping[str, str] = {"add": "added", "remove": "removed", "change": "changed"}
_FLIPS = 3
_LONGEST = 60


def text(found: Between, *, stat: bool = False) -> str:
    """What differs: risks, numbers by table and class, and every row unless only numbers are wanted."""
    summary = found.summary()
    lines = [*_risks(summary), *_aligned(_overview(summary)), *_rest(summary)]
    if not stat:
        lines += _details(found)
    return "\n".join(lines) if lines else "no difference"


def risk(one: Risk) -> str:
    """A risk in a sentence."""
    subject = plain(one.subject)
    match one.kind:
        case "unreadable":
            return f"{subject} could not be read: {plain(one.before)}"
        case "label":
            cells = "cell still has" if one.count == 1 else "cells still have"
            return f"label {subject} of scheme {plain(one.before)} was removed, and {one.count:,} {cells} it"
        case "split":
            way = f"from split {plain(one.before)} to {plain(one.after) or 'none'}"
            whole = subject.startswith("table ")
            return (
                f"{subject} moved {way}" if whole else f"{counted(one.count, 'file')} moved {way}: {subject}"
            )
        case "table":
            return f"table {subject} was removed, with {counted(one.count, 'row')}"
        case "column":
            return f"column {subject} of table {plain(one.before)} was removed"
        case "share":
            share = f"{100 * one.count / max(one.total, 1):.0f} %"
            return f"{share} of table {subject} differs: {one.count:,} of {counted(one.total, 'row')}"


def rows_of(table: TableSummary) -> str:
    """How many rows of a table came, went or moved; empty if none."""
    noun = "segment" if table.kind == "segmented" else "row"
    known = ((table.moved, "moved"), (table.removed, "removed"), (table.added, "added"))
    return ", ".join(f"{counted(count, noun)} {past}" for count, past in known if count)


def cells_of(column: ColumnSummary) -> str:
    """How many cells of a column differ."""
    return f"{counted(column.cells, 'label' if column.is_labelled else 'cell')} changed"


def media_of(media: MediaSummary) -> str:
    """What became of how many files, and how much longer the sound is now."""
    known = (
        (media.added, "added", media.added_seconds),
        (media.removed, "removed", -media.removed_seconds),
        (media.replaced, "replaced", media.replaced_seconds),
        (media.renamed, "renamed", 0.0),
        (media.described, "described otherwise", 0.0),
    )
    return "; ".join(
        f"{counted(count, 'file')} {past}{f', {longer(seconds)}' if seconds else ''}"
        for count, past, seconds in known
        if count
    )


def longer(seconds: float) -> str:
    """By how much a time is longer or, with a minus, shorter."""
    return f"{'-' if seconds < 0 else '+'}{lasting(abs(seconds))}"


def header_change(change: HeaderChange) -> str:
    """A change of the header: its path, and what was added, removed or changed there."""
    path = plain(change.dotted) or "header"
    match change.op:
        case "add":
            return f"{path}: + {value(change.new)}"
        case "remove":
            return f"{path}: - {value(change.old)}"
        case "change":
            return f"{path}: {value(change.old)} -> {value(change.new)}"


def value(found: object) -> str:
    """A value of the header, or a cell, on one line and not too long."""
    said = plain(str(found)) if found not in (None, "") else "(none)"
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


def keyed(key: Iterable[str]) -> str:
    """The key of a row; times without what says nothing."""
    return " ".join(time(plain(part)) for part in key)


def time(cell: str) -> str:
    """A canonical time as short as it may be read; any other text stays."""
    if not cell.startswith("0 days ") or "." not in cell:
        return cell
    return cell.removeprefix("0 days ").rstrip("0").removesuffix(".")


def _risks(summary: Summary) -> Iterator[str]:
    if summary.risks:
        yield "look at first:"
        yield from (f"  ! {risk(one)}" for one in summary.risks[:MOST])
        if len(summary.risks) > MOST:
            yield f"  ! {len(summary.risks) - MOST:,} more"
        yield ""


def _overview(summary: Summary) -> Iterator[Line]:
    """A table of name, what, and by class."""
    for table in summary.tables:
        first = True
        for what, more in _of_table(table):
            yield plain(table.id) if first else "", what, more
            first = False
    if summary.media:
        yield "media", media_of(summary.media), ""
    for at, change in enumerate(summary.header[:MOST]):
        yield "header" if at == 0 else "", header_change(change), ""
    if len(summary.header) > MOST:
        yield "", f"{len(summary.header) - MOST:,} more", ""
    for one in summary.files:
        yield plain(one.path), _PAST[one.op], ""


def _of_table(table: TableSummary) -> Iterator[tuple[str, str]]:
    if table.op != "change":
        noun = "row"
        yield f"{_PAST[table.op]}, {counted(max(table.before, table.after), noun)}", ""
        return
    own = {table.id, table.id.partition(".")[0]}
    for column in table.columns:
        name = "" if column.name in own else f"{plain(column.name)}: "
        yield cells_of(column), name + flips(column)
    for past, names in (("added", table.added_columns), ("removed", table.removed_columns)):
        yield from ((f"column {plain(name)} {past}", "") for name in names)
    if rows := rows_of(table):
        yield rows, ""


def flips(column: ColumnSummary) -> str:
    """What became what in a column, the most frequent first."""
    shown = [f"{value(one.old)} -> {value(one.new)} {one.count:,}" for one in column.flips[:_FLIPS]]
    rest = sum(one.count for one in column.flips[_FLIPS:])
    return ", ".join([*shown, *([f"others {rest:,}"] if rest else [])])


def _aligned(lines: Iterable[Line]) -> Iterator[str]:
    found = list(lines)
    names, whats = (max((len(line[at]) for line in found), default=0) for at in (0, 1))
    for name, what, more in found:
        yield f"{name:<{names}}  {what:<{min(whats, 28)}}  {more}".rstrip()


def _rest(summary: Summary) -> Iterator[str]:
    """What is touched, what shifts, and what differs in form only."""
    if summary.splits:
        yield f"splits touched: {_counts((one.value, one.count) for one in summary.splits)}"
    for group in dict.fromkeys(one.group for one in summary.groups):
        known = ((one.value, one.count) for one in summary.groups if one.group == group)
        yield f"{plain(group)} touched: {_counts(known)}"
    for shift in summary.shifts:
        if shift.noun == "second":
            what = f"split {plain(shift.value)}" if shift.of == "split" else "media"
            yield f"{what}: {lasting(shift.before)} -> {lasting(shift.after)}"
    for what, paths in (("form only", summary.form_only), ("made from these", summary.derived)):
        if paths:
            yield f"{what}: {_few(paths)}"


def _counts(found: Iterable[tuple[str, int]]) -> str:
    known = list(found)
    more = [f"{len(known) - 5:,} more"] if len(known) > 5 else []  # noqa: PLR2004 - a line of them
    return ", ".join([*(f"{plain(name)} {count:,}" for name, count in known[:5]), *more])


def _few(paths: Sequence[str]) -> str:
    more = [f"{len(paths) - 5:,} more"] if len(paths) > 5 else []  # noqa: PLR2004 - a line of them
    return ", ".join([*map(plain, paths[:5]), *more])


def _details(found: Between) -> Iterator[str]:
    for table in found.difference.tables:
        yield from _rows(table.path, table.rows, row_text)
    yield from _rows("media", found.difference.media, media_text)


def _rows(title: str, changes: RowChanges, shown: Callable[[RowChange], str]) -> Iterator[str]:
    if changes.touched == 0:
        return
    yield f"\n{plain(title)}"
    for row in islice(changes.rows(), MOST):
        yield f"  {shown(row)}"
    if changes.touched > MOST:
        yield f"  … {changes.touched - MOST:,} more: --format json has all"


def media_text(row: RowChange) -> str:
    """A file that differs, on one line; its md5 says nothing to a person."""
    known = {name: pair for name, pair in row.cells.items() if name not in ("md5", "size")}
    has_other = row.op == "change" and "md5" in row.cells
    line = row_text(row._replace(cells=known))
    head, gap, rest = line.partition("  ")
    return ", ".join(filter(None, (f"{head}  other bytes", rest))) if has_other else head + gap + rest


def row_text(row: RowChange) -> str:
    """A row that differs, on one line."""
    if row.op in ("add", "remove"):
        side = 1 if row.op == "add" else 0
        said = ", ".join(
            f"{plain(name)}: {value(pair[side])}" for name, pair in row.cells.items() if pair[side]
        )
    else:
        said = ", ".join(
            f"{plain(name)}: {value(old)} -> {value(new)}" for name, (old, new) in row.cells.items()
        )
    there = [part for level, part in (row.to or {}).items() if level != "file" or part != row.key.get(level)]
    place = f" -> {keyed(there)}" if there else ""
    return f"{SIGNS[row.op]} {keyed(row.key.values())}{place}  {said}".rstrip()
