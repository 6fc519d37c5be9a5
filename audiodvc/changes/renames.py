"""Columns that were renamed: one went, another came, and every row has the same in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from audiodvc.changes import rows
from audiodvc.model import table
from audiodvc.model.spec import Spec

if TYPE_CHECKING:
    import polars as pl


def columns(old: bytes, new: bytes, spec: Spec) -> dict[str, str]:
    """New name -> old name of each column that says in all rows of both texts what no other one says."""
    before, after = (rows.of_table(table.parse(text, spec.id), spec) for text in (old, new))
    if before.shape.levels != after.shape.levels:
        return {}
    gone, come = (
        {name: f"c{at}" for at, (name, _) in enumerate(one.shape.columns)} for one in (before, after)
    )
    keys = rows.names("k", len(before.shape.levels))
    left = before.frame.rename({name: f"o{name}" for name in gone.values()})
    both = left.join(after.frame, on=keys)
    pairs = [
        (a, b)
        for a in gone
        for b in come
        if a not in come and b not in gone and _same(both, f"o{gone[a]}", come[b])
    ]
    return dict(_alone(pairs))


def _same(both: pl.DataFrame, one: str, other: str) -> bool:
    """Whether two columns say the same, and say anything."""
    return both[one].equals(both[other], check_names=False) and bool((both[one] != "").any())


def _alone(pairs: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for a, b in pairs:
        if sum(a == one for one, _ in pairs) == sum(b == other for _, other in pairs) == 1:
            yield b, a
