"""The difference of two states: its laws, and a plain difference of rows that it agrees with."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.changes import header as headers
from audiodvc.changes import lines, pair, rows
from audiodvc.changes.apply import State, apply
from audiodvc.changes.diff import diff
from audiodvc.changes.rows import Rows, Shape
from audiodvc.model import scalar, snapshot, table
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.spec import INDEX, Spec

MANY = settings(max_examples=60)
CHEAP = settings(max_examples=200)
TODAY = date(2024, 1, 2)

Row = tuple[str, ...]

FILES = ("a.wav", "b.wav", "ä,b.wav")
TIMES = (
    "",
    "0 days 00:00:00",
    "0 days 00:00:01.000000000",
    "0 days 00:00:01",
    "2",
    "0 days 00:00:02.5",
    "3",
    "x",
)
LABELS = ("", "happy", "angry", "sad\nno", 'q"q', "ünder")
NUMBERS = ("", "1", "1.0", "1e0", "0.25", "-3", "x")


def header(kind: str, columns: Mapping[str, str]) -> str:
    """A header with one table of these columns and dtypes."""
    schemes = {name: {"dtype": dtype} for name, dtype in columns.items()}
    fields = {name: {"scheme_id": name} for name in columns}
    misc = {"levels": {"speaker": "str", "take": "int"}, "columns": fields}
    declared: dict[str, object] = {"name": "d", "source": "s", "usage": "other", "schemes": schemes}
    filed = {"type": kind, "columns": fields}
    declared |= {"misc_tables": {"t": misc}} if kind == "misc" else {"tables": {"t": filed}}
    return yaml.safe_dump(declared, sort_keys=False)


def levels(kind: str) -> tuple[str, ...]:
    """The levels of a kind of table."""
    kinds = {"filewise": ("file",), "segmented": ("file", "start", "end"), "misc": ("speaker", "take")}
    return kinds[kind]


def write(first: Iterable[str], lines: Iterable[Row], ending: str = "\n") -> str:
    """Rows as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=ending)
    writer.writerow(first)
    writer.writerows(lines)
    return text.getvalue()


def take(files: Mapping[str, str]) -> Snapshot:
    """A snapshot of texts."""
    return snapshot.take(dict.fromkeys(files, "file"), lambda path: files[path].encode(), TODAY)


def state(taken: Snapshot) -> State:
    """What a snapshot says."""
    whole = {name: pair.read(sheet, None).old for name, sheet in taken.tables.items()}
    return State(taken.header.data, whole, media_rows(taken))


def media_rows(taken: Snapshot) -> Rows:
    """The rows of all media indexes."""
    found = [rows.of_table(sheet.table, INDEX) for sheet in taken.media_indexes.values()]
    shape = Shape(INDEX.levels, INDEX.columns, sum(one.frame.height for one in found))
    return Rows(shape, pl.concat([rows.nothing(shape).frame, *(one.frame for one in found)]))


def listed(found: Rows) -> list[Row]:
    """Rows, sorted, with their columns in the order of their names."""
    columns = found.shape.columns
    names = [f"c{at}" for at in sorted(range(len(columns)), key=lambda at: columns[at])]
    keys = [name for name in found.frame.columns if name.startswith("k")]
    return sorted(found.frame.select(*keys, *names).rows())


def said(one: State) -> object:
    """A state as plain data, to be compared."""
    tables = {name: (sorted(found.shape.columns), listed(found)) for name, found in one.tables.items()}
    return one.header, tables, listed(one.media)


DTYPES = st.fixed_dictionaries(
    dict.fromkeys(("label", "number", "other"), st.sampled_from(("str", "float", "int")))
)


