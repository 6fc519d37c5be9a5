"""The pages on how to do something, run as they stand there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import page
from tests.builder import MakeRepo, Repo, default_header, tone

TABLE = 'file,emotion\n"audio/a,1.wav",happy\naudio/b.wav,angry\n'
PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A dataset with two recordings and a table, committed and pushed."""
    made = make_repo()
    made.audiodvc("init")
    made.commit(
        header=default_header({"emotion": TABLE}),
        tables={"emotion": TABLE},
        media={"audio/a,1.wav": tone(0.2), "audio/b.wav": tone(0.3)},
    )
    made.dvc("push")
    return made


def test_a_media_folder_is_renamed(repo: Repo) -> None:
    """Labels, pointer and index follow; the commit is whole, and nothing is stored twice."""
    objects = stored(repo)
    done = page.run(
        page.script(page.session((PAGES / "move-media.md").read_text("utf-8"))),
        repo.path,
        repo.path.parent / "bin",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "audio.media.csv removed" in done.stderr
    assert "git restore --staged --worktree audio.dvc audio.media.csv" in done.stderr
    assert repo.git("status", "--short") == ""
    names = repo.git("ls-files").split()
    assert {"sound.dvc", "sound.media.csv"} <= set(names)
    assert not {"audio.dvc", "audio.media.csv"} & set(names)
    assert (repo.path / "db.emotion.csv").read_text() == TABLE.replace("audio/", "sound/")
    assert {text.split()[0] for text in repo.audiodvc("doctor").splitlines()} == {"ok"}
    assert stored(repo) - objects == {name for name in stored(repo) if name.endswith(".dir")} - objects


def test_a_media_folder_is_removed(repo: Repo) -> None:
    """The commands of the page are those that leave nothing behind."""
    text = (PAGES / "move-media.md").read_text("utf-8")
    for command in ("dvc remove audio.dvc --outs", "git rm audio.dvc audio.media.csv", "audiodvc fmt"):
        assert f"$ {command}\n" in text
        program, *words = command.split()
        done = repo.run(program, *words)
        assert done.returncode == 0, done.stdout + done.stderr
    said = repo.run("audiodvc", "validate").stdout
    assert said.count("AR002") == 2
    assert "AD00" not in said
    assert "error" not in repo.audiodvc("doctor")


def stored(repo: Repo) -> set[str]:
    """The objects of the cache."""
    objects = repo.path / ".dvc" / "cache" / "files" / "md5"
    return {path.parent.name + path.name for path in objects.glob("*/*")}
