"""Tables are read with places, and written in one form that means the same."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import audformat
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from audiodvc.errors import FormatError
from audiodvc.finding import Place
from audiodvc.model import scan, table
from audiodvc.model.spec import SEGMENTED_LEVELS, Spec

SPEC = Spec(
    "labels",
    "segmented",
    SEGMENTED_LEVELS,
    (("label", "str"), ("score", "float"), ("count", "int"), ("ok", "bool"), ("when", "date")),
)
LOOSE = st.text('a1\u00e9,"\n\r \x00', max_size=40)
CELLS = st.one_of(st.text('a1\u00e9,"\n\r \x00#', max_size=4), st.text(max_size=3)).filter(
    lambda cell: "=" not in cell
)
FORMS = {
    "file": ["a.wav", "b.wav", "\u00e9.wav", "Z.wav", ""],
    "start": ["0s", "1s", "00:00:01", "0 days 00:00:01.500000000", "0 days 00:00:01.5", "x", "NaT", ""],
    "end": ["2s", "2000ms", "0 days 00:00:02", "-1s", ""],
    "label": ["happy", "sad, but", 'so "so"', "two\nlines", "nan", " x ", ""],
    "score": ["1", "1.0", "0.50", "1e-7", "nan", "y", ""],
    "count": ["7", "007", "-1", "1.0", ""],
    "ok": ["True", "true", "0", "maybe", ""],
    "when": ["2020-01-01", "2020-01-01T10:20", "20200101", "1500-01-01", "later", ""],
}


@st.composite
def written(draw: st.DrawFn) -> bytes:
    """A table of SPEC in any form: order of columns and rows, quotes, line ends, byte-order mark."""
    names = draw(st.permutations(SPEC.names))
    rows = draw(st.lists(st.tuples(*(st.sampled_from(FORMS[name]) for name in names)), max_size=6))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    file = io.StringIO(newline="")
    minimal = csv.writer(file, lineterminator=end)
    every = csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL)
    (every if draw(st.booleans()) else minimal).writerows([names, *rows])
    text = file.getvalue().removesuffix(draw(st.sampled_from(["", end])))
    return (draw(st.sampled_from(["", "\ufeff"])) + text).encode()


@given(written())
def test_canonical_form_is_its_own_canonical_form_and_means_the_same(data: bytes) -> None:
    """Whatever form a table had."""
    read = table.parse(data, "db.labels.csv")
    form = table.canonical(read, SPEC)
    again = table.parse(form, "db.labels.csv")
    assert again.findings == ()
    assert again.columns == SPEC.names
    assert table.canonical(again, SPEC) == form
    assert table.same_meaning(read, again, SPEC)


@given(written())
def test_rows_stand_in_the_order_of_their_keys(data: bytes) -> None:
    """Times by value, text by bytes, missing last."""
    read = table.parse(table.canonical(table.parse(data, "p"), SPEC), "p")
    order = [
        tuple((value is None, value.encode() if isinstance(value, str) else value or 0) for value in row)
        for row in table.keys(read, SPEC).rows()
    ]
    assert order == sorted(order)


@given(st.one_of(LOOSE.map(str.encode), st.binary(max_size=40), st.text("a,\n", max_size=30).map(str.encode)))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"\n\n\n")
@example(b"a\n" + b"," * 20000 + b"\n")
@example(b"," * 20000 + b"\n")
@example(b"a\r")
@example(b'""\n""')
@example(b"a,b\n1,2\n<<<<<<< x\n")
@example(b"\x00\n\xff")
def test_any_bytes_are_read(data: bytes) -> None:
    """What is wrong is found; what is lossless has a canonical form; every cell has a place in its line."""
    read = table.parse(data, "p")
    assert list(read.findings) == sorted(read.findings)
    assert read.frame.width == len(read.columns)
    assert len(read.lines) == read.frame.height
    if read.lossy:
        assert read.findings
        return
    form = table.canonical(read, SPEC)
    assert table.same_meaning(read, table.parse(form, "p"), SPEC)


@given(
    st.one_of(
        st.text("ab,\n", max_size=30), st.text('ab,"\n', max_size=30), st.text('a,"\n\r\u00e9', max_size=30)
    )
)
def test_polars_and_our_own_scanner_read_alike(text: str) -> None:
    """Wherever polars is let to it."""
    data = text.encode()
    split = table._split_quoted(data) if b'"' in data else table._split(data)  # noqa: SLF001
    assume(data and b"\r" not in data and split is not None)
    assert split is not None
    scanned = table._scanned(data)  # noqa: SLF001
    assert split.columns == scanned.columns
    assert split.frame.equals(scanned.frame)
    assert split.lines.to_list() == scanned.lines.to_list()
    assert list(split.faults) == list(scanned.faults)
    assert (split.head, split.lossy) == (scanned.head, scanned.lossy)
    missing = [None] * split.frame.height
    assert (missing if split.raw is None else split.raw.to_list()) == (
        missing if scanned.raw is None else scanned.raw.to_list()
    )


@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)
    )
)
def test_what_is_dumped_is_read_back(rows: list[list[str]]) -> None:
    """Any cells in any number of columns; and it is what the csv module would write."""
    width = len(rows[0])
    columns, body = rows[0], rows[1:]
    frame = pl.DataFrame({f"c{at}": [row[at] for row in body] for at in range(width)}, schema_overrides=None)
    data = table.dump(columns, frame.cast(pl.String))
    read = table.parse(data, "p")
    assert read.findings == ()
    assert (read.columns, read.frame.rows()) == (tuple(columns), [tuple(row) for row in body])
    assert table.dump(read.columns, read.frame) == data
    if "\r" not in data.decode():
        file = io.StringIO(newline="")
        csv.writer(file, lineterminator="\n").writerows(rows)
        assert data.decode() == file.getvalue()


@given(LOOSE)
def test_a_cell_stands_where_its_place_says(text: str) -> None:
    """Read from the text again, line and column give the content of the cell."""
    read = table.parse(text.encode(), "p")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for row in range(read.frame.height):
        for column in range(len(read.columns)):
            at = table.place(read, row, column)
            content = read.frame.item(row, column).replace("\r\n", "\n").replace("\r", "\n").split("\n")[0]
            assert lines[at.line - 1][at.column - 1 :].replace('""', '"').startswith(content)
    for column, name in enumerate(read.columns):
        at = table.head_place(read, column)
        content = name.replace("\r\n", "\n").replace("\r", "\n").split("\n")[0]
        assert lines[at.line - 1][at.column - 1 :].replace('""', '"').startswith(content)


@pytest.mark.parametrize(
    ("data", "findings"),
    [
        (b"a,b\n1,2\n", []),
        (b"\xef\xbb\xbfa,b\n", [(1, 1, "AF001")]),
        (b"a,b\n1,\xff\n\xff\n", [(2, 3, "AF001")]),
        (b"a,b\r\n1,2\r\n", [(1, 4, "AF002")]),
        (b'a,b\r\n1,"2"\r\n', [(1, 4, "AF002")]),
        (b"a,b\r1,2\r", [(1, 4, "AF002")]),
        (b"a,b\n1,2", [(2, 4, "AF002")]),
        (b'a,b\n1,"2\n', [(2, 3, "AF003")]),
        (b'a,b\n1,2"\n', [(2, 4, "AF003")]),
        (b"a,b\n1\n2,3\n4,5,6\n\n", [(2, 1, "AF005"), (4, 1, "AF005"), (5, 1, "AF005")]),
        (b"a,b\n1,2,3\n4,5,6\n", [(2, 1, "AF005")]),
        (b"a\n1\n\n2\n", [(3, 1, "AF005")]),
        (b"a,b\n<<<<<<< x\n1\n=======\n>>>>>>> y\n\xff", [(2, 1, "AM001"), (4, 1, "AM001"), (5, 1, "AM001")]),
    ],
)
def test_each_fault_of_form_is_one_finding(data: bytes, findings: list[tuple[int, int, str]]) -> None:
    """At its place; rows that all have another width than the first line are one fault."""
    found = table.parse(data, "p").findings
    assert [(finding.line, finding.column, finding.code) for finding in found] == findings


def test_rows_of_bad_form_are_left_out_and_the_others_keep_their_lines() -> None:
    """A quoted cell may have several lines."""
    read = table.parse(b'a,b\n"x\ny",1\n2\n3,4\n', "p")
    assert read.column("a").to_list() == ["x\ny", "3"]
    assert read.lines.to_list() == [2, 5]
    assert table.place(read, 0, "b") == Place(3, 4)


def test_a_column_name_may_stand_twice_or_be_a_pattern() -> None:
    """Columns are found by position, and by name the first of that name."""
    read = table.parse(b"^.*$,a,a\n1,2,3\n", "p")
    assert read.column("^.*$").to_list() == ["1"]
    assert (read.column("a").to_list(), read.column(2).to_list()) == (["2"], ["3"])
    assert table.canonical(read, SPEC) == b"^.*$,a,a\n1,2,3\n"


def test_a_column_named_like_a_level_is_never_lost() -> None:
    """Such a header is a finding of its own; the table keeps what it has."""
    odd = Spec("odd", "filewise", (("file", "str"),), (("file", "str"), ("a", "str")))
    assert table.canonical(table.parse(b"a,file,file\n1,2,3\n", "p"), odd) == b"a,file,file\n1,2,3\n"
    assert table.canonical(table.parse(b"a,file\n1,2\n", "p"), odd) == b"file,a\n2,1\n"


def test_an_empty_file_is_a_table_without_columns() -> None:
    """That it lacks a first line is another rule's finding."""
    read = table.parse(b"", "p")
    assert (read.columns, read.findings, read.lossy) == ((), (), False)


