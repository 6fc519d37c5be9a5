"""Bring the objects of a dataset into the cache: looked for here first, then asked of its remotes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import NamedTuple

import polars as pl

from audiodvc.adapters import cache, dvc_remote, locks
from audiodvc.adapters.arrivals import Failure, Want
from audiodvc.adapters.dvc_remote import Beside, Store
from audiodvc.adapters.dvc_trust import Given
from audiodvc.adapters.pool import Pool
from audiodvc.errors import ObjectError, RefusedError, RemoteError
from audiodvc.model import paths, remoteconfig
from audiodvc.model.remoteconfig import RemoteConfig
from audiodvc.progress import Progress
from audiodvc.resolve.config import Config
from audiodvc.words import counted

_MOST_TOLD = 20
_NAME = r"^[0-9a-f]{32}(\.dir)?$"  # it becomes a path
_NEXT: Mapping[str, str] = {
    "missing": "ask those who keep the dataset to `dvc push`",
    "wrong": "the remote holds other bytes than the dataset says: ask those who keep it to push them anew",
    "larger": "the remote holds other bytes than the dataset says: ask those who keep it",
    "refused": "see that your DVC configuration or environment has credentials for it",
    "unreachable": "see that it can be reached, and try again: what has arrived stays",
}


@dataclass(frozen=True, slots=True)
class Storage:
    """What a repository says of its remotes, and what one may believe of it."""

    remotes: RemoteConfig
    folder: str | None = None
    """The `.dvc` folder of a repository on this machine, from which relative urls count."""
    own: RemoteConfig = field(default_factory=RemoteConfig)
    """What the user's own `config.local` in that folder says of them."""
    trusted: RemoteConfig = field(default_factory=RemoteConfig)
    """The remotes for which credentials in `config.local` are meant that name no url of their own."""


@dataclass(frozen=True, slots=True)
class Objects:
    """Where the objects of a dataset are, now that they are here."""

    own: str
    shared: str = ""
    in_shared: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    """Texts of DVC 2, whose names are not the md5 of their very bytes."""

    def path(self, md5: str) -> str:
        """Where an object lies."""
        if md5 in self.apart:
            return cache.path_of(cache.old_place(self.own), md5)
        return cache.path_of(self.shared if md5 in self.in_shared else self.own, md5)


class Stores(AbstractContextManager["Stores"]):
    """The remotes of a repository, each opened when it is first asked."""

    def __init__(self, storage: Storage, config: Config) -> None:
        self.storage, self.config = storage, config
        self._open: dict[str, Store] = {}

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for store in self._open.values():
            store.close()

    def store(self, name: str) -> Store:
        """The remote of this name; the default one if it is empty."""
        if name not in self._open:
            self._open[name] = _opened(self.storage, name, allow_local=self.config.allow_local_remotes)
        return self._open[name]


class _Failed(NamedTuple):
    """An object that a remote did not give."""

    failure: Failure
    remote: str
    shown: str = ""
    withheld: str = ""


class _Hands(NamedTuple):
    """Who works, and who is told how far it is."""

    progress: Progress
    workers: int
    pool: Pool | None


def objects_of(cache_root: str) -> str:
    """The folder of a cache that holds its objects."""
    return f"{cache_root}/objects/files/md5"


def fetch(  # noqa: PLR0913 - what, from where, and how hard to try
    stores: Stores,
    media: pl.DataFrame,
    progress: Progress,
    *,
    lock: str,
    num_workers: int = 1,
    timeout: float = -1,
    pool: Pool | None = None,
) -> Objects:
    """Bring the objects of these media into the cache, each once; where they are.

    `lock` is the file that keeps two processes from bringing the same objects twice.
    """
    wanted = media.select("md5", "old", "size", "remote", "most").unique("md5", keep="first")
    if not wanted["md5"].str.contains(_NAME).fill_null(value=False).all():
        raise RefusedError("an object has a name that is none", hint="nothing was written")
    found = _here(stores.config, wanted)
    if _missing(found, wanted).height:
        with locks.locked(lock, timeout):
            hands = _Hands(progress, num_workers, pool)
            failed = list(_fetched(stores, _missing(found, wanted), found.own, hands))
        if failed:
            raise _error(failed, media)
    return _settled(found, wanted)


def directory_entries(
    stores: Stores, md5: str, *, old: bool = False, remote: str = ""
) -> list[tuple[str, str]]:
    """Path and md5 of every file that a directory object lists; from the cache, or from its remote."""
    if not (paths.valid_md5(md5) and md5.endswith(".dir")):
        raise RefusedError(
            "a directory object has a name that is none", hint="its pointer is damaged or a trap"
        )
    objects = objects_of(str(stores.config.cache_root))
    shared = stores.config.shared_cache_root
    known = [objects, *([objects_of(str(shared))] if shared else [])]
    data = next((found for place in known if (found := dvc_remote.kept(place, md5)) is not None), None)
    if data is None:
        data = dvc_remote.read_directory(stores.store(remote), md5, old=old)
        dvc_remote.keep(objects, md5, data)
    return _entries(md5, data)


