"""The file system: folders walked, files written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from audiodvc.errors import RefusedError


class Entry(NamedTuple):
    """A file that a walk met; `problem` says why it cannot be read."""

    path: str
    size: int = 0
    mtime: float = 0.0
    inode: int = 0
    mode: int = 0
    problem: str = ""


def walk(folder: str) -> Iterator[Entry]:
    """Every file below a folder, links followed to files but not to folders."""
    folders = [folder]
    while folders:
        place = folders.pop()
        try:
            with os.scandir(place) as found:
                for item in found:
                    if item.is_dir(follow_symlinks=False):
                        folders.append(item.path)
                    else:
                        yield look(item)
        except OSError as error:
            yield Entry(place, problem=reason(error))


def look(file: os.DirEntry[str] | str) -> Entry:
    """One file as it is now."""
    path = os.fspath(file)
    try:
        seen = os.stat(file) if isinstance(file, str) else file.stat()
    except OSError as error:
        return Entry(path, problem="a broken link" if os.path.islink(path) else reason(error))
    return entry(path, seen)


def entry(path: str, seen: os.stat_result) -> Entry:
    """What the system says of a file."""
    if not stat.S_ISREG(seen.st_mode):
        kind = "a link to a folder" if stat.S_ISDIR(seen.st_mode) else "neither a file nor a folder"
        return Entry(path, problem=kind)
    return Entry(path, seen.st_size, seen.st_mtime, seen.st_ino, seen.st_mode)


def is_readable(seen: Entry) -> bool:
    """Whether we may read a file; only one that not everybody may read is asked about."""
    return bool(seen.mode & stat.S_IROTH) or os.access(seen.path, os.R_OK)


def write(path: Path, data: bytes, mode: int | None = None) -> bool:
    """Replace a file in one step; True if that changed it. A killed process leaves the old one.

    A new file gets the mode, if one is given, else what the umask leaves.
    """
    if read(path) == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    temporary = path.with_name(f".{path.name}.{os.getpid():08x}{secrets.token_hex(4)}.tmp")
    try:
        with naming(temporary):
            temporary.write_bytes(data)
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        elif mode is not None:
            temporary.chmod(mode)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _sweep(path: Path) -> None:
    """Remove what processes that died left of this file: in a work tree git would take it for somebody's."""
    left = re.compile(rf"\.{re.escape(path.name)}\.([0-7][0-9a-f]{{7}})[0-9a-f]{{8}}\.tmp")
    with suppress(OSError):
        for name in os.listdir(path.parent):
            found = left.fullmatch(name)
            if found and not alive(int(found[1], 16)):
                path.with_name(name).unlink(missing_ok=True)


def read(path: Path) -> bytes | None:
    """The bytes of a file; None if there is none. What never ends, such as a pipe, is refused."""
    try:
        with open(path, "rb", opener=_at_once) as file:
            # Who has no settings may name this device for them; it ends at once.
            if not (stat.S_ISREG(os.fstat(file.fileno()).st_mode) or os.fspath(path) == os.devnull):
                raise RefusedError(f"{path} is neither a file nor a folder", hint="put a file there")
            return file.read()
    except FileNotFoundError:
        return None


def refuse_link(top: Path, path: Path) -> None:
    """Refuse a path in a work tree that leads elsewhere: git brings links to wherever somebody wants."""
    parts = path.relative_to(top).parts if path.is_relative_to(top) else ("..",)
    if ".." in parts:
        raise RefusedError(f"{path} is not in {top}", hint="nothing was written there")
    place = top
    for part in parts:
        place /= part
        if place.is_symlink():
            behind = "" if place == path else f", so that {path.relative_to(place)} would be elsewhere"
            raise RefusedError(
                f"{place} is a symbolic link{behind}", hint="put there what it leads to; none is followed"
            )


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Let an error of the system name a file: who writes to a full disk is told of none."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = os.fspath(path)
        raise


def alive(process: int) -> bool:
    """Whether a process of this machine is still running; where that can't be told, it is."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def reason(error: OSError) -> str:
    """Why the system refused, in a few words."""
    return (error.strerror or str(error)).lower()


def _at_once(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to is not waited for."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def advice(error: OSError) -> str:
    """What to do when the system refused; empty where that cannot be told."""
    return _ADVICE.get(error.errno or 0, "")


_ADVICE: Mapping[int, str] = {
    errno.EACCES: "you may not: look at its owner and its permissions",
    errno.EDQUOT: "make room, and run it again",
    errno.EEXIST: "something else is there: take it away, or name another place",
    errno.EFBIG: "no file may get so large here: see `ulimit -f`, and run it again",
    errno.EISDIR: "a file belongs there",
    errno.ENAMETOOLONG: "choose a shorter one",
    errno.ENOSPC: "make room, and run it again",
    errno.ENOTDIR: "a folder belongs there",
    errno.EPERM: "you may not: look at its owner and its permissions",
    errno.EROFS: "choose a place that can be written",
}
