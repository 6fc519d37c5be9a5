"""Forked processes, such as the workers of a data loader, and work that a forked process cannot do itself.

A process that was forked has one thread, whatever its parent had, so that a library with threads of its
own, as polars is, waits in it for ever (polars 2.1: even for sixteen rows).
"""

from __future__ import annotations

import os
import pickle
import weakref
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from audiodvc.adapters.pool import Died, Pool
from audiodvc.errors import AudiodvcError

Item = TypeVar("Item")
Result = TypeVar("Result")

# A fork has the module of its parent; any other process imports its own.
_PROCESS = os.getpid()


def is_fork() -> bool:
    """Whether this process was forked since audiodvc was imported."""
    return os.getpid() != _PROCESS


class Proxy:
    """A method of an object, which is sent to a fresh process once and called there."""

    def __init__(self, method: Callable[[Item], Result]) -> None:
        self._recipe = pickle.dumps(method)
        self._pool = Pool(1)
        self.close = weakref.finalize(self, _end, os.getpid(), self._pool)

    def __call__(self, item: object) -> Any:  # noqa: ANN401 - what the method returns
        """Call the method there."""
        for _, done in self._pool.map(_call, [(self._recipe, item)]):
            if not isinstance(done, Died):
                return done
        raise AudiodvcError("a worker process died", hint="is there enough memory?")


def _end(process: int, pool: Pool) -> None:
    if process == os.getpid():
        pool.__exit__(None, None, None)


def _call(asked: tuple[bytes, Item]) -> object:
    recipe, item = asked
    return _method(recipe)(item)


@lru_cache(maxsize=1)
def _method(recipe: bytes) -> Callable[[Any], object]:
    method: Callable[[Any], object] = pickle.loads(recipe)  # noqa: S301 - our own parent's
    return method
