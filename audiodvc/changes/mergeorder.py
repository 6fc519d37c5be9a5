"""The order of columns, keys or labels that both sides of a merge added to, took from, or ordered anew."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


def merged(base: Sequence[Item], ours: Sequence[Item], theirs: Sequence[Item]) -> list[Item]:
    """What neither side took out and what either added, which stays behind what it was put behind.

    It is the same whichever side is ours.
    """
    stayed = [item for item in base if item in ours and item in theirs]
    mine, other = _added(ours, base, stayed), _added(theirs, base, stayed)
    found: dict[Item, None] = {}
    for place in (None, *_order(stayed, ours, theirs)):
        if place is not None:
            found[place[0]] = None
        found |= dict.fromkeys(_both(mine.get(place, []), other.get(place, [])))
    return list(found)


Place = tuple[Item] | None
"""What something stands behind; None is the beginning."""


def _order(stayed: Sequence[Item], ours: Iterable[Item], theirs: Iterable[Item]) -> Iterator[tuple[Item]]:
    known = set(stayed)
    one, other = ([item for item in side if item in known] for side in (ours, theirs))
    if one == stayed:
        one = other
    elif other not in (list(stayed), one):
        one = min(one, other, key=lambda items: [_text(item) for item in items])
    return ((item,) for item in one)


def _added(
    side: Iterable[Item], base: Collection[Item], stayed: Collection[Item]
) -> dict[Place[Item], list[Item]]:
    found: dict[Place[Item], list[Item]] = {}
    place: Place[Item] = None
    for item in side:
        if item in stayed:
            place = (item,)
        elif item not in base:
            found.setdefault(place, []).append(item)
    return found


def _both(one: list[Item], other: list[Item]) -> list[Item]:
    if one == other or not other:
        return one
    return sorted({*one, *other}, key=_text) if one else other


def _text(item: object) -> tuple[str, str]:
    return type(item).__name__, str(item)
