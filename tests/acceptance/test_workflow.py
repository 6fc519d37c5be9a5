"""The workflows that `init` writes, their steps run as GitHub would for a pull request."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import warm
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

# GitHub's own program needs GitHub: this one keeps the comments of a pull request in a file.
GH = """\
import json, os, pathlib, re, sys
path, words = pathlib.Path({comments!r}), sys.argv[1:]
comments = json.loads(path.read_text()) if path.exists() else {{}}
assert words[0] == "api" and os.environ["GH_TOKEN"] == "token"
(place,) = (word for word in words if word.startswith("repos/someone/dataset/issues/"))
if "--method" not in words:
    mark = re.search('startswith."(.*?)"', words[words.index("--jq") + 1])[1]
    print("\\n".join(number for number, body in comments.items() if body.startswith(mark)))
else:
    name, _, file = words[words.index("--field") + 1].partition("=@")
    last = place.rpartition("/")[2]
    number = str(len(comments) + 11) if last == "comments" else last
    path.write_text(json.dumps({{**comments, number: pathlib.Path(file).read_text()}}))
"""


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


def test_a_pull_request_gets_one_comment_that_says_what_it_changes(tmp_path: Path) -> None:
    """What is pushed later changes the comment, also to nothing; no file of the other side is written."""
    repo = dataset(tmp_path, "")
    propose(repo, {"db.emotion.csv": TABLE.replace("angry", "sad"), "hostile.py": "print('run')"})
    comments = comment(repo, "audiodvc-diff.yaml", tmp_path)
    (first,) = comments.values()
    assert first.startswith("<!-- audiodvc-diff -->\n### ")
    assert "angry -> sad" in first.replace("`", "")
    assert not (tmp_path / "runner" / "dataset" / "hostile.py").exists()
    propose(repo, {"db.emotion.csv": TABLE})
    nothing = "<!-- audiodvc-diff -->\n**No change in meaning.**\n"
    assert comment(repo, "audiodvc-diff.yaml", tmp_path) == dict.fromkeys(comments, nothing)


def test_a_pull_request_that_changes_no_label_gets_no_comment(tmp_path: Path) -> None:
    """Nor does a folder beside the dataset in question matter."""
    repo = dataset(tmp_path, "sets/one/")
    propose(repo, {"README.md": "# Two datasets\n"})
    assert comment(repo, "audiodvc-sets-one-diff.yaml", tmp_path) == {}
    propose(repo, {"sets/one/db.emotion.csv": TABLE.replace("angry", "sad")})
    (said,) = comment(repo, "audiodvc-sets-one-diff.yaml", tmp_path).values()
    assert said.startswith("<!-- audiodvc-sets-one-diff -->\n")


def test_the_workflow_that_may_comment_takes_no_file_of_the_pull_request(tmp_path: Path) -> None:
    """Whoever opens one would otherwise run programs with the rights of the repository."""
    text = workflow(dataset(tmp_path, ""), "audiodvc-diff.yaml")
    assert set(text["on"]) == {"pull_request_target"}
    assert text["permissions"] == {"contents": "read", "pull-requests": "write"}
    (checkout,) = (step for step in steps(text) if "checkout" in step.get("uses", ""))
    assert checkout["with"] == {"fetch-depth": 0}
    assert "GH_TOKEN" not in text["jobs"]["diff"]["env"]
    assert [step["name"] for step in steps(text) if "GH_TOKEN" in step.get("env", {})] == ["Comment"]


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


def propose(repo: Repo, files: Mapping[str, str]) -> None:
    """Push to a pull request, as somebody with a fork would: its commit is known by the number only."""
    repo.git("checkout", "--quiet", "--detach", "main")
    put(repo, files)
    repo.git("add", "--all")
    repo.git("-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--allow-empty", "--message", "A fix")
    repo.git("update-ref", "refs/pull/7/head", "HEAD")
    repo.git("checkout", "--quiet", "main")


def comment(repo: Repo, name: str, tmp_path: Path) -> dict[str, str]:
    """Run the workflow for the pull request as it is now; what is said on its page then."""
    shutil.rmtree(tmp_path / "runner", ignore_errors=True)
    done = run(repo, name, tmp_path, depth=0)
    assert [step.code for step in done.steps] == [0, 0], done.steps
    comments = tmp_path / "comments.json"
    said: dict[str, str] = json.loads(comments.read_text()) if comments.exists() else {}
    return said


def run(repo: Repo, name: str, tmp_path: Path, depth: int = 1) -> Job:
    """Run the steps that have a command, in a clone without media, as GitHub's runner does."""
    clone = tmp_path / "runner" / "dataset"
    shallow = [f"--depth={depth}"] if depth else []
    repo.git("clone", "--quiet", "--no-local", *shallow, repo.path.as_uri(), str(clone))
    text = workflow(Repo(clone), name)
    (job,) = text["jobs"].values()
    folder = job.get("defaults", {}).get("run", {}).get("working-directory", ".")
    env = {**environment(tmp_path, clone), **filled(job.get("env", {}), {})}
    done: list[Ran] = []
    for step in steps(text):
        failed = any(ran.code for ran in done)
        if (
            "run" in step
            and "pip install" not in step["run"]
            and (not failed or "!cancelled()" in step.get("if", ""))
        ):
            outputs = dict(re.findall(r"(?m)^(\w+)=(.*)$", Path(env["GITHUB_OUTPUT"]).read_text()))
            done.append(bash(step["run"], clone / folder, env | filled(step.get("env", {}), outputs)))
    return Job(done, Path(env["GITHUB_STEP_SUMMARY"]).read_text())


def filled(env: Mapping[str, str], outputs: Mapping[str, str]) -> dict[str, str]:
    """The values that GitHub puts in the place of its expressions."""
    known = {"github.event.pull_request.number": "7", "github.token": "token"}
    known |= {f"steps.diff.outputs.{name}": value for name, value in outputs.items()}
    return {
        name: re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: known[found[1]], value)
        for name, value in env.items()
    }


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
    programs = {
        "audiodvc": f'#!/bin/sh\nexec "{warm.python()}" -m audiodvc "$@"\n',
        "gh": f"#!{sys.executable}\n{GH.format(comments=str(tmp_path / 'comments.json'))}",
    }
    for name, text in programs.items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    summary.touch()
    outputs.write_text("")
    event = tmp_path / "event.json"
    event.write_text('{"pull_request": {"number": 7}}')
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]]),
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_BASE_REF": "main",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_HEAD_REF": "topic",
        "GITHUB_OUTPUT": str(outputs),
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_REPOSITORY": "someone/dataset",
        "GITHUB_STEP_SUMMARY": str(summary),
        "GITHUB_WORKSPACE": str(clone),
        "RUNNER_OS": "Linux",
        "RUNNER_TEMP": str(tmp_path),
    }


def workflow(repo: Repo, name: str) -> dict[str, Any]:
    """The workflow as it was written; YAML reads its key `on` as a boolean."""
    text: dict[Any, Any] = yaml.safe_load((repo.path / ".github" / "workflows" / name).read_text())
    return {("on" if key is True else key): value for key, value in text.items()}


def steps(text: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of its only job."""
    (job,) = text["jobs"].values()
    found: list[dict[str, Any]] = job["steps"]
    return found
