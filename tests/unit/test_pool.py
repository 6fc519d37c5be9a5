"""Worker processes: results, errors and crashes, each with the item that caused them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audiodvc.adapters.pool import Died, Pool


def square(number: int) -> int:
    """Something to do."""
    return number * number


def crash_on_three(number: int) -> int:
    """A decoder that a broken file takes down."""
    if number == 3:
        os.kill(os.getpid(), 9)
    return number


def fail_on_three(number: int) -> int:
    """Something that raises."""
    if number == 3:
        raise ValueError("three")
    return number


def noisy(number: int) -> int:
    """A library that prints to standard output."""
    print("noise" * 1000)  # noqa: T201 - that is the point
    os.write(1, b"more")
    return number


def slow(number: int) -> int:
    """Something that takes a while."""
    time.sleep(0.02)
    return number


def where(_: int) -> int:
    """The process that does it."""
    return os.getpid()


def test_every_item_has_its_result() -> None:
    """All items come back, in any order, each with what belongs to it."""
    with Pool(2) as pool:
        assert sorted(pool.map(square, range(100))) == [(number, number**2) for number in range(100)]


def test_a_pool_serves_more_than_one_call() -> None:
    """Workers stay for the next task, and no items are fine."""
    with Pool(2) as pool:
        assert list(pool.map(square, [])) == []
        assert list(pool.map(square, [3])) == [(3, 9)]


def test_work_is_done_in_other_processes() -> None:
    """None of it happens here."""
    with Pool(2) as pool:
        assert os.getpid() not in {process for _, process in pool.map(where, range(10))}


def test_workers_import_nothing_of_the_folder_that_they_start_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a dataset that somebody else wrote."""
    (tmp_path / "pickle.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    with Pool(1) as pool:
        assert list(pool.map(square, [3])) == [(3, 9)]
    assert not (tmp_path / "ran").exists()


def test_crash_costs_one_item() -> None:
    """The others are done all the same."""
    with Pool(2) as pool:
        done = dict(pool.map(crash_on_three, range(10)))
    assert isinstance(done.pop(3), Died)
    assert done == {number: number for number in range(10) if number != 3}


def test_error_is_raised_where_the_results_are_read() -> None:
    """An exception of the work is an exception of the call."""
    with Pool(2) as pool, pytest.raises(ValueError, match="three"):
        list(pool.map(fail_on_three, range(10)))


def test_a_call_that_ended_early_leaves_the_workers_to_the_next() -> None:
    """By an error or because nobody asks any more: no answer of one is taken for one of another."""
    with Pool(2) as pool:
        for _ in range(3):
            numbers = iter(range(1000))
            next(pool.map(slow, numbers))
            with pytest.raises(ValueError, match="three"):
                list(pool.map(fail_on_three, range(1000)))
            assert dict(pool.map(square, range(20))) == {number: number**2 for number in range(20)}
            assert next(numbers) < 20


def test_a_call_may_come_while_another_one_is_read() -> None:
    """Each has its own answers."""
    with Pool(2) as pool:
        for number, done in pool.map(slow, range(10)):
            assert done == number
            assert dict(pool.map(square, range(5))) == {other: other**2 for other in range(5)}


def test_what_a_library_prints_is_no_answer() -> None:
    """Standard output of a worker goes to standard error."""
    with Pool(1) as pool:
        assert list(pool.map(noisy, [1, 2])) == [(1, 1), (2, 2)]


def test_script_without_guard_is_not_run_again_in_workers(tmp_path: Path) -> None:
    """Whoever calls us from a plain script gets one run of it."""
    script = tmp_path / "script.py"
    script.write_text(
        "print('started')\n"
        "from audiodvc.adapters.pool import Pool\n"
        "from os.path import basename\n"
        "with Pool(2) as pool: print(sorted(pool.map(basename, ['/x/a', '/y/b'])))\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout == "started\n[('/x/a', 'a'), ('/y/b', 'b')]\n"


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    """Whoever is killed leaves no worker behind."""
    code = (
        "import os, sys; sys.path[:0] = [sys.argv[1]]\n"
        "from audiodvc.adapters.pool import Pool\n"
        "from tests.unit.test_pool import where\n"
        "pool = Pool(1); (_, worker), = pool.map(where, [0])\n"
        "print(worker, flush=True); os.kill(os.getpid(), 9)"
    )
    project = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, project], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    worker = int(done.stdout)
    deadline = time.monotonic() + 60
    while alive(worker) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(worker)


def alive(process: int) -> bool:
    """Whether a process still runs; one that nobody has waited for yet does not."""
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return bool(shown.stdout.strip()) and "Z" not in shown.stdout


def test_a_worker_whose_pool_was_killed_ends_without_a_word() -> None:
    """Nobody reads its answer any more; whoever killed the pool wants no traceback."""
    program = (
        "import os\nfrom functools import partial\nfrom audiodvc.adapters.pool import Pool\n"
        "with Pool(1) as pool:\n"
        "    list(pool.map(partial(os.kill, os.getpid()), [9]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (-9, "")
