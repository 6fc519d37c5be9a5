"""The three-way merge: its laws, and each case of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.changes import conflict, hunks, mergecolumns, mergedata, mergeorder
from audiodvc.changes import header as headers
from audiodvc.changes.conflict import Block, Conflict, Merged
from audiodvc.changes.merge import merge_table
from audiodvc.changes.mergeheader import merge_header
from audiodvc.errors import UsageError
from audiodvc.model import header, table
from audiodvc.model.spec import FILEWISE_LEVELS, INDEX, SEGMENTED_LEVELS, Spec

MANY = settings(max_examples=70)

SEGMENTED = Spec("t", "segmented", SEGMENTED_LEVELS, (("label", "str"), ("score", "float")))
FILEWISE = Spec("t", "filewise", FILEWISE_LEVELS, (("label", "str"), ("score", "float")))
MISC = Spec("t", "misc", (("speaker", "str"), ("take", "int")), (("label", "str"), ("score", "float")))
SPECS = (SEGMENTED, FILEWISE, MISC)

Row = tuple[str, ...]


def write(first: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Rows as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(first)
    writer.writerows(rows)
    return text.getvalue().encode()


def canonical(text: bytes, spec: Spec) -> bytes:
    """The table as `fmt` writes it."""
    return table.canonical(table.parse(text, "db.t.csv"), spec)


STARTS = ("0", "0 days 00:00:00", "1s", "0 days 00:00:01.000000000", "1.2s", "2s")
ENDS = ("", "2s", "2.2s", "0 days 00:00:03", "3s", "3.1s")
LABELS = ("", "happy", "sad", 'q"q', "two\nlines", "ünder,")
SCORES = ("", "1", "1.0", "0.25", "2")
FIRST, ROUNDS = 150, 10
"""How many small tables, each of its own file or speaker, are merged as one, and how often."""


def same_key(text: str) -> str:
    """A cell of a key that is the same for the same value."""
    seconds = text.removesuffix("s").removeprefix("0 days 00:00:")
    return str(float(seconds)) if seconds.replace(".", "").isdigit() else text


def key_of(random: Random, spec: Spec, one: int) -> Row:
    """A key of one of the small tables."""
    if spec.kind == "segmented":
        return f"ä,{one}.wav", random.choice(STARTS), random.choice(ENDS)
    if spec.kind == "misc":
        return f"ann {one}", random.choice(("1", "01", "2", "3"))
    return (f"{one}{random.choice('abcd')}.wav",)


def with_key(rows: list[Row], key: Row, cells: Row) -> list[Row]:
    """The rows and another one, unless they have its key."""
    known = {tuple(map(same_key, row[: len(key)])) for row in rows}
    return rows if tuple(map(same_key, key)) in known else [*rows, (*key, *cells)]


def small(random: Random, spec: Spec, one: int, names: Sequence[str]) -> list[Row]:
    """A few rows."""
    rows: list[Row] = []
    for _ in range(random.randrange(4)):
        rows = with_key(rows, key_of(random, spec, one), cells_of(random, names))
    return rows


def cells_of(random: Random, names: Sequence[str]) -> Row:
    """Cells that fit these columns."""
    return tuple(random.choice(SCORES if name == "score" else LABELS) for name in names)


def edited(random: Random, spec: Spec, one: int, rows: list[Row], names: Sequence[str]) -> list[Row]:
    """Rows with a few edits, or others."""
    if random.random() < 0.2:
        return small(random, spec, one, names)
    width, found = len(spec.levels), list[Row]()
    for row in rows:
        what = random.random()
        key, cells = row[:width], list(row[width:])
        if what < 0.2:
            key = key_of(random, spec, one)
        if 0.1 < what < 0.5 and cells:
            at = random.randrange(len(cells))
            cells[at] = cells_of(random, names)[at]
        if what < 0.9:
            found = with_key(found, key, tuple(cells))
    if random.random() < 0.3:
        found = with_key(found, key_of(random, spec, one), cells_of(random, names))
    return found


Trio = tuple[Spec, bytes, bytes, bytes]


@st.composite
def trios(draw: st.DrawFn) -> Trio:
    """Three texts of one table; now and then a side has another column, or one fewer."""
    random = Random(draw(st.integers(0, 2**32)))  # noqa: S311 - no secret
    spec = random.choice(SPECS)
    columns = random.random() < 0.3
    bases = [small(random, spec, one, ("label", "score")) for one in range(FIRST)]
    sides = [
        [edited(random, spec, one, rows, ("label", "score")) for one, rows in enumerate(bases)]
        for _ in range(2)
    ]
    texts = [text_of(random, spec, parts, columns=columns) for parts in (bases, *sides)]
    return spec, texts[0], texts[1], texts[2]


def text_of(random: Random, spec: Spec, parts: list[list[Row]], *, columns: bool) -> bytes:
    """The rows of all small tables in any order."""
    rows = [row for part in parts for row in part]
    random.shuffle(rows)
    names = ["label", "score"]
    if columns and random.random() < 0.3:
        rows, names = [row[:-1] for row in rows], names[:-1]
    if columns and random.random() < 0.3:
        names.append(random.choice(("note", "extra")))
        rows = [(*row, random.choice(LABELS)) for row in rows]
    return write((*spec.key, *names), rows)


def swapped(merged: Merged) -> Merged:
    """The same with the other names of the sides."""

    def other(one: Conflict) -> Conflict:
        return replace(one, ours=one.theirs, theirs=one.ours)

    blocks = tuple(
        replace(block, conflicts=tuple(map(other, block.conflicts)), ours=block.theirs, theirs=block.ours)
        for block in merged.blocks
    )
    text = merged.text
    for old, new in zip(merged.blocks, blocks, strict=True):
        text = text.replace(old.text(), new.text(), 1)
    return replace(merged, text=text, conflicts=tuple(map(other, merged.conflicts)), blocks=blocks)


def chosen(merged: Merged, side: str) -> bytes:
    """The text if every conflict is settled for one side."""
    text = merged.text
    for block in merged.blocks:
        text = text.replace(block.text(), getattr(block, side), 1)
    assert text == conflict.settled(merged.text, merged.blocks, lambda block: getattr(block, side))
    return text


def cells(text: bytes, spec: Spec) -> dict[Row, dict[str, str]]:
    """Key -> cells of a table in canonical form."""
    first, *rows = csv.reader(io.StringIO(canonical(text, spec).decode(), newline=""))
    found: dict[Row, dict[str, str]] = {}
    for row in rows:
        named = dict(zip(first, row, strict=True))
        found[tuple(named.pop(level) for level in spec.key)] = named
    return found


@given(trios())
@settings(max_examples=ROUNDS)
def test_the_laws_hold_whatever_both_sides_do(trio: Trio) -> None:
    """One merge of many small tables is held against all of them, as it is the merge that takes time."""
    spec, base, ours, theirs = trio
    merged = merge_table(base, ours, theirs, spec, "db.t.csv")
    check_nothing_changes_nothing(spec, base, ours)
    check_sides_may_change_places(merged, merge_table(base, theirs, ours, spec, "db.t.csv"))
    check_lines_are_no_other_way(trio)
    if not merged.is_left:
        check_form(merged, spec)
        check_edits(merged, trio)


def check_nothing_changes_nothing(spec: Spec, base: bytes, side: bytes) -> None:
    """A side that changed nothing leaves the other one, and what both changed alike is there once."""
    expected = Merged(canonical(side, spec))
    assert merge_table(base, side, base, spec, "db.t.csv") == expected
    assert merge_table(base, base, side, spec, "db.t.csv") == expected
    assert merge_table(base, side, side, spec, "db.t.csv") == expected


def check_sides_may_change_places(one: Merged, back: Merged) -> None:
    """But for their names nothing differs."""
    other = swapped(back)
    if one.is_left:
        assert other.is_left
        return
    assert one.text == other.text
    assert one.conflicts == other.conflicts


def check_lines_are_no_other_way(trio: Trio) -> None:
    """What all three have is left out of the merge where the texts allow it; quotes do not."""
    spec = trio[0]
    texts = [canonical(text, spec) for text in trio[1:]]
    quoted = [b'"file"' + text[4:] if text.startswith(b"file") else b'"speaker"' + text[7:] for text in texts]
    plain = merge_table(texts[0], texts[1], texts[2], spec, "db.t.csv")
    assert plain == merge_table(quoted[0], quoted[1], quoted[2], spec, "db.t.csv")


def check_form(merged: Merged, spec: Spec) -> None:
    """It is canonical and has no key twice; so is what either choice makes of conflicts but for places."""
    assert bool(merged.blocks) == bool(merged.conflicts)
    if not merged.conflicts:
        assert canonical(merged.text, spec) == merged.text
    for side in ("ours", "theirs"):
        parsed = table.parse(chosen(merged, side), "db.t.csv")
        assert not parsed.lossy
        assert table.repeated(parsed, spec) == []


def check_edits(merged: Merged, trio: Trio) -> None:
    """Taking one side in every conflict keeps all its edits, and those of the other side that are in none."""
    spec, base, ours, theirs = trio
    was, sides = cells(base, spec), {"ours": cells(ours, spec), "theirs": cells(theirs, spec)}
    told = {tuple(text for _, text in one.key) for one in merged.conflicts}
    for taken in sides:
        now = cells(chosen(merged, taken), spec)
        for name, side in sides.items():
            lost = list(losses(was, side, now, movable=spec is SEGMENTED))
            assert [key for key in lost if name == taken or key not in told] == []


def losses(
    was: dict[Row, dict[str, str]],
    side: dict[Row, dict[str, str]],
    now: dict[Row, dict[str, str]],
    *,
    movable: bool,
) -> Iterator[Row]:
    """The keys of rows that a side edited and that are not so now; of segments those that stayed."""
    if not movable:
        yield from (key for key in was.keys() - side.keys() if key in now)
    for key, row in side.items():
        before = was.get(key, {})
        if movable and key not in was:
            continue
        edits = {name: text for name, text in row.items() if text != before.get(name, "")}
        if key not in now:
            if not movable and (edits or key not in was):
                yield key
        elif any(now[key][name] != text for name, text in edits.items() if name in now[key]):
            yield key


def segments(*rows: str) -> bytes:
    """A segmented table of rows such as `a 0 1 happy 2`; `-` is missing."""
    lines = ([("" if cell == "-" else cell) for cell in row.split()] for row in rows)
    return write(("file", "start", "end", "label", "score"), (tuple(line) for line in lines))


BASE = segments("a 0s 10s happy 1", "b 0s 10s sad 2")


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (segments("a 0s 10s angry 1", "b 0s 10s sad 2"), segments("a 0s 10s happy 3", "b 0s 10s sad 2"),
         segments("a 0s 10s angry 3", "b 0s 10s sad 2")),
        (segments("a 1s 11s happy 1", "b 0s 10s sad 2"), segments("a 0s 10s angry 1", "b 0s 10s sad 2"),
         segments("a 1s 11s angry 1", "b 0s 10s sad 2")),
        (segments("a 1s 11s happy 1", "b 0s 10s sad 2"), segments("a 1s 11s angry 1", "b 0s 10s sad 2"),
         segments("a 1s 11s angry 1", "b 0s 10s sad 2")),
        (segments("a 0s 10s happy 1"), segments("b 0s 10s sad 2"), segments()),
        (BASE + b"c,0s,1s,x,\n", BASE + b"c,0s,1s,,3\n", BASE + b"c,0s,1s,x,3\n"),
        (BASE + b"c,0s,1s,x,1\n", BASE + b"c,0 days,1s,x,1.0\n", BASE + b"c,0s,1s,x,1\n"),
    ],
    ids=["two cells", "moved and relabelled", "moved alike", "both removed one", "complementary", "equal"],
)  # fmt: skip
def test_what_fits_together_is_merged(ours: bytes, theirs: bytes, expected: bytes) -> None:
    """Without a conflict."""
    assert merge_table(BASE, ours, theirs, SEGMENTED, "db.t.csv") == Merged(canonical(expected, SEGMENTED))


@pytest.mark.parametrize(
    ("ours", "theirs", "kinds"),
    [
        (segments("a 0s 10s x 1", "b 0s 10s sad 2"), segments("a 0s 10s y 1", "b 0s 10s sad 2"), ["cell"]),
        (segments("b 0s 10s sad 2"), segments("a 0s 10s y 1", "b 0s 10s sad 2"), ["row"]),
        (segments("a 1s 11s happy 1"), segments("a 0s 11s happy 1"), ["row"]),
        (segments("a 1s 11s happy 1", "b 0s 10s sad 2"), segments("b 0s 10s sad 2"), ["row"]),
        (segments("a 1s 11s happy 1", "b 0s 10s sad 2"), BASE + b"a,1s,11s,new,\n", ["row", "row"]),
        (BASE + b"c,0s,1s,x,1\n", BASE + b"c,0s,1s,y,1\n", ["cell"]),
    ],
    ids=["a cell", "removed and changed", "moved apart", "moved and removed", "moved onto", "both added"],
)
def test_what_does_not_fit_is_a_conflict(ours: bytes, theirs: bytes, kinds: list[str]) -> None:
    """Whose blocks have the base's rows."""
    merged = merge_table(BASE, ours, theirs, SEGMENTED, "db.t.csv")
    assert [one.kind for one in merged.conflicts] == kinds
    assert merged.text.count(b"<<<<<<< ours\n") == len(merged.blocks)
    assert merged.text.count(b"||||||| base\n") == len(merged.blocks)


