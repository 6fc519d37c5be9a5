"""Columns that one side of a merge took out while the other one changed cells of them: out, or back again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from audiodvc.changes import conflict, mergebase, mergerows, rows
from audiodvc.changes.conflict import Conflict, Merged
from audiodvc.changes.merge import merge_table
from audiodvc.model import table
from audiodvc.model.spec import SEGMENTED_LEVELS, Spec
from audiodvc.model.table import Table


def settled(
    texts: Sequence[bytes], spec: Spec | None, path: str, lost: Sequence[Conflict], side: str
) -> Merged:
    """Three texts merged once it is said which side is right about columns; `delete` takes them out.

    A column that stays has, on the side that took it out, the cells of the base.
    """
    if mergebase.parted(texts[0]).unclear:
        return conflict.left(path, "the base has conflicts itself")
    base, ours, theirs = (table.parse(text, path) for text in texts)
    sides = {conflict.OURS: ours, conflict.THEIRS: theirs}
    for one in lost:
        name = one.field or ""
        gone, other = _in_order(one)
        if side in (gone, "delete"):
            base, sides[other] = _without(base, name), _without(sides[other], name)
            continue
        sides[gone] = _with(sides[gone], base, name, spec)
        if side == conflict.BASE:
            sides[other] = _with(_without(sides[other], name), base, name, spec)
    made = [table.dump(one.columns, one.frame) for one in (base, *sides.values())]
    return merge_table(made[0], made[1], made[2], spec, path)


def _in_order(one: Conflict) -> tuple[str, str]:
    """The side that took a column out, and the other one."""
    return (conflict.OURS, conflict.THEIRS) if one.ours is None else (conflict.THEIRS, conflict.OURS)


def _without(one: Table, name: str) -> Table:
    kept = [column for column in one.columns if column != name]
    return _table(one, {column: one.column(column) for column in kept})


def _with(one: Table, base: Table, name: str, spec: Spec | None) -> Table:
    before, now = (rows.of_table(side, spec) for side in (base, one))
    keys = rows.names("k", len(now.shape.levels))
    known = dict(zip(before.frame.select(keys).iter_rows(), base.column(name), strict=True))
    there = list(now.frame.select(keys).iter_rows())
    is_movable = now.shape.levels == SEGMENTED_LEVELS
    moved = mergerows.moved(dict.fromkeys(known, ()), dict.fromkeys(there, ())) if is_movable else {}
    was = {new: old for old, new in moved.items()}
    cells = [known.get(was.get(key, key), "") for key in there]
    kept = {column: one.column(column) for column in one.columns}
    return _table(one, {**kept, name: pl.Series(cells, dtype=pl.String)})


def _table(one: Table, columns: Mapping[str, pl.Series]) -> Table:
    frame = pl.DataFrame([cells.alias(f"c{at}") for at, cells in enumerate(columns.values())])
    return Table(one.path, tuple(columns), frame, one.lines)
