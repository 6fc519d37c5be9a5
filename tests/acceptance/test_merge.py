"""`git merge`, `git rebase` and `git cherry-pick` in a clone with audiodvc merge in meaning."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from audiodvc.changes.conflict import Conflict
from audiodvc.model import mediaindex, scaffold
from audiodvc.project import mergedriver
from audiodvc.project.conflicts import conflicts as pending
from audiodvc.project.dataset import find
from audiodvc.project.doctor import doctor
from tests.builder import Repo, RepoFactory, tone
from tests.schema import documented, faults

HEADER = """\
# What this dataset is.
name: d
source: s
usage: other
languages: [deu]
schemes:
  # How they felt.
  emotion:
    dtype: str
    labels: [happy, angry, sad]
  age: {dtype: int}
tables:
  emotion:
    type: segmented
    columns:
      emotion: {scheme_id: emotion}
      age: {scheme_id: age}
"""


def time(seconds: float) -> str:
    """A time in canonical form."""
    return f"0 days 00:00:{seconds:012.9f}"


def rows(*lines: tuple[str, float, float, str, str]) -> str:
    """A segmented table."""
    text = "file,start,end,emotion,age\n"
    for file, start, end, emotion, age in lines:
        text += f"audio/{file}.wav,{time(start)},{time(end)},{emotion},{age}\n"
    return text


FIRST = ("a", 0.0, 0.1, "happy", "1")
SECOND = ("a", 0.1, 0.2, "sad", "2")
THIRD = ("b", 0.0, 0.1, "angry", "3")
TABLE = rows(FIRST, SECOND, THIRD)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A dataset with a table and two files, in a clone with the merge driver."""
    folder = tmp_path_factory.mktemp("made")
    repo = RepoFactory(folder, repo_template)()
    repo.write(tables={"emotion": TABLE}, header=HEADER)
    repo.commit(media={"audio/a.wav": tone(0.3), "audio/b.wav": tone(0.4)}, header=HEADER)
    mergedriver.install(repo.path)
    repo.commit(files={".gitattributes": scaffold.attributes("")}, header=HEADER)
    return folder


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Repo:
    """A copy of it."""
    shutil.copytree(made, tmp_path / "made", symlinks=True)
    return Repo(tmp_path / "made" / "dataset")


def branches(repo: Repo, ours: dict[str, str], theirs: dict[str, str]) -> None:
    """Two branches with other files each; ours is checked out."""
    for name, files in (("theirs", theirs), ("main", ours)):
        if name != "main":
            repo.git("checkout", "--quiet", "-b", name)
        else:
            repo.git("checkout", "--quiet", "main")
        repo.write(files=dict(files))
        repo.git("commit", "--quiet", "--no-verify", "--allow-empty", "--all", "--message", name)


def merge(repo: Repo, *words: str) -> int:
    """What git's merge ends with; `words` may name another way of merging."""
    done = repo.run("git", *(words or ("merge", "--no-edit", "theirs")))
    assert "Traceback" not in done.stderr
    return done.returncode


def tables(repo: Repo, ours: str, theirs: str) -> None:
    """Two branches with a table each."""
    branches(repo, {"db.emotion.csv": ours}, {"db.emotion.csv": theirs})


def text(repo: Repo, name: str = "db.emotion.csv") -> str:
    """A file in the folder."""
    return (repo.path / name).read_text()


def conflicts(repo: Repo) -> tuple[Conflict, ...]:
    """What is not settled."""
    return pending(find(repo.path))


def test_neighbouring_rows_and_cells_of_one_row_merge(repo: Repo) -> None:
    """What git takes for one place are several."""
    ours = rows(("a", 0.0, 0.1, "sad", "1"), SECOND, ("b", 0.0, 0.1, "angry", "4"))
    tables(repo, ours, rows(("a", 0.0, 0.1, "happy", "9"), ("a", 0.1, 0.2, "angry", "2"), THIRD))
    assert merge(repo) == 0
    merged = rows(("a", 0.0, 0.1, "sad", "9"), ("a", 0.1, 0.2, "angry", "2"), ("b", 0.0, 0.1, "angry", "4"))
    assert text(repo) == merged


