"""The page on the way of a label fix, run as it stands there, between three repositories on one host."""

from __future__ import annotations

from pathlib import Path

import pytest

import audiodvc
from tests import page
from tests.builder import MakeRepo, Repo, tone

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "fix-a-label.md"
ROWS = [f"audio/{name}.wav,happy,0.6\n" for name in "abcdefghijklmnopqrstuvwxyz"]
HEADER = """\
name: emodb
source: made by a test
usage: unrestricted
languages: [eng]
schemes:
  emotion: {dtype: str, labels: [angry, happy]}
  confidence: {dtype: float}
tables:
  emotion:
    type: filewise
    columns: {emotion: {scheme_id: emotion}, confidence: {scheme_id: confidence}}
"""
TABLE = "".join(["file,emotion,confidence\n", *ROWS])


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of bare repositories, where git finds them by the addresses of the page."""
    settings, place = tmp_path / "gitconfig", tmp_path / "host"
    settings.write_text(f'[url "{place.as_uri()}/"]\n  insteadOf = https://example.org/\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(tmp_path / "cache"))
    return place


def test_a_fix_goes_from_a_fork_into_a_version(make_repo: MakeRepo, host: Path, tmp_path: Path) -> None:
    """The commands of both sides end well, and the version has both corrections."""
    upstream, fork = (host / who / "emodb.git" for who in ("them", "you"))
    maintainer = make_repo("maintainer")
    publish(maintainer, upstream)
    maintainer.git("clone", "--quiet", "--bare", str(upstream), str(fork))
    text = PAGE.read_text("utf-8")
    fixing, catching_up, merging = page.sessions(text)

    said = perform(fixing, tmp_path, tmp_path / "bin-1")
    assert text.partition("```text\n")[2].partition("```")[0] in said
    correct_the_next_row(maintainer)
    said = perform(catching_up, tmp_path / "emodb", tmp_path / "bin-2")
    assert "1 label changed" in said
    assert "0.6" not in said
    maintainer.git("fetch", "--quiet", str(fork), "fix-a-wav")
    maintainer.git("push", "--quiet", "origin", "FETCH_HEAD:refs/pull/7/head")
    perform(merging, maintainer.path, tmp_path / "bin-3")

    both = TABLE.replace("a.wav,happy", "a.wav,angry").replace("b.wav,happy,0.6", "b.wav,happy,0.9")
    assert (maintainer.path / "db.emotion.csv").read_text() == both
    assert audiodvc.versions(str(upstream)) == ["1.0.0", "1.0.1"]


def publish(repo: Repo, upstream: Path) -> None:
    """Version 1.0.0, and a clone of the maintainer with the drivers of git."""
    media = {row.partition(",")[0]: tone(0.1, pitch=300 + 50 * at) for at, row in enumerate(ROWS)}
    repo.commit(tables={"emotion": TABLE}, header=HEADER, media=media, tag="v1.0.0")
    repo.push()
    repo.audiodvc("install")
    repo.git("init", "--quiet", "--bare", "--initial-branch=main", str(upstream))
    repo.git("remote", "add", "origin", str(upstream))
    repo.git("push", "--quiet", "--no-verify", "--set-upstream", "origin", "main", "v1.0.0")


def correct_the_next_row(repo: Repo) -> None:
    """What somebody else has merged meanwhile."""
    repo.commit(tables={"emotion": TABLE.replace("b.wav,happy,0.6", "b.wav,happy,0.9")})
    repo.git("push", "--quiet", "--no-verify", "origin", "main")


def perform(blocks: list[page.Block], folder: Path, programs: Path) -> str:
    """Run a session, in which a diff that finds something ends with 1; what it said."""
    lines = page.script(blocks).splitlines()
    diffs = [f"{line} || test $? = 1" if line.startswith("audiodvc diff") else line for line in lines]
    done = page.run("\n".join(diffs), folder, programs)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
