"""`blame`: the commits that gave a cell its values, through changes of form, moved segments and merges."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from audiodvc.changes.excerpt import Excerpt, Key
from audiodvc.model import scalar

Op = Literal["add", "change", "remove"]

Renamed = Callable[[str, str], Mapping[str, str]]
"""A commit and one before it -> new name of a column and the name it had, of those that were renamed."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a commit did to a cell; `key` and `column` as they were afterwards, None is no such row."""

    op: Op
    commit: str
    key: Key
    column: str | None
    old: str | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Trail:
    """A cell as it is, or was last, and what made it so, the latest first; without column, a row."""

    key: Key
    column: str | None
    value: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class History:
    """The commits that changed a file, each before its parents among them, and the rows that it had then.

    An excerpt is None where the file could not be read: such a commit is looked through.
    """

    parents: Mapping[str, Sequence[str]]
    excerpts: Mapping[str, Excerpt | None]
    is_segmented: bool = False
    renamed: Renamed = lambda _, __: {}
    moves: dict[tuple[str, str], Mapping[Key, Key]] = field(default_factory=dict)
    earlier: dict[str, list[str]] = field(default_factory=dict)

    def before(self, commit: str) -> list[str]:
        """The states that a commit changed; those that could not be read are looked through."""
        if commit not in self.earlier:
            found, rest = dict[str, None](), list(self.parents[commit])
            while rest:
                one = rest.pop(0)
                if self.excerpts[one] is None:
                    rest = [*self.parents[one], *rest]
                else:
                    found[one] = None
            self.earlier[commit] = list(found)
        return self.earlier[commit]

    def rows(self, commit: str) -> Excerpt:
        """The rows that a commit has."""
        return self.excerpts[commit] or _NOTHING


def trails(history: History, key: Sequence[str], column: str | None = None) -> list[Trail]:
    """The trail of every cell whose key begins so, of one column or of all; of rows that are gone their last.

    `key` is in canonical form.
    """
    start = next((commit for commit in _readable(history) if _matching(history, commit, key)), None)
    if start is None:
        return []
    found = []
    for one in _matching(history, start, key):
        now = _followed(history, _Place(start, one))
        names = (column,) if column is not None else history.rows(now.commit).columns or (None,)
        found += [_trail(history, now, name) for name in names]
    return found


_NOTHING = Excerpt()


class _Place(NamedTuple):
    commit: str
    key: Key


def _readable(history: History) -> Iterator[str]:
    return (commit for commit in history.parents if history.excerpts[commit] is not None)


def _matching(history: History, commit: str, key: Sequence[str]) -> list[Key]:
    return [one for one in history.rows(commit).rows if one[: len(key)] == tuple(key)]


def _followed(history: History, place: _Place) -> _Place:
    """Where a row is now, or was last: a segment may have been moved since."""
    later = list(_readable(history))
    for commit in reversed(later[: later.index(place.commit)]):
        if place.commit not in history.before(commit):
            continue
        rows = history.rows(commit).rows
        moves = _moves(history, commit, place.commit)
        key = place.key if place.key in rows else next((a for a, b in moves.items() if b == place.key), None)
        if key is not None:
            place = _Place(commit, key)
    return place


def _trail(history: History, now: _Place, column: str | None) -> Trail:
    value = _value(history, now, column)
    gone = [_removal(history, now, column, value)] if now.commit != next(_readable(history)) else []
    steps = [*(step for step in gone if step), *_steps(history, now, column)]
    return Trail(now.key, column, None if gone else value, tuple(steps))


def _removal(history: History, last: _Place, column: str | None, value: str | None) -> Step | None:
    """Who removed a row: the commit after the last one that has it."""
    later = list(_readable(history))
    for commit in reversed(later[: later.index(last.commit)]):
        if last.commit in history.before(commit):
            return Step("remove", commit, last.key, column, value, None)
    return None


def _steps(history: History, place: _Place | None, column: str | None) -> Iterator[Step]:
    while place is not None:
        value = _value(history, place, column)
        earlier = [_earlier(history, place, column, commit) for commit in history.before(place.commit)]
        there = [one for one in earlier if one is not None]
        same = next((one for one in there if _value(history, *one) == value), None)
        if same is None:
            old = _value(history, *there[0]) if there else None
            yield Step("change" if there else "add", place.commit, place.key, column, old, value)
        # Of two branches that both had another value the first is gone on with, as git does.
        chosen = same or (there[0] if there else None)
        place, column = chosen or (None, column)


def _earlier(
    history: History, place: _Place, column: str | None, commit: str
) -> tuple[_Place, str | None] | None:
    """Where a cell was in an earlier state; None if that had no such row."""
    key = place.key if place.key in history.rows(commit).rows else None
    key = key or _moves(history, place.commit, commit).get(place.key)
    if key is None:
        return None
    return _Place(commit, key), _named(history, place.commit, commit, column)


def _named(history: History, commit: str, earlier: str, column: str | None) -> str | None:
    """What a column was called before a commit."""
    before = history.rows(earlier).columns
    if column is None or column in before or column not in history.rows(commit).columns:
        return column
    return history.renamed(commit, earlier).get(column, column)


def _value(history: History, place: _Place, column: str | None) -> str | None:
    """A cell; missing where there is no such column yet, None where there is no such row."""
    row = history.rows(place.commit).rows.get(place.key)
    return None if row is None else row.get(column, "") if column is not None else ""


def _moves(history: History, commit: str, earlier: str) -> Mapping[Key, Key]:
    """Key -> the key that the segment had before."""
    if not history.is_segmented:
        return {}
    pair = commit, earlier
    if pair not in history.moves:
        old, new = history.rows(earlier).rows, history.rows(commit).rows
        gone, come = [key for key in old if key not in new], [key for key in new if key not in old]
        history.moves[pair] = moves(gone, come)
    return history.moves[pair]


def moves(gone: Sequence[Key], come: Sequence[Key]) -> dict[Key, Key]:
    """New key -> old key of segments of a file that share half of their union, and with no other one."""
    old, new = sorted(_placed(gone)), sorted(_placed(come))
    starts = [segment.start for segment in new]
    near = []
    for one in old:
        # A segment that overlaps so much starts not farther away than this one is long.
        length = one.end - one.start
        places = range(bisect_left(starts, one.start - length), bisect_right(starts, one.end))
        near += [(one.key, new[at].key) for at in places if _overlaps(one, new[at])]
    olds, news = (Counter(pair[side] for pair in near) for side in (0, 1))
    return {b: a for a, b in near if olds[a] == news[b] == 1}


class _Segment(NamedTuple):
    start: int
    end: int
    key: Key


def _placed(keys: Sequence[Key]) -> Iterator[_Segment]:
    """Segments in nanoseconds, without those that have no end."""
    for key in keys:
        start, end = (scalar.value(text, "time") for text in key[1:3])
        if isinstance(start, int) and isinstance(end, int) and start < end:
            yield _Segment(start, end, key)


def _overlaps(one: _Segment, other: _Segment) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return 3 * shared >= (one.end - one.start) + (other.end - other.start)
