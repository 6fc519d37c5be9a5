"""`get` and `load` against audb and DVC: cold, the next version, a flavor, warm, and very many files."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.measure import Goal, median, ram_disk, run, sealed, write_table
from tests.benchmarks.test_add import make_media

if TYPE_CHECKING:
    import pytest

RUNS = 3
FEW, MANY, HUGE = 10_000, 50_000, 1_880_261
OBJECTS = 1_000
WORKERS = 2
NAME = "bench"

HEADER = """name: bench
source: made by a benchmark
usage: unrestricted
schemes:
  label: {dtype: str, labels: [a, b]}
tables:
  t: {type: filewise, columns: {label: {scheme_id: label}}}
"""

AUDB_PUBLISH = """
import sys, audb, audformat, pandas as pd
folder, host, version, previous = sys.argv[1:]
db = audformat.Database("bench", source="made by a benchmark", usage="unrestricted")
db.schemes["label"] = audformat.Scheme("str", labels=["a", "b"])
files = [line.split(",")[0] for line in open(f"{folder}/files.txt").read().split()]
db["t"] = audformat.Table(audformat.filewise_index(files))
db["t"]["label"] = audformat.Column(scheme_id="label")
db["t"]["label"].set(["ab"[number % 2] for number in range(len(files))])
db.save(folder)
repository = audb.Repository("repo", host, "file-system")
audb.config.REPOSITORIES = [repository]
audb.publish(folder, version, repository, previous_version=previous or None, num_workers=2, verbose=False)
"""

AUDB_LOAD = """
import sys, time, audb
version, host, cache, workers = sys.argv[1:]
audb.config.REPOSITORIES = [audb.Repository("repo", host, "file-system")]
start = time.perf_counter()
audb.load("bench", version=version, cache_root=cache, num_workers=int(workers), verbose=False)
print(time.perf_counter() - start)
"""

LOAD = """
import sys, time, audiodvc, audformat
from audiodvc.resolve import load
source, version, cache, workers, flavor = sys.argv[1:]
start = time.perf_counter()
db = audiodvc.load(
    source, version=version, cache_root=cache, num_workers=int(workers), verbose=False, **eval(flavor)
)
print(time.perf_counter() - start)
"""

FIRST_TABLE = (
    LOAD
    + """
start = time.perf_counter()
db["t"].df
print(time.perf_counter() - start)
"""
)

PLAIN_LOOP = """
import sys, os, time, multiprocessing
import soundfile, soxr
source, target = sys.argv[1:]
def one(file):
    signal, rate = soundfile.read(f"{source}/{file}", dtype="float32")
    soundfile.write(f"{target}/{file}", soxr.resample(signal, rate, 8000, "HQ"), 8000, subtype="PCM_16")
if __name__ == "__main__":
    files = [
        os.path.relpath(os.path.join(place, name), source)
        for place, _, names in os.walk(source) for name in names
    ]
    for folder in {os.path.dirname(file) for file in files}:
        os.makedirs(f"{target}/{folder}", exist_ok=True)
    start = time.perf_counter()
    with multiprocessing.Pool(2) as pool:
        pool.map(one, files, chunksize=64)
    print(time.perf_counter() - start)
"""


def test_get(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every goal of the resolver, in one table."""
    goals: list[Goal] = []
    for measure in (cold, next_version, flavor, huge):
        with ram_disk() as folder:
            for name, value in sealed(folder).items():
                monkeypatch.setenv(name, value)
            monkeypatch.setenv("AUDIODVC_CONFIG", os.devnull)
            goals += measure(folder)
    goals.append(start_up())
    note = (
        f"Files of 8 kB on a RAM disk, a local remote, {WORKERS} workers, medians of {RUNS} runs. "
        "In process means without imports, on both sides."
    )
    write_table("get", goals, note)


