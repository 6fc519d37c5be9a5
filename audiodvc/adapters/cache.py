"""Objects: media bytes named by their md5, written under a temporary name and renamed when whole."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from io import FileIO
from typing import NamedTuple

from audiodvc.adapters import disk, shared

OBJECT_MODE = 0o444
LINKS = ("hardlink", "symlink")
"""Kinds of link that put the object itself, which nobody may write to, into the place of a file."""
PREFIXES = tuple(f"{number:02x}" for number in range(256))

# Up to this size a file is read into memory, so that an object which is there already costs no write.
_AT_ONCE = 4 * 2**20

_BLOCK = 2**20
_DAY = 86_400
_LEFT = re.compile(r"[0-9a-f]{30}(\.dir)?\.[0-9a-f]{12}\.tmp")
_LISTED_AT_ONCE = 10

Copy = Callable[[str, str], None]
"""Makes a second file of the same content; reflink where the file system can."""


class Kept(NamedTuple):
    """An object that is in the cache now, and the file that it came from as it is now."""

    md5: str
    file: os.stat_result


def path_of(objects: str, md5: str) -> str:
    """Where an object lies."""
    return f"{objects}/{md5[:2]}/{md5[2:]}"


def prepare(objects: str) -> None:
    """Make the folders that objects of any name lie in."""
    there = set(_names(objects))
    for prefix in PREFIXES:
        if prefix not in there:
            shared.make(f"{objects}/{prefix}")


def tidy(objects: str) -> None:
    """Remove what killed processes left unfinished a day ago or longer; who writes there does that first."""
    for prefix in PREFIXES:
        for name in filter(_LEFT.fullmatch, _names(f"{objects}/{prefix}")):
            path = f"{objects}/{prefix}/{name}"
            with suppress(OSError):
                seen = os.lstat(path)
                # A second name of somebody's file is as old as that; it costs nothing.
                if seen.st_nlink == 1 and time.time() - seen.st_mtime > _DAY:
                    os.unlink(path)


def present(objects: str) -> set[str]:
    """The names of all objects: a listing of the prefix folders, not a question a file."""
    return {prefix + name for prefix in PREFIXES for name in _names(f"{objects}/{prefix}")}


def present_of(objects: str, names: Sequence[str]) -> set[str]:
    """Which of these objects are there: a question for each, or one listing where that is less work."""
    if not names:
        return set()
    # One prefix folder tells how large the cache is; a listing reads thrice as many names in the same time.
    size = len(PREFIXES) * len(_names(f"{objects}/{names[0][:2]}"))
    if size > _LISTED_AT_ONCE * len(names):
        return {name for name in names if os.path.exists(path_of(objects, name))}
    return present(objects).intersection(names)


def old_place(objects: str) -> str:
    """Where a cache keeps the objects of DVC 2 whose name is not the md5 of their very bytes."""
    return os.path.dirname(os.path.dirname(objects))


def is_apart(objects: str, name: str) -> bool:
    """Whether an object lies where DVC 2 kept it, and there alone."""
    return os.path.exists(path_of(old_place(objects), name))


def keep(objects: str, source: str, link: str = "copy", copy: Copy | None = None) -> Kept:
    """Bring a copy of a file into the cache; one that is to become a link is only hashed (see `adopt`)."""
    before = os.stat(source)
    if link in LINKS:
        md5 = md5_of(source)
    elif link == "copy" and before.st_size <= _AT_ONCE:
        md5 = _bring_small(objects, source)
    else:
        md5 = _bring_copy(objects, source, copy if link == "reflink" else None)
    after = os.stat(source)
    _refuse_changed(source, before, after)
    return Kept(md5, after)


def seen(source: str) -> Kept:
    """A file that is hashed and stays where it is."""
    before = os.stat(source)
    md5, after = md5_of(source), os.stat(source)
    _refuse_changed(source, before, after)
    return Kept(md5, after)


def adopt(objects: str, source: str, md5: str, link: str) -> Kept:
    """Make a file itself the object of its md5, and leave a link in its place."""
    target = path_of(objects, md5)
    _bring_itself(source, target)
    _replace_by_link(source, target, link)
    return Kept(md5, os.stat(source))


def become(objects: str, file: str) -> str:
    """Make a new file the object that its bytes say; its md5."""
    md5 = md5_of(file)
    shared.make(f"{objects}/{md5[:2]}")
    _settle(file, path_of(objects, md5))
    return md5


def put(objects: str, name: str, data: bytes) -> None:
    """Write an object whose name is known."""
    target = path_of(objects, name)
    if not os.path.exists(target):
        with _whole(target) as temporary:
            _write(temporary, data)


@contextmanager
def arriving(objects: str, names: Sequence[str]) -> Iterator[list[str]]:
    """Temporary files for objects from elsewhere; each that has the bytes of its name becomes an object."""
    targets = [path_of(objects, name) for name in names]
    files = [f"{target}.{secrets.token_hex(6)}.tmp" for target in targets]
    try:
        yield files
        for name, file, target in zip(names, files, targets, strict=True):
            if md5_of(file) != name.removesuffix(".dir"):
                raise OSError(None, "its bytes are not those that its name says", name)
            os.chmod(file, OBJECT_MODE)
            os.replace(file, target)
    finally:
        for file in files:
            _discard(file)


def md5_of(path: str) -> str:
    """The md5 of a file of any size, in bounded memory."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest()


