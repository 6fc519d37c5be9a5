"""What a killed command works on: a dataset in a clone, where it is pushed to, a cache, and a folder."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.builder import Repo, RepoFactory, tone
from tests.reliability.doomed import Nursery
from tests.servers import free_port, git_daemon
from tests.servers_media import serve_http, serve_s3

A, B, C, D = (tone(0.05, pitch=pitch) for pitch in (300, 400, 500, 600))
TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\naudio/c.wav,calm\n"
FIXED = TABLE.replace("wild", "calm")

# Names of what is not finished, or on its way out; killed processes leave such behind.
_UNFINISHED = re.compile(r"(^|/)[^/]*\.[0-9a-f]{8,32}\.(tmp|gone)|(^|/)new-[0-9a-f]{12}(/|$)|\.tmp($|/)")
_OBJECT = re.compile(r".*/([0-9a-f]{2})/([0-9a-f]{30})(\.dir)?")
# What git and DVC keep for themselves, locks, and the settings that say which port this time is the server's.
_ASIDE = re.compile(r"(^|/)(\.git|[^/]+\.git|\.dvc/tmp)(/|$)|\.lock$|(^|/)\.presence")

Seen = Mapping[str, str]
"""Files with md5 and mode, and refs with their objects."""


@dataclass(frozen=True, slots=True)
class World:
    """A folder with all of it, always at the same place, as a cache tells datasets by their paths."""

    path: Path
    kept: Path
    git: str
    http: str
    nursery: Nursery
    s3: int
    """The port of the S3 server, which begins anew with each world, as it would not notice another."""

    @property
    def dataset(self) -> Repo:
        """The clone."""
        return Repo(self.path / "dataset")

    @property
    def environment(self) -> dict[str, str]:
        """What a command is given."""
        keys = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret"}
        own = {
            "AUDIODVC_CACHE_ROOT": str(self.path / "cache"),
            "DVC_GLOBAL_CONFIG_DIR": str(self.path / "home"),
        }
        return {**own, **keys}

    def keep(self, name: str) -> None:
        """Keep what is there now under a name."""
        _copy(self.path, self.kept / name)

    @contextmanager
    def laid(self, name: str) -> Iterator[None]:
        """Let all be as it was kept; links of one file stay links of one file."""
        _remove(self.path)
        _copy(self.kept / name, self.path)
        if not (self.path / "s3").exists():
            yield
            return
        with serve_s3(self.path / "s3", port=self.s3):
            yield

    def seen(self) -> Seen:
        """All that there is, but for what is unfinished."""
        return {**self.files(), **dict(self._refs())}

    def files(self) -> dict[str, str]:
        """Every file, but what git and DVC keep for themselves, and what is unfinished."""
        return {name: said for name, said in self._all() if not _UNFINISHED.search(name)}

    def unfinished(self) -> list[str]:
        """What a killed process left."""
        return [name for name, _ in self._all() if _UNFINISHED.search(name)]

    def age(self) -> None:
        """Let what is unfinished be two days old."""
        moment = time.time() - 2 * 86_400
        for name in self.unfinished():
            path = self.path / name
            while path != self.path and _UNFINISHED.search(str(path.relative_to(self.path))):
                os.utime(path, (moment, moment), follow_symlinks=False)
                path = path.parent

    def check(self, before: Seen) -> None:
        """Hold that no object has other bytes than its name says, and that git finds nothing broken."""
        for name, said in self.files().items():
            found = _OBJECT.fullmatch(f"/{name}")
            assert not found or before.get(name) == said or said.split()[0] == found[1] + found[2], name
        for path in self._repositories():
            _git(path, "fsck", "--no-dangling", "--no-progress")

    def _repositories(self) -> list[Path]:
        """The git repositories, but the mirrors of a cache."""
        bare = [*self.path.glob("*.git"), *self.path.glob("srv/*.git")]
        return [self.dataset.path, *(path for path in bare if (path / "HEAD").exists())]

    def _refs(self) -> Iterator[tuple[str, str]]:
        """Every ref of every repository, what is checked out, and what is not committed."""
        for path in self._repositories():
            name = path.relative_to(self.path)
            for line in _git(path, "for-each-ref", "--format=%(refname) %(objectname)").splitlines():
                ref, _, value = line.partition(" ")
                yield f"{name} {ref}", value
            if (path / ".git").exists():
                yield f"{name} status", _git(path, "status", "--porcelain")
                yield f"{name} HEAD", _git(path, "symbolic-ref", "HEAD")

    def _all(self) -> Iterator[tuple[str, str]]:
        for place, folders, names in os.walk(self.path):
            inside = os.path.relpath(place, self.path)
            folders[:] = [one for one in folders if not _ASIDE.search(f"{inside}/{one}")]
            for name in names:
                path = os.path.normpath(f"{inside}/{name}")
                if not _ASIDE.search(path):
                    yield path, _said(Path(place, name))


@contextmanager
def made(folder: Path, template: Path, nursery: Nursery) -> Iterator[World]:
    """Two versions, pushed; in the clone the media are there. Servers serve all of it."""
    path, kept = folder / "work", folder / "kept"
    path.mkdir()
    kept.mkdir()
    repo = RepoFactory(path, template)()
    shutil.rmtree(repo.path / ".git" / "hooks", ignore_errors=True)
    media = {"audio/a.wav": A, "audio/b.wav": B, "audio/c.wav": C}
    repo.commit(tables={"mood": TABLE}, media=media, tag="v1.0.0")
    repo.commit(tables={"mood": FIXED}, media={"audio/c.wav": D}, tag="v1.1.0")
    repo.push()
    repo.git("init", "--quiet", "--bare", "--initial-branch=main", "--template=", "../hub.git")
    repo.git("remote", "add", "origin", "../hub.git")
    repo.git("push", "--quiet", "--tags", "--set-upstream", "origin", "main")
    with git_daemon(path, writable=True) as git, serve_http(path) as http:
        world = World(path, kept, git, http.url, nursery, free_port())
        world.keep("base")
        yield world


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def _remove(path: Path) -> None:
    subprocess.run(["rm", "-rf", str(path)], check=True)


def _said(path: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    with path.open("rb") as file:
        md5 = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return f"{md5} {path.stat().st_mode & 0o777:o}"


def _git(path: Path, *words: str) -> str:
    said = ["git", "-c", "core.quotePath=false", *words]
    done = subprocess.run(said, cwd=path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{path}: git {' '.join(words)}: {done.stderr}{done.stdout}"
    return done.stdout
