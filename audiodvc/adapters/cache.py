"""Objects: media bytes named by their md5, written under a temporary name and renamed when whole."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

OBJECT_MODE = 0o444
PREFIXES = tuple(f"{number:02x}" for number in range(256))

# Up to this size a file is read into memory, so that an object which is there already costs no write.
_AT_ONCE = 4 * 2**20

_CHANGED = "changed while it was read"

Copy = Callable[[str, str], None]
"""Makes a second file of the same content; reflink where the file system can."""


class Kept(NamedTuple):
    """An object that is in the cache now."""

    md5: str
    size: int


def path_of(objects: str, md5: str) -> str:
    """Where an object lies."""
    return f"{objects}/{md5[:2]}/{md5[2:]}"


def present(objects: str) -> set[str]:
    """The names of all objects: a listing of the prefix folders, not a question a file."""
    return {prefix + name for prefix in PREFIXES for name in _names(f"{objects}/{prefix}")}


def keep(objects: str, source: str, link: str = "copy", copy: Copy | None = None) -> Kept:
    """Bring a file into the cache, and leave in its place what `link` says."""
    before = os.stat(source)
    data = _bytes(source) if before.st_size <= _AT_ONCE else None
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest() if data is not None else md5_of(source)
    target = path_of(objects, md5)
    if not os.path.exists(target):
        _bring(source, target, data, link, copy)
    after = os.stat(source)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise OSError(None, _CHANGED, source)
    if link in ("hardlink", "symlink"):
        _replace_by_link(source, target, link)
    return Kept(md5, before.st_size)


def put(objects: str, name: str, data: bytes) -> None:
    """Write an object whose name is known."""
    target = path_of(objects, name)
    if not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with _whole(target) as temporary, open(temporary, "xb") as file:
            file.write(data)


def md5_of(path: str) -> str:
    """The md5 of a file of any size, in bounded memory."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, _md5).hexdigest()


def _bring(source: str, target: str, data: bytes | None, link: str, copy: Copy | None) -> None:
    with _whole(target) as temporary:
        if link in ("hardlink", "symlink") and _linked(source, temporary):
            return
        if data is not None and link != "reflink":
            with open(temporary, "xb") as file:
                file.write(data)
        else:
            (copy or _copy)(source, temporary)
            if md5_of(temporary) != target[-33:-31] + target[-30:]:
                raise OSError(None, _CHANGED, source)


@contextmanager
def _whole(target: str) -> Iterator[str]:
    temporary = f"{target}.{secrets.token_hex(6)}.tmp"
    try:
        yield temporary
        os.chmod(temporary, OBJECT_MODE)
        os.replace(temporary, target)
    except BaseException:
        _discard(temporary)
        raise


def _replace_by_link(path: str, target: str, link: str) -> None:
    if os.path.samefile(path, target) and (link == "hardlink") != os.path.islink(path):
        return
    temporary = f"{path}.{secrets.token_hex(6)}.tmp"
    try:
        (os.link if link == "hardlink" else os.symlink)(target, temporary)
        os.replace(temporary, path)
    except BaseException:
        _discard(temporary)
        raise


def _linked(source: str, temporary: str) -> bool:
    # The object becomes the very file that was added, as `dvc add` does it; across file systems it can't.
    try:
        os.link(os.path.realpath(source), temporary)
    except OSError:
        return False
    return True


def _copy(source: str, target: str) -> None:
    import shutil

    shutil.copyfile(source, target)


def _bytes(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def _discard(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)
