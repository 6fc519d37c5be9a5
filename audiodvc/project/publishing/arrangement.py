"""Which pointer has which file: those that there are keep theirs, and a new folder at the top gets one."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from audiodvc.errors import PublishError
from audiodvc.finding import Place
from audiodvc.model import layout, mediaindex, paths, pointer
from audiodvc.model.mediaindex import Media
from audiodvc.model.pointer import Output

_NOWHERE = Place(1, 1)
_SHA1 = 40


@dataclass(frozen=True, slots=True)
class Before:
    """What git has: texts of pointers and indexes by path, what pointers track, and how git names blobs."""

    texts: Mapping[str, bytes] = field(default_factory=dict)
    outputs: tuple[Output, ...] = ()
    algorithm: str = "sha1"


@dataclass(frozen=True, slots=True)
class Arranged:
    """Pointers and indexes as they will be, the paths of what they track, and directory objects by name."""

    texts: Mapping[str, bytes]
    tracked: tuple[str, ...]
    lists: Mapping[str, bytes]


def arrange(rows: Iterable[Media], before: Before, alone: Collection[str] = ()) -> Arranged:
    """Give each file its pointer; `alone` are folders and files that get one of their own."""
    units = _units(rows, {out.path for out in before.outputs} | set(alone))
    texts: dict[str, bytes] = {}
    lists: dict[str, bytes] = {}
    for path, lines in units.items():
        unit = _Unit(path, lines, before)
        texts |= unit.texts
        lists |= unit.lists
    return Arranged(texts, tuple(units), lists)


def _units(rows: Iterable[Media], known: set[str]) -> dict[str, list[Media]]:
    above = {folder for path in known for folder in _folders(path)}
    owners: dict[str, str] = {}
    units: dict[str, list[Media]] = {}
    for row in rows:
        folder = row.file.rpartition("/")[0]
        if folder not in owners:
            owners[folder] = _owner(folder, known, above)
        units.setdefault(row.file if row.file in known else owners[folder] or row.file, []).append(row)
    return dict(sorted(units.items()))


def _owner(folder: str, known: Collection[str], above: Collection[str]) -> str:
    """The nearest to the top that has a pointer or can have one; empty if each file needs its own."""
    places = [*reversed(list(_folders(folder))), folder] if folder else []
    with_pointer = next((place for place in places if place in known), None)
    return with_pointer or next((place for place in places if place not in above), "")


def _folders(path: str) -> Iterable[str]:
    """The folders above a path, the nearest first."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


class _Unit:
    """A media folder or file."""

    def __init__(self, path: str, rows: list[Media], before: Before) -> None:
        self._path, self._rows, self._before = path, rows, before
        self._old = next((out for out in before.outputs if out.path == path), None)
        self.texts: dict[str, bytes] = {}
        self.lists: dict[str, bytes] = {}
        self._is_folder = not (len(rows) == 1 and rows[0].file == path)
        name = self._name()
        if self._old is not None and self._old.md5 == name:
            self._stay()
        else:
            self._change(name)

    def _name(self) -> str:
        """The name of the object."""
        if not self._is_folder:
            return self._rows[0].md5
        start = len(self._path) + 1
        made = mediaindex.directory_object((row.file[start:], row.md5) for row in self._rows)
        self.lists[made.name] = made.data
        return made.name

    def _stay(self) -> None:
        """All is as it was: the pointer stays, and so does an index, whatever form it has."""
        self.lists.clear()
        source = self._old.source if self._old is not None else ""
        for name in (source, source.removesuffix(layout.POINTER) + layout.INDEX):
            if name in self._before.texts:
                self.texts[name] = self._before.texts[name]

    def _change(self, name: str) -> None:
        source = self._path + layout.POINTER
        old = self._before.texts.get(source, b"")
        if (old and not pointer.is_plain(old)) or (self._old is not None and self._old.source != source):
            raise PublishError(
                f"{source} asks DVC for more than to track {paths.shown(self._path)}, and its media changed",
                hint="change them in a clone, with `dvc`, and release that",
            )
        if not all(row.size for row in self._rows):
            raise PublishError(
                f"{paths.shown(self._path)} has no media index: not enough is known of its other files",
                hint="have all its files in the folder, or `audiodvc add` it in a clone first",
            )
        index = mediaindex.dump(self._rows)
        nfiles = len(self._rows) if self._is_folder else None
        size = mediaindex.total_size(self._rows)
        out = Output(
            self._path, name, source, _NOWHERE, nfiles, size, index=_blob(index, self._before.algorithm)
        )
        self.texts[self._path + layout.INDEX] = index
        self.texts[source] = pointer.dump(out, old)


def _blob(data: bytes, algorithm: str) -> str:
    """The name that git gives to a text."""
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def algorithm_of(commit: str | None) -> str:
    """How git names things in the repository of a commit."""
    return "sha1" if commit is None or len(commit) == _SHA1 else "sha256"
