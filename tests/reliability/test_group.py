"""A cache that a group shares: all read and write, whatever the umask; who may only read, reads."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import audiodvc
from audiodvc.adapters import deliveries
from audiodvc.cli.main import run
from tests.builder import RepoFactory, tone
from tests.reliability.tally import count
from tests.servers import git_daemon

GROUP, ADA, BEN, EVE = 64_201, 64_202, 64_203, 64_204
DVC_FOLDERS = ("GLOBAL_CONFIG_DIR", "SYSTEM_CONFIG_DIR", "SITE_CACHE_DIR")
PROLOGUE = """
from audiodvc.cli.main import run

def must(*words):
    code = run(words)
    assert code == 0, (words, code)
"""
OLD, NEW = {"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}


@dataclass(frozen=True, slots=True)
class Team:
    """A dataset on a server, a cache that a group shares, and a place for what is each one's own."""

    source: str
    cache: Path
    place: Path
    python: str

    def run(
        self, user: int, program: str, *, umask: int = 0o077, shared: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run Python as a user of this machine, who is in the group unless she is Eve."""
        home = self.place / f"home-{user}"
        if not home.exists():
            home.mkdir()
            (home / "settings.yaml").write_text("allow_local_remotes: true\n")
            os.chown(home, user, user)
        env = {
            **os.environ,
            **dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), str(home)),
            **{f"DVC_{name}": str(home / name.lower()) for name in DVC_FOLDERS},
            "AUDIODVC_CONFIG": str(home / "settings.yaml"),
            "AUDIODVC_CACHE_ROOT": str(home / "cache" if shared else self.cache),
            "AUDIODVC_SHARED_CACHE_ROOT": str(shared or ""),
            "GIT_CEILING_DIRECTORIES": str(self.place),
            "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], sysconfig.get_path("purelib")]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            [self.python, "-c", f"{PROLOGUE}\nSOURCE = {self.source!r}\n{program}"],
            cwd=home,
            env=env,
            user=user,
            group=user,
            extra_groups=[] if user == EVE else [GROUP],
            umask=umask,
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, user: int, program: str, *, umask: int = 0o077, shared: Path | None = None) -> str:
        """The same, which must succeed; what it printed."""
        done = self.run(user, program, umask=umask, shared=shared)
        bugs = [bug.read_text() for bug in self.place.glob("home-*/audiodvc-bug-*.txt")]
        assert done.returncode == 0, [done.stdout, done.stderr, *bugs]
        assert "Traceback" not in done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def served(repo_template: Path) -> Iterator[tuple[str, Path]]:
    """A dataset with two versions on a git server, and a folder that all users can enter."""
    place = Path(tempfile.mkdtemp(prefix="audiodvc-group-", dir="/tmp"))
    place.chmod(0o755)
    try:
        _publish(place, repo_template)
        with git_daemon(place) as url:
            yield f"{url}/dataset", place
    finally:
        shutil.rmtree(place)


@pytest.fixture
def team(served: tuple[str, Path], tmp_path: Path) -> Iterator[Team]:
    """A cache that belongs to the group, and nothing in it."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can be other users")
    source, above = served
    place = above / tmp_path.name
    place.mkdir()
    team = Team(source, place / "cache", place, _python())
    team.cache.mkdir()
    os.chown(team.cache, 0, GROUP)
    team.cache.chmod(0o2775)
    yield team
    shutil.rmtree(place)


@cache
def _python() -> str:
    """A Python that other users can start: one in a home is closed to them, that of the system may do."""
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for program in (sys.executable, system):
        with suppress(OSError):
            words = [program, "-c", "import polars, click"]
            env = {"PYTHONPATH": sysconfig.get_path("purelib"), "PYTHONDONTWRITEBYTECODE": "1"}
            if (
                subprocess.run(words, env=env, user=EVE, group=EVE, extra_groups=[], check=False).returncode
                == 0
            ):
                return program
    pytest.skip("other users may not start this Python")


def _publish(place: Path, template: Path) -> None:
    repo = RepoFactory(place, template)("dataset")
    # From elsewhere a remote that is a folder has to be given in full.
    config = repo.path / ".dvc" / "config"
    config.write_text(config.read_text().replace("../../", f"{place}/"))
    for tag, files in (("v1.0.0", OLD), ("v2.0.0", NEW)):
        labels = "".join(f"audio/{name}.wav,{pitch}\n" for name, pitch in files.items())
        media = {f"audio/{name}.wav": tone(0.2, pitch=100.0 * pitch) for name, pitch in files.items()}
        repo.commit(tables={"pitch": f"file,pitch\n{labels}"}, media=media, tag=tag)
    repo.push()
    for path in (place / "dataset.media").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o444)


