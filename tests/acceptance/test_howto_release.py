"""The page on releases, run as it stands there."""

from __future__ import annotations

from pathlib import Path

from tests import page
from tests.builder import MakeRepo, tone

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "release-a-version.md"
TABLE = "file,emotion\naudio/a.wav,happy\naudio/b.wav,angry\n"


def test_a_correction_is_released(make_repo: MakeRepo) -> None:
    """The dry run says what the page says, and the last command shows the tag."""
    repo = make_repo()
    repo.commit(
        tables={"emotion": TABLE}, media={"audio/a.wav": tone(0.2), "audio/b.wav": tone(0.3)}, tag="v1.0.0"
    )
    repo.git("init", "--quiet", "--bare", "--initial-branch=main", "../hub.git")
    repo.git("remote", "add", "origin", "../hub.git")
    text = PAGE.read_text("utf-8")
    done = page.run(page.script(page.session(text)), repo.path, repo.path.parent / "bin")
    assert done.returncode == 0, done.stdout + done.stderr
    said = text.partition("```text\n")[2].partition("```")[0]
    assert done.stdout.partition("b.wav is happy\n")[2].partition("\n")[2].startswith(said)
    assert "\ntag v1.0.1\n" in f"\n{done.stdout}"
    assert repo.git("ls-remote", "--tags", "origin").count("v1.0.1") == 2
