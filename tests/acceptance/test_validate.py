"""`audiodvc validate`: what is looked at, and that nothing else is."""

from __future__ import annotations

import json

import pytest

from tests.builder import MakeRepo, Repo, tone

HEADER = """\
name: dataset
source: a test
usage: unrestricted
schemes:
  emotion: {dtype: str, labels: [angry, happy]}
tables:
  emotion: {type: filewise, columns: {emotion: {scheme_id: emotion}}}
"""
GOOD = "file,emotion\naudio/a.wav,happy\n"
BAD = "file,emotion\naudio/a.wav,hapy\n"
SAID = "db.emotion.csv:2:13: AS002 label 'hapy' is not in scheme 'emotion' (did you mean 'happy'?)"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A valid dataset, committed, without hooks."""
    made = make_repo()
    made.commit(header=HEADER, tables={"emotion": GOOD}, media={"audio/a.wav": tone(0.2)})
    return made


def said(repo: Repo, *options: str) -> list[str]:
    """The findings of a call; no line means that it ended with 0."""
    done = repo.run("audiodvc", "validate", *options)
    *lines, _ = done.stdout.splitlines()
    assert done.returncode == int(bool(lines)), done.stderr
    return lines


def test_folder_index_and_revision_are_told_apart(repo: Repo) -> None:
    """Each is judged by itself: what is typed, what is staged, what is committed."""
    repo.write(files={"db.emotion.csv": BAD})
    assert (said(repo), said(repo, "--staged"), said(repo, "--rev", "HEAD")) == ([SAID], [], [])
    repo.git("add", "db.emotion.csv")
    repo.write(files={"db.emotion.csv": GOOD})
    assert (said(repo), said(repo, "--staged"), said(repo, "--rev", "HEAD")) == ([], [SAID], [])
    repo.git("commit", "--quiet", "--message", "bad")
    repo.git("add", "db.emotion.csv")
    assert (said(repo), said(repo, "--staged"), said(repo, "--rev", "HEAD")) == ([], [], [SAID])
    assert said(repo, "--rev", "HEAD~1") == []


def test_plain_clone_without_media_and_dvc_validates(repo: Repo) -> None:
    """No audio, no cache, no DVC configuration of one's own is needed."""
    repo.git("clone", "--quiet", "--no-checkout", ".", "../bare")
    other = Repo(repo.path.parent / "bare")
    assert said(other, "--rev", "HEAD") == []
    other.git("checkout", "--quiet", "main")
    assert not (other.path / "audio").exists()
    assert said(other) == []


def test_renamed_and_deleted_files_are_as_the_commit_will_hold_them(repo: Repo) -> None:
    """The index decides, also where the folder still has the file."""
    repo.git("mv", "db.emotion.csv", "db.feeling.csv")
    found = said(repo, "--staged")
    assert [line.split()[1] for line in found] == ["AH012", "AH011"]
    repo.git("mv", "db.feeling.csv", "db.emotion.csv")
    repo.git("rm", "--quiet", "--cached", "db.emotion.csv")
    assert [line.split()[1] for line in said(repo, "--staged")] == ["AR003", "AH011"]
    assert said(repo) == []


def test_header_that_is_gone_from_the_folder_is_found_where_one_looks(repo: Repo) -> None:
    """The index and a revision have theirs; the folder's loss is said, with what brings it back."""
    (repo.path / "db.yaml").unlink()
    assert said(repo, "--staged") == []
    assert said(repo, "--rev", "HEAD") == []
    done = repo.run("audiodvc", "validate")
    assert done.returncode == 3
    assert "`git restore db.yaml`" in done.stderr


def test_conflict_in_the_index_is_a_fault_of_what_is_staged(repo: Repo) -> None:
    """No commit can be made of it, so it is not valid."""
    repo.git("checkout", "--quiet", "-b", "other")
    repo.commit(tables={"emotion": GOOD.replace("happy", "angry")})
    repo.git("checkout", "--quiet", "main")
    repo.commit(tables={"emotion": GOOD + "audio/b.wav,happy\n"})
    assert repo.run("git", "merge", "other").returncode == 1
    assert "AM001" in said(repo, "--staged")[0]
    assert "AM001" in said(repo)[0]


def test_dataset_inside_a_dataset_is_its_own(repo: Repo) -> None:
    """The outer one neither checks nor claims what the inner one has."""
    inner = Repo(repo.path / "inner")
    repo.audiodvc("init", "inner")
    inner.commit(header=HEADER, tables={"emotion": GOOD}, media={"audio/a.wav": tone(0.3)})
    for place in (repo, inner):
        assert said(place) == []
        assert said(place, "--staged") == []
        assert said(place, "--rev", "HEAD") == []
    assert repo.run("audiodvc", "doctor").returncode == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--rev", "nowhere"], "there is no revision 'nowhere'"),
        (["--rev", "--output=x"], "there is no revision '--output=x'"),
        (["--rev", ""], "this one is empty"),
        (["--rev", "HEAD", "--staged"], "cannot be combined"),
        (["--unsafe"], "go with --fix"),
        (["--fix", "--diff", "--format", "json"], "and nothing else"),
        (["--format", "xml"], "xml"),
    ],
)
def test_wrong_options_are_said_in_one_line(repo: Repo, options: list[str], says: str) -> None:
    """Usage is 2, what cannot be done is 3, and there is no traceback."""
    done = repo.run("audiodvc", "validate", *options)
    assert done.returncode in (2, 3)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_remote_is_asked_for_every_object(repo: Repo) -> None:
    """Before a push all are lacking, after it none; without a remote that is an error."""
    assert [line.split()[1] for line in said(repo, "--remote")] == ["AD004", "AD004"]
    repo.dvc("push")
    assert said(repo, "--remote") == []
    (repo.path / ".dvc/config").write_text("")
    done = repo.run("audiodvc", "validate", "--remote")
    assert done.returncode == 3
    assert "dvc remote add --default" in done.stderr


def test_strict_lets_warnings_count(repo: Repo) -> None:
    """An unused scheme is a warning."""
    repo.write(files={"db.yaml": HEADER.replace("schemes:\n", "schemes:\n  other: {dtype: int}\n")})
    done = repo.run("audiodvc", "validate")
    assert (done.returncode, "AH013" in done.stdout) == (0, True)
    assert repo.run("audiodvc", "validate", "--strict").returncode == 1


def test_ignored_code_is_silent_where_settings_say_so(repo: Repo) -> None:
    """For one table or for all; what can't be ignored is a fault of the settings."""
    repo.write(files={"db.emotion.csv": BAD, "audiodvc.yaml": "validate: {ignore: [AS002]}\nflavors: {}\n"})
    assert said(repo) == []
    settings = "validate: {tables: {emotion: {ignore: [AS002]}}}\nflavors: {}\n"
    repo.write(files={"audiodvc.yaml": settings})
    assert said(repo) == []
    repo.write(files={"audiodvc.yaml": "validate: {ignore: [AK001]}\nflavors: {}\n"})
    assert [line.split()[1] for line in said(repo)] == ["AC001", "AS002"]


def test_output_file_gets_what_would_be_printed(repo: Repo) -> None:
    """--output keeps standard output free."""
    repo.write(files={"db.emotion.csv": BAD})
    done = repo.run("audiodvc", "validate", "--format", "json", "--output", "found.json")
    assert (done.returncode, done.stdout) == (1, "")
    found = json.loads((repo.path / "found.json").read_text())
    assert found["schema"] == "audiodvc.validate/v1"
    assert found["summary"]["errors"] == 1
    assert found["findings"][0]["key"] == {"file": "audio/a.wav"}
