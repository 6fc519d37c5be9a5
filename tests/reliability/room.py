"""A dataset with all that belongs to it in one folder, what is done with it, and what must not be lost."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from warnings import catch_warnings, simplefilter

from audiodvc.cli.main import run
from audiodvc.errors import AudiodvcError
from audiodvc.resolve.load import load
from tests.builder import Repo, RepoFactory, tone

A, B, C, NEW = (tone(0.5, pitch=pitch) for pitch in (300, 400, 500, 600))
TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
UNTIDY = 'file,mood\naudio/b.wav,"wild"\naudio/a.wav,calm\n'
SETTINGS = "flavors:\n  low: {format: flac, sampling_rate: 8000}\n"
HOMES = ("cache", "home", "state", "tmp")


@dataclass(frozen=True, slots=True)
class Said:
    """How a verb ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Room:
    """The folder: `dataset` with its remote `dataset.media` and `origin.git`, and a user's own folders."""

    path: Path

    @property
    def repo(self) -> Repo:
        """The work tree."""
        return Repo(self.path / "dataset")

    def enter(self) -> None:
        """Let this process, and those that it starts, know no other folders than these."""
        tempfile.tempdir = None  # which may be known already
        for name in HOMES:
            (self.path / name).mkdir(exist_ok=True)
        os.environ |= {
            "AUDIODVC_CACHE_ROOT": str(self.path / "cache"),
            "DVC_SITE_CACHE_DIR": str(self.path / "state"),
            "GIT_CEILING_DIRECTORIES": str(self.path),
            "HOME": str(self.path / "home"),
            "TMPDIR": str(self.path / "tmp"),
        }

    def call(self, *words: str, folder: str = "dataset") -> Said:
        """What a verb says."""
        out, err = StringIO(), StringIO()
        with (
            chdir(self.path / folder),
            redirect_stdout(out),
            redirect_stderr(err),
            catch_warnings(),
        ):
            simplefilter("ignore")
            code = run(words)
        return Said(code, out.getvalue(), err.getvalue())

    def kept(self) -> dict[str, object]:
        """All that is a user's: files of the work tree, what is staged, and branches and tags everywhere."""
        found: dict[str, object] = {}
        for place, folders, files in os.walk(self.path / "dataset"):
            folders[:] = [
                name for name in folders if name != ".git" and f"{place}/{name}" not in self._made()
            ]
            found |= {f"{place}/{name}": Path(place, name).read_bytes() for name in files}
        staged = self.git("dataset", "ls-files", "--stage").splitlines()
        found |= {f"staged {line.partition(chr(9))[2]}": line for line in staged}
        for folder in ("dataset", "origin.git"):
            lines = self.git(folder, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
            found |= {f"{folder} {line.split()[0]}": line for line in lines}
        return found

    def git(self, folder: str, *words: str) -> str:
        """What git says, which must be well."""
        done = subprocess.run(
            ["git", *words], cwd=self.path / folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refuse_halves(self, *, but: str = "") -> None:
        """No object has other bytes than its name says, but for one, and no temporary file is left."""
        for folder in ("dataset/.dvc/cache", "dataset.media", "cache/objects"):
            for path in (self.path / folder).rglob("files/md5/??/*"):
                if ".tmp" not in path.name and path.parent.name + path.name != but:
                    name = path.parent.name + path.name.removesuffix(".dir")
                    assert md5(path.read_bytes()) == name, f"{path} is half"
        left = [path for path in self.path.rglob("*.tmp") if "/.git/" not in str(path)]
        left += [path for path in self.path.rglob("*.lock") if path.name in ("index.lock", "HEAD.lock")]
        left += list((self.path / "tmp").iterdir())
        assert not left, f"left behind: {left}"

    def _made(self) -> set[str]:
        return {str(self.path / "dataset" / name) for name in (".dvc/cache", ".dvc/tmp", "flavors")}


def md5(data: bytes) -> str:
    """The name of an object."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def make(folder: Path, template: Path) -> Path:
    """The dataset with one version, pushed."""
    repo = RepoFactory(folder, template)()
    media = {"audio/a.wav": A, "audio/b.wav": B}
    repo.commit(tables={"mood": TABLE}, media=media, tag="v1.0.0")
    repo.push()
    repo.git("init", "--quiet", "--bare", "--initial-branch=main", "../origin.git")
    repo.git("remote", "add", "origin", "../origin.git")
    repo.git("push", "--quiet", "--tags", "--set-upstream", "origin", "main")
    return folder


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is done in a room: what was before, the words, and what holds when it is done."""

    name: str
    words: tuple[str, ...]
    places: tuple[str, ...]
    """The folders of the room that it writes to."""
    before: Callable[[Room], None] = lambda _: None
    after: Callable[[Room], None] = lambda _: None
    folder: str = "dataset"
    code: int = 3
    """What it ends with if not all could be done."""
    broken: str = ""
    """An object that was broken before."""

    call: Callable[[Room], object] | None = None
    """What is done instead of a command."""

    def do(self, room: Room) -> Said:
        """Do it."""
        if self.call is None:
            return room.call(*self.words, folder=self.folder)
        try:
            self.call(room)
        except (AudiodvcError, OSError) as error:
            return Said(3, "", f"audiodvc: {error}")
        return Said(0, "", "")


# -- what was before, and what holds in the end ------------------------------------------------------


def _new_media(room: Room) -> None:
    (room.path / "dataset/audio/new.wav").write_bytes(NEW)


def _is_tracked(room: Room) -> None:
    assert b"audio/new.wav" in (room.path / "dataset/audio.media.csv").read_bytes()
    assert "audio.media.csv" in room.git("dataset", "diff", "--cached", "--name-only")


def _untidy(room: Room) -> None:
    (room.path / "dataset/db.mood.csv").write_text(UNTIDY)


def _is_tidy(room: Room) -> None:
    assert (room.path / "dataset/db.mood.csv").read_text() == TABLE


def _row_twice(room: Room) -> None:
    (room.path / "dataset/db.mood.csv").write_text(f"{TABLE}audio/b.wav,wild\n")


def _commit(repo: Repo, text: str, branch: str) -> None:
    repo.git("switch", "--quiet", "--create", branch, "v1.0.0")
    (repo.path / "db.mood.csv").write_text(text)
    repo.git("commit", "--quiet", "--no-verify", "--all", "--message", branch)


def conflict(repo: Repo) -> None:
    """Let two branches have another label, and git stop in the middle of merging them."""
    _commit(repo, TABLE.replace("calm", "happy"), "theirs")
    _commit(repo, TABLE.replace("calm", "sad"), "ours")
    assert repo.run("git", "merge", "--quiet", "theirs").returncode


def _is_theirs(room: Room) -> None:
    assert (room.path / "dataset/db.mood.csv").read_text() == TABLE.replace("calm", "happy")
    assert not room.git("dataset", "ls-files", "--unmerged")


def next_commit(repo: Repo) -> None:
    """Commit one recording more, and its label."""
    (repo.path / "audio/new.wav").write_bytes(NEW)
    repo.audiodvc("add", "audio")
    (repo.path / "db.mood.csv").write_text(f"{TABLE}audio/new.wav,calm\n")
    repo.git("commit", "--quiet", "--no-verify", "--all", "--message", "More")


def _is_released(room: Room) -> None:
    assert room.git("origin.git", "rev-parse", "v1.1.0^{commit}") == room.git("dataset", "rev-parse", "HEAD")
    name = md5(NEW)
    assert (room.path / f"dataset.media/files/md5/{name[:2]}/{name[2:]}").read_bytes() == NEW


def _is_erased(room: Room) -> None:
    name = md5(B)
    for folder in ("dataset/.dvc/cache", "dataset.media"):
        assert not (room.path / f"{folder}/files/md5/{name[:2]}/{name[2:]}").exists()
    assert "audio/b.wav" in room.git("origin.git", "show", "main:erased.csv")
    assert not (room.path / "dataset/audio/b.wav").exists()


def _wished(room: Room) -> None:
    (room.path / "dataset/audiodvc.yaml").write_text(SETTINGS)


def _is_built(room: Room) -> None:
    assert len(list((room.path / "dataset/flavors/low").rglob("*.flac"))) == 2
    assert b"a.flac" in (room.path / "dataset/flavors/low.media.csv").read_bytes()


def _is_installed(room: Room) -> None:
    assert room.call("doctor").code == 0


def submission(repo: Repo) -> None:
    """Make a folder `submission` with what is to become the next version."""
    folder = repo.path.parent / "submission"
    shutil.copytree(repo.path, folder, ignore=lambda *_: [".git", ".dvc", "audiodvc.yaml"])
    (folder / "audio/new.wav").write_bytes(NEW)
    (folder / "db.mood.csv").write_text(f"{TABLE}audio/new.wav,calm\n")


def _is_published(room: Room) -> None:
    _has(room, "1.1.0", {"audio/a.wav": A, "audio/b.wav": B, "audio/new.wav": NEW}, source="origin.git")


def _is_here(room: Room) -> None:
    _has(room, "1.0.0", {"audio/a.wav": A, "audio/b.wav": B})


def _has(room: Room, version: str, media: Mapping[str, bytes], source: str = "dataset") -> None:
    """Whether a version can be had, with these media, and the cache is whole."""
    words = [str(room.path / source), "--version", version, "--workers", "1"]
    said = room.call("get", *words, folder=".")
    assert said.code == 0, said.err
    root = Path(said.out.splitlines()[-1])
    assert {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.wav")} == media
    assert room.call("verify", folder=".").code == 0


_SOURCE = ("./dataset", "--version", "1.0.0", "--workers", "1")
_FLAVOR = ("--sampling-rate", "8000", "--format", "flac")


def _got_low(room: Room) -> None:
    _is_low(room)
    _loaded(room)


def _is_low(room: Room) -> None:
    said = room.call("get", *_SOURCE, *_FLAVOR, folder=".")
    assert said.code == 0, said.err
    assert len(list(Path(said.out.splitlines()[-1]).rglob("*.flac"))) == 2
    assert room.call("verify", folder=".").code == 0


def _damaged(room: Room) -> None:
    assert room.call("get", *_SOURCE, folder=".").code == 0
    name = md5(B)
    path = room.path / f"cache/objects/files/md5/{name[:2]}/{name[2:]}"
    path.chmod(0o644)
    path.write_bytes(b"broken")


def _got(room: Room) -> None:
    assert room.call("get", *_SOURCE, folder=".").code == 0


def _is_empty(room: Room) -> None:
    assert not list((room.path / "cache").rglob("*.wav"))
    assert not list((room.path / "cache/objects").rglob("files/md5/??/*"))


def _loaded(room: Room) -> None:
    db = load(str(room.path / "dataset"), version="1.0.0", verbose=False)
    assert db is not None
    assert len(db["mood"].df) == 2


def _three_texts(room: Room) -> None:
    texts = {"base": TABLE, "ours": TABLE.replace("calm", "glad"), "theirs": TABLE.replace("wild", "sad")}
    for name, text in texts.items():
        (room.path / "dataset" / name).write_text(text)


def _is_merged(room: Room) -> None:
    text = (room.path / "dataset/ours").read_text()
    assert text == TABLE.replace("calm", "glad").replace("wild", "sad")


_DRIVER = ("merge-driver", "base", "ours", "theirs", "7", "db.mood.csv")
DEEDS = (
    Deed(
        "add",
        ("add", "audio"),
        ("dataset", "state", "dataset/.git", "dataset/.dvc/cache"),
        _new_media,
        _is_tracked,
    ),
    Deed("fmt", ("fmt",), ("dataset",), _untidy, _is_tidy),
    Deed("validate --fix", ("validate", "--fix"), ("dataset",), _row_twice, _is_tidy),
    Deed(
        "resolve",
        ("resolve", "db.mood.csv", "--theirs"),
        ("dataset/.git", "dataset"),
        lambda room: conflict(room.repo),
        _is_theirs,
    ),
    Deed(
        "release",
        ("release", "1.1.0", "--push"),
        ("dataset.media", "dataset/.git", "origin.git", "dataset"),
        lambda room: next_commit(room.repo),
        _is_released,
    ),
    Deed(
        "erase",
        ("erase", "audio/b.wav", "--reason", "asked for"),
        ("dataset", "origin.git", "dataset/.git"),
        _got,
        _is_erased,
    ),
    Deed("flavor build", ("flavor", "build", "low"), ("dataset", "dataset/.dvc/cache"), _wished, _is_built),
    Deed("install", ("install",), ("dataset/.git",), after=_is_installed),
    Deed(
        "publish",
        ("publish", "./submission", "1.1.0", "./origin.git"),
        ("origin.git", "dataset.media", "cache"),
        lambda room: submission(room.repo),
        _is_published,
        ".",
    ),
    Deed("get", ("get", *_SOURCE), ("cache",), after=_is_here, folder="."),
    Deed("get in a flavor", ("get", *_SOURCE, *_FLAVOR), ("cache",), _got, _is_low, "."),
    Deed("verify --repair", ("verify", "--repair"), ("cache",), _damaged, _is_here, ".", 1, md5(B)),
    Deed("verify", ("verify",), ("tmp",), _got_low, _is_low, "."),
    Deed("load", (), ("cache",), after=_is_here, call=_loaded),
    Deed("merge-driver", _DRIVER, ("dataset",), _three_texts, _is_merged),
    Deed("gc", ("gc", "--all", "--unknown", "--yes"), ("cache",), _got, _is_empty, "."),
)
