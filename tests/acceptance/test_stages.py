"""DVC's own reading of the dvc.yaml that we write."""

from __future__ import annotations

import json

import pytest

from audiodvc.model.stages import write
from tests.builder import MakeRepo

DEPS = ["db.yaml", "audiodvc.yaml", "db.a b.csv", "db.#1.csv", "db.${x}.csv", "db.é.csv"]


@pytest.mark.parametrize(
    "old", ["", "stages: {}\n", "stages:\n  train:\n    cmd: echo\n", "stages: {train: {cmd: echo}}\n"]
)
def test_dvc_reads_the_stage_and_the_files_that_it_depends_on(make_repo: MakeRepo, old: str) -> None:
    """Names that YAML or DVC would read as something else arrive as they are."""
    repo = make_repo()
    repo.write(files={"dvc.yaml": write(old, DEPS), **dict.fromkeys(DEPS, "x")})
    assert "validate" in repo.dvc("stage", "list", "--name-only").split()
    status = json.loads(repo.dvc("status", "--json", "validate"))
    changed = next(item["changed deps"] for item in status["validate"] if "changed deps" in item)
    assert sorted(changed) == sorted(DEPS)


def test_dvc_leaves_our_mark_on_the_stage(make_repo: MakeRepo) -> None:
    """What DVC writes, audiodvc still knows for its own."""
    repo = make_repo()
    repo.write(files={"dvc.yaml": write("", ["db.yaml"]), "db.yaml": "x"})
    repo.dvc("stage", "add", "--name", "train", "echo")
    text = (repo.path / "dvc.yaml").read_text()
    assert write(text, ["db.yaml"]) == text
    assert "db.a.csv" in write(text, ["db.yaml", "db.a.csv"])
