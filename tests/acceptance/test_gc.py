"""What `gc` takes out of a cache, and what it never does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from gc import collect
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from audiodvc.adapters import presence
from audiodvc.adapters.terminal import silence
from audiodvc.errors import LockTimeoutError
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.resolve import config, gc
from audiodvc.resolve.gc import Aim, Sweep
from audiodvc.resolve.get import Ready, Request, get
from audiodvc.resolve.load import load
from audiodvc.resolve.materialize import STATE
from audiodvc.resolve.stream import stream
from audiodvc.resolve.view import view
from tests.builder import Repo, RepoFactory, tone

A, B, C = (tone(0.05, pitch=pitch) for pitch in (300, 400, 500))
DAY = 86_400


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """Two versions: both have a.wav, the first b.wav, the second c.wav in its place."""
    folder = tmp_path_factory.mktemp("made")
    repo = RepoFactory(folder, repo_template)()
    table = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
    repo.commit(tables={"mood": table}, media={"audio/a.wav": A, "audio/b.wav": B}, tag="v1.0.0")
    media = {"audio/b.wav": None, "audio/c.wav": C}
    repo.commit(tables={"mood": table.replace("b.wav", "c.wav")}, media=media, tag="v2.0.0")
    repo.push()
    return folder


def bring(repo: Repo, cache: Path, version: str, flavor: Flavor | None = None) -> Ready:
    """A version of the dataset, in the cache."""
    return get(Request(str(repo.path), version), config.current(cache), Selection(), flavor or Flavor())


def sweep(cache: Path, *, remove: bool = True, now: float | None = None, **aim: Any) -> Sweep:  # noqa: ANN401
    """What `gc` does."""
    return gc.gc(cache, Aim(**aim), silence, now=now or time.time(), remove=remove)


def age(ready: Ready, days: float) -> None:
    """Let a materialization be used last so long ago."""
    moment = time.time() - days * DAY
    for folder in (ready.root, ready.version.folder):
        os.utime(folder / STATE, (moment, moment))


def tree(folder: Path) -> dict[str, int]:
    """Every file below a folder, with its inode."""
    return {str(path): path.stat().st_ino for path in sorted(folder.rglob("*")) if path.is_file()}


def objects(cache: Path) -> set[bytes]:
    """What the objects of a cache hold."""
    return {path.read_bytes() for path in (cache / "objects").rglob("*") if path.is_file()}


def test_what_complete_datasets_use_stays(repo: Repo, cache: Path) -> None:
    """However old they are, if nothing says that they should go."""
    for version in ("1.0.0", "2.0.0"):
        age(bring(repo, cache, version), 1000)
    age(bring(repo, cache, "1.0.0", Flavor(sampling_rate=8000)), 1000)
    before = tree(cache)
    done = sweep(cache)
    assert (done.datasets, done.freed) == ((), 0)
    assert {
        name: inode for name, inode in tree(cache).items() if not name.endswith(".lock")
    }.items() <= before.items()


def test_a_dry_run_says_it_all_and_removes_nothing(repo: Repo, cache: Path) -> None:
    """The same figures as when it is done."""
    bring(repo, cache, "1.0.0", Flavor(sampling_rate=8000))
    before = tree(cache)
    said = sweep(cache, remove=False, everything=True)
    assert tree(cache) == before
    done = sweep(cache, everything=True)
    assert (said.datasets, said.freed, said.objects) == (done.datasets, done.freed, done.objects)
    assert done.freed == done.before > len(A)


def test_everything_is_everything_that_audiodvc_put_there(repo: Repo, cache: Path) -> None:
    """Files of others in the same folder stay; the next call brings all again."""
    bring(repo, cache, "1.0.0", Flavor(sampling_rate=8000))
    foreign = [
        cache / "mine" / "notes" / "text.txt",
        cache / "git" / "own.git" / "HEAD",
        cache / "objects" / "README",
    ]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    sweep(cache, everything=True)
    left = {path for path in cache.rglob("*") if path.is_file() and not path.name.endswith(".lock")}
    assert left == set(foreign)
    assert bring(repo, cache, "1.0.0").flavored.complete


def test_what_was_not_used_for_long_goes_with_what_it_alone_used(repo: Repo, cache: Path) -> None:
    """Objects and conversions of a version that stays are kept."""
    old = bring(repo, cache, "1.0.0", Flavor(sampling_rate=8000))
    new = bring(repo, cache, "2.0.0")
    before = tree(new.root)
    age(old, 31)
    done = sweep(cache, older_than=30 * DAY)
    assert {one.folder for one in done.datasets} == {old.root, old.version.folder}
    assert objects(cache) == {A, C}
    assert done.objects == (1, len(B))
    assert not [path for path in (cache / "flavored").rglob("*") if path.is_file()]
    assert tree(new.root) == before


def test_a_version_stays_while_one_of_its_flavors_does(repo: Repo, cache: Path) -> None:
    """And with it the originals."""
    flavored, original = bring(repo, cache, "1.0.0", Flavor(sampling_rate=8000)), bring(repo, cache, "1.0.0")
    age(flavored, 31)
    os.utime(original.root / STATE)
    done = sweep(cache, older_than=30 * DAY)
    assert [one.folder for one in done.datasets] == [flavored.root]
    assert bring(repo, cache, "1.0.0").root == original.root
    assert objects(cache) == {A, B}


def test_a_size_takes_the_least_recently_used_first(repo: Repo, cache: Path) -> None:
    """As many as it needs, and no more."""
    first, second = bring(repo, cache, "1.0.0"), bring(repo, cache, "2.0.0")
    age(first, 1)
    age(second, 2)
    size = sweep(cache, remove=False).before
    assert sweep(cache, max_size=size).datasets == ()
    done = sweep(cache, max_size=size - 1)
    assert {one.place for one in done.datasets} == {"2.0.0"}
    assert first.root.is_dir()
    assert done.before - done.freed < size


def test_a_load_counts_as_use_once_a_day(repo: Repo, cache: Path) -> None:
    """And writes nothing else; a day later it is noted again."""
    ready = bring(repo, cache, "1.0.0")
    age(ready, 0.5)
    before = (ready.root / STATE).stat().st_mtime
    bring(repo, cache, "1.0.0")
    assert (ready.root / STATE).stat().st_mtime == before
    age(ready, 40)
    bring(repo, cache, "1.0.0")
    assert sweep(cache, older_than=30 * DAY).datasets == ()


def test_objects_that_no_dataset_lists_stay_unless_they_are_asked_for(repo: Repo, cache: Path) -> None:
    """A DVC repository may have its cache here, and not have pushed yet."""
    bring(repo, cache, "1.0.0")
    unknown = cache / "objects" / "files" / "md5" / "ab" / ("0" * 30)
    unknown.parent.mkdir(exist_ok=True)
    unknown.write_bytes(b"recordings of today")
    done = sweep(cache, everything=True)
    assert done.unknown == (1, 19)
    assert unknown.exists()
    assert sweep(cache, unknown=True).objects.files == 0  # it is too new
    os.utime(unknown, (0, 0))
    assert sweep(cache, unknown=True).objects == (1, 19)
    assert not unknown.exists()


def test_what_a_killed_process_left_goes_after_a_day(repo: Repo, cache: Path) -> None:
    """Temporary files and folders, wherever they are."""
    ready = bring(repo, cache, "1.0.0")
    prefix = next((cache / "objects" / "files" / "md5").iterdir())
    left = [
        prefix / f"{'0' * 30}.0123456789ab.tmp",
        ready.version.folder.parent / ".1.0.0.01234567.gone" / "db.yaml",
        ready.version.folder / ".db.yaml.01234567.tmp",
        ready.root / "audio" / "a.wav.0123456789ab.tmp",
    ]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_text("half")
    assert sweep(cache).left.files == 0
    assert sweep(cache, now=time.time() + 2 * DAY).left.files == 4
    assert not [path for path in left if path.exists()]


def test_a_mirror_goes_when_no_version_of_it_is_left(repo: Repo, cache: Path) -> None:
    """Not before."""
    bring(repo, cache, "1.0.0")
    (mirror,) = (cache / "git").glob("*.git")
    assert sweep(cache, now=time.time() + 2 * DAY).mirrors.files == 0
    assert mirror.is_dir()
    sweep(cache, now=time.time() + 40 * DAY, older_than=30 * DAY)
    assert not mirror.exists()


def test_gc_waits_for_those_who_bring_something(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And gives up after a while, having removed nothing."""
    bring(repo, cache, "1.0.0")
    before = tree(cache)
    monkeypatch.setattr(gc, "PATIENCE", 0.1)
    with presence.bringing(cache), pytest.raises(LockTimeoutError, match="datasets are being brought"):
        sweep(cache, everything=True)
    assert tree(cache) == before


