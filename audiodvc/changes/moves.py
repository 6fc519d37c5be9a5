"""Which removed row is which added one: segments that were moved, media that were renamed."""

from __future__ import annotations

import polars as pl

from audiodvc.changes.rowchanges import Pairs
from audiodvc.model import cells


def segments(gone: pl.DataFrame, come: pl.DataFrame) -> pl.DataFrame:
    """Segments of one file that overlap by at least half of their union, where either has no other such.

    Such segments differ in length by a factor of two at most, and in place by less than the length: only
    those few are held against each other, since a long recording may have a hundred thousand.
    """
    old, new = _placed(gone), _placed(come)
    near = old.with_columns(level=pl.concat_list(pl.col("level") + step for step in (-1, 0, 1)))
    near = near.explode("level").filter(pl.col("level").is_between(0, _LARGEST)).with_columns(_cell())
    near = near.with_columns(cell=pl.concat_list(pl.col("cell") + step for step in (-2, -1, 0, 1, 2)))
    near = near.explode("cell")
    pairs = near.join(new.with_columns(_cell()), on=["file", "level", "cell"], suffix="_new")
    pairs = pairs.filter(_overlaps()).select(i="row", j="row_new")
    alone = ~pl.col("i").is_duplicated() & ~pl.col("j").is_duplicated()
    return pairs.filter(alone).sort("i")


def renamed(column: int) -> Pairs:
    """Files that are the same bytes under another name; `column` is the number of their md5."""

    def pairs(gone: pl.DataFrame, come: pl.DataFrame) -> pl.DataFrame:
        old, new = _objects(gone, f"o{column}", "i"), _objects(come, f"n{column}", "j")
        return old.join(new, on=["md5", "nth"]).select("i", "j").sort("i")

    return pairs


_LARGEST = 61
"""Longer segments than 2**61 ns, 26,000 days, are left alone: their sums do not fit into 64 bit."""


def _placed(rows: pl.DataFrame) -> pl.DataFrame:
    """Segments in nanoseconds; those without start or end, or that end before they start, are left out."""
    start, end = (cells.values(rows[name], "time") for name in ("k1", "k2"))
    frame = pl.DataFrame({"file": rows["k0"], "start": start, "end": end}).with_row_index("row")
    length = pl.col("end").cast(pl.Int128) - pl.col("start")
    frame = frame.with_columns(length=length).filter(pl.col("length").is_between(1, 2**_LARGEST - 1))
    zeros = pl.col("length").cast(pl.Int64).bitwise_leading_zeros().cast(pl.Int64)
    return frame.with_columns(level=63 - zeros)


def _cell() -> pl.Expr:
    """Where a segment starts, in units of a power of two that its length is like."""
    return (pl.col("start") // pl.lit(2, pl.Int64).pow(pl.col("level"))).alias("cell")


def _overlaps() -> pl.Expr:
    start = pl.max_horizontal("start", "start_new").cast(pl.Int128)
    shared = pl.min_horizontal("end", "end_new") - start
    return 3 * shared >= pl.col("length") + pl.col("length_new")


def _objects(rows: pl.DataFrame, name: str, number: str) -> pl.DataFrame:
    """The bytes that rows name; those with the same are numbered by the order of their files."""
    frame = pl.DataFrame({"md5": rows[name], "file": rows["k0"]}).with_row_index(number)
    frame = frame.filter(pl.col("md5").fill_null("") != "").sort("file", number)
    return frame.with_columns(nth=pl.int_range(pl.len()).over("md5"))