@st.composite
def datasets(draw: st.DrawFn, kind: str, dtypes: Mapping[str, str]) -> dict[str, str]:
    """A dataset of one table of a kind, with keys that may stand twice, in any form."""
    names = draw(st.lists(st.sampled_from(sorted(dtypes)), unique=True))
    keys = {"file": FILES, "start": TIMES, "end": TIMES, "speaker": FILES, "take": NUMBERS}
    cells = [
        *(st.sampled_from(keys[name]) for name in levels(kind)),
        *(st.sampled_from(NUMBERS if name == "number" else LABELS) for name in names),
    ]
    lines = draw(st.lists(st.tuples(*cells), max_size=8))
    text = write((*levels(kind), *names), lines, draw(st.sampled_from(("\n", "\n", "\r\n"))))
    return {"db.yaml": header(kind, {name: dtypes[name] for name in names}), "db.t.csv": text}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """Two states of a dataset, mostly of one kind."""
    kind, dtypes = draw(st.sampled_from(("filewise", "segmented", "misc"))), draw(DTYPES)
    other = draw(st.sampled_from((kind, kind, kind, "filewise", "segmented")))
    return draw(datasets(kind, dtypes)), draw(datasets(other, dtypes))


@MANY
@given(pairs())
def test_what_differs_is_what_a_plain_comparison_says(both: tuple[dict[str, str], dict[str, str]]) -> None:
    """A reference without frames, hashes and shortcuts finds the same rows; and apply(diff(a, b), a) is b."""
    a, b = map(take, both)
    difference = diff(a, b)
    assert said(apply(difference, state(a))) == said(state(b))
    found = [row for change in difference.tables for row in change.rows.rows()]
    old, new = (one.tables["t"].spec for one in (a, b))
    assert old is not None
    assert new is not None
    plain = reference(both[0]["db.t.csv"], old, both[1]["db.t.csv"], new)
    assert sorted(map(plainly, found)) == sorted(map(plainly, plain))


@given(pairs())
def test_canonical_form_is_no_difference(both: tuple[dict[str, str], dict[str, str]]) -> None:
    """The second law: what `fmt` writes says the same."""
    files, _ = both
    a = take(files)
    sheet = a.tables["t"]
    assert sheet.spec is not None
    formatted = table.canonical(sheet.table, sheet.spec).decode()
    found = diff(a, take({**files, "db.t.csv": formatted}))
    assert not found
    assert found.form_only == (("db.t.csv",) if formatted != files["db.t.csv"] else ())


Cells = dict[str, str]
Change = tuple[str, Cells, Cells | None, dict[str, list[str | None]]]


@pytest.mark.parametrize("seed", range(10))
def test_thousands_of_edits_are_found_one_by_one(seed: int) -> None:
    """In a long table rows come, go, move and change, here and there or everywhere."""
    chance = random.Random(seed)  # noqa: S311 - made data
    columns = {"label": "str", "number": "float"}
    before = [
        edited(chance, (f"{at // 3}.wav", str(at % 3), str(at % 3 + 1), "happy", "1")) for at in range(300)
    ]
    rate = chance.choice((0.02, 0.2, 0.9))
    after = [edited(chance, row) if chance.random() < rate else row for row in before]
    after = [row for row in after if chance.random() > rate / 4]
    if seed % 2:
        chance.shuffle(after)
    a, b = (write(("file", "start", "end", *columns), rows) for rows in (before, after))
    old, new = (take({"db.yaml": header("segmented", columns), "db.t.csv": text}) for text in (a, b))
    difference = diff(old, new)
    assert said(apply(difference, state(old))) == said(state(new))
    spec = old.tables["t"].spec
    assert spec is not None
    found = [row for change in difference.tables for row in change.rows.rows()]
    assert sorted(map(plainly, found)) == sorted(map(plainly, reference(a, spec, b, spec)))


LINES = st.lists(st.sampled_from([f"{at // 2},{at % 2}" for at in range(12)]), max_size=12)


@CHEAP
@given(LINES, LINES, st.lists(st.integers(0, 90), max_size=4), st.integers(0, 90))
def test_lines_that_both_have_are_left_out(a: list[str], b: list[str], gone: list[int], at: int) -> None:
    """What is left is what there is more of on one side, in its order, among many lines or few."""
    many = [f"{number},x" for number in range(100)]
    old = [*many[:at], *a, *many[at:]]
    new = [*(line for number, line in enumerate(many) if number not in gone and number < at), *b, *many[at:]]
    found = lines.rest(*("\n".join(["k,v", *rows, ""]).encode() for rows in (old, new)))
    repeated = {line for rows in (old, new) for line, count in Counter(rows).items() if count > 1}
    more, less = Counter(old) - Counter(new), Counter(new) - Counter(old)
    if found is None:
        assert repeated
        return
    left, right = (text.decode().splitlines()[1:] for text in (found.old, found.new))
    assert (Counter(left), Counter(right)) == (more, less)
    assert left == [line for line in old if line in more]
    assert right == [line for line in new if line in less]
    assert found.shared == len(new) - len(right)


