"""The merge driver on a large table, as git calls it, beside git's own merge of lines."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Goal, median, ram_disk, run, sealed, write_table
from tests.benchmarks.test_diff import changed
from tests.benchmarks.test_validate import RUNS, make_dataset

if TYPE_CHECKING:
    import pytest

ROWS = 1_000_000
TABLE = "db.segments.csv"
SIDES = ("base", "ours", "theirs")
SECONDS, GIGABYTES = 8, 1.5
# Conflicts make the exit code 1, and of git their number; anything else is a failure.
OURS = ("sh", "-c", f"{sys.executable} -m audiodvc merge-driver base now theirs 7 {TABLE}; test $? -le 1")
PEER = ("sh", "-c", "git merge-file -q --diff3 now base theirs; test $? -le 127")


def test_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three versions of a million rows, of which either side changed a hundredth."""
    with ram_disk() as folder:
        for name, value in sealed(folder).items():
            monkeypatch.setenv(name, value)
        goals = list(measured(folder / "dataset"))
    note = (
        "A table of segments with a label, a float and a speaker, of which each side changed 1 %: labels, "
        f"numbers, places, rows added and removed. Whole processes on a RAM disk, medians of {RUNS} runs. "
        "Peer is git's merge of lines, which takes neighbouring rows for one place."
    )
    write_table("merge", goals, note)


def measured(root: Path) -> Iterator[Goal]:
    """The time and the peak memory of a merge."""
    # In another process: a child's peak memory begins with that of its parent.
    code = f"from tests.benchmarks.test_merge import *; make(Path({str(root)!r}))"
    run([sys.executable, "-c", code], Path(__file__).parents[2])

    def fresh(_: int) -> None:
        shutil.copyfile(root / "ours", root / "now")

    ours, peer = (median(RUNS, fresh, words, root) for words in (OURS, PEER))
    what = f"{ROWS:,} rows, 1 % changed on either side"
    said = f"{ours.seconds:.2f} s, {ours.megabytes:,.0f} MB"
    other = f"{peer.seconds:.2f} s, {peer.megabytes:,.0f} MB (`git merge-file`)"
    yield Goal(what, said, other, ours.seconds, SECONDS, " s")
    yield Goal("its memory", said, other, ours.megabytes / 1000, GIGABYTES, " GB")


def make(root: Path) -> None:
    """A dataset, and three versions of its table beside each other."""
    make_dataset(root, ROWS)
    run(["git", "add", "db.yaml"], root)
    lines = (root / TABLE).read_text().splitlines()
    for number, side in enumerate(SIDES):
        chance = random.Random(number)  # noqa: S311 - made data
        rows = lines[1:] if side == "base" else changed(chance, lines[1:], side)
        (root / side).write_text("\n".join([lines[0], *rows, ""]))
