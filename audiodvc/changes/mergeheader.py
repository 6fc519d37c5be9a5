"""`merge_header`: three texts of a header -> one that says what both sides want, in the words of each."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from audiodvc.changes import conflict, mergedata
from audiodvc.changes.conflict import Block, Conflict, Merged
from audiodvc.changes.header import HeaderChange, same
from audiodvc.changes.mergedata import ABSENT, Node, Path
from audiodvc.errors import FormatError
from audiodvc.model import header as headers
from audiodvc.model import yamlform
from audiodvc.model.header import Header
from audiodvc.model.yamltree import Spot

Pieces = list[str | Block]


def merge_header(base: bytes, ours: bytes, theirs: bytes, path: str) -> Merged:
    """Both sides' changes by key; an empty base is a header that both sides added."""
    sides = [headers.parse(text, path) for text in (base, ours, theirs)]
    for name, side in zip(("base", "ours", "theirs"), sides, strict=True):
        fault = next((one for one in side.findings if one.code not in ("AF001", "AF002")), None)
        if fault is not None and (side.document.data is not None or side.text.strip()):
            return conflict.left(path, f"{name}, line {fault.line}: {fault.message}")
    node = mergedata.merge(sides[0].data, sides[1].data, sides[2].data)
    pieces = _pieces(node, sides, path)
    if not (_says(pieces, "ours", node.ours) and _says(pieces, "theirs", node.theirs)):
        if not node.is_clean:
            return conflict.left(path, "a conflict stands where no block of lines can be put")
        pieces = [headers.dump(_mapping(node.ours))]
    return _merged(pieces)


def says_the_same(one: bytes, other: bytes) -> bool:
    """Whether two headers say the same, whatever their form."""
    sides = [headers.parse(text) for text in (one, other)]
    return not any(side.findings for side in sides) and same(sides[0].data, sides[1].data)


def _mapping(data: object) -> dict[str, object]:
    return data if isinstance(data, dict) else {}


def _merged(pieces: Pieces) -> Merged:
    blocks = tuple(piece for piece in pieces if isinstance(piece, Block))
    if not blocks:
        text = "".join(piece for piece in pieces if isinstance(piece, str))
        return Merged(_tidy(text).encode())
    data = b"".join(piece.text() if isinstance(piece, Block) else piece.encode() for piece in pieces)
    return Merged(data, tuple(one for block in blocks for one in block.conflicts), blocks)


def _tidy(text: str) -> str:
    try:
        return headers.canonical(text)
    except FormatError:
        return text


