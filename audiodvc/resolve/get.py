"""One call from a source to a folder that is ready: what is complete asks nobody, all else is brought."""

from __future__ import annotations

import logging
import os
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

import polars as pl

from audiodvc.adapters import cache, links, locks, presence, stock
from audiodvc.adapters.dvc_remote import Store
from audiodvc.adapters.pool import Pool
from audiodvc.adapters.terminal import silence
from audiodvc.model import version as semantic
from audiodvc.model.flavor import Flavor
from audiodvc.model.pointer import Output
from audiodvc.model.remoteconfig import RemoteConfig
from audiodvc.model.selection import Selection
from audiodvc.progress import Progress
from audiodvc.resolve import convert, fetch, materialize, revision, selected, source
from audiodvc.resolve.commit import Commit
from audiodvc.resolve.config import Config
from audiodvc.resolve.convert import Workers
from audiodvc.resolve.fetch import Objects, Storage, Stores
from audiodvc.resolve.materialize import Flavored, Identity, Version
from audiodvc.resolve.revision import Revision
from audiodvc.resolve.source import Source

Result = TypeVar("Result")

PATIENCE = 86_400.0
"""Seconds to wait for another process that is at work on the same folder."""

_DAY = 86_400.0

_log = logging.getLogger("audiodvc")


@dataclass(frozen=True, slots=True)
class Request:
    """Which state of which dataset, and how to get it."""

    source: str
    version: str | None = None
    rev: str | None = None
    workers: int = 1
    patience: float = PATIENCE
    progress: Progress = silence


@dataclass(frozen=True, slots=True)
class Ready:
    """A dataset in the cache; `media` are the selected files by their original names, None for all."""

    version: Version
    flavored: Flavored
    media: tuple[str, ...] | None
    attachments: tuple[str, ...]

    @property
    def root(self) -> Path:
        """The folder that holds all that was asked for."""
        return self.flavored.folder


def get(request: Request, config: Config, chosen: Selection, flavor: Flavor) -> Ready:
    """The dataset with the media and attachments of the selection, in a flavor."""
    call = _Call(request, config)
    for known in call.known():
        ready = call.ready(known, chosen, flavor)
        if ready is not None:
            return ready
    return call.persistent(lambda version: call.make(version, chosen, flavor))


def supply(request: Request, config: Config, flavor: Flavor, begin: Callable[[Supply], Result]) -> Result:
    """What `begin` makes of a version whose media come later; begun anew where a tag was moved."""
    call = _Call(request, config)
    for known in call.known():
        flavored = Flavored.read(known.folder / flavor.short_id)
        if flavored is not None and flavored.complete:
            _note_use(flavored)
            return begin(Supply(call, known, flavor, complete=True))
    return call.persistent(lambda version: begin(Supply(call, version, flavor)))


def version_of(request: Request, config: Config) -> Version:
    """The texts of the dataset, without media and attachments."""
    call = _Call(request, config)
    return next(call.known(), None) or call.version()


def attachments(request: Request, config: Config, chosen: Selection) -> tuple[Version, tuple[str, ...]]:
    """The texts of the dataset with the attachments of the selection."""
    call = _Call(request, config)
    for known in call.known():
        names = selected.attachments(known, chosen)
        if not links.lacking(str(known.folder), names):
            return known, names
    return call.persistent(lambda version: (version, call.attach(version, chosen)))


