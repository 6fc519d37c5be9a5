"""Objects that come from elsewhere: none is in the cache before its bytes were held against its name."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from audiodvc.adapters import cache, shared
from audiodvc.adapters.pool import Died, Pool
from audiodvc.errors import AudiodvcError
from audiodvc.progress import Advance

Kind = Literal["missing", "wrong", "larger", "refused", "unreachable"]

# What a stream may hold in memory: with 64 of them this is 64 MiB.
_AT_ONCE = 2**20

# A batch ends after so many objects or so many bytes: a worker that is told to stop is soon done.
_BATCH, _BATCH_BYTES = 250, 2**25
_UNKNOWN = 2**20

# Where fewer than this are wanted, workers take longer to start than this process needs.
_FEW = 1500

# DVC's own notion of a text, whose line ends it made alike before it hashed, until version 3.
_TEXT = bytes(range(32, 127)) + b"\n\r\t\f\b"
_HEAD, _BLOCK, _MOST_ODD = 512, 2**20, 0.3

# Not to hang on what turns out to be a pipe.
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class Want(NamedTuple):
    """An object that is wanted: `old` if it lies where DVC 2 kept it, and what is known of its size."""

    md5: str
    old: bool = False
    size: int | None = None
    most: int | None = None
    """What it and others have together."""

    @property
    def limit(self) -> int | None:
        """More bytes than it can have are no object."""
        return self.most if self.size is None else self.size


class Failure(NamedTuple):
    """An object that did not come, and why, as the rest of a sentence that begins with it."""

    md5: str
    kind: Kind
    message: str


class Fault(Exception):  # noqa: N818 - it is turned into a Failure, and never leaves the adapters
    """Why an object cannot be had."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(kind, message)
        self.kind: Kind = kind
        self.message = message


class Batch(NamedTuple):
    """Objects that one worker brings from one folder to another."""

    remote: str
    objects: str
    token: str
    wants: Sequence[Want]


class Incoming:
    """One object on its way: small ones in memory, large ones in a temporary file beside their place."""

    __slots__ = ("_file", "_got", "_held", "_md5", "_objects", "_parts", "_temporary", "_want")

    def __init__(self, objects: str, want: Want, token: str) -> None:
        self._objects, self._want = objects, want
        self._temporary = f"{cache.path_of(objects, want.md5)}.{token}.tmp"
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._parts: list[bytes] = []
        self._held = self._got = 0
        self._file: int | None = None

    def add(self, data: bytes) -> None:
        """The next bytes; more than the index says are an error, not memory or disk."""
        self._got += len(data)
        limit = self._want.limit
        if limit is not None and self._got > limit:
            raise Fault("larger", f"is larger than the {limit:,} bytes that the dataset says")
        self._md5.update(data)
        self._parts.append(data)
        self._held += len(data)
        if self._held > _AT_ONCE:
            self._spill()

    def finish(self) -> None:
        """All bytes are here: if they are the right ones, they become the object."""
        name, digest = self._want.md5, self._md5.hexdigest()
        target = cache.path_of(self._objects, name)
        if digest != name[:32]:
            if not (self._want.old and self._as_text() == name[:32]):
                raise Fault("wrong", f"has other bytes than its name says (their md5 is {digest})")
            target = cache.path_of(cache.old_place(self._objects), name)
            prepare(cache.old_place(self._objects), [self._want])
        self._spill()
        self._close()
        try:
            os.rename(self._temporary, target)
        except OSError as error:
            raise unwritable(self._objects, error) from error

    def discard(self) -> None:
        """Leave nothing behind."""
        opened = self._file is not None
        self._close()
        if opened:
            _unlink(self._temporary)
        self._parts, self._held = [], 0

    def _spill(self) -> None:
        try:
            if self._file is None:
                self._file = os.open(self._temporary, _NEW, cache.OBJECT_MODE)
                os.fchmod(self._file, cache.OBJECT_MODE)  # whatever the umask
            for part in self._parts:
                _write(self._file, part)
        except OSError as error:
            raise unwritable(self._objects, error) from error
        self._parts, self._held = [], 0

    def _close(self) -> None:
        if self._file is not None and self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _as_text(self) -> str:
        """The md5 as DVC 2 made it, of the lines of a text without carriage returns."""
        if self._file is None:
            return _text_md5(_blocks(b"".join(self._parts)))
        self._spill()
        with open(self._temporary, "rb") as file:
            return _text_md5(iter(lambda: file.read(_BLOCK), b""))


def wanting(objects: str, wants: Iterable[Want]) -> list[Want]:
    """Those that are not in the cache, each once."""
    once = list({want.md5: want for want in wants}.values())
    there = cache.present_of(objects, [want.md5 for want in once])
    lacking = (want for want in once if want.md5 not in there)
    return [want for want in lacking if not (want.old and cache.is_apart(objects, want.md5))]


def prepare(objects: str, wants: Iterable[Want]) -> None:
    """Make the folders that objects will lie in."""
    try:
        for prefix in sorted({want.md5[:2] for want in wants}):
            shared.make(f"{objects}/{prefix}")
    except OSError as error:
        raise unwritable(objects, error) from error