def test_both_sides_may_write_a_table_anew(repo: Repo) -> None:
    """Another order, line ends and shorter times are no change."""
    lines = TABLE.splitlines()
    ours = "\n".join([lines[0], *reversed(lines[1:])]) + "\n"
    theirs = TABLE.replace("0 days 00:00:00.100000000", "0.1s").replace("sad", "happy")
    tables(repo, ours, theirs)
    assert merge(repo) == 0
    assert text(repo) == TABLE.replace("sad", "happy")


def test_a_moved_segment_keeps_the_label_of_the_other_side(repo: Repo) -> None:
    """Moved here, another label there."""
    moved, label = ("a", 0.12, 0.22, "sad", "2"), ("a", 0.1, 0.2, "angry", "2")
    tables(repo, rows(FIRST, moved, THIRD), rows(FIRST, label, THIRD))
    assert merge(repo) == 0
    assert text(repo) == rows(FIRST, ("a", 0.12, 0.22, "angry", "2"), THIRD)


def test_columns_and_labels_that_both_sides_add_are_there(repo: Repo) -> None:
    """In header and table in the same order, which is the canonical one; comments stay."""
    sides = {}
    for name, label in (("zed", "awe"), ("alpha", "joy")):
        header = HEADER.replace("happy, angry", f"{label}, happy, angry")
        header = header.replace("  age: {dtype: int}\n", f"  age: {{dtype: int}}\n  {name}: {{dtype: str}}\n")
        header += f"      {name}: {{scheme_id: {name}}}\n"
        first, *rest = TABLE.splitlines()
        table = "".join(f"{line}\n" for line in (f"{first},{name}", *(f"{line},{label}" for line in rest)))
        sides[name] = {"db.yaml": header, "db.emotion.csv": table}
    branches(repo, sides["zed"], sides["alpha"])
    assert merge(repo) == 0
    assert text(repo).startswith("file,start,end,emotion,age,alpha,zed\n")
    assert text(repo).splitlines()[1].endswith(",happy,1,joy,awe")
    assert "labels: [awe, joy, happy, angry, sad]" in text(repo, "db.yaml")
    assert "  # How they felt.\n" in text(repo, "db.yaml")
    repo.audiodvc("fmt", "--check")
    assert conflicts(repo) == ()


def test_what_one_side_deleted_and_the_other_changed_is_a_conflict(repo: Repo) -> None:
    """It is never lost without a word; each way out is a valid table."""
    tables(repo, rows(FIRST, THIRD), rows(FIRST, ("a", 0.1, 0.2, "angry", "2"), THIRD))
    for side, rest in (
        ("--ours", (FIRST, THIRD)),
        ("--theirs", (FIRST, ("a", 0.1, 0.2, "angry", "2"), THIRD)),
        ("--base", (FIRST, SECOND, THIRD)),
        ("--delete", (FIRST, THIRD)),
    ):
        assert merge(repo) == 1
        (one,) = conflicts(repo)
        assert (one.kind, one.ours) == ("row", None)
        assert dict(one.key) == {"file": "audio/a.wav", "start": time(0.1), "end": time(0.2)}
        repo.audiodvc("resolve", side)
        assert text(repo) == rows(*rest)
        assert conflicts(repo) == ()
        assert repo.git("ls-files", "--unmerged") == ""
        repo.git("reset", "--hard", "--quiet")


