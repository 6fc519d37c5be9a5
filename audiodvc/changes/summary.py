"""What a reviewer wants to know of a difference, in numbers: risks first, then what changed by class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from audiodvc.changes import balance, media, risks
from audiodvc.changes.balance import Shift, Touched
from audiodvc.changes.difference import Difference, FileChange, FileOp, TableChange, Unreadable
from audiodvc.changes.header import HeaderChange
from audiodvc.changes.risks import Risk
from audiodvc.changes.rowchanges import RowChanges
from audiodvc.model import cells
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.spec import INDEX, Kind

DURATION = [name for name, _ in INDEX.columns].index("duration")


@dataclass(frozen=True, slots=True)
class Flip:
    """A cell that became another one, and in how many rows; missing is empty."""

    old: str
    new: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """In how many rows that stayed a column has another cell, and what became what, most frequent first."""

    name: str
    cells: int
    flips: tuple[Flip, ...]
    is_labelled: bool = False
    """Whether the scheme of the column lists what its cells may be."""


@dataclass(frozen=True, slots=True)
class TableSummary:
    """How many rows of a table were added, removed, corrected or moved, and its columns that differ."""

    id: str
    path: str
    op: FileOp
    kind: Kind | None
    before: int
    after: int
    added: int
    removed: int
    changed: int
    moved: int
    columns: tuple[ColumnSummary, ...]
    added_columns: tuple[str, ...] = ()
    removed_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MediaSummary:
    """How many files were added, removed, replaced, renamed or described otherwise, and their seconds.

    `replaced_seconds` is by how much those that were replaced are longer now.
    """

    added: int = 0
    removed: int = 0
    replaced: int = 0
    renamed: int = 0
    described: int = 0
    added_seconds: float = 0.0
    removed_seconds: float = 0.0
    replaced_seconds: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.replaced or self.renamed or self.described)


@dataclass(frozen=True, slots=True)
class Summary:
    """A difference in numbers: what to look at first, what changed, what it touches, what it shifts."""

    risks: tuple[Risk, ...]
    header: tuple[HeaderChange, ...]
    tables: tuple[TableSummary, ...]
    media: MediaSummary
    files: tuple[FileChange, ...]
    splits: tuple[Touched, ...]
    groups: tuple[Touched, ...]
    shifts: tuple[Shift, ...]
    form_only: tuple[str, ...]
    derived: tuple[str, ...]
    unreadable: tuple[Unreadable, ...]


def summarize(difference: Difference, a: Snapshot, b: Snapshot) -> Summary:
    """The summary of what differs between two states, which are asked for what is around it."""
    return Summary(
        risks=risks.find(difference, a, b),
        header=difference.header,
        tables=tuple(_table(change, a, b) for change in difference.tables),
        media=_media(difference.media),
        files=difference.files,
        splits=balance.touched_splits(difference, a, b),
        groups=balance.touched_groups(difference, a, b),
        shifts=balance.shifts(difference, a, b),
        form_only=difference.form_only,
        derived=difference.derived,
        unreadable=difference.unreadable,
    )


def _table(change: TableChange, a: Snapshot, b: Snapshot) -> TableSummary:
    rows = change.rows
    levels = dict.fromkeys(rows.levels)
    return TableSummary(
        change.id,
        change.path,
        change.op,
        change.kind,
        rows.before.height,
        rows.after.height,
        rows.count("add"),
        rows.count("remove"),
        rows.corrected,
        rows.count("move"),
        tuple(_columns(change, a, b)) if change.op == "change" else (),
        tuple(name for name in rows.added_columns if name not in levels),
        tuple(name for name in rows.removed_columns if name not in levels),
    )


def _columns(change: TableChange, a: Snapshot, b: Snapshot) -> Iterator[ColumnSummary]:
    moot = {*change.rows.added_columns, *change.rows.removed_columns}
    for name in change.rows.columns:
        flips = tuple(Flip(*flip) for flip in change.rows.flips(name)) if name not in moot else ()
        if flips:
            labelled = any(balance.is_labelled(side.header, change.id, name) for side in (b, a))
            yield ColumnSummary(name, sum(flip.count for flip in flips), flips, labelled)


def _media(changes: RowChanges) -> MediaSummary:
    counts = media.counts(changes)
    replaced = media.replacements(changes)
    added, removed = (changes.frame.filter(pl.col("op") == op) for op in ("add", "remove"))
    return MediaSummary(
        *counts,
        added_seconds=_seconds(added, "n"),
        removed_seconds=_seconds(removed, "o"),
        replaced_seconds=_seconds(replaced, "n") - _seconds(replaced, "o"),
    )


def _seconds(frame: pl.DataFrame, side: str) -> float:
    texts = frame[f"{side}{DURATION}"].fill_null("")
    return float(cells.values(texts, "float").fill_nan(None).sum() or 0.0)
