"""Folders that a group shares: what is put there is as open to the group as they are, whatever the umask.

Such a folder can be written by its group, and hands it on (setgid): as `git init --shared` and DVC's
`cache.shared = group` make them. All below inherits that, so that nobody has to say it twice.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from audiodvc.adapters import disk

_MARK = stat.S_ISGID | stat.S_IWGRP
_FILE = 0o666

Folder = str | os.PathLike[str]


def make(folder: Folder) -> None:
    """Make a folder and those above it that are not there, each as open as the one that it lies in."""
    path = os.fspath(folder)
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    if above not in ("", path):
        make(above)
    bits = _bits(above or ".")
    try:
        if bits is None:
            os.mkdir(path)
        else:
            _make_open(path, bits)
    except FileExistsError:  # somebody else was faster
        if not os.path.isdir(path):
            raise


def file_mode(folder: Folder) -> int | None:
    """The mode of files for whoever shares a folder; None if it is not shared, so that the umask decides."""
    bits = _bits(folder)
    return None if bits is None else bits & _FILE


def write(path: Path, data: bytes) -> bool:
    """Replace a file in one step; True if that changed it."""
    make(path.parent)
    return disk.write(path, data, mode=file_mode(path.parent))


def open_up(path: Folder) -> None:
    """Let a new file be as open as the folder that it lies in."""
    mode = file_mode(os.path.dirname(os.fspath(path)) or ".")
    if mode is not None:
        os.chmod(path, mode)


def closed(folder: Path, *patterns: str) -> list[Path]:
    """The folders below a shared one, by patterns, that are less open than it is."""
    bits = _bits(folder)
    if bits is None:
        return []
    found = (path for pattern in patterns for path in folder.glob(f"{pattern}/") if not path.is_symlink())
    return sorted(path for path in found if path.stat().st_mode & bits != bits)


def is_ours_alone(folder: Folder) -> bool:
    """Whether nobody else can write to a folder; root can write to all, and is no matter."""
    if os.name != "posix":
        return True
    seen = os.stat(folder)
    return seen.st_uid == os.geteuid() and not seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _bits(folder: Folder) -> int | None:
    try:
        mode = os.stat(folder).st_mode
    except OSError:
        return None
    return mode & (stat.S_ISGID | 0o777) if mode & _MARK == _MARK else None


def _make_open(path: str, bits: int) -> None:
    # Nobody may find it before it is open: it gets its name when it is.
    temporary = f"{path}.{secrets.token_hex(6)}.tmp"
    os.mkdir(temporary)
    try:
        os.chmod(temporary, bits)
        os.rename(temporary, path)
    except OSError:
        with suppress(OSError):
            os.rmdir(temporary)
        if not os.path.isdir(path):
            raise
