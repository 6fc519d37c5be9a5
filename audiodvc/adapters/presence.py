"""Who is at work in a cache: any number of those who bring, or one who takes away."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from audiodvc.adapters import shared
from audiodvc.errors import AudiodvcError, LockTimeoutError

NAME = ".presence.lock"

_PAUSE = 0.05
_MODE = 0o666
_HINT = "with `shared_cache_root` it is only read, and what it lacks comes into a cache of your own"


@contextmanager
def bringing(cache_root: str | os.PathLike[str], timeout: float = -1) -> Iterator[None]:
    """While somebody brings something into a cache, nothing is taken out of it."""
    with _held(os.fspath(cache_root), timeout, alone=False):
        yield


@contextmanager
def clearing(cache_root: str | os.PathLike[str], timeout: float = -1) -> Iterator[None]:
    """While somebody takes something out of a cache, nothing is brought into it."""
    with _held(os.fspath(cache_root), timeout, alone=True):
        yield


@contextmanager
def _held(folder: str, timeout: float, *, alone: bool) -> Iterator[None]:
    if sys.platform == "win32":
        # Without locks that can be shared `gc` is for when nothing else runs.
        yield
        return
    path = f"{folder}/{NAME}"
    try:
        file = _opened(folder, path)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AudiodvcError(f"the cache {folder} cannot be written: {reason}", hint=_HINT) from error
    try:
        _lock(file, path, timeout, alone=alone)
        yield
    finally:
        os.close(file)


def _opened(folder: str, path: str) -> int:
    os.makedirs(folder, exist_ok=True)  # whether a group shares it is for whoever made it to say
    flags = os.O_RDWR | os.O_CLOEXEC
    try:
        file = os.open(path, flags | os.O_CREAT | os.O_EXCL, _MODE)
    except FileExistsError:
        return os.open(path, flags)
    shared.open_up(path)
    return file


def _lock(file: int, path: str, timeout: float, *, alone: bool) -> None:
    import fcntl

    kind = (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB
    end = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(file, kind)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise AudiodvcError(f"{path} cannot be locked: {error.strerror}") from error
        else:
            return
        if timeout >= 0 and time.monotonic() > end:
            what = "datasets are being brought into it" if alone else "`audiodvc gc` is at work there"
            raise LockTimeoutError(
                f"{os.path.dirname(path)} is in use: {what}", hint="try again when that is done"
            )
        time.sleep(_PAUSE)