def test_a_block_has_merged_cells_on_both_sides() -> None:
    """So that either choice loses nothing else."""
    ours, theirs = segments("a 0s 10s x 5", "b 0s 10s sad 2"), segments("a 0s 10s y 1", "b 0s 10s new 2")
    merged = merge_table(BASE, ours, theirs, SEGMENTED, "db.t.csv")
    assert chosen(merged, "ours") == canonical(segments("a 0s 10s x 5", "b 0s 10s new 2"), SEGMENTED)
    assert chosen(merged, "theirs") == canonical(segments("a 0s 10s y 5", "b 0s 10s new 2"), SEGMENTED)
    (one,) = merged.conflicts
    assert (one.field, one.base, one.ours, one.theirs) == ("label", "happy", "x", "y")
    assert dict(one.key)["end"] == "0 days 00:00:10.000000000"


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        (BASE + BASE.splitlines()[1] + b"\n", "ours: a key is given twice"),
        (BASE + b"c,0s\n", "ours, line 4: row has 2 cells, the first line 5"),
        (BASE.replace(b"b,0s", b"b,soon"), "ours: a cell of 'start' is no time"),
        (b"<<<<<<< x\n" + BASE, "ours, line 1: merge-conflict marker <<<<<<<"),
        (b"", "ours: there is no first line"),
        (BASE.replace(b"start", b"begin"), "the first lines do not agree about the key"),
        (BASE.replace(b"score", b"label"), "ours, line 1: a column stands twice"),
    ],
)
def test_what_has_no_meaning_is_left_to_lines(ours: bytes, why: str) -> None:
    """Whatever the other side did."""
    for sides in ((BASE, ours, BASE.replace(b"sad", b"x")), (BASE, ours, BASE)):
        merged = merge_table(*sides, SEGMENTED, "db.t.csv")
        assert merged == Merged(b"", (Conflict("db.t.csv", "text", field=why),), is_left=True)


