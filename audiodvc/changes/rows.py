"""Rows of a table as canonical text, in the frames that differences are made of.

Frames name key levels `k0`, `k1`, … and columns `c0`, `c1`, … by position, since a table may call its
columns anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from audiodvc.model import cells
from audiodvc.model.spec import FILEWISE_LEVELS, SEGMENTED_LEVELS, Spec, Typed
from audiodvc.model.table import Table


@dataclass(frozen=True, slots=True)
class Shape:
    """The levels and columns of a table with their dtypes, and how many rows it has."""

    levels: Typed = ()
    columns: Typed = ()
    height: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of a table in canonical form: `k0`, `k1`, … and `c0`, `c1`, …, missing as ""."""

    shape: Shape
    frame: pl.DataFrame


class Side(NamedTuple):
    """One state in the columns of both: `k0`, …, `v0`, …; null where this state has no such column."""

    frame: pl.DataFrame
    keys: list[str]
    cells: list[str]


def of_table(table: Table, spec: Spec | None) -> Rows:
    """The rows of a table that could be read; a name that stands twice is that of the first column."""
    levels = _levels(table.columns, spec)
    keys = dict(levels)
    dtype = spec.dtype if spec else _no_dtype
    columns = tuple((name, dtype(name)) for name in dict.fromkeys(table.columns) if name not in keys)
    frame = pl.DataFrame(
        [
            *_canonical(table, levels, "k"),
            *_canonical(table, columns, "c"),
        ]
    )
    return Rows(Shape(levels, columns, table.frame.height), frame)


def nothing(shape: Shape) -> Rows:
    """No rows at all."""
    own = [*names("k", len(shape.levels)), *names("c", len(shape.columns))]
    return Rows(Shape(shape.levels, shape.columns), pl.DataFrame(schema=dict.fromkeys(own, pl.String)))


def recast(rows: Rows, dtypes: Typed) -> Rows:
    """The rows as they would be if these columns were of these dtypes."""
    known = dict(dtypes)
    shape = Shape(_recast(rows.shape.levels, known), _recast(rows.shape.columns, known), rows.shape.height)
    if shape == rows.shape:
        return rows
    new = [*shape.levels, *shape.columns]
    old = [*rows.shape.levels, *rows.shape.columns]
    columns = zip(rows.frame.get_columns(), old, new, strict=True)
    settled = [cells.canonical(one, b[1]) if a != b else one for one, a, b in columns]
    return Rows(shape, pl.DataFrame(settled))


def aligned(rows: Rows, levels: Sequence[str], columns: Sequence[str]) -> Side:
    """Rows in the levels and columns of two states: `k0`, … and `v0`, …, null where they lack one."""
    keys = _positions(rows, rows.shape.levels, levels, ("k", "k"))
    values = _positions(rows, rows.shape.columns, columns, ("c", "v"))
    return Side(pl.DataFrame([*keys, *values]), names("k", len(levels)), names("v", len(columns)))


def without(frame: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """The rows that another frame lacks, of equal ones as many as there are more; null is missing."""
    ours, theirs = (
        one.fill_null("").with_columns(nth(one.columns)).with_row_index("row") for one in (frame, other)
    )
    rows = ours.join(theirs, on=[*frame.columns, "nth"], how="anti", maintain_order="left")["row"]
    return frame[rows]


def nth(by: Sequence[str]) -> pl.Expr:
    """Which of the rows with the same values a row is."""
    return pl.int_range(pl.len()).over(by).alias("nth")


def names(prefix: str, count: int) -> list[str]:
    """Numbered names of columns of a frame."""
    return [f"{prefix}{at}" for at in range(count)]


def _levels(columns: Sequence[str], spec: Spec | None) -> Typed:
    """The levels that a first line has; guessed where no header says them, or else the whole row."""
    for levels in (spec.levels,) if spec else (SEGMENTED_LEVELS, FILEWISE_LEVELS):
        found = tuple(level for level in levels if level[0] in columns)
        if found and (spec or found == levels):
            return found
    return tuple((name, "object") for name in dict.fromkeys(columns))


def _no_dtype(_: str) -> str:
    return "object"


def _canonical(table: Table, typed: Typed, prefix: str) -> Iterator[pl.Series]:
    for at, (name, dtype) in enumerate(typed):
        yield cells.canonical(table.column(name), dtype).alias(f"{prefix}{at}")


def _recast(typed: Typed, dtypes: dict[str, str]) -> Typed:
    return tuple((name, dtypes.get(name, dtype)) for name, dtype in typed)


def _positions(
    rows: Rows, typed: Typed, names: Sequence[str], prefixes: tuple[str, str]
) -> Iterator[pl.Series]:
    own = {name: at for at, (name, _) in enumerate(typed)}
    old, new = prefixes
    for at, name in enumerate(names):
        absent = pl.repeat(None, rows.frame.height, dtype=pl.String, eager=True)
        yield (rows.frame[f"{old}{own[name]}"] if name in own else absent).alias(f"{new}{at}")
