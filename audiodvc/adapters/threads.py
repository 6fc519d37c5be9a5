"""Threads for what waits for others; work of our own goes to processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> list[Result]:
    """The result of each item, in their order; with the first error, or Ctrl-C, no further one is begun."""
    if workers <= 1:
        return [work(item) for item in items]
    from concurrent.futures import CancelledError, ThreadPoolExecutor

    stopped = threading.Event()

    def one(item: Item) -> Result:
        if stopped.is_set():
            raise CancelledError
        try:
            return work(item)
        except BaseException:
            stopped.set()
            raise

    with ThreadPoolExecutor(workers) as pool:
        try:
            return list(pool.map(one, items))
        except BaseException:
            stopped.set()
            raise