def test_a_cell_is_settled_by_its_key(repo: Repo) -> None:
    """One after the other, with a value of its own too; all else is merged; what is wrong is not staged."""
    ours = rows(("a", 0.0, 0.1, "sad", "5"), SECOND, ("b", 0.0, 0.1, "happy", "3"))
    theirs = rows(("a", 0.0, 0.1, "angry", "1"), SECOND, ("b", 0.0, 0.1, "sad", "7"))
    tables(repo, ours, theirs)
    assert merge(repo) == 1
    assert text(repo).count("<<<<<<< ours\n") == 2
    assert "audio/a.wav,0 days 00:00:00.000000000,0 days 00:00:00.100000000,angry,5\n" in text(repo)
    assert [one.field for one in conflicts(repo)] == ["emotion", "emotion"]
    done = repo.run("audiodvc", "resolve", "db.emotion.csv", "audio/a.wav", "0", "0.1s", "--theirs")
    assert done.returncode == 1, done.stderr
    assert "1 conflict left" in done.stdout
    wrong = repo.run("audiodvc", "resolve", "db.emotion.csv", "audio/b.wav", "--value", "emotion=glad")
    assert wrong.returncode == 1
    assert "db.emotion.csv:4:" in wrong.stdout
    assert repo.git("ls-files", "--unmerged") != ""
    (repo.path / "db.emotion.csv").write_text(text(repo).replace("glad", "happy"))
    repo.audiodvc("resolve", "db.emotion.csv")
    assert text(repo) == rows(("a", 0.0, 0.1, "angry", "5"), SECOND, ("b", 0.0, 0.1, "happy", "7"))
    repo.git("commit", "--no-edit", "--quiet", "--no-verify")


@pytest.mark.parametrize("words", [("rebase", "theirs"), ("cherry-pick", "theirs")])
def test_rebase_and_cherry_pick_merge_as_well(repo: Repo, words: tuple[str, ...]) -> None:
    """The driver needs to know no revision."""
    ours = rows(("a", 0.0, 0.1, "sad", "1"), SECOND, THIRD)
    tables(repo, ours, rows(("a", 0.0, 0.1, "happy", "9"), SECOND, THIRD))
    assert merge(repo, *words) == 0
    assert text(repo) == rows(("a", 0.0, 0.1, "sad", "9"), SECOND, THIRD)
    repo.git("reset", "--hard", "--quiet", "main~0")


def test_a_conflict_of_a_rebase_is_settled_and_goes_on(repo: Repo) -> None:
    """Ours and theirs are what git means by them there."""
    tables(
        repo,
        rows(("a", 0.0, 0.1, "sad", "1"), SECOND, THIRD),
        rows(("a", 0.0, 0.1, "angry", "9"), SECOND, THIRD),
    )
    assert merge(repo, "rebase", "theirs") == 1
    (one,) = conflicts(repo)
    assert (one.ours, one.base, one.theirs) == ("angry", "happy", "sad")
    repo.audiodvc("resolve", "--theirs")
    repo.git("commit", "--quiet", "--no-edit", "--no-verify")
    repo.git("rebase", "--continue")
    assert text(repo) == rows(("a", 0.0, 0.1, "sad", "9"), SECOND, THIRD)


def test_a_header_conflict_is_a_block_and_is_settled(repo: Repo) -> None:
    """By its dotted path."""
    ours, theirs = (HEADER.replace("source: s", f"source: {one}") for one in ("one", "two"))
    branches(repo, {"db.yaml": ours}, {"db.yaml": theirs.replace("usage: other", "usage: research")})
    assert merge(repo) == 1
    (one,) = conflicts(repo)
    assert (one.path, one.kind, one.key) == ("db.yaml", "header", (("path", "source"),))
    repo.audiodvc("resolve", "db.yaml", "source", "--theirs")
    assert text(repo, "db.yaml") == theirs.replace("usage: other", "usage: research")


def test_a_deleted_table_against_a_changed_one_is_settled(repo: Repo) -> None:
    """No driver sees it."""
    repo.git("checkout", "--quiet", "-b", "theirs")
    repo.commit(tables={"emotion": TABLE.replace("sad", "happy")}, header=HEADER)
    repo.git("checkout", "--quiet", "main")
    repo.git("rm", "--quiet", "db.emotion.csv")
    repo.commit(message="no table")
    assert merge(repo) == 1
    (one,) = conflicts(repo)
    assert (one.kind, one.ours, one.theirs) == ("table", None, "changed")
    repo.audiodvc("resolve", "db.emotion.csv", "--theirs")
    assert text(repo) == TABLE.replace("sad", "happy")
    assert conflicts(repo) == ()


