"""Bytes from a remote that is not a folder: many objects in flight, each checked as it streams."""

from __future__ import annotations

import asyncio
import random
import secrets
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import aclosing
from typing import Any, TypeVar

from audiodvc.adapters import arrivals, dvc_trust
from audiodvc.adapters.arrivals import Failure, Fault, Incoming, Want
from audiodvc.errors import AudiodvcError
from audiodvc.progress import Advance

Result = TypeVar("Result")

IN_FLIGHT = 64
_CHUNK = 2**18
# Up to this size an object is asked for in one go where a file system cannot stream.
_IN_ONE_GO = 2**23

# What a short fault of a network or server may last: 0.3 + 0.9 + 2.7 s.
_TRIES = 4
_PAUSE, _GROWTH = 0.3, 3.0
# After so many objects in a row for which a remote could not be reached, the others are not tried.
_MOST_SILENT = 8
# A wait without end is not always interrupted by Ctrl-C: the signal may reach another thread.
_GLANCE = 0.1
# How long an interrupted transfer has for removing its temporary files.
_LAST_WORDS = 5.0

_OK = 200
_NOT_THERE, _NOT_FOR_YOU, _LATER = (404, 410), (401, 403, 407), (408, 425, 429)
_SERVER_ERROR = 500


class Transient(Exception):  # noqa: N818 - never leaves the adapters
    """What may be well on the next try."""


class Answer(Exception):  # noqa: N818 - never leaves the adapters
    """A server has answered with a status that is no success."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Health:
    """Whether a remote still answers."""

    def __init__(self) -> None:
        self._streak, self._last = 0, ""

    @property
    def down(self) -> Fault | None:
        """Why nothing more is asked, if so."""
        return Fault("unreachable", self._last) if self._streak >= _MOST_SILENT else None

    def answered(self) -> None:
        """The remote has said something, if only that it has no such object."""
        self._streak = 0

    def silent(self, why: str) -> Fault:
        """It has not answered, in all tries for one object."""
        self._streak += 1
        self._last = f"cannot be had now: {why}"
        return Fault("unreachable", self._last)


class Streams:
    """The objects of one file system of DVC's."""

    def __init__(self, fs: Any, root: str, hidden: Iterable[object] = ()) -> None:  # noqa: ANN401 - DVC has no types
        self._fs, self._root, self._hidden = fs.fs, root.rstrip("/"), tuple(hidden)
        ways = {"http": self._http, "https": self._http, "s3": self._s3}
        self._chunks: Callable[[str, Want], AsyncIterator[bytes]] = ways.get(fs.protocol, self._any)

    def bring(self, wants: Sequence[Want], objects: str, advance: Advance) -> list[Failure]:
        """Bring objects into a cache; what did not come, after all else did."""
        token, health = secrets.token_hex(6), Health()

        async def one(want: Want) -> Failure | None:
            failure = await self._brought(want, objects, token, health)
            advance(1)
            return failure

        return _run(_each(wants, one))

    def read(self, want: Want, limit: int) -> bytes:
        """The bytes of one object, no more than a limit."""

        async def whole() -> bytes:
            parts, room = [], limit
            async with aclosing(self._of(want)) as chunks:
                async for data in chunks:
                    parts.append(data)
                    room -= len(data)
                    if room < 0:
                        raise Fault("larger", f"is larger than {limit:,} bytes")
            return b"".join(parts)

        return _run(self._patiently(whole, Health()))

    def each(
        self, wants: Sequence[Want], work: Callable[[Any, str], Awaitable[Result]]
    ) -> list[Result | Failure]:
        """Do something at the place of each object, many at a time; what came of it, or why not."""
        health, done = Health(), dict[Want, Result | Failure]()

        async def one(want: Want) -> None:
            path = arrivals.place_of(self._root, want)
            try:
                done[want] = await self._patiently(lambda: work(self._fs, path), health)
            except Fault as fault:
                done[want] = Failure(want.md5, fault.kind, fault.message)

        _run(_each(wants, one))
        return [done[want] for want in wants]

    def close(self) -> None:
        """Let go of connections now, not when Python ends."""
        session = getattr(self._fs, "_session", None) or getattr(self._fs, "_s3creator", None)
        if session is not None:
            _run(_closed(session))

    async def _brought(self, want: Want, objects: str, token: str, health: Health) -> Failure | None:
        async def once() -> None:
            incoming = Incoming(objects, want, token)
            try:
                async with aclosing(self._of(want)) as chunks:
                    async for data in chunks:
                        incoming.add(data)
                incoming.finish()
            except BaseException:
                incoming.discard()
                raise

        try:
            await self._patiently(once, health)
        except Fault as fault:
            return Failure(want.md5, fault.kind, fault.message)
        return None

    async def _patiently(self, work: Callable[[], Awaitable[Result]], health: Health) -> Result:
        """Try again what may be well on the next try, and wrong bytes once."""
        wrong = False
        for attempt in range(_TRIES):
            if down := health.down:
                raise down
            try:
                done = await work()
            except AudiodvcError:
                raise
            except Exception as error:  # noqa: BLE001 - every library has its own
                fault = error if isinstance(error, Fault) else self._explained(error)
            else:
                health.answered()
                return done
            if isinstance(fault, Fault):
                health.answered()
                if wrong or fault.kind != "wrong":
                    raise fault
                wrong = True
            elif attempt + 1 == _TRIES:
                raise health.silent(str(fault))
            else:
                await asyncio.sleep(_PAUSE * _GROWTH**attempt * random.uniform(0.5, 1.0))  # noqa: S311
        raise AssertionError

    def _explained(self, error: Exception) -> Fault | Transient:
        """Why an object cannot be had, from what a library raised."""
        status = _status(error)
        if isinstance(error, FileNotFoundError) or status in _NOT_THERE:
            return Fault("missing", "is not there")
        if isinstance(error, PermissionError) or status in _NOT_FOR_YOU or _lacks_credentials(error):
            return Fault("refused", "is refused to you, or is not there")
        if status is None or status >= _SERVER_ERROR or status in _LATER:
            words = f"the server answers {status}" if status else f"{type(error).__name__}: {error}"
            return Transient(dvc_trust.safe(words, self._hidden))
        return Fault("refused", f"cannot be had: the server answers {status}")

    # Ways of reading: an iterator of bytes each

    def _of(self, want: Want) -> Any:  # noqa: ANN401 - an async generator, that can be closed
        return self._chunks(arrivals.place_of(self._root, want), want)

    async def _http(self, path: str, want: Want) -> AsyncIterator[bytes]:
        del want
        session = await self._fs.set_session()
        # One GET; `cat_file` and `open_async` ask for the size before.
        async with session.get(self._fs.encode_url(path)) as response:
            if response.status != _OK:
                raise Answer(response.status)
            async for data in response.content.iter_chunked(_CHUNK):
                yield data

    async def _s3(self, path: str, want: Want) -> AsyncIterator[bytes]:
        del want
        bucket, key, _ = self._fs.split_path(path)
        response = await self._fs._call_s3("get_object", Bucket=bucket, Key=key)  # noqa: SLF001 - no public one
        body = response["Body"]
        try:
            while data := await body.read(_CHUNK):
                yield data
        finally:
            body.close()

    async def _any(self, path: str, want: Want) -> AsyncIterator[bytes]:
        if getattr(self._fs, "async_impl", False) and want.size is not None and want.size <= _IN_ONE_GO:
            try:
                yield await self._fs._cat_file(path)  # noqa: SLF001 - fsspec's own name for the coroutine
            except NotImplementedError:
                pass
            else:
                return
        file = await asyncio.to_thread(self._fs.open, path, "rb")
        try:
            while data := await asyncio.to_thread(file.read, _CHUNK):
                yield data
        finally:
            await asyncio.to_thread(file.close)


