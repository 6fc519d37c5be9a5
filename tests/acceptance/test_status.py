"""`audiodvc status` and `audiodvc doctor` on real datasets."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.builder import MakeRepo, Repo, RepoFactory, default_header, tone


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A dataset with two recordings and a table, committed and pushed as v1.0.0; copied for each test."""
    made = RepoFactory(tmp_path_factory.mktemp("released"), repo_template)()
    made.audiodvc("init")
    made.commit(
        tables={"emotion": "file,emotion\naudio/a.wav,happy\naudio/b.wav,angry\n"},
        media={"audio/a.wav": tone(0.2), "audio/b.wav": tone(0.3)},
    )
    made.audiodvc("fmt")
    made.git("commit", "--quiet", "--all", "--no-verify", "--allow-empty", "--message", "form")
    made.dvc("push")
    made.git("tag", "v1.0.0")
    return made.path.parent


@pytest.fixture
def repo(tmp_path: Path, released: Path) -> Repo:
    """A copy of the dataset and of its remote."""
    shutil.copytree(released, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Repo(tmp_path / "dataset")


@pytest.fixture
def known(repo: Repo) -> Repo:
    """The copy, once its media were read where they are now."""
    repo.audiodvc("add", "audio")
    return repo


def line(repo: Repo, word: str) -> str:
    """The line of the status that begins with a word."""
    shown = repo.audiodvc("status").splitlines()
    return next(text for text in shown if text.startswith(word))


def test_clean_dataset_has_nothing_to_say(known: Repo) -> None:
    """Version, labels, media and remote are as committed."""
    assert line(known, "version").split()[1:] == ["v1.0.0", "on", "main"]
    assert "as committed" in line(known, "labels")
    assert "audio: 2 files, as in the index" in line(known, "media")
    assert "has every object" in line(known, "remote")


def test_changed_and_staged_labels_are_told_apart(repo: Repo) -> None:
    """A file can be staged and changed again since."""
    table = repo.path / "db.emotion.csv"
    table.write_text(table.read_text().replace("happy", "calm"))
    assert "db.emotion.csv: not staged" in line(repo, "labels")
    repo.git("add", "db.emotion.csv")
    assert line(repo, "labels").endswith("db.emotion.csv: staged")
    table.write_text(table.read_text().replace("calm", "sad"))
    assert "staged, and changed since" in line(repo, "labels")


def test_media_are_counted_without_reading_them(repo: Repo) -> None:
    """New, changed and absent files are told from names, sizes and DVC's state."""
    (repo.path / "audio/c.wav").write_bytes(tone(0.4))
    (repo.path / "audio/a.wav").unlink()
    (repo.path / "audio/a.wav").write_bytes(tone(0.5))
    (repo.path / "audio/b.wav").unlink()
    assert "audio: 2 files, 1 new, 1 changed, 1 not here" in line(repo, "media")


def test_objects_that_are_not_pushed_are_counted(repo: Repo) -> None:
    """A recording and the new directory object."""
    repo.commit(media={"audio/c.wav": tone(0.4)})
    assert "2 objects not pushed" in line(repo, "remote")
    assert "v1.0.0, 1 commit since on main" in line(repo, "version")


def test_one_object_is_one_object(repo: Repo) -> None:
    """The remote lacks a recording that is tracked alone."""
    repo.commit(media={"c.wav": tone(0.4)})
    assert line(repo, "remote").endswith("1 object not pushed (dvc push)")
    assert "c.wav: 1 file, as in the index" in repo.audiodvc("status")


def test_remote_whose_folder_is_gone_is_said_to_be(repo: Repo) -> None:
    """A disk that is not mounted is no reason to push."""
    storage = repo.path.parent / "dataset.media"
    storage.rename(storage.with_name("unmounted"))
    assert f"{storage} does not exist (mount it, or `dvc push` makes it)" in line(repo, "remote")
    assert "not pushed" not in line(repo, "remote")


def test_labels_are_told_from_other_files(repo: Repo) -> None:
    """Header, tables, indexes and pointers are labels; an untracked folder is one name, as for git."""
    repo.write(
        media={"audio/c.wav": tone(0.4)},
        tables={"new": "file,new\naudio/a.wav,x\n"},
        header=default_header({}),
        files={f"scratch/deep/{number}.txt": "x" for number in range(300)} | {"notes.txt": "x"},
    )
    repo.audiodvc("add", "audio")
    seen = repo.audiodvc("status")
    for name in (
        "audio.dvc: staged",
        "audio.media.csv: staged",
        "db.new.csv: not staged",
        "db.yaml: not staged",
    ):
        assert f"  {name}\n" in seen
    assert line(repo, "other").split(maxsplit=1)[1] == "not staged: notes.txt, scratch/"
    assert len(seen.splitlines()) == 8


def test_many_other_files_are_counted(repo: Repo) -> None:
    """The first few by name."""
    repo.write(files={f"{number}.txt": "x" for number in range(9)} | {".gitattributes": "x"})
    repo.git("add", ".gitattributes", "8.txt")
    seen = repo.audiodvc("status")
    assert "other    staged: .gitattributes, 8.txt\n" in seen
    assert "not staged: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 3 more\n" in seen
    assert "as committed" in line(repo, "labels")


def test_dataset_below_the_top_names_its_files_from_its_root(make_repo: MakeRepo) -> None:
    """As with media."""
    made = make_repo()
    made.write(files={"sets/one/db.yaml": "name: one\nusage: unrestricted\n", "sets/one/notes.txt": "x"})
    seen = made.audiodvc("-C", "sets/one", "status")
    assert "db.yaml: not staged" in seen
    assert "not staged: notes.txt" in seen
    assert "sets/" not in seen


def test_files_that_dvc_ignores_are_not_new(known: Repo) -> None:
    """`add` will never take them."""
    known.write(files={".dvcignore": "*.tmp\n", "audio/x.tmp": "x"})
    assert "audio: 2 files, as in the index" in line(known, "media")
    known.write(media={"audio/c.wav": tone(0.4)})
    assert "audio: 2 files, 1 new" in line(known, "media")


def test_names_do_nothing_to_the_terminal(repo: Repo) -> None:
    """A name stands on one line, as Python writes it."""
    repo.write(files={"\x1b]0;pwn\x07": "x", "db.a\nb.csv": "x"})
    seen = repo.audiodvc("status")
    assert "\x1b" not in seen
    assert "\\x1b]0;pwn\\x07" in seen
    assert "db.a\\nb.csv: not staged" in seen


def test_media_that_were_moved_or_removed_are_said_to_be(repo: Repo) -> None:
    """Neither the old place nor the new one is what it was, and a command says what next."""
    repo.dvc("move", "audio", "sound")
    seen = repo.audiodvc("status")
    assert "audio: 2 files, without a pointer (`audiodvc doctor` says what to do)" in seen
    assert "sound: no media index (`audiodvc add sound` writes it)" in seen
    said = doctor(repo, 1)
    assert "has no pointer, and audio is not here (moved: `audiodvc add` its new place; removed: " in said
    assert "`git rm audio.media.csv`; else `git restore audio.dvc`)" in said
    assert re.search(r"(?m)^error +sound\.dvc +has no media index \(`audiodvc add sound` writes it\)", said)
    repo.audiodvc("add", "sound")
    assert "media    sound: 2 files, as in the index\n" in repo.audiodvc("status")
    doctor(repo, 0)


def test_an_import_is_no_media_folder_without_index(repo: Repo) -> None:
    """DVC brings it up to date."""
    repo.write(files={"../elsewhere.wav": tone(0.7)})
    repo.dvc("import-url", str(repo.path.parent / "elsewhere.wav"), "other.wav")
    assert "other.wav:" not in repo.audiodvc("status")


def test_clone_without_media_says_so(repo: Repo) -> None:
    """Nothing is here yet, and one command brings it."""
    other = repo.clone("other")
    assert "none of them here (`dvc pull` brings them)" in line(other, "media")


def test_repository_without_commit_has_a_status(make_repo: MakeRepo) -> None:
    """The first thing that one types works."""
    made = make_repo()
    made.audiodvc("init")
    assert "none yet" in line(made, "version")


def test_outside_of_a_dataset_is_one_line(make_repo: MakeRepo) -> None:
    """No traceback, a hint, exit code 3."""
    done = make_repo().run("audiodvc", "status")
    assert done.returncode == 3
    assert "audiodvc init" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def doctor(repo: Repo, code: int) -> str:
    """What the doctor says, and its exit code."""
    done = repo.run("audiodvc", "doctor")
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_doctor_finds_a_sound_clone_sound(known: Repo) -> None:
    """Nothing is wrong, so nothing is an error or a warning."""
    assert {text.split()[0] for text in doctor(known, 0).splitlines()} == {"ok"}


def test_doctor_sees_pointer_and_index_disagree(repo: Repo) -> None:
    """Someone ran plain `dvc add`."""
    (repo.path / "audio/c.wav").write_bytes(tone(0.4))
    repo.dvc("add", "audio")
    said = doctor(repo, 1)
    assert "pointer and media index disagree" in said
    repo.audiodvc("add", "audio")
    doctor(repo, 0)


def test_doctor_sees_a_pointer_without_index(repo: Repo) -> None:
    """A folder of plain DVC needs its index."""
    (repo.path / "more").mkdir()
    (repo.path / "more/d.wav").write_bytes(tone(0.4))
    repo.dvc("add", "more")
    assert "`audiodvc add more` writes it" in doctor(repo, 1)


def test_doctor_sees_a_lock_of_a_dead_process(repo: Repo) -> None:
    """DVC will refuse until the file is gone."""
    (repo.path / ".dvc/tmp/rwlock").write_text('{"x": {"write": {"pid": 999999, "cmd": "dvc add"}}}')
    assert "process 999999" in doctor(repo, 0)


def test_doctor_sees_stages_that_are_not_in_step(repo: Repo) -> None:
    """A table was added and dvc.yaml does not know."""
    other = "file,other\naudio/a.wav,x\n"
    repo.write(tables={"other": other}, header=default_header({"other": other}))
    assert "`audiodvc fmt` writes it" in doctor(repo, 0)


def test_doctor_sees_a_broken_header(repo: Repo) -> None:
    """A header that cannot be read is an error with its line."""
    (repo.path / "db.yaml").write_text("name: [\n")
    assert "line 2" in doctor(repo, 1)


def test_doctor_sees_a_pointer_that_was_removed(repo: Repo) -> None:
    """The recordings are still here, so they can be tracked again."""
    repo.dvc("remove", "audio.dvc")
    said = doctor(repo, 1)
    assert "has no pointer (`audiodvc add audio` writes it, `git rm audio.media.csv` leaves audio to" in said
    assert "disagree" not in said


def test_doctor_sees_an_index_that_was_left_behind(repo: Repo) -> None:
    """The recordings are gone as well: nothing could be added."""
    repo.dvc("remove", "audio.dvc", "--outs")
    assert "has no pointer, and audio is not here" in doctor(repo, 1)


def test_doctor_leaves_imports_to_dvc(repo: Repo) -> None:
    """An import is DVC's, and `audiodvc add` refuses it."""
    repo.write(files={"../elsewhere.wav": tone(0.7)})
    repo.dvc("import-url", str(repo.path.parent / "elsewhere.wav"), "other.wav")
    said = doctor(repo, 0)
    assert re.search(r"^ok +other\.wav\.dvc +is an import", said, re.MULTILINE)
    assert "audiodvc add other" not in said


def test_doctor_does_not_send_a_strange_pointer_to_add(repo: Repo) -> None:
    """`add` would refuse it."""
    (repo.path / "audio.dvc").write_text("outs: []\n")
    said = doctor(repo, 1)
    assert "is not a pointer as `dvc add` writes it" in said
    assert "audiodvc add audio" not in said


def test_doctor_sees_a_pointer_that_was_renamed_alone(repo: Repo) -> None:
    """The name of the folder stands in it as well."""
    repo.git("mv", "audio.dvc", "sound.dvc")
    hint = "name it audio.dvc again, or remove it and `audiodvc add sound`"
    assert f"tracks audio, whatever it is called ({hint})" in doctor(repo, 1)
    (repo.path / "audio").rename(repo.path / "sound")
    done = repo.run("audiodvc", "add", "sound")
    assert done.returncode == 3
    assert hint in done.stderr
    (repo.path / "sound.dvc").unlink()
    repo.audiodvc("add", "sound")
    doctor(repo, 0)


def test_doctor_finds_a_flavor_without_pointer_sound(repo: Repo) -> None:
    """It is the output of a stage."""
    index = "file,md5,size,format,channels,sampling_rate,bit_depth,duration,source_md5\n"
    repo.write(files={"flavors/mono.media.csv": index})
    assert "flavors/mono" not in doctor(repo, 0)


def test_doctor_sees_labels_that_git_ignores(repo: Repo) -> None:
    """They would never be committed; what git tracks already is not kept out by any pattern."""
    repo.write(files={".gitignore": "*.csv\n/audio\n"}, tables={"new": "file,new\naudio/a.wav,x\n"})
    said = doctor(repo, 0)
    assert re.search(r"^warning +db\.new\.csv +is ignored by git \(", said, re.MULTILINE)
    assert "db.emotion.csv" not in said


def test_doctor_sees_a_header_that_git_ignores(make_repo: MakeRepo) -> None:
    """The header and the index of a folder too."""
    made = make_repo()
    made.write(media={"audio/a.wav": tone(0.2)}, tables={"new": "file,new\naudio/a.wav,x\n"})
    made.audiodvc("add", "audio")
    made.git("rm", "--quiet", "--cached", "audio.media.csv")
    made.write(files={".gitignore": "*.csv\n*.yaml\n/audio\n"})
    said = made.run("audiodvc", "doctor").stdout
    for name in ("db.yaml", "db.new.csv", "audio.media.csv"):
        assert re.search(rf"^warning +{re.escape(name)} +is ignored by git", said, re.MULTILINE)


def test_doctor_counts_one_thing_as_one(repo: Repo) -> None:
    """Words follow the number."""
    repo.write(header=default_header({"emotion": "file,emotion\naudio/a.wav,happy\n"}))
    said = doctor(repo, 0)
    assert re.search(r"^ok +db\.yaml +1 table$", said, re.MULTILINE)
