"""Who is at work in a cache: any number of those who bring, or one who takes away."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from audiodvc.errors import AudiodvcError, LockTimeoutError

NAME = ".presence.lock"

_PAUSE = 0.05
# Who may write to the folder may take part, so that a cache can be shared; the umask has its say.
_MODE = 0o666


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
        os.makedirs(folder, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AudiodvcError(f"{path} cannot be locked: {reason}", hint="name another cache") from error
    try:
        _lock(file, path, timeout, alone=alone)
        yield
    finally:
        os.close(file)


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
