"""Which commit a version or revision is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from audiodvc.adapters.mirror import Mirror
from audiodvc.errors import OfflineError, RefusedError, UnknownDatasetError, UnknownVersionError, UsageError
from audiodvc.model import version as semantic
from audiodvc.resolve import source as sources
from audiodvc.resolve.config import Config
from audiodvc.resolve.source import Source

_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT = re.compile(r"[0-9a-fA-F]{7,64}")
# What git allows in no ref: everything that would need history, and what could be an option.
_ODD = re.compile(r"^-|^/|/$|\.\.|@\{|[\x00-\x20\x7f~^:?*\[\\]|//|\.lock(?:/|$)|^@$|\.$|[\ud800-\udfff]")
_TAG = "refs/tags/"
_PLACES = ("{}", "refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}")
_SHOWN = 12

Commits = Callable[[str], list[str]]
"""The commits that begin with some digits."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit, the ref that led to it, and the name of its folder in the cache."""

    place: str
    version: str | None
    commit: str
    ref: str


def find(
    source: Source,
    config: Config,
    *,
    version: str | None = None,
    rev: str | None = None,
    cached: Sequence[str] = (),
) -> Revision:
    """The commit of a version, of a revision, or of the latest version; `cached` are those that are here."""
    if version is not None and rev is not None:
        raise UsageError(f"version {version} and revision {rev} are both asked for", hint="give one of them")
    check(version if version is not None else rev)
    mirror = sources.mirror(source, config)
    if rev is not None and _FULL.fullmatch(rev):
        return _of_commit(rev)
    try:
        return _among(source, mirror.refs(), version, rev, lambda start: _commits(mirror, start))
    except OfflineError as error:
        if version is None and rev is None:
            raise _no_latest(source, cached, error) from error
        return _remembered(source, mirror, version, rev, error)


def check(name: str | None) -> None:
    """Refuse what cannot be the name of a tag, branch or commit."""
    if name is not None and (not name or _ODD.search(name)):
        shown = name.encode("unicode_escape").decode()
        raise RefusedError(f"'{shown}' is no revision", hint="give a tag, a branch or a commit")


def versions(source: Source | str, config: Config) -> list[str]:
    """The versions of a dataset from low to high, none if there is no such dataset; asks the repository."""
    try:
        found = sources.find(source, config) if isinstance(source, str) else source
        return sorted_versions(found, sources.mirror(found, config).refs())
    except UnknownDatasetError:
        return []


def latest_version(source: Source | str, config: Config) -> str:
    """The highest version that is no pre-release; asks the repository."""
    found = sources.find(source, config) if isinstance(source, str) else source
    return _latest(found, sources.mirror(found, config).refs())


def sorted_versions(source: Source, refs: Mapping[str, str]) -> list[str]:
    """The versions among refs, from low to high, without `v`."""
    return sorted(tags(source.address.folder, refs), key=_order)


def tags(folder: str, refs: Mapping[str, str]) -> dict[str, str]:
    """Version without `v` -> its ref; for a folder the tags `<folder>@v1.0.0`, if there are any."""
    names = [ref.removeprefix(_TAG) for ref in refs if ref.startswith(_TAG)]
    for beginning in _beginnings(folder):
        found = dict(_versions(names, beginning))
        if found:
            return found
    return {}


def _beginnings(folder: str) -> Iterator[str]:
    if folder:
        # The whole folder first: another folder may have the same last part.
        yield f"{folder}@"
        yield f"{folder.rpartition('/')[2]}@"
    yield ""


def _versions(names: Sequence[str], beginning: str) -> Iterator[tuple[str, str]]:
    # Of `1.0.0` and `v1.0.0` the latter counts, which comes later.
    for name in sorted(names):
        tail = name.removeprefix(beginning)
        if name.startswith(beginning) and semantic.order(tail) is not None:
            yield tail.removeprefix("v"), f"{_TAG}{name}"


