"""`apply`: a state of a dataset and what differs in another one -> that other one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from audiodvc.changes import header, rows
from audiodvc.changes.difference import Difference
from audiodvc.changes.rowchanges import RowChanges
from audiodvc.changes.rows import Rows, Shape


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a dataset says: the data of its header, its tables by id, and the rows of its media indexes."""

    header: object
    tables: Mapping[str, Rows]
    media: Rows


def apply(difference: Difference, state: State) -> State:
    """The state with all changes made; the order of its rows is any."""
    tables = dict(state.tables)
    for change in difference.tables:
        before = tables.pop(change.id, rows.nothing(Shape()))
        if change.op != "remove":
            tables[change.id] = changed(change.rows, before)
    media = changed(difference.media, state.media)
    return State(header.apply(difference.header, state.header), tables, media)


def changed(changes: RowChanges, before: Rows) -> Rows:
    """The rows with all changes made."""
    levels, columns = changes.after.levels, changes.after.columns
    side = rows.aligned(rows.recast(before, (*levels, *columns)), changes.levels, changes.columns)
    old = side.frame.columns
    gone = _of(changes, ("k", "o"), ("change", "move", "remove"), old)
    come = pl.concat(
        [_of(changes, ("k", "n"), ("change", "add"), old), _of(changes, ("t", "n"), ("move",), old)],
    )
    found = pl.concat([rows.without(side.frame, gone), come]).fill_null("")
    keys = [f"k{changes.levels.index(name)}" for name, _ in levels]
    cells = [f"v{changes.columns.index(name)}" for name, _ in columns]
    new = [*(f"k{at}" for at in range(len(keys))), *(f"c{at}" for at in range(len(cells)))]
    frame = found.select([*keys, *cells]).rename(dict(zip([*keys, *cells], new, strict=True)))
    return Rows(Shape(levels, columns, frame.height), frame)


def _of(
    changes: RowChanges, prefixes: tuple[str, str], ops: tuple[str, ...], names: list[str]
) -> pl.DataFrame:
    """The rows of some changes as they were or are, as columns of these names."""
    key, cell = prefixes
    frame = changes.frame.filter(pl.col("op").is_in(ops))
    own = [f"{key if name[0] == 'k' else cell}{name[1:]}" for name in names]
    return frame.select(pl.col(mine).alias(name) for mine, name in zip(own, names, strict=True))
