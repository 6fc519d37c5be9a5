"""CSV text is read with physical lines, and what is wrong with its form is named."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from audiodvc.finding import Place
from audiodvc.model import form, scan
from audiodvc.model.scan import Fault, Record

LOOSE = st.text('a\u00e9,"\n\r \x00<=', max_size=40)


@given(st.lists(st.lists(st.text('a,"\n\r \u00e9', max_size=5), min_size=1, max_size=4), max_size=6))
def test_well_formed_text_is_read_as_the_csv_module_does(rows: list[list[str]]) -> None:
    """Cell for cell."""
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    found = [item for item in scan.records(file.getvalue()) if isinstance(item, Record)]
    assert [record.cells for record in found] == rows
    assert rows == list(csv.reader(io.StringIO(file.getvalue(), newline=""), strict=True))


@given(LOOSE)
def test_any_text_without_fault_is_read_as_the_csv_module_does(text: str) -> None:
    """What is stricter here is refused, never read otherwise."""
    found = list(scan.records(text))
    assume(all(isinstance(item, Record) or item.code == "AF002" for item in found))
    rows = [item.cells for item in found if isinstance(item, Record)]
    theirs = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows == [row or [""] for row in theirs]


@given(LOOSE)
@example('"' * 100)
@example('"\n' * 60)
def test_no_line_is_passed_over(text: str) -> None:
    """Rows and faults come in the order of their lines, from the first to the last."""
    lines = [item.line if isinstance(item, Record) else item.place.line for item in scan.records(text)]
    assert lines == sorted(lines)
    assert lines[:1] == ([1] if text else [])


@given(st.lists(st.text('a,"\n\r\u00e9\U0001f600', max_size=5), min_size=1, max_size=5))
def test_a_cell_of_a_quoted_row_is_found_again(row: list[str]) -> None:
    """At the place of its content."""
    raw = ",".join('"' + cell.replace('"', '""') + '"' for cell in row)
    for column, cell in enumerate(row):
        offset = scan.quoted_offset(raw, column)
        assert raw[offset:].startswith(cell.replace('"', '""'))
        assert raw[offset - 1] == '"'
    assert scan.cells_of(raw) == tuple(row)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ('a,"b\nc,d\n', 1, 3, "quote that is not closed"),
        ('a,b\n"x,1\n"y",2\n', 2, 1, "quote that is not closed"),
        ('a"b,c\n', 1, 2, "quote inside of a cell"),
        ('"a"b,c\n', 1, 4, "text after a closing quote"),
        ('"a\nb",c"d\n', 2, 5, "quote inside of a cell"),
        ("a" * (scan.LARGEST_CELL + 1), 1, 1, "cell of more than"),
        ("b,\u00e9" + "a" * (scan.LARGEST_CELL + 1), 1, 3, "cell of more than"),
        ('"' + "a" * (scan.LARGEST_CELL + 1) + '"', 1, 1, "quote that is not closed"),
        ("," * scan.MOST_CELLS, 1, 1, "row of more than"),
    ],
)
def test_a_fault_of_quotes_stands_where_it_begins(text: str, line: int, column: int, message: str) -> None:
    """It is AF003, one for each."""
    faults = [item for item in scan.records(text) if isinstance(item, Fault)]
    assert [(fault.code, fault.place) for fault in faults] == [("AF003", Place(line, column))]
    assert faults[0].message.startswith(message)


def test_reading_goes_on_after_an_unclosed_quote() -> None:
    """At the next line, so that one slip does not hide the rest of a file."""
    found = list(scan.records('a\n"b\nc\n"d"\n'))
    assert [item.cells for item in found if isinstance(item, Record)] == [["a"], ["c"], ["d"]]


def test_reading_ends_at_too_many_unclosed_quotes_and_says_so() -> None:
    """A hostile file must not cost a look ahead for every line."""
    found = list(scan.records('"a\n' * 1000 + "a\n"))
    assert len(found) == scan.UNCLOSED_AT_MOST
    assert isinstance(found[-1], Fault)
    assert found[-1].message.endswith("what follows was not read")


def test_the_first_line_end_that_is_no_lf_is_told_once() -> None:
    """A CR inside of quotes is content."""
    found = list(scan.records('"a\r\nb"\nc\r\nd\r\n'))
    assert [item for item in found if isinstance(item, Fault)] == [Fault(Place(3, 2), "AF002", form.RETURNS)]
    assert [item.cells for item in found if isinstance(item, Record)] == [["a\r\nb"], ["c"], ["d"]]


def test_every_marker_of_a_merge_is_found() -> None:
    """Only whole markers at the beginning of a line are."""
    data = b"a,b\n<<<<<<< ours\n1,2\n||||||| base\n=======\r\n>>>>>>> theirs\n"
    assert [fault.place.line for fault in scan.markers(data)] == [2, 4, 5, 6]
    assert scan.markers(b"a,b\n <<<<<<< x\n========\n=======,1\n<<<<<<<x,\n") == []


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7])
def test_the_first_byte_that_is_not_utf_8_is_found(size: int) -> None:
    """Also across the blocks in which it is looked for."""
    data = b"\xc3\xa9" * (2**23 - size) + b"\n" + b"\xc3\xa9" * 9 + b"\xff\n"
    assert scan.undecodable(data) == [Fault(Place(2, 10), "AF001", "not UTF-8 (byte 0xff)")]
    assert scan.undecodable(data[:-2]) == []


@given(st.text("a\u00e9\r\n", max_size=12), st.integers(0, 12))
def test_the_place_of_a_byte_is_the_one_that_an_editor_shows(text: str, at: int) -> None:
    """CR, LF and CRLF each end one line."""
    assume(text[max(at - 1, 0) : at + 1] != "\r\n")
    before = text[:at].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert scan.place_of(text.encode(), len(text[:at].encode())) == Place(len(before), len(before[-1]) + 1)
