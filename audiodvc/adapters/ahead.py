"""Work that is done before its result is asked for, in a thread that keeps nobody waiting."""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, NamedTuple, Self, TypeVar

from audiodvc.progress import Advance, Progress

Item = TypeVar("Item")
Result = TypeVar("Result")

# How long to wait for the end of the work in hand; what takes longer ends with the process.
_PATIENCE = 1.0


class Ahead(Generic[Item, Result]):
    """Items with the results of work on them, in order; the work is up to `most` items ahead.

    An error of the work is raised in the place of its result, and the next one follows. `leave` is called
    when all is done, or nobody wants the rest: after `close`, at the end of the program, or when this is
    collected.
    """

    def __init__(
        self,
        work: Callable[[Item], Result],
        items: Iterator[Item],
        most: int,
        leave: Callable[[], object] = lambda: None,
    ) -> None:
        self._thread = _Thread(work, items, most, leave)
        # The thread does not know this object, so that it can be collected while the thread waits.
        self._close = weakref.finalize(self, self._thread.close)
        self._thread.start()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> tuple[Item, Result]:
        done = self._thread.done.get()
        if done is None:
            self._thread.done.put(None)
            raise StopIteration
        self._thread.room.release()
        if done.error is not None:
            raise done.error
        return done.item, done.result

    def close(self) -> None:
        """Stop the work."""
        self._close()


@contextmanager
def interruptible(progress: Progress, what: str, total: int | None = None) -> Iterator[Advance]:
    """A progress that ends the work ahead which tells it, once nobody wants that work."""
    thread = threading.current_thread()
    with progress(what, total) as advance:

        def step(steps: int) -> None:
            if isinstance(thread, _Thread) and thread.stopped.is_set():
                raise _StoppedError
            advance(steps)

        yield step


class _StoppedError(BaseException):
    """Nobody wants the result any more; no `except Exception` on the way shall take it for a failure."""


class _Done(NamedTuple, Generic[Item, Result]):
    item: Item
    result: Result
    error: BaseException | None = None


class _Thread(threading.Thread, Generic[Item, Result]):
    def __init__(
        self,
        work: Callable[[Item], Result],
        items: Iterator[Item],
        most: int,
        leave: Callable[[], object],
    ) -> None:
        super().__init__(name="audiodvc-ahead", daemon=True)
        self._work, self._items, self._leave = work, items, leave
        self.room = threading.Semaphore(most)
        self.done: queue.SimpleQueue[_Done[Item, Result] | None] = queue.SimpleQueue()
        self.stopped = threading.Event()

    def run(self) -> None:
        try:
            for item in self._items:
                self.room.acquire()
                if self.stopped.is_set():
                    return
                self.done.put(self._did(item))
        except _StoppedError:
            pass
        finally:
            self._leave()
            self.done.put(None)

    def close(self) -> None:
        self.stopped.set()
        self.room.release()
        # A collection of garbage can happen in any thread.
        if threading.current_thread() is not self:
            self.join(_PATIENCE)

    def _did(self, item: Item) -> _Done[Item, Result]:
        try:
            return _Done(item, self._work(item))
        except Exception as error:  # noqa: BLE001 - raised where the result is asked for
            return _Done(item, None, error)  # type: ignore[arg-type]  # then nobody looks at it
