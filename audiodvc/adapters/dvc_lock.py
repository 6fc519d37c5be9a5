"""The lock of a DVC repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from audiodvc.adapters import dvc_settings
from audiodvc.errors import AudiodvcError

if TYPE_CHECKING:
    from filelock import BaseFileLock

_PATIENCE = 30.0


@contextmanager
def locked(root: Path, waiting: Callable[[], object] | None = None) -> Iterator[None]:
    """Keep other DVC commands out of a repository. A lock whose owner died does not count.

    `waiting` is called once if another has the lock, before waiting for it.
    """
    from filelock import FileLock, Timeout

    # DVC locks this file with flock as well, so that both see each other. Its second lock,
    # `rwlock`, is a list of process ids which a killed process never leaves: we do without.
    dvc_settings.refuse_planted(root)
    folder = root / ".dvc" / "tmp"
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / "lock")
    try:
        _acquire(lock, waiting)
    except Timeout as error:
        raise AudiodvcError(
            f"another DVC or audiodvc command is at work in {root}", hint="wait for it to end and try again"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: BaseFileLock, waiting: Callable[[], object] | None) -> None:
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        if waiting:
            waiting()
        lock.acquire(timeout=_PATIENCE)
