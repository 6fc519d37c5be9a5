"""Calls whose streams, current folder or tools are odd, as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builder import MakeRepo, Repo
from tests.reliability.tally import count

FULL = Path("/dev/full")
LABELS = "file,mood\na.wav,ünwohl 🎵\nb.wav,ruhig\n"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A dataset whose labels are no ASCII, one of them changed."""
    made = make_repo()
    made.commit(tables={"mood": LABELS})
    made.write(tables={"mood": LABELS.replace("🎵", "größer")})
    return made


def shell(repo: Repo, script: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """What a shell makes of a script, in which `audiodvc` is that of the tests."""
    program = f'audiodvc() {{ "{sys.executable}" -m audiodvc "$@"; }}\n{script}'
    variables = {**os.environ, **environment}
    return subprocess.run(
        ["/bin/sh", "-c", program], cwd=repo.path, capture_output=True, check=False, env=variables
    )


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("audiodvc diff >&-", 1),
        ("audiodvc hook pre-push <&-", 0),
        ("audiodvc textconv db.mood.csv >&-", 0),
        ("audiodvc fmt <&- >&- 2>&-", 0),
        ("cd / && audiodvc status 2>&-", 3),
    ],
)
def test_closed_stream_is_no_bug(script: str, code: int, repo: Repo) -> None:
    """As cron jobs and daemons have them; nothing of what is said gets into a file instead."""
    before = (repo.path / "db.mood.csv").read_bytes()
    done = shell(repo, script)
    assert done.returncode == code, done.stderr
    assert b"audiodvc" not in done.stderr.replace(b"audiodvc: / lies", b"")
    assert (repo.path / "db.mood.csv").read_bytes() == before
    count("fuzz", "a stream that is closed")


@pytest.mark.skipif(not FULL.exists(), reason="the system has no full device")
@pytest.mark.parametrize("script", ["audiodvc diff >/dev/full", "cd / && audiodvc status 2>/dev/full"])
def test_full_stream_is_an_error_of_its_own(script: str, repo: Repo) -> None:
    """A result that was lost is not called a success, and a message that was lost is no bug."""
    done = shell(repo, script)
    assert done.returncode == 3
    assert done.stderr.count(b"\n") == int("2>" not in script)
    count("fuzz", "a stream that is full")


def test_result_in_an_encoding_that_lacks_characters(repo: Repo) -> None:
    """JSON says the same, a text names what it cannot show."""
    whole = shell(repo, "audiodvc diff --format json")
    poor = shell(repo, "audiodvc diff --format json", PYTHONIOENCODING="latin-1")
    assert poor.returncode == whole.returncode == 1
    assert b"\\ud83c\\udfb5" in poor.stdout
    assert json.loads(poor.stdout.decode("latin-1")) == json.loads(whole.stdout)
    count("fuzz", "an output that lacks characters")


def test_folder_whose_name_is_not_utf8(repo: Repo, tmp_path: Path) -> None:
    """A path is printed byte by byte as it is."""
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    done = shell(
        Repo(folder),
        f"audiodvc get '{repo.path}' --rev HEAD --to out",
        AUDIODVC_CACHE_ROOT=str(tmp_path / "cache"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == bytes(folder) + b"/out\n"
    moved = Repo(repo.path.rename(folder / "moved"))
    assert shell(moved, "audiodvc status").returncode == 0
    refused = shell(moved, "audiodvc add docs")
    assert refused.returncode == 3
    assert b"is not UTF-8, as DVC's notes on files have to be (rename the folder)" in refused.stderr
    count("fuzz", "a folder whose name is not UTF-8")


def test_current_folder_that_was_deleted(repo: Repo) -> None:
    """What the system says of it names nothing."""
    done = shell(repo, "mkdir gone && cd gone && rmdir ../gone && audiodvc status")
    assert done.returncode == 3
    assert (
        done.stderr == b"audiodvc: the current folder does not exist any more (`cd` to one that is there)\n"
    )


def test_git_that_is_missing_or_too_old(repo: Repo, tmp_path: Path) -> None:
    """It is named, and what to do."""
    empty, old = tmp_path / "empty", tmp_path / "old"
    empty.mkdir()
    old.mkdir()
    (old / "git").write_text(
        '#!/bin/sh\n[ "$1" != version ] && PATH=${PATH#*:} exec git "$@"\necho git version 1.8.3.1\n'
    )
    (old / "git").chmod(0o755)
    missing = shell(repo, "audiodvc status", PATH=str(empty))
    assert missing.returncode == 3
    assert missing.stderr == b"audiodvc: git is not installed (install git and try again)\n"
    found = shell(repo, "audiodvc doctor", PATH=f"{old}{os.pathsep}{os.environ['PATH']}")
    assert found.returncode == 1
    assert b"1.8.3.1 is too old (install git 2.30 or newer)" in found.stdout
    count("fuzz", "a git that is missing or too old", 2)