async def _each(wants: Sequence[Want], one: Callable[[Want], Awaitable[Failure | None]]) -> list[Failure]:
    """Work on many wants at a time, each taken when there is room for it."""
    source = iter(wants)

    async def some() -> list[Failure]:
        return [failure for want in source if (failure := await one(want))]

    tasks = [asyncio.create_task(some()) for _ in range(min(IN_FLIGHT, len(wants)))]
    try:
        found = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [failure for part in found for failure in part]


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run on fsspec's own loop, where its sessions live; Ctrl-C ends the work, not only the wait for it."""
    from fsspec.asyn import get_loop

    ended = threading.Event()

    async def watched() -> Result:
        try:
            return await work
        finally:
            ended.set()

    future = asyncio.run_coroutine_threadsafe(watched(), get_loop())
    try:
        while not ended.wait(_GLANCE):
            pass
        return future.result()
    except BaseException:
        future.cancel()
        ended.wait(_LAST_WORDS)
        raise


async def _closed(session: Any) -> None:  # noqa: ANN401 - of aiohttp or aiobotocore
    if hasattr(session, "close"):
        await session.close()
    else:
        await session.__aexit__(None, None, None)


def _status(error: BaseException) -> int | None:
    """The HTTP status in an error of aiohttp, httpx or botocore, or in what it came from."""
    for one in _causes(error):
        status = getattr(one, "status", None) or getattr(one, "status_code", None)
        response = getattr(one, "response", None)
        if status is None and isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if isinstance(status, int) and status:
            return status
    return None


def _lacks_credentials(error: BaseException) -> bool:
    return any("Credentials" in type(one).__name__ for one in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__