def test_a_column_taken_out_against_its_cells_is_a_conflict() -> None:
    """Changed or added ones; where they stayed it is out."""
    without = write(SEGMENTED.names[:-1], [("a", "0s", "10s", "happy"), ("b", "0s", "10s", "sad")])
    for theirs in (BASE.replace(b"happy,1", b"happy,2"), BASE + b"c,0s,1s,,4\n"):
        merged = merge_table(BASE, without, theirs, SEGMENTED, "db.t.csv")
        assert merged == Merged(
            b"", (Conflict("db.t.csv", "column", (), "score", "", None, "changed"),), is_left=True
        )
    theirs = BASE.replace(b"sad", b"new") + b"c,0s,1s,,\n"
    merged = merge_table(BASE, without, theirs, SEGMENTED, "db.t.csv")
    assert merged.text.splitlines()[0] == b"file,start,end,label"
    assert not merged.conflicts


@pytest.mark.parametrize(
    ("side", "first", "cells"),
    [
        ("ours", b"file,start,end,label\n", [b"x", b"new", b"y"]),
        ("delete", b"file,start,end,label\n", [b"x", b"new", b"y"]),
        ("theirs", b"file,start,end,label,score\n", [b"x,1", b"new,9", b"y,3"]),
        ("base", b"file,start,end,label,score\n", [b"x,1", b"new,2", b"y,"]),
    ],
)
def test_a_side_is_right_about_a_column_and_nothing_else_is_lost(
    side: str, first: bytes, cells: list[bytes]
) -> None:
    """Ours took it out and moved a segment; theirs changed a cell of it, a label, and added a row."""
    ours = write(SEGMENTED.names[:-1], [("a", "1s", "11s", "x"), ("b", "0s", "10s", "sad")])
    theirs = BASE.replace(b"sad,2", b"new,9") + b"c,0s,1s,y,3\n"
    lost = merge_table(BASE, ours, theirs, SEGMENTED, "db.t.csv").conflicts
    plain = Spec("t", "segmented", SEGMENTED_LEVELS)
    merged = mergecolumns.settled((BASE, ours, theirs), plain, "db.t.csv", lost, side)
    assert merged.text.startswith(first)
    assert [line.split(b",", 3)[3] for line in merged.text.splitlines()[1:]] == cells
    assert b"a,0 days 00:00:01" in merged.text
    assert not merged.conflicts


