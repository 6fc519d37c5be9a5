"""What a published version comes after: the commit below it, and the version whose files it inherits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from audiodvc.adapters import record
from audiodvc.adapters.mirror import Mirror
from audiodvc.errors import PublishError, UnknownVersionError, VersionError
from audiodvc.model import changelog, erased, layout, paths, pointer
from audiodvc.model import version as semantic
from audiodvc.model.pointer import Output
from audiodvc.project import hooks
from audiodvc.project.publishing.arrangement import Before, algorithm_of
from audiodvc.project.publishing.collection import Known, known
from audiodvc.project.publishing.destination import Destination
from audiodvc.project.releasing import tags
from audiodvc.project.releasing.tags import REFS, Tags
from audiodvc.resolve import fetch, plan
from audiodvc.resolve.fetch import Stores
from audiodvc.resolve.plan import Plan, Tree

Entries = Mapping[str, tuple[str, str]]

LATEST = "latest"
_PLAIN = re.compile(r"v?\d+\.\d+\.\d+")
_AROUND = frozenset({".gitattributes", ".gitignore", layout.SETTINGS, changelog.PATH})
# What a version does not replace.
_OTHERS = frozenset({layout.SETTINGS, layout.STAGES, layout.LOCK, layout.ERASED})


@dataclass(frozen=True, slots=True)
class Order:
    """Where a version stands: its tag, the one that it inherits from with its commit, and what it is made on.

    `branch` is the one that moves to it; empty where a higher version is there, and only the tag comes.
    """

    version: str
    tag: str
    previous: str | None
    inherited: str | None
    base: str | None
    branch: str


def order(place: Destination, version: str, previous: str | None) -> Order:
    """Put a version into its place, or say why it has none."""
    found = _tags(place)
    known = {name: REFS + tag for name, tag in found.known.items()}
    names = sorted(known, key=_rank)
    if version in known:
        raise PublishError(
            f"{place.mirror.server.shown} has a version {version} already", hint="choose a higher one"
        )
    before = _previous(place, names, previous)
    if before is not None and _rank(before) >= _rank(version):
        raise VersionError(
            f"version {version} is not higher than {before}, which it is to come after",
            hint="choose a higher one, or say which one comes before it: `previous_version`",
        )
    lower = [name for name in names if _rank(name) < _rank(version)]
    tag = found.named(version)
    _refuse_unfit(place, tag)
    inherited = place.refs[known[before]] if before else None
    if len(lower) == len(names):
        return Order(version, tag, before, inherited, place.tip, place.branch)
    base = inherited or (place.refs[known[lower[-1]]] if lower else None)
    return Order(version, tag, before, inherited, base, "")


def _tags(place: Destination) -> Tags:
    """The versions of the dataset, and not those of others in the repository."""
    folder, mirror = place.source.address.folder, place.mirror
    named = {commit: ref for ref, commit in place.refs.items()}

    def datasets() -> list[str]:
        if place.tip is None:
            return []
        mirror.bring({place.tip: place.branch})
        return hooks.datasets(mirror.entries(place.tip))

    def has(commit: str) -> bool:
        mirror.bring({commit: named.get(commit, "")})
        return layout.HEADER in mirror.entries(commit, folder)

    return tags.among(folder, place.refs, datasets, has)


def _refuse_unfit(place: Destination, tag: str) -> None:
    """Say before anything is sent what the push would be refused for."""
    if REFS + tag in place.refs:
        raise PublishError(
            f"{place.mirror.server.shown} has a tag {tag} already",
            hint="remove it, or choose a higher version",
        )
    if not _PLAIN.fullmatch(tag) and not record.is_ref(Path("/"), REFS + tag):
        raise PublishError(f"'{tag}' cannot be the name of a tag", hint="publish to a folder of another name")


def _previous(place: Destination, names: list[str], previous: str | None) -> str | None:
    if previous is None:
        return None
    if previous == LATEST:
        final = [name for name in names if "-" not in name.partition("+")[0]]
        return next(reversed(final or names), None)
    plain = previous.removeprefix("v")
    if semantic.order(plain) is None:
        raise VersionError(f"'{previous}' is no version", hint="versions look like 1.0.0")
    if plain not in names:
        last = f"the last is {names[-1]}" if names else "it has no versions"
        raise UnknownVersionError(f"{place.mirror.server.shown} has no version {previous}", hint=last)
    return plain


def _rank(name: str) -> semantic.Order:
    rank = semantic.order(name)
    if rank is None:
        raise VersionError(f"'{name}' is no version", hint="versions look like 1.0.0")
    return rank


class State:
    """A dataset at a commit; that of no commit has nothing. What was read once is kept."""

    def __init__(self, mirror: Mirror, commit: str | None, folder: str) -> None:
        self._mirror, self.commit, self._folder = mirror, commit, folder
        self._read: dict[str, bytes] = {}

    @cached_property
    def whole(self) -> Entries:
        """All files of the repository, by path from its top."""
        return self._mirror.entries(self.commit) if self.commit else {}

    @cached_property
    def entries(self) -> Entries:
        """Its files: mode and blob by path."""
        if not self._folder:
            return self.whole
        start = f"{self._folder}/"
        return {path[len(start) :]: at for path, at in self.whole.items() if path.startswith(start)}

    def contents(self, blob: str) -> bytes:
        """The bytes of any file."""
        return self._mirror.read([blob])[blob]

    def read(self, names: Iterable[str]) -> dict[str, bytes]:
        """The bytes of those files that are there."""
        there = [name for name in names if name in self.entries]
        blobs = {name: self.entries[name][1] for name in there if name not in self._read}
        limit = plan.limits(self.entries)
        contents = self._mirror.read(blobs.values(), limit=limit) if blobs else {}
        self._read |= {name: contents[blob] for name, blob in blobs.items()}
        return {name: self._read[name] for name in there}

    @cached_property
    def texts(self) -> Mapping[str, bytes]:
        """The texts that say what it consists of; what is written with them is read at the same time."""
        names = plan.wanted(self.entries)
        around = (path for path in self.entries if path.rpartition("/")[2] in _AROUND)
        self.read([*names, *around])
        return self.read(names)


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a version starts with: the files of the one before, and where they are tracked."""

    state: State
    files: Known = field(default_factory=Known)
    before: Before = field(default_factory=Before)
    plan: Plan | None = None
    made: frozenset[str] = frozenset()
    """Files that stages make, which have no pointer."""
    kept: frozenset[str] = frozenset()
    """Pointers of what is no part of the dataset, such as imports."""

    @property
    def names(self) -> frozenset[str]:
        """All its media and attachments."""
        return frozenset(self.files.rows).union(self.plan.blobs if self.plan else ())


