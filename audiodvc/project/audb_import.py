"""`import-audb`: every version of a dataset that was published with audb becomes a version here.

A version is brought into one folder, moved from version to version, of which only what has changed is read.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from audiodvc.adapters import links, terminal
from audiodvc.errors import AudiodvcError, UnknownDatasetError, UnknownVersionError
from audiodvc.model import layout
from audiodvc.model import version as semantic
from audiodvc.progress import Progress
from audiodvc.project.publish import Offer, Published, hand_in
from audiodvc.project.publishing.destination import Wish, versions_at
from audiodvc.resolve.config import Config

if TYPE_CHECKING:
    import audb

_KIND = "file-system"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_LINKS = ("hardlink", "copy")
_MEDIA = 1


@dataclass(frozen=True, slots=True)
class Origin:
    """A dataset in a repository of audb's, which is a folder with a folder of datasets in it."""

    name: str
    host: Path
    repository: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of each version: those that came now, and those that were here already."""

    done: tuple[Published, ...]
    present: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """What to bring, where to, and how."""

    origin: Origin
    wish: Wish
    versions: Sequence[str] | None = None
    workers: int = 1
    progress: Progress = terminal.silence
    told: Callable[[Published], object] = field(default=lambda _: None)


def import_audb(wanted: Import, config: Config) -> Imported:
    """Bring the versions that are not here yet, from low to high, each with its date."""
    with _reached(wanted) as source, tempfile.TemporaryDirectory(prefix="audiodvc-import-") as folder:
        names, notes = _chosen(source, wanted)
        present = set(versions_at(wanted.wish, wanted.origin.name, config))
        todo = [name for name in names if name not in present]
        done: list[Published] = []
        for name in todo:
            done.append(hand_in(_offer(source, name, _Here(present, done), Path(folder), wanted), config))
            present.add(name)
            wanted.told(done[-1])
        return Imported(tuple(done), tuple(name for name in names if name not in todo), notes)


# -- audb ------------------------------------------------------------------------------------------


class _Source:
    """A dataset of audb's."""

    def __init__(self, origin: Origin, cache: str, workers: int) -> None:
        self.origin, self._cache, self._workers = origin, cache, workers

    def versions(self) -> list[str]:
        """All versions, as audb has them."""
        interface = self._repository().create_backend_interface()
        with interface.backend:
            header = interface.join("/", self.origin.name, layout.HEADER)
            found: list[str] = interface.versions(header, suppress_backend_errors=True)
        return found

    def date(self, version: str) -> datetime:
        """The day on which a version was published; its backend says no more."""
        interface = self._repository().create_backend_interface()
        with interface.backend:
            said: str = interface.date(interface.join("/", self.origin.name, layout.HEADER), version)
        return datetime.fromisoformat(said).replace(tzinfo=UTC)

    def load(self, folder: Path, version: str) -> None:
        """Let a folder hold a version; what it has of another one stays where it can."""
        import audb

        # A table that had another form in the version before would be taken for this one's.
        for path in folder.glob("db.*.*"):
            path.unlink()
        audb.load_to(
            str(folder),
            self.origin.name,
            version=version,
            pickle_tables=False,
            cache_root=self._cache,
            num_workers=self._workers,
            verbose=False,
        )

    def files(self, version: str) -> dict[str, tuple[str, bool]]:
        """Media with their md5, and whether they were removed from all versions."""
        import audb

        found = audb.dependencies(self.origin.name, version=version, cache_root=self._cache, verbose=False)
        rows = found()
        media = rows[rows["type"] == _MEDIA]
        return {
            str(file): (str(md5), bool(removed))
            for file, md5, removed in zip(media.index, media["checksum"], media["removed"], strict=True)
        }

    def _repository(self) -> audb.Repository:
        import audb

        return audb.Repository(self.origin.repository, str(self.origin.host), _KIND)