def edited(chance: random.Random, row: Row) -> Row:
    """A row with any of its cells changed, but its file."""
    file, start, end, label, number = row
    if chance.random() < 0.5:
        return file, start, end, chance.choice(LABELS[:3]), number
    if chance.random() < 0.5:
        return file, f"{int(float(start))}.{chance.randrange(9)}", end, label, chance.choice(NUMBERS)
    return f"{chance.randrange(100)}.wav", start, end, label, number


def plainly(value: object) -> str:
    """A change as text, whatever the order of its names."""
    return json.dumps(value, sort_keys=True)


def reference(a: str, a_spec: Spec, b: str, b_spec: Spec) -> Iterator[Change]:
    """The rows that differ between two texts, in the plainest way."""
    dtypes = {**dict(a_spec.levels + a_spec.columns), **dict(b_spec.levels + b_spec.columns)}
    old, new = plain_rows(a, dtypes), plain_rows(b, dict(b_spec.levels + b_spec.columns))
    gone, come, pairs = old, new, list[tuple[Cells, Cells]]()
    if a_spec.key == b_spec.key:
        gone, come, pairs = matched(old, new, a_spec.key)
    if a_spec.kind == b_spec.kind == "segmented":
        near = [(x, y) for x in gone for y in come if is_moved(x, y)]
        moves = [(x, y) for x, y in near if sum(x is i for i, _ in near) == sum(y is j for _, j in near) == 1]
        gone = [row for row in gone if not any(row is x for x, _ in moves)]
        come = [row for row in come if not any(row is y for _, y in moves)]
        yield from (("move", keyed(x, a_spec), keyed(y, b_spec), edits(x, y, a_spec)) for x, y in moves)
    yield from (("change", keyed(x, a_spec), None, edits(x, y, a_spec)) for x, y in pairs)
    for row in gone:
        yield (
            "remove",
            keyed(row, a_spec),
            None,
            {n: [v, None] for n, v in row.items() if n not in a_spec.key},
        )
    for row in come:
        yield "add", keyed(row, b_spec), None, {n: [None, v] for n, v in row.items() if n not in b_spec.key}


def matched(
    old: list[Cells], new: list[Cells], key: tuple[str, ...]
) -> tuple[list[Cells], list[Cells], list[tuple[Cells, Cells]]]:
    """Rows of one key in their order, after those that are the same."""
    gone, come, pairs = [], list(new), []
    for row in old:
        twin = next((other for other in come if not edits(row, other)), None)
        if twin is None:
            gone.append(row)
        else:
            come = [other for other in come if other is not twin]
    for row in list(gone):
        twin = next((other for other in come if all(row[level] == other[level] for level in key)), None)
        if twin is not None:
            pairs.append((row, twin))
            gone = [other for other in gone if other is not row]
            come = [other for other in come if other is not twin]
    return gone, come, pairs


def plain_rows(text: str, dtypes: Mapping[str, str]) -> list[Cells]:
    """The rows of a text in canonical form."""
    return [
        {
            name: (scalar.canonical_cell(cell, dtypes[name]) or cell) if cell else ""
            for name, cell in row.items()
        }
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]


def keyed(row: Cells, spec: Spec) -> Cells:
    """The key of a row."""
    return {level: row[level] for level in spec.key}


def edits(old: Cells, new: Cells, spec: Spec | None = None) -> dict[str, list[str | None]]:
    """The cells that differ; the key counts where there is no spec."""
    names = {**new, **old}
    skipped = spec.key if spec else ()
    return {
        name: [old.get(name), new.get(name)]
        for name in names
        if name not in skipped and (old.get(name) or "") != (new.get(name) or "")
    }


