"""`audiodvc add` against `dvc add` on the same folder: files of 8 kB, all new, and 1 % changed."""

from __future__ import annotations

import os
import shutil
import wave
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Cost, Goal, median, ram_disk, run, sealed, write_table

if TYPE_CHECKING:
    import pytest

RUNS = 3
SIZES = (10_000, 50_000)
HEADER = "name: bench\nsource: made by a benchmark\nusage: unrestricted\n"


def test_add(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of DVC's time for new files, and less when little has changed, in little memory."""
    goals: list[Goal] = []
    for count in SIZES:
        with ram_disk() as folder:
            for name, value in sealed(folder).items():
                monkeypatch.setenv(name, value)
            make_media(folder / "media", count)
            ours, theirs = (cold(folder, tool) for tool in ("audiodvc", "dvc"))
            goals.append(goal(f"{count:,} new files", ours, theirs, 0.5))
            if count == max(SIZES):
                peak = f"{ours.megabytes:.0f} MB"
                goals.append(
                    Goal(
                        "peak memory of that", peak, f"{theirs.megabytes:.0f} MB", ours.megabytes, 300, " MB"
                    )
                )
            ours, theirs = (changed(folder, tool, count) for tool in ("audiodvc", "dvc"))
            goals.append(
                goal(f"1 % of {count:,} files changed", ours, theirs, 1 / 3 if count > 10_000 else 2 / 3)
            )
    write_table("add", goals, f"Files of 8 kB on a RAM disk, whole processes, medians of {RUNS} runs.")


def goal(what: str, ours: Cost, theirs: Cost, asked: float) -> Goal:
    """Our time as a part of DVC's."""
    figure = ours.seconds / theirs.seconds
    return Goal(what, f"{ours.seconds:.2f} s", f"{theirs.seconds:.2f} s (`dvc add`)", figure, asked)


def make_media(folder: Path, count: int) -> None:
    """Short recordings of noise, a thousand a folder."""
    for number in range(count):
        place = folder / f"{number // 1000:03d}"
        place.mkdir(parents=True, exist_ok=True)
        with wave.open(str(place / f"{number:06d}.wav"), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", ""))
            file.writeframes(os.urandom(8000))


def make_dataset(folder: Path, tool: str) -> None:
    """A repository with the media in its folder and nothing tracked."""
    root = folder / tool
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    run(["git", "init", "--quiet"], root)
    run(["dvc", "init", "--quiet"], root)
    (root / "db.yaml").write_text(HEADER)
    (root / "audiodvc.yaml").write_text("flavors: {}\n")
    shutil.copytree(folder / "media", root / "audio")


def cold(folder: Path, tool: str) -> Cost:
    """All files are new."""
    root = folder / tool
    return median(RUNS, lambda _: make_dataset(folder, tool), [tool, "add", "audio"], root)


def changed(folder: Path, tool: str, count: int) -> Cost:
    """One file in a hundred has other bytes of the same size."""
    root = folder / tool

    def change(run_number: int) -> None:
        for number in range(run_number, count, 100):
            path = root / "audio" / f"{number // 1000:03d}" / f"{number:06d}.wav"
            data = path.read_bytes()
            path.unlink()
            path.write_bytes(data[:100] + os.urandom(8) + data[108:])

    return median(RUNS, change, [tool, "add", "audio"], root)
