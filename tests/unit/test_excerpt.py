"""The rows of one file out of a table: the same as from the whole of it, in any form."""

from __future__ import annotations

import csv
import io
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.changes import excerpt
from audiodvc.changes.excerpt import Excerpt
from audiodvc.model import header, table
from audiodvc.model.spec import FILEWISE_LEVELS, SEGMENTED_LEVELS, Spec

SPEC = Spec("t", "segmented", SEGMENTED_LEVELS, (("label", "str"), ("number", "float")))
FILES = ("a.wav", "aa.wav", "ä, b.wav", 'q"q', "x\na.wav")
LABELS = ("", "happy", "a.wav", "sad\na.wav,1,2,no", 'a.wav"', "ünder")
CELLS = st.tuples(
    st.sampled_from(FILES),
    st.sampled_from(("0 days 00:00:01", "1s")),
    st.sampled_from(("", "2s")),
    st.sampled_from(LABELS),
    st.sampled_from(("1", "1.0", "", "x")),
)


@settings(max_examples=80)
@given(
    st.lists(CELLS, max_size=6),
    st.sampled_from(FILES),
    st.sampled_from(("\n", "\n", "\r\n")),
    st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL)),
    st.permutations(SPEC.names),
)
def test_the_rows_of_a_file_are_those_of_the_whole_table(
    rows: list[tuple[str, ...]], file: str, ending: str, quoting: Literal[0, 1], names: list[str]
) -> None:
    """However cells are quoted, lines end and columns are ordered."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=ending, quoting=quoting)
    writer.writerow(names)
    writer.writerows([row[SPEC.names.index(name)] for name in names] for row in rows)
    data = text.getvalue().encode()
    found = excerpt.Reader(SPEC, file)(data)
    assert found is not None
    assert found.columns == tuple(name for name in names if name not in SPEC.key)
    assert found.rows == whole(data, file)


def whole(data: bytes, file: str) -> dict[tuple[str, ...], dict[str, str]]:
    """The rows of a file, from a table that is read as a whole."""
    parsed = table.parse(data, "db.t.csv")
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in parsed.frame.rows():
        said = dict(zip(parsed.columns, row, strict=True))
        cells = {name: excerpt.cell(said[name], SPEC.dtype(name)) for name in SPEC.names}
        if cells["file"] == file:
            key = tuple(cells.pop(level) for level in SPEC.key)
            found.setdefault(key, cells)
    return found


@settings(max_examples=80)
@given(st.lists(st.lists(CELLS, max_size=5), max_size=5))
def test_states_that_follow_each_other_are_read_as_if_each_were_alone(
    states: list[list[tuple[str, ...]]],
) -> None:
    """Though of a later state only what differs is read, and whatever key stands twice."""
    read = excerpt.Reader(SPEC, "a.wav")
    for rows in states:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([SPEC.names, *rows])
        found = read(text.getvalue().encode())
        assert found is not None
        assert found.rows == whole(text.getvalue().encode(), "a.wav")


@pytest.mark.parametrize("data", [b"", b"<<<<<<< ours\nfile\n", b"file\n\xff\n"])
def test_a_text_that_is_no_table_is_none(data: bytes) -> None:
    """Nothing can be said of it, not even that a row is not there."""
    assert excerpt.Reader(SPEC, "a.wav")(data) is None


def test_rows_that_cannot_be_read_are_left_out() -> None:
    """The others still count."""
    data = b"file,start,end,label\na.wav,1s,2s,happy\na.wav,oops\n"
    found = excerpt.Reader(SPEC, "a.wav")(data)
    assert found is not None
    assert [row["label"] for row in found.rows.values()] == ["happy"]


def test_a_table_with_another_key_has_no_such_rows() -> None:
    """As it was before it had segments."""
    assert excerpt.Reader(SPEC, "a.wav")(b"file,label\na.wav,happy\n") == Excerpt()
    assert excerpt.Reader(SPEC, "a.wav")(b"name,label\na.wav,happy\n") == Excerpt()


def test_a_level_with_a_type_is_compared_by_its_value() -> None:
    """`1.0` is take 1."""
    spec = Spec("takes", "misc", (("take", "int"),), (("room", "str"),))
    found = excerpt.Reader(spec, "1")(b"take,room\n1.0,attic\n11,cellar\n")
    assert found is not None
    assert found.rows == {("1",): {"room": "attic"}}


def test_a_line_that_was_read_before_is_as_good() -> None:
    """In a later state, with other columns, and where nearly every line is of the file."""
    read = excerpt.Reader(SPEC, "a.wav")
    rows = b"".join(b"a.wav,%ds,%ds,happy\n" % (at, at + 1) for at in range(20))
    states = (
        b"file,start,end,label\n" + rows,
        b"file,start,end,other\n" + rows,
        b"file,start,end,label\n" + rows,
    )
    found = [read(one) for one in states]
    assert found[0] == found[2] != found[1]
    assert found[1] is not None
    assert len(found[1].rows) == 20
    assert {row["other"] for row in found[1].rows.values()} == {"happy"}


def test_a_first_line_tells_what_a_table_is() -> None:
    """As far as it can."""
    assert excerpt.guessed(b"\xef\xbb\xbflabel,file\r\n") == FILEWISE_LEVELS
    assert excerpt.guessed(b"file,start,end\n") == SEGMENTED_LEVELS
    assert excerpt.guessed(b"speaker,age\n") == ()


HEADER = b"""\
schemes:
  emotion: {labels: [happy, sad]}
  level: {dtype: int, labels: {1: low, 2: high}}
  speaker: {labels: {ann: {age: 30, gender: f}, ben: {age: 40}}}
  other: {labels: speakers}
"""


def test_labels_of_a_header_are_rows() -> None:
    """With a cell for what they mean, or for each of their fields."""
    schemes = header.parse(HEADER).schemes
    assert excerpt.of_labels(schemes["emotion"]) == Excerpt((), {("happy",): {}, ("sad",): {}})
    assert excerpt.of_labels(schemes["level"]).rows == {("1",): {"": "low"}, ("2",): {"": "high"}}
    assert excerpt.of_labels(schemes["speaker"]) == Excerpt(
        ("age", "gender"), {("ann",): {"age": "30", "gender": "f"}, ("ben",): {"age": "40"}}
    )
    assert excerpt.of_labels(schemes["other"]) == excerpt.of_labels(None) == Excerpt()