def test_a_deleted_column_against_changed_cells_is_settled_as_a_whole(repo: Repo) -> None:
    """The text merge of git stands there, and never passes in silence."""
    gone = "".join(f"{line.rpartition(',')[0]}\n" for line in TABLE.splitlines())
    tables(repo, gone, TABLE.replace("angry,3", "angry,4"))
    assert merge(repo) == 1
    assert ("column", "age") in [(one.kind, one.field) for one in conflicts(repo)]
    repo.run("audiodvc", "resolve", "--ours")
    assert text(repo) == gone


def pointer_agrees(repo: Repo) -> None:
    """The pointer is that of the merged index, and its directory object is in the cache."""
    found = mediaindex.parse((repo.path / "audio.media.csv").read_bytes(), "audio.media.csv")
    made = mediaindex.directory_object((one.file.removeprefix("audio/"), one.md5) for one in found)
    assert f"md5: {made.name}" in text(repo, "audio.dvc")
    assert f"nfiles: {len(found)}" in text(repo, "audio.dvc")
    blob = repo.git("hash-object", "audio.media.csv").strip()
    assert f"index: {blob}" in text(repo, "audio.dvc")
    cached = repo.path / ".dvc" / "cache" / "files" / "md5" / made.name[:2] / made.name[2:]
    assert cached.read_bytes() == made.data


def test_both_sides_add_media(repo: Repo) -> None:
    """The pointer follows from the merged index, and what it names is pushed."""
    for name, branch in (("c", "theirs"), ("d", "main")):
        repo.git("checkout", "--quiet", *(["-b"] if branch != "main" else []), branch)
        repo.dvc("checkout", "--quiet")
        repo.commit(media={f"audio/{name}.wav": tone(0.5 if name == "c" else 0.6)})
    assert merge(repo) == 0
    names = [line.partition(",")[0] for line in text(repo, "audio.media.csv").splitlines()[1:]]
    assert names == [f"audio/{name}.wav" for name in "abcd"]
    pointer_agrees(repo)
    repo.dvc("push", "--quiet")
    repo.dvc("checkout", "--quiet")
    assert (repo.path / "audio" / "c.wav").is_file()
    assert repo.run("audiodvc", "validate", "--remote").returncode == 0


def test_media_replaced_here_and_labels_changed_there(repo: Repo) -> None:
    """They are of different files, and both come in."""
    branches(repo, {}, {"db.emotion.csv": TABLE.replace("sad", "happy")})
    repo.commit(media={"audio/b.wav": tone(0.9)})
    assert merge(repo) == 0
    assert text(repo) == TABLE.replace("sad", "happy")
    pointer_agrees(repo)


def test_one_file_replaced_by_both_is_a_conflict_of_index_and_pointer(repo: Repo) -> None:
    """Once the index is settled the pointer follows from it."""
    for length, branch in ((0.5, "theirs"), (0.6, "main")):
        repo.git("checkout", "--quiet", *(["-b"] if branch != "main" else []), branch)
        repo.dvc("checkout", "--quiet")
        repo.commit(media={"audio/b.wav": tone(length)})
    assert merge(repo) == 1
    assert {(one.path, one.kind, one.field) for one in conflicts(repo)} == {
        ("audio.media.csv", "media", "md5"),
        ("audio.dvc", "media", "md5"),
    }
    repo.audiodvc("resolve", "--theirs")
    assert "0.5" in text(repo, "audio.media.csv").splitlines()[2]
    pointer_agrees(repo)
    assert conflicts(repo) == ()


def test_where_audiodvc_cannot_start_markers_are_left(repo: Repo) -> None:
    """Never ours alone; afterwards audiodvc mends what lines could not say."""
    command = repo.git("config", mergedriver.DRIVER).strip()
    repo.git("config", mergedriver.DRIVER, command.replace("-m audiodvc", "-m no.such.module"))
    tables(
        repo,
        rows(("a", 0.0, 0.1, "sad", "1"), SECOND, THIRD),
        rows(("a", 0.0, 0.1, "happy", "9"), SECOND, THIRD),
    )
    assert merge(repo) == 1
    assert ",sad,1\n" in text(repo)
    assert ",happy,9\n" in text(repo)
    (one,) = conflicts(repo)
    assert one.kind == "text"
    repo.audiodvc("resolve")
    assert text(repo) == rows(("a", 0.0, 0.1, "sad", "9"), SECOND, THIRD)


