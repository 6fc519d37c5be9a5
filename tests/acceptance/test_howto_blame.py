"""The page on who set a label, run as it stands there."""

from __future__ import annotations

from pathlib import Path

from tests import page
from tests.builder import MakeRepo

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "see-who-set-a-label.md"
HEADER = """\
name: voices
source: made by a test
usage: unrestricted
schemes:
  emotion: {dtype: str, labels: [angry, happy]}
  speaker: {dtype: str, labels: speaker}
  age: {dtype: int}
tables:
  emotion: {type: segmented, columns: {emotion: {scheme_id: emotion}, speaker: {scheme_id: speaker}}}
misc_tables:
  speaker: {levels: {speaker: str}, columns: {age: {scheme_id: age}}}
"""
TABLE = "file,start,end,emotion,speaker\naudio/a.wav,0 days,0 days 00:00:01,{},ann\n"


def test_it_is_seen_who_set_a_label(make_repo: MakeRepo) -> None:
    """Through a move, for a cell, a file, and what the labels say."""
    repo = make_repo()
    first = {"emotion": TABLE.format("happy"), "speaker": "speaker,age\nann,30\n"}
    repo.commit(header=HEADER, tables=first, tag="v1.0.0")
    repo.commit(tables={"emotion": TABLE.format("angry")}, tag="v1.1.0")
    repo.commit(tables={"emotion": TABLE.format("angry").replace("00:00:01", "00:00:01.5")})
    script = page.script(page.session(PAGE.read_text("utf-8")))
    done = page.run(script, repo.path, repo.path.parent / "bin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("1.1.0  Ada  happy -> angry at audio/a.wav 00:00:00 00:00:01") == 3
    assert "speaker  ann  age  30" in done.stdout
    assert '"value": "30"' in done.stdout