def test_a_cell_that_is_too_large_is_found() -> None:
    """Also where polars would have read it."""
    read = table.parse(b"a,b\n1," + b"x" * (scan.LARGEST_CELL + 1) + b"\n2,3\n", "p")
    assert [(finding.line, finding.column, finding.code) for finding in read.findings] == [(2, 3, "AF003")]
    assert read.frame.rows() == [("2", "3")]


def test_a_table_with_rows_that_cannot_be_read_has_no_canonical_form() -> None:
    """The error names every place; blank lines and line ends are mended."""
    with pytest.raises(FormatError) as caught:
        table.canonical(table.parse(b"file,b\n1\n2,3\n", "db.x.csv"), SPEC)
    assert caught.value.details == ("db.x.csv:2:1: AF005 row has 1 cell, the first line 2",)
    assert table.canonical(table.parse(b"\xef\xbb\xbfa,b\r\n\r\n1,2", "p"), SPEC) == b"a,b\n1,2\n"


def test_unknown_columns_leave_the_order_of_columns_as_it_is() -> None:
    """Known cells still get their form, and rows their order if the key is whole."""
    read = table.parse(b"score,file,note,start,end\n1,b.wav,007,0s,1s\n2,a.wav,x,0s,1s\n", "p")
    assert table.canonical(read, SPEC).decode().splitlines() == [
        "score,file,note,start,end",
        "2.0,a.wav,x,0 days 00:00:00.000000000,0 days 00:00:01.000000000",
        "1.0,b.wav,007,0 days 00:00:00.000000000,0 days 00:00:01.000000000",
    ]


