"""The file system: folders walked, files written whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


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


def write(path: Path, data: bytes) -> bool:
    """Replace a file in one step; True if that changed it. A killed process leaves the old one."""
    if read(path) == data:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.write_bytes(data)
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def read(path: Path) -> bytes | None:
    """The bytes of a file; None if there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


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
