"""Objects out of a DVC remote: each from both places where it may lie, and what became of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from audiodvc.adapters import arrivals, disk, served
from audiodvc.adapters.arrivals import Failure, Want

Outcome = Literal["deleted", "present", "absent", "failed"]
"""`present` is what a look finds that deletes nothing."""

_WHY: Mapping[str, str] = {"refused": "you may not delete there"}
_FIRST: tuple[Outcome, ...] = ("failed", "present", "deleted", "absent")


class Removed(NamedTuple):
    """An object of a remote, and what became of it; why, if it could not be deleted."""

    md5: str
    outcome: Outcome
    why: str = ""


class Holder(Protocol):
    """Who has objects, such as a remote."""

    def drop(self, wants: Sequence[Want], *, really: bool) -> list[Removed]:
        """Delete objects, or only look which are there."""


def remove(holder: Holder, md5s: Iterable[str], *, really: bool = True) -> list[Removed]:
    """Delete objects wherever a remote has them: where DVC keeps them, and where DVC 2 kept them."""
    wants = [Want(md5, old) for md5 in sorted(set(md5s)) for old in (False, True)]
    found: dict[str, Removed] = {}
    for one in holder.drop(wants, really=really):
        other = found.setdefault(one.md5, one)
        if _FIRST.index(one.outcome) < _FIRST.index(other.outcome):
            found[one.md5] = one
    return list(found.values())


def from_folder(root: str, wants: Sequence[Want], *, really: bool) -> list[Removed]:
    """Delete objects of a remote that is a folder."""
    if not os.path.isdir(root):
        return [Removed(want.md5, "failed", "there is no such folder") for want in wants]
    return [_unlinked(want.md5, arrivals.place_of(root, want), really=really) for want in wants]


def from_files(files: served.Files, wants: Sequence[Want], *, really: bool) -> list[Removed]:
    """Delete objects of a remote on a server."""

    async def one(fs: Any, path: str) -> tuple[Outcome, str]:  # noqa: ANN401 - fsspec has no types
        if not await served.is_there(fs, path):
            return "absent", ""
        return await _deleted(fs, path) if really else ("present", "")

    return [
        Removed(want.md5, "failed", _WHY.get(done.kind, done.message))
        if isinstance(done, Failure)
        else Removed(want.md5, *done)
        for want, done in zip(wants, files.each(wants, one), strict=True)
    ]


def _unlinked(md5: str, path: str, *, really: bool) -> Removed:
    if not os.path.lexists(path):
        return Removed(md5, "absent")
    if not really:
        return Removed(md5, "present")
    try:
        os.unlink(path)
    except FileNotFoundError:
        return Removed(md5, "absent")
    except OSError as error:
        return Removed(md5, "failed", disk.reason(error))
    return Removed(md5, "deleted")


async def _deleted(fs: Any, path: str) -> tuple[Outcome, str]:  # noqa: ANN401 - fsspec has no types
    try:
        if hasattr(fs, "_call_s3"):
            bucket, key, _ = fs.split_path(path)
            return kept_version(await fs._call_s3("delete_object", Bucket=bucket, Key=key))  # noqa: SLF001
        if getattr(fs, "async_impl", False):
            await fs._rm_file(path)  # noqa: SLF001 - fsspec's own name for the coroutine
        else:
            await asyncio.to_thread(fs.rm_file, path)
    except NotImplementedError:
        return "failed", "a remote of this kind deletes nothing"
    except FileNotFoundError:
        return "absent", ""
    return "deleted", ""


def kept_version(answer: Mapping[str, object]) -> tuple[Outcome, str]:
    """Whether S3 has deleted an object: a bucket with versions only hides the last one."""
    if answer.get("DeleteMarker"):
        return "failed", "the bucket keeps versions: the object is hidden, not deleted"
    return "deleted", ""
