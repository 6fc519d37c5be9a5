"""`audiodvc status` and `audiodvc doctor` on real datasets."""

from __future__ import annotations

import pytest

from tests.builder import MakeRepo, Repo, tone


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A dataset with two recordings and a table, committed and pushed as v1.0.0."""
    made = make_repo()
    made.audiodvc("init")
    made.commit(
        tables={"emotion": "file,emotion\naudio/a.wav,happy\naudio/b.wav,angry\n"},
        media={"audio/a.wav": tone(0.2), "audio/b.wav": tone(0.3)},
    )
    made.audiodvc("fmt")
    made.git("commit", "--quiet", "--all", "--no-verify", "--allow-empty", "--message", "form")
    made.dvc("push")
    made.git("tag", "v1.0.0")
    return made


def line(repo: Repo, word: str) -> str:
    """The line of the status that begins with a word."""
    shown = repo.audiodvc("status").splitlines()
    return next(text for text in shown if text.startswith(word))


def test_clean_dataset_has_nothing_to_say(repo: Repo) -> None:
    """Version, labels, media and remote are as committed."""
    assert line(repo, "version").split()[1:] == ["v1.0.0", "on", "main"]
    assert "as committed" in line(repo, "labels")
    assert "audio: 2 files, as in the index" in line(repo, "media")
    assert "has every object" in line(repo, "remote")


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
    assert "1 commits since" in line(repo, "version")


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


def test_doctor_finds_a_sound_clone_sound(repo: Repo) -> None:
    """Nothing is wrong, so nothing is an error or a warning."""
    assert {text.split()[0] for text in doctor(repo, 0).splitlines()} == {"ok"}


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
    repo.write(tables={"other": "file,other\naudio/a.wav,x\n"})
    assert "`audiodvc fmt` writes it" in doctor(repo, 0)


def test_doctor_sees_a_broken_header(repo: Repo) -> None:
    """A header that cannot be read is an error with its line."""
    (repo.path / "db.yaml").write_text("name: [\n")
    assert "line 2" in doctor(repo, 1)