def test_whoever_brings_something_waits_for_gc(repo: Repo, cache: Path) -> None:
    """A complete dataset is had at once, for it needs nothing to be brought."""
    bring(repo, cache, "1.0.0")
    with presence.clearing(cache):
        assert bring(repo, cache, "1.0.0").flavored.complete
        request = Request(str(repo.path), "2.0.0", patience=0.1)
        with pytest.raises(LockTimeoutError, match="gc"):
            get(request, config.current(cache), Selection(), Flavor())


OPENED: dict[str, Callable[..., Any]] = {"load": load, "stream": stream, "view": view}


@pytest.mark.parametrize("way", OPENED)
def test_what_is_open_stays(repo: Repo, cache: Path, way: str) -> None:
    """A database, a stream or a view; with its version and what both need, and only until it is gone."""
    words = () if way == "load" else ("mood",)
    flavor = {"version": "1.0.0", "cache_root": cache, "verbose": False, "sampling_rate": 8000}
    bring(repo, cache, "2.0.0")
    bring(repo, cache, "1.0.0")
    bring(repo, cache, "1.0.0", Flavor(sampling_rate=8000))
    opened = OPENED[way](str(repo.path), *words, **flavor)
    short = Flavor(sampling_rate=8000).short_id
    before = {name: inode for name, inode in tree(cache).items() if f"/1.0.0/{short}/" in name}
    for aim in ({"everything": True}, {"older_than": 0.0}, {"max_size": 1}):
        said = sweep(cache, remove=False, now=time.time() + 9 * DAY, **aim)
        done = sweep(cache, now=time.time() + 9 * DAY, **aim)
        assert {(one.place, one.flavor) for one in said.open} == {("1.0.0", short), ("1.0.0", "")}
        assert said.open == done.open
        assert said.datasets == done.datasets
    assert before.items() <= tree(cache).items()
    assert objects(cache) == {A, B}
    assert [path.name for path in cache.glob("dataset-*/*/")] == ["1.0.0"]
    del opened
    collect()
    assert sweep(cache, everything=True).open == ()
    assert not list(cache.glob("dataset-*/*/"))


