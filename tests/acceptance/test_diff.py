"""`audiodvc diff` and `audiodvc.diff` on real repositories."""

from __future__ import annotations

import json
import shutil
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import audiodvc
from audiodvc.cli.main import run
from audiodvc.errors import NotADatasetError, UnknownVersionError
from tests.builder import Repo, RepoFactory, tone
from tests.schema import documented, faults

HEADER = """\
name: voices
source: made by a test
usage: unrestricted
languages: [eng]
schemes:
  emotion: {dtype: str, labels: [angry, happy, neutral]}
  speaker: {dtype: str}
splits: {test: {type: test}, train: {type: train}}
tables:
  emotion: {type: filewise, split_id: train, columns: {emotion: {scheme_id: emotion}}}
  emotion.test: {type: filewise, split_id: test, columns: {emotion: {scheme_id: emotion}}}
  files: {type: filewise, columns: {speaker: {scheme_id: speaker}}}
  parts: {type: segmented, columns: {}}
"""
TABLES = {
    "emotion": "file,emotion\naudio/a.wav,happy\naudio/b.wav,happy\naudio/c.wav,happy\n",
    "emotion.test": "file,emotion\naudio/d.wav,neutral\n",
    "files": "file,speaker\naudio/a.wav,ann\naudio/b.wav,ben\naudio/c.wav,ben\naudio/d.wav,eva\n",
    "parts": "file,start,end\naudio/a.wav,0 days 00:00:00.000000000,0 days 00:00:00.100000000\n",
}
A, B, C, D = (tone(0.2, pitch=pitch) for pitch in (300, 400, 500, 600))
CHANGED = {
    "emotion": "file,emotion\naudio/a.wav,angry\naudio/b.wav,neutral\n",
    "emotion.test": "file,emotion\naudio/c.wav,happy\naudio/d.wav,neutral\n",
    "files": "speaker,file\r\nben,audio/c.wav\r\nann,audio/a.wav\r\nben,audio/b.wav\r\neva,audio/d.wav\r\n",
    "parts": "file,start,end\naudio/a.wav,0 days 00:00:00.01,0 days 00:00:00.1\n",
}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A dataset with two versions, between which a bit of everything changed."""
    repo = RepoFactory(tmp_path_factory.mktemp("diff"), repo_template)()
    media = {f"audio/{name}.wav": sound for name, sound in zip("abcd", (A, B, C, D), strict=True)}
    repo.commit(header=HEADER, tables=TABLES, media=media, tag="v1.0.0")
    shutil.move(repo.path / "audio" / "d.wav", repo.path / "audio" / "e.wav")
    repo.commit(
        header=HEADER.replace("[angry, happy,", "[angry, contempt,"),
        tables=CHANGED,
        media={"audio/a.wav": tone(0.5, pitch=310)},
        tag="v2.0.0",
    )
    return repo.path


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Repo:
    """A copy of that dataset."""
    shutil.copytree(made, tmp_path / "dataset", symlinks=True)
    return Repo(tmp_path / "dataset")


TEXT = """\
look at first:
  ! label happy of scheme emotion was removed, and 1 cell still has it
  ! 1 file moved from split train to test: audio/c.wav
  ! 100 % of table emotion differs: 3 of 3 rows
  ! 50 % of table emotion.test differs: 1 of 2 rows
  ! 100 % of table parts differs: 1 of 1 row

emotion       2 labels changed              happy -> angry 1, happy -> neutral 1
              1 row removed
emotion.test  1 row added
parts         1 segment moved
media         1 file replaced, +0.3 s; 1 file renamed
header        schemes.emotion.labels: - happy
              schemes.emotion.labels: + contempt
