"""What lies in a folder of the cache, and how it is taken out."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from audiodvc.progress import Advance

_STEP = 512
_BLOCK = 2**20


class Stored(NamedTuple):
    """A file: its size, how many names it has, and when it was written."""

    path: str
    size: int
    links: int
    time: float


def stored(folder: str) -> Iterator[Stored]:
    """Every file below a folder, or that file itself, links not followed; nothing where there is neither."""
    folders = [folder]
    while folders:
        place = folders.pop()
        try:
            with os.scandir(place) as found:
                for item in found:
                    if item.is_dir(follow_symlinks=False):
                        folders.append(item.path)
                    else:
                        yield _stored(item.path, item.stat(follow_symlinks=False))
        except NotADirectoryError:
            yield _stored(place, os.lstat(place))
        except FileNotFoundError:
            continue


def time_of(path: str) -> float:
    """When a file or folder was last written; 0 if it is not there."""
    try:
        return os.stat(path).st_mtime
    except FileNotFoundError:
        return 0.0


def exists(path: str) -> bool:
    """Whether a file is there; a link that leads nowhere is none."""
    return os.path.exists(path)


def beginning(path: str) -> list[str]:
    """The files whose path begins so, in the folder that the path names."""
    folder, name = os.path.split(path)
    try:
        return sorted(f"{folder}/{found}" for found in os.listdir(folder) if found.startswith(name))
    except OSError:
        return []


def inode(path: str) -> tuple[int, int] | None:
    """What the names of one file have in common, links followed; None if it is not there."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def is_same(path: str, other: str) -> bool:
    """Whether two names lead to one file."""
    mine = inode(path)
    return mine is not None and mine == inode(other)


def is_alike(path: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Whether two files have the same bytes; read now, where `filecmp` believes times and sizes."""
    with open(path, "rb") as mine, open(other, "rb") as theirs:
        while data := mine.read(_BLOCK):
            if theirs.read(_BLOCK) != data:
                return False
        return not theirs.read(1)


def touch(path: str, older_than: float, now: float) -> None:
    """Note that a file was used, if that was not noted for a while and if we may.

    A time that is still to come was noted while a clock was wrong.
    """
    if abs(now - time_of(path)) > older_than:
        with suppress(OSError):
            os.utime(path)


def remove(paths: Iterable[str], advance: Advance = lambda _: None) -> None:
    """Remove files; one that is gone already is no matter."""
    done = 0
    for path in paths:
        with suppress(FileNotFoundError):
            os.unlink(path)
        done += 1
        if done % _STEP == 0:
            advance(_STEP)
    advance(done % _STEP)


def remove_folder(path: str) -> None:
    """Remove a folder; nobody sees half of it, for it gets another name first."""
    place, name = os.path.split(path)
    gone = os.path.join(place, f".{name}.{secrets.token_hex(4)}.gone")
    with suppress(FileNotFoundError):
        os.rename(path, gone)
        shutil.rmtree(gone, ignore_errors=True)


def remove_empty(folder: str) -> None:
    """Remove the folders below one that have nothing in them."""
    for place, _, _ in os.walk(folder, topdown=False):
        if place != folder:
            with suppress(OSError):
                os.rmdir(place)


def _stored(path: str, seen: os.stat_result) -> Stored:
    size = seen.st_size if stat.S_ISREG(seen.st_mode) else 0
    return Stored(path, size, seen.st_nlink, seen.st_mtime)