UNCLEAR = b"""file,label
<<<<<<<<< ours
a,one
||||||||| base
a,was
=========
a,two
>>>>>>>>> theirs
b,x
c,x
"""


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        (b"a,one\n", b"a,two\n", ["cell"]),
        (b"a,was\n", b"a,two\n", ["cell"]),
        (b"a,three\n", b"a,three\n", []),
        (b"", b"a,was\n", ["row"]),
        (b"", b"", []),
    ],
    ids=["each its own", "back to what was", "the same", "removed by one", "removed by both"],
)
def test_a_base_with_conflicts_tells_nothing_of_their_rows(
    ours: bytes, theirs: bytes, found: list[str]
) -> None:
    """As after a criss-cross merge; what it says of all other rows stands."""
    head = b"file,label\n"
    merged = merge_table(UNCLEAR, head + ours + b"b,y\nc,x\n", head + theirs + b"b,x\n", None, "db.t.csv")
    assert [one.kind for one in merged.conflicts] == found
    assert merged.text.endswith(b"b,y\n")
    for side, rows in (("ours", ours), ("theirs", theirs)):
        assert chosen(merged, side) == head + rows + b"b,y\n"


@pytest.mark.parametrize(
    "base", [UNCLEAR.replace(b"=========\n", b""), UNCLEAR[11:], UNCLEAR.replace(b"a,two", b"<<<<<<< x")]
)
def test_a_base_whose_conflicts_are_no_rows_is_left_to_lines(base: bytes) -> None:
    """Nobody can say what it means."""
    assert merge_table(base, b"file,label\nb,x\n", b"file,label\nb,x\nc,x\n", None, "db.t.csv").is_left


