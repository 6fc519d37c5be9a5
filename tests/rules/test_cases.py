"""Each rule on datasets of real files: `tests/rules/<CODE>/bad/<case>/` and `good/<case>/`.

A bad case has the expected lines in `expected.txt`; everything else in it is the dataset. A good case
has no finding at all. Files that a checkout would alter are written by `make.py` in the case, if there is
one: it is run in the copy of the case. With a `remote.txt`, the remote is asked, and has the objects
that it lists.
"""

from __future__ import annotations

import runpy
import shutil
from datetime import date
from pathlib import Path

import pytest

from audiodvc.codes import CODES
from audiodvc.model import layout, snapshot
from audiodvc.model.snapshot import FileKind
from audiodvc.project import tree
from audiodvc.project.dataset import Dataset
from audiodvc.project.tree import Tree
from audiodvc.report.findings import line
from audiodvc.rules import catalogue
from tests.builder import Repo

HERE = Path(__file__).parent
TODAY = date(2024, 6, 1)
BAD = sorted(HERE.glob("*/bad/*/"))
GOOD = sorted(HERE.glob("*/good/*/"))


@pytest.mark.parametrize("case", BAD, ids=lambda case: f"{case.parts[-3]}-{case.name}")
def test_bad_case_has_exactly_the_expected_findings(case: Path, tmp_path: Path) -> None:
    """What is wrong is found at its place, the same in the folder, the index and a revision."""
    expected = (case / "expected.txt").read_text(encoding="utf-8").splitlines()
    code = case.parts[-3]
    assert any(f" {code} " in said for said in expected)
    for name, found in findings(case, tmp_path).items():
        assert found == expected, name


@pytest.mark.parametrize("case", GOOD, ids=lambda case: f"{case.parts[-3]}-{case.name}")
def test_good_case_has_no_finding(case: Path, tmp_path: Path) -> None:
    """What only looks wrong is left in peace."""
    for name, found in findings(case, tmp_path).items():
        assert found == [], name


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_cases(code: str) -> None:
    """Two bad cases and a good one at least."""
    assert len([case for case in BAD if case.parts[-3] == code]) >= 2
    assert [case for case in GOOD if case.parts[-3] == code]


def findings(case: Path, tmp_path: Path) -> dict[str, list[str]]:
    """The findings of a case, each way of looking at it."""
    dataset = Dataset(tmp_path / "dataset", tmp_path / "dataset")
    shutil.copytree(case, dataset.root, symlinks=True)
    (dataset.root / "expected.txt").unlink(missing_ok=True)
    made = dataset.root / "make.py"
    if made.exists():
        runpy.run_path(str(made), init_globals={"ROOT": dataset.root})
        made.unlink()
    listed = dataset.root / "remote.txt"
    remote = frozenset(listed.read_text(encoding="utf-8").split()) if listed.exists() else None
    listed.unlink(missing_ok=True)
    repo = Repo(dataset.root)
    repo.git("init", "--quiet")
    repo.git("add", "--all", "--force")
    repo.git("-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--message", "case")
    trees = {
        "folder": tree.folder(dataset),
        "index": tree.staged(dataset),
        "revision": tree.revision(dataset, "HEAD"),
    }
    # Rules see nothing but names, kinds and texts: where these are the same, they are asked once.
    said = {seen: lines(files, remote) for seen, files in {_seen(one): one for one in trees.values()}.items()}
    return {name: said[_seen(files)] for name, files in trees.items()}


def _seen(files: Tree) -> frozenset[tuple[str, FileKind, bytes]]:
    """All that `lines` is made of, beside the remote; a link is never followed."""
    return frozenset(
        (path, kind, files.read(path) if kind == "file" and layout.is_read(path) else b"")
        for path, kind in files.files.items()
    )


def lines(files: Tree, remote: frozenset[str] | None = None) -> list[str]:
    """The findings of a tree as text."""
    taken = snapshot.take(files.files, files.read, TODAY, remote=remote)
    return [line(finding) for finding in catalogue.check(taken)]
