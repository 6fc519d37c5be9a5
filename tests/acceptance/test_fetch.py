"""Objects come from any remote, each checked, each once; what did not come is told after all else is here."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from audiodvc.adapters import dvc_streams
from audiodvc.adapters.terminal import silence as no_bar
from audiodvc.errors import AudiodvcError, ObjectError, RefusedError, RemoteError
from audiodvc.model import remoteconfig
from audiodvc.resolve import fetch
from audiodvc.resolve.config import Config
from audiodvc.resolve.fetch import Objects, Storage, Stores
from audiodvc.resolve.plan import MEDIA
from tests import servers_media as servers
from tests.servers_media import S3, Http, http_server, s3_server, serve_s3, store

__all__ = ["http_server", "s3_server"]  # fixtures


KEY = "somebody,very-secret"


@dataclass(frozen=True, slots=True)
class Case:
    """A repository's remotes, and a cache."""

    storage: Storage
    config: Config

    def fetch(self, media: pl.DataFrame, workers: int = 1) -> Objects:
        """Bring objects, as `get` does."""
        lock = str(self.config.cache_root / "dataset" / "objects.lock")
        with Stores(self.storage, self.config) as stores:
            return fetch.fetch(stores, media, no_bar, lock=lock, num_workers=workers)

    def entries(self, md5: str, *, old: bool = False) -> list[tuple[str, str]]:
        """The list in a directory object."""
        with Stores(self.storage, self.config) as stores:
            return fetch.directory_entries(stores, md5, old=old)

    def objects(self) -> set[str]:
        """The names of the objects in the cache; anything else that lies there is a fault."""
        root = self.config.cache_root / "objects" / "files" / "md5"
        found = {path.parent.name + path.name for path in root.glob("*/*")}
        assert not [name for name in found if name.endswith(".tmp")]
        return found


def remote(tmp_path: Path, url: str, options: str = "", *, folder: str | None = None) -> Case:
    """A repository whose default remote is at a url."""
    text = f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {url}\n{options}"
    return Case(Storage(remoteconfig.parse(text.encode()), folder), Config(tmp_path / "cache"))


def local(tmp_path: Path) -> Case:
    """A repository on this machine, with a remote beside it."""
    return remote(tmp_path, "../../media", folder=str(tmp_path / "repo" / ".dvc"))


