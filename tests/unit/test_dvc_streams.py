"""Objects stream from whatever file system DVC has for a remote."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper
from fsspec.implementations.local import LocalFileSystem

from audiodvc.adapters.arrivals import Fault, Want, prepare
from audiodvc.adapters.dvc_streams import Health, Streams
from tests.servers_media import store


@dataclass(frozen=True, slots=True)
class Plain:
    """A file system of DVC's kind, for which there is no way of our own."""

    fs: Any
    protocol: str = "any"


class Slow(AsyncFileSystemWrapper):  # type: ignore[misc] # fsspec has no types
    """One that can be asked for a whole object at once, but takes its time."""

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
        await asyncio.sleep(0.01)
        data: bytes = await super()._cat_file(path, start=start, end=end)
        return data


class Unable(AsyncFileSystemWrapper):  # type: ignore[misc] # fsspec has no types
    """One that cannot be asked for a whole object."""

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
        raise NotImplementedError

    def open(self, path: str, mode: str = "rb") -> Any:  # noqa: ANN401 - fsspec has no types
        """A file of the file system within."""
        return self.sync_fs.open(path, mode)


@pytest.mark.parametrize("kind", ["plain", "async", "unable"])
@pytest.mark.parametrize("is_known", [True, False])
def test_any_file_system_will_do(tmp_path: Path, kind: str, *, is_known: bool) -> None:
    """With or without coroutines; small objects in one go, others in parts; what is missing is told."""
    local = LocalFileSystem(skip_instance_cache=True)
    fs = {"plain": local, "async": Slow(local), "unable": Unable(local)}[kind]
    sizes = [0, 1, 2**20, 9 * 2**20]
    names = [store(tmp_path / "remote", bytes(size)) for size in sizes]
    wants = [Want(name, size=size if is_known else None) for name, size in zip(names, sizes, strict=True)]
    streams = Streams(Plain(fs), str(tmp_path / "remote"))
    prepare(str(tmp_path / "objects"), wants)
    done: list[int] = []
    (failure,) = streams.bring([*wants, Want("ab" * 16)], str(tmp_path / "objects"), done.append)
    assert (failure.md5, failure.kind) == ("ab" * 16, "missing")
    assert sum(done) == 5
    found = [path for path in (tmp_path / "objects").glob("*/*") if path.is_file()]
    assert {path.parent.name + path.name for path in found} == set(names)
    assert all(
        hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == path.parent.name + path.name
        for path in found
    )


def test_a_small_object_is_read_up_to_a_limit(tmp_path: Path) -> None:
    """A remote cannot fill the memory with what should be a list."""
    name = store(tmp_path, b"x" * 100)
    streams = Streams(Plain(LocalFileSystem(skip_instance_cache=True)), str(tmp_path))
    assert streams.read(Want(name), 100) == b"x" * 100
    with pytest.raises(Fault, match="larger than 99 bytes"):
        streams.read(Want(name), 99)


def test_a_remote_is_given_up_when_it_has_been_silent_for_long() -> None:
    """One answer, and it is asked again."""
    health = Health()
    for _ in range(7):
        health.silent("gone")
    assert health.down is None
    health.answered()
    for _ in range(7):
        health.silent("gone")
    assert health.down is None
    assert health.silent("gone").message == "cannot be had now: gone"
    assert health.down is not None
