"""`dvc repro` of a flavor with one of 10,000 files changed: how long DVC waits for our command."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Goal, ram_disk, run, sealed, write_table
from tests.benchmarks.test_add import HEADER, make_media

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RUNS = 3
FILES = 10_000
# What the stage calls writes down how long it took, from its start to its end.
PROGRAM = """\
#!{python}
import os, subprocess, sys, time
start = time.perf_counter()
code = subprocess.call([{python!r}, "-m", "audiodvc", *sys.argv[1:]])
with open({log!r}, "a") as log:
    log.write(f"{{sys.argv[1]}} {{time.perf_counter() - start}}\\n")
sys.exit(code)
"""


def test_flavor_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a second in our command."""
    with ram_disk() as folder:
        for name, value in sealed(folder).items():
            monkeypatch.setenv(name, value)
        put_program(folder, monkeypatch)
        root = make_dataset(folder)
        whole = [repro(root, number) for number in range(RUNS)]
        lines = [line.split() for line in (folder / "log").read_text().splitlines()]
    ours = statistics.median(float(seconds) for verb, seconds in lines[-2 * RUNS :] if verb == "flavor")
    peer = f"{statistics.median(whole):.2f} s (all of `dvc repro`)"
    goal = Goal("a flavor with 1 of 10,000 files changed", f"{ours:.2f} s", peer, ours, 1.0, " s")
    note = (
        "Files of 8 kB on a RAM disk, medians of 3 runs: our command as DVC starts it, and all that DVC does."
    )
    write_table("flavor stage", [goal], note)


def put_program(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """The command that stages call."""
    program = folder / "bin" / "audiodvc"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=sys.executable, log=str(folder / "log")))
    program.chmod(0o755)
    patch.setenv("PATH", os.pathsep.join([str(program.parent), os.environ["PATH"]]))


def make_dataset(folder: Path) -> Path:
    """A repository whose flavor was built and committed."""
    root = folder / "dataset"
    root.mkdir()
    run(["git", "init", "--quiet"], root)
    for name in ("user.name", "user.email"):
        run(["git", "config", name, "bench"], root)
    run(["dvc", "init", "--quiet"], root)
    rows = "".join(f"audio/{n // 1000:03d}/{n:06d}.wav,x\n" for n in range(FILES))
    (root / "db.t.csv").write_text(f"file,c\n{rows}")
    (root / "db.yaml").write_text(f"{HEADER}tables: {{t: {{type: filewise, columns: {{c: {{}}}}}}}}\n")
    (root / "audiodvc.yaml").write_text("flavors: {}\n")
    make_media(root / "audio", FILES)
    run(["audiodvc", "add", "audio"], root)
    run(["audiodvc", "flavor", "add", "low", "--sampling-rate", "8000"], root)
    run(["dvc", "repro", "--quiet"], root)
    run(["git", "add", "--all"], root)
    run(["git", "commit", "--quiet", "--no-verify", "--message", "Flavor"], root)
    return root


def repro(root: Path, number: int) -> float:
    """Change one file, and let DVC build what follows from it; nothing of it is committed."""
    path = root / "audio" / "000" / f"{number:06d}.wav"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:100] + os.urandom(8) + data[108:])
    run(["audiodvc", "add", "audio"], root)
    shutil.rmtree(root / ".dvc" / "tmp" / "audiodvc", ignore_errors=True)  # as if nothing was built since
    start = time.perf_counter()
    run(["dvc", "repro", "--quiet"], root)
    return time.perf_counter() - start
