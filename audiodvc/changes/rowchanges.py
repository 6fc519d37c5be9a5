"""How the rows of a table differ between two states of it: by key and typed value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import polars as pl

from audiodvc.changes import rows
from audiodvc.changes.rows import Rows, Shape, Side, names
from audiodvc.model import cells

Op = Literal["add", "remove", "change", "move"]
Record = dict[str, object]

Pairs = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
"""Which removed row is which added one: two frames of rows in, a frame of row numbers `i`, `j` out."""


class RowChange(NamedTuple):
    """A row that differs: where it is, where it was moved to, and its cells before and after."""

    op: Op
    key: dict[str, str]
    to: dict[str, str] | None
    cells: dict[str, list[str | None]]


@dataclass(frozen=True, slots=True, eq=False)
class RowChanges:
    """How the rows of a table differ, in the order of their keys.

    `frame` has a row for each that was added, removed, changed or moved: its `op`, its key `k0`, `k1`, …
    (`t0`, `t1`, … is where it was moved), and its cells before (`o0`, `o1`, …) and after (`n0`, `n1`, …),
    in the order of `levels` and `columns`. What a side does not have is null.
    """

    before: Shape
    after: Shape
    levels: tuple[str, ...]
    columns: tuple[str, ...]
    frame: pl.DataFrame

    def count(self, op: Op) -> int:
        """How many rows were added, removed, changed or moved."""
        return int((self.frame["op"] == op).sum())

    @property
    def touched(self) -> int:
        """How many rows differ."""
        return self.frame.height

    @property
    def corrected(self) -> int:
        """How many rows have another cell in a column that there was before and still is."""
        gone = {*self.added_columns, *self.removed_columns}
        kept = [at for at, name in enumerate(self.columns) if name not in gone]
        differ = pl.any_horizontal(pl.lit(value=False), *(_text(f"o{at}") != _text(f"n{at}") for at in kept))
        return self.frame.filter((pl.col("op") == "change") & differ).height

    @property
    def is_empty(self) -> bool:
        """Whether both states have the same levels, columns and rows."""
        return self.frame.is_empty() and not self.added_columns and not self.removed_columns

    @property
    def added_columns(self) -> tuple[str, ...]:
        """The columns that are new, levels among them."""
        return _beyond(self.after, self.before)

    @property
    def removed_columns(self) -> tuple[str, ...]:
        """The columns that are gone, levels among them."""
        return _beyond(self.before, self.after)

    def flips(self, column: str) -> list[tuple[str, str, int]]:
        """The old and new cells of a column in rows that stayed, with their number, most frequent first."""
        at = self.columns.index(column)
        old, new = _text(f"o{at}"), _text(f"n{at}")
        stayed = self.frame.filter(pl.col("op").is_in(["change", "move"]) & (old != new))
        counted = (
            stayed.group_by(old=old, new=new)
            .len()
            .sort(["len", "old", "new"], descending=[True, False, False])
        )
        return counted.rows()

    def records(self) -> Iterator[Record]:
        """Each row as plain data: `op`, `key`, `to` if it was moved, and its cells as `[old, new]`."""
        for row in self.rows():
            moved = {} if row.to is None else {"to": row.to}
            yield {"op": row.op, "key": row.key, **moved, "cells": row.cells}

    def rows(self) -> Iterator[RowChange]:
        """Each row that differs."""
        width, many = len(self.levels), len(self.columns)
        order = ["op", *names("k", width), *names("t", width), *names("o", many), *names("n", many)]
        for op, *values in self.frame.select(order).iter_rows():
            key, to = values[:width], values[width : 2 * width]
            old, new = values[2 * width : 2 * width + many], values[2 * width + many :]
            there = _filled(self.levels, to) if op == "move" else None
            yield RowChange(op, _filled(self.levels, key), there, _cells(op, self.columns, old, new))

    def to_frame(self) -> pl.DataFrame:
        """The rows with names for numbers: `op`, `key.file`, `to.start`, `old.emotion`, `new.emotion`."""
        keys, many = [("k", "key", self.levels), ("t", "to", self.levels)], self.columns
        named = (
            pl.col(f"{short}{at}").alias(f"{long}.{name}")
            for short, long, own in [*keys, ("o", "old", many), ("n", "new", many)]
            for at, name in enumerate(own)
        )
        return self.frame.select("op", *named)


def compare(a: Rows, b: Rows) -> RowChanges:
    """How rows became others: by key, and of a key that stands several times one after the other."""
    a = rows.recast(a, (*b.shape.levels, *b.shape.columns))
    levels = tuple(dict.fromkeys(name for shape in (b.shape, a.shape) for name, _ in shape.levels))
    columns = tuple(dict.fromkeys(name for shape in (b.shape, a.shape) for name, _ in shape.columns))
    old, new = (rows.aligned(one, levels, columns) for one in (a, b))
    frame = _by_key(old, new) if a.shape.levels == b.shape.levels else _named(old.frame, new.frame, old)
    return _sorted(RowChanges(a.shape, b.shape, levels, columns, frame))


def moved(changes: RowChanges, pairs: Pairs) -> RowChanges:
    """The same with rows that were removed here and added there as one that was moved."""
    found = changes.frame
    gone, come = (found.filter(pl.col("op") == op) for op in ("remove", "add"))
    if gone.is_empty() or come.is_empty():
        return changes
    matched = pairs(gone, come)
    if matched.is_empty():
        return changes
    width, many = len(changes.levels), len(changes.columns)
    places = [pl.col(f"k{at}").alias(f"t{at}") for at in range(width)]
    there = come[matched["j"]].select(*places, *names("n", many))
    both = gone[matched["i"]].drop(there.columns).with_columns(op=pl.lit("move")).hstack(there)
    stayed = found.filter(pl.col("op") == "change")
    parts = [stayed, _without(gone, matched["i"]), _without(come, matched["j"]), both]
    return _sorted(replace(changes, frame=pl.concat([part.select(found.columns) for part in parts])))


def joined(parts: Sequence[RowChanges]) -> RowChanges:
    """The changes of several parts of a table, which have the same levels and columns, as one."""
    first = parts[0]
    before, after = (
        replace(shapes[0], height=sum(shape.height for shape in shapes))
        for shapes in zip(*((part.before, part.after) for part in parts), strict=True)
    )
    frame = pl.concat([part.frame for part in parts])
    return _sorted(RowChanges(before, after, first.levels, first.columns, frame))


_OPS = ("change", "move", "remove", "add")


def _by_key(a: Side, b: Side) -> pl.DataFrame:
    if a.frame.equals(b.frame, null_equal=True):
        return _named(a.frame.clear(), b.frame.clear(), a)
    old, new = a.frame, b.frame
    repeated = any(frame.select(a.keys).n_unique() < frame.height for frame in (old, new))
    by = [*a.keys, "nth"] if repeated else a.keys
    if repeated:
        old, new = rows.without(old, new), rows.without(new, old)
        old, new = (frame.with_columns(rows.nth(a.keys)) for frame in (old, new))
    there = pl.lit(value=True)
    old = old.rename({name: f"o{name[1:]}" for name in a.cells}).with_columns(before=there)
    new = new.rename({name: f"n{name[1:]}" for name in a.cells}).with_columns(after=there)
    joined = old.join(new, on=by, how="full", coalesce=True)
    differ = pl.any_horizontal(
        pl.col("before").is_null(),
        pl.col("after").is_null(),
        *(_text(f"o{at}") != _text(f"n{at}") for at in range(len(a.cells))),
    )
    come = pl.when(pl.col("before").is_null()).then(pl.lit("add"))
    op = come.when(pl.col("after").is_null()).then(pl.lit("remove")).otherwise(pl.lit("change"))
    return _complete(joined.filter(differ).with_columns(op=op), a)


def _named(old: pl.DataFrame, new: pl.DataFrame, side: Side) -> pl.DataFrame:
    """Rows that were removed, and rows that were added."""
    gone = _as(old.rename({name: f"o{name[1:]}" for name in side.cells}), "remove")
    come = _as(new.rename({name: f"n{name[1:]}" for name in side.cells}), "add")
    return _complete(pl.concat([gone, come], how="diagonal"), side)


def _as(frame: pl.DataFrame, op: Op) -> pl.DataFrame:
    return frame.with_columns(pl.repeat(op, frame.height, dtype=pl.String, eager=True).alias("op"))


def _complete(frame: pl.DataFrame, side: Side) -> pl.DataFrame:
    """The columns of a frame of changes, in their order; nothing was moved yet."""
    many = len(side.cells)
    nowhere = (pl.lit(None, pl.String).alias(f"t{at}") for at in range(len(side.keys)))
    return frame.select("op", *side.keys, *nowhere, *names("o", many), *names("n", many))


def _without(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    kept = pl.repeat(value=True, n=frame.height, eager=True).scatter(rows, values=False)
    return frame.filter(kept)


def _sorted(changes: RowChanges) -> RowChanges:
    """By the values of the keys."""
    if changes.frame.height <= 1:
        return changes
    frame, dtypes = changes.frame, {**dict(changes.before.levels), **dict(changes.after.levels)}
    keys = [
        cells.values(frame[f"k{at}"].fill_null(""), dtypes[name]) for at, name in enumerate(changes.levels)
    ]
    rank = frame["op"].replace_strict(list(_OPS), range(len(_OPS)), return_dtype=pl.UInt8)
    by = pl.DataFrame([key.alias(f"s{at}") for at, key in enumerate([*keys, rank])]).with_row_index("row")
    order = by.sort(by.columns[1:], nulls_last=True, maintain_order=True)["row"]
    return replace(changes, frame=frame[order])


def _text(name: str) -> pl.Expr:
    return pl.col(name).fill_null("")


def _beyond(one: Shape, other: Shape) -> tuple[str, ...]:
    known = {name for name, _ in (*other.levels, *other.columns)}
    return tuple(name for name, _ in (*one.levels, *one.columns) if name not in known)


def _filled(names: Sequence[str], values: Sequence[str | None]) -> dict[str, str]:
    return {name: value for name, value in zip(names, values, strict=False) if value is not None}


def _cells(
    op: Op, columns: Sequence[str], old: Sequence[str | None], new: Sequence[str | None]
) -> dict[str, list[str | None]]:
    triples = zip(columns, old, new, strict=True)
    if op in ("add", "remove"):
        return {name: [was, now] for name, was, now in triples if was is not None or now is not None}
    return {name: [was, now] for name, was, now in triples if (was or "") != (now or "")}