def test_what_cannot_be_read_is_merged_as_text(repo: Repo) -> None:
    """A key that stands twice has no meaning, and neither has half a row."""
    twice = TABLE + TABLE.splitlines()[3] + "\n"
    tables(repo, twice, TABLE.replace("angry,3", "angry,4"))
    assert merge(repo) == 1
    assert "<<<<<<< ours" in text(repo)
    (one,) = conflicts(repo)
    assert (one.kind, one.field) == ("text", "ours: a key is given twice")
    repo.git("reset", "--hard", "--quiet")


def test_lines_that_fit_say_nothing_of_rows(repo: Repo) -> None:
    """Where rows have no meaning somebody has to look, though git finds no conflict."""
    twice = TABLE + TABLE.splitlines()[3] + "\n"
    tables(repo, twice, TABLE.replace("happy,1", "happy,4"))
    assert merge(repo) == 1
    assert text(repo) == twice.replace("happy,1", "happy,4")
    (one,) = conflicts(repo)
    assert (one.kind, one.field) == ("text", "ours: a key is given twice")
    (repo.path / "db.emotion.csv").write_text(TABLE.replace("happy,1", "happy,4"))
    assert conflicts(repo) == ()
    repo.audiodvc("resolve", "db.emotion.csv")
    assert repo.git("ls-files", "--unmerged") == ""


def test_a_dataset_in_a_folder_is_merged_by_its_own_header(repo: Repo) -> None:
    """The driver is told names from the top."""
    inner = repo.path / "sub"
    inner.mkdir()
    (inner / "db.yaml").write_text(HEADER)
    (inner / "db.emotion.csv").write_text(TABLE)
    repo.commit(message="two")
    branches(
        repo,
        {"sub/db.emotion.csv": TABLE.replace("happy,1", "sad,1")},
        {"sub/db.emotion.csv": TABLE.replace("happy,1", "happy,9.0").replace("angry,3", "angry,4")},
    )
    assert merge(repo) == 0
    assert text(repo, "sub/db.emotion.csv").splitlines()[1].endswith(",sad,9")
    assert find(inner).root == inner.resolve()


def test_install_lets_git_merge_and_is_reversible(repo: Repo) -> None:
    """A dataset that was made before gets the lines that it lacks; doctor says where there is no driver."""
    path = repo.path / ".gitattributes"
    path.write_text("db.yaml text eol=lf")
    mergedriver.uninstall(repo.path)
    assert "merge driver" in [one.subject for one in doctor(find(repo.path)) if one.outcome == "warning"]
    repo.audiodvc("install")
    assert path.read_text() == scaffold.attributes("db.yaml text eol=lf")
    assert "merge driver" in [one.subject for one in doctor(find(repo.path)) if one.outcome == "ok"]
    assert not mergedriver.install(repo.path)
    assert repo.git("check-attr", "merge", "db.emotion.csv").endswith(": merge: audiodvc\n")
    repo.audiodvc("uninstall")
    assert not mergedriver.is_installed(repo.path)


def test_conflicts_are_listed_for_people_and_for_programs(repo: Repo) -> None:
    """With the key as `resolve` takes it."""
    assert repo.audiodvc("conflicts") == "no conflicts\n"
    tables(repo, TABLE.replace("happy", "sad"), TABLE.replace("happy", "angry"))
    assert merge(repo) == 1
    done = repo.run("audiodvc", "conflicts")
    assert done.returncode == 1
    where = f"audio/a.wav {time(0)} {time(0.1)}  emotion"
    assert done.stdout == f"db.emotion.csv\n  {where}  ours: sad  base: happy  theirs: angry\n"
    found = json.loads(repo.run("audiodvc", "conflicts", "--format", "json").stdout)
    assert list(faults(found, documented("audiodvc.conflicts/v1"))) == []
    assert found["conflicts"] == [
        {
            "path": "db.emotion.csv",
            "kind": "cell",
            "key": {"file": "audio/a.wav", "start": time(0), "end": time(0.1)},
            "field": "emotion",
            "base": "happy",
            "ours": "sad",
            "theirs": "angry",
        }
    ]