class Supply:
    """A version in a flavor whose media come when they are wanted.

    It stays with its commit, whatever becomes of the tag meanwhile. What is sent to another process leaves
    its connections behind.
    """

    def __init__(self, call: _Call, version: Version, flavor: Flavor, *, complete: bool = False) -> None:
        self.version, self.flavor, self.complete = version, flavor, complete
        self._call = call
        self._hands: _Hands | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "_hands": None}

    @property
    def root(self) -> Path:
        """The folder with the media."""
        return self.version.folder / self.flavor.short_id

    def look(self, rows: pl.DataFrame) -> None:
        """Ask the repository now if these media will need it, so that a moved tag is noticed in time."""
        if not self.complete and not self._call.has_objects(rows):
            self._call.confirm(self.version)

    def lacks(self, names: Iterable[str]) -> bool:
        """Whether a file is not there."""
        return not self.complete and bool(links.lacking(str(self.root), names))

    def bring(self, rows: pl.DataFrame) -> None:
        """Bring the media of these lines."""
        process = os.getpid()
        if self._hands is None or self._hands.process != process:
            self._hands = _Hands(process, self._call.steady(self.version), self._call.request.workers)
        self._call.bring(self.version, self.flavor, rows, self._hands)

    def close(self) -> None:
        """Leave the remotes, and let the workers go."""
        if self._hands is not None:
            self._hands.close()
        self._hands = None


class _Hands:
    """What brings media time after time: remotes, and worker processes from when they are first needed."""

    def __init__(self, process: int, remotes: _Remotes, workers: int) -> None:
        self.process, self.remotes, self._workers = process, remotes, workers
        self._open = ExitStack()
        self._open.enter_context(remotes)
        self._pool: Pool | None = None
        self.close = weakref.finalize(self, _leave, process, self._open)

    @contextmanager
    def pool(self, workers: int) -> Iterator[Pool]:
        """Workers that stay."""
        del workers  # the next time may need more
        if self._pool is None:
            self._pool = self._open.enter_context(Pool(self._workers))
        yield self._pool


class _MovedError(Exception):
    """The tag leads to another commit than it did."""


