"""`publish` against audb: a first version, the next one, and a dataset of ten files."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Goal, ram_disk, sealed, write_table
from tests.benchmarks.test_add import make_media
from tests.benchmarks.test_get import AUDB_PUBLISH, said, script

if TYPE_CHECKING:
    import pytest

RUNS = 3
MANY, TEN = 10_000, 10
WORKERS = 2

PUBLISH = """
import sys, time, audiodvc, audformat, pandas, soundfile
import configobj, filelock, pandas.io.formats.csvs, pyarrow.dataset
from audiodvc.project import publish
folder, target, version, workers = sys.argv[1:]
start = time.perf_counter()
audiodvc.publish(folder, version, target, num_workers=int(workers), verbose=False)
print(time.perf_counter() - start)
"""

# The same script as where `get` is measured, which says how long the call took.
AUDB = AUDB_PUBLISH.replace("audb.publish(", "import time\nstart = time.perf_counter()\naudb.publish(") + (
    "print(time.perf_counter() - start)\n"
)

SAVE = """
import sys, audformat
folder = sys.argv[1]
db = audformat.Database("bench", source="made by a benchmark", usage="unrestricted")
db.schemes["label"] = audformat.Scheme("str", labels=["a", "b"])
files = open(f"{folder}/files.txt").read().split()
db["t"] = audformat.Table(audformat.filewise_index(files))
db["t"]["label"] = audformat.Column(scheme_id="label")
db["t"]["label"].set(["ab"[number % 2] for number in range(len(files))])
db.save(folder)
"""


def test_publish(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of audb's time for a first version, a fourth for the next one, and small datasets at once."""
    with ram_disk() as folder:
        for name, value in sealed(folder).items():
            monkeypatch.setenv(name, value)
        for name in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{name}_NAME", "bench")
            monkeypatch.setenv(f"GIT_{name}_EMAIL", "bench@example.org")
        monkeypatch.setenv("AUDIODVC_CONFIG", os.devnull)
        monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(folder / "cache"))
        goals = measured(folder)
    note = (
        f"Files of 8 kB on a RAM disk, tables as parquet, remotes that are folders, {WORKERS} workers, "
        f"medians of {RUNS} runs, in process and without imports on both sides. The folder of a next version "
        "holds what changed."
    )
    write_table("publish", goals, note)


def measured(folder: Path) -> list[Goal]:
    """All goals, from one set of media."""
    make_media(folder / "media" / "audio", MANY)
    save(folder / "media")
    ours, theirs = both(folder, "1.0.0", lambda: clean(folder))
    goals = [goal(f"{MANY:,} files", ours, theirs, 0.2)]
    change(folder / "media")
    (folder / "one").mkdir()
    shutil.copy(folder / "copy" / "db.parquet", folder / "one")
    shutil.copytree(folder / "srv", folder / "one" / "srv")
    shutil.copytree(folder / "host", folder / "one" / "host")
    ours, theirs = both(folder, "1.1.0", lambda: restore(folder))
    goals.append(goal(f"the next version of {MANY:,} files, 1 % changed", ours, theirs, 0.25))
    make_media(folder / "few" / "audio", TEN)
    save(folder / "few")
    ours, theirs = both(folder, "1.0.0", lambda: clean(folder), "few")
    goals.append(Goal(f"{TEN} files", f"{ours:.2f} s", f"{theirs:.2f} s (`audb.publish`)", ours, 1.0, " s"))
    return goals


def both(
    folder: Path, version: str, prepare: Callable[[], None], media: str = "media"
) -> tuple[float, float]:
    """Our time and audb's, in turns."""
    previous = "" if version == "1.0.0" else "1.0.0"
    ours, theirs = [], []
    for _ in range(RUNS):
        prepare()
        ours.append(said(script(PUBLISH, folder / media, folder / "srv" / "bench.git", version, WORKERS)))
        # audb leaves its list of files in the folder, and wants that of the version before.
        copy = folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder / media, copy)
        if previous:
            shutil.copy(folder / "one" / "db.parquet", copy)
        theirs.append(said(script(AUDB, copy, folder / "host", version, previous)))
    return statistics.median(ours), statistics.median(theirs)


def save(folder: Path) -> None:
    """Header and table of all files in a folder."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.wav"))
    (folder / "files.txt").write_text("\n".join(files))
    run(script(SAVE, folder))


def change(folder: Path) -> None:
    """One file in a hundred has other bytes; the others are not in the folder any more."""
    for number, path in enumerate(sorted(folder.rglob("*.wav"))):
        data = path.read_bytes()
        path.unlink()
        if number % 100 == 0:
            path.write_bytes(data[:100] + os.urandom(8) + data[108:])


def clean(folder: Path) -> None:
    """Nothing has been published."""
    for name in ("srv", "host", "cache"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "host" / "repo").mkdir(parents=True)


def restore(folder: Path) -> None:
    """The first version has been published."""
    for name in ("srv", "host"):
        shutil.rmtree(folder / name, ignore_errors=True)
        shutil.copytree(folder / "one" / name, folder / name)


def run(words: Sequence[str]) -> None:
    """Run a script that says nothing."""
    subprocess.run(words, check=True, capture_output=True)


def goal(what: str, ours: float, theirs: float, asked: float) -> Goal:
    """Our time as a part of audb's."""
    return Goal(what, f"{ours:.2f} s", f"{theirs:.2f} s (`audb.publish`)", ours / theirs, asked)
