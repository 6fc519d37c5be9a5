"""The tree of a YAML text: plain data, and where in the text each key and value begins.

Values are those of PyYAML's safe loader, so of audformat's (`yes` is true, dates
are dates). The tree is built here, from parser events: PyYAML's own composer
recurses in C, and a file of a few kilobytes that nests deeply ends the process.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml
from yaml.constructor import SafeConstructor
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

MAX_DEPTH = 100
MAX_EXPANDED = 1_000_000
"""How many values may come from aliases: nested ones grow exponentially."""

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

_STANDARD = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset(_STANDARD + name for name in ("bool", "float", "int", "null", "str", "timestamp"))
_MAPPING_TAGS = frozenset({None, "!", _STANDARD + "map"})
_LIST_TAGS = frozenset({None, "!", _STANDARD + "seq"})
_STR = _STANDARD + "str"

_LONGEST_NUMBER = 1000
"""Characters; `1:1:1:…` is a number to YAML, and reading it takes time that grows with its square."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a mapping or a list begins, and where the keys and values in it do."""

    start: int
    keys: dict[Hashable, int] = field(default_factory=dict)
    values: dict[Hashable, Spot | int] = field(default_factory=dict)


class Tree(NamedTuple):
    """The data of a text, their places, and keys that are given twice with both their places."""

    data: object
    root: Spot | int
    repeated: list[tuple[Hashable, int, int]]