def cold(folder: Path) -> list[Goal]:
    """Nothing is in any cache, ten thousand files."""
    publish(folder, FEW)
    cache = folder / "cache"
    clean = cleaner(cache, folder / "clone")
    ours = median(RUNS, clean, get(folder, "1.0.0"), folder)
    audb = median(RUNS, clean, script(AUDB_LOAD, "1.0.0", folder / "host", cache, WORKERS), folder)
    words = [sys.executable, "-c", CLONE_AND_PULL, str(folder / "repo"), str(folder / "clone")]
    dvc = median(RUNS, clean, words, folder)
    inside, theirs = in_process(folder, clean, "1.0.0")
    warm = timed(lambda _: None, script(LOAD, folder / "repo", "1.0.0", cache, WORKERS, {}))
    what = f"{FEW:,} files, cold"
    return [
        ratio(f"{what}, whole process", ours.seconds, audb.seconds, "`audb.load`", 0.25),
        ratio(f"{what}, whole process", ours.seconds, dvc.seconds, "`git clone`, `dvc pull`", 0.25),
        ratio(f"{what}, in process", inside, theirs, "`audb.load`", 0.25),
        Goal(f"{FEW:,} files, warm, in process", f"{1000 * warm:.1f} ms", "", 1000 * warm, 50, " ms"),
    ]


def next_version(folder: Path) -> list[Goal]:
    """Of fifty thousand files one in a hundred is another one."""
    publish(folder, MANY)
    republish(folder)
    cache = folder / "cache"

    def first(_: int) -> None:
        shutil.rmtree(cache, ignore_errors=True)
        for words in (
            script(LOAD, folder / "repo", "1.0.0", cache / "ours", WORKERS, {}),
            script(AUDB_LOAD, "1.0.0", folder / "host", cache / "theirs", WORKERS),
        ):
            run(words, folder)

    ours, theirs = [], []
    for number in range(RUNS):
        first(number)
        one = size(cache / "ours")
        ours.append(said(script(LOAD, folder / "repo", "1.1.0", cache / "ours", WORKERS, {})))
        two = size(cache / "ours")
        theirs.append(said(script(AUDB_LOAD, "1.1.0", folder / "host", cache / "theirs", WORKERS)))
    a, b = statistics.median(ours), statistics.median(theirs)
    what = f"the next version of {MANY:,} files, 1 % changed, in process"
    return [
        ratio(what, a, b, "`audb.load`", 0.125),
        Goal(
            "disk for both versions against one",
            f"{two / 1e6:.0f} MB",
            f"{one / 1e6:.0f} MB",
            two / one,
            1.01,
        ),
    ]


def flavor(folder: Path) -> list[Goal]:
    """Resampled, with the originals in the cache."""
    publish(folder, FEW)
    cache, plain = folder / "cache", folder / "plain"
    asked = {"sampling_rate": 8000}

    def prepare(_: int) -> None:
        for place in (cache, plain):
            shutil.rmtree(place, ignore_errors=True)
        run(script(LOAD, folder / "repo", "1.0.0", cache, WORKERS, {}), folder)

    (folder / "loop.py").write_text(PLAIN_LOOP)
    ours, theirs = [], []
    for number in range(RUNS):
        prepare(number)
        ours.append(said(script(LOAD, folder / "repo", "1.0.0", cache, WORKERS, asked)))
        loop = [sys.executable, str(folder / "loop.py"), str(folder / "repo" / "audio"), str(plain)]
        theirs.append(said(loop))
    a, b = statistics.median(ours), statistics.median(theirs)
    return [ratio(f"{FEW:,} files to 8 kHz, originals present", a, b, "soundfile and soxr in a loop", 1.3)]


