"""What was erased since, taken out of the cache: out of versions and their flavors, and then their bytes.

The newest commit of the default branch has the list, which counts for all versions. A cache is told once of
each state of that list, by whoever goes online first.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import polars as pl

from audiodvc.adapters import cache, disk, locks, shared
from audiodvc.adapters.mirror import Mirror
from audiodvc.errors import AudiodvcError, LockTimeoutError, OfflineError
from audiodvc.model import address, erased, layout, paths
from audiodvc.resolve import fetch, holdings, selected
from audiodvc.resolve import materialize as folders
from audiodvc.resolve.holdings import Held, Made
from audiodvc.resolve.materialize import Version
from audiodvc.rules.flavors import destination

_NOTED = "erased.json"
_PATIENCE = 2.0

_log = logging.getLogger("audiodvc")


@dataclass(frozen=True, slots=True, eq=False)
class Erasures:
    """What was erased of a dataset as of its newest commit; `mark` is another one for every other list."""

    keys: pl.DataFrame
    mark: str = ""


class Dropped(NamedTuple):
    """What became of erased bytes in a cache: those that went, and those that another file there has too."""

    gone: frozenset[str]
    kept: frozenset[str]


def news(mirror: Mirror, folder: str, name: str, wants: Mapping[str, str]) -> Erasures | None:
    """What was erased, if the cache was not told of it under a name; the newest commit is brought for it.

    `wants` are commits that come with it.
    """
    try:
        newest = mirror.newest(wants)
    except OfflineError:
        return None
    if not newest:
        return None
    blob = mirror.entries(newest, folder).get(layout.ERASED, ("", ""))[1]
    if not blob or _Known.read(mirror).marks.get(name) == blob:
        return None
    return Erasures(erased.keys([mirror.read([blob])[blob]]), blob)


def heed(root: Path, name: str, found: Erasures, mirror: Mirror | None = None) -> Dropped:
    """Take what was erased out of the versions of a dataset; where others are at work, next time."""
    known = _Known.read(mirror)
    held = list(holdings.held(root, name))
    # Only bytes that the dataset has here: a list may name those of others. Noted first, for who is killed.
    pending = known.pending(name).union(*(_listed(one, found.keys) for one in held))
    known.note(name, known.marks.get(name, ""), pending)
    done = True
    for one in held:
        with suppress(LockTimeoutError), locks.locked(f"{one.folder}.lock", _PATIENCE):
            done &= _cleared(one, found.keys)
            continue
        done = False
    dropped = drop(root, pending)
    if done:
        known.note(name, found.mark, frozenset())
    return dropped


def heed_all(root: Path) -> None:
    """Ask every repository of which the cache has a version what was erased, and take it out."""
    asked, silent = set[str](), set[str | None]()
    held = {(one.folder.parent.name, one.state.identity.source) for one in holdings.held(root)}
    for name, source in sorted(held):
        try:
            found = address.parse(source)
            mirror = Mirror(root / "git" / f"{found.mirror}.git", found.url, found.is_local, found.shown)
            if found.mirror not in asked and urlsplit(found.url).hostname not in silent:
                mirror.refs()
                asked.add(found.mirror)
            told = news(mirror, found.folder, name, {}) if found.mirror in asked else None
        except (AudiodvcError, ValueError) as error:
            # One that does not answer is asked for one dataset only.
            silent.add(urlsplit(source).hostname if isinstance(error, OfflineError) else "")
            _log.warning("what was erased of %s is not known: %s", name, getattr(error, "what", error))
            continue
        if told is not None:
            heed(root, name, told, mirror)


def drop(root: Path, md5s: Iterable[str], *, really: bool = True) -> Dropped:
    """Delete objects and what was converted from them, but for those that a version in the cache lists."""
    sound = (md5 for md5 in set(md5s) if paths.valid_md5(md5))
    files = {md5: found for md5 in sound if (found := list(_files(root, md5)))}
    if not files:
        return Dropped(frozenset(), frozenset())
    listed = {md5 for one in holdings.held(root) for md5 in one.listed()["md5"] if md5 in files}
    for md5 in files.keys() - listed:
        for file in files[md5] if really else ():
            file.unlink(missing_ok=True)
    return Dropped(frozenset(files.keys() - listed), frozenset(listed))


def _cleared(held: Held, keys: pl.DataFrame) -> bool:
    """Take what was erased out of a version, whose lock we have; False if others are at work on a flavor."""
    before = held.state.erased
    version = folders.forget(held.state, keys)
    if not version.erased and not before:
        return True
    with ExitStack() as stack:
        for made in held.made:
            try:
                stack.enter_context(locks.locked(f"{held.folder}.{made.flavor}.lock", _PATIENCE))
            except LockTimeoutError:
                return False
            _clear(version, made)
    return True


def _clear(version: Version, made: Made) -> None:
    if made.state is None:
        # Nobody believes what is there, but it must not become part of what is made later.
        for name in version.erased:
            (made.folder / name).unlink(missing_ok=True)
        return
    flavor = made.state.flavor
    renamed = selected.renamed(version, flavor)
    names = pl.DataFrame({"file": list(version.erased)}, {"file": pl.String})
    gone = {*version.erased, *names.select(destination(flavor.format)).to_series()}
    live = version.media["file"].replace(renamed["file"], renamed["destination"])
    folders.clear(version, made.state, renamed, gone - set(live.filter(live.is_in(list(gone)))))


def _files(root: Path, md5: str) -> Iterator[Path]:
    """An object of a cache, and what was converted from it."""
    objects = fetch.objects_of(str(root))
    for place in (objects, cache.old_place(objects)):
        if os.path.lexists(cache.path_of(place, md5)):
            yield Path(cache.path_of(place, md5))
    yield from root.glob(f"flavored/*/{md5[:2]}/{md5[2:]}.*")


def _listed(held: Held, keys: pl.DataFrame) -> frozenset[str]:
    """The bytes that a version lists, and that were erased."""
    return frozenset(held.listed().join(keys, on=["file", "md5"], how="semi")["md5"])


@dataclass(frozen=True, slots=True)
class _Known:
    """Beside a mirror: the list that each name in the cache was told of last, and what is still to delete."""

    path: Path | None
    marks: Mapping[str, str]
    left: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, mirror: Mirror | None) -> _Known:
        """What is noted; nothing where there is no mirror."""
        path = mirror.folder / _NOTED if mirror is not None else None
        try:
            found = json.loads((disk.read(path) if path else None) or b"{}")
            return cls(path, found.get("marks", {}), found.get("left", {}))
        except (ValueError, AttributeError):
            return cls(path, {}, {})

    def pending(self, name: str) -> frozenset[str]:
        """What a run that was killed has left."""
        return frozenset(self.left.get(name, ()))

    def note(self, name: str, mark: str, pending: frozenset[str]) -> None:
        """Write down how far a name is."""
        if self.path is not None:
            marks, left = {**self.marks, name: mark}, {**self.left, name: sorted(pending)}
            shared.write(self.path, json.dumps({"marks": marks, "left": left}).encode())
