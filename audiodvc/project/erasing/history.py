"""All texts that say which media a repository has or had: of every version, and of what lies between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from audiodvc.adapters import git
from audiodvc.adapters.mirror import Mirror
from audiodvc.model import layout

CONFIG = ".dvc/config"

_TAG, _HEAD = "refs/tags/", "refs/heads/"
_NAMES = (layout.INDEX, layout.POINTER, layout.ERASED)
_FILES = (layout.HEADER, layout.LOCK, layout.ERASED, CONFIG)
_PATTERNS = tuple(f"**/*{name}" for name in _NAMES) + tuple(f"**/{name}" for name in _FILES)
_AT_ONCE = 8

Entries = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class History:
    """Path from the top and blob of each such text, with the tags and branches that have it."""

    places: Mapping[tuple[str, str], tuple[str, ...]]
    read: Callable[[Iterable[str]], Mapping[str, bytes]]

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """The folders of all datasets that there ever were, each with a slash at its end."""
        names = {path for path, _ in self.places if f"/{path}".endswith(f"/{layout.HEADER}")}
        return tuple(sorted((name.removesuffix(layout.HEADER) for name in names), key=len, reverse=True))

    def dataset_of(self, path: str) -> str:
        """The folder of the dataset that a file belongs to."""
        return next((prefix for prefix in self.datasets if path.startswith(prefix)), "")

    def texts(self, is_wanted: Callable[[str], bool]) -> Iterator[tuple[str, str, bytes]]:
        """Path, blob and bytes of the texts whose path is wanted."""
        wanted = sorted(place for place in self.places if is_wanted(place[0]))
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            read = self.read([blob for _, blob in some])
            for path, blob in some:
                yield path, blob, read[blob]


def of_clone(top: Path) -> History:
    """The history of a clone: all that its refs lead to."""
    places: dict[tuple[str, str], set[str]] = {place: set() for place in git.past(top, *_PATTERNS)}
    tips = git.tips(top)
    for commit in set(tips.values()):
        names = {_shown(ref) for ref, one in tips.items() if one == commit}
        _note(places, git.tree_entries(top, commit), names)
    return _history(places, lambda blobs: git.blobs(top, blobs))


def of_mirror(mirror: Mirror, refs: Mapping[str, str]) -> History:
    """The tips of all branches and tags of a repository elsewhere, whose commits were brought."""
    places: dict[tuple[str, str], set[str]] = {}
    for commit in set(refs.values()):
        names = {_shown(ref) for ref, one in refs.items() if one == commit}
        _note(places, mirror.entries(commit), names)
    return _history(places, mirror.read)


def _history(
    places: Mapping[tuple[str, str], set[str]], read: Callable[[Iterable[str]], Mapping[str, bytes]]
) -> History:
    return History({place: tuple(sorted(names - {""})) for place, names in places.items()}, read)


def _note(places: dict[tuple[str, str], set[str]], entries: Entries, names: set[str]) -> None:
    for path, (mode, blob) in entries.items():
        if mode.startswith("100") and _tells(path):
            places.setdefault((path, blob), set()).update(names)


def _tells(path: str) -> bool:
    return path.endswith(_NAMES) or f"/{path}".endswith(tuple(f"/{name}" for name in _FILES))


def _shown(ref: str) -> str:
    """A version by the name of its tag, a branch by its own; another's as they were fetched have none."""
    if ref.startswith("refs/audiodvc/"):
        return ref.partition("/tags/")[2]
    return next((ref.removeprefix(place) for place in (_TAG, _HEAD) if ref.startswith(place)), "")
