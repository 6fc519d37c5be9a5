"""Work that is done before its result is asked for."""

from __future__ import annotations

import gc
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from itertools import count

import pytest

from audiodvc.adapters.ahead import Ahead, interruptible
from audiodvc.adapters.terminal import silence
from audiodvc.progress import Advance, Progress


def workers() -> list[threading.Thread]:
    """The threads that are at work."""
    return [thread for thread in threading.enumerate() if thread.name == "audiodvc-ahead"]


@pytest.fixture(autouse=True)
def _none_is_left() -> Iterator[None]:
    """No thread survives its test."""
    yield
    gc.collect()
    assert workers() == []


def test_results_come_in_order() -> None:
    """Each with its item, and nothing after the last."""
    ahead = Ahead(lambda item: item * 2, iter(range(50)), 3)
    assert list(ahead) == [(item, item * 2) for item in range(50)]
    assert next(ahead, None) is None


def test_work_is_only_so_far_ahead() -> None:
    """What nobody takes is not done."""
    begun: queue.Queue[int] = queue.Queue()
    ahead = Ahead(begun.put, count(), 3)
    assert [begun.get(timeout=10) for _ in range(3)] == [0, 1, 2]
    assert begun.empty()
    next(ahead)
    assert begun.get(timeout=10) == 3
    assert begun.empty()
    ahead.close()


def test_an_error_stands_in_its_place() -> None:
    """Those before and after it have their results."""
    ahead = Ahead(lambda item: 6 // item, iter([1, 0, 2]), 2)
    assert next(ahead) == (1, 6)
    with pytest.raises(ZeroDivisionError):
        next(ahead)
    assert next(ahead) == (2, 3)


def test_whoever_leaves_ends_the_work() -> None:
    """By `close`, or by forgetting it; and what was open is closed."""
    for leave in ("close", "forget"):
        left: list[bool] = []
        ahead = Ahead(lambda item: item, count(), 2, partial(left.append, True))  # noqa: FBT003 - any value
        next(ahead)
        assert left == []
        if leave == "close":
            ahead.close()
            ahead.close()
        del ahead
        gc.collect()
        assert left == [True]
        assert workers() == []


def test_work_in_hand_is_given_up() -> None:
    """Where it tells how far it is; no handler of errors on its way takes it for one."""
    begun, taken = threading.Event(), []

    def work(_: int) -> None:
        with partial(interruptible, silence)("working", None) as advance:
            begun.set()
            while True:
                try:
                    advance(1)
                except Exception as error:  # noqa: BLE001 - the point
                    taken.append(error)

    ahead = Ahead(work, count(), 1)
    assert begun.wait(10)
    ahead.close()
    assert workers() == []
    assert taken == []


def test_other_work_is_not_interrupted() -> None:
    """Whatever tells how far it is outside of such a thread goes on."""
    told: list[int] = []
    with interruptible(_telling(told.append), "working", 2) as advance:
        advance(1)
        advance(1)
    assert told == [1, 1]


@pytest.mark.parametrize("ending", ["pass", "raise KeyboardInterrupt", "sys.exit(3)"])
def test_a_program_ends_while_work_is_ahead(ending: str) -> None:
    """At once, without a word of the thread's."""
    program = (
        "import sys, time, itertools\n"
        "from audiodvc.adapters.ahead import Ahead\n"
        "ahead = Ahead(lambda item: time.sleep(item and 60), itertools.count(), 2)\n"
        f"next(ahead)\n{ending}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )
    assert "audiodvc-ahead" not in done.stderr
    assert "Fatal" not in done.stderr


def _telling(tell: Advance) -> Progress:
    return lambda _what, _total: nullcontext(tell)
