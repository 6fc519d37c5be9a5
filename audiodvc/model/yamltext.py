"""YAML text with the place of every key and value; what is wrong with it are findings."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from audiodvc.finding import Finding, Place
from audiodvc.model import form
from audiodvc.model.yamltree import Fault, Spot, build, start_of

BOM = form.BOM
MAX_BYTES = 64 * 1024 * 1024

_MARKER = re.compile(f"^{form.MARKER}", re.MULTILINE)

_SHOWN = 40
"""Characters of a text that a message shows."""


class Codes(NamedTuple):
    """The codes of a file's faults: what cannot be read, and a key given twice."""

    broken: str
    repeated: str


@dataclass(frozen=True, slots=True)
class Document:
    """What a text says: data (None where it is empty), findings, and places; or that it is broken."""

    path: str
    text: str
    broken: bool
    data: object
    findings: tuple[Finding, ...]
    root: Spot | int
    lines: tuple[int, ...]

    def place(self, *path: Hashable, key: bool = False) -> Place:
        """The place of the value at a path of keys, or of its key; else of the nearest one above."""
        value, name, spot = start_of(self.root), start_of(self.root), self.root
        for part in path:
            if isinstance(spot, int) or part not in spot.values:
                break
            name = spot.keys.get(part, start_of(spot.values[part]))
            spot = spot.values[part]
            value = start_of(spot)
        return self.at(name if key else value)

    def at(self, offset: int) -> Place:
        """The place of the character at an offset."""
        line = bisect_right(self.lines, offset)
        return Place(line, offset - self.lines[line - 1] + 1)

    def finding(self, code: str, message: str, place: Place) -> Finding:
        """A finding in this text."""
        return Finding(self.path, place.line, place.column, code, message)


def read(data: bytes | str, path: str, codes: Codes) -> Document:
    """The document in a text; whatever the text is, its faults are findings."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > MAX_BYTES:
        # Its lines alone, were they counted, could fill the memory.
        blank = _blank("", path)
        return _found(blank, blank.finding(codes.broken, "larger than 64 MiB", Place(1, 1)))
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return _undecodable(raw, path, error.start)
    blank = _blank(text.removeprefix(BOM), path)
    markers = _markers(blank)
    if markers:
        return _found(blank, *markers)
    shape = tuple(_shape(blank, bom=text.startswith(BOM)))
    return _parsed(blank, codes, shape)


def _undecodable(raw: bytes, path: str, at: int) -> Document:
    blank = _blank(raw.decode("utf-8", "replace"), path)
    place = blank.at(len(raw[:at].decode()))
    return _found(blank, blank.finding("AF001", form.undecodable(raw[at]), place))


def _blank(text: str, path: str) -> Document:
    lines = (0, *(found.end() for found in re.finditer("\n", text)))
    return Document(path, text, broken=True, data=None, findings=(), root=0, lines=lines)


def _found(blank: Document, *findings: Finding) -> Document:
    return replace(blank, findings=findings)


def _markers(blank: Document) -> list[Finding]:
    """Every line that a merge left behind; a row of `=` alone is a line of text like any other."""
    found = list(_MARKER.finditer(blank.text))
    if not any(one[1][0] in "<>" for one in found):
        return []
    return [blank.finding("AM001", form.conflict(one[1]), blank.at(one.start())) for one in found]


def _shape(blank: Document, *, bom: bool) -> Iterator[Finding]:
    if bom:
        yield blank.finding("AF001", form.MARKED, Place(1, 1))
    crlf = blank.text.find("\r\n")
    if crlf >= 0:
        yield blank.finding("AF002", form.RETURNS, blank.at(crlf))
    if blank.text and not blank.text.endswith("\n"):
        yield blank.finding("AF002", form.UNENDED, blank.at(len(blank.text)))


def _parsed(blank: Document, codes: Codes, shape: tuple[Finding, ...]) -> Document:
    try:
        tree = build(blank.text)
    except Fault as fault:
        return _found(blank, *shape, blank.finding(codes.broken, fault.message, blank.at(fault.offset)))
    repeated = (
        blank.finding(codes.repeated, _twice(key, blank.at(first)), blank.at(second))
        for key, first, second in tree.repeated
    )
    return replace(blank, broken=False, data=tree.data, findings=(*shape, *repeated), root=tree.root)


def _twice(key: Hashable, first: Place) -> str:
    return f"key '{str(key)[:_SHOWN]}' is given twice (first on line {first.line})"
