"""Files of the cache put into folders: as a link where that can be, as a copy where it cannot."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from audiodvc.adapters import disk, shared
from audiodvc.adapters.cache import OBJECT_MODE
from audiodvc.errors import AudiodvcError
from audiodvc.progress import Advance

Make = Callable[[str, str], None]

# This file system, or the two together, have no such link.
_NO_SUCH_LINK = frozenset(
    {errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOTTY, errno.EINVAL}
)
_NEVER = _NO_SUCH_LINK | {errno.EPERM, errno.EACCES}
_STEP = 512
_FICLONE = 0x40049409


def place(
    files: Iterable[tuple[str, str]],
    kinds: Sequence[str],
    advance: Advance = lambda _: None,
    *,
    root: str = "",
) -> str:
    """Put files, from where they are, into their places; the kind of link that worked last.

    One that is there already stays: it was put there whole. The folders above are made; with a root, they
    have to be in it, and none may be a link to elsewhere.
    """
    made: set[str] = set()
    left = list(kinds)
    done = 0
    for source, target in files:
        folder = target.rpartition("/")[0]
        if folder not in made:
            if root:
                disk.refuse_link(Path(root), Path(folder))
            shared.make(folder)
            made.add(folder)
        _place(source, target, left)
        done += 1
        if done % _STEP == 0:
            advance(_STEP)
    advance(done % _STEP)
    return left[0]


def working(kinds: Sequence[str], store: str, folder: str, reflink: Make) -> str:
    """The first kind of link that works between two folders, empty if none; what else fails is raised."""
    makers = {**_MAKERS, "reflink": reflink}
    name = f"{secrets.token_hex(12)}.tmp"
    source, target = f"{store}/{name}", f"{folder}/.{name}"
    try:
        with disk.naming(source), open(source, "xb") as file:
            file.write(b"test")
        for kind in kinds:
            with suppress(FileNotFoundError):
                os.unlink(target)
            if _works(makers[kind], source, target):
                return kind
    finally:
        for path in (source, target):
            with suppress(OSError):
                os.unlink(path)
    return ""


def lacking(folder: str, names: Iterable[str]) -> list[str]:
    """Which files are not in a folder."""
    return [name for name in names if not os.path.exists(f"{folder}/{name}")]


def _place(source: str, target: str, kinds: list[str]) -> None:
    """Try one kind after the other; what can never work here is not tried again."""
    for kind in tuple(kinds):
        try:
            _make(kind, source, target)
        except FileExistsError:
            return
        except OSError as error:
            if error.errno in _NEVER and len(kinds) > 1:
                kinds.remove(kind)
            # A file may have as many links as it can have, so that it needs another kind.
            elif error.errno not in (errno.EMLINK, *_NO_SUCH_LINK):
                raise
        else:
            return
    raise AudiodvcError(
        f"{target} can be no {' or '.join(kinds)} of {source}",
        hint="name another kind in the setting `links`",
    )


def _works(make: Make, source: str, target: str) -> bool:
    try:
        with disk.naming(target):
            make(source, target)
    except OSError as error:
        if error.errno not in _NEVER:
            raise
        return False
    return True


def _make(kind: str, source: str, target: str) -> None:
    try:
        _MAKERS[kind](source, target)
    except FileExistsError:
        if os.path.exists(target):
            raise
        os.unlink(target)  # a link to what is gone
        _MAKERS[kind](source, target)


def _reflink(source: str, target: str) -> None:
    # dvc_objects has this too, and takes 0.2 s to import, a fifth of a small `get`.
    if sys.platform != "linux":
        raise OSError(errno.ENOSYS, "no reflink")
    import fcntl

    def clone(temporary: str) -> None:
        with open(source, "rb") as old, open(temporary, "xb") as new:
            fcntl.ioctl(new, _FICLONE, old.fileno())

    _whole(clone, target)


def _copy(source: str, target: str) -> None:
    def copy(temporary: str) -> None:
        shutil.copyfile(source, temporary)

    _whole(copy, target)


def _whole(write: Callable[[str], None], target: str) -> None:
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "is there", target)
    temporary = f"{target}.{secrets.token_hex(6)}.tmp"
    try:
        with disk.naming(temporary):
            write(temporary)
        os.chmod(temporary, OBJECT_MODE)
        os.replace(temporary, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


_MAKERS: Mapping[str, Make] = {"reflink": _reflink, "hardlink": os.link, "symlink": os.symlink, "copy": _copy}
