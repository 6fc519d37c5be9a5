"""`git merge`, `git rebase` and `git cherry-pick` in a clone with audiodvc merge in meaning."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from audiodvc.changes.conflict import Conflict
from audiodvc.cli.main import run
from audiodvc.model import mediaindex, scaffold
from audiodvc.project import drivers, mergedriver
from audiodvc.project.conflicts import BY_HAND, UNSTAGED
from audiodvc.project.conflicts import conflicts as pending
from audiodvc.project.dataset import find
from audiodvc.project.doctor import doctor
from audiodvc.project.mergedriver import Place, Texts
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


def ask(repo: Repo, *words: str) -> tuple[int, str]:
    """How a call of audiodvc in this process ends, and all that it says."""
    said = StringIO()
    with chdir(repo.path), redirect_stdout(said), redirect_stderr(said):
        code = run(words)
    return code, said.getvalue()


def stopped(repo: Repo) -> Repo:
    """A repository in which git has stopped in a merge that it made line by line."""
    mergedriver.uninstall(repo.path)
    assert merge(repo) == 1
    return repo


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
        mergedriver.uninstall(repo.path)  # what git itself makes of it is settled no otherwise


def test_a_cell_is_settled_by_its_key(repo: Repo) -> None:
    """One after the other, with a value of its own too; all else is merged; what is wrong is not staged."""
    ours = rows(("a", 0.0, 0.1, "sad", "5"), SECOND, ("b", 0.0, 0.1, "happy", "3"))
    theirs = rows(("a", 0.0, 0.1, "angry", "1"), SECOND, ("b", 0.0, 0.1, "sad", "7"))
    tables(repo, ours, theirs)
    assert merge(repo) == 1
    assert text(repo).count("<<<<<<< ours\n") == 2
    assert "audio/a.wav,0 days 00:00:00.000000000,0 days 00:00:00.100000000,angry,5\n" in text(repo)
    assert [one.field for one in conflicts(repo)] == ["emotion", "emotion"]
    code, said = ask(repo, "resolve", "db.emotion.csv", "audio/a.wav", "0", "0.1s", "--theirs")
    assert (code, "1 conflict left" in said) == (1, True), said
    code, said = ask(repo, "resolve", "db.emotion.csv", "audio/b.wav", "--value", "emotion=glad")
    assert (code, "db.emotion.csv:4:" in said) == (1, True), said
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
    """The text merge of git stands there, and never passes in silence; what else was changed is kept."""
    gone = "".join(f"{line.rpartition(',')[0]}\n" for line in TABLE.splitlines())
    tables(repo, gone, TABLE.replace("angry,3", "angry,4").replace("happy", "sad"))
    assert merge(repo) == 1
    (one,) = conflicts(repo)
    assert (one.kind, one.field, one.ours, one.theirs) == ("column", "age", None, "changed")
    said = "column age: taken out by ours, its cells changed by theirs"
    assert ask(repo, "conflicts") == (1, f"db.emotion.csv\n  {said}\n")
    ask(repo, "resolve", "--ours")
    assert text(repo) == gone.replace("happy", "sad")


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
        (repo.path / "audio" / "c.wav").unlink(missing_ok=True)
        repo.commit(media={f"audio/{name}.wav": tone(0.5 if name == "c" else 0.6)})
    assert merge(repo) == 0
    names = [line.partition(",")[0] for line in text(repo, "audio.media.csv").splitlines()[1:]]
    assert names == [f"audio/{name}.wav" for name in "abcd"]
    pointer_agrees(repo)
    repo.dvc("push", "--quiet")
    repo.dvc("checkout", "--quiet")
    assert (repo.path / "audio" / "c.wav").is_file()
    assert ask(repo, "validate", "--remote")[0] == 0


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
        repo.commit(media={"audio/b.wav": tone(length)})
    assert merge(repo) == 1
    assert {(one.path, one.kind, one.field) for one in conflicts(repo)} == {
        ("audio.media.csv", "media", "md5"),
        ("audio.dvc", "media", "md5"),
    }
    assert "`dvc checkout` brings the media" in repo.audiodvc("resolve", "--theirs")
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


def test_where_it_ends_in_the_middle_theirs_is_not_lost(repo: Repo) -> None:
    """Markers that somebody left in ours are none that this merge has written."""
    command = repo.git("config", mergedriver.DRIVER).strip().replace("-m audiodvc", "-m no.such.module")
    sides = {"O": "a\n", "A": "<<<<<<< x\na\n", "B": "a\nb\n"}
    for name, said in sides.items():
        (repo.path / name).write_text(said)
        command = command.replace(f"%{name}", name)
    done = repo.run("sh", "-c", command.replace("%L", "7").replace("%P", "db.t.csv"))
    assert done.returncode == 1
    assert "b\n" in text(repo, "A")


def test_files_that_are_made_are_those_of_our_side(repo: Repo) -> None:
    """In a dataset; another project beside it has files of the same name."""
    texts = Texts(b"a\n", b"b\n", b"c\n")
    for name in ("dvc.lock", "validation.json"):
        assert mergedriver.merge(Place(repo.path, name), texts).text == b"b\n"
        assert mergedriver.merge(Place(repo.path, f"other/{name}"), texts).is_left
        assert f"{name} merge=audiodvc" in scaffold.MERGED


def test_branches_that_merged_each_other_are_merged(repo: Repo) -> None:
    """Where they disagreed before is a conflict again, and no other row is in it."""
    tables(repo, TABLE.replace("happy,1", "sad,1"), TABLE.replace("happy,1", "angry,1"))
    repo.git("branch", "before")
    repo.git("merge", "--quiet", "--no-edit", "--strategy", "ours", "theirs")
    repo.git("checkout", "--quiet", "theirs")
    repo.git("merge", "--quiet", "--no-edit", "--strategy", "ours", "before")
    for name, old, new in (("theirs", "angry,3", "angry,4"), ("main", "sad,2", "sad,7")):
        repo.git("checkout", "--quiet", name)
        repo.write(files={"db.emotion.csv": text(repo).replace(old, new)})
        repo.git("commit", "--quiet", "--no-verify", "--all", "--message", "more")
    assert merge(repo) == 1
    assert [(one.kind, one.ours, one.theirs) for one in conflicts(repo)] == [("cell", "sad", "angry")]
    repo.audiodvc("resolve", "--theirs")
    assert text(repo) == rows(("a", 0.0, 0.1, "angry", "1"), ("a", 0.1, 0.2, "sad", "7"), (*THIRD[:4], "4"))


def test_rerere_does_again_what_somebody_has_settled(repo: Repo) -> None:
    """Though git asks the driver about texts with markers."""
    repo.git("config", "rerere.enabled", "true")
    tables(repo, TABLE.replace("happy", "sad"), TABLE.replace("happy", "angry"))
    assert merge(repo) == 1
    repo.audiodvc("resolve", "--theirs")
    repo.git("commit", "--quiet", "--no-verify", "--no-edit")
    settled = text(repo)
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    assert merge(repo) == 1
    assert text(repo) == settled
    assert [one.field for one in conflicts(repo)] == [UNSTAGED]
    repo.audiodvc("resolve")


def test_other_texts_are_settled_hunk_by_hunk(repo: Repo) -> None:
    """What was merged elsewhere in them stays, and so does what somebody has written by now."""
    lines = [f"{number}\n" for number in range(20)]
    repo.commit(files={"CHANGELOG.md": "".join(lines), "sub/db.yaml": HEADER, "p.png": b"\0a"}, header=HEADER)
    sides = []
    for name in ("ours", "theirs"):
        other = [*lines, f"{name} at the end\n"]
        other[5 if name == "ours" else 15] = f"{name} alone\n"
        sides.append({"CHANGELOG.md": "".join(other), "sub/db.yaml": f"name: {name}\n"})
    branches(repo, sides[0] | {"p.png": "\0b"}, sides[1] | {"p.png": "\0c"})
    stopped(repo)
    assert {one.path for one in conflicts(repo)} == {"CHANGELOG.md", "p.png"}
    assert ask(repo, "resolve", "CHANGELOG.md", "--delete")[0] == 2
    (repo.path / "CHANGELOG.md").write_text("by hand\n" + text(repo, "CHANGELOG.md"))
    repo.audiodvc("resolve", "CHANGELOG.md", "--theirs")
    lines[5], lines[15] = "ours alone\n", "theirs alone\n"
    assert text(repo, "CHANGELOG.md") == "".join(("by hand\n", *lines, "theirs at the end\n"))
    done = repo.audiodvc("resolve", "p.png", "--theirs")
    assert done == "p.png: settled as theirs has it, with nothing of ours, and staged\n"
    assert text(repo, "p.png") == "\0c"


def test_a_header_that_only_git_can_merge_keeps_what_both_changed(repo: Repo) -> None:
    """Such as one whose base has conflicts, after branches had merged each other before."""
    base = HEADER.replace("source: s", "<<<<<<<<< a\nsource: one\n=========\nsource: two\n>>>>>>>>> b")
    ours, theirs = HEADER.replace("source: s", "source: one"), HEADER.replace("source: s", "source: two")
    sides = {
        1: base,
        2: ours.replace("other", "research"),
        3: theirs.replace("age: {dtype: int}", "age: {dtype: str}"),
    }
    lines = [f"0 {'0' * 40}\tdb.yaml\n"]
    for stage, said in sides.items():
        blob = repo.run("git", "hash-object", "-w", "--stdin", stdin=said).stdout.strip()
        lines.append(f"100644 {blob} {stage}\tdb.yaml\n")
    repo.run("git", "update-index", "--index-info", stdin="".join(lines))
    repo.git("checkout", "--merge", "db.yaml")
    assert [one.kind for one in conflicts(repo)] == ["text"]
    ask(repo, "resolve", "db.yaml", "--ours")
    assert text(repo, "db.yaml") == sides[2].replace("age: {dtype: int}", "age: {dtype: str}")


def test_what_a_choice_cannot_mean_is_refused(repo: Repo) -> None:
    """Two sides at once, half of a line of the header, a table that both sides have."""
    ours, theirs = (
        HEADER.replace("age: {dtype: int}", f"age: {{dtype: {one}, minimum: {two}}}")
        for one, two in (("float", 1), ("str", 2))
    )
    twice = TABLE + TABLE.splitlines()[3] + "\n"
    branches(
        repo,
        {"db.yaml": ours, "db.emotion.csv": twice},
        {"db.yaml": theirs, "db.emotion.csv": TABLE.replace("angry,3", "angry,4")},
    )
    stopped(repo)
    for words, why in (
        (["--ours", "--theirs"], "take one side"),
        (["db.yaml", "schemes.age.dtype", "--ours"], "on the same lines as schemes.age.minimum"),
        (["db.yaml", "schemes.ag", "--ours"], "no conflict at schemes.ag"),
        (["db.emotion.csv", "--delete"], "there on both sides"),
    ):
        code, said = ask(repo, "resolve", *words)
        assert (code, why in said) == (2, True), said
    repo.audiodvc("resolve", "db.yaml", "schemes.age", "--ours")
    assert text(repo, "db.yaml") == ours
    said = repo.audiodvc("resolve", "--theirs")
    assert said == "db.emotion.csv: settled as theirs has it, with nothing of ours, and staged\n"


def test_a_file_that_windows_checked_out_is_settled(repo: Repo) -> None:
    """And one of which some conflicts were edited says so."""
    ours = TABLE.replace("angry,3", "sad,3").replace("happy,1", "sad,1")
    theirs = TABLE.replace("angry,3", "happy,3").replace("happy,1", "angry,1")
    tables(repo, ours, theirs)
    stopped(repo)
    texts = Texts(TABLE.encode(), ours.encode(), theirs.encode())
    merged = mergedriver.merge(Place(repo.path, "db.emotion.csv"), texts).text.replace(b"\n", b"\r\n")
    path = repo.path / "db.emotion.csv"
    path.write_bytes(merged)
    assert [one.kind for one in conflicts(repo)] == ["cell", "cell"]
    path.write_bytes(merged.replace(b",sad,1", b",sad,8"))
    assert [(one.kind, one.field) for one in conflicts(repo)] == [("cell", "emotion"), ("text", BY_HAND)]
    path.write_bytes(merged)
    repo.audiodvc("resolve", "--ours")
    assert text(repo) == ours


def test_media_that_no_index_lists_are_not_dropped(repo: Repo) -> None:
    """One side called plain `dvc add`: its pointer names an index that knows nothing of it."""
    repo.git("checkout", "--quiet", "-b", "theirs")
    repo.commit(media={"audio/c.wav": tone(0.5)})
    repo.git("checkout", "--quiet", "main")
    unlisted = text(repo, "audio.dvc").replace("nfiles: 2", "nfiles: 3").replace("md5: ", "md5: 0", 1)
    repo.write(files={"audio.dvc": re.sub(r"md5: 0(\w{31})\w\.dir", r"md5: 0\1.dir", unlisted)})
    repo.git("commit", "--quiet", "--no-verify", "--all", "--message", "dvc add")
    stopped(repo)
    for words in ((), ("--ours",)):
        code, said = ask(repo, "resolve", *words)
        assert (code, "audio.dvc of ours holds what no media index lists" in said) == (3, True), said
    repo.audiodvc("resolve", "--theirs")
    pointer_agrees(repo)


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
    assert [one.field for one in conflicts(repo)] == [UNSTAGED]
    repo.audiodvc("resolve", "db.emotion.csv")
    assert repo.git("ls-files", "--unmerged") == ""
    assert conflicts(repo) == ()


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


def said_of_drivers(repo: Repo) -> dict[str, str]:
    """What doctor says of each driver."""
    found = [one for one in doctor(find(repo.path)) if one.subject.endswith(" driver")]
    return {one.subject.removesuffix(" driver"): one.outcome for one in found}


def test_install_lets_git_merge_and_is_reversible(repo: Repo) -> None:
    """A dataset that was made before gets the lines that it lacks; doctor says where there is no driver."""
    path = repo.path / ".gitattributes"
    path.write_text("db.yaml text eol=lf")
    mergedriver.uninstall(repo.path)
    assert said_of_drivers(repo) == {"merge": "warning", "diff": "warning"}
    repo.audiodvc("install")
    assert path.read_text() == scaffold.attributes("db.yaml text eol=lf")
    assert said_of_drivers(repo) == {"merge": "ok", "diff": "ok"}
    repo.git("config", drivers.TEXTCONV, "/gone/bin/python -m audiodvc textconv")
    assert said_of_drivers(repo) == {"merge": "ok", "diff": "warning"}
    assert not mergedriver.install(repo.path)
    assert repo.git("check-attr", "merge", "db.emotion.csv").endswith(": merge: audiodvc\n")
    repo.audiodvc("uninstall")
    assert not mergedriver.is_installed(repo.path)


def test_conflicts_are_listed_for_people_and_for_programs(repo: Repo) -> None:
    """With the key as `resolve` takes it."""
    assert repo.audiodvc("conflicts") == "no conflicts\n"
    tables(repo, TABLE.replace("happy", "sad"), TABLE.replace("happy", "angry"))
    assert merge(repo) == 1
    where = f"audio/a.wav {time(0)} {time(0.1)}  emotion"
    said = f"db.emotion.csv\n  {where}  ours: sad  base: happy  theirs: angry\n"
    assert ask(repo, "conflicts") == (1, said)
    found = json.loads(ask(repo, "conflicts", "--format", "json")[1])
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
