"""`publish`: a folder with an audformat database becomes the next version of a dataset.

Objects go first, then commit and tag in one push, so that a version which can be seen is whole.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import polars as pl

from audiodvc.adapters import cache, deliveries, draft, dvc_config, dvc_remote, dvc_trust, presence, terminal
from audiodvc.adapters.dvc_remote import Store
from audiodvc.errors import PublishError, RemoteError, VersionError
from audiodvc.model import layout
from audiodvc.model import version as semantic
from audiodvc.model.remoteconfig import RemoteConfig
from audiodvc.model.userconfig import Repository
from audiodvc.progress import Progress
from audiodvc.project.publishing import (
    arrangement,
    collection,
    destination,
    edition,
    enclosures,
    predecessor,
    submission,
)
from audiodvc.project.publishing.arrangement import Arranged
from audiodvc.project.publishing.collection import Collected, Reading
from audiodvc.project.publishing.destination import Destination, Wish
from audiodvc.project.publishing.edition import Edition
from audiodvc.project.publishing.enclosures import Enclosed
from audiodvc.project.publishing.predecessor import Inherited, Order, State
from audiodvc.project.publishing.submission import Submission
from audiodvc.resolve import config as settings
from audiodvc.resolve.commit import storage_of
from audiodvc.resolve.config import Config
from audiodvc.resolve.dependencies import Dependencies, later
from audiodvc.resolve.export import Note
from audiodvc.resolve.fetch import Storage, Stores
from audiodvc.resolve.get import Request
from audiodvc.resolve.materialize import STATE
from audiodvc.words import counted

_REMOTE = "storage"
_SHOWN = 5
_Opener = Callable[[], Store]


@dataclass(frozen=True, slots=True)
class Offer:
    """A folder that is to become a version, and how."""

    folder: Path
    version: str
    wish: Wish = field(default_factory=Wish)
    previous: str | None = predecessor.LATEST
    workers: int = 1
    progress: Progress = terminal.silence
    when: datetime | None = None
    message: str = ""
    without: frozenset[str] = frozenset()
    """Media whose rows are left out."""
    is_lenient: bool = False
    """Whether audio that cannot be opened and extensions in upper case are taken."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version that everybody can see now; `source` is what to ask for it, `shown` where it is."""

    name: str
    version: str
    tag: str
    commit: str
    previous: str | None
    source: str
    shown: str
    files: int
    added: int
    changed: int
    removed: int
    sent: int
    notes: tuple[str, ...] = ()


def publish(  # noqa: PLR0913 - audb's parameters
    db_root: str | os.PathLike[str],
    version: str,
    repository: Repository | str | None = None,
    *,
    archives: Mapping[str, str] | None = None,
    previous_version: str | None = predecessor.LATEST,
    cache_root: str | os.PathLike[str] | None = None,
    num_workers: int | None = 1,
    verbose: bool = True,
) -> Dependencies:
    """Publish a folder with an audformat database as a version of its dataset.

    Media that are not in the folder but in the previous version are unchanged. `repository` is one of the
    configured ones or its name, a URL or a path; without it the one that has the dataset. `archives` is taken
    for the sake of audb's callers, and means nothing where each file is an object of its own.
    """
    del archives
    config = settings.current(cache_root)
    offer = Offer(
        Path(db_root),
        version,
        Wish(repository=repository),
        previous_version,
        num_workers or os.cpu_count() or 1,
        terminal.bar if verbose else terminal.silence,
    )
    done = hand_in(offer, config)
    return later(Request(done.source, done.version), config)


def hand_in(offer: Offer, config: Config) -> Published:
    """Publish a folder, or say why it cannot be; then nothing of it can be seen."""
    version = offer.version.removeprefix("v")
    if semantic.order(version) is None:
        raise VersionError(f"'{offer.version}' is no version", hint="versions look like 1.0.0")
    folder = offer.folder.expanduser().absolute()
    name = submission.name_of(folder)
    with presence.bringing(config.cache_root), destination.opened(offer.wish, name, config) as place:
        order = predecessor.order(place, version, offer.previous)
        work = _Work(replace(offer, folder=folder), config, place, order)
        with Stores(work.storage, config) as stores:
            return work.done(stores)