def test_a_block_that_somebody_edited_hides_no_other_one() -> None:
    """Even if its last line is gone."""
    ours, theirs = (BASE.replace(b"happy", one).replace(b"sad", one) for one in (b"x", b"y"))
    merged = merge_table(BASE, ours, theirs, SEGMENTED, "db.t.csv")
    text = merged.text.replace(b">>>>>>> theirs\n", b"", 1)
    assert [part for part in conflict.parted(text, merged.blocks) if isinstance(part, Block)] == [
        merged.blocks[1]
    ]


def test_hunks_are_settled_for_a_side() -> None:
    """With lines of the base or without; what is no whole hunk stays."""
    text = b"a\n<<<<<<< HEAD\nb\n||||||| 12\nc\n=======\nd\ne\n>>>>>>> x\nf\n<<<<<<< HEAD\n"
    assert hunks.settled(text, "ours", "t") == b"a\nb\nf\n<<<<<<< HEAD\n"
    assert hunks.settled(text, "base", "t") == b"a\nc\nf\n<<<<<<< HEAD\n"
    short = text.replace(b"||||||| 12\nc\n", b"")
    assert hunks.settled(short, "theirs", "t") == b"a\nd\ne\nf\n<<<<<<< HEAD\n"
    with pytest.raises(UsageError, match="of the base do not stand in t"):
        hunks.settled(short, "base", "t")