def media(*rows: Mapping[str, object]) -> pl.DataFrame:
    """Lines of media, as a plan has them."""
    named = [
        {"file": f"audio/{place:03}.wav", "old": False, "remote": "", **row} for place, row in enumerate(rows)
    ]
    return pl.DataFrame([{name: row.get(name) for name in MEDIA} for row in named], schema=MEDIA)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own DVC configuration, empty at first; nobody is asked for credentials."""
    path = tmp_path / "own" / "config"
    path.parent.mkdir()
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(path.parent))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # How often something is tried is what counts here, and not how long one waits before.
    monkeypatch.setattr(dvc_streams, "_PAUSE", 0.05)
    return path


# A remote that is a folder


def test_objects_of_a_folder_arrive_read_only(tmp_path: Path) -> None:
    """What arrives has the bytes of the remote, and nobody may write to it, whatever the umask."""
    md5 = store(tmp_path / "media", b"sound")
    before = os.umask(0o077)
    try:
        objects = local(tmp_path).fetch(media({"md5": md5, "size": 5}))
    finally:
        os.umask(before)
    path = Path(objects.path(md5))
    assert path.read_bytes() == b"sound"
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert path == tmp_path / "cache" / "objects" / "files" / "md5" / md5[:2] / md5[2:]


@pytest.mark.parametrize("size", [0, 1, 2**20, 2**20 + 1, 5 * 2**20])
@pytest.mark.parametrize("is_known", [True, False])
def test_objects_of_any_size_arrive(tmp_path: Path, size: int, *, is_known: bool) -> None:
    """Empty ones, and those that are larger than what is held in memory, with or without a known size."""
    data = os.urandom(size)
    md5 = store(tmp_path / "media", data)
    objects = local(tmp_path).fetch(media({"md5": md5, "size": size if is_known else None}))
    assert Path(objects.path(md5)).read_bytes() == data


def test_many_objects_arrive_with_workers(tmp_path: Path) -> None:
    """Thousands of objects are shared out among processes, and what is missing is still told."""
    names = [store(tmp_path / "media", f"sound {number}".encode()) for number in range(2000)]
    case = local(tmp_path)
    case.fetch(media(*({"md5": name} for name in names)), workers=2)
    assert case.objects() == set(names)
    for name in names[:1600]:
        (Path(case.config.cache_root) / "objects" / "files" / "md5" / name[:2] / name[2:]).unlink()
    gone = names[7]
    (tmp_path / "media" / "files" / "md5" / gone[:2] / gone[2:]).unlink()
    with pytest.raises(ObjectError, match=rf"audio/007\.wav: object {gone} is not there"):
        case.fetch(media(*({"md5": name} for name in names)), workers=2)
    assert case.objects() == set(names) - {gone}


def test_objects_of_dvc_2_are_found_at_their_place(tmp_path: Path) -> None:
    """Before DVC 3 objects lay beside `files/md5`; in the cache they are like all others."""
    md5 = store(tmp_path / "media", b"sound", old=True)
    case = local(tmp_path)
    assert Path(case.fetch(media({"md5": md5, "old": True})).path(md5)).read_bytes() == b"sound"
    assert case.objects() == {md5}


@pytest.mark.parametrize("size", [30, 3 * 2**20])
def test_texts_of_dvc_2_are_named_by_their_lines(tmp_path: Path, size: int) -> None:
    """DVC 2 left carriage returns out of the md5: such a text is right, but kept apart from true objects."""
    text = b"a line of a text\r\n" * (size // 18 + 1)
    blocks = [text[start : start + 2**20] for start in range(0, len(text), 2**20)]
    md5 = hashlib.md5(
        b"".join(block.replace(b"\r\n", b"\n") for block in blocks), usedforsecurity=False
    ).hexdigest()
    store(tmp_path / "media", text, old=True, name=md5)
    case = local(tmp_path)
    wanted = media({"md5": md5, "old": True})
    assert Path(case.fetch(wanted).path(md5)).read_bytes() == text
    assert case.objects() == set()
    (tmp_path / "media").rename(tmp_path / "gone")
    assert Path(case.fetch(wanted).path(md5)).read_bytes() == text


def test_wrong_bytes_never_stay(tmp_path: Path) -> None:
    """An object that is not what its name says is an error that names file and remote; the others arrive."""
    right = store(tmp_path / "media", b"right")
    wrong = store(tmp_path / "media", b"wrong", name="ab" * 16)
    case = local(tmp_path)
    with pytest.raises(ObjectError) as caught:
        case.fetch(media({"md5": right}, {"md5": wrong}))
    (line,) = caught.value.details
    assert line.startswith(f"audio/001.wav: object {wrong} has other bytes than its name says")
    assert line.endswith(f"(remote 'storage', {tmp_path / 'media'})")
    assert case.objects() == {right}


@pytest.mark.parametrize("said", ["size", "most"])
def test_more_bytes_than_said_are_refused(tmp_path: Path, said: str) -> None:
    """An object that is larger than its index or pointer says is an error, even if its md5 is right."""
    large, right = store(tmp_path / "media", b"large" * 10**6), store(tmp_path / "media", b"right")
    case = local(tmp_path)
    with pytest.raises(ObjectError, match="is larger than the 5 bytes that the dataset says"):
        case.fetch(media({"md5": large, said: 5}, {"md5": right, said: 5}))
    assert case.objects() == {right}


def test_the_first_twenty_are_told_and_how_many_more(tmp_path: Path) -> None:
    """The message is of a length that one reads."""
    store(tmp_path / "media", b"something")
    with pytest.raises(ObjectError) as caught:
        local(tmp_path).fetch(media(*({"md5": f"{number:032x}"} for number in range(50))))
    assert caught.value.what == "50 objects of 50 could not be fetched, all else is here"
    assert len(caught.value.details) == 21
    assert caught.value.details[-1] == "and 30 more"
    assert "dvc push" in caught.value.hint


def test_an_object_that_is_a_pipe_stops_nobody(tmp_path: Path) -> None:
    """Reading a pipe that nobody writes to would take for ever."""
    folder = tmp_path / "media" / "files" / "md5" / "ab"
    folder.mkdir(parents=True)
    os.mkfifo(folder / ("ab" * 15))
    with pytest.raises(ObjectError, match="has other bytes"):
        local(tmp_path).fetch(media({"md5": "ab" * 16, "size": 10}))


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    """As when a disk is not mounted."""
    with pytest.raises(ObjectError, match="there is no such folder"):
        local(tmp_path).fetch(media({"md5": "ab" * 16}))


def test_what_is_here_is_not_asked_for(tmp_path: Path) -> None:
    """Without anything missing no remote is opened, even if there is none."""
    md5 = store(tmp_path / "media", b"sound")
    case = local(tmp_path)
    case.fetch(media({"md5": md5}))
    without = replace(case, storage=Storage(remoteconfig.RemoteConfig()))
    assert Path(without.fetch(media({"md5": md5})).path(md5)).read_bytes() == b"sound"


def test_a_shared_cache_is_looked_at_first(tmp_path: Path) -> None:
    """What lies there is used where it lies."""
    md5 = store(tmp_path / "shared" / "objects", b"sound")
    case = local(tmp_path)
    shared = replace(case, config=replace(case.config, shared_cache_root=tmp_path / "shared"))
    assert shared.fetch(media({"md5": md5})).path(md5).startswith(str(tmp_path / "shared"))
    assert case.objects() == set()


def test_a_folder_is_read_only_for_a_repository_of_this_machine(tmp_path: Path) -> None:
    """A fetched repository could name any folder of the user's; who wants that says so."""
    md5 = store(tmp_path / "media", b"sound")
    case = remote(tmp_path, str(tmp_path / "media"))
    with pytest.raises(RemoteError, match="allow_local_remotes"):
        case.fetch(media({"md5": md5}))
    allowed = replace(case, config=replace(case.config, allow_local_remotes=True))
    assert Path(allowed.fetch(media({"md5": md5})).path(md5)).read_bytes() == b"sound"


