"""Objects sent to real remotes: a folder, and an S3 server."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from audiodvc.adapters import dvc_remote
from audiodvc.adapters.deliveries import Delivered, deliver
from audiodvc.adapters.dvc_remote import Store
from audiodvc.adapters.dvc_trust import Given
from audiodvc.errors import MediaError, RemoteError
from tests.servers_media import S3, Http, http_server, s3_server

__all__ = ["http_server", "s3_server"]

LARGE = 2**23 + 5


def md5(data: bytes) -> str:
    """The name of an object."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


@pytest.fixture(params=["folder", "s3"])
def remote(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Store, Path]]:
    """A remote, and the folder where its objects can be looked at."""
    if request.param == "folder":
        yield (
            dvc_remote.open_store(Given("storage", str(tmp_path / "store")), allow_local=True),
            tmp_path / "store",
        )
        return
    server: S3 = request.getfixturevalue("s3_server")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint)
    given = Given("storage", "s3://media/corpus", {"endpointurl": server.endpoint})
    store = dvc_remote.open_store(given)
    yield store, server.root / "media" / "corpus"
    store.close()


def objects(folder: Path) -> dict[str, bytes]:
    """What lies in a remote."""
    place = folder / "files" / "md5"
    return {path.parent.name + path.name: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_objects_arrive_once(remote: tuple[Store, Path], tmp_path: Path) -> None:
    """Small and large files and bytes lie under their names; the next time they are there."""
    store, folder = remote
    contents = [b"", b"one", os.urandom(LARGE)]
    files: dict[str, str | bytes] = {}
    for number, data in enumerate(contents):
        (tmp_path / str(number)).write_bytes(data)
        files[md5(data)] = str(tmp_path / str(number))
    listed = b'[{"md5": "x"}]'
    files[f"{md5(listed)}.dir"] = listed
    steps: list[int] = []
    assert deliver(store, files, steps.append) == Delivered(4, 0)
    assert sum(steps) == 4
    assert objects(folder) == {**{md5(data): data for data in contents}, f"{md5(listed)}.dir": listed}
    assert deliver(store, files) == Delivered(0, 4)


def test_a_folder_is_left_as_dvc_leaves_it(tmp_path: Path) -> None:
    """Objects are for reading only, and no temporary file stays."""
    store = dvc_remote.open_store(Given("storage", str(tmp_path / "store")), allow_local=True)
    (tmp_path / "a").write_bytes(b"a")
    deliver(store, {md5(b"a"): str(tmp_path / "a")})
    (found,) = (path for path in (tmp_path / "store").rglob("*") if path.is_file())
    assert found.stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize("size", [3, LARGE])
def test_a_file_that_was_changed_is_no_object(remote: tuple[Store, Path], tmp_path: Path, size: int) -> None:
    """Its bytes are not those that its name says: an error, and nothing under that name."""
    store, folder = remote
    (tmp_path / "a").write_bytes(b"x" * size)
    with pytest.raises(MediaError, match="has other bytes than it had"):
        deliver(store, {md5(b"other"): str(tmp_path / "a")})
    assert objects(folder) == {}


def test_a_file_that_is_gone_is_named(remote: tuple[Store, Path], tmp_path: Path) -> None:
    """Between looking and sending somebody has removed it."""
    with pytest.raises(MediaError, match="never-there is gone"):
        deliver(remote[0], {md5(b"x"): str(tmp_path / "never-there")})


def test_lists_come_after_what_they_list(tmp_path: Path) -> None:
    """A file that cannot be sent keeps the list from being sent."""
    store = dvc_remote.open_store(Given("storage", str(tmp_path / "store")), allow_local=True)
    with pytest.raises(MediaError):
        deliver(store, {f"{md5(b'[]')}.dir": b"[]", md5(b"x"): str(tmp_path / "gone")})
    assert objects(tmp_path / "store") == {}


def test_a_bucket_that_is_not_there_is_said(
    s3_server: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the remote and how many objects did not get there."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server.endpoint)
    (tmp_path / "a").write_bytes(b"a")
    store = dvc_remote.open_store(Given("storage", "s3://nothing/x", {"endpointurl": s3_server.endpoint}))
    with pytest.raises(RemoteError, match=r"1 of 1 object could not be sent to the remote 'storage'"):
        deliver(store, {md5(b"a"): str(tmp_path / "a")})
    store.close()


def test_a_web_server_is_for_reading(http_server: Http) -> None:
    """Nothing is asked of it."""
    store = dvc_remote.open_store(Given("storage", http_server.url))
    with pytest.raises(RemoteError, match="can only be read"):
        deliver(store, {md5(b"a"): b"a"})
    store.close()
    assert http_server.requests == []


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    """The error says which and why."""
    (tmp_path / "store").mkdir(mode=0o500)
    store = dvc_remote.open_store(Given("storage", str(tmp_path / "store")), allow_local=True)
    with pytest.raises(RemoteError, match="permission denied"):
        deliver(store, {md5(b"a"): b"a"})