class _Work:
    """One version on its way."""

    def __init__(self, offer: Offer, config: Config, place: Destination, order: Order) -> None:
        self.offer, self.config, self.place, self.order = offer, config, place, order
        self.folder = place.source.address.folder
        self._states: dict[str | None, State] = {}
        self.tip = self._state(self._brought())
        self.draft = draft.Draft(place.mirror, self.tip.commit)
        self.changes: dict[str, bytes | None] = {}
        self.new_config = b"" if self._has_config() else self._config()

    def _brought(self) -> str | None:
        """The commit below, which is here now together with that of the version before."""
        refs, order = self.place.refs, self.order
        wants = {commit: "" for commit in {order.base, self.order.inherited, self.place.tip} if commit}
        named = {commit: ref for ref, commit in refs.items()}
        if wants:
            self.place.mirror.bring({commit: named.get(commit, "") for commit in wants})
        return order.base

    def _state(self, commit: str | None) -> State:
        if commit not in self._states:
            self._states[commit] = State(self.place.mirror, commit, self.folder)
        return self._states[commit]

    def done(self, stores: Stores) -> Published:
        """Do all of it."""
        before = predecessor.inherit(self._state(self.order.inherited), stores, self._state(self.place.tip))
        note = _noted(self.offer.folder, before, self.order)
        self.draft.refuse_nameless()
        handed = submission.read(self.offer.folder, before.names, self.offer.without)
        _refuse_other_name(handed, before)
        unfit = submission.refuse_unfit(handed, self._settings(), is_lenient=self.offer.is_lenient)
        store = partial(stores.store, "")
        enclosed = enclosures.enclose(handed, before)
        collected = self._collect(handed, enclosed, before, store)
        arranged = _arranged(enclosed, collected, before)
        self._deliver(collected, arranged, store)
        commit = self._commit(handed, enclosed, arranged, before)
        published = _said(self, commit, collected, before)
        notes = (*published.notes, *unfit, *self._overruled(before), *self._unreachable())
        published = replace(published, notes=notes)
        if note is not None:
            _renote(self.offer.folder, note, published, collected, handed)
        return published

    def _settings(self) -> bytes:
        return self.tip.read([layout.SETTINGS]).get(layout.SETTINGS, b"")

    def _overruled(self, before: Inherited) -> list[str]:
        """What is to be said of commits that no version has had."""
        names = predecessor.replaced(before.state, self.tip, self.changes) if self.order.branch else []
        branch = self.place.branch.removeprefix("refs/heads/")
        shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
        since = f"changed on {branch} after {self.order.previous}"
        return [f"{since}, and as in the folder now: {shown}"] if names else []

    def _unreachable(self) -> list[str]:
        """What is to be said where others can read the repository and not its media."""
        if not self.new_config or self.place.mirror.is_local or "://" in self.place.media:
            return []
        return [f"{self.place.media} is a folder: it is read where the setting `allow_local_remotes` says so"]

    # -- objects ----------------------------------------------------------------------------------

    def _collect(
        self, handed: Submission, enclosed: Enclosed, before: Inherited, store: _Opener
    ) -> Collected:
        reading = Reading(
            partial(_objects, store, is_new=bool(self.new_config)),
            self.offer.workers,
            self.offer.progress,
            self.offer.is_lenient,
        )
        return collection.collect(handed.root, [*handed.media, *enclosed.objects], before.files, reading)

    def _deliver(self, collected: Collected, arranged: Arranged, store: _Opener) -> None:
        files: dict[str, deliveries.Content] = {**arranged.lists}
        if collected.new and not store().objects:
            files |= collected.new
        if files:
            with self.offer.progress("sending", len(files)) as advance:
                deliveries.deliver(store(), files, advance)
            _refuse_lost(store(), {*collected.new, *files})

    # -- storage ----------------------------------------------------------------------------------

    @property
    def storage(self) -> Storage:
        """Where objects go."""
        tip = self.place.tip if self.order.base is None else self.order.base
        if not self.new_config and tip is not None:
            state = self._state(tip)
            found = storage_of(self.place.source.address, state.whole, state.contents)
            self._refuse_other_media(found.remotes)
            return found
        return Storage(RemoteConfig(_REMOTE, {_REMOTE: self._new_remote()}), "")

    def _new_remote(self) -> dict[str, str]:
        """The remote of a dataset that has none yet, as its repository will name it."""
        dvc_trust.refuse_secret(self.place.media)
        return {"url": self.place.media, **dvc_remote.public_options(self.place.media)}

    def _refuse_other_media(self, known: RemoteConfig) -> None:
        """Media of one dataset stay together."""
        there = known.remotes.get(known.default or "", {}).get("url", "")
        if self.offer.wish.media not in ("", there):
            what = (
                f"the dataset has its media at {dvc_trust.shown(there) if '://' in there else there} already"
            )
            raise PublishError(what, hint="leave out where media go")

    def _has_config(self) -> bool:
        places = [self.folder, *_above(self.folder)]
        return any(f"{place}/{edition.CONFIG}".lstrip("/") in self.tip.whole for place in places)

    def _config(self) -> bytes:
        if not self.place.media:
            raise VersionError(
                f"{self.place.mirror.server.shown} has no dataset yet, and nobody says where its media go",
                hint="`--media URL`, or `media` of the repository in the settings",
            )
        remote = {f'remote "{_REMOTE}"': self._new_remote()}
        return dvc_config.configured(b"", {"core": {"remote": _REMOTE}, **remote})

    # -- the commit -------------------------------------------------------------------------------

    def _commit(self, handed: Submission, enclosed: Enclosed, arranged: Arranged, before: Inherited) -> str:
        when = self.offer.when or datetime.now(UTC)
        states = before.state, self.tip
        texts = {**handed.texts, **arranged.texts, **enclosures.texts(enclosed, handed, *states)}
        kept = {*before.kept, *enclosures.kept(enclosed, *states)}
        new = Edition(handed.name, texts, kept, arranged.tracked)
        changes = edition.changes(new, self.tip, self.new_config)
        changes = edition.with_entry(changes, before.state, self.tip, self.order, when.date())
        self.changes, made = changes, self.draft
        for path, data in self._from_top(changes).items():
            if data is None:
                made.remove(path)
            else:
                made.put(path, data)
        message = self.offer.message or f"Version {self.order.version}"
        return self._pushed(made, message)

    def _from_top(self, changes: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
        branch = self.place.branch.removeprefix("refs/heads/")
        around = edition.repository_files(self.folder, branch, _audiodvc(), self.tip.whole)
        start = f"{self.folder}/" if self.folder else ""
        return {**{start + path: data for path, data in changes.items()}, **around}

    def _pushed(self, made: draft.Draft, message: str) -> str:
        mirror, tag, when = self.place.mirror, f"refs/tags/{self.order.tag}", self.offer.when
        commit = made.commit(message, when)
        updates = {tag: made.tag(self.order.tag, commit, message, when)}
        expected: dict[str, str | None] = {tag: None}
        if self.order.branch:
            updates[self.order.branch], expected[self.order.branch] = commit, self.place.tip
        draft.push(mirror, updates, expected)
        return commit


# -- helpers of one step each ----------------------------------------------------------------------


def _objects(store: _Opener, *, is_new: bool) -> str:
    """The folder that objects are put into as they are read; empty if they are sent later."""
    there = store()
    if not there.objects:
        return ""
    if not is_new and not Path(there.shown).is_dir():
        raise RemoteError(f"the remote '{there.name}' is a folder that is not there: {there.shown}")
    cache.prepare(there.objects)
    return there.objects


def _refuse_lost(store: Store, names: set[str]) -> None:
    """Refuse to go on where a remote that is a folder is not the one that objects were put into."""
    lost = names - cache.present_of(store.objects, sorted(names)) if store.objects else set()
    if lost:
        what = f"{counted(len(lost), 'object')} that were put into {store.shown} are not there any more"
        raise RemoteError(what, hint="see that its disk is mounted, and publish again: nothing was published")


def _arranged(enclosed: Enclosed, collected: Collected, before: Inherited) -> Arranged:
    """Pointers of all that is tracked; what a stage makes has none, and stays."""
    made = {file for file in before.made if file in collected.rows}
    changed = sorted(file for file in made if collected.rows[file] != before.files.rows[file])
    if changed:
        what = "files that a stage of the repository makes have changed"
        raise PublishError(what, hint="let it make them anew in a clone", details=changed[:20])
    rows = [row for file, row in sorted(collected.rows.items()) if file not in made]
    return arrangement.arrange(rows, before.before, enclosed.alone)


def _noted(folder: Path, before: Inherited, order: Order) -> Note | None:
    """What `load_to` or `get --to` has noted in the folder, if it fits."""
    note = Note.read(folder)
    if note is None:
        return None
    hint = f"`get --to` it anew, or remove {folder / STATE} to take the folder as it is"
    if not note.finished:
        raise PublishError(f"{folder} holds parts of two versions: what made it did not end", hint=hint)
    if note.commit != before.state.commit:
        theirs = f"{note.version or note.commit[:12]} of {note.source}"
        mine = order.previous or "none"
        raise PublishError(
            f"{folder} was made from version {theirs}, the previous version is {mine}", hint=hint
        )
    return note


def _refuse_other_name(handed: Submission, before: Inherited) -> None:
    there = before.plan.header.name if before.plan else handed.name
    if there != handed.name:
        raise PublishError(
            f"the dataset there is called '{there}', that in the folder '{handed.name}'",
            hint="publish it elsewhere, or `previous_version=None` if it has a new name",
        )


def _said(work: _Work, commit: str, collected: Collected, before: Inherited) -> Published:
    rows, old, where = collected.rows, before.files.rows, work.place.source.address
    return Published(
        before.plan.header.name or "" if before.plan else submission.name_of(work.offer.folder),
        work.order.version,
        work.order.tag,
        commit,
        work.order.previous,
        f"{where.url}#{where.folder}" if where.folder else where.url,
        where.shown,
        files=len(rows),
        added=sum(file not in old for file in rows),
        changed=sum(file in old and old[file].md5 != row.md5 for file, row in rows.items()),
        removed=sum(file not in rows for file in old),
        sent=len(collected.new),
        notes=collected.notes,
    )


def _renote(folder: Path, note: Note, done: Published, collected: Collected, handed: Submission) -> None:
    """The folder holds the new version now."""
    files = {file: row.md5 for file, row in collected.rows.items()}
    files |= {
        file: hashlib.md5(text, usedforsecurity=False).hexdigest() for file, text in handed.texts.items()
    }
    listed = pl.DataFrame({"file": list(files), "md5": list(files.values())})
    replace(note, source=done.shown, version=done.version, commit=done.commit).write(folder, listed)


def _above(folder: str) -> list[str]:
    parts = folder.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(len(parts), -1, -1)]


def _audiodvc() -> str:
    # The package itself is above this floor; whoever got here has imported it.
    version: str = sys.modules["audiodvc"].__version__
    return version