def _refuse_changed(source: str, before: os.stat_result, after: os.stat_result) -> None:
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise OSError(None, "changed while it was read", source)


def _bring_small(objects: str, source: str) -> str:
    data = _bytes(source)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    put(objects, md5, data)
    return md5


def _bring_copy(objects: str, source: str, copy: Copy | None) -> str:
    """Copy a file of any size, reading it once: what is hashed is what is in the cache."""
    temporary = _temporary(f"{objects}/new")
    try:
        if copy is None:
            md5 = copied(source, temporary)
        else:
            with disk.naming(temporary):
                copy(source, temporary)
            md5 = md5_of(temporary)
        target = path_of(objects, md5)
        if os.path.exists(target):
            _discard(temporary)
        else:
            _settle(temporary, target)
    except BaseException:
        _discard(temporary)
        raise
    return md5


def _bring_itself(source: str, target: str) -> None:
    # The object becomes the very file that was added, as with `dvc add`; not across file systems.
    if os.path.exists(target):
        return
    with _whole(target) as temporary:
        try:
            os.link(os.path.realpath(source), temporary)
        except OSError:
            copied(source, temporary)


@contextmanager
def _whole(target: str) -> Iterator[str]:
    temporary = _temporary(target)
    try:
        yield temporary
        _settle(temporary, target)
    except BaseException:
        _discard(temporary)
        raise


def _temporary(target: str) -> str:
    return f"{target}.{secrets.token_hex(6)}.tmp"


def _settle(temporary: str, target: str) -> None:
    os.chmod(temporary, OBJECT_MODE)
    os.replace(temporary, target)


def _replace_by_link(path: str, target: str, link: str) -> None:
    if os.path.samefile(path, target) and (link == "hardlink") != os.path.islink(path):
        return
    temporary = _temporary(path)
    try:
        (os.link if link == "hardlink" else os.symlink)(target, temporary)
        os.replace(temporary, path)
    except BaseException:
        _discard(temporary)
        raise


def copied(source: str, target: str) -> str:
    """Copy a file in bounded memory; the md5 of what was written."""
    md5 = hashlib.md5(usedforsecurity=False)
    with open(source, "rb", buffering=0) as old, open(target, "xb", buffering=0) as new:
        while data := old.read(_BLOCK):
            md5.update(data)
            _write_all(new, data)
    return md5.hexdigest()


def _bytes(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.readall()


def _write(path: str, data: bytes) -> None:
    # Without Python's buffers: a fifth less time for small files.
    with open(path, "xb", buffering=0) as file:
        _write_all(file, data)


def _write_all(file: FileIO, data: bytes) -> None:
    left = memoryview(data)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        error.filename = file.name  # the system names none
        raise


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _discard(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


@contextmanager
def making(target: str) -> Iterator[str]:
    """A temporary name for a file that is made here: read-only and at its place when all went well."""
    with _whole(target) as temporary:
        yield temporary
