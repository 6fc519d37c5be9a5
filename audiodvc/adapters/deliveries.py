"""Objects into a DVC remote: each whole, none twice, and none with other bytes than its name says."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import secrets
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from audiodvc.adapters import cache, disk, served, shared
from audiodvc.adapters.arrivals import Failure, Want
from audiodvc.errors import AudiodvcError, MediaError, RemoteError
from audiodvc.progress import Advance
from audiodvc.words import counted

Content = str | bytes
"""Where the bytes of an object are, or these bytes."""

# Up to this size a file is held against its name in memory, and sent in one go.
_AT_ONCE = 2**23
_STEP = 64
_MOST_TOLD = 20
# Here a file that is sent is seen when it is whole; elsewhere it gets another name first.
_ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oss"})
_READ_ONLY = frozenset({"http", "https"})


class Delivered(NamedTuple):
    """How many objects were sent, and how many were there already."""

    sent: int = 0
    present: int = 0


class Taker(Protocol):
    """Who takes objects, such as a remote."""

    name: str
    shown: str

    def take(self, files: Mapping[str, Content], advance: Advance) -> tuple[Delivered, list[Failure]]:
        """Take objects; what could not be, after all else was."""


def deliver(taker: Taker, files: Mapping[str, Content], advance: Advance = lambda _: None) -> Delivered:
    """Bring objects to a remote, what folders list before the lists; what has arrived stays in any case."""
    total = Delivered()
    single = {md5: content for md5, content in files.items() if not md5.endswith(".dir")}
    lists = {md5: content for md5, content in files.items() if md5.endswith(".dir")}
    for part in (single, lists):
        if not part:
            continue
        done, failures = taker.take(part, advance)
        if failures:
            raise _error(taker, failures, len(files))
        total = Delivered(total.sent + done.sent, total.present + done.present)
    return total


def into_folder(root: str, files: Mapping[str, Content], advance: Advance) -> tuple[Delivered, list[Failure]]:
    """Bring objects into a remote that is a folder."""
    objects = f"{root}/files/md5"
    there = cache.present_of(objects, list(files))
    missing = {md5: content for md5, content in files.items() if md5 not in there}
    advance(len(there))
    if missing:
        cache.tidy(objects)
    try:
        items = iter(missing.items())
        while step := dict(islice(items, _STEP)):
            put(objects, step)
            advance(len(step))
    except OSError as error:
        raise RemoteError(f"{root} cannot be written: {disk.reason(error)}", hint=_HINT) from error
    return Delivered(len(missing), len(there)), []


def put(objects: str, files: Mapping[str, Content]) -> None:
    """Put objects where a folder has them; each is seen when it is whole."""
    for prefix in sorted({md5[:2] for md5 in files}):
        shared.make(f"{objects}/{prefix}")
    for md5, content in files.items():
        _put(objects, md5, content)


def onto_files(
    files: served.Files, contents: Mapping[str, Content], advance: Advance
) -> tuple[Delivered, list[Failure]]:
    """Bring objects to a remote on a server."""

    async def one(fs: Any, path: str) -> bool:  # noqa: ANN401 - fsspec has no types
        if _protocols(fs) & _READ_ONLY:
            raise RemoteError("a remote at http:// can only be read", hint="publish to one of another kind")
        md5 = "".join(path.rsplit("/", 2)[1:])
        if await served.is_there(fs, path):
            advance(1)
            return False
        await _send(fs, path, md5, contents[md5])
        advance(1)
        return True

    done = files.each([Want(md5) for md5 in contents], one)
    failures = [one for one in done if isinstance(one, Failure)]
    sent = sum(one is True for one in done)
    return Delivered(sent, len(done) - len(failures) - sent), failures


_HINT = "run it again when that is mended: what has arrived stays"


def _error(taker: Taker, failures: Sequence[Failure], total: int) -> RemoteError:
    told = [f"object {one.md5} {_WORDS.get(one.kind, one.message)}" for one in failures[:_MOST_TOLD]]
    more = [f"and {len(failures) - len(told):,} more"] if len(failures) > len(told) else []
    return RemoteError(
        f"{len(failures):,} of {counted(total, 'object')} could not be sent to the remote "
        f"'{taker.name}' ({taker.shown})",
        hint=_HINT,
        details=[*told, *more],
    )


_WORDS: Mapping[str, str] = {
    "refused": "may not be written by you",
    "missing": "has no place there: is there such a bucket or folder?",
}


# -- into a folder ---------------------------------------------------------------------------------


def _put(objects: str, md5: str, content: Content) -> None:
    if isinstance(content, bytes):
        _refuse_other(md5, hashlib.md5(content, usedforsecurity=False).hexdigest(), "an object")
        cache.put(objects, md5, content)
        return
    with cache.making(cache.path_of(objects, md5)) as temporary:
        try:
            found = cache.copied(content, temporary)
        except OSError as error:
            if error.filename != content:
                raise
            raise _unreadable(content, error) from error
        _refuse_other(md5, found, content)


def _refuse_other(md5: str, found: str, where: str) -> None:
    if found != md5.removesuffix(".dir"):
        raise MediaError(f"{where} has other bytes than it had a moment ago", hint="run it again")


def _unreadable(path: str, error: OSError) -> AudiodvcError:
    if error.errno == errno.ENOENT:
        return MediaError(f"{path} is gone", hint="run it again")
    return MediaError(f"{path} cannot be read: {disk.reason(error)}")


# -- onto a server ---------------------------------------------------------------------------------


async def _send(fs: Any, path: str, md5: str, content: Content) -> None:  # noqa: ANN401 - fsspec has no types
    data = content if isinstance(content, bytes) else await asyncio.to_thread(_small, content)
    if isinstance(content, str) and data is None:
        await _send_large(fs, path, md5, content)
        return
    data = data or b""
    found = hashlib.md5(data, usedforsecurity=False).hexdigest()
    _refuse_other(md5, found, content if isinstance(content, str) else "an object")
    if _is_atomic(fs):
        await fs._pipe_file(path, data)  # noqa: SLF001 - fsspec's own name for the coroutine
    else:
        await asyncio.to_thread(_moved_in, fs, path, data)


async def _send_large(fs: Any, path: str, md5: str, file: str) -> None:  # noqa: ANN401 - fsspec has no types
    """Send what does not go into memory; it is read twice, to know what is sent."""
    before = await asyncio.to_thread(_checked, file, md5)
    if _is_atomic(fs):
        await fs._put_file(file, path)  # noqa: SLF001 - fsspec's own name for the coroutine
    else:
        await asyncio.to_thread(_moved_in, fs, path, file)
    if _stamp(file) != before:
        raise MediaError(
            f"{file} was changed while it was sent", hint=f"remove the object {md5}, and try again"
        )


def _is_atomic(fs: Any) -> bool:  # noqa: ANN401 - fsspec has no types
    return bool(_protocols(fs) & _ATOMIC) and getattr(fs, "async_impl", False)


def _protocols(fs: Any) -> set[str]:  # noqa: ANN401 - fsspec has no types
    found = fs.protocol
    return {found} if isinstance(found, str) else set(found)


def _small(path: str) -> bytes | None:
    """The bytes of a file that is not too large for memory."""
    try:
        if os.stat(path).st_size > _AT_ONCE:
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise _unreadable(path, error) from error


def _checked(path: str, md5: str) -> tuple[int, int]:
    """Read a file through, and say when it was last written."""
    try:
        before = _stamp(path)
        _refuse_other(md5, cache.md5_of(path), path)
    except OSError as error:
        raise _unreadable(path, error) from error
    return before


def _stamp(path: str) -> tuple[int, int]:
    seen = os.stat(path)
    return seen.st_size, seen.st_mtime_ns


def _moved_in(fs: Any, path: str, content: Content) -> None:  # noqa: ANN401 - fsspec has no types
    """Send under another name, and rename."""
    temporary = f"{path}.{secrets.token_hex(6)}.tmp"
    fs.makedirs(path.rpartition("/")[0], exist_ok=True)
    try:
        if isinstance(content, bytes):
            fs.pipe_file(temporary, content)
        else:
            fs.put_file(content, temporary)
        fs.mv(temporary, path)
    except BaseException:
        if fs.exists(temporary):
            fs.rm_file(temporary)
        raise