def _among(
    source: Source, refs: Mapping[str, str], version: str | None, rev: str | None, commits: Commits
) -> Revision:
    if rev is None:
        return _of_version(source, refs, version or _latest(source, refs))
    known = tags(source.address.folder, refs)
    ref = next((place.format(rev) for place in _PLACES if place.format(rev) in refs), "")
    named = {one: name for name, one in known.items()}
    if ref in named:
        return Revision(named[ref], named[ref], refs[ref], ref)
    if ref:
        return Revision(refs[ref][:_SHOWN], None, refs[ref], ref)
    if rev.removeprefix("v") in known:
        return _of_version(source, refs, rev)
    if _SHORT.fullmatch(rev):
        return _of_beginning(source, refs, rev.lower(), commits)
    raise _unknown(source, rev, refs)


def _of_version(source: Source, refs: Mapping[str, str], version: str) -> Revision:
    plain = version.removeprefix("v")
    ref = tags(source.address.folder, refs).get(plain)
    if ref is None:
        raise _unknown(source, version, refs)
    return Revision(plain, plain, refs[ref], ref)


def _of_commit(commit: str, ref: str = "") -> Revision:
    return Revision(commit[:_SHOWN], None, commit, ref)


def _of_beginning(source: Source, refs: Mapping[str, str], beginning: str, commits: Commits) -> Revision:
    tips = {commit: ref for ref, commit in refs.items() if commit.startswith(beginning)}
    found = sorted(tips) or commits(beginning)
    if not found:
        raise _unknown(source, beginning, refs)
    if len(found) > 1:
        raise UnknownVersionError(
            f"{source.address.shown} has several commits that begin with {beginning}",
            hint="give more digits",
            details=found,
        )
    return _of_commit(found[0], tips.get(found[0], ""))


def _commits(mirror: Mirror, beginning: str) -> list[str]:
    return mirror.commits(beginning) or mirror.history(beginning)


def _latest(source: Source, refs: Mapping[str, str]) -> str:
    names = sorted_versions(source, refs)
    final = [name for name in names if not _is_early(name)]
    if final:
        return final[-1]
    hint = "ask for one by its name" if names else "versions are tags such as v1.0.0; `rev` takes any branch"
    what = f"only pre-releases: {', '.join(names)}" if names else "no version yet"
    raise UnknownVersionError(f"{source.name} ({source.address.shown}) has {what}", hint=hint)


def _no_latest(source: Source, cached: Sequence[str], error: OfflineError) -> OfflineError:
    newest = max((name for name in cached if not _is_early(name)), key=_order, default=None)
    hint = f"version {newest} is in the cache: ask for it" if newest else "no version is in the cache"
    what = f"which version of {source.name} is the latest cannot be told: {error.what}"
    return OfflineError(what, hint=hint, details=error.details)


def _remembered(
    source: Source, mirror: Mirror, version: str | None, rev: str | None, error: OfflineError
) -> Revision:
    """What the name meant when the repository was last asked, if it was brought then."""
    try:
        found = _among(source, mirror.remembered(), version, rev, mirror.commits)
    except UnknownVersionError:
        raise error from None
    if not mirror.has(found.commit):
        raise error
    return found


def _unknown(source: Source, asked: str, refs: Mapping[str, str]) -> UnknownVersionError:
    names = sorted_versions(source, refs)
    last = ", ".join(reversed(names[-5:]))
    hint = f"the last versions are {last}" if names else "it has no versions; `rev` takes any branch"
    return UnknownVersionError(
        f"{source.name} ({source.address.shown}) has no version or revision '{asked}'", hint=hint
    )


def _order(name: str) -> tuple[semantic.Order, str]:
    rank = semantic.order(name)
    if rank is None:
        raise UnknownVersionError(f"'{name}' is no version", hint="versions look like 1.0.0")
    return rank, name


def _is_early(name: str) -> bool:
    """Whether a version is a pre-release."""
    return "-" in name.partition("+")[0]
