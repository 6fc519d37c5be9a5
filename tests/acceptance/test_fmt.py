"""`audiodvc fmt` on real datasets."""

from __future__ import annotations

import pytest

from tests.builder import MakeRepo, Repo, tone

HEADER = """\
name: dataset   \r
# a comment\r
source: a test
usage: unrestricted
schemes:
  emotion: {dtype: str, labels: [happy, angry]}
  score: {dtype: float}
tables:
  emotion: {type: segmented, columns: {emotion: {scheme_id: emotion}, score: {scheme_id: score}}}


"""

TABLE = "file,start,end,score,emotion\r\nb.wav,1.5s,2s,1,happy\r\na.wav,0s,1500ms,0.50,angry\r\n"

CANONICAL = """\
file,start,end,emotion,score
a.wav,0 days 00:00:00.000000000,0 days 00:00:01.500000000,angry,0.5
b.wav,0 days 00:00:01.500000000,0 days 00:00:02.000000000,happy,1.0
"""


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A dataset with a table and a header that are not canonical."""
    made = make_repo()
    made.write(files={"db.yaml": HEADER, "db.emotion.csv": TABLE})
    return made


def text(repo: Repo, name: str) -> str:
    """A file as it is, its line ends too."""
    return (repo.path / name).read_bytes().decode()


def test_table_and_header_get_their_canonical_form(repo: Repo) -> None:
    """Order, times, floats, line ends and blanks are settled; comments stay."""
    repo.audiodvc("fmt")
    assert text(repo, "db.emotion.csv") == CANONICAL
    assert text(repo, "db.yaml").startswith("name: dataset\n# a comment\nsource: a test\n")
    assert text(repo, "db.yaml").endswith("}}}\n")
    assert "\r" not in text(repo, "db.yaml")


def test_formatting_twice_changes_nothing(repo: Repo) -> None:
    """The second time there is nothing to do."""
    repo.audiodvc("fmt")
    assert "2 of 2 files are in canonical form" in repo.audiodvc("fmt")


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_check_and_diff_write_nothing_and_exit_one(repo: Repo, option: str) -> None:
    """A look at what would change leaves it as it is."""
    done = repo.run("audiodvc", "fmt", option)
    assert done.returncode == 1
    assert "db.emotion.csv" in done.stdout
    assert text(repo, "db.emotion.csv") == TABLE
    repo.audiodvc("fmt")
    assert repo.run("audiodvc", "fmt", option).returncode == 0


def test_diff_shows_the_lines(repo: Repo) -> None:
    """--diff is a unified diff of every file."""
    shown = repo.run("audiodvc", "fmt", "--diff").stdout
    assert "--- a/db.emotion.csv" in shown
    assert "+b.wav,0 days 00:00:01.500000000,0 days 00:00:02.000000000,happy,1.0" in shown


def test_index_is_formatted_too(repo: Repo) -> None:
    """A media index that a merge left out of order is put into order."""
    repo.write(media={"audio/a.wav": tone(0.2), "audio/b.wav": tone(0.3)})
    repo.audiodvc("add", "audio")
    before = text(repo, "audio.media.csv")
    first, a, b = before.splitlines()
    repo.write(files={"audio.media.csv": f"{first}\n{b}\n{a}\n"})
    repo.audiodvc("fmt")
    assert text(repo, "audio.media.csv") == before


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("file,start,end,emotion,score\na.wav,0s,1s,happy\n", "db.emotion.csv:2:1: AF005"),
        ('file,start,end,emotion,score\n"a.wav,0s,1s,happy,1\n', "db.emotion.csv:2:1: AF003"),
        ("<<<<<<< ours\n=======\n>>>>>>> theirs\n", "db.emotion.csv:1:1: AM001"),
        (b"file,start,end,emotion,score\n\xff,0s,1s,happy,1\n", "db.emotion.csv:2:1: AF001"),
    ],
)
def test_table_that_cannot_be_read_is_left_and_named(repo: Repo, broken: str | bytes, says: str) -> None:
    """What would lose something is refused with its place; the other files are still formatted."""
    repo.write(files={"db.emotion.csv": broken})
    done = repo.run("audiodvc", "fmt")
    assert done.returncode == 3
    assert says in done.stderr
    assert (repo.path / "db.emotion.csv").read_bytes() == (
        broken.encode() if isinstance(broken, str) else broken
    )
    assert "\r" not in text(repo, "db.yaml")


def test_broken_header_leaves_all_tables(repo: Repo) -> None:
    """Without a header nobody knows what a cell means."""
    repo.write(files={"db.yaml": "name: [\n"})
    done = repo.run("audiodvc", "fmt")
    assert done.returncode == 3
    assert "db.yaml:" in done.stderr
    assert text(repo, "db.emotion.csv") == TABLE


def test_header_with_a_key_given_twice_is_named_with_code_and_line(repo: Repo) -> None:
    """The place is one that an editor opens, and the tables are formatted all the same."""
    repo.write(files={"db.yaml": HEADER.replace("source:", "name: other\nsource:")})
    done = repo.run("audiodvc", "fmt")
    assert done.returncode == 3
    assert "db.yaml:3:1: AH002 key 'name' is given twice" in done.stderr
    assert done.stderr.splitlines()[0] == "audiodvc: 1 fault keeps files from being formatted"
    assert text(repo, "db.emotion.csv") == CANONICAL


def test_files_just_formatted_count_as_canonical(repo: Repo) -> None:
    """What was written is canonical now; what only would be is not."""
    assert repo.run("audiodvc", "fmt", "--check").stdout.endswith("\n0 of 2 files are in canonical form\n")
    assert repo.audiodvc("fmt").endswith("\n2 of 2 files are in canonical form\n")


@pytest.mark.parametrize("option", [(), ("--check",)])
def test_files_that_cannot_be_read_do_not_count_as_canonical(repo: Repo, option: tuple[str, ...]) -> None:
    """Two faults in a file are one file that is not canonical."""
    repo.audiodvc("fmt")
    repo.write(
        files={"db.emotion.csv": "file,start,end,emotion,score\na.wav,0s,1s,happy,1\na.wav,0s\nb.wav,0s\n"}
    )
    done = repo.run("audiodvc", "fmt", *option)
    assert done.stdout == "1 of 2 files are in canonical form\n"
    assert "2 faults keep files from being formatted" in done.stderr


def test_one_file_is_one_file(repo: Repo) -> None:
    """A dataset that has a header only."""
    repo.write(files={"db.emotion.csv": None, "db.yaml": "name: dataset\nusage: unrestricted\n"})
    assert repo.audiodvc("fmt") == "1 of 1 file is in canonical form\n"


def test_diff_of_nothing_is_nothing(repo: Repo) -> None:
    """Not even an empty line."""
    repo.audiodvc("fmt")
    assert repo.audiodvc("fmt", "--diff") == ""


@pytest.mark.parametrize("option", [(), ("--check",), ("--diff",)])
def test_stages_that_cannot_be_edited_are_said_before_anything_is_written(
    repo: Repo, option: tuple[str, ...]
) -> None:
    """With every option alike."""
    repo.write(files={"dvc.yaml": "stages: [\n"})
    done = repo.run("audiodvc", "fmt", *option)
    assert done.returncode == 3
    assert "dvc.yaml" in done.stderr
    assert text(repo, "db.emotion.csv") == TABLE


def test_fix_writes_nothing_if_stages_cannot_be_edited(repo: Repo) -> None:
    """It writes as `fmt` does."""
    repo.write(files={"dvc.yaml": "stages: [\n"})
    assert repo.run("audiodvc", "validate", "--fix").returncode == 3
    assert text(repo, "db.emotion.csv") == TABLE


def test_undeclared_table_is_left_alone(repo: Repo) -> None:
    """A table that the header does not declare has no form yet."""
    repo.write(files={"db.other.csv": "x,y\n1,2\n"})
    done = repo.run("audiodvc", "fmt")
    assert done.returncode == 0
    assert "db.other.csv" in done.stderr


def test_stage_names_a_new_table_after_fmt(repo: Repo) -> None:
    """`fmt` keeps the dependencies of the validate stage in step."""
    repo.audiodvc("fmt")
    assert "db.emotion.csv" in text(repo, "dvc.yaml")
    assert repo.dvc("stage", "list", "--name-only").split() == ["validate"]


def test_unreadable_cells_stay_as_they_are(repo: Repo) -> None:
    """A cell that is not of its dtype is for `validate` to find, not for `fmt` to change."""
    repo.write(files={"db.emotion.csv": "file,start,end,emotion,score\na.wav,soon,1s,happy,many\n"})
    repo.audiodvc("fmt")
    assert "a.wav,soon,0 days 00:00:01.000000000,happy,many" in text(repo, "db.emotion.csv")


def test_pointer_names_the_index_that_was_formatted(repo: Repo) -> None:
    """A merge finds the index by the name that its pointer carries."""
    repo.write(media={"audio/a.wav": tone(0.2), "audio/b.wav": tone(0.3)})
    repo.audiodvc("add", "audio")
    pointer = text(repo, "audio.dvc")
    first, a, b = text(repo, "audio.media.csv").splitlines()
    stale = pointer.replace(repo.git("hash-object", "audio.media.csv").strip(), "0" * 39 + "a")
    repo.write(files={"audio.media.csv": f"{first}\n{b}\n{a}\n", "audio.dvc": stale})
    repo.audiodvc("fmt")
    assert text(repo, "audio.dvc") == pointer
    assert repo.git("hash-object", "audio.media.csv").strip() in pointer
