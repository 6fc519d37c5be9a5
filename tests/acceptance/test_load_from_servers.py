"""The whole way of a researcher: a git server, an object store, and one call."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import audiodvc
from tests.builder import MakeRepo, Repo, tone
from tests.servers import git_daemon, git_http
from tests.servers_media import S3, Http, http_server, s3_server, serve_s3

__all__ = ["http_server", "s3_server"]

TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
KEY, SECRET = "anna", "a-secret-of-annas"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A dataset with two files, its objects in a folder beside it."""
    repo = make_repo()
    media = {"audio/a.wav": tone(0.05), "audio/b.wav": tone(0.05, pitch=300)}
    repo.write(tables={"mood": TABLE}, media=media)
    repo.audiodvc("add", "audio")
    repo.push()
    return repo


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[str]:
    """A git server of the test's folder."""
    with git_daemon(tmp_path) as url:
        yield url


def remote(repo: Repo, text: str) -> None:
    """Let the dataset name this remote, and be version 1.0.0."""
    config = f"[core]\n    remote = storage\n['remote \"storage\"']\n{text}"
    repo.commit(files={".dvc/config": config}, tag="v1.0.0")


def move_objects(repo: Repo, target: Path) -> None:
    """Let the objects lie where a server serves them."""
    shutil.copytree(repo.path.parent / "dataset.media", target)
    shutil.rmtree(repo.path.parent / "dataset.media")


def test_git_and_an_object_store(repo: Repo, daemon: str, s3_server: S3, tmp_path: Path) -> None:
    """A database with files, from a URL."""
    move_objects(repo, s3_server.root / "media" / "sets")
    remote(repo, f"    url = s3://media/sets\n    endpointurl = {s3_server.endpoint}\n")
    database = audiodvc.load(f"{daemon}/dataset", cache_root=tmp_path / "cache", verbose=False)
    assert database is not None
    assert all(Path(file).is_file() for file in database.files)
    assert database["mood"].df["mood"].to_list() == ["calm", "wild"]
    assert database.meta["audiodvc"]["version"] == "1.0.0"
    assert database.meta["audiodvc"]["complete"]


def test_an_object_store_that_wants_a_key_gets_the_users_own(
    repo: Repo, daemon: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands in the user's DVC configuration; without it the store is said to refuse."""
    (tmp_path / "s3").mkdir()
    move_objects(repo, tmp_path / "s3" / "media")
    with serve_s3(tmp_path / "s3", f"{KEY},{SECRET}") as server:
        remote(repo, f"    url = s3://media\n    endpointurl = {server.endpoint}\n")
        with pytest.raises(audiodvc.AudiodvcError) as caught:
            audiodvc.load(f"{daemon}/dataset", cache_root=tmp_path / "cache", verbose=False)
        assert "storage" in str(caught.value)
        own = tmp_path / "own"
        own.mkdir()
        place = f"url = s3://media\nendpointurl = {server.endpoint}\n"
        key = f"access_key_id = {KEY}\nsecret_access_key = {SECRET}\n"
        (own / "config").write_text(f"['remote \"mine\"']\n{place}{key}")
        monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(own))
        database = audiodvc.load(f"{daemon}/dataset", cache_root=tmp_path / "cache", verbose=False)
    assert database is not None
    assert all(Path(file).is_file() for file in database.files)


def test_a_clone_of_ones_own_gets_the_keys_that_were_given_to_it(repo: Repo, tmp_path: Path) -> None:
    """As `dvc remote modify --local` writes them: for the url of the work tree, and for no other one."""
    (tmp_path / "s3").mkdir()
    move_objects(repo, tmp_path / "s3" / "media")
    with serve_s3(tmp_path / "s3", f"{KEY},{SECRET}") as server:
        remote(repo, f"    url = s3://media\n    endpointurl = {server.endpoint}\n")
        for key, value in (("access_key_id", KEY), ("secret_access_key", SECRET)):
            repo.dvc("remote", "modify", "--local", "storage", key, value)
        other = server.endpoint.replace("127.0.0.1", "localhost")
        config = repo.path / ".dvc" / "config"
        mine = config.read_text()
        config.write_text(mine.replace(server.endpoint, other))
        with pytest.raises(audiodvc.AudiodvcError):
            audiodvc.load(str(repo.path), cache_root=tmp_path / "cache", verbose=False)
        config.write_text(mine)
        database = audiodvc.load(str(repo.path), cache_root=tmp_path / "cache", verbose=False)
    assert database is not None
    assert all(Path(file).is_file() for file in database.files)


def test_git_and_objects_over_http(repo: Repo, http_server: Http, tmp_path: Path) -> None:
    """A plain web server is enough, and git's is asked twice: for its refs, and for all that is needed."""
    move_objects(repo, http_server.root / "sets")
    remote(repo, f"    url = {http_server.url}/sets\n")
    repo.commit(files={"later.txt": "more\n"})
    with git_http(tmp_path) as server:
        source = f"{server.url}/dataset/.git"
        paths = audiodvc.load_media(source, "audio/a.wav", cache_root=tmp_path / "cache", verbose=False)
    assert paths is not None
    assert Path(paths[0]).read_bytes() == tone(0.05)
    assert sum(one.startswith("POST") for one in server.requests) == 2


def test_a_folder_of_this_machine_is_not_read_for_a_repository_elsewhere(
    repo: Repo, daemon: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unless the user's configuration allows it."""
    remote(repo, f"    url = {tmp_path}/dataset.media\n")
    with pytest.raises(audiodvc.AudiodvcError, match="allow_local_remotes"):
        audiodvc.load(f"{daemon}/dataset", cache_root=tmp_path / "cache", verbose=False)
    (tmp_path / "config.yaml").write_text("allow_local_remotes: true\n")
    monkeypatch.setenv("AUDIODVC_CONFIG", str(tmp_path / "config.yaml"))
    assert audiodvc.load(f"{daemon}/dataset", cache_root=tmp_path / "cache", verbose=False) is not None


def test_what_does_not_count_of_a_configuration_is_said(
    repo: Repo, daemon: str, s3_server: S3, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """By its name, without its value."""
    move_objects(repo, s3_server.root / "media" / "sets")
    text = f"    url = s3://media/sets\n    endpointurl = {s3_server.endpoint}\n    configpath = evil-file\n"
    remote(repo, text)
    with caplog.at_level(logging.WARNING, "audiodvc"):
        audiodvc.load(f"{daemon}/dataset", cache_root=tmp_path / "cache", verbose=False)
    assert "configpath" in caplog.text
    assert "evil-file" not in caplog.text
