"""AT: segments lie inside of their files, and say one thing at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from audiodvc.finding import Finding, Fix
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.timetext import time_text


def at001(snapshot: Snapshot) -> Iterator[Finding]:
    """The start of a segment is missing or negative.

    No audio stands before the begin of a file. A loader gives such a segment to whoever cuts audio, who
    fails or, what is worse, counts from the end.

    Bad:

        file,start,end,emotion
        audio/a.wav,,0 days 00:00:01.000000000,happy

    Good:

        file,start,end,emotion
        audio/a.wav,0 days 00:00:00.000000000,0 days 00:00:01.000000000,happy
    """
    for sheet in _segmented(snapshot):
        starts = sheet.values("start")
        for row in (starts.is_null() & ~sheet.unreadable("start")).arg_true():
            yield sheet.finding(
                "AT001", "start is missing (the begin of a file is 0 days 00:00:00.000000000)", row, "start"
            )
        for row in (starts < 0).arg_true():
            yield sheet.finding("AT001", f"start {_seconds(starts[row])} is negative", row, "start")


def at002(snapshot: Snapshot) -> Iterator[Finding]:
    """A segment does not end after its start.

    It has no audio; a segment of one point in time is read as nothing. An empty end means the end
    of the file.

    Bad:

        file,start,end,emotion
        audio/a.wav,0 days 00:00:02.000000000,0 days 00:00:01.000000000,happy

    Good:

        file,start,end,emotion
        audio/a.wav,0 days 00:00:01.000000000,0 days 00:00:02.000000000,happy
        audio/b.wav,0 days 00:00:01.000000000,,happy
    """
    for sheet in _segmented(snapshot):
        starts, ends = sheet.values("start"), sheet.values("end")
        for row in (ends <= starts).arg_true():
            message = f"end {_seconds(ends[row])} is not after start {_seconds(starts[row])}"
            yield sheet.finding("AT002", message, row, "end")


def at003(snapshot: Snapshot) -> Iterator[Finding]:
    """A segment ends after its file.

    The duration of a file is in its media index. It may be passed by a sample or a millisecond,
    whichever is longer, since times are often rounded. Of a segment without end the start is looked at.

    Bad, with a file of 3 s:

        file,start,end,emotion
        audio/a.wav,0 days 00:00:01.000000000,0 days 00:00:03.500000000,happy

    Good:

        file,start,end,emotion
        audio/a.wav,0 days 00:00:01.000000000,0 days 00:00:03.000000000,happy

    `--fix --unsafe` lets the segment end with its file.
    """
    sheets = list(_segmented(snapshot))
    files = _durations(snapshot) if sheets else _NO_FILES
    for sheet in sheets:
        rows = _rows(sheet).with_row_index("row").join(files, on="file")
        late = rows.filter(pl.coalesce("end", "start") > pl.col("duration") + pl.col("slack"))
        # A file that is listed twice, which is a finding of its own, makes no segment late twice.
        for row, _, start, end, duration, _ in late.unique("row").sort("row").iter_rows():
            yield _late(sheet, row, start, end, duration)


def at004(snapshot: Snapshot) -> Iterator[Finding]:
    """Two segments of a file overlap and have different labels in one column.

    Off unless `audiodvc.yaml` selects it, since speakers do talk at the same time. Columns with a scheme
    that has labels are looked at, each by itself; a row without label overlaps nothing, and segments that
    only touch do not overlap. The finding is at the segment that begins later.

    Bad:

        file,start,end,emotion
        audio/a.wav,0 days 00:00:00.000000000,0 days 00:00:02.000000000,happy
        audio/a.wav,0 days 00:00:01.000000000,0 days 00:00:03.000000000,angry

    Good:

        file,start,end,emotion
        audio/a.wav,0 days 00:00:00.000000000,0 days 00:00:02.000000000,happy
        audio/a.wav,0 days 00:00:02.000000000,0 days 00:00:03.000000000,angry
    """
    for sheet in _segmented(snapshot):
        for name in _labelled(snapshot, sheet):
            for row, other in _contradictions(sheet, name):
                line, label = sheet.table.lines[other], sheet.text(name)[other]
                message = f"label '{sheet.text(name)[row]}' overlaps '{label}' of line {line}"
                yield sheet.finding("AT004", message, row, name)


RULES = (at001, at002, at003, at004)

_MILLISECOND = 10**6
_SECOND = 10**9
_FOREVER = 2**63 - 1
# No audio is longer, and it is far from the end of 64 bit.
_LONGEST = 10**9
_NO_FILES = pl.DataFrame(schema={"file": pl.String, "duration": pl.Int64, "slack": pl.Int64})


def _segmented(snapshot: Snapshot) -> Iterator[Sheet]:
    for sheet in snapshot.declared.values():
        if sheet.spec and sheet.spec.kind == "segmented" and sheet.has(*sheet.spec.key):
            yield sheet


def _rows(sheet: Sheet) -> pl.DataFrame:
    return pl.DataFrame(
        [sheet.text("file").alias("file"), *(sheet.values(name).alias(name) for name in ("start", "end"))]
    )


def _durations(snapshot: Snapshot) -> pl.DataFrame:
    """How long each file is, and how much longer a segment may be."""
    found = [_listed(sheet) for sheet in snapshot.media_indexes.values() if sheet.has("file", "duration")]
    return pl.concat([_NO_FILES, *found])


def _listed(sheet: Sheet) -> pl.DataFrame:
    duration, rate = sheet.values("duration"), pl.col("rate")
    rates = sheet.values("sampling_rate") if sheet.has("sampling_rate") else None
    known = pl.DataFrame(
        [
            sheet.text("file").alias("file"),
            duration.alias("duration"),
            (pl.repeat(None, sheet.height, dtype=pl.Int64, eager=True) if rates is None else rates).alias(
                "rate"
            ),
        ]
    ).filter(pl.col("duration").is_between(0, _LONGEST, closed="right"))
    sample = pl.when(rate > 0).then(_SECOND // rate + 1).otherwise(0)
    return known.select(
        "file",
        duration=(pl.col("duration") * _SECOND).round().cast(pl.Int64),
        slack=pl.max_horizontal(sample, _MILLISECOND).cast(pl.Int64),
    )


def _late(sheet: Sheet, row: int, start: int | None, end: int | None, duration: int) -> Finding:
    if end is None:
        message = f"start {_seconds(start or 0)} is after the end of its file ({_seconds(duration)})"
        return sheet.finding("AT003", message, row, "start")
    message = f"end {_seconds(end)} is after the end of its file ({_seconds(duration)})"
    clipped = time_text(duration)
    keeps = start is not None and start < duration
    fix = Fix(f"end at {clipped}", clipped) if keeps else None
    return sheet.finding("AT003", message, row, "end", fix=fix)


def _labelled(snapshot: Snapshot, sheet: Sheet) -> Iterator[str]:
    for column in snapshot.header.tables[sheet.id].columns.values():
        scheme = snapshot.header.schemes.get(column.scheme_id) if column.scheme_id is not None else None
        if scheme is not None and scheme.labels is not None and column.id in sheet.names:
            yield column.id


def _contradictions(sheet: Sheet, name: str) -> Iterator[tuple[int, int]]:
    """Each row that begins before another label's segment ends, with the row of that segment."""
    start, end = pl.col("start"), pl.col("end")
    rows = _rows(sheet).with_columns(sheet.canonical(name).alias("label")).with_row_index("row")
    rows = rows.filter((pl.col("label") != "") & (start >= 0) & (end.is_null() | (end > start)))
    rows = rows.with_columns(end.fill_null(_FOREVER)).sort("file", "start", "row")
    before = end.cum_max().shift(1).over("file")
    labels = pl.col("label").n_unique().over("file") > 1
    overlapping = rows.filter((start < before).any().over("file") & labels)
    for _, group in overlapping.group_by("file", maintain_order=True):
        yield from _sweep(group.select("row", "label", "start", "end").iter_rows())


class _Open(NamedTuple):
    """The segment of a label that ends last."""

    label: str
    end: int
    row: int


def _sweep(rows: Iterator[tuple[int, str, int, int]]) -> Iterator[tuple[int, int]]:
    """Two segments are enough to remember: the one that ends last, and the last one of any other label."""
    longest, other = _Open("", -1, -1), _Open("", -1, -1)
    for row, label, start, end in rows:
        rival = other if longest.label == label else longest
        if rival.end > start:
            yield row, rival.row
        here = _Open(label, end, row)
        if longest.label == label:
            longest = max(longest, here, key=_end)
        elif end > longest.end:
            longest, other = here, longest
        else:
            other = max(other, here, key=_end)


def _end(segment: _Open) -> int:
    return segment.end


def _seconds(ns: int) -> str:
    return f"{ns / _SECOND:.9f}".rstrip("0").rstrip(".") + " s"