def test_all_of_a_group_read_and_write_one_cache(team: Team) -> None:
    """Whatever the umask of each: versions, a flavor, copies of tables, repairs and room made."""
    team.must(ADA, "must('get', SOURCE, '--version', '1.0.0')")
    state = next(team.cache.glob("*/1.0.0/*/.audiodvc.json"))
    os.utime(state, (0, 0))
    team.must(BEN, TWO_VERSIONS, umask=0o022)
    assert state.stat().st_mtime > 0, "gc takes for unused what others use"
    damaged = next(path for path in _files(team.cache / "objects") if path.stat().st_uid == ADA)
    _flip(damaged)
    team.must(BEN, "must('verify', '--repair')")
    assert damaged.stat().st_uid == BEN
    assert _closed(team.cache) == []
    team.must(ADA, "must('verify')\nmust('gc', '--yes', '--all')")
    assert not _files(team.cache / "objects")
    team.must(BEN, "must('get', SOURCE, '--version', '1.0.0')")
    assert _closed(team.cache) == []
    count("load", "a cache shared by a group: two users with umasks 077 and 022 load, repair and make room")


TWO_VERSIONS = """
must('get', SOURCE, '--version', '2.0.0')
must('get', SOURCE, '--version', '1.0.0', '--sampling-rate', '8000')
must('get', SOURCE, '--version', '1.0.0')
must('versions', SOURCE)
must('info', SOURCE, '--version', '1.0.0')
import audiodvc
db = audiodvc.load(SOURCE, version='1.0.0', verbose=False)
assert len(db['pitch'].df) == 2
"""


def test_who_may_only_read_uses_what_is_complete(team: Team) -> None:
    """Nothing is written; what is not complete is an error that says what next, and then comes elsewhere."""
    team.must(ADA, "must('get', SOURCE, '--version', '1.0.0')")
    before = _seen(team.cache)
    assert "/1.0.0/" in team.must(EVE, f"must('get', SOURCE, '--version', '1.0.0')\n{LOADED}")
    refused = team.run(EVE, "import sys; sys.exit(run(['get', SOURCE, '--version', '2.0.0']))")
    assert refused.returncode == 3
    assert f"the cache {team.cache} cannot be written: permission denied" in refused.stderr
    assert "shared_cache_root" in refused.stderr
    own = team.must(EVE, "must('get', SOURCE, '--version', '2.0.0')", shared=team.cache).strip()
    assert Path(own, "audio/a.wav").read_bytes()
    assert not Path(own).is_relative_to(team.cache)
    assert _seen(team.cache) == before
    count("load", "a cache shared by a group: who may only read it loads what is complete")


LOADED = "import audiodvc\nassert len(audiodvc.load(SOURCE, version='1.0.0', verbose=False)['pitch'].df) == 2"


def test_nobody_of_the_group_makes_git_run_programs(team: Team) -> None:
    """What somebody put into the mirror that all share counts for nothing."""
    team.must(ADA, "must('get', SOURCE, '--version', '1.0.0')")
    (mirror,) = (team.cache / "git").glob("*.git")
    script = team.place / "script"
    script.write_text(f"#!/bin/sh\ntouch {team.place}/home-{BEN}/caught\nexit 1\n")
    script.chmod(0o755)
    hostile = HOSTILE.format(script=script)
    team.must(ADA, f"import pathlib\npathlib.Path({str(mirror / 'config')!r}).open('a').write({hostile!r})")
    for name in ("reference-transaction", "post-checkout", "pre-push"):
        (mirror / "hooks").mkdir(exist_ok=True)
        (mirror / "hooks" / name).symlink_to(script)
    team.must(BEN, TWO_VERSIONS)
    assert not (team.place / f"home-{BEN}" / "caught").exists()
    count("attacks", "settings and hooks planted in a mirror that a group shares")


HOSTILE = """
[core]
    fsmonitor = {script}
    sshCommand = {script}
    gitProxy = {script}
    alternateRefsCommand = {script}
[credential]
    helper = {script}
[remote "audiodvc-source"]
    uploadpack = {script}
    promisor = true
[extensions]
    partialClone = evil
[remote "evil"]
    url = ext::{script}
    promisor = true
[protocol "ext"]
    allow = always
[include]
    path = {script}
"""


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that its group shares."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o2775)
    if not folder.stat().st_mode & stat.S_ISGID:
        pytest.skip("this system has no folders that hand their group on")
    return folder


