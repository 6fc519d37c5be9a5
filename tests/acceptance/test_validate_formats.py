"""`audiodvc validate --format …` at the door: where paths start, what is written where."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builder import MakeRepo, Repo, default_header
from tests.schema import documented, faults

TWICE = "file,emotion\naudio/a.wav,happy\naudio/a.wav,angry\n"


@pytest.fixture
def monorepo(make_repo: MakeRepo) -> Repo:
    """A repository with a dataset in a folder, in which a key stands twice."""
    repo = make_repo()
    files = {"speech/db.yaml": default_header({"emotion": TWICE}), "speech/db.emotion.csv": TWICE}
    repo.write(files=files)
    repo.git("add", "--all")
    return repo


def test_text_has_paths_from_the_current_folder(monorepo: Repo) -> None:
    """A terminal can open them, wherever it is."""
    docs = monorepo.path / "speech" / "docs"
    docs.mkdir()
    assert "speech/db.emotion.csv:3:1: AK001 " in monorepo.run("audiodvc", "-C", "speech", "validate").stdout
    assert "\n../db.emotion.csv:3:1: AK001 " in "\n" + Repo(docs).run("audiodvc", "validate").stdout


def test_json_has_paths_from_the_dataset_and_fits_its_schema(monorepo: Repo) -> None:
    """The output of the real command is as documented."""
    done = monorepo.run("audiodvc", "-C", "speech", "validate", "--format", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert list(faults(report, documented("audiodvc.validate/v1"))) == []
    assert "db.emotion.csv" in {finding["path"] for finding in report["findings"]}


def test_sarif_goes_to_a_file_with_paths_from_the_top(monorepo: Repo) -> None:
    """An upload finds it where it was asked for, below the folder of the call."""
    words = ("validate", "--format", "sarif", "--output", "findings.sarif")
    done = monorepo.run("audiodvc", "-C", "speech", *words)
    assert (done.returncode, done.stdout) == (1, "")
    (run,) = json.loads((monorepo.path / "speech" / "findings.sarif").read_text())["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert "speech/db.emotion.csv" in {place["artifactLocation"]["uri"] for place in places}


def test_github_annotates_and_appends_to_the_summary_of_the_step(
    monorepo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What earlier commands of the step wrote stays."""
    step = tmp_path / "step.md"
    step.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    done = monorepo.run("audiodvc", "-C", "speech", "validate", "--format", "github")
    assert done.returncode == 1
    assert "::error file=speech/db.emotion.csv,line=3,col=1,title=AK001::" in done.stdout
    assert step.read_text().startswith("before\n### speech\n")
    assert "| speech/db.emotion.csv:3:1 | AK001 | error | " in step.read_text()


def test_other_formats_leave_the_summary_of_the_step_alone(
    monorepo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that nobody asked for is not made."""
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "step.md"))
    monorepo.run("audiodvc", "-C", "speech", "validate")
    assert not (tmp_path / "step.md").exists()


@pytest.mark.parametrize(
    ("changes", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_are_for_terminals_that_want_them(
    monorepo: Repo, changes: dict[str, str], *, coloured: bool
) -> None:
    """A pipe has none, and NO_COLOR is heard."""
    words = (sys.executable, "-m", "audiodvc", "-C", "speech", "validate")
    assert "\x1b" not in monorepo.run("audiodvc", "-C", "speech", "validate").stdout
    seen = on_a_terminal(monorepo.path, words, {**os.environ, "TERM": "xterm", **changes})
    assert "AK001" in seen
    assert ("\x1b[31mAK001" in seen) is coloured


def on_a_terminal(folder: Path, words: tuple[str, ...], environment: dict[str, str]) -> str:
    """What a command prints on a terminal."""
    ours, theirs = pty.openpty()
    try:
        subprocess.run(words, cwd=folder, env=environment, stdout=theirs, stderr=theirs, check=False)
        return os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
