"""Bare repositories of ours: laid out without a process, and read under no configuration but their own."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from audiodvc.adapters import disk, git
from audiodvc.adapters.process import Completed, run
from audiodvc.errors import AudiodvcError, GitError, RefusedError

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = 64


@dataclass(frozen=True, slots=True)
class Reader:
    """Objects, and the bare repository under whose configuration git reads them, which fetches nothing."""

    folder: Path
    objects: Path

    def run(self, words: Sequence[str], stdin: bytes = b"") -> Completed:
        """Run git to its end."""
        return run(["git", *words], cwd=self.folder, env=self._environment(), stdin=stdin)

    def kinds(self, names: Iterable[str]) -> dict[str, str]:
        """Name -> kind, of the objects that are here."""
        words = ["cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer"]
        done = self.run(words, "".join(f"{name}\n" for name in names).encode())
        lines = (line.split() for line in done.stdout.decode().splitlines())
        return {name: kind for name, kind in lines if kind not in ("missing", "ambiguous")}

    def commits(self, beginning: str) -> list[str]:
        """The commits whose names begin so."""
        done = self.run(["rev-parse", f"--disambiguate={beginning}"])
        kinds = self.kinds(done.stdout.decode().split())
        return sorted(name for name, kind in kinds.items() if kind == "commit")

    def contents(self, blobs: Sequence[str], limit: int | None) -> Iterator[tuple[str, bytes]]:
        """Those blobs that are here, each read into one piece of memory."""
        with tempfile.TemporaryFile() as names:
            # Not by a pipe: git would wait for us to read while we wait for it to.
            names.write("".join(f"{blob}\n" for blob in blobs).encode())
            names.seek(0)
            with self._started(["cat-file", "--batch", "--buffer"], names) as output:
                for blob in blobs:
                    content = _next(output, blob, limit)
                    if content is not None:
                        yield blob, content

    @contextmanager
    def _started(self, words: Sequence[str], stdin: IO[bytes]) -> Iterator[IO[bytes]]:
        """What git says, who is ended with the block."""
        with subprocess.Popen(
            ["git", *words],
            cwd=self.folder,
            env=self._environment(),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                if process.stdout is not None:
                    yield process.stdout
            finally:
                process.kill()

    def _environment(self) -> dict[str, str]:
        return {
            **git.environment(),
            "GIT_DIR": str(self.folder),
            "GIT_OBJECT_DIRECTORY": str(self.objects),
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",  # git before 2.45 does not know it; a Reader's folder has no remote
            "LC_ALL": "C",
        }


def is_id(name: str) -> bool:
    """Whether a text is the whole name of an object."""
    return _ID.fullmatch(name) is not None


def check(names: Iterable[str]) -> None:
    """Refuse what is not the whole name of an object."""
    for name in names:
        if not is_id(name):
            raise RefusedError(f"'{name}' is no name of an object in git")


def make(folder: Path, sample: str = "") -> None:
    """The bare repository of a mirror, with the kind of names that the sample has."""
    with written(folder):
        if not folder.exists():
            _make(folder, sample)
        elif len(sample) == _SHA256:
            disk.write(folder / "config", _config(sample).encode())


def _make(folder: Path, sample: str) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.tmp")
    lay_out(temporary, sample)
    try:
        temporary.rename(folder)
    except OSError:
        shutil.rmtree(temporary)
        if not folder.exists():
            raise


@contextmanager
def written(folder: Path) -> Iterator[None]:
    """While something is written to a mirror; where that cannot be, it is said."""
    try:
        yield
    except OSError as error:
        raise AudiodvcError(
            f"the cache cannot be written: {folder}: {disk.reason(error)}",
            hint="make room, or name another cache",
        ) from error


def lay_out(folder: Path, sample: str) -> None:
    """A bare repository, as `git init` makes it, without a process and without samples of hooks."""
    (folder / "objects" / "pack").mkdir(parents=True)
    (folder / "refs").mkdir()
    write(folder / "config", _config(sample))
    write(folder / "HEAD", "ref: refs/heads/none\n")


def _config(sample: str) -> str:
    bare = "\tbare = true\n"
    if len(sample) != _SHA256:
        return f"[core]\n\trepositoryformatversion = 0\n{bare}"
    return f"[core]\n\trepositoryformatversion = 1\n{bare}[extensions]\n\tobjectformat = sha256\n"


def _next(output: IO[bytes], blob: str, limit: int | None) -> bytes | None:
    """The next content of `git cat-file --batch`; None if it is not here."""
    head = output.readline().decode().split()
    if head[1:] == ["missing"]:
        return None
    if head[:2] != [blob, "blob"]:
        raise GitError(f"{blob} is no file that git can read", hint="`git fsck` there tells more")
    size = int(head[2])
    if limit is not None and size > limit:
        raise RefusedError(f"a file of {size} bytes, where at most {limit} are read", details=[blob])
    content = output.read(size)
    if len(content) != size or output.read(1) != b"\n":
        raise GitError(f"{blob} could not be read to its end")
    return content


def move_objects(source: Path, target: Path) -> None:
    """Hand over packs and single objects; the index comes last, since with it a pack is seen."""
    for folder in names(source):
        if folder != "info":
            (target / folder).mkdir(exist_ok=True)
            for name in sorted(names(source / folder), key=lambda name: name.endswith(".idx")):
                if not name.startswith("tmp_"):
                    os.replace(source / folder / name, target / folder / name)


def names(folder: Path) -> list[str]:
    """What a folder holds; nothing if it is not there."""
    with suppress(FileNotFoundError):
        return os.listdir(folder)
    return []


def write(path: Path, text: str) -> None:
    """Make a file that nobody else looks at yet."""
    path.write_bytes(os.fsencode(text))
