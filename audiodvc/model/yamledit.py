"""An entry of a section put into a YAML text that is the user's, and all else byte for byte as it was."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent, Event, MappingStartEvent, NodeEvent

from audiodvc.errors import FormatError
from audiodvc.model.yamltext import BOM, Codes, read
from audiodvc.model.yamltree import LOADER

_COMMENT = re.compile(r"( *)#.*(?:\n|\Z)")


class Entry(NamedTuple):
    """An entry of a section at the top of a text: names of both, and what it says.

    An `inline` one stands on one line where its section is a block.
    """

    section: str
    name: str
    content: object
    inline: bool = False


def load(text: str, path: str) -> dict[Any, Any]:
    """What a text says; a FormatError if it is no mapping."""
    document = read(text.removeprefix(BOM), path, Codes(broken="unreadable", repeated="unreadable"))
    faults = [finding for finding in document.findings if finding.code != "AF002"]
    if faults:
        raise unfit(path, *(f"{fault.line}:{fault.column}: {fault.message}" for fault in faults))
    if not isinstance(document.data, dict | None):
        raise unfit(path, "it is not a mapping")
    return document.data or {}


def section(data: Mapping[Any, Any], name: str, path: str) -> dict[Any, Any]:
    """The entries of a section; none if it is empty or not there."""
    present = data.get(name)
    if not isinstance(present, dict | None):
        raise unfit(path, f"'{name}' is not a mapping")
    return present or {}


def put(text: str, path: str, entry: Entry) -> str:
    """The text with an entry in it, in the place of the one that has its name, or after all others."""
    body, mark = _unmarked(text)
    data = load(body, path)
    present = section(data, entry.section, path)
    wanted = {**data, entry.section: {**present, entry.name: entry.content}}
    return mark + _spliced(body, path, _edit(body, entry), wanted)


def drop(text: str, path: str, part: str, name: str) -> str:
    """The text without an entry; as it is where there is none of that name."""
    body, mark = _unmarked(text)
    data = load(body, path)
    present = section(data, part, path)
    if name not in present:
        return text
    wanted = {**data, part: {key: value for key, value in present.items() if key != name}}
    root = _tree(body)
    found = _child(root, part) if root else None
    if found is None or not found[1].pairs:
        raise _no_place(path)
    return mark + _spliced(body, path, _without(body, found[1], name), wanted)


def unfit(path: str, *why: str) -> FormatError:
    """The error for a text that cannot be changed."""
    return FormatError(f"{path} cannot be changed", hint="mend it by hand", details=why)


def _unmarked(text: str) -> tuple[str, str]:
    body = text.removeprefix(BOM)
    return body, text[: len(text) - len(body)]


def _spliced(text: str, path: str, edit: _Edit, wanted: dict[Any, Any]) -> str:
    after = text[: edit.start] + _in_style_of(text, edit.text) + text[edit.end :]
    # The text is spliced by places, so what it says now is held against what it should say.
    if not _says(after, path, wanted):
        raise _no_place(path)
    return after


def _says(text: str, path: str, wanted: dict[Any, Any]) -> bool:
    try:
        return load(text, path) == wanted
    except FormatError:
        return False


def _no_place(path: str) -> FormatError:
    return unfit(path, "there is no place for the entry that would leave the rest as it is")


# ---------------------------------------------------------------------------
# where an entry goes


class _Edit(NamedTuple):
    """A span of the text and what takes its place, in LF."""

    start: int
    end: int
    text: str


class _Node(NamedTuple):
    """A value in the text, without blanks and comments after it."""

    start: int
    end: int
    column: int
    flow: bool
    pairs: tuple[tuple[_Node, _Node], ...] = ()
    scalar: str | None = None


def _edit(text: str, entry: Entry) -> _Edit:
    root = _tree(text)
    if root is None:
        return _at_line(text, len(text), _whole(entry, 0))
    if not root.pairs:
        return _Edit(root.start, root.end, _whole(entry, 0).rstrip())
    found = _child(root, entry.section)
    if found is not None:
        return _below(text, root, *found, entry)
    if root.flow:
        return _in_flow(root, {entry.section: {entry.name: entry.content}})
    return _at_line(text, len(text), _whole(entry, root.pairs[0][0].column))


def _below(text: str, root: _Node, key: _Node, value: _Node, entry: Entry) -> _Edit:
    """Below the key of the section, whatever there is."""
    said = {entry.name: entry.content}
    if value.pairs:
        return _among(text, value, entry)
    if root.flow:
        blank = "" if text[value.start - 1] == " " else " "
        return _Edit(value.start, value.end, f"{blank}{{{_flow(said)}}}")
    if "#" in text[value.start : value.end]:
        return _in_flow(value, said)
    return _opened(text, value, _block(entry, key.column + 2))


def _among(text: str, beside: _Node, entry: Entry) -> _Edit:
    """In the place of the entry as it was, or else after all others."""
    said = {entry.name: entry.content}
    old = _child(beside, entry.name)
    column = beside.pairs[0][0].column
    if beside.flow:
        return _Edit(old[0].start, old[1].end, _flow(said)) if old else _in_flow(beside, said)
    block = _block(entry, column)
    if old is None:
        return _at_line(text, _line_after(text, beside.end, column), block)
    start, end = old[0].start, old[1].end
    return _Edit(start, end, block.strip() + ("\n" if text[end - 1] == "\n" else ""))


def _without(text: str, beside: _Node, name: str) -> _Edit:
    """An entry taken out, with the line that it began on and what stood behind it there."""
    names = [key.scalar for key, _ in beside.pairs]
    at = names.index(name)
    key, value = beside.pairs[at]
    if len(names) == 1:
        if beside.flow:
            return _Edit(key.start, value.end, "")
        start = len(text[: key.start].rstrip())
        return _Edit(start, _line_after(text, value.end, key.column), " {}\n")
    if beside.flow:
        following = at + 1 < len(names)
        return _Edit(
            key.start if following else beside.pairs[at - 1][1].end,
            beside.pairs[at + 1][0].start if following else value.end,
            "",
        )
    return _Edit(key.start - key.column, _line_after(text, value.end, key.column), "")


def _in_flow(node: _Node, entry: object) -> _Edit:
    return _Edit(node.start + 1, node.start + 1, _flow(entry) + (", " if node.pairs else ""))


def _opened(text: str, value: _Node, block: str) -> _Edit:
    """A block below a key in the place of its empty value; a comment stays beside the key."""
    start = len(text[: value.start].rstrip(" \t"))
    end = _line_end(text, value.end)
    return _Edit(start, end, text[value.end : end].rstrip() + "\n" + block)


def _at_line(text: str, at: int, block: str) -> _Edit:
    broken = at > 0 and text[at - 1] != "\n"
    return _Edit(at, at, "\n" + block if broken else block)


def _line_after(text: str, end: int, column: int) -> int:
    """The line after what ends there and after the comments below that are indented deeper."""
    # A block scalar, unlike all else, ends behind its last newline.
    at = end if text[end - 1] == "\n" else _line_end(text, end)
    while (comment := _COMMENT.match(text, at)) and len(comment[1]) > column:
        at = comment.end()
    return at


def _line_end(text: str, at: int) -> int:
    newline = text.find("\n", at)
    return len(text) if newline < 0 else newline + 1


def _in_style_of(text: str, new: str) -> str:
    return new.replace("\n", "\r\n") if "\r\n" in text else new


def _whole(entry: Entry, column: int) -> str:
    """The section with the entry alone in it."""
    return textwrap.indent(f"{entry.section}:\n{_block(entry, 2)}", " " * column)


def _block(entry: Entry, column: int) -> str:
    if entry.inline:
        key = _dumped({entry.name: None}, flow=False).removesuffix(" null\n")
        text = f"{key} {_dumped(entry.content, flow=True)}"
    else:
        text = _dumped({entry.name: entry.content}, flow=False)
    return textwrap.indent(text, " " * column)


def _flow(entry: object) -> str:
    return _dumped(entry, flow=True).strip()[1:-1]


def _dumped(entry: object, *, flow: bool) -> str:
    text: str = yaml.safe_dump(
        entry, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=sys.maxsize
    )
    return text


def _child(node: _Node, name: str) -> tuple[_Node, _Node] | None:
    return next((pair for pair in node.pairs if pair[0].scalar == name), None)


def _tree(text: str) -> _Node | None:
    events = iter(yaml.parse(text, Loader=LOADER))
    for event in events:
        if isinstance(event, NodeEvent):
            node = _node(event, events)
            return node if node.end > node.start else None
    return None


def _node(event: Event, events: Iterator[Event]) -> _Node:
    """The node that an event begins; aliases have the place where they stand."""
    first: Any = event.start_mark
    last: Any = event.end_mark
    start, end, column = first.index, last.index, first.column
    if not isinstance(event, CollectionStartEvent):
        return _Node(start, end, column, flow=False, scalar=getattr(event, "value", None))
    inside: list[_Node] = []
    for inner in events:
        if isinstance(inner, CollectionEndEvent):
            last = inner.end_mark
            end = last.index if event.flow_style else end
            break
        inside.append(_node(inner, events))
        end = inside[-1].end
    pairs = zip(inside[::2], inside[1::2], strict=True) if isinstance(event, MappingStartEvent) else ()
    return _Node(start, end, column, bool(event.flow_style), tuple(pairs))