@pytest.mark.parametrize("form", ["file://{}", "{}/", "remote://base/media"])
def test_a_folder_can_be_named_in_other_ways(tmp_path: Path, form: str) -> None:
    """As a file url, with a slash, or as a part of another remote."""
    md5 = store(tmp_path / "media", b"sound")
    base = f"['remote \"base\"']\n    url = {tmp_path}\n"
    case = remote(tmp_path, form.format(tmp_path / "media"), base, folder=str(tmp_path / ".dvc"))
    assert Path(case.fetch(media({"md5": md5})).path(md5)).read_bytes() == b"sound"


def test_media_may_name_their_own_remote(tmp_path: Path) -> None:
    """A pointer that names a remote gets its objects from there, and a dead one costs the others nothing."""
    here, there = store(tmp_path / "media", b"here"), store(tmp_path / "second", b"there")
    more = f"['remote \"second\"']\n    url = {tmp_path / 'second'}\n"
    case = remote(tmp_path, str(tmp_path / "media"), more, folder=str(tmp_path / ".dvc"))
    rows = [{"md5": here}, {"md5": there, "remote": "second"}, {"md5": "ab" * 16, "remote": "third"}]
    with pytest.raises(ObjectError, match="the DVC remote 'third' has no url"):
        case.fetch(media(*rows))
    assert case.objects() == {here, there}


def test_without_a_default_remote_it_is_said(tmp_path: Path) -> None:
    """A repository that names no remote has its objects nowhere."""
    case = Case(Storage(remoteconfig.RemoteConfig()), Config(tmp_path / "cache"))
    with pytest.raises(ObjectError, match="there is no default DVC remote"):
        case.fetch(media({"md5": "ab" * 16}))


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """It is the cache that is in the way, not the remote."""
    md5 = store(tmp_path / "media", b"sound")
    (tmp_path / "cache").write_bytes(b"no folder")
    with pytest.raises(AudiodvcError, match="cache"):
        local(tmp_path).fetch(media({"md5": md5}))


