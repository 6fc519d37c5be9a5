"""The workflow that `init` writes, its steps run as GitHub would on the merge commit of a pull request."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builder import Repo, tone

HEADER = """\
name: dataset
source: made by a test
usage: unrestricted
languages: [eng]
schemes:
  emotion: {dtype: str, labels: [happy, angry, sad]}
tables:
  emotion: {type: filewise, columns: {emotion: {scheme_id: emotion}}}
"""
TABLE = "file,emotion\naudio/a.wav,happy\naudio/b.wav,angry\n"


@dataclass(frozen=True, slots=True)
class Ran:
    """A step that was run: its command, exit code and output."""

    command: str
    code: int
    output: str


@dataclass(frozen=True, slots=True)
class Job:
    """The steps that were run, and the summary that they wrote."""

    steps: list[Ran]
    summary: str


def test_a_merge_that_only_its_result_shows_to_be_wrong_fails_at_its_line(tmp_path: Path) -> None:
    """Both sides are good; the page of the pull request shows the label, and so does the summary."""
    repo = dataset(tmp_path, "")
    merge(repo, "", theirs=TABLE.replace("angry", "sad"), ours=HEADER.replace(", sad]", "]"))
    job = run(repo, "audiodvc.yaml", tmp_path)
    place = "::error file=db.emotion.csv,line=3,col=13,title=AS002::label 'sad' is not in scheme 'emotion'"
    assert [step.code for step in job.steps] == [1, 0]
    assert any(line.startswith(place) for line in job.steps[0].output.splitlines())
    assert "AS002" in job.summary
    assert "1 error" in job.summary


def test_a_good_merge_passes(tmp_path: Path) -> None:
    """No annotation, and a summary that says so."""
    repo = dataset(tmp_path, "")
    merge(repo, "", theirs=TABLE.replace("angry", "sad"), ours=HEADER.replace("eng", "eng, deu"))
    job = run(repo, "audiodvc.yaml", tmp_path)
    assert [step.code for step in job.steps] == [0, 0], job.steps
    assert "::error" not in job.steps[0].output
    assert job.summary


def test_a_table_out_of_form_fails_both_steps(tmp_path: Path) -> None:
    """The second step runs after the first has failed."""
    repo = dataset(tmp_path, "")
    merge(repo, "", theirs="file,emotion\naudio/b.wav,angry\naudio/a.wav,sad\n", ours=HEADER)
    job = run(repo, "audiodvc.yaml", tmp_path)
    assert [step.code for step in job.steps] == [1, 1]
    assert "title=AF006" in job.steps[0].output


def test_a_dataset_in_a_folder_is_annotated_by_the_names_of_the_repository(tmp_path: Path) -> None:
    """The host knows files from the top of the repository."""
    repo = dataset(tmp_path, "sets/one/")
    merge(repo, "sets/one/", theirs=TABLE.replace("angry", "angri"), ours=HEADER)
    job = run(repo, "audiodvc-sets-one.yaml", tmp_path)
    assert "::error file=sets/one/db.emotion.csv,line=3,col=13" in job.steps[0].output


@pytest.mark.parametrize("name", ["audiodvc", "sets/one"])
def test_the_workflow_checks_what_a_pull_request_would_become(tmp_path: Path, name: str) -> None:
    """It runs for pull requests, reads only, and checks out what GitHub gives it: the merge."""
    folder = "" if name == "audiodvc" else f"{name}/"
    repo = dataset(tmp_path, folder)
    file = "audiodvc.yaml" if not folder else "audiodvc-sets-one.yaml"
    text = workflow(repo, file)
    assert "pull_request" in text["on"]
    assert text["permissions"] == {"contents": "read"}
    (checkout,) = (step for step in steps(text) if "checkout" in step.get("uses", ""))
    assert "ref" not in checkout.get("with", {})


def dataset(tmp_path: Path, folder: str) -> Repo:
    """A dataset that `init` made, with two recordings, committed."""
    repo = Repo(tmp_path / "work")
    repo.path.mkdir()
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.audiodvc("init", folder or ".")
    recordings = {
        f"{folder}audio/{name}.wav": tone(0.1, pitch=pitch) for name, pitch in (("a", 300), ("b", 400))
    }
    table = {f"{folder}db.emotion.csv": TABLE, f"{folder}db.yaml": HEADER}
    put(repo, {**recordings, **table})
    repo.audiodvc("-C", folder or ".", "add", f"{repo.path}/{folder}audio")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "First")
    return repo


def put(repo: Repo, files: Mapping[str, str | bytes]) -> None:
    """Write files; the builder would make a dataset of the top."""
    for name, content in files.items():
        path = repo.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def merge(repo: Repo, folder: str, *, theirs: str, ours: str) -> None:
    """The merge commit that GitHub makes of a pull request: no hook has seen it."""
    silent = ("-c", "core.hooksPath=/dev/null")
    repo.git("checkout", "--quiet", "-b", "topic")
    put(repo, {f"{folder}db.emotion.csv": theirs})
    repo.git(*silent, "commit", "--all", "--quiet", "--message", "Theirs")
    repo.git("checkout", "--quiet", "main")
    put(repo, {f"{folder}db.yaml": ours})
    repo.git(*silent, "commit", "--all", "--quiet", "--allow-empty", "--message", "Ours")
    repo.git("checkout", "--quiet", "--detach", "main")
    repo.git(*silent, "merge", "--quiet", "--no-ff", "--no-edit", "topic")
    assert len(repo.git("log", "-1", "--format=%P").split()) == 2


def run(repo: Repo, name: str, tmp_path: Path) -> Job:
    """Run the steps that have a command, in a clone without media, as GitHub's runner does."""
    clone = tmp_path / "runner" / "dataset"
    repo.git("clone", "--quiet", "--no-local", "--depth=1", repo.path.as_uri(), str(clone))
    text = workflow(Repo(clone), name)
    folder = text["jobs"]["check"].get("defaults", {}).get("run", {}).get("working-directory", ".")
    env = environment(tmp_path, clone)
    done: list[Ran] = []
    for step in steps(text):
        failed = any(ran.code for ran in done)
        if (
            "run" in step
            and "pip install" not in step["run"]
            and (not failed or "!cancelled()" in step.get("if", ""))
        ):
            done.append(bash(step["run"], clone / folder, env))
    return Job(done, Path(env["GITHUB_STEP_SUMMARY"]).read_text())


def bash(command: str, folder: Path, env: dict[str, str]) -> Ran:
    """One step, with the options of GitHub's shell."""
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(command, done.returncode, done.stdout + done.stderr)


def environment(tmp_path: Path, clone: Path) -> dict[str, str]:
    """What GitHub sets for a step, and an environment into which audiodvc was installed."""
    program = tmp_path / "bin" / "audiodvc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m audiodvc "$@"\n')
    program.chmod(0o755)
    summary = tmp_path / "summary.md"
    summary.touch()
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 7}}')
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(program.parent), os.environ["PATH"]]),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_BASE_REF": "main",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_HEAD_REF": "topic",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REPOSITORY": "someone/dataset",
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_WORKSPACE": str(clone),
        "RUNNER_OS": "Linux",
    }


def workflow(repo: Repo, name: str) -> dict[str, Any]:
    """The workflow as it was written; YAML reads its key `on` as a boolean."""
    text: dict[Any, Any] = yaml.safe_load((repo.path / ".github" / "workflows" / name).read_text())
    return {("on" if key is True else key): value for key, value in text.items()}


def steps(text: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of its only job."""
    found: list[dict[str, Any]] = text["jobs"]["check"]["steps"]
    return found
