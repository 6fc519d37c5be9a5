"""The stages of `dvc.yaml` that are ours, put into a file that is the user's."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath
from typing import Any, NamedTuple

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent, Event, MappingStartEvent, NodeEvent

from audiodvc.errors import FormatError
from audiodvc.model.yamltext import BOM, Codes, read
from audiodvc.model.yamltree import LOADER

PATH = "dvc.yaml"

_MARK = "audiodvc"
_COMMENT = re.compile(r"( *)#.*(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of ours: its name, its command, what it is for, and what it reads."""

    name: str
    cmd: str
    desc: str
    deps: tuple[str, ...]

    def content(self) -> dict[str, object]:
        """The stage as it stands in the file; `meta` says that it is ours to rewrite."""
        return {
            "cmd": self.cmd,
            "desc": self.desc,
            "deps": [dep.replace("${", "\\${") for dep in self.deps],
            "meta": {_MARK: self.name.partition("@")[0]},
        }


def deps_of(
    tables: Iterable[str],
    indexes: Iterable[str],
    *,
    header: str = "db.yaml",
    settings: str = "audiodvc.yaml",
) -> tuple[str, ...]:
    """What the stage `validate` reads: the paths of header, settings, all tables and media indexes."""
    return tuple(sorted({header, settings, *tables, *indexes}))


def stages(deps: Iterable[str]) -> tuple[Stage, ...]:
    """Our stages, of a dataset whose header, settings, tables and indexes are `deps`."""
    desc = "Check the labels and media of this dataset"
    return (Stage("validate", "audiodvc validate", desc, tuple(sorted(set(deps)))),)


def write(old_text: str, deps: Sequence[str]) -> str:
    """The text of `dvc.yaml` with our stages up to date, and all else byte for byte as it was.

    A stage of the user's own that has the name of one of ours stays too; `taken` names it.
    Raises a FormatError if the text cannot be read, or has no place for a stage.
    """
    text = old_text.removeprefix(BOM)
    mark = old_text[: len(old_text) - len(text)]
    for stage in stages(deps):
        text = put(text, stage)
    return mark + text


def outputs(text: str) -> set[str]:
    """The paths that stages make, as far as the text says them plainly."""
    stages = [stage for stage in _stages(_load(text)).values() if isinstance(stage, dict)]
    return {normpath(f"{stage.get('wdir') or '.'}/{path}") for stage in stages for path in _outs(stage)}


def taken(text: str) -> tuple[str, ...]:
    """The names of our stages that the user has given to stages of their own."""
    present = _stages(_load(text))
    return tuple(stage.name for stage in stages(()) if not _ours(present.get(stage.name, _MISSING)))


def put(text: str, stage: Stage) -> str:
    """The text with one stage of ours in it, unless its name is taken."""
    data = _load(text)
    present = _stages(data)
    old = present.get(stage.name, _MISSING)
    if not _ours(old) or old == stage.content():
        return text
    wanted = {**data, "stages": {**present, stage.name: stage.content()}}
    edit = _edit(text, stage)
    after = text[: edit.start] + _in_style_of(text, edit.text) + text[edit.end :]
    # The text is spliced by places, so what it says now is held against what it should say.
    if not _says(after, wanted):
        raise _unfit("there is no place for a stage that would leave the rest as it is")
    return after


_MISSING: Any = object()


def _load(text: str) -> dict[Any, Any]:
    document = read(text.removeprefix(BOM), PATH, Codes(broken="unreadable", repeated="unreadable"))
    faults = [finding for finding in document.findings if finding.code != "AF002"]
    if faults:
        raise _unfit(*(f"{fault.line}:{fault.column}: {fault.message}" for fault in faults))
    if not isinstance(document.data, dict | None):
        raise _unfit("it is not a mapping")
    return document.data or {}


def _says(text: str, wanted: dict[Any, Any]) -> bool:
    try:
        return _load(text) == wanted
    except FormatError:
        return False


def _unfit(*why: str) -> FormatError:
    return FormatError(f"{PATH} cannot be changed", hint="mend it by hand", details=why)


def _stages(data: Mapping[Any, Any]) -> dict[Any, Any]:
    present = data.get("stages")
    if not isinstance(present, dict | None):
        raise _unfit("'stages' is not a mapping")
    return present or {}


def _outs(stage: Mapping[Any, Any]) -> Iterator[str]:
    for kind in ("outs", "metrics", "plots"):
        listed = stage.get(kind)
        for out in listed if isinstance(listed, list) else ():
            path = next(iter(out), None) if isinstance(out, dict) else out
            if isinstance(path, str):
                yield path


def _ours(stage: object) -> bool:
    """Whether a stage may be written by us: it is not there, or bears our mark."""
    if stage is _MISSING:
        return True
    meta = stage.get("meta") if isinstance(stage, dict) else None
    return isinstance(meta, dict) and _MARK in meta


# ---------------------------------------------------------------------------
# where a stage goes


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


def _edit(text: str, stage: Stage) -> _Edit:
    root = _tree(text)
    entry = {stage.name: stage.content()}
    if root is None:
        return _at_line(text, len(text), _block({"stages": entry}, 0))
    if not root.pairs:
        return _Edit(root.start, root.end, _block({"stages": entry}, 0).rstrip())
    found = _child(root, "stages")
    if found is not None:
        return _below(text, root, *found, stage)
    if root.flow:
        return _in_flow(root, {"stages": entry})
    return _at_line(text, len(text), _block({"stages": entry}, root.pairs[0][0].column))


def _below(text: str, root: _Node, key: _Node, value: _Node, stage: Stage) -> _Edit:
    """Below the key `stages`, whatever there is."""
    entry = {stage.name: stage.content()}
    if value.pairs:
        return _among(text, value, stage)
    if root.flow:
        blank = "" if text[value.start - 1] == " " else " "
        return _Edit(value.start, value.end, f"{blank}{{{_flow(entry)}}}")
    if "#" in text[value.start : value.end]:
        return _in_flow(value, entry)
    return _opened(text, value, _block(entry, key.column + 2))


def _among(text: str, beside: _Node, stage: Stage) -> _Edit:
    """In the place of the stage as it was, or else after all others."""
    entry = {stage.name: stage.content()}
    old = _child(beside, stage.name)
    column = beside.pairs[0][0].column
    if beside.flow:
        return _Edit(old[0].start, old[1].end, _flow(entry)) if old else _in_flow(beside, entry)
    block = _block(entry, column)
    if old is None:
        return _at_line(text, _line_after(text, beside.end, column), block)
    start, end = old[0].start, old[1].end
    return _Edit(start, end, block.strip() + ("\n" if text[end - 1] == "\n" else ""))


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


def _block(entry: object, column: int) -> str:
    return textwrap.indent(_dumped(entry, flow=False), " " * column)


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
