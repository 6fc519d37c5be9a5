"""DVC: its repository, state, pointers and remotes.

DVC is imported on first need: it takes longer to import than most of our verbs take to run.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from audiodvc.adapters import cache, deliveries, disk, dvc_filesystem, dvc_settings, dvc_trust, links
from audiodvc.adapters.disk import Entry
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
class Pointer:
    """What a `.dvc` file says of the one file or folder that it tracks."""

    path: str
    md5: str
    size: int | None = None
    nfiles: int | None = None
    index: str | None = None


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


def find_root(folder: Path, top: Path) -> Path | None:
    """The DVC repository that a folder lies in, not looking above `top`."""
    for place in (folder, *folder.parents):
        if (place / ".dvc").is_dir():
            return place
        if place == top:
            break
    return None


def init(root: Path) -> None:
    """Make a DVC repository in a folder of a git repository, and stage its files."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    logging.getLogger("dvc").setLevel(logging.WARNING)  # it tells its own story on standard output
    try:
        Repo.init(str(root), subdir=True).close()
    except DvcException as error:
        raise AudiodvcError(f"DVC cannot be set up in {root}: {error}") from error


def read_pointer(path: Path) -> Pointer | None:
    """The pointer that `dvc add` writes for what lies beside it; None for an import or anything else."""
    from dvc.utils.serialize import ParseError, load_yaml

    try:
        data = load_yaml(str(path))
        (out,) = data["outs"]
        meta = (data.get("meta") or {}).get("audiodvc") or {}
        if (
            data.get("deps")
            or data.get("wdir")
            or data.get("cmd")
            or out["path"] != path.name[: -len(".dvc")]
        ):
            return None
        return Pointer(out["path"], out.get("md5", ""), out.get("size"), out.get("nfiles"), meta.get("index"))
    except (FileNotFoundError, ParseError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def reflink(source: str, target: str) -> None:
    """A copy that shares its blocks with the original."""
    from dvc_objects.fs import system

    system.reflink(source, target)


class Workspace:
    """An open DVC repository."""

    def __init__(self, root: Path) -> None:
        from dvc.exceptions import DvcException

        self.root = root
        self._places: dict[str, tuple[Any, Any]] = {}
        try:
            with _databases():
                self._repo: Repo = dvc_settings.opened(root)
        except DvcException as error:
            raise AudiodvcError(f"DVC cannot open {root}: {error}") from error

    def close(self) -> None:
        """Let go of DVC's databases."""
        self._repo.close()

    @property
    def objects(self) -> str:
        """The folder of the local cache that holds media objects."""
        return str(self._repo.cache.local.path)

    @property
    def link_types(self) -> list[str]:
        """How files of the work tree hang together with the cache, in order of preference."""
        return list(self._repo.cache.local.cache_types)

    # Files and what is known of them

    def known(self, entries: Sequence[Entry]) -> dict[str, str]:
        """Path -> md5 of the files that have not changed since they were last read."""
        from dvc_data.json_compat import loads
        from fsspec.utils import tokenize

        # `state.get_many` does the same and builds two objects a file: twice the time for many files.
        found: dict[str, str] = {}
        for batch in _batches(entries):
            with _databases():
                raw = dict(self._repo.state.hashes.get_many(entry.path for entry in batch))
            for entry in batch:
                text = raw[entry.path]
                if text and (seen := loads(text)).get("version") == 1:
                    checksum = tokenize([entry.inode, entry.mtime, entry.size])
                    if seen["checksum"] == str(int(checksum, 16)):
                        found[entry.path] = seen["hash_info"].get("md5", "")
        return {path: md5 for path, md5 in found.items() if md5}

    def remember(self, files: Iterable[tuple[Entry, str]]) -> None:
        """Tell DVC the md5 of files, so that it need not read them."""
        from dvc.fs import localfs
        from dvc_data.hashfile.hash_info import HashInfo

        for batch in _batches(list(files)):
            items = [(entry.path, HashInfo("md5", md5), _info(entry)) for entry, md5 in batch]
            with _databases():
                self._repo.state.save_many(items, localfs)

    def remember_link(self, path: str, entries: Iterable[Entry]) -> None:
        """Let `dvc checkout` know that it may remove this output when a revision lacks it."""
        from dvc_data.hashfile.utils import _tokenize_mtimes, to_nanoseconds

        mtimes = {entry.path: entry.mtime for entry in entries}
        if not os.path.isdir(path):
            token = str(to_nanoseconds(next(iter(mtimes.values()))))
        else:
            token = _tokenize_mtimes(mtimes)
        with _databases():
            self._repo.state.set_link(path, os.stat(path).st_ino, token)

    def unignored(self, files: Mapping[str, Entry]) -> dict[str, Entry]:
        """The files that `.dvcignore` does not keep DVC from, by the names that they have here."""
        if not self._ignores_something({entry.path.rpartition("/")[0] for entry in files.values()}):
            return dict(files)
        ignored = self._repo.dvcignore.is_ignored_file
        return {name: entry for name, entry in files.items() if not ignored(entry.path)}

    def _ignores_something(self, folders: Iterable[str]) -> bool:
        """Whether any of these folders, or one above them, has a `.dvcignore` with a pattern."""
        places = {place for folder in folders for place in (Path(folder), *Path(folder).parents)}
        return any(_has_pattern(place / ".dvcignore") for place in places if self._inside(place))

    def _inside(self, place: Path) -> bool:
        return place == self.root or self.root in place.parents

    def link(self, path: str) -> str:
        """The first of the configured kinds of link that works between cache and work tree."""
        if not os.access(os.path.dirname(path), os.W_OK):
            raise PermissionError(errno.EACCES, "permission denied", os.path.dirname(path))
        # DVC's own test takes a full disk for one that knows no such link, and leaves files behind.
        kind = links.working(self.link_types, self.objects, os.path.dirname(path), reflink)
        if not kind:
            raise AudiodvcError(
                f"none of the link types {', '.join(self.link_types)} works between the cache and {path}",
                hint="dvc config cache.type copy",
            )
        return kind

    # Writing

    def prepare_cache(self) -> None:
        """Make the prefix folders, with the mode that the configuration asks for."""
        for prefix in cache.PREFIXES:
            self._repo.cache.local.makedirs(f"{self.objects}/{prefix}")
        cache.tidy(self.objects)

    def put_directory(self, name: str, data: bytes) -> None:
        """Write a directory object."""
        self._repo.cache.local.makedirs(f"{self.objects}/{name[:2]}")
        cache.put(self.objects, name, data)

    def pointer_text(self, path: Path, pointer: Pointer, *, executable: bool = False) -> bytes:
        """The bytes of a `.dvc` file, as DVC writes them; what else stood in it stays."""
        from dvc.stage.serialize import to_single_stage_file
        from dvc.utils.serialize import dumps_yaml
        from dvc_data.hashfile.hash_info import HashInfo
        from dvc_data.hashfile.meta import Meta

        stage = self._stage(path)
        (out,) = stage.outs
        out.hash_name = "md5"
        out.files = None
        out.hash_info = HashInfo("md5", pointer.md5)
        out.meta = Meta(size=pointer.size, nfiles=pointer.nfiles, isexec=executable)
        stage.meta = {**(stage.meta or {}), "audiodvc": {"index": pointer.index}}
        text: str = dumps_yaml(to_single_stage_file(stage))
        return text.encode()

    def _stage(self, path: Path) -> Any:  # noqa: ANN401 - DVC has no types
        from dvc.dvcfile import load_file
        from dvc.exceptions import DvcException

        name, out = str(path), str(path)[: -len(".dvc")]
        try:
            if path.exists():
                return load_file(self._repo, name).stage
            # Without its `wdir` DVC takes the current folder, which need not be in the repository.
            return self._repo.stage.create(
                single_stage=True, validate=False, fname=name, wdir=str(path.parent), outs=[out]
            )
        except DvcException as error:
            raise AudiodvcError(f"DVC cannot track {out}: {error}") from error

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
                f"the remote '{remote.name}' ({remote.url}) cannot be asked: such a server lists nothing",
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

    def checkout(self, pointer: Path) -> None:
        """Let the work tree have what a pointer says; files that are recorded nowhere are not touched."""
        from dvc.exceptions import DvcException

        logging.getLogger("dvc").setLevel(logging.ERROR)
        try:
            with _databases():
                self._repo.checkout(targets=[str(pointer)], force=False)
        except (DvcException, OSError) as error:
            raise AudiodvcError(str(error)) from error

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


def _info(entry: Entry) -> dict[str, object]:
    return {
        "type": "file",
        "size": entry.size,
        "mtime": entry.mtime,
        "ino": entry.inode,
        "mode": entry.mode,
    }


def _is_old(name: str) -> bool:
    return "/" in name


def _plain(name: str) -> str:
    return name.replace("/", "")


def _alike(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Batches of names that lie in one place, those of DVC 3 before those of DVC 2."""
    for is_old in (False, True):
        yield from _batches([name for name in names if _is_old(name) == is_old], _AT_ONCE)


def _has_prefixes(store: Any) -> bool:  # noqa: ANN401 - DVC has no types
    """Whether something may be where DVC 2 kept it; one question, since a listing there is one of all."""
    try:
        return any(store.fs.name(path) in cache.PREFIXES for path in store.fs.ls(store.path, detail=False))
    except (FileNotFoundError, NotImplementedError):
        return False


def _has_pattern(path: Path) -> bool:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return any(line.strip() and not line.strip().startswith("#") for line in lines)


def _batches(items: Sequence[Item], size: int = _BATCH) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _failed(what: str, error: Exception) -> RemoteError:
    """What to say of a remote that failed; each kind of server has errors of its own."""
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return RemoteError(f"{what}: {place}{disk.reason(error)}", hint=disk.advice(error))
    return RemoteError(f"{what}: {dvc_trust.safe(str(error))}", hint="try again when it can be reached")


@contextmanager
def _databases() -> Iterator[None]:
    """While DVC's databases are used: they are not in the repository, and a disk of their own may be full."""
    import sqlite3

    from dvc.dirs import site_cache_dir

    try:
        yield
    except sqlite3.Error as error:
        what = f"DVC's notes on files, below {site_cache_dir()}, cannot be used: {error}"
        raise AudiodvcError(
            what, hint="make room there, or `dvc config --local core.site_cache_dir DIR`"
        ) from error