@pytest.mark.parametrize("name", ["../" * 10 + "etc/passwd", "AB" * 16, "", "ab" * 16 + "/"])
def test_an_object_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    """Before anything is asked or written."""
    with pytest.raises(RefusedError):
        local(tmp_path).fetch(media({"md5": "ab" * 16}, {"md5": name}))
    assert not (tmp_path / "cache").exists()


# Directory objects


def test_a_directory_object_is_read_once(tmp_path: Path) -> None:
    """Its list comes from the remote, and from the cache from then on."""
    name = _directory(tmp_path / "media", [{"md5": "ab" * 16, "relpath": "a/ü.wav"}])
    case = local(tmp_path)
    assert case.entries(name) == [("a/ü.wav", "ab" * 16)]
    (tmp_path / "media").rename(tmp_path / "gone")
    assert case.entries(name) == [("a/ü.wav", "ab" * 16)]


@pytest.mark.parametrize(
    "entry",
    [
        {"md5": "ab" * 16, "relpath": "../.git/config"},
        {"md5": "ab" * 16, "relpath": "/etc/passwd"},
        {"md5": "../../x", "relpath": "a.wav"},
        {"md5": "ab" * 16 + ".dir", "relpath": "a.wav"},
        {"md5": 1, "relpath": "a.wav"},
        {"relpath": "a.wav"},
        [],
        "text",
    ],
    ids=str,
)
def test_a_dangerous_list_is_refused(tmp_path: Path, entry: object) -> None:
    """One bad path or name, and nothing of the list is believed."""
    name = _directory(tmp_path / "media", [{"md5": "ab" * 16, "relpath": "fine.wav"}, entry])
    with pytest.raises(RefusedError):
        local(tmp_path).entries(name)


def test_a_directory_object_is_held_against_its_name(tmp_path: Path) -> None:
    """A remote cannot put other files into a folder."""
    name = "ab" * 16 + ".dir"
    store(tmp_path / "media", b"[]", name=name)
    case = local(tmp_path)
    with pytest.raises(ObjectError, match="has other bytes than its name says"):
        case.entries(name)
    assert case.objects() == set()


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    """It would become a path."""
    with pytest.raises(RefusedError):
        local(tmp_path).entries("../../../etc/passwd.dir")


def _directory(root: Path, entries: list[object] | list[dict[str, str]]) -> str:
    data = json.dumps(entries).encode()
    return store(root, data, name=hashlib.md5(data, usedforsecurity=False).hexdigest() + ".dir")


# HTTP


def test_http_costs_one_request_an_object(tmp_path: Path, http_server: Http) -> None:
    """One GET, no HEAD, for each object once, though two files have it."""
    names = [store(http_server.root, f"sound {number}".encode()) for number in range(100)]
    case = remote(tmp_path, http_server.url)
    case.fetch(media(*({"md5": name} for name in [*names, *names])))
    assert case.objects() == set(names)
    assert [command for command, _, _ in http_server.requests] == ["GET"] * 100


