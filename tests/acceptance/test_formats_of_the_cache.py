"""What the verbs for consumers print for programs, held against the schemas of the docs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builder import Repo, RepoFactory, tone
from tests.schema import documented, faults

HEADER = """\
name: moods
description: People in moods
source: test
usage: unrestricted
expires: 2030-01-01
languages: [eng, deu]
attachments:
  paper: {path: paper.bib}
tables:
  mood: {type: filewise, columns: {mood: {}}}
misc_tables:
  people: {levels: {person: str}, columns: {age: {}}}
"""
TABLES = {"mood": "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n", "people": "person,age\np1,30\n"}


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Iterator[Repo]:
    """A dataset in a folder of repositories, of which another cannot be reached, and a cache that has it."""
    folder = tmp_path_factory.mktemp("formats")
    made = RepoFactory(folder, repo_template)("moods")
    media = {"audio/a.wav": tone(0.1), "audio/b.wav": tone(0.1, channels=2), "audio/c.txt": b"text"}
    made.commit(header=HEADER, tables=TABLES, media=media, files={"paper.bib": "@article{}\n"}, tag="v1.0.0")
    made.push()
    away = "{name: away, git: 'https://127.0.0.1:9/{dataset}', datasets: [emodb]}"
    here = f"{{name: here, git: '{folder}/{{dataset}}'}}"
    (folder / "config.yaml").write_text(f"cache_root: cache\nrepositories:\n- {here}\n- {away}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIODVC_CONFIG", str(folder / "config.yaml"))
        patch.delenv("AUDIODVC_CACHE_ROOT")
        patch.delenv("AUDIODVC_SHARED_CACHE_ROOT")
        made.audiodvc("get", "moods", "--channels", "0,-1", "--mixdown")
        yield made


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["versions", "moods"], 0),
        (["info", "moods"], 0),
        (["info", "--rev", "main"], 0),
        (["available"], 1),
        (["cached"], 0),
        (["gc", "--all"], 0),
        (["verify"], 0),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_programs_read_fits_its_schema(repo: Repo, words: list[str], code: int) -> None:
    """One object, and nothing else on standard output."""
    done = repo.run("audiodvc", *words, "--format", "json")
    assert done.returncode == code, done.stderr
    assert list(faults(json.loads(done.stdout), documented(f"audiodvc.{words[0]}/v1"))) == []


def test_info_has_the_figures_of_the_dataset(repo: Repo) -> None:
    """For people the same as for programs."""
    told = json.loads(repo.audiodvc("info", "moods", "--format", "json"))
    assert told["tables"]["people"] == {"type": "misc", "rows": 1, "columns": ["age"]}
    assert told["media"]["files"] == 3
    assert told["media"]["duration"] == pytest.approx(0.2)
    assert told["media"]["channels"] == [1, 2]
    assert told["header"]["expires"] == "2030-01-01"
    said = repo.audiodvc("info", "moods")
    assert "3 files" in said
    assert "1/2 channels" in said
    assert "mood: filewise, 2 rows (mood)" in said
    assert "paper: 1 file" in said


def test_damage_fits_its_schema(repo: Repo) -> None:
    """With what is wrong, and whether it was repaired."""
    (file,) = (repo.path.parent / "cache").glob("moods/*/*/audio/a.wav")
    file.chmod(0o644)
    file.write_bytes(tone(0.2))
    for repair, code in ([], 1), (["--repair"], 0):
        done = repo.run("audiodvc", "verify", "--format", "json", *repair)
        assert done.returncode == code, done.stderr
        told = json.loads(done.stdout)
        assert list(faults(told, documented("audiodvc.verify/v1"))) == []
        assert {one["repaired"] for one in told["damages"]} == {bool(repair)}
