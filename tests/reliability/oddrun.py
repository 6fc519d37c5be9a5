"""A call in this process as the shell would make it, and what it did to the world around it."""

from __future__ import annotations

import io
import os
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from warnings import catch_warnings, simplefilter

from audiodvc.cli.main import run
from tests.reliability.oddcalls import Call

# No call of these sizes takes seconds: one that takes so long waits for something that never comes.
_PATIENCE = 60

# What tells what a file is, by the name of its place from the sandbox.
Seen = Mapping[str, tuple[int, int, int]]


# What makes or changes something, and where in its arguments the names are.
_WRITES = {
    **dict.fromkeys(("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod", "os.chown"), 1),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink"), 2),
}
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT

_WATCHED: list[str] = []
"""The folder that a call may write to, while there is one."""


class OutsideError(BaseException):
    """A call wanted to write to where no test may; nothing in it may take this for an error of its own."""


class WaitedError(BaseException):
    """A call took far too long; nothing in it may take this for an error of its own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call said, and how it ended."""

    code: int
    stdout: str
    stderr: str


def answer(call: Call, folder: Path) -> Answer:
    """Make a call in a folder, which need not exist any more."""
    said = [
        io.TextIOWrapper(io.BytesIO(), encoding=call.encoding, errors="strict"),
        io.TextIOWrapper(io.BytesIO(), encoding=call.encoding, errors="backslashreplace"),
    ]
    stdin = io.TextIOWrapper(io.BytesIO(call.stdin), encoding="utf-8", errors="surrogateescape")
    with (
        _surroundings(call.environment),
        _streams(stdin, *said),
        _within(folder),
        _watched(),
        _soon(),
        catch_warnings(),
    ):
        simplefilter("ignore")
        code = run(call.words)
    texts = []
    for stream in said:
        stream.flush()
        texts.append(stream.buffer.getvalue().decode(call.encoding, "replace"))
    return Answer(code, *texts)


def seen(sandbox: Path) -> Seen:
    """Everything below a folder, but for what DVC, git and the cache keep for themselves."""
    found: dict[str, tuple[int, int, int]] = {}
    start = len(str(sandbox)) + 1
    folders = [str(sandbox)]
    while folders:
        with os.scandir(folders.pop()) as items:
            for item in items:
                name, about = item.path[start:], item.stat(follow_symlinks=False)
                if _is_inner(name):
                    continue
                is_folder = stat.S_ISDIR(about.st_mode)
                found[name] = (
                    (about.st_mode, 0, 0) if is_folder else (about.st_mode, about.st_size, about.st_mtime_ns)
                )
                if is_folder:
                    folders.append(item.path)
    return found


def _is_inner(name: str) -> bool:
    """Whether it is nobody's business when this changes: objects, the index as a cache of times, locks."""
    if name == "cache" or name.startswith("places/tmp"):
        return True
    _, inside, rest = f"/{name}".partition("/.git/")
    if not inside:
        _, inside, rest = f"/{name}".partition(".git/")
    if inside:
        return rest.endswith("/index") or not rest.startswith(
            ("refs", "packed-refs", "HEAD", "config", "hooks", "worktrees", "modules")
        )
    _, inside, rest = f"/{name}".partition("/.dvc/")
    return rest.startswith("tmp")


@contextmanager
def _surroundings(environment: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in environment}
    _set(environment)
    tempfile.tempdir = None
    try:
        yield
    finally:
        _set(before)
        tempfile.tempdir = None


def _set(environment: Mapping[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def _streams(stdin: io.TextIOWrapper, stdout: io.TextIOWrapper, stderr: io.TextIOWrapper) -> Iterator[None]:
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = stdin, stdout, stderr
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


@contextmanager
def _within(folder: Path) -> Iterator[None]:
    """The current folder of the call; one that is not there is made and removed."""
    before = os.open(".", os.O_RDONLY)
    lacking = not os.path.lexists(folder)
    if lacking:
        folder.mkdir()
    os.chdir(folder if folder.is_dir() else folder.parent)
    if lacking:
        folder.rmdir()
    try:
        yield
    finally:
        os.chdir(before)
        os.close(before)


@contextmanager
def _watched() -> Iterator[None]:
    """No write that is not below the folder of all tests; what git does is held by where it is started."""
    if not _HOOKED:
        sys.addaudithook(_audit)
        _HOOKED.append(True)
    _WATCHED.append(str(Path(os.environ["GIT_CEILING_DIRECTORIES"]).resolve()))
    try:
        yield
    finally:
        _WATCHED.clear()


_HOOKED: list[bool] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if not _WATCHED:
        return
    names: tuple[object, ...]
    if event == "open":
        name, _, flags = arguments
        names = (name,) if isinstance(flags, int) and flags & _TO_WRITE else ()
    elif event == "subprocess.Popen":
        names = (arguments[2],)
    else:
        names = arguments[: _WRITES.get(event, 0)]
        if event == "os.symlink":
            names = names[1:]
        if arguments[-1] not in (-1, None) and event in ("os.mkdir", "os.remove", "os.rmdir"):
            return  # by its name from a folder that is open
    for name in names:
        if isinstance(name, str | bytes | os.PathLike) and _is_outside(os.fsdecode(name)):
            raise OutsideError(f"{event} {arguments}")


def _is_outside(name: str) -> bool:
    if name.startswith(os.devnull) or ".pyc" in name:
        return False
    try:
        return not Path(name).resolve().is_relative_to(_WATCHED[0])
    except (OSError, RuntimeError):  # a current folder that is gone, a link to itself
        return False


@contextmanager
def _soon() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise WaitedError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(_PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