def huge(folder: Path) -> list[Goal]:
    """As many rows and files as the largest dataset that we know of, with often the same bytes."""
    run([sys.executable, "-c", MAKE_HUGE, str(folder / "repo"), str(HUGE), str(OBJECTS)], folder)
    cache = folder / "cache"
    clean = cleaner(cache)
    plan = median(RUNS, clean, script(PLAN, folder / "repo", cache), folder)
    clean(0)
    run(script(LOAD, folder / "repo", "1.0.0", cache, WORKERS, {}), folder)
    run(script(FIRST_TABLE, folder / "repo", "1.0.0", cache, WORKERS, {}), folder)
    warm = [lines(script(FIRST_TABLE, folder / "repo", "1.0.0", cache, WORKERS, {})) for _ in range(RUNS)]
    load, table = (statistics.median(run[at] for run in warm) for at in (0, 1))
    return [
        Goal(
            f"the plan of {HUGE:,} files, whole process", f"{plan.seconds:.2f} s", "", plan.seconds, 8, " s"
        ),
        Goal("peak memory of that", f"{plan.megabytes:,.0f} MB", "", plan.megabytes, 2000, " MB"),
        Goal(f"{HUGE:,} files, warm, in process", f"{load:.3f} s", "", load, 0.3, " s"),
        Goal("its table, read for the first time", f"{table:.2f} s", "", table, 2.5, " s"),
    ]


def start_up() -> Goal:
    """What `import audiodvc` takes beside Python itself."""
    with ram_disk() as folder:
        bare = median(9, lambda _: None, [sys.executable, "-c", "pass"], folder)
        ours = median(9, lambda _: None, [sys.executable, "-c", "import audiodvc"], folder)
    seconds = ours.seconds - bare.seconds
    return Goal("`import audiodvc`", f"{1000 * seconds:.0f} ms", "", 1000 * seconds, 100, " ms")


CLONE_AND_PULL = """
import subprocess, sys
source, target = sys.argv[1:]
subprocess.run(["git", "clone", "--quiet", source, target], check=True)
subprocess.run([sys.executable, "-m", "dvc", "pull", "--quiet"], cwd=target, check=True)
"""

PLAN = """
import sys
from audiodvc.resolve import config
from audiodvc.resolve.get import Request, version_of
version_of(Request(sys.argv[1], "1.0.0"), config.current(sys.argv[2]))
"""

MAKE_HUGE = """
import hashlib, io, os, subprocess, sys, wave
from audiodvc.model import mediaindex
root, count, objects = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def git(*words):
    subprocess.run(["git", "-c", "user.name=b", "-c", "user.email=b@b", *words], cwd=root, check=True)
os.makedirs(root + "/.dvc")
git("init", "--quiet")
sounds = []
for number in range(objects):
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(os.urandom(8000))
    md5 = hashlib.md5(data.getvalue()).hexdigest()
    place = f"{root}.media/files/md5/{md5[:2]}"
    os.makedirs(place, exist_ok=True)
    open(f"{place}/{md5[2:]}", "wb").write(data.getvalue())
    sounds.append((md5, str(len(data.getvalue()))))
fields = ("wav", "1", "16000", "16", "0.25")
media = [
    mediaindex.Media(f"audio/{number // 1000:04d}/{number:07d}.wav", *sounds[number % objects], *fields)
    for number in range(count)
]
text = mediaindex.dump(media)
open(root + "/audio.media.csv", "wb").write(text)
name = mediaindex.directory_object((one.file.removeprefix("audio/"), one.md5) for one in media).name
open(root + "/audio.dvc", "w").write(f"outs:\\n- path: audio\\n  hash: md5\\n  md5: {name}\\n")
open(root + "/db.t.csv", "w").write(
    "file,label\\n" + "".join(f"{one.file},{'ab'[at % 2]}\\n" for at, one in enumerate(media))
)
open(root + "/db.yaml", "w").write(HEADER)
open(root + "/.dvc/config", "w").write(
    "[core]\\n    remote = storage\\n['remote \\"storage\\"']\\n    url = ../../repo.media\\n"
)
git("add", "--all")
git("commit", "--quiet", "--message", "all")
git("tag", "v1.0.0")
""".replace("HEADER", repr(HEADER))


