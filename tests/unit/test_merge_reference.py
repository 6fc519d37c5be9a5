"""The merge of tables against one that was written independently, by brute force."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.changes.conflict import Conflict, Merged
from audiodvc.changes.merge import merge_table
from audiodvc.model import table
from audiodvc.model.spec import FILEWISE_LEVELS, SEGMENTED_LEVELS, Kind, Spec, Typed
from tests import merge_reference as reference
from tests.merge_reference import Cells, Group, Key, Outcome, Rows

PATH = "db.t.csv"
COLUMNS = (("label", "str"), ("number", "float"), ("yes", "bool"))
LEVELS: Mapping[Kind, Typed] = {
    "filewise": FILEWISE_LEVELS,
    "segmented": SEGMENTED_LEVELS,
    "misc": (("speaker", "str"), ("take", "int")),
}
WHOLE = ("text", "column", "table")
"""Kinds of conflicts of which no row is merged."""

Row = dict[str, str]
Random = random.Random


class Sample(NamedTuple):
    """Three texts of a table, and what its header says."""

    base: bytes
    ours: bytes
    theirs: bytes
    spec: Spec

    def swapped(self) -> Sample:
        """The same with the sides the other way round."""
        return Sample(self.base, self.theirs, self.ours, self.spec)


# -- the merge against the reference ---------------------------------------------------------------


@settings(max_examples=50)
@given(st.integers(0, 2**32))
def test_small_tables_are_merged_as_the_reference_does(seed: int) -> None:
    """A few rows of any kind, in which every edit may meet every other one."""
    check(sample(Random(seed), rows=6, edits=4))


@settings(max_examples=50)
@given(st.integers(0, 2**32))
def test_segments_of_one_file_are_merged_as_the_reference_does(seed: int) -> None:
    """Segments that move onto each other, and away from each other, on both sides."""
    check(sample(Random(seed), rows=4, edits=6, kind="segmented", files=1))


@pytest.mark.parametrize("kind", LEVELS)
@pytest.mark.parametrize("seed", range(10))
def test_thousands_of_rows_are_merged_as_the_reference_does(kind: Kind, seed: int) -> None:
    """Rows of a hundred files: of each the edits meet in another way."""
    check(sample(Random(seed), rows=150, edits=110, kind=kind, files=100))


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_what_is_no_table_of_rows_is_left_to_git(seed: int) -> None:
    """A row too short, a key given twice, a marker, or another key in any of the texts."""
    chance = Random(seed)
    found = sample(chance, rows=5, edits=2)
    texts = [found.base, found.ours, found.theirs]
    at = chance.randrange(3)
    texts[at] = broken(chance, texts[at])
    check(Sample(texts[0], texts[1], texts[2], found.spec))


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_a_side_that_changed_nothing_leaves_the_other_one(seed: int) -> None:
    """The first law, but for the form: merge(b, x, b) = merge(b, b, x) = merge(b, x, x) = x."""
    found = sample(Random(seed), rows=6, edits=4)
    base, ours, _, spec = found
    if plain(found) is None or not base:
        return
    wanted = table.canonical(table.parse(ours, PATH), spec)
    for texts in ((base, ours, base), (base, base, ours), (base, ours, ours)):
        merged = merge_table(*texts, spec, PATH)
        assert merged.conflicts == ()
        assert rows_of(merged.text, spec) == rows_of(wanted, spec)


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_the_sides_may_be_swapped(seed: int) -> None:
    """The second law: merge(b, x, y) = merge(b, y, x) up to the names of the sides."""
    found = sample(Random(seed), rows=6, edits=4)
    one, other = merged_of(found), merged_of(found.swapped())
    assert len(one.conflicts) == len(other.conflicts)
    if plain(found) is not None:
        there, back = taken(one, found.spec), taken(other, found.spec)
        assert there == {**back, "ours": back["theirs"], "theirs": back["ours"]}


def check(found: Sample) -> None:
    """Hold one merge against the reference, cell by cell."""
    merged, wanted = merged_of(found), plain(found)
    if wanted is None:
        assert merged.conflicts
        assert {one.kind for one in merged.conflicts} <= set(WHOLE)
        return
    assert not {one.kind for one in merged.conflicts} & set(WHOLE)
    assert {one.path for one in merged.conflicts} <= {PATH}
    wanted = as_far_as_wanted(wanted, merged, found.spec)
    check_choices(merged, wanted, found.spec)
    check_conflicts(merged.conflicts, wanted, found.spec)
    if not merged.conflicts:
        assert merged.text == table.canonical(table.parse(merged.text, PATH), found.spec)


def check_choices(merged: Merged, wanted: Outcome, spec: Spec) -> None:
    """Each choice of a side in every conflict leaves the rows that it should."""
    for side, rows in taken(merged, spec).items():
        expected = dict(wanted.rows)
        vague: set[Key] = set()
        for group in wanted.groups:
            left: Rows = getattr(group, side)
            expected.update(left)
            vague |= set() if group.exact else set(left)
        assert rows.keys() == expected.keys(), side
        for key, cells in rows.items():
            assert key in vague or same(cells, expected[key]), (side, key)
    outside = rows_of(b"".join(part for part, in_block in parts(merged.text) if not in_block), spec)
    assert outside.keys() == wanted.rows.keys()


def check_conflicts(conflicts: Iterable[Conflict], wanted: Outcome, spec: Spec) -> None:
    """Every conflict is told, with its cell and values, and no other one is."""
    told = list(conflicts)
    for group in wanted.groups:
        mine = [one for one in told if key_of(one, spec) in group.keys]
        assert mine
        told = [one for one in told if one not in mine]
        if group.exact:
            check_cells(mine, group, spec)
    assert told == []


def check_cells(conflicts: Sequence[Conflict], group: Group, spec: Spec) -> None:
    """Conflicts of cells are those of the group, with the values that each side gives."""
    cells = [one for one in conflicts if one.kind == "cell"]
    if group.base and len(group.ours) == len(group.theirs) == 1 and group.ours.keys() == group.theirs.keys():
        assert {one.field for one in cells} == set(group.fields)
    for one in cells:
        name = one.field or ""
        assert name in group.fields
        for side, said in (("base", one.base), ("ours", one.ours), ("theirs", one.theirs)):
            row: Rows = getattr(group, side)
            there = next(iter(row.values()), {}).get(name, reference.MISSING)
            assert not isinstance(said, Mapping)
            assert reference.value(said or "", spec.dtype(name)) == there


def as_far_as_wanted(wanted: Outcome, merged: Merged, spec: Spec) -> Outcome:
    """Rows that meet, and of which both sides have the same, may be taken without a conflict."""
    told = {key_of(one, spec) for one in merged.conflicts}
    agreed = [one for one in wanted.groups if one.ours == one.theirs and not one.keys & told]
    rows = dict(wanted.rows)
    for group in agreed:
        rows.update(group.ours)
    return Outcome(wanted.columns, rows, tuple(one for one in wanted.groups if one not in agreed))


def same(cells: Cells, other: Cells) -> bool:
    """Whether two rows say the same, whatever columns are missing in one of them."""
    names = {*cells, *other}
    return all(cells.get(name, reference.MISSING) == other.get(name, reference.MISSING) for name in names)


def plain(found: Sample) -> Outcome | None:
    """What the reference gives; None where it does not merge."""
    dtypes = dict((*found.spec.levels, *found.spec.columns))
    try:
        return reference.merge(found.base, found.ours, found.theirs, dtypes, found.spec.key)
    except (ValueError, csv.Error, IndexError):
        return None


def merged_of(found: Sample) -> Merged:
    """What audiodvc gives."""
    return merge_table(found.base, found.ours, found.theirs, found.spec, PATH)


def key_of(conflict: Conflict, spec: Spec) -> Key:
    """The key of a conflict by what it means."""
    texts = dict(conflict.key or ())
    return tuple(reference.value(texts[level], dtype) for level, dtype in spec.levels)


# -- reading a merged text -------------------------------------------------------------------------


def taken(merged: Merged, spec: Spec) -> dict[str, Rows]:
    """The rows of a merged text for each choice of a side in all of its conflicts."""
    return {side: rows_of(chosen(merged.text, side), spec) for side in reference.SIDES}


def rows_of(text: bytes, spec: Spec) -> Rows:
    """The rows of a text without conflicts."""
    return reference.read(text, dict((*spec.levels, *spec.columns)), spec.key).rows


def chosen(text: bytes, side: str) -> bytes:
    """A merged text with one side of each conflict."""
    kept = []
    for part, in_block in parts(text):
        if in_block:
            found = BLOCK.fullmatch(part)
            assert found is not None
            kept.append(found[side])
        else:
            kept.append(part)
    return b"".join(kept)


BLOCK = re.compile(
    rb"<{7} [^\n]*\n(?P<ours>.*?)\|{7} [^\n]*\n(?P<base>.*?)={7}\n(?P<theirs>.*?)>{7} [^\n]*\n", re.DOTALL
)


def parts(text: bytes) -> Iterator[tuple[bytes, bool]]:
    """What stands between conflicts, and the conflicts."""
    at = 0
    for found in BLOCK.finditer(text):
        yield text[at : found.start()], False
        yield found[0], True
        at = found.end()
    yield text[at:], False


# -- making samples --------------------------------------------------------------------------------


def sample(chance: Random, *, rows: int, edits: int, kind: Kind | None = None, files: int = 2) -> Sample:
    """A table, and two edited copies of it that overlap in what they change."""
    kinds: list[Kind] = list(LEVELS)
    one = chance.choice(kinds) if kind is None else kind
    levels = LEVELS[one]
    columns = [name for name, _ in COLUMNS if chance.random() < 0.8]
    base = distinct([new_row(chance, one, columns, files) for _ in range(rows)], levels)
    sides = [edited(chance, base, one, columns, edits, files) for _ in range(2)]
    texts = [write(chance, levels, *side) for side in sides]
    before = b"" if chance.random() < 0.05 else write(chance, levels, base, columns)
    declared = tuple(entry for entry in COLUMNS if chance.random() < 0.9)
    return Sample(before, texts[0], texts[1], Spec("t", one, levels, declared))


def new_row(chance: Random, kind: Kind, columns: Iterable[str], files: int) -> Row:
    """A row with a key that is likely to be near another one."""
    file = f"{chance.randrange(files)}, {'ä' if files < 3 else 'x'}.wav"
    start = chance.randrange(6)
    keys: Mapping[Kind, Row] = {
        "filewise": {"file": f"{chance.randrange(3 * files)}.wav"},
        "segmented": {"file": file, "start": str(start), "end": str(start + chance.choice((2, 3, 4)))},
        "misc": {"speaker": f"s{chance.randrange(files)}", "take": str(chance.randrange(4))},
    }
    row = dict(keys[kind])
    if kind == "segmented" and chance.random() < 0.1:
        row["end"] = ""
    return row | {name: new_cell(chance, name) for name in columns}


def new_cell(chance: Random, name: str) -> str:
    """A cell of a column, in any form."""
    known: Mapping[str, Sequence[str]] = {
        "label": ("happy", "angry", "", "sad\nno", 'q"q, r', "nan"),
        "number": ("1", "1.0", "1e0", "0.25", "-3", "", "nan", "x"),
        "yes": ("True", "true", "False", ""),
        "extra": ("a", "b", ""),
    }
    return chance.choice(known[name])


def distinct(rows: Iterable[Row], levels: Typed) -> list[Row]:
    """The rows without those whose key stood before."""
    return list({tuple(row[name] for name, _ in levels): row for row in rows}.values())


def edited(  # noqa: PLR0913, PLR0917 - what a made table consists of
    chance: Random, base: Iterable[Row], kind: Kind, columns: Iterable[str], edits: int, files: int
) -> tuple[list[Row], list[str]]:
    """A copy with rows added, removed, moved and changed, and maybe a column more or less."""
    rows, names = [dict(row) for row in base], list(columns)
    if chance.random() < 0.25:
        names.append("extra")
        rows = [row | {"extra": new_cell(chance, "extra")} for row in rows]
    if names and chance.random() < 0.1:
        names.remove(chance.choice(names))
    for _ in range(chance.randrange(edits + 1)):
        at = chance.randrange(len(rows)) if rows else 0
        what = chance.random()
        if what < 0.2 or not rows:
            rows.append(new_row(chance, kind, names, files))
        elif what < 0.35:
            del rows[at]
        elif what < 0.6 and kind == "segmented":
            rows[at] = moved(chance, rows[at])
        elif names:
            name = chance.choice(names)
            rows[at] = rows[at] | {name: new_cell(chance, name)}
    if chance.random() < 0.3:
        chance.shuffle(names)
    return distinct(rows, LEVELS[kind]), names


def moved(chance: Random, row: Row) -> Row:
    """A segment that starts or ends elsewhere."""
    level = chance.choice(("start", "end"))
    at = float(row[level] or 9)
    return row | {level: f"{max(at + chance.choice((-1, -0.5, 0.5, 1)), 0):g}"}


def write(chance: Random, levels: Typed, rows: Iterable[Row], columns: Sequence[str]) -> bytes:
    """Rows as CSV in a form of their own: order, ends of lines, and how times and numbers are written."""
    names = [*(name for name, _ in levels), *columns]
    lines = list(rows)
    if chance.random() < 0.4:
        chance.shuffle(lines)
    text = io.StringIO()
    ending = "\r\n" if chance.random() < 0.1 else "\n"
    quoted = chance.random() < 0.3
    writer = csv.writer(text, lineterminator=ending, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerow(names)
    form = chance.randrange(4)
    writer.writerows(
        [written(row[name], dict(levels).get(name, ""), form) for name in names] for row in lines
    )
    return text.getvalue().encode()


def written(cell: str, dtype: str, form: int) -> str:
    """A cell of the key in one of its forms."""
    if dtype == "int" and form == 1:
        return f"{cell}.0"
    if dtype != "time" or not cell:
        return cell
    clock = f"00:00:{float(cell):04.1f}"
    return (f"0 days {clock}", f"{cell}s", f"0 days {clock}00000000", f"{float(cell) * 1000:g}ms")[form]


def broken(chance: Random, text: bytes) -> bytes:
    """A text with one fault."""
    first, _, rest = text.partition(b"\n")
    kind = chance.randrange(4)
    if kind == 0:
        return text + b"a\n"
    if kind == 1:
        return text + b"<<<<<<< ours\n"
    if kind == 2:
        return first.replace(first.split(b",")[0], b"other", 1) + b"\n" + rest
    return text + rest