def test_cells_of_an_index_go_with_their_bytes() -> None:
    """What one side says of other bytes is nothing to the bytes of the other one."""
    base, ours, theirs = (
        write(INDEX.names, [("a.wav", md5, size, "wav", "1", "8000", "16", "1.0")])
        for md5, size in (("aa", "1"), ("bb", "2"), ("cc", "3"))
    )
    merged = merge_table(base, ours, theirs, INDEX, "audio.media.csv")
    assert [(one.kind, one.field, one.ours, one.theirs) for one in merged.conflicts] == [
        ("media", "md5", "bb", "cc")
    ]
    assert chosen(merged, "theirs") == theirs
    described = base.replace(b"8000", b"16000")
    assert merge_table(base, ours, described, INDEX, "audio.media.csv") == Merged(ours)


def test_a_table_that_nobody_declares_is_told_by_its_first_line() -> None:
    """Its cells are text."""
    ours = BASE.replace(b"sad,2", b"sad,2.0")
    merged = merge_table(BASE, ours, BASE.replace(b"happy", b"x"), None, "db.t.csv")
    assert b"sad,2.0\n" in merged.text
    assert not merged.conflicts
    assert merge_table(b"k,v\n", b"k,v\n1,2\n", b"k,v\n", None, "db.t.csv").is_left


ORDERS = st.lists(st.sampled_from("abcdefg"), unique=True, max_size=6)


@MANY
@given(ORDERS, ORDERS, ORDERS)
def test_the_order_of_a_merge(base: list[str], ours: list[str], theirs: list[str]) -> None:
    """Everything that stays or came is there once, and nothing else; the laws of merging hold."""
    merged = mergeorder.merged(base, ours, theirs)
    assert merged == mergeorder.merged(base, theirs, ours)
    assert mergeorder.merged(base, ours, base) == mergeorder.merged(base, ours, ours) == ours
    kept = {*ours} & {*theirs} & {*base} | ({*ours} | {*theirs}) - {*base}
    assert sorted(merged) == sorted(kept)