@pytest.mark.parametrize(
    "faults",
    [
        [servers.status(500), servers.status(503)],
        [servers.cut_off],
        [servers.cut_off, servers.status(500), servers.other_bytes],
        [servers.other_bytes],
        [servers.status(429)],
    ],
    ids=["500 and 503", "cut off", "all of it", "other bytes once", "429"],
)
@pytest.mark.parametrize("size", [1000, 3 * 2**20])
def test_a_short_fault_is_sat_out(
    tmp_path: Path, http_server: Http, faults: list[servers.Fault], size: int
) -> None:
    """A server that recovers costs a moment."""
    data = os.urandom(size)
    md5 = store(http_server.root, data)
    http_server.fail(md5[2:], *faults)
    case = remote(tmp_path, http_server.url)
    assert Path(case.fetch(media({"md5": md5, "size": size})).path(md5)).read_bytes() == data
    assert case.objects() == {md5}
    assert len(http_server.requests) == len(faults) + 1


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ([servers.status(404)], "is not there"),
        ([servers.status(403)], "is refused to you"),
        ([servers.status(418)], "the server answers 418"),
        ([servers.status(500)] * 4, "cannot be had now: the server answers 500"),
        ([servers.cut_off] * 4, "cannot be had now"),
        ([servers.other_bytes] * 2, "has other bytes than its name says"),
        ([servers.more_bytes], "is larger than the 5 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_that_stays_is_told_after_all_else_is_here(
    tmp_path: Path, http_server: Http, faults: list[servers.Fault], message: str
) -> None:
    """One bad object costs the others nothing, and nothing of it stays."""
    bad = store(http_server.root, b"badly")
    good = [store(http_server.root, f"sound {number}".encode()) for number in range(30)]
    http_server.fail(bad[2:], *faults)
    case = remote(tmp_path, http_server.url)
    with pytest.raises(ObjectError, match=message) as caught:
        case.fetch(media({"md5": bad, "size": 5}, *({"md5": name} for name in good)))
    assert http_server.url in str(caught.value)
    assert case.objects() == set(good)
    assert Path(case.fetch(media({"md5": bad, "size": 5})).path(bad)).read_bytes() == b"badly"


def test_a_server_in_trouble_is_not_asked_for_every_object(tmp_path: Path, http_server: Http) -> None:
    """After a few objects in vain the others are given up, with the reason."""
    http_server.fail("", *[servers.status(503)] * 10_000)
    with pytest.raises(ObjectError, match="2,000 objects of 2,000 could not be fetched") as caught:
        remote(tmp_path, http_server.url).fetch(media(*({"md5": f"{number:032x}"} for number in range(2000))))
    assert "the server answers 503" in str(caught.value)
    assert len(http_server.requests) < 500


def test_a_server_that_is_gone_is_told(tmp_path: Path) -> None:
    """As when there is no network."""
    with pytest.raises(ObjectError, match="cannot be had now"):
        remote(tmp_path, "http://127.0.0.1:9/media").fetch(media({"md5": "ab" * 16}))


def test_a_server_that_hangs_is_given_up(tmp_path: Path, http_server: Http, own_settings: Path) -> None:
    """With the patience that the user's own configuration has for it."""
    md5 = store(http_server.root, b"sound")
    own_settings.write_text(f"['remote \"any\"']\n    url = {http_server.url}\n    read_timeout = 0.2\n")
    http_server.fail(md5[2:], *[servers.silence] * 4)
    with pytest.raises(ObjectError, match="cannot be had now"):
        remote(tmp_path, http_server.url).fetch(media({"md5": md5}))


def test_a_directory_object_comes_from_a_server(tmp_path: Path, http_server: Http) -> None:
    """With the same patience as any object."""
    name = _directory(http_server.root, [{"md5": "ab" * 16, "relpath": "a.wav"}])
    http_server.fail(name[2:], servers.status(500), servers.other_bytes)
    assert remote(tmp_path, http_server.url).entries(name) == [("a.wav", "ab" * 16)]
    with pytest.raises(ObjectError, match="is not there"):
        remote(tmp_path, http_server.url).entries("cd" * 16 + ".dir")


# S3


def test_s3_lets_in_who_has_no_credentials(tmp_path: Path, s3_server: S3) -> None:
    """A public bucket needs none, also in the place of DVC 2."""
    new = store(s3_server.root / "media" / "data", b"new")
    old = store(s3_server.root / "media" / "data", b"old", old=True)
    case = remote(tmp_path, "s3://media/data", f"    endpointurl = {s3_server.endpoint}\n")
    case.fetch(media({"md5": new, "size": 3}, {"md5": old, "old": True}))
    assert case.objects() == {new, old}


