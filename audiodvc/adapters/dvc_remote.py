"""DVC remotes, for reading: what lies in them is brought many at a time, and each object is checked.

Remotes that are a folder are read without DVC, which takes longer to import than a small dataset to fetch.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from audiodvc.adapters import (
    arrivals,
    cache,
    deliveries,
    dvc_filesystem,
    dvc_streams,
    dvc_trust,
    removals,
    shared,
)
from audiodvc.adapters.arrivals import Batch, Failure, Fault, Want
from audiodvc.adapters.deliveries import Content, Delivered
from audiodvc.adapters.dvc_trust import Given, Granted, Own
from audiodvc.adapters.pool import Pool
from audiodvc.adapters.removals import Removed
from audiodvc.errors import ObjectError, RemoteError
from audiodvc.progress import Advance

MAX_DIRECTORY = 2**30
"""A directory object has 76 bytes a file: this is that of fourteen million."""


_PUBLIC = ("endpointurl", "region", "port")


class Beside(NamedTuple):
    """The `.dvc` folder of a repository on this machine, and the places that its user trusts it with."""

    folder: str = ""
    trusted: Mapping[str, Mapping[str, str]] = MappingProxyType({})


NOWHERE = Beside()


class Store(Protocol):
    """The objects of one remote."""

    name: str
    shown: str
    """Its url or folder, without credentials."""
    objects: str
    """The folder of this machine where its objects are; empty if they are elsewhere."""
    withheld: str
    """What the user should know about settings that were not used for it."""

    def fetch(
        self, wants: Sequence[Want], objects: str, advance: Advance, jobs: int, pool: Pool | None = None
    ) -> list[Failure]:
        """Bring objects into a cache; what did not come, after all else did."""

    def read(self, md5: str, *, old: bool) -> bytes:
        """The bytes of a small object."""

    def drop(self, wants: Sequence[Want], *, really: bool) -> list[Removed]:
        """Delete objects, or only look which are there."""

    def take(self, files: Mapping[str, Content], advance: Advance) -> tuple[Delivered, list[Failure]]:
        """Take objects; what could not be, after all else was."""

    def close(self) -> None:
        """Let go of connections."""


class Folder:
    """A remote that is a folder of this machine."""

    def __init__(self, name: str, path: str) -> None:
        self.name, self.shown, self.withheld = name, path, ""
        self.objects = f"{path}/files/md5"

    def fetch(
        self, wants: Sequence[Want], objects: str, advance: Advance, jobs: int, pool: Pool | None = None
    ) -> list[Failure]:
        """Bring objects into a cache; what did not come, after all else did."""
        missing = arrivals.wanting(objects, wants)
        advance(len(wants) - len(missing))
        if missing and not os.path.isdir(self.shown):
            return [
                Failure(want.md5, "unreachable", "cannot be had: there is no such folder") for want in missing
            ]
        arrivals.prepare(objects, missing)
        batch = Batch(self.shown, objects, secrets.token_hex(6), missing)
        try:
            return arrivals.copy_all(batch, advance, jobs, pool)
        except BaseException:
            arrivals.sweep(batch)
            raise

    def read(self, md5: str, *, old: bool) -> bytes:
        """The bytes of a small object."""
        return arrivals.read(arrivals.place_of(self.shown, Want(md5, old)), MAX_DIRECTORY)

    def drop(self, wants: Sequence[Want], *, really: bool) -> list[Removed]:
        """Delete objects, or only look which are there."""
        return removals.from_folder(self.shown, wants, really=really)

    def take(self, files: Mapping[str, Content], advance: Advance) -> tuple[Delivered, list[Failure]]:
        """Take objects; what could not be, after all else was."""
        return deliveries.into_folder(self.shown, files, advance)

    def close(self) -> None:
        """Nothing is open."""


class Cloud:
    """A remote on a server, through DVC's own file systems."""

    def __init__(self, given: Given, granted: Granted) -> None:
        self.name, self.shown, self.withheld = given.name, dvc_trust.shown(given.url), granted.withheld
        self.objects = ""
        fs, root = dvc_filesystem.opened(given, granted)
        self._streams = dvc_streams.Streams(fs, root, dvc_trust.secrets(granted.options))

    def fetch(
        self, wants: Sequence[Want], objects: str, advance: Advance, jobs: int, pool: Pool | None = None
    ) -> list[Failure]:
        """Bring objects into a cache; what did not come, after all else did."""
        del jobs, pool
        missing = arrivals.wanting(objects, wants)
        advance(len(wants) - len(missing))
        arrivals.prepare(objects, missing)
        return self._streams.bring(missing, objects, advance) if missing else []

    def read(self, md5: str, *, old: bool) -> bytes:
        """The bytes of a small object."""
        return self._streams.read(Want(md5, old), MAX_DIRECTORY)

    def drop(self, wants: Sequence[Want], *, really: bool) -> list[Removed]:
        """Delete objects, or only look which are there."""
        return removals.from_files(self._streams, wants, really=really)

    def take(self, files: Mapping[str, Content], advance: Advance) -> tuple[Delivered, list[Failure]]:
        """Take objects; what could not be, after all else was."""
        return deliveries.onto_files(self._streams, files, advance)

    def close(self) -> None:
        """Let go of connections."""
        self._streams.close()


