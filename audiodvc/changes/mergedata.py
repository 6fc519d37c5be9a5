"""Three states of what a header says -> what both sides want, and where they disagree."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from audiodvc.changes import mergeorder
from audiodvc.changes.header import same

Path = tuple[Hashable, ...]


class _Absent:
    """What a side has that does not have a key."""


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Node:
    """A value as it is if every conflict in it is settled for one of the three; equal ones are merged.

    `children` are the values of a mapping whose keys were merged one by one.
    """

    base: object
    ours: object
    theirs: object
    is_conflict: bool = False
    children: Mapping[Hashable, Node] | None = field(default=None)

    def conflicts(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """The places where both sides differ."""
        if self.is_conflict:
            yield path, self
        for key, child in (self.children or {}).items():
            yield from child.conflicts((*path, key))

    @property
    def is_clean(self) -> bool:
        """Whether there is none."""
        return next(self.conflicts(), None) is None


def merge(base: object, ours: object, theirs: object, path: Path = ()) -> Node:
    """What both sides want of a value."""
    if _same(ours, theirs) or _same(theirs, base):
        return Node(ours, ours, ours)
    if _same(ours, base):
        return Node(theirs, theirs, theirs)
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return _mapping(base if isinstance(base, Mapping) else {}, ours, theirs, path)
    if _is_set(path) and isinstance(ours, list) and isinstance(theirs, list):
        merged = _set(base if isinstance(base, list) else [], ours, theirs)
        if merged is not None:
            return Node(merged, merged, merged)
    return Node(base, ours, theirs, is_conflict=True)


def _same(x: object, y: object) -> bool:
    return x is y or (ABSENT not in (x, y) and same(x, y))


def _mapping(
    base: Mapping[Hashable, object],
    ours: Mapping[Hashable, object],
    theirs: Mapping[Hashable, object],
    path: Path,
) -> Node:
    found = {
        key: merge(base.get(key, ABSENT), ours.get(key, ABSENT), theirs.get(key, ABSENT), (*path, key))
        for key in dict.fromkeys((*base, *ours, *theirs))
    }
    order = mergeorder.merged(list(base), list(ours), list(theirs))
    order += sorted((key for key, node in found.items() if key not in order and not node.is_clean), key=str)
    children = {key: found[key] for key in order}
    sides = ({key: getattr(node, side) for key, node in children.items()} for side in _SIDES)
    before, mine, other = ({key: value for key, value in one.items() if value is not ABSENT} for one in sides)
    return Node(before, mine, other, children=children)


_SIDES = ("base", "ours", "theirs")


def _is_set(path: Path) -> bool:
    """Whether a list is one of things that stand there once, as labels and languages do."""
    return path == ("languages",) or (len(path) == len(_LABELS) and path[::2] == _LABELS[::2])


_LABELS = ("schemes", "", "labels")


def _set(base: Sequence[object], ours: Sequence[object], theirs: Sequence[object]) -> list[object] | None:
    """The items of both sides; None if they are no set, or if both sides ordered them anew."""
    items = {_item(item): item for side in (base, theirs, ours) for item in side}
    sides = [[_item(item) for item in side] for side in (base, ours, theirs)]
    if any(None in side or len(set(side)) < len(side) for side in sides):
        return None
    stayed = [[item for item in side if all(item in other for other in sides)] for side in sides]
    if stayed[0] not in stayed[1:] and stayed[1] != stayed[2]:
        return None
    return [items[item] for item in mergeorder.merged(*sides)]


def _item(item: object) -> Hashable | None:
    """What makes a label another one: 1 is 1.0, and neither is true; None is no label."""
    if isinstance(item, bool):
        return "bool", item
    if isinstance(item, int | float):
        return ("number", item) if item == item else None  # noqa: PLR0124 - not a number
    return (type(item).__name__, item) if isinstance(item, Hashable) and item is not None else None
