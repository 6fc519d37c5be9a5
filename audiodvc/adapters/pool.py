"""Worker processes, one item in hand each, so that a crash names the file that caused it.

`multiprocessing` runs a caller's script again in each worker unless the script is guarded, and
`concurrent.futures` loses every pending item with one crash. A dataset library is called from
plain scripts and meets broken files, so the workers here are told what to import and nothing more.
"""

from __future__ import annotations

import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import IO, Any, Self, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")
Pipes = tuple[IO[bytes], IO[bytes]]

_BOOT = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer);"
    "from audiodvc.adapters.pool import serve; serve()"
)
_PATIENCE = 1.0
# A wait without end is not always interrupted by Ctrl-C: the signal may reach another thread.
_GLANCE = 0.1

# There is a worker for each core; numpy would start as many threads again in each of them, which
# takes half of a worker's start-up time.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Died:
    """What stands in the place of a result when the worker did not survive the item."""


class Pool:
    """Workers that start when the pool is made, and end with it."""

    def __init__(self, workers: int) -> None:
        self._workers = [_Worker() for _ in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for worker in self._workers:
            worker.leave()
        end = time.monotonic() + _PATIENCE
        for worker in self._workers:
            worker.end(end - time.monotonic())

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | Died]]:
        """Each item with its result, in the order in which they are done; no more once nobody asks."""
        source = iter(items)
        taking, left = threading.Lock(), threading.Event()
        done: queue.Queue[tuple[Item, Result | Died] | BaseException | None] = queue.Queue()

        def drain(worker: _Worker) -> None:
            try:
                for item in _shared(source, taking, left):
                    done.put((item, worker.ask(work, item)))
            except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, not lost
                done.put(error)
            finally:
                done.put(None)

        for worker in self._workers:
            threading.Thread(target=drain, args=(worker,), daemon=True).start()
        try:
            yield from _results(done, len(self._workers))
        finally:
            left.set()


def serve() -> None:
    """A worker's life: a function and an item in, a result or an error out, until the pool closes."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not reach the answers
    while True:
        try:
            work, item = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the pool that started us
        except EOFError:
            return
        try:
            answer: tuple[bool, object] = (True, work(item))
        except Exception as error:  # noqa: BLE001 - raised again by the pool
            answer = (False, error)
        try:
            pickle.dump(answer, answers, protocol=pickle.HIGHEST_PROTOCOL)
            answers.flush()
        except BrokenPipeError:  # whoever asked was killed
            os._exit(1)


class _Worker:
    def __init__(self) -> None:
        self._stopped = False
        # What an interrupted `map` has in hand is answered before the next one asks.
        self._asking = threading.Lock()
        self._start()

    def _start(self) -> None:
        # A group of its own: Ctrl-C reaches the pool alone, which then ends its workers.
        own_group: dict[str, Any] = {"process_group": 0} if os.name == "posix" else {}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", _BOOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD},
            **own_group,
        )
        self._questions, self._answers = cast("Pipes", (self._process.stdin, self._process.stdout))
        self._send(sys.path)

    def ask(self, work: Callable[[Item], Result], item: Item) -> Result | Died:
        with self._asking:
            try:
                self._send((work, item))
                well, answer = pickle.load(self._answers)  # noqa: S301 - written by our own worker
            except (EOFError, BrokenPipeError, ValueError, pickle.UnpicklingError):
                self._renew()
                return Died()
        if not well:
            raise answer
        result: Result = answer
        return result

    def leave(self) -> None:
        """Nothing more is asked: the worker ends when it is done with the file in hand."""
        self._stopped = True
        with suppress(BrokenPipeError):
            self._questions.close()

    def end(self, patience: float = _PATIENCE) -> None:
        """Wait for the file in hand; a worker that takes long is killed."""
        with suppress(BrokenPipeError):
            self._questions.close()
        try:
            self._process.wait(max(0, patience))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()

    def _renew(self) -> None:
        if not self._stopped:
            self.end()
            self._start()
        if self._stopped:  # meanwhile
            self.end()

    def _send(self, value: object) -> None:
        pickle.dump(value, self._questions, protocol=pickle.HIGHEST_PROTOCOL)
        self._questions.flush()


def _shared(source: Iterator[Item], taking: threading.Lock, left: threading.Event) -> Iterator[Item]:
    while True:
        with taking:
            if left.is_set():
                return
            try:
                item = next(source)
            except StopIteration:
                return
        yield item


def _results(
    done: queue.Queue[tuple[Item, Result | Died] | BaseException | None], running: int
) -> Iterator[tuple[Item, Result | Died]]:
    while running:
        try:
            got = done.get(timeout=_GLANCE)
        except queue.Empty:
            continue
        if got is None:
            running -= 1
        elif isinstance(got, BaseException):
            raise got
        else:
            yield got