READER = """
import gc, os, sys
import audiodvc
def load():
    return audiodvc.load(sys.argv[1], version="1.0.0", cache_root=sys.argv[2], verbose=False)
assert len(load()["mood"].df) == 2  # with all that is imported for it, which that user may not read
gc.collect()
os.setuid(65534)
db = load()
print("open", flush=True)
sys.stdin.read()
assert len(db["mood"].df) == 2 and all(map(os.path.exists, db.files))
"""


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that every user can enter, as those of the tests are not."""
    with TemporaryDirectory(prefix="audiodvc-gc-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_what_somebody_else_has_open_stays(made: Path, open_place: Path) -> None:
    """In another process, of a user who may only read the cache; tables that were not read yet included."""
    shutil.copytree(made, open_place, symlinks=True, dirs_exist_ok=True)
    repo, cache = Repo(open_place / "dataset"), open_place / "cache"
    open_place.chmod(0o755)
    bring(repo, cache, "1.0.0")
    reader = READER.replace("os.setuid(65534)", "") if os.getuid() else READER
    (open_place / "config.yaml").touch()
    (open_place / "gitconfig").write_text("[safe]\n    directory = *\n")
    own = {"AUDIODVC_CONFIG": f"{open_place}/config.yaml", "GIT_CONFIG_GLOBAL": f"{open_place}/gitconfig"}
    env = {**os.environ, **own, "AUDIODVC_SHARED_CACHE_ROOT": ""}
    words = [sys.executable, "-W", "ignore", "-c", reader, str(repo.path), str(cache)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        assert sweep(cache, everything=True).datasets == ()
        process.communicate("\n")
    assert process.returncode == 0
    assert len(sweep(cache, everything=True).datasets) == 2


LOADER = """
import sys
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.resolve import config
from audiodvc.resolve.get import Request, get
for number in range(6):
    version, flavor = ("1.0.0", "2.0.0")[number % 2], Flavor(sampling_rate=(None, 8000)[number // 3])
    ready = get(Request(sys.argv[1], version), config.current(sys.argv[2]), Selection(), flavor)
    assert ready.flavored.complete
"""


def test_loads_beside_gc_all_succeed(repo: Repo, cache: Path) -> None:
    """Whatever the moment at which things are taken out."""
    words = [sys.executable, "-c", LOADER, str(repo.path), str(cache)]
    loaders = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(2)]
    for _ in _while_running(loaders):
        try:
            sweep(cache, everything=True)
        except LockTimeoutError:
            continue
    assert [loader.communicate()[1] for loader in loaders] == [b"", b""]
    assert [loader.returncode for loader in loaders] == [0, 0]


def _while_running(loaders: list[subprocess.Popen[bytes]]) -> Iterator[None]:
    while any(loader.poll() is None for loader in loaders):
        yield
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("words", "code"), [(["--older-than", "soon"], 2), (["--max-size", "much"], 2), ([], 0)]
)
def test_ages_and_sizes_are_read_strictly(repo: Repo, cache: Path, words: list[str], code: int) -> None:
    """What cannot be understood removes nothing."""
    done = repo.run("audiodvc", "gc", "--cache-root", str(cache), *words)
    assert done.returncode == code, done.stderr


def test_the_command_removes_only_when_it_is_told_to(repo: Repo, cache: Path) -> None:
    """Without --yes it names what would go."""
    ready = bring(repo, cache, "1.0.0")
    said = repo.run("audiodvc", "gc", "--cache-root", str(cache), "--max-size", "1kB")
    assert f"{ready.version.identity.name} 1.0.0 {ready.flavored.flavor.short_id}" in said.stdout
    assert "--yes" in said.stderr
    assert ready.root.is_dir()
    assert "freed" in repo.audiodvc("gc", "--cache-root", str(cache), "--older-than", "0h", "--yes")
    assert not ready.root.exists()
