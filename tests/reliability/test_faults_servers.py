"""Servers that refuse, break off, or answer nonsense: nothing is lost, and the next try succeeds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers_media
from tests.builder import Repo
from tests.reliability import room, wire
from tests.reliability.room import NEW, A, B, Room, Said, md5
from tests.reliability.tally import count, rounds
from tests.reliability.wire import Wire, wired
from tests.servers import free_port, git_daemon
from tests.servers_media import S3, Http, http_server, serve_s3

__all__ = ["http_server"]

_CONFIG = "[core]\n    remote = storage\n['remote \"storage\"']\n    url = "
_GET = ("--version", "1.0.1", "--workers", "1")


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A copy of all of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True, symlinks=True)
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(tmp_path / "cache"))
    settings = tmp_path / "settings.yaml"
    settings.write_text("allow_local_remotes: true\n")
    monkeypatch.setenv("AUDIODVC_CONFIG", str(settings))
    for name in ("cache", "tmp"):
        (tmp_path / name).mkdir()
    return Room(tmp_path)


@pytest.fixture
def s3(here: Room) -> Iterator[S3]:
    """An S3 server with the media of the dataset."""
    shutil.copytree(here.path / "dataset.media", here.path / "s3" / "media")
    with serve_s3(here.path / "s3") as server:
        yield server


@pytest.fixture
def s3_wire(here: Room, s3: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """A wire to that server, which the dataset knows alone."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with wired(s3.endpoint) as one:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", one.url("http"))
        _moved(here, f"s3://media\n    endpointurl = {one.url('http')}\n")
        yield one


@pytest.fixture
def git_wire(here: Room) -> Iterator[Wire]:
    """A wire to the git server that has the repository, whose media are in a folder."""
    seen = here.repo.git("hash-object", ".dvc/config").strip()
    here.repo.git("config", "audiodvc.storage", seen)  # what `install` notes, without its hooks
    with git_daemon(here.path, writable=True) as url, wired(url) as one:
        here.repo.git("remote", "set-url", "origin", f"{one.url('git')}/origin.git")
        yield one


def _moved(here: Room, url: str) -> None:
    """Version 1.0.1, whose media are elsewhere."""
    here.repo.commit(files={".dvc/config": f"{_CONFIG}{url}"}, tag="v1.0.1")
    here.repo.git("push", "--quiet", "origin", "main", "v1.0.1")


def _clear(said: Said) -> None:
    """One error, and nothing but that."""
    assert said.code == 3, said.out + said.err
    assert said.err.count("audiodvc: ") == 1, said.err
    assert "Traceback" not in said.err


MEDIA_FAULTS: dict[str, list[servers_media.Fault]] = {
    "refuses (403)": [servers_media.status(403)],
    "refuses (401)": [servers_media.status(401)],
    "has it no more": [servers_media.status(404)],
    "sends wrong bytes": [servers_media.other_bytes] * 2,
    "sends too much": [servers_media.more_bytes],
    "breaks off": [servers_media.cut_off] * 4,
    "answers 500": [servers_media.status(500)] * 4,
}