def _here(config: Config, wanted: pl.DataFrame) -> Objects:
    own = objects_of(str(config.cache_root))
    if not config.shared_cache_root:
        return Objects(own)
    shared = objects_of(str(config.shared_cache_root))
    return Objects(own, shared, frozenset(cache.present_of(shared, wanted["md5"].to_list())))


def _missing(found: Objects, wanted: pl.DataFrame) -> pl.DataFrame:
    """What is in neither cache."""
    there = cache.present_of(found.own, wanted["md5"].to_list())
    if not there and not found.in_shared:
        return wanted
    known = pl.Series("md5", list(there | found.in_shared), dtype=pl.String)
    rest = wanted.join(known.to_frame(), on="md5", how="anti")
    apart = [md5 for md5 in rest.filter("old")["md5"] if cache.is_apart(found.own, md5)]
    return rest.filter(~pl.col("md5").is_in(apart)) if apart else rest


def _settled(found: Objects, wanted: pl.DataFrame) -> Objects:
    olds = wanted.filter("old")["md5"].to_list()
    lacking = set(olds) - found.in_shared - cache.present_of(found.own, olds)
    return replace(found, apart=frozenset(lacking)) if lacking else found


def _fetched(stores: Stores, missing: pl.DataFrame, objects: str, hands: _Hands) -> Iterator[_Failed]:
    """Bring what each remote has; what could not be had."""
    for (remote,), rows in missing.sort("remote").group_by("remote", maintain_order=True):
        wants = [Want(*said) for said in rows.select("md5", "old", "size", "most").iter_rows()]
        try:
            store = stores.store(str(remote))
        except RemoteError as error:
            if len(wants) == missing.height:
                raise
            yield from (_Failed(Failure(want.md5, "unreachable", error.what), str(remote)) for want in wants)
            continue
        with hands.progress(f"fetching from {store.name}", len(wants)) as advance:
            failures = store.fetch(wants, objects, advance, hands.workers, hands.pool)
        yield from (_Failed(failure, store.name, store.shown, store.withheld) for failure in failures)


def _opened(storage: Storage, name: str, *, allow_local: bool) -> Store:
    """The remote that plain DVC would ask: what the user says beside a repository wins over what it says."""
    wanted = name or storage.own.default or storage.remotes.default or ""
    theirs = remoteconfig.find(storage.remotes, wanted)
    mine = remoteconfig.find(storage.own, wanted)
    beside = Beside(storage.folder or "", storage.trusted.remotes)
    if remote := mine or theirs:
        given = Given(remote.name, remote.url, {**(theirs.options if theirs else {}), **remote.options})
        is_allowed = allow_local or storage.folder is not None
        return dvc_remote.open_store(given, allow_local=is_allowed, beside=beside)
    if own := dvc_remote.own_remote(wanted):
        return dvc_remote.open_store(own, allow_local=True, beside=beside)
    what = f"the DVC remote '{wanted}' has no url" if wanted else "there is no default DVC remote"
    raise ObjectError(
        f"{what} in the .dvc/config of the repository, and objects are wanted that are not in the cache",
        hint="`dvc remote add --default` in the repository, and commit .dvc/config",
    )


def _error(failed: Sequence[_Failed], media: pl.DataFrame) -> ObjectError:
    """Every file whose object did not come, as far as one would read, and what to do."""
    by_md5 = {one.failure.md5: one for one in failed}
    rows = media.filter(pl.col("md5").is_in(list(by_md5))).unique("md5", keep="first").sort("file")
    told = [_line(file, by_md5[md5]) for file, md5 in rows.select("file", "md5").head(_MOST_TOLD).iter_rows()]
    more = [f"and {rows.height - len(told):,} more"] if rows.height > len(told) else []
    kinds = [kind for kind, _ in Counter(one.failure.kind for one in failed).most_common()]
    withheld = next((one.withheld for one in failed if one.withheld and one.failure.kind == "refused"), "")
    lacking = f"{counted(len(by_md5), 'object')} of {media['md5'].n_unique():,}"
    return ObjectError(
        f"{lacking} could not be fetched, all else is here",
        hint=withheld or "; ".join(dict.fromkeys(_NEXT[kind] for kind in kinds)),
        details=[*told, *more],
    )


def _line(file: str, one: _Failed) -> str:
    where = f"remote '{one.remote}', {one.shown}" if one.shown else f"remote '{one.remote}'"
    return f"{file}: object {one.failure.md5} {one.failure.message} ({where})"


def _entries(md5: str, data: bytes) -> list[tuple[str, str]]:
    """The list in a directory object, if all of it is sound."""
    try:
        entries = [(entry["relpath"], entry["md5"]) for entry in json.loads(data)]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise RefusedError(
            f"the directory object {md5} is no list of files", hint="nothing was written"
        ) from None
    for relpath, name in entries:
        fault = paths.fault(relpath) if isinstance(relpath, str) else "is no text"
        if fault:
            raise RefusedError(
                f"the directory object {md5} names a path that {fault}: {paths.shown(str(relpath))}",
                hint="nothing was written",
            )
        if not isinstance(name, str) or not paths.valid_md5(name) or name.endswith(".dir"):
            raise RefusedError(
                f"the directory object {md5} has an object name that is none, for {paths.shown(relpath)}",
                hint="nothing was written",
            )
    return entries