def inherit(state: State, stores: Stores, tip: State) -> Inherited:
    """Read the version before; what was erased since is not in it."""
    lists = [data for one in (state, tip) for data in one.read([layout.ERASED]).values()]
    gone = frozenset(erased.keys(lists).rows())
    if state.commit is None:
        return Inherited(state, Known({}, gone), Before(algorithm=algorithm_of(tip.commit)))

    def listed(output: Output) -> list[tuple[str, str]]:
        return fetch.directory_entries(stores, output.md5, old=output.is_old, remote=output.remote)

    found = plan.plan(Tree(state.entries, state.texts), listed, lists)
    outputs = [
        out
        for path, data in state.texts.items()
        if layout.is_pointer(path)
        for out in pointer.outputs(data, path)
    ]
    followed = tuple(out for out in outputs if out.is_stored or out.remote)
    files = known((found.media, found.attached))
    return Inherited(
        state,
        Known(files, gone),
        Before(state.texts, followed, algorithm_of(state.commit)),
        found,
        frozenset(_outside(files, {out.path for out in followed})),
        frozenset(out.source for out in outputs if out not in followed),
    )


def replaced(before: State, tip: State, changes: Mapping[str, bytes | None]) -> list[str]:
    """The texts of the dataset that changed on the branch since the version before, and now again."""
    if before.commit is None or before.commit == tip.commit:
        return []
    names = {path for path in (*before.entries, *tip.entries) if layout.is_read(path) and path not in _OTHERS}
    theirs = [path for path in names if before.entries.get(path) != tip.entries.get(path) and path in changes]
    old = tip.read(theirs)
    return sorted(path for path in theirs if changes[path] != old.get(path))


def _outside(files: Iterable[str], places: set[str]) -> Iterator[str]:
    """The files that are in none of these places; each folder is looked at once."""
    inside: dict[str, bool] = {}
    for file in files:
        folder = file.rpartition("/")[0]
        if folder not in inside:
            inside[folder] = paths.is_within(folder, places)
        if not inside[folder] and file not in places:
            yield file
