"""Which version a release makes, why, and what its changelog says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from audiodvc.adapters import git, record
from audiodvc.changes import between, bump, entry
from audiodvc.changes.between import Between
from audiodvc.changes.bump import Bump
from audiodvc.errors import AudiodvcError, UsageError
from audiodvc.model import changelog
from audiodvc.model import version as semantic
from audiodvc.model.changelog import Entry
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.version import Level
from audiodvc.project.dataset import Dataset
from audiodvc.project.releasing import tags
from audiodvc.project.releasing.tags import REFS, Tags

FIRST = "1.0.0"
"""The first version where none is asked for: who releases a dataset wants it to be used."""


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A version, its tag, the one before it, and why it is this one.

    `text` is the changelog with the entry, `said` what the entry says; `is_written` if the commit has it
    already, or need not have it, `is_tagged` if the tag leads to the commit already.
    """

    version: str
    tag: str
    previous: str | None
    level: Level | None
    reasons: tuple[str, ...]
    text: str
    said: str
    is_written: bool = False
    is_tagged: bool = False
    notes: tuple[str, ...] = ()
    entry: Entry = field(default_factory=dict)
    old: str = ""

    def is_begun(self, text: str) -> bool:
        """Whether this is the changelog that an earlier try of the same release has left, maybe days ago."""
        date = changelog.date(text, self.version)
        if self.is_written or date is None:
            return False
        return _lines(changelog.put(self.old, self.version, date, self.entry)) == _lines(text)


@dataclass(frozen=True, slots=True)
class State:
    """A dataset at a commit: its changelog, its versions, all tags, and those that the commit contains."""

    dataset: Dataset
    commit: str
    taken: Snapshot
    tags: Tags
    refs: Mapping[str, str]
    merged: Mapping[str, str]
    changelog: str

    @property
    def last(self) -> str | None:
        """The highest version before the commit; where its history is not here, the highest of all."""
        return self.tags.last(self.merged) or self.tags.last(self.refs)

    @property
    def last_final(self) -> str | None:
        """The same, pre-releases left out."""
        return self.tags.last_final(self.merged) or self.tags.last_final(self.refs)

    def leads_here(self, version: str) -> bool:
        """Whether a version is this commit."""
        return self.refs.get(REFS + self.tags.known.get(version, "")) == self.commit


def look(dataset: Dataset, commit: str, taken: Snapshot) -> State:
    """The state of a dataset at a commit."""
    refs = record.tags(dataset.top)
    said = git.show(dataset.top, commit, dataset.prefix + changelog.PATH) or b""
    return State(
        dataset,
        commit,
        taken,
        tags.find(dataset, refs),
        refs,
        record.tags(dataset.top, merged=commit),
        said.decode("utf-8", "surrogateescape"),  # bytes that are no UTF-8 stay what they are
    )


def upcoming(state: State, asked: str | None) -> Upcoming:
    """The version that is asked for, or else the one that the difference since the last one asks for."""
    last = state.last
    if last is None and record.is_shallow(state.dataset.top):
        what = "this clone is shallow, so that versions before this one would not be seen"
        raise AudiodvcError(what, hint="git fetch --unshallow --tags")
    if asked is not None:
        _refuse_unfit(state, asked.removeprefix("v"), last)
    before = _before(state, asked, last)
    changes = _Since(state, before)
    version, reasons = (asked.removeprefix("v"), ()) if asked else _chosen(state, changes, last)
    _refuse_taken(state, version)
    is_tagged = state.leads_here(version)
    text, today = state.changelog, datetime.now(UTC).date().isoformat()
    is_written = is_tagged or changelog.has(text, version)
    new = text if is_written else changelog.put(text, version, today, changes.entry)
    return Upcoming(
        version,
        state.tags.named(version),
        before,
        semantic.rise(before, version) if before else None,
        reasons or _reasons(changes.bump),
        new,
        changelog.body(new, version),
        is_written,
        is_tagged,
        tuple(_notes(state, version, changes)),
        changes.entry,
        text,
    )


class _Since:
    """What differs since a version; looked at when it is first needed, since it may take a while."""

    def __init__(self, state: State, version: str | None) -> None:
        self.version = version
        self._state = state

    @cached_property
    def bump(self) -> Bump | None:
        found = self._found
        return bump.bump(found.difference, found.a, found.b) if found else None

    @cached_property
    def entry(self) -> Entry:
        found = self._found
        if found is None:
            return entry.first(self._state.taken)
        return entry.of(found.difference, found.a, found.b) or {"Changed": [f"Nothing since {self.version}"]}

    @cached_property
    def _found(self) -> Between | None:
        if self.version is None:
            return None
        root, commit = self._state.dataset.root, self._state.refs[REFS + self._state.tags.known[self.version]]
        old, new = (git.tree_entries(root, one) for one in (commit, self._state.commit))
        return between.between(old, new, lambda names: git.blobs(root, names), self._state.taken.today)


