"""What the cache of a DVC repository and its remotes hold, and the ways between them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from audiodvc.adapters import cache, deliveries, disk, dvc_filesystem, dvc_trust
from audiodvc.errors import AudiodvcError, MediaError, RemoteError
from audiodvc.progress import Advance
from audiodvc.words import counted, redact

if TYPE_CHECKING:
    from dvc.repo import Repo

Item = TypeVar("Item")

_BATCH = 10_000
_AT_ONCE = 256
_HEX_DIGITS = 32
_MD5 = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Remote:
    """A DVC remote of the configuration."""

    name: str
    url: str

    @property
    def shown(self) -> str:
        """The url as others may see it."""
        return redact(self.url)

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return "://" not in self.url


class Storage:
    """The objects of an open DVC repository, here and at its remotes."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo
        self._places: dict[str, tuple[Any, Any]] = {}

    @property
    def objects(self) -> str:
        """The folder of the local cache that holds media objects."""
        return str(self._repo.cache.local.path)

    def prepare_cache(self) -> None:
        """Make the prefix folders, with the mode that the configuration asks for."""
        for prefix in cache.PREFIXES:
            self._repo.cache.local.makedirs(f"{self.objects}/{prefix}")
        cache.tidy(self.objects)

    # Remotes

    @property
    def remotes(self) -> list[Remote]:
        """All remotes of the configuration."""
        conf: Mapping[str, Mapping[str, str]] = self._repo.config["remote"]
        return [Remote(name, str(entry["url"])) for name, entry in conf.items()]

    @property
    def default_remote(self) -> Remote | None:
        """The remote that `dvc push` uses."""
        name = self._repo.config["core"].get("remote")
        return next((remote for remote in self.remotes if remote.name == name), None)

    def remote_objects(self, remote: Remote) -> set[str]:
        """The names of all objects of a remote, in one listing.

        One that is where DVC 2 kept it has its place for a name, as in `ab/cdef…`: DVC looks for an
        object in one of the two places only, as its pointer says.
        """
        if remote.is_local and not Path(remote.url).is_dir():
            return set()
        try:
            store, old = self._stores(remote)
            if remote.is_local:
                places = cache.present(str(store.path)), cache.present(str(old.path))
            else:
                places = set(store.all()), set(old.all()) if _has_prefixes(old) else set()
            return places[0] | {f"{name[:2]}/{name[2:]}" for name in places[1]}
        except NotImplementedError:
            raise RemoteError(
                f"the remote '{remote.name}' ({remote.shown}) cannot be asked: such a server lists nothing",
                hint="`dvc status --cloud` asks it for one object after the other",
            ) from None
        except AudiodvcError:
            raise
        except Exception as error:
            raise _failed(f"the remote '{remote.name}' ({remote.shown}) cannot be asked", error) from error

    # Moving objects

    def has(self, name: str) -> bool:
        """Whether an object is in the local cache."""
        return os.path.isfile(cache.path_of(self._folder(name), _plain(name)))

    def listed(self, name: str) -> set[str]:
        """The objects that a directory object of the local cache lists; none if it is not there."""
        try:
            entries = json.loads(Path(cache.path_of(self._folder(name), _plain(name))).read_bytes())
            found = {md5 for entry in entries if _MD5.fullmatch(md5 := str(entry["md5"]))}
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return set()
        return {f"{md5[:2]}/{md5[2:]}" for md5 in found} if _is_old(name) else found

    def push(self, remote: Remote, names: Iterable[str], advance: Advance = lambda _: None) -> None:
        """Bring objects of the local cache to a remote, what folders list before the lists."""
        from dvc.fs import localfs

        try:
            stores = self._stores(remote)
            if remote.is_local:
                cache.tidy(str(stores[False].path))
            for batch in _alike(sorted(names, key=lambda name: (name.endswith(".dir"), name))):
                plain = [_plain(name) for name in batch]
                files = [cache.path_of(self._folder(batch[0]), name) for name in plain]
                self._refuse_corrupt(plain, files)
                store = stores[_is_old(batch[0])]
                if isinstance(store.fs, type(localfs)):
                    # DVC, killed while it copies, leaves a part that it then takes for the object.
                    deliveries.put(store.path, dict(zip(plain, files, strict=True)))
                else:
                    store.add(files, localfs, plain, check_exists=False)
                advance(len(batch))
        except AudiodvcError:
            raise
        except Exception as error:
            raise _failed(f"pushing to '{remote.name}' ({remote.shown}) failed", error) from error

    def fetch(self, remote: Remote, names: Iterable[str], advance: Advance = lambda _: None) -> None:
        """Bring objects from a remote that has them into the local cache, each held against its name."""
        self.prepare_cache()
        try:
            stores = self._stores(remote)
            for batch in _alike(sorted(names)):
                store, objects = stores[_is_old(batch[0])], self._folder(batch[0])
                plain = [_plain(name) for name in batch]
                for prefix in {name[:2] for name in plain} if _is_old(batch[0]) else ():
                    self._repo.cache.legacy.makedirs(f"{objects}/{prefix}")
                with cache.arriving(objects, plain) as files:
                    store.fs.get([store.oid_to_path(name) for name in plain], files)
                advance(len(batch))
        except AudiodvcError:
            raise
        except Exception as error:
            raise _failed(f"fetching from '{remote.name}' ({remote.shown}) failed", error) from error

    def _stores(self, remote: Remote) -> tuple[Any, Any]:
        """The two places of a remote: that of DVC 3, and that of DVC 2."""
        kinds = ("md5", "md5-dos2unix")
        if remote.name not in self._places:  # each begins a session of its own with a server
            new, old = (self._repo.cloud.get_remote_odb(remote.name, hash_name=kind) for kind in kinds)
            for store in (new, old):
                dvc_filesystem.guard(store.fs, remote.url)
            self._places[remote.name] = new, old
        return self._places[remote.name]

    def _folder(self, name: str) -> str:
        return str(self._repo.cache.legacy.path) if _is_old(name) else self.objects

    def _refuse_corrupt(self, names: Iterable[str], files: Iterable[str]) -> None:
        bad = [
            name for name, file in zip(names, files, strict=True) if cache.md5_of(file) != name[:_HEX_DIGITS]
        ]
        if bad:
            raise MediaError(
                f"the cache {self.objects} has {counted(len(bad), 'object')} with other bytes than named so",
                hint="remove what is named, and `audiodvc add` or `dvc fetch` again",
                details=bad,
            )


def batches(items: Sequence[Item], size: int = _BATCH) -> Iterator[Sequence[Item]]:
    """The items, so many at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _is_old(name: str) -> bool:
    return "/" in name


def _plain(name: str) -> str:
    return name.replace("/", "")


def _alike(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Batches of names that lie in one place, those of DVC 3 before those of DVC 2."""
    for is_old in (False, True):
        yield from batches([name for name in names if _is_old(name) == is_old], _AT_ONCE)


def _has_prefixes(store: Any) -> bool:  # noqa: ANN401 - DVC has no types
    """Whether something may be where DVC 2 kept it; one question, since a listing there is one of all."""
    try:
        return any(store.fs.name(path) in cache.PREFIXES for path in store.fs.ls(store.path, detail=False))
    except (FileNotFoundError, NotImplementedError):
        return False


def _failed(what: str, error: Exception) -> RemoteError:
    """What to say of a remote that failed; each kind of server has errors of its own."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return RemoteError(f"{what}: {place}{disk.reason(error)}", hint=disk.advice(error))
    return RemoteError(f"{what}: {dvc_trust.safe(str(error))}", hint="try again when it can be reached")
