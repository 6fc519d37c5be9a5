"""Locks between processes; one whose owner died does not count."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from audiodvc.adapters import shared
from audiodvc.errors import AudiodvcError, LockTimeoutError

_MODE = 0o666


@contextmanager
def locked(path: str, timeout: float = -1, waiting: Callable[[], object] | None = None) -> Iterator[None]:
    """Hold a lock file, for at most `timeout` seconds of waiting; without end if that is negative.

    `waiting` is called once if another process has the lock, before waiting for it.
    """
    from filelock import FileLock, Timeout

    folder = os.path.dirname(path) or "."
    try:
        shared.make(folder)
        lock = FileLock(path, mode=shared.file_mode(folder) or _MODE)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if waiting:
                waiting()
            lock.acquire(timeout=timeout)
    except Timeout:
        raise LockTimeoutError(
            f"another process has held {path} for {timeout:g} s",
            hint="wait for it to end, or give it more time with `timeout`",
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AudiodvcError(f"{path} cannot be locked: {reason}", hint="name another cache") from error
    try:
        yield
    finally:
        lock.release()
