"""What brings media time after time: connections and worker processes that stay."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from audiodvc.adapters.pool import Pool
from audiodvc.resolve.commit import Remotes


class Hands:
    """What brings media time after time: remotes, and worker processes from when they are first needed."""

    def __init__(self, process: int, remotes: Remotes, workers: int) -> None:
        self.process, self.remotes, self._workers = process, remotes, workers
        self._open = ExitStack()
        self._open.enter_context(remotes)
        self._pool: Pool | None = None
        self.close = weakref.finalize(self, _leave, process, self._open)

    @contextmanager
    def pool(self, workers: int) -> Iterator[Pool]:
        """Workers that stay."""
        del workers  # the next time may need more
        if self._pool is None:
            self._pool = self._open.enter_context(Pool(self._workers))
        yield self._pool


def _leave(process: int, what: ExitStack) -> None:
    """Close what is open, in the process that opened it: one that was forked has only copies."""
    if process == os.getpid():
        what.close()