class _Call:
    """What one call knows: the source, and once the repository was asked, the commit."""

    def __init__(self, request: Request, config: Config) -> None:
        self.request, self.config = request, config
        self.source: Source = source.find(request.source, config)
        self._asked: Revision | None = None

    def known(self) -> Iterator[Version]:
        """The version as it is in the caches, the shared one first; nobody is asked."""
        place, commit = _place(self.request)
        for root in (self.config.shared_cache_root, self.config.cache_root):
            if root is not None and place:
                version = Version.read(root / self.source.name / place)
                if version is not None and version.identity.commit.startswith(commit):
                    yield version

    def version(self) -> Version:
        """The version as the repository has it now, in the user's own cache."""
        asked = self._ask()
        folder = self._folder / asked.place
        with self._busy(), locks.locked(f"{folder}.lock", self.request.patience):
            version = Version.read(folder)
            if version is not None and version.identity.commit == asked.commit:
                return version
            if version is not None:
                was, now = version.identity.commit[:12], asked.commit[:12]
                _log.warning("%s %s was moved from %s to %s", self.source.name, asked.place, was, now)
            return self._write(folder, asked)

    def persistent(self, work: Callable[[Version], Result]) -> Result:
        """Work on the version that is here; if the repository has to be asked, on what it says now."""
        with self._busy():
            here = (one for one in self.known() if one.folder.parent == self._folder)
            version = next(here, None) or self.version()
            try:
                return work(version)
            except _MovedError:
                return work(self.version())

    def ready(self, version: Version, chosen: Selection, flavor: Flavor) -> Ready | None:
        """What was asked for, if nothing of it is missing."""
        flavored = Flavored.read(version.folder / flavor.short_id)
        if flavored is None:
            return None
        media, names = selected.media(version, chosen), selected.attachments(version, chosen)
        if not flavored.complete:
            if media is None or links.lacking(str(flavored.folder), names):
                return None
            planned = convert.plan(selected.rows(version, media), flavor)
            if links.lacking(str(flavored.folder), planned["destination"].to_list()):
                return None
        _note_use(flavored)
        return Ready(version, flavored, media, names)

    def make(self, version: Version, chosen: Selection, flavor: Flavor) -> Ready:
        """Bring, convert and link what is missing."""
        with locks.locked(f"{version.folder}.{flavor.short_id}.lock", self.request.patience):
            ready = self.ready(version, chosen, flavor)  # another process may have been faster
            if ready is not None:
                return ready
            media, names = selected.media(version, chosen), selected.attachments(version, chosen)
            rows = selected.rows(version, media)
            convert.plan(rows, flavor)  # refuses before anything is written
            remotes = self._remotes(version)
            with remotes:
                objects = self._fetch(remotes, rows)
                self._attach(version, names, remotes)
            flavored = materialize.begin(version, flavor)
            made = self._converted(version, rows, flavor, objects)
            kinds = self.config.links
            materialize.write_texts(version, flavored, selected.renamed(version, flavor), kinds)
            materialize.place(((str(version.folder / name), name) for name in names), flavored, kinds)
            with self.request.progress("linking", made.height) as advance:
                materialize.place(_placed(made, objects), flavored, kinds, advance)
            whole = media is None and set(names) == set(selected.attachments(version, Selection()))
            flavored = materialize.finish(flavored, complete=whole)
            return Ready(version, flavored, media, names)

    def attach(self, version: Version, chosen: Selection) -> tuple[str, ...]:
        """Bring attachments into the folder of the version."""
        names = selected.attachments(version, chosen)
        remotes = self._remotes(version)
        with locks.locked(f"{version.folder}.lock", self.request.patience), remotes:
            self._attach(version, names, remotes)
        return names

    def has_objects(self, rows: pl.DataFrame) -> bool:
        """Whether all objects of these media are in a cache."""
        roots = (self.config.shared_cache_root, self.config.cache_root)
        missing = rows["md5"].to_list()
        for root in roots:
            if root is not None:
                missing = list(set(missing) - cache.present_of(fetch.objects_of(str(root)), missing))
        return not missing

    def confirm(self, version: Version) -> None:
        """Ask the repository whether a version still is what it was."""
        if self._ask().commit != version.identity.commit:
            raise _MovedError

    def steady(self, version: Version) -> _Remotes:
        """The remotes of the commit of a version, even when its tag leads to another one by now."""

        def ask() -> Commit:
            asked, commit = self._ask(), version.identity.commit
            if asked.commit != commit:
                said = self.source.name, asked.place, commit[:12], asked.commit[:12]
                _log.warning("%s %s was moved from %s to %s meanwhile", *said)
                asked = replace(asked, commit=commit, ref="")
            return Commit(self.source, self.config, asked)

        return _Remotes(ask, self.config)

    def bring(self, version: Version, flavor: Flavor, rows: pl.DataFrame, hands: _Hands) -> None:
        """Bring, convert and link single media."""
        lock = f"{version.folder}.{flavor.short_id}.lock"
        with self._busy(), locks.locked(lock, self.request.patience):
            objects = self._fetch(hands.remotes, rows)
            made = self._converted(version, rows, flavor, objects, hands.pool)
            kinds = self.config.links
            flavored = Flavored.read(version.folder / flavor.short_id)
            if flavored is None:
                flavored = materialize.begin(version, flavor)
                materialize.write_texts(version, flavored, selected.renamed(version, flavor), kinds)
                flavored = materialize.finish(flavored, complete=False)
            materialize.place(_placed(made, objects), flavored, kinds)

    def _busy(self) -> AbstractContextManager[None]:
        """While something is brought, `gc` takes nothing away."""
        return presence.bringing(self.config.cache_root, self.request.patience)

    @property
    def _folder(self) -> Path:
        return self.config.cache_root / self.source.name

    def _ask(self) -> Revision:
        if self._asked is None:
            cached = [path.name for path in self._folder.glob("*") if semantic.order(path.name)]
            wanted = {"version": self.request.version, "rev": self.request.rev}
            self._asked = revision.find(self.source, self.config, **wanted, cached=cached)
        return self._asked

    def _write(self, folder: Path, asked: Revision) -> Version:
        commit = Commit(self.source, self.config, asked)
        with (
            self.request.progress("reading the dataset", None),
            Stores(commit.storage(), self.config) as stores,
        ):
            planned = commit.plan(partial(_listed, stores))
        for note in planned.notes:
            _log.warning("%s %s: %s", self.source.name, asked.place, note)
        identity = Identity(self.source.name, self.source.address.shown, asked.version, asked.commit)
        return materialize.write_version(folder, identity, planned)

    def _remotes(self, version: Version) -> _Remotes:
        def ask() -> Commit:
            asked = self._ask()
            if asked.commit != version.identity.commit:
                raise _MovedError
            return Commit(self.source, self.config, asked)

        return _Remotes(ask, self.config)

    def _fetch(self, remotes: _Remotes, rows: pl.DataFrame) -> Objects:
        return fetch.fetch(
            remotes,
            rows,
            self.request.progress,
            lock=str(self._folder / "objects.lock"),
            num_workers=self.request.workers,
            timeout=self.request.patience,
        )

    def _attach(self, version: Version, names: Sequence[str], remotes: _Remotes) -> None:
        missing = links.lacking(str(version.folder), names)
        if not missing:
            return
        rows = version.attached.filter(pl.col("file").is_in(missing))
        if rows.height:
            objects = self._fetch(remotes, rows)
            files = (
                (objects.path(md5), f"{version.folder}/{file}")
                for file, md5 in rows.select("file", "md5").rows()
            )
            links.place(files, self.config.links)
        in_git = sorted(set(missing) - set(rows["file"]))
        if in_git:
            for name, data in remotes.commit.contents(in_git).items():
                materialize.write_attachment(version, name, data)

    def _converted(
        self, version: Version, rows: pl.DataFrame, flavor: Flavor, objects: Objects, pool: Workers = Pool
    ) -> pl.DataFrame:
        workers, progress = self.request.workers, self.request.progress
        if flavor != Flavor() and rows["format"].null_count():
            rows = convert.measured(rows, objects.path, progress, workers)
            materialize.write_measured(version, rows)
        return convert.convert(rows, flavor, self.config, objects.path, progress, workers, pool)


