"""A three-way merge of tables by brute force, written from its rules alone: lists, dicts and fractions.

It says what each choice of sides has to give, not how conflicts are laid out: a merge agrees with it if
the rows outside of its conflicts, and those that `ours`, `base` and `theirs` leave, are these.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

Value = tuple[str, object]
Key = tuple[Value, ...]
Cells = dict[str, Value]
Rows = dict[Key, Cells]

MISSING: Value = ("missing", None)
SIDES = ("base", "ours", "theirs")
LEVELS = ("file", "start", "end")


@dataclass(frozen=True)
class Input:
    """A table as it is read: its columns beside the key, and its rows by key."""

    columns: frozenset[str]
    rows: Rows


@dataclass(frozen=True)
class Group:
    """Rows that belong to one conflict: what each choice leaves of them, and the cells that differ.

    `exact` is whether the cells of a choice are known too; of rows that meet at one key only the keys are.
    """

    base: Rows
    ours: Rows
    theirs: Rows
    fields: frozenset[str] = frozenset()
    exact: bool = True

    @property
    def keys(self) -> set[Key]:
        """All keys that these rows had or have."""
        return {*self.base, *self.ours, *self.theirs}


@dataclass(frozen=True)
class Outcome:
    """The columns of the merged table, the rows without a conflict, and the conflicts."""

    columns: frozenset[str]
    rows: Rows
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Line:
    """One row through three states: its key in each, None where it is not there."""

    base: Key | None
    ours: Key | None
    theirs: Key | None


def merge(base: bytes, ours: bytes, theirs: bytes, dtypes: Mapping[str, str], key: Sequence[str]) -> Outcome:
    """Merge three texts; a ValueError where there is no merge in meaning."""
    old = read(base, dtypes, key) if base else None
    a, b = read(ours, dtypes, key), read(theirs, dtypes, key)
    known = old or Input(a.columns & b.columns, {})
    gone = known.columns - (a.columns & b.columns)
    columns = (a.columns | b.columns) - gone
    for side, other in ((a, b), (b, a)):
        for name in (known.columns - side.columns) & other.columns:
            if any(
                is_said(name, row, known.rows.get(place or ())) for place, row in followed(known, other, key)
            ):
                raise ValueError(f"column {name} was deleted, and has new values")
    sides = {"base": only(known, columns), "ours": only(a, columns), "theirs": only(b, columns)}
    return settle(columns, list(lines(known, a, b, key)), sides)


def read(text: bytes, dtypes: Mapping[str, str], key: Sequence[str]) -> Input:
    """The rows of a text; a ValueError if it has a marker, a bad row, or a key twice."""
    decoded = text.decode()
    if any(re.match(r"(<{7}|>{7}|\|{7})( |$)|={7}$", line) for line in re.split(r"\r?\n", decoded)):
        raise ValueError("marker")
    found = list(csv.reader(io.StringIO(decoded, newline=""), strict=True))
    first = found[0]
    if any(len(row) != len(first) for row in found) or len(set(first)) < len(first):
        raise ValueError("bad row")
    if [name for name in (*LEVELS, *key) if (name in key) != (name in first)]:
        raise ValueError("other key")
    rows: Rows = {}
    for line in found[1:]:
        cells = {
            name: value(cell, dtypes.get(name, "object")) for name, cell in zip(first, line, strict=True)
        }
        place = tuple(cells.pop(level) for level in key)
        if place in rows:
            raise ValueError("key twice")
        rows[place] = cells
    return Input(frozenset(first) - set(key), rows)


def value(text: str, dtype: str) -> Value:
    """A cell by what it means; what is not of the dtype means its text."""
    if text == "" or (dtype in ("int", "float", "bool", "time") and text in ("nan", "NA", "NaN")):
        return MISSING
    if dtype in ("int", "float") and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?(e[0-9]+)?", text):
        return ("number", float(text))
    if dtype == "bool" and text.lower() in ("true", "false"):
        return ("bool", text.lower() == "true")
    if dtype == "time" and (read_as := seconds(text)) is not None:
        return ("time", read_as)
    return ("text", text)


def seconds(text: str) -> Fraction | None:
    """A time, of the few forms that tests write."""
    if found := re.fullmatch(r"([0-9.]+)(ms|s)", text):
        return Fraction(found[1]) / (1000 if found[2] == "ms" else 1)
    if found := re.fullmatch(r"(?:([0-9]+) days )?([0-9]+):([0-9]+):([0-9.]+)", text):
        days, hours, minutes = (int(part or 0) for part in found.groups()[:3])
        return Fraction(((days * 24 + hours) * 60 + minutes) * 60) + Fraction(found[4])
    return None


def followed(base: Input, side: Input, key: Sequence[str]) -> Iterator[tuple[Key | None, Cells]]:
    """Each row of a side, with the key that it had before."""
    before = {new: old for old, new in moves(base, side, key).items()}
    for place, row in side.rows.items():
        yield before.get(place, place if place in base.rows else None), row


def is_said(name: str, row: Cells, before: Cells | None) -> bool:
    """Whether a row has another value in a column than it had."""
    return row.get(name, MISSING) != (before or {}).get(name, MISSING)


def only(side: Input, columns: Iterable[str]) -> Rows:
    """The rows with these columns; missing where there was no such column."""
    return {place: {name: row.get(name, MISSING) for name in columns} for place, row in side.rows.items()}


def lines(base: Input, ours: Input, theirs: Input, key: Sequence[str]) -> Iterator[Line]:
    """Every row there is, followed through its moves."""
    left, right = moves(base, ours, key), moves(base, theirs, key)
    for place in base.rows:
        yield Line(
            place,
            left.get(place, place if place in ours.rows else None),
            right.get(place, place if place in theirs.rows else None),
        )
    added = [place for place in ours.rows if place not in base.rows and place not in left.values()]
    other = [place for place in theirs.rows if place not in base.rows and place not in right.values()]
    for place in dict.fromkeys([*added, *other]):
        yield Line(None, place if place in added else None, place if place in other else None)


def moves(base: Input, side: Input, key: Sequence[str]) -> dict[Key, Key]:
    """Where segments went: of the same file, half of their union shared, and nothing else like either."""
    if tuple(key) != LEVELS:
        return {}
    gone = [place for place in base.rows if place not in side.rows]
    come = [place for place in side.rows if place not in base.rows]
    near = [(a, b) for a in gone for b in come if is_near(a, b)]
    return {
        a: b
        for a, b in near
        if sum(a == one for one, _ in near) == 1 and sum(b == one for _, one in near) == 1
    }


def is_near(a: Key, b: Key) -> bool:
    """Whether two segments of a file share at least half of what they cover."""
    times = [at for kind, at in (*a[1:], *b[1:]) if kind == "time" and isinstance(at, Fraction)]
    if a[0] != b[0] or len(times) < 4:
        return False
    start, end, other_start, other_end = times
    if end <= start or other_end <= other_start:
        return False
    shared = min(end, other_end) - max(start, other_start)
    union = max(end, other_end) - min(start, other_start)
    return shared > 0 and shared / union >= Fraction(1, 2)


def settle(columns: frozenset[str], rows: Sequence[Line], sides: Mapping[str, Rows]) -> Outcome:
    """Merge each row on its own; rows that come to stand at one key are one conflict."""
    decided = [decide(line, sides) for line in rows]
    taken: dict[Key, list[int]] = {}
    for at, one in enumerate(decided):
        for place in {*one.ours, *one.theirs} if isinstance(one, Group) else one:
            taken.setdefault(place, []).append(at)
    clean: Rows = {}
    groups = []
    for together in joined(len(rows), taken.values()):
        first = decided[together[0]]
        if len(together) > 1:
            groups.append(meeting([rows[at] for at in together], sides))
        elif isinstance(first, Group):
            groups.append(first)
        else:
            clean.update(first)
    return Outcome(columns, clean, tuple(groups))


def joined(count: int, links: Iterable[Sequence[int]]) -> list[list[int]]:
    """Numbers in groups: two that are in one link are in one group."""
    group = list(range(count))
    for link in links:
        for at in link[1:]:
            one, other = group[link[0]], group[at]
            group = [one if name == other else name for name in group]
    return [[at for at in range(count) if group[at] == name] for name in dict.fromkeys(group)]


def meeting(rows: Sequence[Line], sides: Mapping[str, Rows]) -> Group:
    """Rows that meet at one key: each choice leaves those of its side."""
    keys = {side: [getattr(line, side) for line in rows] for side in SIDES}
    left = {side: {place: sides[side][place] for place in keys[side] if place is not None} for side in SIDES}
    return Group(left["base"], left["ours"], left["theirs"], exact=False)


def decide(line: Line, sides: Mapping[str, Rows]) -> Rows | Group:
    """What becomes of one row: where it is and what it says, nothing, or a conflict."""
    base, ours, theirs = (
        sides[side][place] if (place := getattr(line, side)) is not None else None for side in SIDES
    )
    if line.base is None or base is None:
        return decide_added(line, ours, theirs)
    if ours is None or theirs is None:
        left, where = (ours, line.ours) if ours is not None else (theirs, line.theirs)
        if left is None or where is None or (left == base and where == line.base):
            return {}
        kept = {where: left}
        return Group({line.base: base}, kept if ours is not None else {}, kept if theirs is not None else {})
    found = merge_cells(base, ours, theirs)
    left_at, right_at = line.ours, line.theirs
    assert left_at is not None
    assert right_at is not None
    if left_at == right_at or line.base in (left_at, right_at):
        where = right_at if left_at == line.base else left_at
        if not found.fields:
            return {where: found.ours}
        return Group({line.base: base}, {where: found.ours}, {where: found.theirs}, found.fields)
    return Group({line.base: base}, {left_at: found.ours}, {right_at: found.theirs}, found.fields)


def decide_added(line: Line, ours: Cells | None, theirs: Cells | None) -> Rows | Group:
    """A row that was not there before."""
    where = line.ours or line.theirs
    assert where is not None
    if ours is None or theirs is None:
        return {where: ours or theirs or {}}
    found = merge_cells(dict.fromkeys(ours, MISSING), ours, theirs)
    if not found.fields:
        return {where: found.ours}
    return Group({}, {where: found.ours}, {where: found.theirs}, found.fields)


@dataclass(frozen=True)
class Merged:
    """The cells of a row for either choice, and those in which the choices differ."""

    ours: Cells
    theirs: Cells
    fields: frozenset[str]


def merge_cells(base: Cells, ours: Cells, theirs: Cells) -> Merged:
    """Cell by cell: who changed it wins; two who changed it in different ways are in conflict."""
    left, right, fields = Cells(), Cells(), set[str]()
    for name, before in base.items():
        a, b = ours[name], theirs[name]
        if a != before and b not in (before, a):
            fields.add(name)
            left[name], right[name] = a, b
        else:
            left[name] = right[name] = b if a == before else a
    return Merged(left, right, frozenset(fields))
