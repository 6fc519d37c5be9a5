"""`validate`: the findings of a dataset in the folder, in the index, or at a revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from audiodvc.errors import RemoteError
from audiodvc.finding import Finding
from audiodvc.model import snapshot
from audiodvc.model.snapshot import Snapshot
from audiodvc.progress import Progress
from audiodvc.project import tree
from audiodvc.project.dataset import Dataset
from audiodvc.project.tree import Tree
from audiodvc.rules import catalogue


@dataclass(frozen=True, slots=True)
class Validated:
    """All findings, and how much was looked at."""

    findings: tuple[Finding, ...]
    files: int
    rows: int

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are warnings."""
        return len(self.findings) - self.errors


def validate(
    dataset: Dataset,
    progress: Progress,
    *,
    staged: bool = False,
    revision: str | None = None,
    ask_remote: bool = False,
) -> Validated:
    """Check the folder, or exactly what the next commit will hold, or any revision."""
    files = (
        tree.staged(dataset)
        if staged
        else tree.revision(dataset, revision)
        if revision is not None
        else tree.folder(dataset)
    )
    with progress("reading", None):
        taken = take(dataset, files, ask_remote=ask_remote)
    with progress("checking", None):
        return check(taken)


def take(dataset: Dataset, files: Tree, *, ask_remote: bool = False) -> Snapshot:
    """The snapshot of a tree; the remote is listed once if it is asked."""
    objects = _remote(dataset) if ask_remote else None
    return snapshot.take(
        files.files, files.read, datetime.now(UTC).date(), remote=objects, unmerged=files.unmerged
    )


def check(taken: Snapshot) -> Validated:
    """The findings of a snapshot."""
    texts = len(taken.tables) + len(taken.indexes) + int(taken.has_header)
    rows = sum(sheet.height for sheet in taken.tables.values())
    return Validated(tuple(catalogue.check(taken)), texts, rows)


def _remote(dataset: Dataset) -> frozenset[str]:
    with dataset.workspace() as workspace:
        remote = workspace.default_remote
        if remote is None:
            raise RemoteError("there is no default remote to ask", hint="dvc remote add --default NAME URL")
        return frozenset(workspace.remote_objects(remote))