def _says(pieces: Pieces, side: str, data: object) -> bool:
    """Whether the text says what it should where every conflict is settled for one side."""
    text = b"".join(piece.encode() if isinstance(piece, str) else getattr(piece, side) for piece in pieces)
    read = headers.parse(text)
    return not any(one.code not in ("AF001", "AF002") for one in read.findings) and same(read.data, data)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key of a mapping with its value as lines of one text; `head` ends where its first own key begins."""

    text: str
    head: str
    begin: int
    column: int
    data: object
    entries: dict[Hashable, _Entry] | None


@dataclass(frozen=True, slots=True)
class _Trio:
    """An entry as the three texts have it."""

    base: _Entry | None
    ours: _Entry | None
    theirs: _Entry | None

    def inner(self, key: Hashable) -> _Trio:
        """One of the entries below."""
        sides = ((one.entries or {}).get(key) if one else None for one in (self.base, self.ours, self.theirs))
        return _Trio(*sides)


def _pieces(node: Node, sides: Sequence[Header], path: str) -> Pieces:
    trio = _Trio(*(_root(side) for side in sides))
    if node.children is None or trio.ours is None or trio.theirs is None or not _open(trio):
        if trio.ours and same(trio.ours.data, node.ours):
            return [trio.ours.text]
        return [trio.theirs.text if trio.theirs else ""]
    head = trio.theirs.head if trio.base and trio.base.head == trio.ours.head else trio.ours.head
    return [head, *_below(node, trio, (), path)]


def _open(trio: _Trio) -> bool:
    """Whether both sides have a line for each key."""
    return bool(trio.ours and trio.theirs and trio.ours.entries and trio.theirs.entries)


def _below(node: Node, trio: _Trio, at: Path, path: str) -> Iterator[str | Block]:
    column = next(iter((trio.ours.entries if trio.ours and trio.ours.entries else {}).values())).column
    for key, child in (node.children or {}).items():
        yield from _entry(child, trio.inner(key), (*at, key), column, path)


def _entry(node: Node, trio: _Trio, at: Path, column: int, path: str) -> Iterator[str | Block]:
    if node.children is not None and _open(trio) and trio.ours:
        yield trio.ours.head
        yield from _below(node, trio, at, path)
    elif node.is_clean:
        yield _text(node.ours, at, column, _candidates(trio))
    else:
        found = tuple(_conflict(path, (*at, *inner), one) for inner, one in node.conflicts())
        sides = ((node.base, trio.base), (node.ours, trio.ours), (node.theirs, trio.theirs))
        texts = (_text(data, at, column, [one]).encode() for data, one in sides)
        yield Block(found, *texts)


def _candidates(trio: _Trio) -> list[_Entry | None]:
    """The texts that may say it, best first: a side that changed nothing changed no comment either."""
    unchanged = trio.base and trio.ours and trio.base.text == trio.ours.text
    return [trio.theirs, trio.ours] if unchanged else [trio.ours, trio.theirs]


def _text(data: object, at: Path, column: int, known: Sequence[_Entry | None]) -> str:
    """A key with its value, in words that are there already if they say it."""
    if data is ABSENT:
        return ""
    fitting = (one for one in known if one and one.column == column and same(one.data, data))
    found = next(fitting, None)
    if found is not None:
        return found.text if found.text.endswith("\n") else f"{found.text}\n"
    return textwrap.indent(yamlform.dump({at[-1]: data}), " " * column)


def _conflict(path: str, at: Path, node: Node) -> Conflict:
    dotted = HeaderChange("change", at).dotted
    values = (None if one is ABSENT else _said(one) for one in (node.base, node.ours, node.theirs))
    return Conflict(path, "header", (("path", dotted),), None, *values)


def _said(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _root(side: Header) -> _Entry | None:
    document = side.document
    if document.broken or not isinstance(document.root, Spot):
        return None
    text = document.text
    return _made(text, document.root, side.data, 0, _Lines(0, 0, len(text)))


class _Lines(NamedTuple):
    """Where an entry begins, where what is below its key does, and where it ends."""

    begin: int
    below: int
    end: int


def _made(text: str, spot: Spot | int, data: object, column: int, lines: _Lines) -> _Entry:
    inner = _entries(text, spot, data, lines) if isinstance(spot, Spot) else None
    first = min((one.begin for one in inner.values()), default=lines.end) if inner else lines.end
    return _Entry(text[lines.begin : lines.end], text[lines.begin : first], lines.begin, column, data, inner)


def _entries(text: str, spot: Spot, data: object, lines: _Lines) -> dict[Hashable, _Entry] | None:
    """The entries of a mapping that has each of its keys on a line of its own."""
    if not isinstance(data, dict) or data.keys() != spot.keys.keys() or not data:
        return None
    keys = sorted(spot.keys.items(), key=lambda item: item[1])
    columns = {_column(text, at) for _, at in keys}
    column = columns.pop()
    if columns or column is None or not all(lines.below <= at < lines.end for _, at in keys):
        return None
    begins = [_begin(text, at, lines.below) for _, at in keys]
    belows = [text.find("\n", at) + 1 or len(text) for _, at in keys]
    ends = [*begins[1:], lines.end]
    return {
        key: _made(text, spot.values[key], data[key], column, _Lines(*places))
        for (key, _), *places in zip(keys, begins, belows, ends, strict=True)
    }


def _column(text: str, at: int) -> int | None:
    """The column of a key; None if something stands before it on its line."""
    start = text.rfind("\n", 0, at) + 1
    return at - start if not text[start:at].strip(" ") else None


def _begin(text: str, at: int, least: int) -> int:
    """The line where a key begins, or the comments above it that are indented like it."""
    start = text.rfind("\n", 0, at) + 1
    indent = text[start:at]
    while start > least:
        above = text.rfind("\n", 0, start - 1) + 1
        line = text[above:start]
        if above < least or not line.startswith(f"{indent}#"):
            break
        start = above
    return start