SCALARS = st.sampled_from(["x", "y", 1, 1.0, True, None, "2024-01-01"])
LISTS = st.lists(st.sampled_from(["happy", "sad", "angry", 1]), unique=True, max_size=3)
SCHEME_OF = st.dictionaries(st.sampled_from("kl"), SCALARS, max_size=2)
SCHEMES = st.dictionaries(
    st.sampled_from(["s1", "s2", "s3"]),
    st.fixed_dictionaries(
        {}, optional={"dtype": SCALARS, "labels": LISTS, "minimum": SCALARS, "of": SCHEME_OF}
    ),
    max_size=3,
)
HEADERS = st.fixed_dictionaries(
    {"name": st.sampled_from(["d", "e"])},
    optional={
        "schemes": SCHEMES,
        "languages": LISTS,
        "tables": st.dictionaries(st.sampled_from(["t", "u"]), SCHEME_OF, max_size=2),
        "author": SCALARS,
    },
)
STYLES = st.sampled_from([None, False])


def dumped(data: object, style: bool | None) -> bytes:  # noqa: FBT001
    """A header as someone writes it."""
    return b"# A comment.\n" + yaml.safe_dump(data, sort_keys=False, default_flow_style=style).encode()


@MANY
@given(HEADERS, HEADERS, HEADERS, STYLES, STYLES)
def test_the_laws_of_a_header(
    base: object,
    ours: object,
    theirs: object,
    one: bool | None,  # noqa: FBT001
    other: bool | None,  # noqa: FBT001
) -> None:
    """Those of tables, and that each choice in all conflicts says what it should."""
    texts = dumped(base, one), dumped(ours, one), dumped(theirs, other)
    for sides in (
        (texts[0], texts[1], texts[0]),
        (texts[0], texts[0], texts[1]),
        (texts[0], texts[1], texts[1]),
    ):
        merged = merge_header(*sides, "db.yaml")
        assert not merged.conflicts
        assert headers.same(header.parse(merged.text).data, ours)
    merged, back = merge_header(*texts, "db.yaml"), merge_header(texts[0], texts[2], texts[1], "db.yaml")
    assert len(merged.conflicts) == len(back.conflicts)
    node = mergedata.merge(base, ours, theirs)
    assert bool(merged.conflicts) != node.is_clean
    if merged.is_left:
        return
    for side in ("ours", "theirs"):
        assert headers.same(header.parse(chosen(merged, side)).data, getattr(node, side))


def test_a_header_keeps_the_words_of_both_sides() -> None:
    """Comments and flow style stay where the other side changed something else."""
    base = b"# d\nname: d\nschemes:\n  # how\n  e: {dtype: str, labels: [a, b]}  # here\n  f: {dtype: int}\n"
    ours = base.replace(b"f: {dtype: int}", b"f: {dtype: float}").replace(b"name: d", b"name: e")
    theirs = base.replace(b"# how", b"# How").replace(b"[a, b]", b"[a, b, c]")
    merged = merge_header(base, ours, theirs, "db.yaml")
    assert merged == Merged(
        theirs.replace(b"f: {dtype: int}", b"f: {dtype: float}").replace(b"name: d", b"name: e")
    )


def test_header_conflicts_are_told_by_their_path() -> None:
    """A scalar with two values, a key that went here and was changed there."""
    base = b"name: d\nschemes:\n  e: {dtype: str}\n  f: {dtype: int}\n"
    ours = b"name: x\nschemes:\n  e: {dtype: str}\n"
    theirs = b"name: y\nschemes:\n  e: {dtype: str, labels: [a]}\n  f: {dtype: float}\n"
    merged = merge_header(base, ours, theirs, "db.yaml")
    said = {dict(one.key)["path"]: (one.base, one.ours, one.theirs) for one in merged.conflicts}
    assert said == {"name": ("d", "x", "y"), "schemes.f": ('{"dtype": "int"}', None, '{"dtype": "float"}')}
    assert chosen(merged, "ours") == b"name: x\nschemes:\n  e: {dtype: str, labels: [a]}\n"
    assert merge_header(base, b"- 1\n", theirs, "db.yaml").is_left