class Fault(Exception):  # noqa: N818  (a finding on its way out of the builder)
    """Why there is no tree, and the offset in the text that tells."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def build(text: str) -> Tree:
    """The tree of a text; raises a Fault if there is none."""
    builder = _Builder()
    builder.feed(text)
    return Tree(builder.data, builder.root, builder.repeated)


def start_of(spot: Spot | int) -> int:
    """The offset at which a value begins."""
    return spot if isinstance(spot, int) else spot.start


class _Value(NamedTuple):
    """A finished value, with how many values are in it and how deep they nest."""

    data: object
    spot: Spot | int
    size: int = 1
    depth: int = 0


_NO_KEY: Any = object()
_MERGE_KEY: Any = object()
_EQUALS_KEY: Any = object()


# `<<` and `=` mean something as keys, and are no values.
_ODD = MappingProxyType({_STANDARD + "merge": _MERGE_KEY, _STANDARD + "value": _EQUALS_KEY})


@dataclass(slots=True)
class _Frame:
    """A mapping or list whose end has not been seen."""

    spot: Spot
    anchor: str | None
    items: list[object] | None
    pairs: dict[Hashable, object] = field(default_factory=dict)
    merged: list[_Value] = field(default_factory=list)
    key: Any = _NO_KEY
    key_at: int = 0
    size: int = 1
    depth: int = 1


class _Builder:
    """Builds data and places from the events of one document."""

    def __init__(self) -> None:
        self.data: object = None
        self.root: Spot | int = 0
        self.repeated: list[tuple[Hashable, int, int]] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Value | None] = {}
        self._scalars: dict[str, object] = {}
        self._expanded = 0
        self._documents = 0
        self._constructor = SafeConstructor()

    def feed(self, text: str) -> None:
        try:
            for event in yaml.parse(text, Loader=LOADER):
                self._event(event)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            words = " ".join(filter(None, (error.problem, error.context)))
            raise Fault(f"not valid YAML: {words}", mark.index if mark else 0) from error
        except (yaml.YAMLError, RecursionError) as error:
            odd = _UNPRINTABLE.search(text)
            what = f"character U+{ord(odd[0]):04X} is not allowed" if odd else "cannot be parsed"
            raise Fault(f"not valid YAML: {what}", odd.start() if odd else 0) from error

    def _event(self, event: Event) -> None:
        match event:
            case ScalarEvent():
                self._scalar(event)
            case MappingStartEvent() | SequenceStartEvent():
                self._open(event)
            case MappingEndEvent() | SequenceEndEvent():
                self._close()
            case AliasEvent():
                self._alias(event)
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise Fault("not valid YAML: a second document", _begin(event))

    def _scalar(self, event: ScalarEvent) -> None:
        at = _begin(event)
        if event.tag in (None, "!"):
            data = self._plain(event.value, at) if event.implicit[0] else event.value
        elif event.tag in _SCALAR_TAGS:
            data = self._constructed(event.tag, event.value, at)
        else:
            raise _refused(event.tag, at)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Value(data, at)
        self._add(_Value(data, at))

    def _plain(self, text: str, at: int) -> object:
        known = self._scalars.get(text, _NO_KEY)
        if known is not _NO_KEY:
            return known
        tag = _implicit_tag(text)
        data = _ODD[tag] if tag in _ODD else text if tag == _STR else self._constructed(tag, text, at)
        self._scalars[text] = data
        return data

    def _constructed(self, tag: str, text: str, at: int) -> object:
        if tag != _STR and len(text) > _LONGEST_NUMBER:
            raise _unreadable(tag, text, at)
        try:
            construct = SafeConstructor.yaml_constructors[tag]
            return construct(self._constructor, ScalarNode(tag, text))
        except (ValueError, LookupError, AttributeError, OverflowError, yaml.YAMLError) as error:
            raise _unreadable(tag, text, at) from error

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        at = _begin(event)
        if event.tag not in (_MAPPING_TAGS if isinstance(event, MappingStartEvent) else _LIST_TAGS):
            raise _refused(event.tag, at)
        if len(self._frames) >= MAX_DEPTH:
            raise Fault(f"nests deeper than {MAX_DEPTH}", at)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        items: list[object] | None = [] if isinstance(event, SequenceStartEvent) else None
        self._frames.append(_Frame(Spot(at), event.anchor, items))

    def _close(self) -> None:
        frame = self._frames.pop()
        data: object = frame.pairs if frame.items is None else frame.items
        value = _Value(data, frame.spot, frame.size, frame.depth)
        if frame.merged:
            value = _with_merged(value, frame.merged)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = value
        self._add(value)

    def _alias(self, event: AliasEvent) -> None:
        at = _begin(event)
        if event.anchor not in self._anchors:
            raise Fault(f"alias '{event.anchor}' stands for nothing", at)
        value = self._anchors[event.anchor]
        if value is None:
            raise Fault(f"alias '{event.anchor}' stands within what it stands for", at)
        self._expanded += value.size
        if self._expanded > MAX_EXPANDED:
            raise Fault(f"aliases expand to more than {MAX_EXPANDED:,} values", at)
        if len(self._frames) + value.depth > MAX_DEPTH:
            raise Fault(f"nests deeper than {MAX_DEPTH}", at)
        spot = at if isinstance(value.spot, int) else Spot(at, value.spot.keys, value.spot.values)
        self._add(value._replace(spot=spot))

    def _add(self, value: _Value) -> None:
        """Put a finished value where the innermost open mapping or list wants it."""
        start = start_of(value.spot)
        if not self._frames:
            self.data, self.root = self._settled(value.data, start), value.spot
            return
        frame = self._frames[-1]
        frame.size += value.size
        frame.depth = max(frame.depth, value.depth + 1)
        if frame.items is not None:
            frame.spot.values[len(frame.items)] = value.spot
            frame.items.append(self._settled(value.data, start))
        elif frame.key is _NO_KEY:
            frame.key, frame.key_at = "=" if value.data is _EQUALS_KEY else value.data, start
        else:
            self._pair(frame, value, start)
            frame.key = _NO_KEY

    def _pair(self, frame: _Frame, value: _Value, start: int) -> None:
        if frame.key is _MERGE_KEY:
            frame.merged.extend(_mergeable(value, start))
            return
        key = frame.key
        try:
            given = key in frame.pairs
        except TypeError as error:
            raise Fault("not valid YAML: a key that is a list or a mapping", frame.key_at) from error
        if given:
            self.repeated.append((key, frame.spot.keys[key], frame.key_at))
        frame.pairs[key] = self._settled(value.data, start)
        frame.spot.keys[key] = frame.key_at
        frame.spot.values[key] = value.spot

    def _settled(self, data: object, at: int) -> object:
        if data is _MERGE_KEY or data is _EQUALS_KEY:
            raise Fault("not valid YAML: '<<' or '=' where no key stands", at)
        return data


def _begin(event: Event) -> int:
    mark: Any = event.start_mark
    offset: int = mark.index
    return offset


def _implicit_tag(text: str) -> str:
    for tag, pattern in Resolver.yaml_implicit_resolvers.get(text[:1], ()):
        if pattern.match(text):
            return str(tag)
    return _STR


def _mergeable(value: _Value, at: int) -> Iterator[_Value]:
    """The mappings that a `<<` brings, the one that wins last."""
    if isinstance(value.data, dict):
        yield value
    elif isinstance(value.data, list) and all(isinstance(one, dict) for one in value.data):
        for index in reversed(range(len(value.data))):
            spot = value.spot.values[index] if isinstance(value.spot, Spot) else at
            yield _Value(value.data[index], spot)
    else:
        raise Fault("not valid YAML: '<<' takes a mapping or a list of mappings", at)


def _with_merged(value: _Value, merged: list[_Value]) -> _Value:
    """A mapping with what its `<<` bring; its own keys win."""
    data: dict[Hashable, object] = {}
    spot = Spot(start_of(value.spot))
    for one in (*merged, value):
        if isinstance(one.data, dict) and isinstance(one.spot, Spot):
            data.update(one.data)
            spot.keys.update(one.spot.keys)
            spot.values.update(one.spot.values)
    return value._replace(data=data, spot=spot)


def _unreadable(tag: str, text: str, at: int) -> Fault:
    return Fault(f"'{_short(text)}' cannot be read as {tag.removeprefix(_STANDARD)}", at)


def _refused(tag: str | None, at: int) -> Fault:
    return Fault(f"tag '{_short((tag or '').replace(_STANDARD, '!!'))}' is not allowed", at)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004  (what a message can carry)
