"""Three states of rows -> the rows of both sides, and those that they disagree about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from audiodvc.changes import moves

Key = tuple[str, ...]
Cells = tuple[str, ...]
State = Mapping[Key, Cells]


class Row(NamedTuple):
    """A row of one side: where it is, and its cells."""

    key: Key
    cells: Cells


@dataclass(frozen=True, slots=True)
class Clash:
    """A row that the sides disagree about: what each has, with the cells of both where they agree.

    `place` is its key in the merged table, or in the base if there are two; `fields` are the columns in
    conflict by number, and `is_whole` says that it is about the row itself.
    """

    place: Key
    base: Row | None
    ours: Row | None
    theirs: Row | None
    fields: tuple[int, ...] = ()
    is_whole: bool = False


class Outcome(NamedTuple):
    """Rows that are merged, and those in conflict."""

    rows: list[Row]
    clashes: list[Clash]


@dataclass(frozen=True, slots=True)
class Columns:
    """How many columns rows have; the one at `bytes` names what all others describe, if there is one.

    Of `unclear` keys the base tells nothing: whatever the sides differ in there is a conflict.
    """

    count: int
    bytes: int | None = None
    unclear: frozenset[Key] = frozenset()


def merge(base: State, ours: State, theirs: State, columns: Columns, *, movable: bool = False) -> Outcome:
    """The rows of both sides; those of segmented tables may be `movable`."""
    found = [(trio, _outcome(trio, columns)) for trio in _trios(base, ours, theirs, movable=movable)]
    claimed = Counter(key for trio, outcome in found for key in _claims(trio, outcome))
    rows, clashes = list[Row](), list[Clash]()
    for trio, outcome in found:
        twice = any(claimed[key] > 1 for key in _claims(trio, outcome))
        settled = _forced(trio, columns) if twice else outcome
        if isinstance(settled, Clash):
            clashes.append(settled)
        elif settled is not None:
            rows.append(settled)
    return Outcome(rows, clashes)


def edited(base: State, side: State, *, movable: bool = False) -> Iterator[tuple[Cells | None, Cells]]:
    """The rows of one side with what they were, None for those that were added."""
    was = {new: old for old, new in moved(base, side).items()} if movable else {}
    for key, cells in side.items():
        yield base.get(was.get(key, key)), cells


def moved(base: State, side: State) -> dict[Key, Key]:
    """Where segments went that one side moved."""
    gone = [key for key in base if key not in side]
    come = [key for key in side if key not in base]
    if not gone or not come:
        return {}
    pairs = moves.segments(_frame(gone), _frame(come))
    return {gone[i]: come[j] for i, j in pairs.iter_rows()}


class _Trio(NamedTuple):
    """One row as all three have it."""

    base: Row | None
    ours: Row | None
    theirs: Row | None


def _trios(base: State, ours: State, theirs: State, *, movable: bool) -> Iterator[_Trio]:
    mine = moved(base, ours) if movable else {}
    other = moved(base, theirs) if movable else {}
    for key, cells in base.items():
        places = mine.get(key, key), other.get(key, key)
        yield _Trio(Row(key, cells), _at(ours, places[0]), _at(theirs, places[1]))
    # A row that was moved here and one that was added there are two rows, though their keys are one.
    came = [key for key in ours if key not in base], [key for key in theirs if key not in base]
    here, there = set(mine.values()), set(other.values())
    for key in came[0]:
        if key not in here:
            yield _Trio(None, _at(ours, key), None if key in there else _at(theirs, key))
    for key in came[1]:
        if key not in there and (key not in ours or key in here):
            yield _Trio(None, None, _at(theirs, key))


def _at(state: State, key: Key) -> Row | None:
    return Row(key, state[key]) if key in state else None


def _frame(keys: Sequence[Key]) -> pl.DataFrame:
    return pl.DataFrame(keys, dict.fromkeys(("k0", "k1", "k2"), pl.String), orient="row")


def _claims(trio: _Trio, outcome: Row | Clash | None) -> set[Key]:
    """The keys at which a row may end up."""
    if isinstance(outcome, Row):
        return {outcome.key}
    return set() if outcome is None else {row.key for row in (trio.ours, trio.theirs) if row is not None}


def _outcome(trio: _Trio, columns: Columns) -> Row | Clash | None:
    is_unclear = any(row is not None and row.key in columns.unclear for row in trio)
    return _unclear(trio, columns) if is_unclear else _settled(trio, columns)


def _unclear(trio: _Trio, columns: Columns) -> Row | Clash | None:
    """A row that both sides have alike, or a conflict of all that they have otherwise."""
    base, ours, theirs = trio
    if ours == theirs:
        return ours
    if ours is None or theirs is None or ours.key != theirs.key:
        place = next(row.key for row in trio if row is not None)
        return Clash(place, base, ours, theirs, is_whole=True)
    fields = tuple(at for at, (x, y) in enumerate(zip(ours.cells, theirs.cells, strict=True)) if x != y)
    return Clash(ours.key, base, ours, theirs, (columns.bytes,) if columns.bytes in fields else fields)


def _settled(trio: _Trio, columns: Columns) -> Row | Clash | None:
    """A row as both sides want it, a conflict, or None if it is to be gone."""
    base, ours, theirs = trio
    if ours is not None and theirs is not None:
        return _both(trio, ours, theirs, columns)
    stays = ours if theirs is None else theirs
    if base is None or stays is None:
        return stays
    return None if stays == base else Clash(base.key, base, ours, theirs, is_whole=True)


def _both(trio: _Trio, ours: Row, theirs: Row, columns: Columns) -> Row | Clash:
    base = trio.base or Row(ours.key, ("",) * columns.count)
    are_apart = ours.key != theirs.key and base.key not in (ours.key, theirs.key)
    key = theirs.key if ours.key == base.key else ours.key
    mine, other, fields = _cells(base.cells, ours.cells, theirs.cells, columns)
    if are_apart:
        rows = Row(ours.key, mine), Row(theirs.key, other)
        return Clash(base.key, trio.base, *rows, fields, is_whole=True)
    if fields:
        return Clash(key, trio.base, Row(key, mine), Row(key, other), fields)
    return Row(key, mine)


def _forced(trio: _Trio, columns: Columns) -> Clash:
    """A row that would stand where another one does: each side as it is, with the cells of both."""
    base, ours, theirs = trio
    place = next(row.key for row in trio if row is not None)
    if ours is None or theirs is None:
        return Clash(place, base, ours, theirs, is_whole=True)
    before = base.cells if base else ("",) * columns.count
    mine, other, fields = _cells(before, ours.cells, theirs.cells, columns)
    return Clash(place, base, Row(ours.key, mine), Row(theirs.key, other), fields, is_whole=True)


def _cells(base: Cells, ours: Cells, theirs: Cells, columns: Columns) -> tuple[Cells, Cells, tuple[int, ...]]:
    """The cells of either side with those that the other one changed, and where both did."""
    at = columns.bytes
    if at is not None and ours[at] != theirs[at]:
        # The other cells say what is in these bytes: they go with them, whatever both changed.
        if base[at] in (ours[at], theirs[at]):
            taken = theirs if ours[at] == base[at] else ours
            return taken, taken, ()
        return ours, theirs, (at,)
    mine = tuple(y if x == b else x for b, x, y in zip(base, ours, theirs, strict=True))
    other = tuple(x if y == b else y for b, x, y in zip(base, ours, theirs, strict=True))
    return mine, other, tuple(number for number, (x, y) in enumerate(zip(mine, other, strict=True)) if x != y)
