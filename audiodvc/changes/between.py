"""Two states of a dataset by what git calls their files, of which only those are read that differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from audiodvc.changes import diff, summary
from audiodvc.changes.difference import Difference
from audiodvc.changes.summary import Summary
from audiodvc.model import layout, snapshot
from audiodvc.model.snapshot import FileKind, Snapshot

Entries = Mapping[str, tuple[str, str]]
"""Path -> mode and blob."""

Contents = Callable[[Collection[str]], Mapping[str, bytes]]
"""Blobs, as many as are wanted at once -> what they hold."""

_KINDS: Mapping[str, FileKind] = {"120000": "link", "160000": "module"}


@dataclass(frozen=True, slots=True, eq=False)
class Between:
    """Two states of a dataset, and what differs."""

    a: Snapshot
    b: Snapshot
    difference: Difference

    def summary(self) -> Summary:
        """The difference in numbers."""
        return summary.summarize(self.difference, self.a, self.b)


def between(a: Entries, b: Entries, contents: Contents, today: date) -> Between:
    """What makes one state another one."""
    old, new = ({path: entries[path] for path in layout.own(entries)} for entries in (a, b))
    changed = {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}
    read = _Reader(contents)
    read.bring(blob for entries in (old, new) for blob in _needed(entries, changed))
    one, other = (_take(entries, read, today) for entries in (old, new))
    return Between(one, other, diff.diff(one, other, changed))


class _Reader:
    """Contents of blobs, each read once."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._known: dict[str, bytes] = {}

    def bring(self, blobs: Iterable[str]) -> None:
        """Read many at once, which takes one process instead of many."""
        self._known.update(self._contents({blob for blob in blobs if blob not in self._known}))

    def __call__(self, blob: str) -> bytes:
        if blob not in self._known:
            self.bring([blob])
        return self._known[blob]


def _needed(entries: Entries, changed: Collection[str]) -> Iterator[str]:
    """What is read at any rate: all but tables and indexes that are the same in both states."""
    for path, (mode, blob) in entries.items():
        is_large = layout.table_id(path) or path.endswith(layout.INDEX) or path == layout.ERASED
        if layout.is_read(path) and mode not in _KINDS and (path in changed or not is_large):
            yield blob


def _take(entries: Entries, read: _Reader, today: date) -> Snapshot:
    kinds: dict[str, FileKind] = {path: _KINDS.get(mode, "file") for path, (mode, _) in entries.items()}
    return snapshot.take(kinds, lambda path: read(entries[path][1]), today)
