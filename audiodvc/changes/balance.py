"""What a difference touches, and how it shifts the balance of classes, splits and durations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from audiodvc.changes.difference import Difference, TableChange
from audiodvc.changes.risks import split_of
from audiodvc.model.header import Header
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot

Tally = Mapping[str, float]

SPEAKER = "speaker"
"""The group that counts even where the settings name none."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A value of a group, such as a speaker or a split, and how many rows and files of it differ."""

    group: str
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Shift:
    """How much of something there is of one kind: rows of a class, files of a split, or seconds of audio.

    `of` is the table and column, or empty; `share` is the part of the whole that it makes up.
    """

    noun: str
    of: str
    value: str
    before: float
    after: float
    share_before: float
    share_after: float


def touched_splits(difference: Difference, a: Snapshot, b: Snapshot) -> tuple[Touched, ...]:
    """The splits of files that differ, or whose rows do."""
    if not (a.header.splits or b.header.splits):
        return ()
    counted, rest = Counter[str](), list(_files(difference.media.frame, ("file",)))
    for table in difference.tables:
        split = split_of(b.header, table.id) or split_of(a.header, table.id)
        if split:
            counted[split] += table.rows.touched
        else:
            rest.extend(_files(table.rows.frame, table.rows.levels))
    if rest:
        counted.update(_matched(rest, pl.concat([_placed(b), _placed(a)]).unique()))
    return tuple(Touched("split", split, count) for split, count in counted.most_common() if count)


def touched_groups(difference: Difference, a: Snapshot, b: Snapshot) -> tuple[Touched, ...]:
    """The speakers, or what else are groups, of files that differ, or whose rows do."""
    found = list[Touched]()
    for group in dict.fromkeys((*b.settings.groups, SPEAKER)):
        counted, rest = Counter[str](), list(_files(difference.media.frame, ("file",)))
        for table in difference.tables:
            own = _own(table, group)
            if own is None:
                rest.extend(_files(table.rows.frame, table.rows.levels))
            else:
                counted.update(_tally(own))
        if rest:
            counted.update(_matched(rest, _grouped(group, rest, a, b)))
        found += [Touched(group, value, count) for value, count in counted.most_common() if count]
    return tuple(found)


def _own(table: TableChange, group: str) -> pl.Series | None:
    """What rows say themselves of a group: by their key, or in a column, as it is now."""
    if table.rows.levels == (group,):
        return table.rows.frame["k0"]
    if group not in table.rows.columns or table.kind == "misc":
        return None
    at = table.rows.columns.index(group)
    old, new = (table.rows.frame[f"{side}{at}"] for side in "on")
    return new.fill_null(old)


def is_labelled(header: Header, table_id: str, column: str) -> bool:
    """Whether the scheme of a column lists what its cells may be."""
    table = header.tables.get(table_id)
    entry = table.columns.get(column) if table else None
    scheme = header.schemes.get(entry.scheme_id or "") if entry else None
    return scheme is not None and scheme.labels is not None


def shifts(difference: Difference, a: Snapshot, b: Snapshot) -> tuple[Shift, ...]:
    """How the balance of classes, of splits and of durations shifts; what stays as it is is left out."""
    return (
        *(shift for table in difference.tables if table.op == "change" for shift in _classes(table, b)),
        *_splits(difference, a, b),
    )


def _classes(table: TableChange, b: Snapshot) -> Iterator[Shift]:
    sheet = b.tables[table.id]
    for at, name in enumerate(table.rows.columns):
        if not is_labelled(b.header, table.id, name) or not sheet.has(name):
            continue
        frame = table.rows.frame
        gone, come = (_tally(frame[f"{side}{at}"]) for side in "on")
        if gone == come:
            continue
        after = _tally(sheet.canonical(name))
        before = Counter({label: after[label] - come[label] + gone[label] for label in {*after, *gone}})
        yield from _shifted("row", f"{table.id}.{name}", before, after)


def _splits(difference: Difference, a: Snapshot, b: Snapshot) -> Iterator[Shift]:
    """Files and seconds of each split; and seconds in all, which need no splits."""
    medial = not difference.media.frame.is_empty()
    if medial:
        old, new = (_duration(_durations(side)) for side in (a, b))
        if old != new:
            yield Shift("second", "media", "", old, new, 1.0, 1.0)
    moved = {
        split for side in (a, b) for table in difference.tables if (split := split_of(side.header, table.id))
    }
    told = any(change.path[2:] == ("split_id",) for change in difference.header)
    if not (moved or medial or told):
        return
    (old_files, old_time), (new_files, new_time) = (_per_split(side) for side in (a, b))
    yield from _shifted("file", "split", old_files, new_files)
    yield from _shifted("second", "split", old_time, new_time)