@given(written(), st.data())
def test_another_cell_is_another_meaning(data: bytes, draws: st.DataObject) -> None:
    """However small the change."""
    read = table.parse(data, "p")
    assume(read.frame.height)
    row = draws.draw(st.integers(0, read.frame.height - 1))
    at = read.position("label")
    labels = read.column(at).to_list()
    labels[row] += "!"
    frame = read.frame.with_columns(pl.Series(f"c{at}", labels))
    other = table.parse(table.dump(read.columns, frame), "p")
    assert not table.same_meaning(read, other, SPEC)


@given(written())
def test_a_repeated_key_is_found_at_the_later_row(data: bytes) -> None:
    """By value, so that 1s and 00:00:01 are one start."""
    read = table.parse(data, "p")
    first: dict[tuple[object, ...], int] = {}
    expected = []
    for row, (key, start) in enumerate(zip(table.keys(read, SPEC).rows(), read.column("start"), strict=True)):
        if start != "x":
            earlier = first.setdefault(key, row)
            expected += [(row, earlier)] if earlier != row else []
    assert table.repeated(read, SPEC) == expected


@given(st.text("a\u00e9\n", max_size=9), st.text("a\u00e9\n", max_size=9))
def test_the_first_difference_is_a_place_in_the_text(text: str, form: str) -> None:
    """None if there is none."""
    found = table.first_difference(text.encode(), form.encode())
    if text == form:
        assert found is None
        return
    same = next(
        (at for at, (a, b) in enumerate(zip(text, form, strict=False)) if a != b), min(len(text), len(form))
    )
    before = text[:same].split("\n")
    assert found == Place(len(before), len(before[-1]) + 1)


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_audformat_loads_the_canonical_form_with_the_same_values(data: st.DataObject) -> None:
    """A segmented table of readable cells, in any form of them."""
    cells = {
        "file": ["b.wav", "a.wav", "c.wav"],
        "start": data.draw(
            st.lists(st.sampled_from(["1s", "0 days 00:00:01", "1500ms", "0"]), min_size=3, max_size=3)
        ),
        "end": ["2s", "", "00:00:03"],
        "label": data.draw(st.lists(st.sampled_from(["x", "a, b", "", 'q"q']), min_size=3, max_size=3)),
        "score": data.draw(st.lists(st.sampled_from(["1", "0.50", "1e-7", ""]), min_size=3, max_size=3)),
        "count": data.draw(st.lists(st.sampled_from(["007", "-1", ""]), min_size=3, max_size=3)),
        "ok": data.draw(st.lists(st.sampled_from(["true", "0", ""]), min_size=3, max_size=3)),
        "when": data.draw(
            st.lists(st.sampled_from(["2020-01-01T10:20", "2020-01-01", ""]), min_size=3, max_size=3)
        ),
    }
    before = table.dump(SPEC.names, pl.DataFrame(cells))
    after = table.canonical(table.parse(before, "p"), SPEC)
    left, right = loaded(before).sort_index(), loaded(after)
    assert list(left.index) == list(right.index)
    assert left.astype(str).equals(right.astype(str))


def loaded(data: bytes) -> pd.DataFrame:
    """The table as audformat loads it."""
    db = audformat.Database("db")
    labels = db.tables["labels"] = audformat.Table(audformat.segmented_index())
    for name, dtype in SPEC.columns:
        db.schemes[name] = audformat.Scheme(dtype)
        labels[name] = audformat.Column(scheme_id=name)
    with TemporaryDirectory() as folder:
        (Path(folder) / "db.labels.csv").write_bytes(data)
        labels.load(f"{folder}/db.labels")
    return pd.DataFrame(labels.df)
