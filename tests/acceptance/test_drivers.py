"""How git itself shows tables in a clone with audiodvc."""

from __future__ import annotations

import pytest

from audiodvc.project import drivers
from tests.builder import MakeRepo, Repo, tone

TABLE = (
    "file,start,end,emotion\n"
    "a.wav,0 days 00:00:00.000000000,0 days 00:00:01.500000000,happy\n"
    "a.wav,0 days 00:00:02.000000000,,sad\n"
)


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A dataset whose git shows tables in meaning."""
    made = make_repo()
    made.commit(tables={"emotion": TABLE}, media={"a.wav": tone(0.1)})
    drivers.install(made.path)
    return made


def hunks(text: str) -> list[str]:
    """The lines that came and went."""
    return [line for line in text.splitlines() if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]


def test_git_shows_rows_and_not_their_form(repo: Repo) -> None:
    """A row is a line with its times shortened; another order, quotes and digits are nothing."""
    lines = TABLE.splitlines()
    text = "\n".join([lines[0], lines[2], '"a.wav",0 days,0 days 00:00:01.5,angry', ""])
    repo.commit(tables={"emotion": text})
    expected = ["-a.wav 00:00:00 00:00:01.5  emotion: happy", "+a.wav 00:00:00 00:00:01.5  emotion: angry"]
    assert hunks(repo.git("show")) == expected
    assert hunks(repo.git("diff", "HEAD~1")) == expected
    assert hunks(repo.git("log", "-p", "-1", "--", "db.emotion.csv")) == expected
    (repo.path / "db.emotion.csv").write_text(text.replace("0 days,", "0 days 00:00:00,"))
    assert hunks(repo.git("diff")) == []
    assert len(hunks(repo.git("diff", "--no-textconv"))) == 2


def test_nothing_of_the_work_tree_is_run(repo: Repo) -> None:
    """A dataset may hold a module that is called like one of ours."""
    (repo.path / "click.py").write_text("open('ran', 'w')\n")
    (repo.path / "db.emotion.csv").write_text(TABLE.replace("sad", "wild"))
    assert len(hunks(repo.git("diff"))) == 2
    assert not (repo.path / "ran").exists()


def test_what_cannot_be_read_is_shown_as_it_is(repo: Repo) -> None:
    """By audiodvc, and by git where audiodvc cannot be started."""
    (repo.path / "db.emotion.csv").write_text(TABLE + "one,cell\n")
    assert "+one,cell" in repo.git("diff")
    repo.git("checkout", "--", "db.emotion.csv")
    command = repo.git("config", drivers.TEXTCONV).strip()
    repo.git("config", drivers.TEXTCONV, command.replace("-m audiodvc", "-m no.such.module"))
    (repo.path / "db.emotion.csv").write_text(TABLE.replace("sad", "angry"))
    assert hunks(repo.git("diff"))[1].endswith(",,angry")


def test_a_media_index_is_shown_by_its_names(repo: Repo) -> None:
    """What each number is stands beside it."""
    repo.commit(media={"a.wav": tone(0.2)})
    (new,) = (line for line in hunks(repo.git("show", "--", "a.wav.media.csv")) if line[0] == "+")
    assert new.startswith("+a.wav  md5: ")
    assert "sampling_rate: 16000" in new
    assert new.endswith("duration: 0.2")


def test_the_clone_is_as_it_was_when_it_is_taken_out(repo: Repo) -> None:
    """Attributes of the user's own stay; a second time changes nothing."""
    path = repo.path / ".git" / "info" / "attributes"
    drivers.uninstall(repo.path)
    config = (repo.path / ".git" / "config").read_text()
    assert not path.exists()
    path.write_bytes(b"*.png binary")
    assert drivers.install(repo.path)
    assert not drivers.install(repo.path)
    assert drivers.is_installed(repo.path)
    assert path.read_bytes().startswith(b"*.png binary\ndb.*.csv diff=audiodvc\n")
    drivers.uninstall(repo.path)
    assert path.read_bytes() == b"*.png binary\n"
    assert (repo.path / ".git" / "config").read_text() == config