def _per_split(side: Snapshot) -> tuple[Tally, Tally]:
    placed = _placed(side)
    if placed.is_empty():
        return {}, {}
    timed = placed.join(_durations(side), on="file", how="left")
    rows = timed.group_by("by").agg(pl.len(), pl.col("s").sum().round(3)).rows()
    return {split: count for split, count, _ in rows}, {split: seconds for split, _, seconds in rows}


def _shifted(noun: str, of: str, before: Tally, after: Tally) -> Iterator[Shift]:
    whole = sum(before.values()), sum(after.values())
    for value in sorted({*before, *after}):
        old, new = before.get(value, 0), after.get(value, 0)
        if old != new:
            parts = (part / total if total else 0.0 for part, total in zip((old, new), whole, strict=True))
            yield Shift(noun, of, value, old, new, *parts)


def _tally(texts: pl.Series) -> Counter[str]:
    """How often each cell stands there, but those that are missing."""
    counted = texts.alias("cell").drop_nulls().value_counts(name="n")
    return Counter({cell: count for cell, count in counted.iter_rows() if cell})


def _placed(side: Snapshot) -> pl.DataFrame:
    """Files with the split they are in."""
    parts = [
        _by(sheet.text("file"), pl.repeat(split, sheet.height, dtype=pl.String, eager=True))
        for sheet in _of_media(side)
        if (split := split_of(side.header, sheet.id))
    ]
    return pl.concat([_NAMED, *parts]).unique(maintain_order=True)


def _grouped(group: str, files: list[pl.Series], a: Snapshot, b: Snapshot) -> pl.DataFrame:
    """Some files with their value of a group; those that are not there any more as they were."""
    wanted = pl.concat(files).unique()
    known = _of_group(group, wanted, b)
    left = wanted.filter(~wanted.is_in(known["file"].implode()))
    return known if left.is_empty() else pl.concat([known, _of_group(group, left, a)])


def _of_group(group: str, files: pl.Series, side: Snapshot) -> pl.DataFrame:
    parts = []
    for sheet in _of_media(side):
        if sheet.has(group):
            rows = sheet.text("file").is_in(files.implode())
            parts.append(_by(sheet.text("file").filter(rows), sheet.canonical(group).filter(rows)))
    return pl.concat([_NAMED, *parts]).unique(maintain_order=True)


_NAMED = pl.DataFrame(schema={"file": pl.String, "by": pl.String})


def _of_media(side: Snapshot) -> Iterator[Sheet]:
    """The tables whose rows are of files; those that the header does not understand say nothing."""
    known = side.header.tables
    return (sheet for name, sheet in side.declared.items() if name in known and sheet.has("file"))


def _by(files: pl.Series, values: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame({"file": files, "by": values})
    return frame.filter((pl.col("file") != "") & (pl.col("by") != "")).unique(maintain_order=True)


def _files(frame: pl.DataFrame, levels: tuple[str, ...]) -> Iterator[pl.Series]:
    if levels[:1] == ("file",) and not frame.is_empty():
        yield frame["k0"].alias("file")


def _matched(files: list[pl.Series], named: pl.DataFrame) -> dict[str, int]:
    """How many of some rows belong to each value, by their file."""
    if not files or named.is_empty():
        return {}
    rows = pl.concat(files).to_frame().join(named, on="file").group_by("by").len().sort("by")
    return dict(rows.iter_rows())


def _durations(side: Snapshot) -> pl.DataFrame:
    parts = [
        pl.DataFrame({"file": sheet.text("file"), "s": sheet.values("duration").fill_nan(None)})
        for sheet in side.media_indexes.values()
        if sheet.has("file", "duration")
    ]
    empty = pl.DataFrame(schema={"file": pl.String, "s": pl.Float64})
    return pl.concat([empty, *parts]).unique("file", keep="first", maintain_order=True)


def _duration(frame: pl.DataFrame) -> float:
    return round(float(frame["s"].sum() or 0.0), 3)