def unwritable(objects: str, error: OSError) -> AudiodvcError:
    """What to say when the cache, not the remote, is in the way."""
    reason = (error.strerror or str(error)).lower()
    return AudiodvcError(
        f"the cache {objects} cannot be written: {reason}",
        hint="what has arrived stays; make room or name another",
    )


def copy_all(whole: Batch, advance: Advance, jobs: int, pool: Pool | None = None) -> list[Failure]:
    """Bring objects from a folder; many of them with worker processes."""
    batches = [whole._replace(wants=part) for part in _parts(whole.wants)]
    if len(whole.wants) < _FEW or not (pool or jobs > 1):
        return _in_turn(batches, advance)
    if pool is not None:
        return _shared_out(batches, advance, pool)
    with Pool(jobs) as own:
        return _shared_out(batches, advance, own)


def copy(batch: Batch) -> list[Failure]:
    """Bring the objects of a batch; what did not come."""
    return [failure for want in batch.wants if (failure := _copied(batch, want))]


def read(path: str, limit: int) -> bytes:
    """The bytes of a file that is no larger than a limit."""
    file = _opened(path)
    try:
        parts, room = [], min(_size(file), limit) + 1
        while room > 0 and (data := _read(file, min(room, _BLOCK))):
            parts.append(data)
            room -= len(data)
    finally:
        os.close(file)
    if not room:
        raise Fault("larger", f"is larger than {limit:,} bytes")
    return b"".join(parts)


def check(data: bytes, want: Want) -> None:
    """Hold bytes in memory against the name that they came under."""
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    if digest != want.md5[:32] and not (want.old and _text_md5(_blocks(data)) == want.md5[:32]):
        raise Fault("wrong", f"has other bytes than its name says (their md5 is {digest})")


def sweep(batch: Batch) -> None:
    """Remove what workers that were killed may have left."""
    for want in batch.wants:
        _unlink(f"{cache.path_of(batch.objects, want.md5)}.{batch.token}.tmp")


def place_of(remote: str, want: Want) -> str:
    """Where an object lies below the root of a remote."""
    root = remote if want.old else f"{remote}/files/md5"
    return f"{root}/{want.md5[:2]}/{want.md5[2:]}"


def _in_turn(batches: Iterable[Batch], advance: Advance) -> list[Failure]:
    failures: list[Failure] = []
    for batch in batches:
        failures += copy(batch)
        advance(len(batch.wants))
    return failures


def _shared_out(batches: Sequence[Batch], advance: Advance, pool: Pool) -> list[Failure]:
    failures: list[Failure] = []
    for batch, result in pool.map(copy, batches):
        if isinstance(result, Died):
            # Killed, as for want of memory: what it had in hand is done here.
            sweep(batch)
        failures += copy(batch) if isinstance(result, Died) else result
        advance(len(batch.wants))
    return failures


def _parts(wants: Sequence[Want]) -> Iterator[Sequence[Want]]:
    part: list[Want] = []
    room = _BATCH_BYTES
    for want in wants:
        part.append(want)
        room -= _UNKNOWN if want.size is None else want.size
        if room <= 0 or len(part) == _BATCH:
            yield part
            part, room = [], _BATCH_BYTES
    if part:
        yield part


def _copied(batch: Batch, want: Want) -> Failure | None:
    """Bring one object; wrong bytes are read a second time before they are believed to be wrong."""
    try:
        try:
            _copy(place_of(batch.remote, want), batch, want)
        except Fault as fault:
            if fault.kind != "wrong":
                raise
            _copy(place_of(batch.remote, want), batch, want)
    except Fault as fault:
        return Failure(want.md5, fault.kind, fault.message)
    return None


def _copy(source: str, batch: Batch, want: Want) -> None:
    file = _opened(source)
    incoming = Incoming(batch.objects, want, batch.token)
    try:
        # One byte more than is right, so that one that is too large is noticed.
        rest = (want.size if want.size is not None else _size(file)) + 1
        while rest > 0 and (data := _read(file, min(rest, _AT_ONCE))):
            incoming.add(data)
            rest -= len(data)
        incoming.finish()
    except BaseException:
        incoming.discard()
        raise
    finally:
        os.close(file)


def _opened(path: str) -> int:
    try:
        return os.open(path, _READ)
    except FileNotFoundError:
        raise Fault("missing", "is not there") from None
    except PermissionError:
        raise Fault("refused", "may not be read") from None
    except OSError as error:
        raise Fault("unreachable", f"cannot be read: {(error.strerror or str(error)).lower()}") from None


def _read(file: int, size: int) -> bytes:
    try:
        return os.read(file, size)
    except OSError as error:
        raise Fault("unreachable", f"cannot be read: {(error.strerror or str(error)).lower()}") from None


def _size(file: int) -> int:
    return os.fstat(file).st_size


def _write(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _text_md5(blocks: Iterable[bytes]) -> str:
    md5 = hashlib.md5(usedforsecurity=False)
    for block in blocks:
        md5.update(block.replace(b"\r\n", b"\n") if _is_text(block[:_HEAD]) else block)
    return md5.hexdigest()


def _blocks(data: bytes) -> Iterator[bytes]:
    return (data[start : start + _BLOCK] for start in range(0, len(data), _BLOCK))


def _is_text(head: bytes) -> bool:
    if not head:
        return True
    return b"\0" not in head and len(head.translate(None, _TEXT)) / len(head) <= _MOST_ODD


def _unlink(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
