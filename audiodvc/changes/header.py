"""How what a header says differs, at dotted paths."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

HeaderOp = Literal["add", "remove", "change"]
Path = tuple[Hashable, ...]

_PLAIN = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class HeaderChange:
    """A key or a list item that was added or removed, or a value that was changed.

    The path of an item is that of its list; `at` is its number there, before if it was removed, else after.
    """

    op: HeaderOp
    path: Path
    old: object = None
    new: object = None
    at: int | None = None

    @property
    def dotted(self) -> str:
        """The path with dots between its parts; a part with other characters than letters is in quotes."""
        return ".".join(_part(part) for part in self.path)


def compare(a: object, b: object) -> tuple[HeaderChange, ...]:
    """What makes the data of one header that of another; the order of keys means nothing."""
    return tuple(_changes(a, b, ()))


def apply(changes: Iterable[HeaderChange], data: object) -> object:
    """The data with the changes made."""
    found = _copied(data)
    for change in changes:
        if change.at is None and not change.path:
            return change.new
        if change.at is None:
            _set(_at(found, change.path[:-1]), change)
    lists = [change for change in changes if change.at is not None]
    for path in dict.fromkeys(change.path for change in lists):
        items = _at(found, path)
        mine = [change for change in lists if change.path == path]
        gone = {change.at for change in mine if change.op == "remove"}
        items[:] = [item for at, item in enumerate(items) if at not in gone]
        for change in mine:
            if change.op == "add" and change.at is not None:
                items.insert(change.at, change.new)
    return found


def same(x: object, y: object) -> bool:
    """Whether two values of YAML mean the same: 1 is 1.0, but neither is true."""
    if isinstance(x, Mapping) and isinstance(y, Mapping):
        ours, theirs = _keyed(x), _keyed(y)
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(x, list) and isinstance(y, list):
        return len(x) == len(y) and all(map(same, x, y))
    if isinstance(x, float) and x != x:  # noqa: PLR0124 - not a number
        return isinstance(y, float) and y != y  # noqa: PLR0124
    numbers = (int, float)
    if isinstance(x, numbers) and isinstance(y, numbers):
        return isinstance(x, bool) == isinstance(y, bool) and x == y
    return type(x) is type(y) and x == y


def _changes(a: object, b: object, path: Path) -> Iterator[HeaderChange]:
    if same(a, b):
        return
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        yield from _of_mappings(a, b, path)
    elif isinstance(a, list) and isinstance(b, list) and _are_sets(a, b):
        yield from _of_lists(a, b, path)
    else:
        yield HeaderChange("change", path, a, b)


def _of_mappings(a: Mapping[Any, object], b: Mapping[Any, object], path: Path) -> Iterator[HeaderChange]:
    ours, theirs = _keyed(a), _keyed(b)
    for key in ours:
        if key not in theirs:
            yield HeaderChange("remove", (*path, key[1]), old=ours[key])
    for key, value in theirs.items():
        if key in ours:
            yield from _changes(ours[key], value, (*path, key[1]))
        else:
            yield HeaderChange("add", (*path, key[1]), new=value)


def _of_lists(a: list[Any], b: list[Any], path: Path) -> Iterator[HeaderChange]:
    ours, theirs = {_item(item): item for item in a}, {_item(item): item for item in b}
    for at, key in enumerate(ours):
        if key not in theirs:
            yield HeaderChange("remove", path, old=ours[key], at=at)
    for at, key in enumerate(theirs):
        if key not in ours:
            yield HeaderChange("add", path, new=theirs[key], at=at)


def _are_sets(a: list[Any], b: list[Any]) -> bool:
    """Whether items came and went, each is there once, and those that stayed kept their order."""
    if any(isinstance(item, Mapping | list) for item in (*a, *b)):
        return False
    ours, theirs = [_item(item) for item in a], [_item(item) for item in b]
    if max(Counter(ours).values(), default=0) > 1 or max(Counter(theirs).values(), default=0) > 1:
        return False
    mine, other = set(ours), set(theirs)
    return [item for item in ours if item in other] == [item for item in theirs if item in mine]


def _item(item: object) -> Hashable:
    """What makes a list item another one."""
    if isinstance(item, float) and item != item:  # noqa: PLR0124 - not a number
        return "nan", None
    return ("number" if isinstance(item, float) else type(item).__name__.replace("int", "number")), item


def _keyed(mapping: Mapping[Any, object]) -> dict[tuple[bool, Any], object]:
    # To Python the keys 1 and true are one.
    return {(isinstance(key, bool), key): value for key, value in mapping.items()}


def _part(part: Hashable) -> str:
    text = str(part)
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _copied(data: object) -> Any:  # noqa: ANN401 - whatever YAML can say
    if isinstance(data, Mapping):
        return {key: _copied(value) for key, value in data.items()}
    return [_copied(item) for item in data] if isinstance(data, list) else data


def _at(data: Any, path: Sequence[Hashable]) -> Any:  # noqa: ANN401 - whatever YAML can say
    for part in path:
        data = data[part]
    return data


def _set(place: dict[Hashable, object], change: HeaderChange) -> None:
    if change.op == "remove":
        del place[change.path[-1]]
    else:
        place[change.path[-1]] = change.new
