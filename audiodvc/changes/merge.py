"""`merge`: three texts of a table or media index -> one with the changes of both sides, by key and cell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import polars as pl

from audiodvc.changes import (
    conflict,
    mergebase,
    mergelines,
    mergeorder,
    mergerows,
    mergesame,
    mergetext,
    rows,
)
from audiodvc.changes.conflict import CHANGED, Conflict, Merged
from audiodvc.changes.mergerows import Columns, Key, Outcome, State
from audiodvc.changes.mergesame import Has
from audiodvc.changes.mergetext import Shape
from audiodvc.changes.rows import names
from audiodvc.model import cells, table
from audiodvc.model.spec import FILEWISE_LEVELS, SEGMENTED_LEVELS, Spec
from audiodvc.model.table import Table

MD5 = "md5"


def merge_table(base: bytes, ours: bytes, theirs: bytes, spec: Spec | None, path: str) -> Merged:
    """Both sides' changes in canonical form; an empty base is a table that both sides added.

    `spec` is what the table is to one of the sides: columns that it does not have are compared as text.
    """
    known = mergebase.parted(base)
    parts = mergelines.parted(known.text, ours, theirs)
    texts = (parts.base, parts.ours, parts.theirs) if parts else (known.text, ours, theirs)
    sides = [_side(text, path, name) for text, name in zip(texts, _SIDES, strict=True)]
    more = [_side(text, path, "base") for text in (parts.common if parts else b"", known.unclear)]
    given = [*sides, *more]
    if parts and any(one.fault for one in given):
        # Whoever mends it looks for the line in the whole text.
        given = [_side(text, path, name) for text, name in zip((base, ours, theirs), _SIDES, strict=True)]
    form = _spec(spec, [one.table for one in given])
    why = next((one.fault for one in given if one.fault), "")
    if why or form is None:
        return conflict.left(path, why or "the first lines do not agree about the key")
    return _merged(_Work(path, form, *([one.table for one in some] for some in (sides, more))))


_SIDES = ("base", "ours", "theirs")


class _Side(NamedTuple):
    table: Table
    fault: str


class _Work(NamedTuple):
    """Three tables that can be read, base first, and what they are.

    `more` are the rows that all three have beside, and those of which the base tells nothing.
    """

    path: str
    spec: Spec
    tables: Sequence[Table]
    more: Sequence[Table]

    @property
    def columns(self) -> list[str]:
        """The levels and columns of the merged table; those of a base that is there."""
        return mergeorder.merged(*(one.columns for one in self.tables))

    @property
    def values(self) -> list[str]:
        """Its columns without the levels."""
        return [name for name in self.columns if name not in self.spec.key]


def _side(text: bytes, path: str, name: str) -> _Side:
    parsed = table.parse(text, path)
    fault = ""
    if parsed.lossy:
        first = next(
            one for one in parsed.findings if one.code not in ("AF001", "AF002") or not parsed.columns
        )
        fault = f"{name}, line {first.line}: {first.message}"
    elif len(set(parsed.columns)) < len(parsed.columns):
        fault = f"{name}, line 1: a column stands twice"
    elif not parsed.columns and name != "base":
        fault = f"{name}: there is no first line"
    return _Side(parsed, fault)


def _spec(spec: Spec | None, tables: Sequence[Table]) -> Spec | None:
    """What the tables are, as the header says or as their first lines do; None if they do not agree."""
    given = [set(one.columns) for one in tables if one.columns]
    if spec is not None:
        return spec if spec.key and all(set(spec.key) <= one for one in given) else None
    found = {_guessed(one) for one in given}
    return found.pop() if len(found) == 1 else None


def _guessed(columns: Collection[str]) -> Spec | None:
    if {name for name, _ in SEGMENTED_LEVELS} <= set(columns):
        return Spec("", "segmented", SEGMENTED_LEVELS)
    return Spec("", "filewise", FILEWISE_LEVELS) if "file" in columns else None


def _merged(work: _Work) -> Merged:
    frames = [_frame(work, one) for one in work.tables]
    same, unclear = (_frame(work, one) for one in work.more)
    keys = names("k", len(work.spec.levels))
    why = _unfit(work, [*frames, same], keys)
    if why:
        return conflict.left(work.path, why)
    rest, equal = mergesame.parted((frames[0], frames[1], frames[2]), keys, list(_having(work)))
    states = [_state(frame, len(keys)) for frame in rest]
    gone = tuple(_lost(work, states))
    if gone:
        return Merged(b"", gone, is_left=True)
    outcome = _rows(work, states, frozenset(unclear.select(keys).iter_rows()))
    values = names("v", len(work.values))
    shape = Shape(work.path, work.spec, _order(work), tuple(work.values))
    return mergetext.written(shape, pl.concat([same, equal]).select(*keys, *values), outcome)


def _frame(work: _Work, one: Table) -> pl.DataFrame:
    """The rows of one side in the columns of the merged table, and behind those the columns that it loses."""
    if not one.columns:
        own = [*names("k", len(work.spec.levels)), *names("v", len(work.values) + len(_losing(work)))]
        return pl.DataFrame(schema=dict.fromkeys(own, pl.String))
    known = rows.of_table(one, work.spec)
    side = rows.aligned(known, work.spec.key, [*work.values, *_losing(work)])
    return side.frame.with_columns(pl.all().fill_null(""))


def _losing(work: _Work) -> list[str]:
    """The columns that the base has, and one side no more."""
    return [name for name in work.tables[0].columns if name not in work.columns]


def _unfit(work: _Work, frames: Sequence[pl.DataFrame], keys: list[str]) -> str:
    """Why rows cannot be told by their keys, if they cannot."""
    *sides, common = frames
    for name, side in zip(_SIDES, sides, strict=True):
        found = pl.concat([side.select(keys), common.select(keys)])
        if found.n_unique() < found.height:
            return f"{name}: a key is given twice"
        odd = next(_unreadable(work, side), None)
        if odd:
            return f"{name}: {odd}"
    return next(_unreadable(work, common), "")


def _unreadable(work: _Work, frame: pl.DataFrame) -> Iterator[str]:
    for at, (level, dtype) in enumerate(work.spec.levels):
        if cells.unreadable(frame[f"k{at}"], dtype).any():
            yield f"a cell of '{level}' is no {dtype}"


def _having(work: _Work) -> Iterator[Has]:
    for name in (*work.values, *_losing(work)):
        yield Has(*(name in one.columns for one in work.tables))


def _state(frame: pl.DataFrame, width: int) -> State:
    return {row[:width]: row[width:] for row in frame.iter_rows()}


def _lost(work: _Work, states: Sequence[State]) -> Iterator[Conflict]:
    """The columns that one side took out while the other one changed cells of them."""
    base, *sides = states
    first = len(work.values)
    for at, name in enumerate(_losing(work), first):
        said = [CHANGED if name in one.columns else None for one in work.tables[1:]]
        for state, change in zip(sides, said, strict=True):
            if change:
                found = mergerows.edited(base, state, movable=_is_movable(work))
                if any(new[at] != (old[at] if old else "") for old, new in found):
                    yield Conflict(work.path, "column", (), name, "", *said)


def _rows(work: _Work, states: Sequence[State], unclear: frozenset[Key]) -> Outcome:
    width = len(work.values)
    base, ours, theirs = ({key: row[:width] for key, row in state.items()} for state in states)
    at = work.values.index(MD5) if work.spec.kind == "index" and MD5 in work.values else None
    return mergerows.merge(base, ours, theirs, Columns(width, at, unclear), movable=_is_movable(work))


def _is_movable(work: _Work) -> bool:
    return work.spec.levels == SEGMENTED_LEVELS


def _order(work: _Work) -> tuple[str, ...]:
    """The first line: as the header has it, if it has these columns."""
    columns = work.columns
    return work.spec.names if sorted(columns) == sorted(work.spec.names) else tuple(columns)
