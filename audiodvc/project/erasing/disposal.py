"""Objects out of every remote that a dataset has or had, and out of the caches of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audiodvc.adapters import removals
from audiodvc.adapters.arrivals import Want
from audiodvc.adapters.dvc_remote import Store
from audiodvc.errors import AudiodvcError
from audiodvc.model import address, erased, remoteconfig
from audiodvc.model.remoteconfig import RemoteConfig
from audiodvc.progress import Progress
from audiodvc.project.erasing.folders import Named
from audiodvc.project.erasing.receipt import Gone, Place
from audiodvc.project.erasing.trace import Trace
from audiodvc.resolve import erasures, holdings
from audiodvc.resolve.config import Config
from audiodvc.resolve.erasures import Erasures
from audiodvc.resolve.fetch import Storage, Stores


@dataclass(frozen=True, slots=True)
class Going:
    """What goes, and what only seems to: other files have the same bytes."""

    files: Mapping[str, str]
    """Every md5 that goes, with the erased file that it is of."""
    kept: tuple[Gone, ...]

    @classmethod
    def of(cls, traced: Trace) -> Going:
        """What goes of what was traced."""
        kept = tuple(
            Gone(md5, traced.bytes[md5], "kept", f"{', '.join(files[:3])} has the same bytes")
            for md5, files in sorted(traced.others.items())
        )
        return cls({md5: file for md5, file in traced.bytes.items() if md5 not in traced.others}, kept)


@dataclass(frozen=True, slots=True)
class Cached:
    """By what a cache knows a dataset: its repositories, its folder there; and what was erased of it."""

    sources: frozenset[str]
    folder: str
    lists: tuple[bytes, ...]


class _Folder:
    """A cache of DVC's, where objects lie as in a remote."""

    def __init__(self, root: str) -> None:
        self._root = root

    def drop(self, wants: Sequence[Want], *, really: bool) -> list[removals.Removed]:
        """Delete objects, or only look which are there."""
        return removals.from_folder(self._root, wants, really=really)


def remotes(
    storages: Iterable[Named], config: Config, going: Going, progress: Progress, *, really: bool
) -> Iterator[Place]:
    """Delete from all remotes that several configurations name, each once."""
    seen: set[tuple[str, str]] = set()
    for storage, former in storages:
        with Stores(storage, config) as stores:
            for name in _names(storage):
                place = _place(storage, name)
                if place in seen:
                    continue
                seen.add(place)
                with progress(f"looking into {name or 'the default remote'}", None):
                    found = _from_remote(stores, name, going, really=really)
                # Where nobody named any remote there is nothing to delete from.
                if name or found.where:
                    yield replace(found, former=former)


def cache(root: Path, name: str, going: Going, *, really: bool) -> Iterator[Place]:
    """Delete from a cache of DVC's."""
    if root.is_dir():
        yield Place("cache", name, str(root), _gone(_Folder(str(root)), going, really=really))


def own_caches(config: Config, dataset: Cached, going: Going, *, really: bool) -> Iterator[Place]:
    """Delete from audiodvc's caches: out of the versions of the dataset there, and then the bytes."""
    for root in (config.cache_root, config.shared_cache_root):
        if root is None or not root.is_dir():
            continue
        try:
            found = Erasures(erased.keys(dataset.lists))
            told = [erasures.heed(root, name, found) for name in _known(root, dataset)] if really else []
            dropped = erasures.drop(root, going.files, really=really)
            went = dropped.gone.union(*(one.gone for one in told))
        except (AudiodvcError, OSError) as error:
            yield Place("cache", "audiodvc", str(root), problem=str(error))
            continue
        done = {
            md5: Gone(md5, going.files[md5], "deleted" if really else "present")
            for md5 in went
            if md5 in going.files
        }
        why = "another dataset in this cache, or another version of it, has the same bytes"
        done |= {
            md5: Gone(md5, going.files[md5], "kept" if really else "present", why) for md5 in dropped.kept
        }
        rest = (Gone(md5, file, "absent") for md5, file in going.files.items() if md5 not in done)
        objects = sorted((*done.values(), *rest), key=lambda one: one.md5)
        yield Place("cache", "audiodvc", str(root), tuple(objects))


def mirrors(urls: Iterable[str]) -> frozenset[str]:
    """By what the cache knows repositories at these addresses."""
    found = set()
    for url in urls:
        try:
            found.add(address.parse(url).mirror)
        except AudiodvcError:
            continue
    return frozenset(found)


def _known(root: Path, dataset: Cached) -> set[str]:
    """The names in a cache of a dataset that was brought from one of these repositories."""
    names = set()
    for held in holdings.held(root):
        try:
            found = address.parse(held.state.identity.source)
        except AudiodvcError:
            continue
        if found.mirror in dataset.sources and found.folder == dataset.folder.strip("/"):
            names.add(held.folder.parent.name)
    return names


def _names(storage: Storage) -> list[str]:
    """The remotes of a configuration; where there are none, that of the user's own one."""
    names = {*storage.remotes.remotes, *storage.own.remotes}
    names |= {name for config in (storage.remotes, storage.own) if (name := config.default)}
    return sorted(names) or [""]


def _place(storage: Storage, name: str) -> tuple[str, str]:
    """What keeps two remotes apart: the url, a folder made whole, and the server."""
    try:
        found = _find(storage.own, name) or _find(storage.remotes, name)
    except AudiodvcError:
        found = None
    if found is None:
        return "", name
    url = found.url
    if "://" not in url:
        url = os.path.normpath(Path(storage.folder or "/", Path(url).expanduser()))
    theirs = _find(storage.remotes, name)
    endpoint = found.options.get("endpointurl") or (theirs.options.get("endpointurl", "") if theirs else "")
    return url.rstrip("/"), endpoint


def _find(config: RemoteConfig, name: str) -> remoteconfig.Remote | None:
    return remoteconfig.find(config, name or config.default or "")


def _from_remote(stores: Stores, name: str, going: Going, *, really: bool) -> Place:
    try:
        store: Store = stores.store(name)
    except AudiodvcError as error:
        return Place("remote", name, "", problem=error.what)
    shown = store.name or name
    try:
        return Place("remote", shown, store.shown, _gone(store, going, really=really))
    except AudiodvcError as error:
        return Place("remote", shown, store.shown, problem=error.what)


def _gone(holder: removals.Holder, going: Going, *, really: bool) -> tuple[Gone, ...]:
    done = removals.remove(holder, going.files, really=really)
    told = [Gone(one.md5, going.files[one.md5], one.outcome, one.why) for one in done]
    return tuple(sorted((*told, *going.kept), key=lambda one: one.md5))
