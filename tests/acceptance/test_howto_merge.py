"""The page on resolving a conflict, run as it stands there."""

from __future__ import annotations

from pathlib import Path

from audiodvc.model import scaffold
from audiodvc.project import mergedriver
from tests import page
from tests.builder import MakeRepo, tone

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "resolve-a-conflict.md"
TABLE = "file,emotion\na.wav,happy\nb.wav,happy\n"


def test_a_conflict_is_resolved(make_repo: MakeRepo) -> None:
    """Merge and list say that there is one, and in the end there is none; the other change is there, too."""
    repo = make_repo()
    media = {"a.wav": tone(0.1), "b.wav": tone(0.2)}
    repo.commit(tables={"emotion": TABLE}, media=media, files={".gitattributes": scaffold.attributes("")})
    repo.git("checkout", "--quiet", "-b", "theirs")
    other = TABLE.replace("a.wav,happy", "a.wav,calm").replace("b.wav,happy", "b.wav,sad")
    repo.commit(tables={"emotion": other})
    repo.git("checkout", "--quiet", "main")
    repo.commit(tables={"emotion": TABLE.replace("b.wav,happy", "b.wav,angry")})
    mergedriver.install(repo.path)
    text = page.script(page.session(PAGE.read_text("utf-8")))
    fails = ("git merge --no-edit theirs", "audiodvc conflicts")
    for line in fails:
        text = text.replace(f"{line}\n", f"{line} || test $? = 1\n", 1)
    done = page.run(text, repo.path, repo.path.parent / "bin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "db.emotion.csv\n  b.wav  emotion  ours: angry  base: happy  theirs: sad\n" in done.stdout
    assert "no conflicts\n" in done.stdout
    assert (repo.path / "db.emotion.csv").read_text("utf-8") == "file,emotion\na.wav,calm\nb.wav,sad\n"
