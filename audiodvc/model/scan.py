"""Reading CSV text with the lines that an editor shows, and naming what is wrong with its form.

Stricter than loaders, which take a quote inside a cell for text and swallow a file after a quote
that is never closed.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from audiodvc.finding import Place
from audiodvc.model import form

LARGEST_CELL = 2**20
"""Characters that a cell may have at most."""

MOST_CELLS = 10**4
"""Cells that a row may have at most."""

UNCLOSED_AT_MOST = 20
"""Reading goes on after an unclosed quote this often; each one can cost a megabyte of looking ahead."""


class Record(NamedTuple):
    """The cells of a row, the line where it begins, and its text if that has quotes."""

    line: int
    cells: list[str]
    raw: str | None


class Fault(NamedTuple):
    """What is wrong with the form of a text, and where."""

    place: Place
    code: str
    message: str


def markers(data: bytes) -> list[Fault]:
    """Every line that a merge left behind, also inside of quotes."""
    # One character is found ten times as fast as seven, and most tables have none of these.
    if not any(mark in data and mark * 7 in data for mark in (b"<", b"|", b"=", b">")):
        return []
    faults, line, pos = [], 1, 0
    for found in _MARKER.finditer(data):
        line += data.count(b"\n", pos, found.start())
        pos = found.start()
        faults.append(Fault(Place(line, 1), "AM001", form.conflict(found[1].decode())))
    return faults


def undecodable(data: bytes) -> list[Fault]:
    """The first byte that is not UTF-8, if there is one."""
    if data.isascii():
        return []
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(data), _BLOCK):
        try:
            decoder.decode(data[start : start + _BLOCK], final=start + _BLOCK >= len(data))
        except UnicodeDecodeError as error:
            at = start + error.start - (len(error.object) - len(data[start : start + _BLOCK]))
            return [Fault(place_of(data, at), "AF001", form.undecodable(data[at]))]
    return []


def place_of(data: bytes, offset: int) -> Place:
    """The place of a byte; a CR that no LF follows ends a line too, as editors have it."""
    if data[max(offset - 1, 0) : offset + 1] == b"\r\n":
        before = place_of(data, offset - 1)
        return Place(before.line, before.column + 1)
    start = data.rfind(b"\n", 0, offset) + 1
    returns = data.count(b"\r", 0, start) - data.count(b"\r\n", 0, start)
    first = Place(data.count(b"\n", 0, start) + returns + 1, 1)
    return walk(data[start:offset].decode("utf-8", "ignore"), first)


def records(text: str) -> Iterator[Record | Fault]:
    """The rows of a text and the faults of its form; a row with a fault is not among the rows."""
    pos, line, unclosed = 0, 1, 0
    returns = looking = "\r" in text
    while pos < len(text):
        read, end, last = _row(text, pos, line, returns=returns)
        unclosed += read[2] == _UNCLOSED
        if unclosed == UNCLOSED_AT_MOST:
            yield Fault(Place(line, 1), "AF003", _ABANDONED)
            return
        yield read
        if looking and text.startswith("\r", end):
            looking = False
            yield Fault(walk(text[pos:end], Place(line, 1)), "AF002", form.RETURNS)
        pos, line = end + (2 if text.startswith("\r\n", end) else 1), last + 1


def cells_of(row: str) -> tuple[str, ...]:
    """The cells of the text of one row."""
    read = _quoted(row, 0)
    return () if isinstance(read, _Stop) else tuple(read[0])


def quoted_offset(raw: str, column: int) -> int:
    """Where the content of a cell begins in the text of a row that has quotes."""
    at = 0
    for _ in range(column):
        found = _CELL.match(raw, at)
        at = (found.end() if found else at) + 1
    return at + raw.startswith('"', at)


def walk(text: str, place: Place) -> Place:
    """The place right after a text that begins at a place."""
    ends = [found.end() for found in _LINE_END.finditer(text)]
    if not ends:
        return Place(place.line, place.column + len(text))
    return Place(place.line + len(ends), len(text) - ends[-1] + 1)


_BLOCK = 2**24
_MARKER = re.compile(f"^(?:{form.BOM})?{form.MARKER}".encode(), re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_RETURN = re.compile(r"[\r\n]")
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')
_UNQUOTED = re.compile(r'[^",\r\n]*+')
_CELL = re.compile(rf"{_QUOTED.pattern}|{_UNQUOTED.pattern}")


class _Stop(NamedTuple):
    offset: int
    message: str


def _row(text: str, pos: int, line: int, *, returns: bool) -> tuple[Record | Fault, int, int]:
    """What begins at a position, where its last line ends, and the number of that line."""
    end = _line_end(text, pos, returns=returns)
    if text.find('"', pos, end) < 0:
        return _plain(text[pos:end], line), end, line
    read = _quoted(text, pos)
    if isinstance(read, _Stop):
        place = walk(text[pos : read.offset], Place(line, 1))
        end = _line_end(text, read.offset, returns=returns)
        return Fault(place, "AF003", read.message), end, place.line
    cells, end = read
    raw = text[pos:end]
    return Record(line, cells, raw), end, walk(raw, Place(line, 1)).line


def _line_end(text: str, pos: int, *, returns: bool) -> int:
    if returns:
        found = _RETURN.search(text, pos)
        return found.start() if found else len(text)
    end = text.find("\n", pos)
    return end if end >= 0 else len(text)


def _plain(row: str, line: int) -> Record | Fault:
    if row.count(",") >= MOST_CELLS:
        return Fault(Place(line, 1), "AF003", _TOO_MANY)
    cells = row.split(",")
    if len(row) > LARGEST_CELL:
        at = 1
        for cell in cells:
            if len(cell) > LARGEST_CELL:
                return Fault(Place(line, at), "AF003", _TOO_LARGE)
            at += len(cell) + 1
    return Record(line, cells, None)


def _quoted(text: str, pos: int) -> tuple[list[str], int] | _Stop:
    cells = []
    while True:
        cell = _cell(text, pos)
        if isinstance(cell, _Stop):
            return cell
        content, end = cell
        cells.append(content)
        if len(cells) > MOST_CELLS:
            return _Stop(pos, _TOO_MANY)
        if end == len(text) or text[end] in "\r\n":
            return cells, end
        if text[end] != ",":
            return _stray(text, pos, end)
        pos = end + 1


def _cell(text: str, pos: int) -> tuple[str, int] | _Stop:
    if not text.startswith('"', pos):
        found = _UNQUOTED.match(text, pos)
        end = found.end() if found else pos
        return (text[pos:end], end) if end - pos <= LARGEST_CELL else _Stop(pos, _TOO_LARGE)
    found = _QUOTED.match(text, pos, pos + LARGEST_CELL + 2)
    if found is None:
        return _Stop(pos, _UNCLOSED)
    return found[1].replace('""', '"'), found.end()


def _stray(text: str, pos: int, end: int) -> _Stop:
    if not text.startswith('"', pos):
        return _Stop(end, "quote inside of a cell that does not begin with one")
    if _RETURN.search(text, pos, end):
        # The quote that closed it was meant to open a cell further down.
        return _Stop(pos, _UNCLOSED)
    return _Stop(end, "text after a closing quote")


_UNCLOSED = f"quote that is not closed (a cell holds at most {LARGEST_CELL} characters)"
_ABANDONED = f"{_UNCLOSED}, like {UNCLOSED_AT_MOST - 1} before it; what follows was not read"
_TOO_MANY = f"row of more than {MOST_CELLS} cells"
_TOO_LARGE = f"cell of more than {LARGEST_CELL} characters"
