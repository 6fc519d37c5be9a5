"""`audiodvc blame` of one cell through two hundred commits of a table of ten thousand rows."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Goal, median, ram_disk, run, sealed, write_table

if TYPE_CHECKING:
    import pytest

ROWS, COMMITS, RUNS = 10_000, 200, 5
FILES = ROWS // 10
TABLE = "db.emotion.csv"
LABELS = ("anger", "joy", "fear", "neutral")
HEADER = f"""\
name: bench
source: made by a benchmark
usage: unrestricted
schemes:
  emotion: {{dtype: str, labels: [{", ".join(LABELS)}]}}
  confidence: {{dtype: float}}
tables:
  emotion:
    type: segmented
    columns: {{emotion: {{scheme_id: emotion}}, confidence: {{scheme_id: confidence}}}}
"""
CELL = ("emotion", f"audio/{FILES // 2:06}.wav", "3s", "4s", "--column", "emotion")


def test_blame(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole processes: git's history is read, and of each state the rows of one file."""
    with ram_disk() as folder:
        for name, value in sealed(folder).items():
            monkeypatch.setenv(name, value)
        root = folder / "dataset"
        root.mkdir()
        # In another process: a child's peak memory begins with that of its parent.
        code = f"from tests.benchmarks.test_blame import *; make(Path({str(root)!r}))"
        run([sys.executable, "-c", code], Path(__file__).parents[2])
        ours = median(RUNS, lambda _: None, ["audiodvc", "blame", *CELL], root)
        through = median(RUNS, lambda _: None, ["audiodvc", "blame", *CELL, "--through"], root)
        git = median(RUNS, lambda _: None, ["git", "blame", "-s", TABLE], root)
    peer = f"{git.seconds:.2f} s (`git blame`, every line)"
    goals = [
        Goal(what, f"{cost.seconds:.2f} s, {cost.megabytes:,.0f} MB", peer, cost.seconds, 3, " s")
        for what, cost in (("one cell", ours), ("one cell, `--through`", through))
    ]
    note = (
        f"{ROWS:,} segments in {COMMITS} commits, each of which changes twenty labels; every fiftieth "
        "writes the whole table in another form, which git's own blame takes for a change of every line. "
        f"On a RAM disk, medians of {RUNS} runs."
    )
    write_table("blame", goals, note)


def make(root: Path) -> None:
    """The commits, brought in by one process of git."""
    run(["git", "init", "--quiet", "--initial-branch=main"], root)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=root, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for part in _stream():
            process.stdin.write(part)
    assert process.returncode == 0
    run(["git", "reset", "--quiet", "--hard", "main"], root)
    run(["git", "repack", "-a", "-d", "--quiet"], root)


def _stream() -> Iterator[bytes]:
    chance = random.Random(1)  # noqa: S311 - made data
    rows = [
        [f"audio/{at // 10:06}.wav", at % 10, at % 10 + 1, chance.choice(LABELS), 0.5] for at in range(ROWS)
    ]
    for number in range(COMMITS):
        for _ in range(20):
            chance.choice(rows)[3] = chance.choice(LABELS)
        rows[(FILES // 2) * 10 + 3][3] = LABELS[number // 20 % len(LABELS)]
        yield f"commit refs/heads/main\ncommitter A <a@example.org> {1_700_000_000 + number} +0000\n".encode()
        yield b"data 0\n"
        yield from _file("db.yaml", HEADER.replace("by a benchmark", f"by a benchmark, {number}").encode())
        yield from _file(TABLE, _text(rows, "" if number // 50 % 2 else ".000000000").encode())
        if number % 20 == 0:
            yield f"reset refs/tags/v1.{number // 20}.0\nfrom refs/heads/main\n".encode()


def _file(path: str, data: bytes) -> Iterator[bytes]:
    yield f"M 100644 inline {path}\ndata {len(data)}\n".encode()
    yield data
    yield b"\n"


def _text(rows: list[list[object]], fraction: str) -> str:
    lines = [
        f"{file},0 days 00:00:{start:02}{fraction},0 days 00:00:{end:02}{fraction},{label},{number}"
        for file, start, end, label, number in rows
    ]
    return "\n".join(["file,start,end,emotion,confidence", *lines, ""])
