"""Bare repositories of ours: laid out without a process, and read under no configuration but their own."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from audiodvc.adapters import disk, git, shared
from audiodvc.adapters.cache import OBJECT_MODE
from audiodvc.adapters.process import Completed, run
from audiodvc.errors import AudiodvcError, GitError, RefusedError

_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = 64
_APART = "audiodvc-git-"


Limit = int | Mapping[str, int] | None
"""How many bytes a blob may have: each of them, or by their names."""


class TooLargeError(RefusedError):
    """A file that would not be read, but fill the memory."""

    def __init__(self, blob: str, size: int, limit: int) -> None:
        self.blob = blob
        what = f"a file of {size} bytes, where at most {limit} are read"
        super().__init__(what, hint="nothing was written", details=[blob])


@dataclass(frozen=True, slots=True)
class Reader:
    """Objects, and the bare repository under whose configuration git reads them, which fetches nothing."""

    folder: Path
    objects: Path
    is_clone: bool = False
    """Whether the settings of the folder count, since they are those of the user's own clone."""

    def run(self, words: Sequence[str], stdin: bytes = b"") -> Completed:
        """Run git to its end."""
        with self._place() as place:
            return run(["git", *words], cwd=place, env=self._environment(place), stdin=stdin)

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

    def contents(self, blobs: Sequence[str], limit: Limit) -> Iterator[tuple[str, bytes]]:
        """Those blobs that are here, each read into one piece of memory; one over its limit is refused."""
        most = limit if isinstance(limit, Mapping) else dict.fromkeys(blobs, limit)
        with tempfile.TemporaryFile() as names:
            # Not by a pipe: git would wait for us to read while we wait for it to.
            names.write("".join(f"{blob}\n" for blob in blobs).encode())
            names.seek(0)
            with self._started(["cat-file", "--batch", "--buffer"], names) as output:
                for blob in blobs:
                    content = _next(output, blob, most.get(blob))
                    if content is not None:
                        yield blob, content

    @contextmanager
    def _started(self, words: Sequence[str], stdin: IO[bytes]) -> Iterator[IO[bytes]]:
        """What git says, who is ended with the block."""
        with (
            self._place() as place,
            subprocess.Popen(
                ["git", *words],
                cwd=place,
                env=self._environment(place),
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            ) as process,
        ):
            try:
                if process.stdout is not None:
                    yield process.stdout
            finally:
                process.kill()

    def _place(self) -> AbstractContextManager[Path]:
        return nullcontext(self.folder) if self.is_clone else private(self.folder)

    def _environment(self, place: Path) -> dict[str, str]:
        return {
            **git.environment(),
            "GIT_DIR": str(place),
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
            shared.write(folder / "config", _config(sample).encode())


def _make(folder: Path, sample: str) -> None:
    folder.parent.parent.mkdir(parents=True, exist_ok=True)  # the cache, for its owner to share
    shared.make(folder.parent)
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(6)}.tmp")
    try:
        lay_out(temporary, sample)
        temporary.rename(folder)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        if not folder.exists():
            raise


@contextmanager
def private(folder: Path) -> Iterator[Path]:
    """A repository of ours, or where others can write to it, an empty one with the same kind of names.

    In its configuration and hooks they could name programs, which git would run as us.
    """
    if shared.is_ours_alone(folder):
        yield folder
        return
    is_long = disk.read(folder / "config") == _config("0" * _SHA256).encode()
    with tempfile.TemporaryDirectory(prefix=_APART) as name:
        lay_out(Path(name, "bare"), "0" * _SHA256 if is_long else "")
        yield Path(name, "bare")


@contextmanager
def workshop(place: Path, sample: str) -> Iterator[Path]:
    """A new repository with its objects at a place; all else lies where nobody but us can write to it."""
    lay_out(place, sample)
    if shared.is_ours_alone(place):
        yield place
        return
    with tempfile.TemporaryDirectory(prefix=_APART) as name:
        lay_out(Path(name, "bare"), sample, place / "objects")
        yield Path(name, "bare")


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


def lay_out(folder: Path, sample: str, objects: Path | None = None) -> None:
    """A bare repository, as `git init` makes it, without a process and without samples of hooks."""
    shared.make(folder / "refs")
    if objects is None:
        shared.make(folder / "objects" / "pack")
    else:
        (folder / "objects").symlink_to(objects)
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
        raise TooLargeError(blob, size, limit)
    content = output.read(size)
    if len(content) != size or output.read(1) != b"\n":
        raise GitError(f"{blob} could not be read to its end")
    return content


def move_objects(source: Path, target: Path, mode: int | None = OBJECT_MODE) -> None:
    """Hand over packs and single objects; the index comes last, since with it a pack is seen."""
    for folder in names(source):
        if folder != "info":
            shared.make(target / folder)
            for name in sorted(names(source / folder), key=lambda name: name.endswith(".idx")):
                if not name.startswith("tmp_"):
                    if mode is not None:
                        os.chmod(source / folder / name, mode)
                    os.replace(source / folder / name, target / folder / name)


def names(folder: Path) -> list[str]:
    """What a folder holds; nothing if it is not there."""
    with suppress(FileNotFoundError):
        return os.listdir(folder)
    return []


def write(path: Path, text: str) -> None:
    """Make a file that nobody else looks at yet."""
    path.write_bytes(os.fsencode(text))
    shared.open_up(path)
