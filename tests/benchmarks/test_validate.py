"""`audiodvc validate` against one pass of Python's `csv.reader` over the same table and media index."""

from __future__ import annotations

import csv
import hashlib
import random
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audiodvc.model import mediaindex
from audiodvc.model.timetext import time_text
from tests.benchmarks.measure import Cost, Goal, median, ram_disk, run, sealed, write_table

if TYPE_CHECKING:
    import pytest

RUNS = 3
LARGEST = 1_880_261
SIZES = (10_000, 100_000, 1_000_000)
HEADER = """name: bench
source: made by a benchmark
usage: unrestricted
schemes:
  emotion: {dtype: str, labels: [angry, bored, happy, neutral, sad]}
  arousal: {dtype: float, minimum: -1, maximum: 1}
  speaker: {dtype: str, labels: speaker}
  gender: {dtype: str, labels: [female, male, other]}
tables:
  segments:
    type: segmented
    columns: {emotion: {scheme_id: emotion}, arousal: {scheme_id: arousal}, speaker: {scheme_id: speaker}}
misc_tables:
  speaker: {levels: {speaker: str}, columns: {gender: {scheme_id: gender}}}
"""
EMOTIONS = ("angry", "bored", "happy", "neutral", "sad")
SPEAKERS = tuple(f"speaker{number:04d}" for number in range(2000))
PEER = (
    "import csv, sys\n"
    "for path in sys.argv[1:]:\n"
    "    with open(path, newline='', encoding='utf-8') as file:\n"
    "        for row in csv.reader(file): pass\n"
)


def test_validate(monkeypatch: pytest.MonkeyPatch) -> None:
    """All rules in about four passes over the rows, linear in them, and a small dataset in no time."""
    seconds: dict[int, float] = {}
    with ram_disk() as folder:
        for name, value in sealed(folder).items():
            monkeypatch.setenv(name, value)
        for count in SIZES:
            made(folder / str(count), count)
            seconds[count] = validate(folder / str(count)).seconds
        goals = large(folder / "large")
        goals.append(linear(seconds))
        goals.append(demo(folder / "demo"))
    costs = ", ".join(f"{count:,} rows {taken:.2f} s" for count, taken in seconds.items())
    note = (
        f"Segments with a label, a float and a reference to a misc table of {len(SPEAKERS):,} speakers, one "
        f"for each media file. Whole processes on a RAM disk, medians of {RUNS} runs. Smaller ones: {costs}."
    )
    write_table("validate", goals, note)


def large(root: Path) -> list[Goal]:
    """Time against the reader, and memory."""
    made(root, LARGEST)
    tables = [str(path) for path in sorted(root.glob("*.csv"))]
    megabytes = sum(Path(path).stat().st_size for path in tables) / 1e6
    ours, theirs = in_turns(root, ["audiodvc", "validate"], [sys.executable, "-c", PEER, *tables])
    what = f"{LARGEST:,} rows and as many files ({megabytes:.0f} MB)"
    peer = f"{theirs.seconds:.2f} s (`csv.reader`)"
    peak = f"{ours.megabytes:,.0f} MB"
    return [
        Goal(what, f"{ours.seconds:.2f} s", peer, ours.seconds / theirs.seconds, 4),
        Goal("peak memory of that", peak, f"{theirs.megabytes:.0f} MB", ours.megabytes, 3000, " MB"),
    ]


def in_turns(root: Path, *commands: Sequence[str]) -> list[Cost]:
    """The medians of commands that are run one after the other, so that a busy minute meets them all."""
    costs = [[run(words, root) for words in commands] for _ in range(RUNS)]
    return [
        Cost(statistics.median(c.seconds for c in own), statistics.median(c.megabytes for c in own))
        for own in zip(*costs, strict=True)
    ]


def linear(seconds: dict[int, float]) -> Goal:
    """What ten times the rows cost."""
    less, more = sorted(seconds)[-2:]
    ours, peer = f"{seconds[more]:.2f} s", f"{seconds[less]:.2f} s ({less:,} rows)"
    return Goal(f"{more:,} rows against a tenth", ours, peer, seconds[more] / seconds[less], 12)


def demo(root: Path) -> Goal:
    """What a commit waits for."""
    run(["audiodvc", "--quiet", "demo", str(root)], root.parent)
    dataset = next(path.parent for path in root.rglob("db.yaml"))
    ours = median(RUNS, _nothing, ["audiodvc", "validate", "--staged"], dataset)
    return Goal("staged check of the demo", f"{ours.seconds:.2f} s", "", ours.seconds, 1, " s")


def validate(root: Path) -> Cost:
    """The whole process; a dataset with findings would end it with 1."""
    return median(RUNS, _nothing, ["audiodvc", "validate"], root)


def made(root: Path, count: int) -> None:
    """Make a dataset in another process: a child's peak memory begins with that of its parent."""
    code = f"from tests.benchmarks.test_validate import *; make_dataset(Path({str(root)!r}), {count})"
    run([sys.executable, "-c", code], Path(__file__).parents[2])


def make_dataset(root: Path, count: int) -> None:
    """A table, its media index and the pointer; the media themselves are of no interest."""
    root.mkdir()
    run(["git", "init", "--quiet"], root)
    chance = random.Random(count)  # noqa: S311 - made data
    (root / "db.yaml").write_text(HEADER)
    (root / "audiodvc.yaml").write_text("flavors: {}\n")
    speakers = [(name, chance.choice(("female", "male"))) for name in SPEAKERS]
    write(root / "db.speaker.csv", [("speaker", "gender"), *speakers])
    files = [f"audio/{number // 1000:04d}/{number:07d}.wav" for number in range(count)]
    durations = [chance.randrange(2000, 60000) for _ in files]
    segments = (_segment(chance, file, ms) for file, ms in zip(files, durations, strict=True))
    write(root / "db.segments.csv", [("file", "start", "end", "emotion", "arousal", "speaker"), *segments])
    media = [_media(file, ms) for file, ms in zip(files, durations, strict=True)]
    write(root / "audio.media.csv", [mediaindex.FIELDS, *media])
    name = mediaindex.directory_object((one.file.removeprefix("audio/"), one.md5) for one in media).name
    (root / "audio.dvc").write_text(f"outs:\n- md5: {name}\n  nfiles: {count}\n  hash: md5\n  path: audio\n")


def write(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """A table in canonical form."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _segment(chance: random.Random, file: str, milliseconds: int) -> tuple[str, ...]:
    start, end = chance.randrange(1000), milliseconds - chance.randrange(900)
    arousal = repr(chance.randrange(-1000, 1000) / 1000)
    times = (time_text(start * 10**6), time_text(end * 10**6))
    return (file, *times, chance.choice(EMOTIONS), arousal, chance.choice(SPEAKERS))


def _media(file: str, milliseconds: int) -> mediaindex.Media:
    md5 = hashlib.md5(file.encode(), usedforsecurity=False).hexdigest()
    size = 44 + 32 * milliseconds
    return mediaindex.line(file, md5, size, ("wav", 1, 16000, 16, milliseconds / 1000))


def _nothing(number: int) -> None:
    del number
