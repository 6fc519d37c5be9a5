"""`release`: the last commit becomes a version, with all media at their remote before anybody sees it.

Every step looks whether it was done before, so that a release which was stopped goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from audiodvc.adapters import git, record
from audiodvc.errors import ConflictError, GitError
from audiodvc.model import changelog, layout
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.stages import METRICS
from audiodvc.progress import Progress
from audiodvc.project import metrics, push, tree, validate
from audiodvc.project.dataset import Dataset
from audiodvc.project.releasing import readiness, tags, target, upcoming
from audiodvc.project.releasing.readiness import Checkout
from audiodvc.project.releasing.target import Target
from audiodvc.project.releasing.upcoming import Upcoming
from audiodvc.project.validate import Validated
from audiodvc.rules import storage

_BEHIND = f"{METRICS} has the figures of an earlier state: `dvc repro`, then commit, before you release"


@dataclass(frozen=True, slots=True)
class Release:
    """What came of it: the version and its commit, None where findings or a dry run kept it from being made.

    `objects` went to the DVC remote; `remote` has branch and tag now, or else `command` pushes them.
    """

    validated: Validated
    upcoming: Upcoming | None = None
    commit: str | None = None
    objects: int = 0
    remote: str = ""
    command: str = ""


def release(
    dataset: Dataset,
    asked: str | None,
    progress: Progress,
    *,
    share: bool = False,
    dry_run: bool = False,
) -> Release:
    """Make a version of the last commit: media to their remote, an entry in the changelog, a tag.

    With `share` the branch and the tag are pushed, too.
    """
    here = readiness.checkout(dataset)
    dirt = readiness.dirt(dataset, progress)
    if not dirt.is_changelog:
        dirt.refuse(dataset)
    with progress("checking", None):
        taken = validate.take(dataset, tree.revision(dataset, here.commit))
        validated = validate.check(taken)
    if validated.errors:
        return Release(validated)
    readiness.refuse_out_of_step(dataset, taken)
    place = target.find(dataset.top, here.branch) if share else None
    with progress("comparing", None):
        found = _upcoming(dataset, here, taken, asked, place)
    if metrics.is_behind(dataset, taken, validated):
        found = replace(found, notes=(*found.notes, _BEHIND))
    if dirt.is_changelog and not found.is_begun(_text(dataset)):
        dirt.refuse(dataset)
    if dry_run:
        return Release(validated, found)
    checked, objects = _media(dataset, here, taken, progress)
    if checked.errors:
        return Release(checked, found, objects=objects)
    commit = _make(dataset, here, found, taken.header.name or "")
    remote = place.push(commit, found.tag, dataset.prefix) if place else ""
    command = "" if place else target.command(dataset.top, here.branch, found.tag)
    return Release(validated, found, commit, objects, remote, command)


def _upcoming(
    dataset: Dataset, here: Checkout, taken: Snapshot, asked: str | None, place: Target | None
) -> Upcoming:
    state = upcoming.look(dataset, here.commit, taken)
    if place:
        place.refuse_overtaken(here.commit, state.tags, state.refs)
    found = upcoming.upcoming(state, asked)
    tags.refuse_unfit(dataset, found.tag)
    if place:
        place.refuse_other(found.tag)
    return found


def _text(dataset: Dataset) -> str:
    """The changelog in the folder, whatever its bytes."""
    return (dataset.read(changelog.PATH) or b"").decode("utf-8", "surrogateescape")


def _media(dataset: Dataset, here: Checkout, taken: Snapshot, progress: Progress) -> tuple[Validated, int]:
    """Bring what this clone has to the remote, which must have every object then."""
    if any(storage.stored(taken, taken.files)) or any(sheet.height for sheet in taken.indexes.values()):
        readiness.refuse_private_remote(dataset, here.commit)
    brought = push.bring(dataset, here.commit, progress)
    findings = [finding for one in brought.checked for finding in one.validated.findings]
    if brought.present is not None and not findings:
        # That something was sent does not say that it is there: what a remote has is what it lists.
        findings = list(storage.ad004(validate.ask(dataset, taken, brought.present)))
    return validate.of(taken, findings), brought.objects


def _make(dataset: Dataset, here: Checkout, found: Upcoming, name: str) -> str:
    """The commit of the entry and the tag; what is there already is not made again."""
    commit = here.commit if found.is_written else _commit(dataset, here, found)
    if not found.is_tagged:
        title = f"{name} {found.version}".strip()
        record.tag(dataset.top, found.tag, commit, f"{title}\n\n{found.said}\n")
    return commit


def _commit(dataset: Dataset, here: Checkout, found: Upcoming) -> str:
    path = dataset.prefix + changelog.PATH
    if git.changes(dataset.root, changelog.PATH) and not found.is_begun(_text(dataset)):
        hint = "commit that or undo it, and release again"
        raise ConflictError(f"{path} was changed while media were pushed, and stays so", hint=hint)
    dataset.write(changelog.PATH, found.text.encode("utf-8", "surrogateescape"))
    try:
        commit = record.commit(dataset.top, path, f"Release {found.tag}\n")
    except GitError as error:
        hint = f"release again; or `git restore --staged --worktree {path}`, and it never was"
        raise GitError("git did not commit the changelog", hint=hint, details=error.details) from error
    is_next = git.commit_of(dataset.top, f"{commit}^") == here.commit
    if not is_next or _own(dataset, commit) != _own(dataset, here.commit):
        what = f"{commit[:12]} has more than was checked: somebody, or a hook, was at work at the same moment"
        raise ConflictError(what, hint="look at it, and release again")
    return commit


def _own(dataset: Dataset, commit: str) -> dict[str, tuple[str, str]]:
    """The files of the dataset but for the changelog, each by its mode and blob."""
    entries = git.tree_entries(dataset.root, commit)
    return {path: entries[path] for path in layout.own(entries) if path != changelog.PATH}
