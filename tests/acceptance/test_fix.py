"""`audiodvc validate --fix` in a folder."""

from __future__ import annotations

import pytest

from tests.builder import MakeRepo, Repo, tone

HEADER = """name: dataset
source: made by a test
usage: unrestricted
schemes:
  emotion: {dtype: str, labels: [angry, happy]}
tables:
  emotion: {type: segmented, columns: {emotion: {scheme_id: emotion}}}
"""
TIMES = "0 days 00:00:00.000000000,0 days 00:00:01.000000000"
TABLE = f"file,start,end,emotion\naudio/a.wav,{TIMES},happy\n"
ROWS = ("audio/a.wav,0s,1.5s,hapy", "audio/a.wav,0s,1s,Happy", "audio/a.wav,0s,1s,happy")
BROKEN = "".join(f"{line}\r\n" for line in ("file,start,end,emotion", *ROWS))


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A dataset of one second, committed, and its table broken since."""
    made = make_repo()
    made.commit(tables={"emotion": TABLE}, media={"audio/a.wav": tone(1)}, header=HEADER)
    made.write(tables={"emotion": BROKEN})
    return made


def table(repo: Repo) -> str:
    """The table as it is in the folder."""
    return (repo.path / "db.emotion.csv").read_bytes().decode()


def test_fix_mends_what_is_safe_and_reports_what_is_left(repo: Repo) -> None:
    """Form, letter case and rows that are equal then; likeness and clipping are left to a person."""
    done = repo.run("audiodvc", "validate", "--fix")
    assert done.returncode == 1
    assert "mended 3 findings in 1 file" in done.stderr
    assert "db.emotion.csv:3:39: AT003" in done.stdout
    assert "(did you mean 'happy'?)" in done.stdout
    assert "2 errors" in done.stdout
    long = TIMES.replace("01.0", "01.5")
    assert table(repo) == f"{TABLE}audio/a.wav,{long},hapy\n"


def test_unsafe_fix_mends_labels_by_likeness(repo: Repo) -> None:
    """A segment is not clipped onto another one's key."""
    done = repo.run("audiodvc", "validate", "--fix", "--unsafe")
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("db.")] == ["AT003"]
    assert table(repo) == f"{TABLE}audio/a.wav,{TIMES.replace('01.0', '01.5')},happy\n"


def test_diff_shows_what_fix_would_write_and_writes_nothing(repo: Repo) -> None:
    """As a patch."""
    done = repo.run("audiodvc", "validate", "--fix", "--diff")
    assert done.returncode == 1
    assert "-audio/a.wav,0s,1s,Happy" in done.stdout.split("\n")
    assert f"+audio/a.wav,{TIMES},happy" in done.stdout.split("\n")
    assert table(repo) == BROKEN


def test_fix_of_a_sound_dataset_changes_nothing(repo: Repo) -> None:
    """And ends with 0, as a check does."""
    repo.git("checkout", "--quiet", "db.emotion.csv")
    assert repo.run("audiodvc", "validate", "--fix").returncode == 0
    assert repo.git("status", "--porcelain") == ""
    assert repo.run("audiodvc", "validate", "--fix", "--diff").returncode == 0


def test_fix_mends_the_form_of_header_and_settings(repo: Repo) -> None:
    """What they say stays."""
    repo.git("checkout", "--quiet", "db.emotion.csv")
    for name, text in {"db.yaml": HEADER, "audiodvc.yaml": "flavors: {}\n"}.items():
        (repo.path / name).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert repo.run("audiodvc", "validate").returncode == 1
    assert repo.run("audiodvc", "validate", "--fix").returncode == 0
    assert (repo.path / "db.yaml").read_bytes() == HEADER.encode()
    assert (repo.path / "audiodvc.yaml").read_bytes() == b"flavors: {}\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--fix", "--staged"),
        ("--fix", "--rev", "HEAD"),
        ("--unsafe",),
        ("--diff",),
        ("--staged", "--rev", "HEAD"),
    ],
)
def test_options_that_do_not_go_together_are_refused(repo: Repo, words: tuple[str, ...]) -> None:
    """Nothing is written."""
    assert repo.run("audiodvc", "validate", *words).returncode == 2
    assert table(repo) == BROKEN