@pytest.mark.parametrize("mode", [0o2775, 0o2770])
def test_what_a_folder_lets_its_group_do_counts_more_than_the_umask(
    served: tuple[str, Path], open_folder: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For others, too, all is as open as the folder."""
    open_folder.chmod(mode)
    with _masked(0o077):
        _load_all(served[0], open_folder, open_folder.parent, monkeypatch)
    assert _closed(open_folder, mode, os.getegid()) == []


def test_without_a_group_the_umask_decides(
    served: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache of one's own stays so, in a folder of a group too."""
    (tmp_path / "team").mkdir()
    (tmp_path / "team").chmod(0o2775)
    own = tmp_path / "team" / "mine"
    with _masked(0o077):
        _load_all(served[0], own, tmp_path, monkeypatch)
    folders = [path for path in (own, *own.rglob("*")) if path.is_dir() and not path.is_symlink()]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o777 for path in folders} == {0o700}


def test_a_shared_cache_of_dvc_is_kept_open(repo_template: Path, tmp_path: Path) -> None:
    """`add` makes folders and objects with the modes that `dvc add` gives them."""
    repo = RepoFactory(tmp_path, repo_template)("dataset")
    with (repo.path / ".dvc" / "config").open("a") as config:
        config.write("[cache]\n    shared = group\n")
    with _masked(0o077):
        repo.write(tables={"pitch": "file,pitch\naudio/a.wav,1\n"}, media={"audio/a.wav": tone(0.1)})
        repo.audiodvc("add", "audio")
    objects = repo.path / ".dvc" / "cache" / "files" / "md5"
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in objects.rglob("*")}
    assert modes == {True: 0o2775, False: 0o444}


def test_a_remote_that_a_group_shares_is_kept_open(open_folder: Path) -> None:
    """What one pushes there the others push to, whatever the umask."""
    with _masked(0o077):
        deliveries.into_folder(str(open_folder), {MD5: b""}, lambda _: None)
    assert _closed(open_folder, 0o2775, os.getegid()) == []
    assert (open_folder / "files" / "md5" / MD5[:2] / MD5[2:]).is_file()


MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def test_doctor_names_what_is_closed_to_the_group(
    repo_template: Path,
    tmp_path: Path,
    open_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As what was made before the cache was shared; and how it is opened."""
    repo = RepoFactory(tmp_path, repo_template)("dataset")
    repo.write(tables={"pitch": "file,pitch\naudio/a.wav,1\n"})
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(open_folder))
    run(["-C", str(repo.path), "doctor"])
    assert f"{open_folder} is open to its group" in capsys.readouterr().out
    (open_folder / "voices").mkdir(mode=0o700)
    run(["-C", str(repo.path), "doctor"])
    assert f"find {open_folder} -type d -exec chmod g+rwxs" in capsys.readouterr().out


@contextmanager
def _masked(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def _load_all(source: str, cache: Path, folder: Path, patch: pytest.MonkeyPatch) -> None:
    settings = folder / "settings.yaml"
    settings.write_text(f"cache_root: {cache}\nshared_cache_root: ''\nallow_local_remotes: true\n")
    patch.setenv("AUDIODVC_CONFIG", str(settings))
    patch.delenv("AUDIODVC_CACHE_ROOT")
    patch.delenv("AUDIODVC_SHARED_CACHE_ROOT")
    audiodvc.load(source, version="1.0.0", sampling_rate=8000, verbose=False)
    db = audiodvc.load(source, version="2.0.0", verbose=False)
    assert db is not None
    assert len(db["pitch"].df) == len(NEW)


def _seen(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_mode) for path in folder.rglob("*")}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _flip(path: Path) -> None:
    mode, seen = path.stat().st_mode, path.stat()
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    path.chmod(stat.S_IMODE(mode))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def _closed(folder: Path, mode: int = 0o2775, group: int = GROUP) -> list[str]:
    """What of a folder is not as open as it has to be."""
    found = []
    for path in (folder, *folder.rglob("*")):
        seen = path.lstat()
        has, name = stat.S_IMODE(seen.st_mode), str(path.relative_to(folder))
        wanted = mode & 0o666 if _is_written_again(path) else mode & 0o444
        wanted = mode if stat.S_ISDIR(seen.st_mode) else wanted
        if not stat.S_ISLNK(seen.st_mode) and (has & wanted != wanted or seen.st_gid != group):
            found.append(f"{name}: {has:o}, group {seen.st_gid}")
    return found


def _is_written_again(path: Path) -> bool:
    return path.suffix == ".lock" or (path.name == ".audiodvc.json" and len(path.parent.name) == 8)