def _refuse_unfit(state: State, version: str, last: str | None) -> None:
    if semantic.order(version) is None:
        raise UsageError(f"'{version}' is no semantic version", hint="they look like 1.2.0, or 2.0.0-rc.1")
    if state.leads_here(version):
        return
    _refuse_taken(state, version)
    if last is not None and not _is_higher(version, last):
        raise AudiodvcError(f"version {version} is not higher than {last}, which is the last one")


def _refuse_taken(state: State, version: str) -> None:
    if version in state.tags.known and not state.leads_here(version):
        what = f"version {version} exists, and is another commit (tag {state.tags.known[version]})"
        raise AudiodvcError(what, hint="a version stays what it is: name a higher one")


def _before(state: State, asked: str | None, last: str | None) -> str | None:
    """The version that a difference is told from: of one that is tagged already the one before it."""
    version = (asked or "").removeprefix("v") or last
    if version is None or not state.leads_here(version):
        return last
    lower = {name: tag for name, tag in state.tags.known.items() if _is_higher(version, name)}
    return Tags(lower).last(state.merged)


def _chosen(state: State, changes: _Since, last: str | None) -> tuple[str, tuple[str, ...]]:
    """The version where none is asked for, and why, unless that is what changed."""
    if last is not None and state.leads_here(last):
        return last, (f"it is tagged {state.tags.named(last)} already",)
    begun = changelog.newest(state.changelog)
    if begun is not None and begun not in state.tags.known and (last is None or _is_higher(begun, last)):
        if changelog.has_notes(state.changelog) or not (last or _is_new(state, begun)):
            what = f"{changelog.PATH} goes up to {begun}, and there is no tag of that here"
            raise AudiodvcError(what, hint="`git fetch --tags`, or name the version to release")
        return begun, (f"{changelog.PATH} has an entry of it, and there is no tag yet",)
    if last is None:
        return FIRST, ("it is the first one",)
    if not semantic.is_early(last):
        if changes.bump is None:
            what = f"nothing in the dataset changed since {last}"
            raise AudiodvcError(what, hint="name a version to release it all the same")
        return bump.following(last, changes.bump.level), ()
    return _after_early(state, last)


def _is_new(state: State, version: str) -> bool:
    """Whether the commit itself brought the entry of a version, as one that `release` made does."""
    top, path = state.dataset.top, state.dataset.prefix + changelog.PATH
    if git.commit_of(top, f"{state.commit}^") is None:
        return False
    before = git.show(top, f"{state.commit}^", path) or b""
    return not changelog.has(before.decode("utf-8", "surrogateescape"), version)


def _after_early(state: State, last: str) -> tuple[str, tuple[str, ...]]:
    """The version that a pre-release comes before, or more if by now more has changed."""
    release, final = bump.following(last, "patch"), state.last_final
    found = _Since(state, final).bump
    if final is not None and found is not None:
        wanted = bump.following(final, found.level)
        if _is_higher(wanted, release):
            return wanted, _reasons(found)
    return release, (f"{last} was a pre-release of it",)


def _reasons(found: Bump | None) -> tuple[str, ...]:
    return tuple(reason.what for reason in found.decisive) if found else ()


def _notes(state: State, version: str, changes: _Since) -> list[str]:
    notes = []
    if changelog.has(state.changelog, version) and not state.leads_here(version):
        notes.append(f"{changelog.PATH} has an entry of {version} already, which stays as it is")
    found, last = changes.bump, changes.version
    if found and last and not semantic.is_early(last):
        wanted = bump.following(last, found.level)
        if _is_higher(wanted, version) and not semantic.is_early(version):
            notes.append(f"what changed since {last} asks for {wanted}: {_reasons(found)[0]}")
    newest = state.tags.last(state.refs)
    if newest and _is_higher(newest, version):
        notes.append(f"{newest}, which is not in this branch, stays the latest version")
    return notes


def _is_higher(one: str, other: str) -> bool:
    ours, theirs = semantic.order(one), semantic.order(other)
    return ours is not None and theirs is not None and ours > theirs


def _lines(text: str) -> str:
    # What git checked out may have other ends of lines than what it holds.
    return text.replace("\r\n", "\n")
