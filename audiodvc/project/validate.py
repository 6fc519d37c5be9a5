"""`validate`: the findings of a dataset in the folder, in the index, or at a revision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from audiodvc.errors import RemoteError
from audiodvc.finding import Finding
from audiodvc.model import snapshot
from audiodvc.model.snapshot import Snapshot
from audiodvc.progress import Progress
from audiodvc.project import absent, tree
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
    taken = snapshot.take(files.files, files.read, datetime.now(UTC).date(), unmerged=files.unmerged)
    return ask(dataset, taken) if ask_remote else taken


def ask(dataset: Dataset, taken: Snapshot, listed: frozenset[str] | None = None) -> Snapshot:
    """The same snapshot with the objects that the remote has or `listed`, and those that it need not have."""
    present = _remote(dataset) if listed is None else listed
    return replace(taken, remote=present | absent.objects(dataset.top, dataset.prefix, taken))


def check(taken: Snapshot) -> Validated:
    """The findings of a snapshot."""
    return of(taken, catalogue.check(taken))


def of(taken: Snapshot, findings: Iterable[Finding]) -> Validated:
    """Some findings of a snapshot."""
    texts = len(taken.tables) + len(taken.indexes) + int(taken.has_header)
    rows = sum(sheet.height for sheet in taken.tables.values())
    return Validated(tuple(findings), texts, rows)


def _remote(dataset: Dataset) -> frozenset[str]:
    with dataset.workspace() as workspace:
        remote = workspace.default_remote
        if remote is None:
            raise RemoteError("there is no default remote to ask", hint="dvc remote add --default NAME URL")
        return frozenset(workspace.remote_objects(remote))
