"""One call from a source to a folder that is ready: what is complete asks nobody, all else is brought."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import polars as pl

from audiodvc.adapters import cache, links, locks, presence, stock
from audiodvc.adapters.pool import Pool
from audiodvc.adapters.terminal import silence
from audiodvc.errors import UnknownVersionError
from audiodvc.model import version as semantic
from audiodvc.model.flavor import Flavor
from audiodvc.model.pointer import Output
from audiodvc.model.selection import Selection
from audiodvc.progress import Progress
from audiodvc.resolve import convert, erasures, fetch, materialize, prebuilt, revision, selected, source
from audiodvc.resolve.commit import Commit, Remotes
from audiodvc.resolve.config import Config
from audiodvc.resolve.convert import Workers
from audiodvc.resolve.erasures import Erasures
from audiodvc.resolve.fetch import Objects, Stores
from audiodvc.resolve.hands import Hands
from audiodvc.resolve.materialize import Flavored, Identity, Version
from audiodvc.resolve.prebuilt import Shelf
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
    call = Call(request, config)
    for known in call.known():
        ready = call.ready(known, chosen, flavor)
        if ready is not None:
            return ready
    return call.persistent(lambda version: call.make(version, chosen, flavor))


def version_of(request: Request, config: Config) -> Version:
    """The texts of the dataset, without media and attachments."""
    call = Call(request, config)
    return next(call.known(), None) or call.version()


def attachments(request: Request, config: Config, chosen: Selection) -> tuple[Version, tuple[str, ...]]:
    """The texts of the dataset with the attachments of the selection."""
    call = Call(request, config)
    for known in call.known():
        names = selected.attachments(known, chosen)
        if not links.lacking(str(known.folder), names):
            return known, names
    return call.persistent(lambda version: (version, call.attach(version, chosen)))


class _MovedError(Exception):
    """The tag leads to another commit than it did, or something was erased since."""


class Call:
    """What one call knows: the source, and once the repository was asked, the commit."""

    def __init__(self, request: Request, config: Config) -> None:
        self.request, self.config = request, config
        self.source: Source = source.find(request.source, config)
        self._asked: Revision | None = None
        self._heeded = False

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
        self._heed()
        folder = self._folder / asked.place
        with self._busy(), locks.locked(f"{folder}.lock", self.request.patience):
            version = Version.read(folder)
            if version is not None and version.identity.commit == asked.commit:
                return version
            if version is not None:
                was, now = version.identity.commit[:12], asked.commit[:12]
                _log.warning("%s %s was moved from %s to %s", self.source.name, asked.place, was, now)
            with self._nobody_in(folder):
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
        note_use(flavored)
        return Ready(version, flavored, media, names)

    def make(self, version: Version, chosen: Selection, flavor: Flavor) -> Ready:
        """Bring, convert and link what is missing."""
        with locks.locked(f"{version.folder}.{flavor.short_id}.lock", self.request.patience):
            _check_unmoved(version)
            ready = self.ready(version, chosen, flavor)  # another process may have been faster
            if ready is not None:
                return ready
            media, names = selected.media(version, chosen), selected.attachments(version, chosen)
            rows = selected.rows(version, media)
            convert.plan(rows, flavor)  # refuses before anything is written
            remotes = self._remotes(version)
            with remotes:
                taken, rows = self._taken(version, rows, flavor, remotes)
                objects = self._fetch(remotes, rows)
                self._attach(version, names, remotes)
            flavored = materialize.begin(version, flavor)
            made = pl.concat([self._converted(version, rows, flavor, objects), taken])
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
            _check_unmoved(version)
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
        if self._ask().commit != version.identity.commit or self._news():
            raise _MovedError

    def steady(self, version: Version) -> Remotes:
        """The remotes of the commit of a version, even when its tag leads to another one by now."""

        def ask() -> Commit:
            asked, commit = self._ask(), version.identity.commit
            if asked.commit != commit:
                said = self.source.name, asked.place, commit[:12], asked.commit[:12]
                _log.warning("%s %s was moved from %s to %s meanwhile", *said)
                asked = replace(asked, commit=commit, ref="")
            return Commit(self.source, self.config, asked)

        return Remotes(ask, self.config)

    def bring(self, version: Version, flavor: Flavor, rows: pl.DataFrame, hands: Hands) -> None:
        """Bring, convert and link single media."""
        lock = f"{version.folder}.{flavor.short_id}.lock"
        with self._busy(), locks.locked(lock, self.request.patience):
            try:
                _check_unmoved(version)
            except _MovedError:
                raise UnknownVersionError(_lost(version), hint="begin again") from None
            taken, rows = self._taken(version, rows, flavor, hands.remotes)
            objects = self._fetch(hands.remotes, rows)
            made = pl.concat([self._converted(version, rows, flavor, objects, hands.pool), taken])
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

    @contextmanager
    def _nobody_in(self, folder: Path) -> Iterator[None]:
        """While nobody puts media into a folder, which is to become that of another commit."""
        with ExitStack() as stack:
            for lock in sorted(folder.parent.glob(f"{folder.name}.*.lock")):
                stack.enter_context(locks.locked(str(lock), self.request.patience))
            yield

    @property
    def _folder(self) -> Path:
        return self.config.cache_root / self.source.name

    def _ask(self) -> Revision:
        if self._asked is None:
            cached = [path.name for path in self._folder.glob("*") if semantic.order(path.name)]
            wanted = {"version": self.request.version, "rev": self.request.rev}
            self._asked = revision.find(self.source, self.config, **wanted, cached=cached)
        return self._asked

    def _news(self) -> Erasures | None:
        """What was erased, if the cache was not told of it before; asked for once."""
        if self._heeded:
            return None
        mirror = source.mirror(self.source, self.config)
        asked = self._ask()
        wants = {asked.commit: asked.ref}  # one fetch for both
        return erasures.news(mirror, self.source.address.folder, self.source.name, wants)

    def _heed(self) -> None:
        """Take out of the cache what was erased since; a shared one is for its owner's `gc` to clear."""
        news, self._heeded = self._news(), True
        if news is not None:
            mirror = source.mirror(self.source, self.config)
            erasures.heed(self.config.cache_root, self.source.name, news, mirror)

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

    def _remotes(self, version: Version) -> Remotes:
        def ask() -> Commit:
            asked = self._ask()
            if asked.commit != version.identity.commit or self._news():
                raise _MovedError
            return Commit(self.source, self.config, asked)

        return Remotes(ask, self.config)

    def _taken(
        self, version: Version, rows: pl.DataFrame, flavor: Flavor, remotes: Remotes
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What was built of these media and could be had, and the lines of the others."""
        said = self.request
        shelf = Shelf(version, remotes, said.progress, said.workers)
        taken = prebuilt.take(shelf, rows, flavor)
        return taken, rows.join(taken, on="file", how="anti", maintain_order="left")

    def _fetch(self, remotes: Remotes, rows: pl.DataFrame) -> Objects:
        return fetch.fetch(
            remotes,
            rows,
            self.request.progress,
            lock=str(self._folder / "objects.lock"),
            num_workers=self.request.workers,
            timeout=self.request.patience,
        )

    def _attach(self, version: Version, names: Sequence[str], remotes: Remotes) -> None:
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
            links.place(files, self.config.links, root=str(version.folder))
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


def _check_unmoved(version: Version) -> None:
    """Begin anew if another process has followed a moved tag, or has taken out what was erased."""
    now = Version.read(version.folder)
    if now is None or now.identity.commit != version.identity.commit or now.erased != version.erased:
        raise _MovedError


def _lost(version: Version) -> str:
    """Why one cannot go on with a version."""
    if Version.read(version.folder) is None:
        return f"{version.folder} was removed meanwhile"
    name = f"{version.identity.name} {version.identity.place}"
    return f"{name} was moved to another commit meanwhile, which is in the cache by now"


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


def note_use(flavored: Flavored) -> None:
    """Let `gc` know that it is wanted: once a day, where we may write."""
    stock.touch(str(flavored.folder / materialize.STATE), _DAY, time.time())


def _placed(made: pl.DataFrame, objects: Objects) -> Iterator[tuple[str, str]]:
    for md5, name, path in made.select("md5", "destination", "path").iter_rows():
        yield path or objects.path(md5), name