def test_s3_tells_what_is_missing(tmp_path: Path, s3_server: S3) -> None:
    """With file, object and remote, after all else is here."""
    new = store(s3_server.root / "media", b"new")
    large = store(s3_server.root / "media", b"large")
    case = remote(tmp_path, "s3://media", f"    endpointurl = {s3_server.endpoint}\n")
    with pytest.raises(ObjectError) as caught:
        case.fetch(media({"md5": new}, {"md5": "ab" * 16}, {"md5": large, "size": 2}))
    where = "remote 'storage', s3://media"
    assert caught.value.details == (
        f"audio/001.wav: object {'ab' * 16} is not there ({where})",
        f"audio/002.wav: object {large} is larger than the 2 bytes that the dataset says ({where})",
    )
    assert case.objects() == {new}


def test_s3_gets_the_users_own_credentials(tmp_path: Path, own_settings: Path) -> None:
    """They stand in the global configuration, for the same bucket at the same server."""
    md5 = store(tmp_path / "s3" / "media", b"sound")
    with serve_s3(tmp_path / "s3", KEY) as server:
        case = remote(tmp_path, "s3://media", f"    endpointurl = {server.endpoint}\n")
        with pytest.raises(ObjectError):
            case.fetch(media({"md5": md5}))
        own_settings.write_text(
            f"['remote \"mine\"']\n    url = s3://media/elsewhere\n    endpointurl = {server.endpoint}\n"
            "    access_key_id = somebody\n    secret_access_key = very-secret\n"
        )
        assert Path(case.fetch(media({"md5": md5})).path(md5)).read_bytes() == b"sound"


def test_s3_gets_the_credentials_beside_a_repository_of_the_user(tmp_path: Path) -> None:
    """`config.local` counts for the url that it names; without one, for the place that the caller trusts."""
    md5 = store(tmp_path / "s3" / "media", b"sound")
    keys = "    access_key_id = somebody\n    secret_access_key = very-secret\n"
    folder = tmp_path / "repo" / ".dvc"
    folder.mkdir(parents=True)
    with serve_s3(tmp_path / "s3", KEY) as server:
        case = remote(tmp_path, "s3://media", f"    endpointurl = {server.endpoint}\n", folder=str(folder))
        (folder / "config.local").write_text(f"['remote \"storage\"']\n{keys}")
        with pytest.raises(ObjectError, match="dvc remote modify --local storage url s3://media"):
            case.fetch(media({"md5": md5}))
        trusting = replace(case, storage=replace(case.storage, trusted=case.storage.remotes))
        trusting.fetch(media({"md5": md5}))
        assert case.objects() == {md5}


# Whom credentials go to


@contextmanager
def _asked(case: Case, server: Http) -> Iterator[list[dict[str, str]]]:
    """What a server was sent while a fetch from it failed."""
    with pytest.raises(ObjectError):
        case.fetch(media({"md5": "ab" * 16}))
    assert server.headers
    yield server.headers


