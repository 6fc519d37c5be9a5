"""Measuring whole processes against each other in one run, and writing down what came of it."""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "performance.md"
_RAM = Path("/dev/shm")  # noqa: S108 - the RAM disk of Linux: file creation on a disk varies tenfold
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took, as the median of several runs."""

    seconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Goal:
    """A line of the table: ours against the peer, and what was asked."""

    what: str
    ours: str
    peer: str
    figure: float
    asked: float
    unit: str = "x"

    @property
    def reached(self) -> bool:
        """Whether the figure is as small as was asked."""
        return self.figure <= self.asked


@contextmanager
def ram_disk() -> Iterator[Path]:
    """A folder of its own, on a RAM disk where there is one."""
    folder = Path(tempfile.mkdtemp(prefix="audiodvc-bench-", dir=_RAM if _RAM.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(words: Sequence[str], cwd: Path) -> Cost:
    """Run a program once; its peak memory is its own and that of the largest of its children."""
    command = [sys.executable, "-m", *words] if words[0] in ("audiodvc", "dvc") else list(words)
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{' '.join(words)} failed"
    return Cost(seconds, usage.ru_maxrss * _RSS_UNIT / 1e6)


def median(runs: int, prepare: Callable[[int], None], words: Sequence[str], cwd: Path) -> Cost:
    """The medians of several runs; `prepare` is called with the number of the run before each."""
    costs = []
    for number in range(runs):
        prepare(number)
        costs.append(run(words, cwd))
    return Cost(
        statistics.median(cost.seconds for cost in costs), statistics.median(cost.megabytes for cost in costs)
    )


def write_table(section: str, goals: Sequence[Goal], note: str = "") -> None:
    """Put a table into its section of the page on performance, and print it."""
    rows = [_row(goal) for goal in goals]
    head = ["| what | audiodvc | peer | measured | asked, at most | reached |", "|---|---|---|---|---|---|"]
    text = "\n".join([*head, *rows, *([f"\n{note}"] if note else [])])
    print(f"\n{section}\n{text}")
    PAGE.write_text(_replaced(PAGE.read_text(), section, text))


def _row(goal: Goal) -> str:
    measured, asked = f"{goal.figure:.2f}{goal.unit}", f"{goal.asked:.2f}{goal.unit}"
    reached = "yes" if goal.reached else "**no**"
    return f"| {goal.what} | {goal.ours} | {goal.peer} | {measured} | {asked} | {reached} |"


def _replaced(page: str, section: str, text: str) -> str:
    begin, end = f"<!-- bench: {section} -->", "<!-- end -->"
    pattern = re.compile(rf"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    assert pattern.search(page), f"{PAGE} has no section {section}"
    return pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page)


def sealed(folder: Path) -> Mapping[str, str]:
    """Settings that keep a run away from the user's own configuration and caches."""
    return {
        "HOME": str(folder),
        "DVC_SITE_CACHE_DIR": str(folder / "site"),
        "DVC_NO_ANALYTICS": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PYTHONDONTWRITEBYTECODE": "",  # an installed audiodvc is compiled, as the peers are
    }