@contextmanager
def _reached(wanted: Import) -> Iterator[_Source]:
    """audb, made to look at this repository alone for as long as the block lasts."""
    origin = wanted.origin
    try:
        import audb
    except ImportError as error:
        need = "pip install 'audiodvc[audb]'"
        raise AudiodvcError("datasets of audb are read by audb, which is not installed", hint=need) from error
    if not (origin.host / origin.repository).is_dir():
        raise UnknownDatasetError(
            f"there is no folder {origin.host / origin.repository}", hint="check the path"
        )
    before = audb.config.REPOSITORIES
    audb.config.REPOSITORIES = [audb.Repository(origin.repository, str(origin.host), _KIND)]
    with tempfile.TemporaryDirectory(prefix="audiodvc-import-") as cache, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # audb warns of itself on newer pandas
        try:
            yield _Source(origin, cache, wanted.workers)
        finally:
            audb.config.REPOSITORIES = before


# -- versions --------------------------------------------------------------------------------------


def _chosen(source: _Source, wanted: Import) -> tuple[list[str], tuple[str, ...]]:
    """The versions to bring, from low to high, and a note on those that cannot be."""
    there, where = source.versions(), f"{wanted.origin.host / wanted.origin.repository}"
    if not there:
        raise UnknownDatasetError(f"{where} has no dataset '{wanted.origin.name}'")
    if unknown := sorted(set(wanted.versions or ()) - set(there)):
        raise UnknownVersionError(
            f"'{wanted.origin.name}' has no version {', '.join(unknown)}", hint=f"it has {', '.join(there)}"
        )
    asked = [name for name in there if wanted.versions is None or name in wanted.versions]
    odd = [name for name in asked if semantic.order(name) is None]
    notes = (f"left out, since they are no semantic versions: {', '.join(odd)}",) if odd else ()
    return sorted((name for name in asked if name not in odd), key=_rank), notes


def _rank(name: str) -> semantic.Order:
    rank = semantic.order(name)
    if rank is None:
        raise UnknownVersionError(f"'{name}' is no version")
    return rank


class _Here(NamedTuple):
    """The versions that are there, and those of them that came just now."""

    present: set[str]
    done: Sequence[Published]

    def below(self, version: str) -> str | None:
        """The highest version below another one."""
        return max((name for name in self.present if _rank(name) < _rank(version)), key=_rank, default=None)

    def is_ours(self, version: str | None) -> bool:
        """Whether a version came just now, so that its files are those that audb has for it."""
        return any(one.version == version for one in self.done)


def _offer(source: _Source, version: str, here: _Here, folder: Path, wanted: Import) -> Offer:
    """One version, after the highest one below it that is here."""
    below = here.below(version)
    with wanted.progress(f"loading {source.origin.name} {version}", None):
        whole = folder / "whole"
        source.load(whole, version)
        files = source.files(version)
        known = source.files(below) if below and here.is_ours(below) else {}
    part = _part(whole, folder / "part", [file for file in files if files[file] == known.get(file)])
    return Offer(
        part,
        version,
        wanted.wish,
        below,
        wanted.workers,
        wanted.progress,
        when=source.date(version),
        without=frozenset(file for file, (_, removed) in files.items() if removed),
        is_lenient=True,
    )


def _part(whole: Path, part: Path, unchanged: Sequence[str]) -> Path:
    """The folder without media that are as they were in the version below."""
    shutil.rmtree(part, ignore_errors=True)
    left = set(unchanged)
    names = (path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file())
    links.place(((str(whole / name), str(part / name)) for name in names if name not in left), _LINKS)
    return part


def find(name: str, place: str, start: Path) -> Origin:
    """The dataset of a name in HOST/REPOSITORY, a path counted from a folder."""
    if not _NAME.fullmatch(name) or not name.strip("."):
        raise UnknownDatasetError(f"'{name}' can be no name of a dataset of audb", hint="A-Z a-z 0-9 . _ -")
    path = Path(os.path.abspath(start / Path(place).expanduser()))  # noqa: PTH100 - pathlib leaves `..` in it
    return Origin(name, path.parent, path.name)