def publish(folder: Path, count: int) -> None:
    """The same dataset as a repository with its remote, and as audb publishes it."""
    make_media(folder / "media" / "audio", count)
    root = folder / "repo"
    shutil.copytree(folder / "media", root)
    run(["git", "init", "--quiet"], root)
    run(["dvc", "init", "--quiet"], root)
    run(["dvc", "remote", "add", "--quiet", "--default", "storage", str(folder / "repo.media")], root)
    (root / "db.yaml").write_text(HEADER)
    (root / "audiodvc.yaml").write_text("flavors: {}\n")
    commit(folder, "v1.0.0")
    (folder / "host" / "repo").mkdir(parents=True)
    names(folder)
    run(script(AUDB_PUBLISH, folder / "media", folder / "host", "1.0.0", ""), folder)


def republish(folder: Path) -> None:
    """One file in a hundred has other bytes."""
    for path in sorted((folder / "media" / "audio").rglob("*.wav"))[::100]:
        data = path.read_bytes()
        other = data[:100] + os.urandom(8) + data[108:]
        path.write_bytes(other)
        place = folder / "repo" / path.relative_to(folder / "media")
        place.unlink()
        place.write_bytes(other)
    commit(folder, "v1.1.0")
    run(script(AUDB_PUBLISH, folder / "media", folder / "host", "1.1.0", "1.0.0"), folder)


def commit(folder: Path, tag: str) -> None:
    """Track the media and tag the dataset."""
    root = folder / "repo"
    files = sorted(path.relative_to(root).as_posix() for path in (root / "audio").rglob("*.wav"))
    rows = "".join(f"{file},{'ab'[number % 2]}\n" for number, file in enumerate(files))
    (root / "db.t.csv").write_text(f"file,label\n{rows}")
    who = ["-c", "user.name=b", "-c", "user.email=b@b"]
    for words in (
        ["audiodvc", "add", "audio"],
        ["git", "add", "--all"],
        ["git", *who, "commit", "--quiet", "--message", tag],
        ["git", "tag", tag],
        ["dvc", "push", "--quiet"],
    ):
        run(words, root)


def names(folder: Path) -> None:
    """The files, for the script that publishes with audb."""
    root = folder / "media"
    files = sorted(path.relative_to(root).as_posix() for path in (root / "audio").rglob("*.wav"))
    (root / "files.txt").write_text("\n".join(files))


def in_process(folder: Path, clean: Callable[[int], None], version: str) -> tuple[float, float]:
    """Our time and audb's for the call alone; ours stays in the cache."""
    cache = folder / "cache"
    theirs = timed(clean, script(AUDB_LOAD, version, folder / "host", cache, WORKERS))
    ours = timed(clean, script(LOAD, folder / "repo", version, cache, WORKERS, {}))
    return ours, theirs


def timed(prepare: Callable[[int], None], words: Sequence[str]) -> float:
    """The median of what a script says that it took."""
    figures = []
    for number in range(RUNS):
        prepare(number)
        figures.append(said(words))
    return statistics.median(figures)


def said(words: Sequence[str]) -> float:
    """The first number that a script prints."""
    return lines(words)[0]


def lines(words: Sequence[str]) -> list[float]:
    """All numbers that a script prints."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [float(line) for line in done.stdout.split()]


def get(folder: Path, version: str) -> list[str]:
    """Our command."""
    where = ["--cache-root", str(folder / "cache"), "--workers", str(WORKERS)]
    return ["audiodvc", "--quiet", "get", str(folder / "repo"), "--version", version, *where]


def script(text: str, *arguments: object) -> list[str]:
    """A process that runs a script."""
    return [sys.executable, "-c", text, *map(str, arguments)]


def cleaner(*folders: Path) -> Callable[[int], None]:
    """What removes folders before each run."""

    def clean(_: int) -> None:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    return clean


def ratio(what: str, ours: float, theirs: float, peer: str, asked: float) -> Goal:
    """Our time as a part of a peer's."""
    return Goal(what, f"{ours:.2f} s", f"{theirs:.2f} s ({peer})", ours / theirs, asked)


def size(folder: Path) -> int:
    """The bytes that a folder takes on the disk, each file once however many links it has."""
    seen = {
        (one.st_dev, one.st_ino): one.st_blocks * 512 for path in folder.rglob("*") for one in [path.lstat()]
    }
    return sum(seen.values())
