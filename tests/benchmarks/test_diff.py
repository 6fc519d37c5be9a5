"""`audiodvc diff` of two revisions of a large table against one pass of Python's `csv.reader` over both."""

from __future__ import annotations

import random
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Cost, Goal, ram_disk, run, sealed, write_table
from tests.benchmarks.test_validate import EMOTIONS, PEER, RUNS, make_dataset

if TYPE_CHECKING:
    import pytest

ROWS = 1_000_000
TABLE = "db.segments.csv"
# What differs makes the exit code 1; anything else is a failure.
OURS = ("sh", "-c", f"{sys.executable} -m audiodvc diff HEAD~1 HEAD --stat; test $? = 1")


def test_diff(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth of a million rows, with cells changed, segments moved, rows added and removed."""
    with ram_disk() as folder:
        for name, value in sealed(folder).items():
            monkeypatch.setenv(name, value)
        goals = [goal(folder / "dataset")]
    note = (
        "A table of segments with a label, a float and a speaker, of which 1 % changed: labels, numbers, "
        f"places, and rows added and removed. Whole processes on a RAM disk, medians of {RUNS} runs; the "
        "peer reads both revisions as files, and compares nothing."
    )
    write_table("diff", goals, note)


def goal(root: Path) -> Goal:
    """The medians of ours and of the reader, run in turns, so that a busy minute meets both."""
    # In another process: a child's peak memory begins with that of its parent.
    code = f"from tests.benchmarks.test_diff import *; make(Path({str(root)!r}))"
    run([sys.executable, "-c", code], Path(__file__).parents[2])
    peer = (sys.executable, "-c", PEER, str(root.with_suffix(".csv")), str(root / TABLE))
    costs = [(run(OURS, root), run(peer, root)) for _ in range(RUNS)]
    ours, theirs = (_median([pair[at] for pair in costs]) for at in (0, 1))
    said = f"{ours.seconds:.2f} s, {ours.megabytes:,.0f} MB"
    ratio = ours.seconds / theirs.seconds
    return Goal(f"{ROWS:,} rows, 1 % changed", said, f"{theirs.seconds:.2f} s (`csv.reader`)", ratio, 3)


def make(root: Path) -> None:
    """Two commits of a dataset, and beside it the table as it was in the first."""
    make_dataset(root, ROWS)
    for name in ("audio.media.csv", "audio.dvc"):
        (root / name).unlink()
    lines = (root / TABLE).read_text().splitlines()
    chance = random.Random(1)  # noqa: S311 - made data
    before, after = "\n".join([*lines, ""]), "\n".join([lines[0], *changed(chance, lines[1:]), ""])
    root.with_suffix(".csv").write_text(before)
    for text in (before, after):
        (root / TABLE).write_text(text)
        run(["git", "add", "--all"], root)
        identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
        run(["git", *identity, "commit", "--quiet", "--message", "rows"], root)


def changed(chance: random.Random, lines: Sequence[str], side: str = "new") -> Iterator[str]:
    """Rows of which a hundredth differ, mostly by a cell."""
    for line in lines:
        if chance.random() > 0.01:
            yield line
            continue
        file, start, end, *cells = line.split(",")
        kind = chance.random()
        if kind < 0.1:
            continue
        if kind < 0.2:
            yield line
            file = file.replace("audio/", f"audio/{side}/")
        elif kind < 0.3:
            start = start[:-9] + f"{chance.randrange(999):03}000000"
        elif kind < 0.4:
            cells[1] = "0.5"
        else:
            cells[0] = chance.choice(EMOTIONS)
        yield ",".join((file, start, end, *cells))


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.seconds for cost in costs), statistics.median(cost.megabytes for cost in costs)
    )