"""


def test_two_versions_as_a_reviewer_reads_them(made: Path) -> None:
    """Risks come first, then each table, media and header; what differs in form only is one line."""
    said = call(Repo(made), "v1.0.0", "v2.0.0", code=1)
    assert said.startswith(TEXT)
    for line in (
        "splits touched: train 5, test 2",
        "speaker touched: ann 3, ben 3, eva 1",
        "media: 0.8 s -> 1.1 s",
        "form only: db.files.csv",
        "  ~ audio/a.wav  emotion: happy -> angry",
        "  - audio/c.wav  emotion: happy",
        "  > audio/a.wav 00:00:00 00:00:00.1 -> 00:00:00.01 00:00:00.1",
        "  ~ audio/a.wav  other bytes, duration: 0.2 -> 0.5",
        "  > audio/d.wav -> audio/e.wav",
    ):
        assert line in said.splitlines(), said


def test_numbers_alone(made: Path) -> None:
    """With --stat there are no rows."""
    said = call(Repo(made), "v1.0.0", "v2.0.0", "--stat", code=1)
    assert said.startswith(TEXT)
    assert "~ audio/a.wav" not in said


def test_json_is_as_the_docs_say(made: Path) -> None:
    """All that differs, in a form that keeps."""
    found = as_json(Repo(made), "v1.0.0", "v2.0.0")
    assert list(faults(found, documented("audiodvc.diff/v1"))) == []
    assert found["from"]["rev"] == "v1.0.0"
    assert found["header"] == [
        {"op": "remove", "path": "schemes.emotion.labels", "old": "happy", "new": None},
        {"op": "add", "path": "schemes.emotion.labels", "old": None, "new": "contempt"},
    ]
    emotion = found["tables"]["emotion"]
    assert [emotion[name] for name in ("added", "removed", "changed", "moved")] == [0, 1, 2, 0]
    assert emotion["rows"][0] == {
        "op": "change",
        "key": {"file": "audio/a.wav"},
        "cells": {"emotion": ["happy", "angry"]},
    }
    assert emotion["rows"][2]["cells"] == {"emotion": ["happy", None]}
    assert found["tables"]["emotion.test"]["rows"][0]["cells"] == {"emotion": [None, "happy"]}
    time = "0 days 00:00:00.{}00000000".format
    assert found["tables"]["parts"]["rows"] == [
        {
            "op": "move",
            "key": {"file": "audio/a.wav", "start": time(0), "end": time(1)},
            "to": {"file": "audio/a.wav", "start": "0 days 00:00:00.010000000", "end": time(1)},
            "cells": {},
        }
    ]
    media = found["media"]
    assert [media[name] for name in ("added", "removed", "replaced", "renamed")] == [0, 0, 1, 1]
    assert [(row["op"], row["file"], row["to"]) for row in media["rows"]] == [
        ("replace", "audio/a.wav", None),
        ("rename", "audio/d.wav", "audio/e.wav"),
    ]
    assert found["form_only"] == ["db.files.csv"]


def test_json_without_rows(made: Path) -> None:
    """The numbers alone are of the same schema."""
    found = as_json(Repo(made), "v1.0.0", "v2.0.0", "--stat")
    assert list(faults(found, documented("audiodvc.diff/v1"))) == []
    assert "rows" not in found["tables"]["emotion"]


def test_markdown_for_a_pull_request(made: Path) -> None:
    """Numbers as its title, risks first, classes in a table, rows folded."""
    said = call(Repo(made), "v1.0.0", "v2.0.0", "--format", "markdown", code=1)
    assert said.startswith("### 2 labels changed, 1 segment moved, 1 row added, 1 row removed, ")
    order = [
        "**Look at first**",
        "| `emotion` | 2 labels changed | `happy` → `angry` 1, `happy` → `neutral` 1 |",
        "Touches 3 speakers: ",
        "| `emotion.emotion` `happy` | 3 (100.0 %) | 0 (0.0 %) |",
        "| split `train`, files | 3 (75.0 %) | 2 (50.0 %) |",
        "<details><summary><code>db.emotion.csv</code>: 3 rows</summary>",
        "<sub>In form only: `db.files.csv`</sub>",
    ]
    places = [said.index(part) for part in order]
    assert places == sorted(places)


def test_the_folder_and_what_is_staged(repo: Repo) -> None:
    """Each against HEAD, with files that git does not know yet; another form is no difference."""
    assert call(repo, code=0) == "no difference\n"
    repo.write(header=HEADER, tables={"emotion": TABLES["emotion"], "new": "file,x\naudio/a.wav,1\n"})
    (repo.path / "db.emotion.test.csv").write_text("file,emotion\naudio/d.wav,neutral\naudio/c.wav,happy\n")
    assert call(repo, "--staged", code=0) == "no difference\n"
    repo.git("add", "db.emotion.csv", "db.emotion.test.csv")
    folder, staged = as_json(repo), as_json(repo, "--staged")
    assert (list(folder["tables"]), list(staged["tables"])) == (["emotion", "new"], ["emotion"])
    assert (folder["to"], staged["to"]) == (
        {"rev": "folder", "commit": None},
        {"rev": "staged", "commit": None},
    )
    assert folder["tables"]["new"]["op"] == "add"
    assert folder["form_only"] == staged["form_only"] == ["db.emotion.test.csv"]
    assert as_json(repo, "v1.0.0")["from"]["commit"] == repo.git("rev-parse", "v1.0.0").strip()


def test_a_folder_of_a_repository(repo: Repo) -> None:
    """A dataset below the top, told from any folder in it."""
    folder = repo.path / "inner" / "deep"
    folder.mkdir(parents=True)
    for name in ("db.yaml", "db.emotion.csv"):
        shutil.copy(repo.path / name, repo.path / "inner" / name)
    repo.git("add", "inner")
    repo.git("commit", "--quiet", "--no-verify", "--message", "inner")
    (repo.path / "inner" / "db.emotion.csv").write_text("file,emotion\naudio/a.wav,angry\n")
    found = as_json(Repo(folder))
    assert [one["op"] for one in found["tables"]["emotion"]["rows"]] == ["remove"]
    assert as_json(repo, code=0)["tables"] == {}


def test_a_range_and_a_pull_request(repo: Repo) -> None:
    """`A..B` is two revisions; `A...B` is what B changed since it left A."""
    repo.git("checkout", "--quiet", "-b", "fix", "v1.0.0")
    repo.commit(tables={"emotion": TABLES["emotion"].replace("b.wav,happy", "b.wav,angry")}, header=HEADER)
    only = as_json(repo, "main...fix")
    assert list(only["tables"]) == ["emotion"]
    assert only["from"]["commit"] == repo.git("rev-parse", "v1.0.0").strip()
    assert len(as_json(repo, "main..fix")["tables"]) == 3
    assert as_json(repo, "main..fix")["tables"] == as_json(repo, "main", "fix")["tables"]


def test_before_the_first_commit_all_is_new(tmp_path: Path, repo_template: Path) -> None:
    """There is nothing yet to compare with."""
    repo = RepoFactory(tmp_path, repo_template)()
    repo.write(tables={"emotion": TABLES["emotion"]})
    assert as_json(repo)["tables"]["emotion"]["added"] == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["v1.0.0", "v2.0.0", "--staged"], 2),
        (["v1.0.0..v2.0.0", "--staged"], 2),
        ([""], 2),
        (["v9"], 3),
        (["--output=x"], 2),
        (["v1.0.0", "--output=x"], 2),
    ],
)
def test_what_makes_no_sense_is_refused(made: Path, words: list[str], code: int) -> None:
    """With the exit code of what went wrong."""
    call(Repo(made), *words, code=code)


def test_a_table_that_cannot_be_read_is_said(repo: Repo) -> None:
    """It is a difference that nobody can judge."""
    (repo.path / "db.emotion.csv").write_bytes(b"file,emotion\naudio/a.wav,\xff\n")
    assert "! db.emotion.csv could not be read" in call(repo, code=1)


def test_python_reads_any_source_without_its_media(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two versions, or one and the latest; as values and as DataFrames."""
    monkeypatch.setenv("AUDIODVC_CONFIG", "/dev/null")
    found = audiodvc.diff(str(made), "1.0.0", cache_root=tmp_path)
    assert (found.a.version, found.b.version, bool(found)) == ("1.0.0", "2.0.0", True)
    assert "emotion" not in repr(found)  # who prints it does not want all that was read
    assert [(flip.old, flip.new, flip.count) for flip in found.summary.tables[0].columns[0].flips] == [
        ("happy", "angry", 1),
        ("happy", "neutral", 1),
    ]
    frames = found.to_frames()
    assert list(frames.tables["emotion"]["op"]) == ["change", "change", "remove"]
    assert list(frames.tables["emotion"]["new.emotion"]) == ["angry", "neutral", None]
    assert list(frames.media["op"]) == ["change", "move"]
    assert list(frames.header["path"]) == ["schemes.emotion.labels"] * 2
    assert not audiodvc.diff(str(made), "v2.0.0", "2.0.0", cache_root=tmp_path)
    with pytest.raises(UnknownVersionError):
        audiodvc.diff(str(made), "7.0.0", cache_root=tmp_path)
    with pytest.raises(NotADatasetError):
        audiodvc.diff(f"{made}#audio", "1.0.0", cache_root=tmp_path)


def as_json(repo: Repo, *words: str, code: int = 1) -> dict[str, Any]:
    """What the command says to programs."""
    found: dict[str, Any] = json.loads(call(repo, *words, "--format", "json", code=code))
    return found


def call(repo: Repo, *words: str, code: int) -> str:
    """What the command prints, in this process: one of its own needs half a second to start."""
    said, complaint = StringIO(), StringIO()
    with chdir(repo.path), redirect_stdout(said), redirect_stderr(complaint):
        found = run(["diff", *words])
    assert found == code, said.getvalue() + complaint.getvalue()
    return said.getvalue()