def is_moved(old: Cells, new: Cells) -> bool:
    """Whether segments of one file share half of what they cover together."""
    times = [scalar.value(row[name], "time") for row in (old, new) for name in ("start", "end")]
    if old["file"] != new["file"] or not all(isinstance(time, int) for time in times):
        return False
    a, b, c, d = (int(str(time)) for time in times)
    return a < b and c < d and 2 * (min(b, d) - max(a, c)) >= max(b, d) - min(a, c)


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-2, 3), st.floats(width=16), st.sampled_from(LABELS))
NAMES = st.one_of(st.sampled_from(("a", "b.c", "", "ä")), st.integers(0, 2), st.booleans())
LISTS = st.one_of(LEAVES, st.lists(LEAVES, max_size=6), st.lists(st.lists(LEAVES, max_size=2), max_size=2))
TREES = st.one_of(
    LISTS, st.dictionaries(NAMES, st.one_of(LISTS, st.dictionaries(NAMES, LISTS, max_size=3)), max_size=3)
)


@CHEAP
@given(TREES, TREES)
def test_what_differs_in_a_header_makes_it_the_other(a: object, b: object) -> None:
    """Applied to the first, the changes give the second; and there are none only where both are the same."""
    changes = headers.compare(a, b)
    assert headers.same(headers.apply(changes, a), b)
    assert bool(changes) != headers.same(a, b)


@CHEAP
@given(st.lists(st.sampled_from("abcdef"), unique=True), st.data())
def test_labels_are_a_list_of_which_items_come_and_go(before: list[str], data: st.DataObject) -> None:
    """As long as those that stay keep their order, no change touches an item that stayed."""
    kept = [label for label in before if data.draw(st.booleans())]
    after = list(kept)
    for label in data.draw(st.lists(st.sampled_from("uvwxyz"), unique=True)):
        after.insert(data.draw(st.integers(0, len(after))), label)
    changes = headers.compare({"labels": before}, {"labels": after})
    ops = Counter((change.op, change.dotted) for change in changes)
    assert (
        ops
        == Counter({("add", "labels"): len(after) - len(kept), ("remove", "labels"): len(before) - len(kept)})
        - Counter()
    )
    assert headers.apply(changes, {"labels": before}) == {"labels": after}


INDEXES = st.dictionaries(
    st.sampled_from(("a/1.wav", "a/2.wav", "a/3.wav")), st.sampled_from(("x", "y", "z"))
)


def index_text(files: Mapping[str, str]) -> str:
    """A media index in which all but the objects is the same."""
    first = ("file", *(name for name, _ in INDEX.columns))
    lines = [(file, md5, "1", "wav", "1", "8000", "16", "1.5") for file, md5 in files.items()]
    return write(first, lines)


@given(INDEXES, INDEXES)
def test_media_that_differ_make_one_state_the_other(a: dict[str, str], b: dict[str, str]) -> None:
    """The first law holds for media, and a rename says where the same bytes went."""
    old, new = (take({"db.yaml": "name: d", "a.media.csv": index_text(files)}) for files in (a, b))
    found = diff(old, new)
    assert said(apply(found, state(old))) == said(state(new))
    for one in found.media.records():
        file = str(one["key"]["file"]) if isinstance(one["key"], dict) else ""
        if one["op"] == "move":
            assert isinstance(one["to"], dict)
            assert a[file] == b[one["to"]["file"]]
            assert file not in b
            assert one["to"]["file"] not in a
    renamed = Counter(a[file] for file in a.keys() - b.keys()) & Counter(
        b[file] for file in b.keys() - a.keys()
    )
    assert found.media.count("move") == renamed.total()


@given(pairs())
def test_a_state_does_not_differ_from_itself(both: tuple[dict[str, str], dict[str, str]]) -> None:
    """Nothing differs, even where all files were said to be others."""
    a = take(both[0])
    found = diff(a, take(both[0]), both[0].keys())
    assert not found or found.unreadable
    assert (found.header, found.tables) == ((), ())