@pytest.mark.parametrize("fault", rounds([*MEDIA_FAULTS][::3], [*MEDIA_FAULTS]))
def test_what_a_web_server_spoils_is_named_and_comes_the_next_time(
    here: Room, http_server: Http, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File, object and remote; what has arrived stays, and nothing wrong does."""
    monkeypatch.setattr("audiodvc.adapters.dvc_streams._PAUSE", 0.01)
    shutil.copytree(here.path / "dataset.media", http_server.root, dirs_exist_ok=True)
    _moved(here, f"{http_server.url}\n")
    http_server.fail(md5(B)[2:], *MEDIA_FAULTS[fault])
    said = here.call("get", "./dataset", *_GET, folder=".")
    _clear(said)
    assert "audio/b.wav" in said.err
    assert md5(B) in said.err
    assert http_server.url in said.err
    here.refuse_halves()
    _is_whole(here)
    asked = [path for command, path, _ in http_server.requests if command == "GET" and md5(A)[2:] in path]
    assert len(asked) == 1
    count("faults", f"a web server that {fault} under `get`")


def test_a_web_server_that_recovers_is_not_even_noticed(here: Room, http_server: Http) -> None:
    """A 500, and a connection that broke off."""
    shutil.copytree(here.path / "dataset.media", http_server.root, dirs_exist_ok=True)
    _moved(here, f"{http_server.url}\n")
    http_server.fail(md5(A)[2:], servers_media.status(500))
    http_server.fail(md5(B)[2:], servers_media.cut_off)
    _is_whole(here)
    count("faults", "a web server that answers 500, then recovers")


S3_FAULTS = {
    "is gone": wire.reset,
    "refuses (403)": wire.answer(403),
    "answers 500": wire.answer(500),
    "breaks off": wire.cut_after(answered=20),
    "breaks off while it is sent something": wire.cut_after(asked=600),
}
S3_DEEDS = {
    "release": (("release", "1.1.0", "--push"), "dataset"),
    "validate --remote": (("validate", "--remote"), "dataset"),
    "publish": (("publish", "./submission", "1.1.0", "./origin.git"), "."),
    "erase": (("erase", "audio/b.wav", "--reason", "asked for"), "dataset"),
    "get": (("get", "./dataset", *_GET), "."),
}
_ALL = [(deed, fault) for deed in S3_DEEDS for fault in S3_FAULTS]
_FEW = [
    ("release", "is gone"),
    ("validate --remote", "answers 500"),
    ("publish", "breaks off while it is sent something"),
    ("erase", "is gone"),
    ("get", "breaks off"),
]


@pytest.mark.parametrize(("deed", "fault"), rounds(_FEW, _ALL))
def test_an_s3_server_that_fails_loses_nothing(  # noqa: PLR0913, PLR0917 - what a fault needs
    here: Room, s3_wire: Wire, deed: str, fault: str, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No version, and no erasure that says it is complete; once it is well again all is done."""
    monkeypatch.setattr("audiodvc.adapters.dvc_streams._PAUSE", 0.01)
    words, folder = S3_DEEDS[deed]
    if deed == "release":
        room.next_commit(here.repo)
    if deed == "publish":
        room.submission(here.repo)
    s3_wire.fault = S3_FAULTS[fault]
    said = here.call(*words, folder=folder)
    assert said.code in ((3,) if deed != "erase" else (1, 3)), said
    assert "Traceback" not in said.err
    assert "s3://media" in said.err + said.out, said
    assert "v1.1.0" not in here.git("origin.git", "tag")
    s3_wire.fault = None
    again = ("erase",) if deed == "erase" and "audio/b.wav" in said.out else words
    said = here.call(*again, folder=folder)
    assert said.code == 0, said
    _has_become(here, deed, s3)
    count("faults", f"an S3 server that {fault} under `{deed}`")


def _has_become(here: Room, deed: str, s3: S3) -> None:
    objects = {path.parent.name + path.name for path in (s3.root / "media/files/md5").glob("*/*")}
    if deed in ("release", "publish"):
        assert "v1.1.0" in here.git("origin.git", "tag")
        assert md5(NEW) in objects
    if deed == "erase":
        assert md5(B) not in objects
    if deed == "get":
        _is_whole(here)


GIT_DEEDS = {
    "get": (("get", "{url}", *_GET), "."),
    "release": (("release", "1.1.0", "--push"), "dataset"),
    "publish": (("publish", "./submission", "1.1.0", "{url}"), "."),
    "erase": (("erase", "audio/b.wav", "--reason", "asked for"), "dataset"),
}
_ASKED = rounds((600,), (0, 60, 150, 300, 600, 900, 1500))
_ANSWERED = rounds((700,), (0, 4, 100, 400, 700, 1100, 2000, 4000))
_CUTS = [("answers", number) for number in _ANSWERED] + [("asks", number) for number in _ASKED]


@pytest.mark.parametrize("deed", GIT_DEEDS)
def test_a_git_server_that_dies_loses_nothing(here: Room, git_wire: Wire, deed: str) -> None:
    """In the middle of telling refs, of a fetch, or of a push: both have all, or nothing of it."""
    words, folder = GIT_DEEDS[deed]
    words = tuple(word.format(url=f"{git_wire.url('git')}/origin.git") for word in words)
    if deed in ("get", "publish"):
        _moved(here, f"{here.path / 'dataset.media'}\n")
    if deed == "release":
        room.next_commit(here.repo)
    if deed == "publish":
        room.submission(here.repo)
    survived = 0
    for side, number in _CUTS:
        cut = wire.cut_after(answered=number) if side == "answers" else wire.cut_after(asked=number)
        git_wire.fault = cut
        said = here.call(*words, folder=folder)
        if said.code == 0:
            break
        _clear(said)
        here.git("origin.git", "fsck", "--strict")
        here.refuse_halves()
        survived += 1
    git_wire.fault = None
    said = here.call(
        *(("erase",) if deed == "erase" and survived and _is_listed(here) else words), folder=folder
    )
    if not (
        deed == "publish" and "version 1.1.0 already" in said.err
    ):  # the push had arrived, and was not heard of
        assert said.code == 0, said
    if deed in ("release", "publish"):
        assert "v1.1.0" in here.git("origin.git", "tag")
    if deed == "erase":
        assert not list((here.path / "dataset.media").rglob(md5(B)[2:]))
    if deed == "get":
        _is_whole(here)
    count("faults", f"a git server that dies under `{deed}`", survived)


@pytest.mark.parametrize("deed", GIT_DEEDS)
def test_a_git_server_that_is_not_there_is_said(here: Room, deed: str) -> None:
    """A closed port; nothing has changed."""
    url = f"git://127.0.0.1:{free_port()}/origin.git"
    here.repo.git("remote", "set-url", "origin", url)
    if deed == "release":
        room.next_commit(here.repo)
    if deed == "publish":
        room.submission(here.repo)
    words, folder = GIT_DEEDS[deed]
    before = here.kept()
    said = here.call(*(word.format(url=url) for word in words), folder=folder)
    _clear(said)
    assert "127.0.0.1" in said.err
    assert here.kept() == before
    count("faults", f"a git server that is not there under `{deed}`")


def _is_listed(here: Room) -> bool:
    return "audio/b.wav" in Repo(here.path / "dataset").run("git", "show", "HEAD:erased.csv").stdout


def _is_whole(here: Room) -> None:
    said = here.call("get", "./dataset", *_GET, folder=".")
    assert said.code == 0, said.err
    root = Path(said.out.splitlines()[-1])
    assert {path.name: path.read_bytes() for path in root.rglob("*.wav")} == {"a.wav": A, "b.wav": B}
    here.refuse_halves()
