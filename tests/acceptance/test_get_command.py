"""The verbs of the resolver, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.builder import MakeRepo, Repo, tone
from tests.servers import silent_server

TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"


@pytest.fixture
def repo(make_repo: MakeRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Repo:
    """A dataset with two versions, and a configuration that knows it by a name."""
    repo = make_repo()
    media = {"audio/a.wav": tone(0.05), "audio/b.wav": tone(0.05, pitch=300)}
    repo.commit(tables={"mood": TABLE}, media=media, tag="v1.0.0")
    repo.commit(tables={"mood": TABLE.replace("wild", "calm")}, tag="v1.1.0")
    repo.push()
    where = f"- name: moods\n  git: {repo.path}\n  datasets: [moods]\n"
    settings = f"cache_root: {tmp_path}/cache\nrepositories:\n{where}"
    (tmp_path / "config.yaml").write_text(settings)
    monkeypatch.setenv("AUDIODVC_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.delenv("AUDIODVC_CACHE_ROOT")
    monkeypatch.delenv("AUDIODVC_SHARED_CACHE_ROOT")
    return repo


def test_the_last_line_of_get_is_the_folder(repo: Repo, tmp_path: Path) -> None:
    """A script can go on from there."""
    folder = Path(repo.audiodvc("get", "moods", "--version", "1.0.0").splitlines()[-1])
    assert tmp_path / "cache" / "moods" / "1.0.0" in folder.parents
    assert (folder / "db.mood.csv").read_text() == TABLE
    assert (folder / "audio" / "a.wav").read_bytes() == tone(0.05)


def test_get_without_a_source_takes_the_dataset_around(repo: Repo) -> None:
    """In its latest version."""
    folder = Path(repo.audiodvc("get").splitlines()[-1])
    assert "calm\n" in (folder / "db.mood.csv").read_text().splitlines(keepends=True)[2]


def test_get_into_a_folder_gives_files_of_ones_own(repo: Repo, tmp_path: Path) -> None:
    """Which may be changed without harm to the cache."""
    target = tmp_path / "mine"
    said = repo.audiodvc("get", "moods", "--to", str(target), "--sampling-rate", "8000")
    assert said.splitlines()[-1] == str(target)
    assert os.access(target / "audio" / "a.wav", os.W_OK)
    assert (target / "audio" / "a.wav").stat().st_nlink == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["get", "nobody"], 3, "nobody"),
        (["get", "moods", "--version", "7.0.0"], 3, "7.0.0"),
        (["get", "moods", "--sampling-rate", "fast"], 2, "--sampling-rate"),
        (["get", "moods", "--version", "1.0.0", "--rev", "main"], 2, "--rev"),
        (["get", "ext::sh -c x"], 3, "refused"),
        (["get", "moods", "--table", "none"], 3, "none"),
    ],
)
def test_what_cannot_be_had_is_one_clear_error(repo: Repo, words: list[str], code: int, said: str) -> None:
    """With an exit code that tells wrong usage from what could not be done."""
    done = repo.run("audiodvc", *words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fault_of_a_dataset_says_whose_it_is(repo: Repo) -> None:
    """And what to do: nobody but those who keep it can mend it."""
    commit = repo.commit(files={"db.mood.csv": TABLE.replace("audio/b.wav", "../b.wav")})
    done = repo.run("audiodvc", "get", "moods", "--rev", "main")
    assert done.returncode == 3, done.stderr
    assert f"moods {commit[:12]} ({repo.path}): db.mood.csv names a file" in done.stderr
    assert "tell those who keep the dataset" in done.stderr


def test_versions_info_available_and_cached_tell_people_and_programs(repo: Repo) -> None:
    """As lines, and as one object with a schema."""
    repo.audiodvc("get", "moods", "--version", "1.0.0")
    for words, expected in [
        (["versions", "moods"], "1.1.0"),
        (["info", "moods"], "dataset"),
        (["available"], "moods"),
        (["cached"], "moods"),
    ]:
        assert expected in repo.audiodvc(*words)
        found = json.loads(repo.audiodvc(*words, "--format", "json"))
        assert found["schema"] == f"audiodvc.{words[0]}/v1"


@pytest.mark.parametrize(
    "words", [["available"], ["get", "far", "--version", "1.0.0"]], ids=lambda words: words[0]
)
def test_ctrl_c_ends_it_at_once(repo: Repo, tmp_path: Path, words: list[str]) -> None:
    """Although somebody who is asked does not answer, and others would be asked next."""
    with silent_server() as url:
        far = f"- name: far\n  git: {url}/{{dataset}}\n  datasets: [far, b, c, d, e]\n"
        (tmp_path / "config.yaml").write_text(f"cache_root: {tmp_path}/cache\nrepositories:\n{far}")
        command = [sys.executable, "-m", "audiodvc", *words]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stderr=pipe, start_new_session=True, cwd=repo.path) as process:
            while not list(tmp_path.glob("cache/git/*.git")):
                time.sleep(0.01)
            time.sleep(0.2)  # git is asking
            os.killpg(process.pid, signal.SIGINT)
            said = process.communicate(timeout=20)[1]
            assert process.returncode == 130, said