def test_credentials_of_the_environment_stay_here(
    tmp_path: Path, http_server: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that only the repository names sees neither key, nor signature, nor token."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "my-token")
    case = remote(tmp_path, "s3://media", f"    endpointurl = {http_server.url}\n")
    with _asked(case, http_server) as headers:
        assert not [one for one in headers if "Authorization" in one]
        assert "AKIAMINE" not in str(http_server.requests)
        assert "my-token" not in str(http_server.requests)


def test_credentials_of_the_environment_go_where_the_environment_says(
    tmp_path: Path, http_server: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that the user names there as well gets them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAMINE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", http_server.url)
    case = remote(tmp_path, "s3://media", f"    endpointurl = {http_server.url}/\n")
    with _asked(case, http_server) as headers:
        assert all("AKIAMINE" in one["Authorization"] for one in headers)


@pytest.mark.parametrize("kind", ["http", "s3"])
def test_a_name_alone_gets_no_credentials(
    tmp_path: Path, http_server: Http, own_settings: Path, kind: str
) -> None:
    """A repository that calls its server by the name of a user's remote is told nothing, and the user why."""
    own_settings.write_text(
        "['remote \"storage\"']\n    url = https://trusted.example.org/media\n    auth = basic\n"
        "    user = me\n    password = very-secret\n"
        "    access_key_id = AKIAMINE\n    secret_access_key = very-secret\n"
    )
    places = {
        "http": remote(tmp_path, http_server.url),
        "s3": remote(tmp_path, "s3://media", f"    endpointurl = {http_server.url}\n"),
    }
    http_server.fail("ab" * 15, servers.status(403))
    with pytest.raises(ObjectError, match="are for another place, and were not used") as caught:
        places[kind].fetch(media({"md5": "ab" * 16}))
    assert "Authorization" not in str(http_server.headers)
    assert "secret" not in str(http_server.requests) + str(caught.value)


def test_a_name_beside_a_repository_gets_no_credentials_either(
    tmp_path: Path, http_server: Http, own_settings: Path
) -> None:
    """A repository can bring its own `config.local`, and call its server as the user calls another."""
    own_settings.write_text(
        "['remote \"storage\"']\n    access_key_id = AKIAMINE\n    secret_access_key = very-secret\n"
    )
    folder = tmp_path / "repo" / ".dvc"
    folder.mkdir(parents=True)
    (folder / "config.local").write_text("['remote \"storage\"']\n    region = eu-west-1\n")
    case = remote(tmp_path, "s3://media", f"    endpointurl = {http_server.url}\n", folder=str(folder))
    trusting = replace(case, storage=replace(case.storage, trusted=case.storage.remotes))
    with _asked(trusting, http_server):
        assert "AKIAMINE" not in str(http_server.requests)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # DVC has not followed aiohttp yet
def test_the_users_password_goes_to_the_users_host(
    tmp_path: Path, http_server: Http, own_settings: Path
) -> None:
    """The same host, whatever the name and the path."""
    own_settings.write_text(
        f"['remote \"mine\"']\n    url = {http_server.url}/other\n"
        "    auth = basic\n    user = me\n    password = very-secret\n"
    )
    with _asked(remote(tmp_path, f"{http_server.url}/media"), http_server) as headers:
        assert all(one["Authorization"].startswith("Basic ") for one in headers)


@pytest.mark.parametrize(("entry", "is_sent"), [("default", False), ("machine 127.0.0.1", True)])
def test_a_password_for_all_hosts_goes_to_none(
    tmp_path: Path, http_server: Http, monkeypatch: pytest.MonkeyPatch, entry: str, *, is_sent: bool
) -> None:
    """An entry of the user's netrc is for the host that it names."""
    (tmp_path / "netrc").write_text(f"{entry} login me password very-secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with _asked(remote(tmp_path, http_server.url), http_server) as headers:
        assert all(("Authorization" in one) is is_sent for one in headers)


def test_no_program_of_a_repository_runs(
    tmp_path: Path, http_server: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile with a `credential_process`, in a file that the repository names, is not read."""
    config = tmp_path / "aws-config"
    config.write_text(f"[default]\ncredential_process = touch {tmp_path / 'ran'}\n")
    options = (
        f"    endpointurl = {http_server.url}\n    configpath = {config}\n    credentialpath = {config}\n"
    )
    case = remote(tmp_path, "s3://media", f"{options}    profile = default\n    ask_password = true\n")
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    with _asked(case, http_server):
        assert not (tmp_path / "ran").exists()
    assert "AWS_CONFIG_FILE" not in os.environ
    assert "remote.storage.configpath" in case.storage.remotes.ignored


def test_no_program_beside_a_repository_runs(tmp_path: Path, http_server: Http) -> None:
    """A `config.local` that came with an archive is no configuration of the user's."""
    folder = tmp_path / "repo" / ".dvc"
    folder.mkdir(parents=True)
    config = tmp_path / "aws-config"
    config.write_text(f"[default]\ncredential_process = touch {tmp_path / 'ran'}\n")
    (folder / "config.local").write_text(
        f"['remote \"storage\"']\n    url = s3://media\n    endpointurl = {http_server.url}\n"
        f"    configpath = {config}\n    credentialpath = {config}\n"
    )
    case = remote(tmp_path, "s3://media", f"    endpointurl = {http_server.url}\n", folder=str(folder))
    with pytest.raises(ObjectError):
        case.fetch(media({"md5": "ab" * 16}))
    assert not (tmp_path / "ran").exists()


def test_a_password_in_a_url_is_never_shown(tmp_path: Path, http_server: Http) -> None:
    """Not even one that the repository itself shows to everybody."""
    url = http_server.url.replace("http://", "http://me:very-secret@")
    with pytest.raises(ObjectError) as caught:
        remote(tmp_path, url).fetch(media({"md5": "ab" * 16}))
    assert "secret" not in str(caught.value)


# What cannot be read


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gs://bucket/media", "audiodvc\\[gs\\]"),
        ("azure://container/media", "audiodvc\\[azure\\]"),
        ("ssh://host/media", "audiodvc\\[ssh\\]"),
    ],
)
def test_a_plugin_that_is_missing_is_named(tmp_path: Path, url: str, message: str) -> None:
    """With what to install."""
    with pytest.raises(RemoteError, match=message):
        remote(tmp_path, url).fetch(media({"md5": "ab" * 16}))


@pytest.mark.parametrize(
    "url",
    [
        "gdrive://root/x",
        "memory://x",
        "ssh://-oProxyCommand=x/media",
        "http://a b/",
        "ext::sh -c x",
        "http://[1",
    ],
)
def test_an_odd_address_is_refused(tmp_path: Path, url: str) -> None:
    """Nothing that DVC would take for something else, and nothing that could become a word of a command."""
    with pytest.raises(AudiodvcError):
        remote(tmp_path, url).fetch(media({"md5": "ab" * 16}))


# Interruptions

PROGRAM = """
import sys
from pathlib import Path
from tests.acceptance.test_fetch import media, remote
remote(Path(sys.argv[1]), sys.argv[2]).fetch(media(*({"md5": md5} for md5 in sys.argv[3:])))
"""


def _started(tmp_path: Path, url: str, names: list[str]) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", PROGRAM, str(tmp_path), url, *names]
    return subprocess.Popen(words, text=True, stderr=subprocess.PIPE)


def _wait_for(tmp_path: Path, count: int) -> None:
    end = time.monotonic() + 20
    while len(list((tmp_path / "cache").glob("objects/files/md5/*/*"))) < count and time.monotonic() < end:
        time.sleep(0.005)


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT])
def test_a_fetch_goes_on_where_it_was_killed(tmp_path: Path, http_server: Http, kill: signal.Signals) -> None:
    """What has arrived is whole, stays, and is not asked for again."""
    names = [store(http_server.root, os.urandom(20_000)) for _ in range(1000)]
    process = _started(tmp_path, http_server.url, names)
    _wait_for(tmp_path, 50)
    process.send_signal(kill)
    process.communicate()
    assert process.returncode != 0
    case = remote(tmp_path, http_server.url)
    root = tmp_path / "cache" / "objects" / "files" / "md5"
    leftovers = list(root.glob("*/*.tmp"))
    assert not leftovers or kill == signal.SIGKILL
    for path in leftovers:
        path.unlink()
    there = case.objects()
    assert 50 <= len(there) < len(names)
    http_server.requests.clear()
    case.fetch(media(*({"md5": name} for name in names)))
    # The server may come to the last requests of the killed process only now; these objects are not there.
    asked = {"".join(path.split("/")[-2:]) for _, path, _ in http_server.requests}
    assert asked == set(names) - there
    assert all(Path(root, name[:2], name[2:]).stat().st_size == 20_000 for name in names)


def test_two_processes_bring_each_object_once(tmp_path: Path, http_server: Http) -> None:
    """The second one waits for the first, and finds all of it there."""
    names = [store(http_server.root, os.urandom(1000)) for _ in range(300)]
    processes = [_started(tmp_path, http_server.url, names) for _ in range(2)]
    assert [process.communicate()[1] for process in processes] == ["", ""]
    assert len(http_server.requests) == len(names)
    assert remote(tmp_path, http_server.url).objects() == set(names)
