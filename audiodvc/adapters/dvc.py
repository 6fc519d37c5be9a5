"""DVC: its repository, state and pointers.

DVC is imported on first need: it takes longer to import than most of our verbs take to run.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audiodvc.adapters import cache, dvc_settings, links
from audiodvc.adapters.disk import Entry
from audiodvc.adapters.dvc_storage import Storage, batches
from audiodvc.errors import AudiodvcError


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a `.dvc` file says of the one file or folder that it tracks."""

    path: str
    md5: str
    size: int | None = None
    nfiles: int | None = None
    index: str | None = None


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


class Workspace(Storage):
    """An open DVC repository in a work tree."""

    def __init__(self, root: Path) -> None:
        from dvc.exceptions import DvcException

        self.root = root
        try:
            with _databases():
                super().__init__(dvc_settings.opened(root))
        except DvcException as error:
            raise AudiodvcError(f"DVC cannot open {root}: {error}") from error

    def close(self) -> None:
        """Let go of DVC's databases."""
        self._repo.close()

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
        for batch in batches(entries):
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

        for batch in batches(list(files)):
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

    def checkout(self, pointer: Path) -> None:
        """Let the work tree have what a pointer says; files that are recorded nowhere are not touched."""
        from dvc.exceptions import DvcException

        logging.getLogger("dvc").setLevel(logging.ERROR)
        try:
            with _databases():
                self._repo.checkout(targets=[str(pointer)], force=False)
        except (DvcException, OSError) as error:
            raise AudiodvcError(str(error)) from error


def _info(entry: Entry) -> dict[str, object]:
    return {
        "type": "file",
        "size": entry.size,
        "mtime": entry.mtime,
        "ino": entry.inode,
        "mode": entry.mode,
    }


def _has_pattern(path: Path) -> bool:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return any(line.strip() and not line.strip().startswith("#") for line in lines)


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
