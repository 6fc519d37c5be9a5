"""Whether a table is in canonical form, told from its columns without writing it anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from audiodvc.model import table
from audiodvc.model.table import Table


class Order(NamedTuple):
    """How rows follow each other: in the order of their keys, and with no key given twice."""

    ascending: bool
    distinct: bool


def order(levels: Sequence[pl.Series]) -> Order:
    """The order of rows by their keys; far cheaper than sorting them, and most tables are sorted.

    Rows that do not ascend are not `distinct` either, whatever their keys.
    """
    keys = pl.DataFrame([level.alias(f"k{at}") for at, level in enumerate(levels)])
    if not levels:
        return Order(ascending=True, distinct=False)
    before, same = pl.lit(value=False), pl.lit(value=True)
    for name in keys.columns:
        above, here = pl.col(name).shift(1), pl.col(name)
        less = (above < here).fill_null(value=False) | (above.is_not_null() & here.is_null())
        before, same = before | (same & less), same & above.eq_missing(here)
    rows = keys.select(before=before, same=same).slice(1)
    return Order((rows["before"] | rows["same"]).all(), rows["before"].all())


def quoted_as_needed(read: Table) -> bool:
    """Whether names and cells stand in quotes where they need them, and nowhere else."""
    if f"{read.head}\n" != table.line(read.columns):
        return False
    if read.raw is None:
        return True
    quoted = read.raw.is_not_null()
    rows = "".join(f"{raw}\n" for raw in read.raw.filter(quoted))
    return table.dump((), read.frame.filter(quoted)) == rows.encode()