class _Remotes(Stores):
    """The remotes of a commit; the repository is asked when something is not in the cache."""

    def __init__(self, ask: Callable[[], Commit], config: Config) -> None:
        super().__init__(Storage(RemoteConfig()), config)
        self._ask = ask

    @cached_property
    def commit(self) -> Commit:
        """The commit, brought."""
        commit = self._ask()
        self.storage = commit.storage()
        return commit

    def store(self, name: str) -> Store:
        """The remote of this name; the default one if it is empty."""
        _ = self.commit
        return super().store(name)


def _place(request: Request) -> tuple[str, str]:
    """The folder of what is asked for and the beginning of its commit, where that needs no asking."""
    name = request.version if request.rev is None else request.rev
    if name is not None and semantic.order(name) is not None:
        return name.removeprefix("v"), ""
    if request.version is None and request.rev and semantic.is_commit(request.rev):
        return request.rev[:12], request.rev
    return "", ""


def _listed(stores: Stores, output: Output) -> list[tuple[str, str]]:
    return fetch.directory_entries(stores, output.md5, old=output.is_old, remote=output.remote)


def _note_use(flavored: Flavored) -> None:
    """Let `gc` know that it is wanted: once a day, where we may write."""
    stock.touch(str(flavored.folder / materialize.STATE), _DAY, time.time())


def _leave(process: int, what: ExitStack) -> None:
    """Close what is open, in the process that opened it: one that was forked has only copies."""
    if process == os.getpid():
        what.close()


def _placed(made: pl.DataFrame, objects: Objects) -> Iterator[tuple[str, str]]:
    for md5, name, path in made.select("md5", "destination", "path").iter_rows():
        yield path or objects.path(md5), name