def open_store(given: Given, *, allow_local: bool = False, beside: Beside = NOWHERE) -> Store:
    """The objects of a remote, or an error that says what is in the way."""
    if (path := _folder(given.url)) is not None:
        if not allow_local:
            what = f"the remote '{given.name}' is a folder ({given.url})"
            raise RemoteError(
                f"{what}, and the repository that says so is not on this machine",
                hint="`allow_local_remotes: true` in your settings lets it be read",
            )
        whole = os.path.join(beside.folder or "/", os.path.expanduser(path))
        return Folder(given.name, os.path.normpath(whole))
    dvc_trust.kind(given.url)
    return Cloud(given, dvc_trust.grant(given, _own(beside), os.environ))


def own_remote(name: str) -> Given | None:
    """The remote that the user's own configuration has under a name; its default one if the name is empty."""
    config = _user_config()
    wanted = (name or str(config.get("core", {}).get("remote") or "")).lower()
    found = _remotes(config).get(wanted, {})
    return Given(wanted, str(found["url"]), {}) if "url" in found else None


def public_options(url: str) -> dict[str, str]:
    """What others need to know of a new remote beside its url, as the user's own settings say it."""
    if _folder(url) is not None:
        return {}
    said = dvc_trust.grant(Given("", url), _own(NOWHERE), {}).options
    return {key: str(said[key]) for key in _PUBLIC if key in said}


def read_directory(store: Store, md5: str, *, old: bool = False) -> bytes:
    """A directory object, checked."""
    try:
        try:
            return _checked(store, md5, old=old)
        except Fault as fault:
            if fault.kind != "wrong":
                raise
            return _checked(store, md5, old=old)
    except Fault as fault:
        raise ObjectError(
            f"the list of a folder, object {md5}, {fault.message} (remote '{store.name}', {store.shown})",
            hint=store.withheld if fault.kind == "refused" else "",
        ) from None


def kept(objects: str, md5: str) -> bytes | None:
    """A directory object of a cache; None if there is none, or it is no longer what its name says."""
    try:
        data = arrivals.read(cache.path_of(objects, md5), MAX_DIRECTORY)
        arrivals.check(data, Want(md5))
    except Fault:
        return None
    return data


def keep(objects: str, md5: str, data: bytes) -> None:
    """Put a directory object that was checked into a cache."""
    try:
        shared.make(f"{objects}/{md5[:2]}")
        with cache.making(cache.path_of(objects, md5)) as temporary, open(temporary, "xb") as file:
            file.write(data)
    except OSError as error:
        raise arrivals.unwritable(objects, error) from error


def _checked(store: Store, md5: str, *, old: bool) -> bytes:
    data = store.read(md5, old=old)
    arrivals.check(data, Want(md5, old))
    return data


def _folder(url: str) -> str | None:
    """The path of a remote that is a folder."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    return rest if scheme.lower() in ("file", "local") else None


def _own(beside: Beside) -> list[Own]:
    """The remotes of the user's own configuration: what DVC calls system, global, and local."""
    everywhere = _remotes(_user_config())
    here = _remotes(_local_config(beside.folder))
    found = [Own(name, dvc_trust.own_options(options, local=False)) for name, options in everywhere.items()]
    for name, options in here.items():
        # One that names no url is meant for the remote which the repository had when it was written. What
        # else the user has under that name is for another place, or for none.
        theirs, mine = beside.trusted.get(name, {}), everywhere.get(name, {})
        place = {} if "url" in options else mine if "url" in mine else theirs
        found.append(Own(name, {**place, **dvc_trust.own_options(options, local=True)}))
    return found


def _remotes(config: Mapping[str, Any]) -> Mapping[str, Mapping[str, object]]:
    remotes: Mapping[str, Mapping[str, object]] = config.get("remote", {})
    return remotes


def _user_config() -> Mapping[str, Any]:
    from dvc.config import Config, ConfigError

    try:
        config: Mapping[str, Any] = Config(validate=False)
    except (ConfigError, OSError) as error:
        raise _unreadable(error) from None
    return config


def _local_config(folder: str) -> Mapping[str, Any]:
    """What the user keeps in `config.local`; that of somebody else counts for nothing."""
    from dvc.config import Config, ConfigError

    path = os.path.join(folder, Config.CONFIG_LOCAL)
    try:
        if not folder or not os.path.isfile(path) or os.stat(path).st_uid != os.getuid():
            return {}
        config: Mapping[str, Any] = Config.load_file(path)
    except (ConfigError, OSError) as error:
        raise _unreadable(error) from None
    return config


def _unreadable(error: Exception) -> RemoteError:
    return RemoteError(f"your own DVC configuration cannot be read: {dvc_trust.safe(str(error))}")
