"""Folders of a cache that somebody has open: `gc` lets them be, for as long as a process reads them.

The folder itself is locked, so that who may only read it counts too, and who ends, however that is, lets go.
"""

from __future__ import annotations

import errno
import os
import sys
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

_TAKEN = (errno.EWOULDBLOCK, errno.EACCES)


class Hold:
    """Folders that stay until this is gone; sent to another process it holds them there as well."""

    def __init__(self, folders: Sequence[str] = (), files: Sequence[int] = ()) -> None:
        self.folders = tuple(folders)
        weakref.finalize(self, _close, files)

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.folders,)


def hold(folders: Iterable[str | os.PathLike[str]]) -> Hold | None:
    """Keep these folders from being taken away; None if one is gone, or on its way out."""
    names, files = [os.fspath(folder) for folder in folders], list[int]()
    with ExitStack() as stack:
        stack.callback(_close, files)
        for name in names:
            if not _is_held(name, files):
                return None
        stack.pop_all()
    return Hold(names, files)


def is_open(folder: str | os.PathLike[str]) -> bool:
    """Whether somebody has a folder open."""
    with alone([os.fspath(folder)]) as others:
        return bool(others)


@contextmanager
def alone(folders: Iterable[str]) -> Iterator[frozenset[str]]:
    """Those of the folders that somebody has open; the others nobody can open until the end."""
    with ExitStack() as stack:
        files: list[int] = []
        stack.callback(_close, files)
        yield frozenset(folder for folder in folders if not _is_ours(folder, files))


def _is_held(folder: str, files: list[int]) -> bool:
    try:
        file = _locked(folder, alone=False)
    except OSError as error:
        # Where there are no such locks, as on some network file systems, it is enough that it is there.
        return error.errno not in _TAKEN and os.path.isdir(folder)
    files.append(file)
    # Whoever cleared it just now has given it another name.
    return _is_at(file, folder)


def _is_ours(folder: str, files: list[int]) -> bool:
    try:
        files.append(_locked(folder, alone=True))
    except OSError as error:
        return error.errno not in _TAKEN
    return True


def _locked(folder: str, *, alone: bool) -> int:
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC) if sys.platform != "win32" else -1
    try:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return file


def _is_at(file: int, folder: str) -> bool:
    with suppress(OSError):
        return file < 0 or os.path.samestat(os.fstat(file), os.stat(folder))
    return False


def _close(files: Sequence[int]) -> None:
    for file in files:
        if file >= 0:
            with suppress(OSError):
                os.close(file)


def _again(folders: Sequence[str]) -> Hold:
    return hold(folders) or Hold()
