"""The page on reviewing a change of labels, run as it stands there."""

from __future__ import annotations

from pathlib import Path

from tests import page
from tests.builder import MakeRepo

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "review-a-label-change.md"
TABLE = "file,emotion\na.wav,happy\nb.wav,happy\n"


def test_a_change_of_labels_is_reviewed(make_repo: MakeRepo) -> None:
    """Each command shows the change, and exits with 1 as a diff that found one does."""
    repo = make_repo()
    repo.commit(tables={"emotion": TABLE}, tag="v1.0.0")
    repo.git("checkout", "--quiet", "-b", "fix")
    repo.commit(tables={"emotion": TABLE.replace("b.wav,happy", "b.wav,angry")})
    repo.git("checkout", "--quiet", "main")
    script = page.script(page.session(PAGE.read_text("utf-8")))
    lines = [f"{line} || test $? = 1" if "audiodvc diff" in line else line for line in script.splitlines()]
    done = page.run("\n".join(lines), repo.path, repo.path.parent / "bin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("happy -> angry 1") == 4
    assert "| `emotion` |" in (repo.path / "comment.md").read_text("utf-8")
