"""The rows that stayed in place and that no side of a merge changed, but for columns that one added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

Frames = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


class Has(NamedTuple):
    """Which of the three have a column."""

    base: bool
    ours: bool
    theirs: bool


class Parted(NamedTuple):
    """The rows of each that are to be merged one by one, and those that need not be."""

    rest: Frames
    same: pl.DataFrame


def parted(frames: Frames, keys: Sequence[str], columns: Sequence[Has]) -> Parted:
    """What is left of three frames without the rows that all have alike; a lacking column is empty.

    A table may have a million rows, of which somebody gave each a new cell or wrote each anew.
    """
    base, ours, theirs = frames
    many = range(len(columns))
    joined = base.join(ours.rename({f"v{at}": f"o{at}" for at in many}), on=keys)
    joined = joined.join(theirs.rename({f"v{at}": f"t{at}" for at in many}), on=keys)
    alike = pl.all_horizontal(pl.lit(value=True), *(_alike(at, has) for at, has in enumerate(columns)))
    same = joined.filter(alike).select(*keys, *(_merged(at) for at in many))
    one, two, three = (frame.join(same, on=keys, how="anti", maintain_order="left") for frame in frames)
    return Parted((one, two, three), same)


def _alike(at: int, has: Has) -> pl.Expr:
    old, mine, other = _sides(at)
    if not has.base:
        return (mine == other) | (mine == "") | (other == "")
    kept = pl.lit(value=True)
    if has.ours:
        kept &= mine == old
    if has.theirs:
        kept &= other == old
    return kept


def _merged(at: int) -> pl.Expr:
    old, mine, other = _sides(at)
    return pl.when(mine == old).then(other).otherwise(mine).alias(f"v{at}")


def _sides(at: int) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    return pl.col(f"v{at}"), pl.col(f"o{at}"), pl.col(f"t{at}")
