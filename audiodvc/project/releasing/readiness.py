"""What keeps a dataset from being released: nothing of it is written here, and no remote is asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from audiodvc.adapters import cache, disk, dvc, git, record
from audiodvc.errors import AudiodvcError, GitError
from audiodvc.model import built, changelog, layout, mediaindex, remoteconfig
from audiodvc.model.mediaindex import Media
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.stages import folder_of
from audiodvc.progress import Progress
from audiodvc.project import stages, status
from audiodvc.project.dataset import Dataset
from audiodvc.project.status import MediaState

_SHOWN = 20
_BATCH = 100
_CONFIG = ".dvc/config"


class Checkout(NamedTuple):
    """The branch that is checked out, and its last commit."""

    branch: str
    commit: str


@dataclass(frozen=True, slots=True)
class Dirt:
    """What the last commit does not hold, a line each; `is_changelog` if the changelog is all of it."""

    lines: tuple[str, ...] = ()
    is_changelog: bool = False

    def refuse(self, dataset: Dataset) -> None:
        """Raise an error that says what is dirty."""
        if self.lines:
            more = [f"and {len(self.lines) - _SHOWN:,} more"] if len(self.lines) > _SHOWN else []
            raise AudiodvcError(
                f"{dataset.root} has what no commit holds",
                hint="commit it, or put it away: `git stash`, `git restore`",
                details=[*self.lines[:_SHOWN], *more],
            )


def checkout(dataset: Dataset) -> Checkout:
    """The branch that can be released: one by somebody, with nothing in the middle of being done."""
    branch, commit = git.branch(dataset.top), git.head(dataset.top)
    if what := record.unfinished(dataset.top):
        raise GitError(f"git is in the middle of {what}", hint="finish it, or give it up")
    if branch is None:
        what = "no branch is checked out (HEAD is detached), so the version would be on none"
        raise GitError(what, hint="`git switch main`, or whatever the branch is called")
    if commit is None:
        raise GitError(f"{branch} has no commit yet", hint="git add --all && git commit")
    record.refuse_nobody(dataset.top)
    return Checkout(branch, commit)


def dirt(dataset: Dataset, progress: Progress) -> Dirt:
    """What is changed, staged, new or not tracked yet, media among them."""
    own, inner = dataset.prefix, _inner(dataset)
    found = {
        path: letters
        for path, letters in git.changes(dataset.root).items()
        if not path.removeprefix(own).startswith(inner)
    }
    root = dvc.find_root(dataset.root, dataset.top)
    if root is not None:
        found |= git.changes(root / ".dvc")
    lines = [f"{path.removeprefix(own)}: {_said(letters)}" for path, letters in sorted(found.items())]
    others = found.keys() - {own + changelog.PATH}
    # An index that is being edited says nothing of media.
    media = () if others or root is None else tuple(_media(dataset, progress))
    return Dirt((*lines, *media), is_changelog=bool(found) and not others and not media)


def refuse_out_of_step(dataset: Dataset, taken: Snapshot) -> None:
    """Raise an error if `dvc.yaml` names other files than there are, or a flavor is not as it says."""
    if not stages.in_step(dataset):
        what = f"{layout.STAGES} does not name the files that there are"
        raise AudiodvcError(what, hint=f"`audiodvc fmt` writes it; then commit {layout.STAGES}")
    stale = sorted(_stale(dataset, taken))
    if stale:
        what = f"flavors were not built with the settings that they have now: {', '.join(stale)}"
        raise AudiodvcError(what, hint="`dvc repro`, then commit")


def refuse_private_remote(dataset: Dataset, commit: str) -> None:
    """Raise an error if media would go to a remote that nobody else is told of."""
    with dataset.workspace() as workspace:
        remote = workspace.default_remote
    if remote is None:
        return
    way = dataset.dvc_root.relative_to(dataset.top) / _CONFIG
    told = remoteconfig.parse(git.show(dataset.top, commit, way.as_posix()) or b"")
    if not told.fault and told.default != remote.name.lower():
        raise AudiodvcError(
            f"media would go to the remote '{remote.name}', and the {_CONFIG} of the last commit "
            + (f"names '{told.default}'" if told.default else "names no default remote"),
            hint=f"dvc remote default {remote.name}, then commit {_CONFIG}",
        )


def _stale(dataset: Dataset, taken: Snapshot) -> Iterator[str]:
    """The flavors whose stage did not run with the settings of today."""
    ran = built.built(*(dataset.read(name) or b"" for name in (layout.LOCK, layout.STAGES)))
    made = stages.outputs(dataset)
    for name, flavor in taken.settings.flavors.items():
        if folder_of(name) in made and (name not in ran or ran[name].flavor != flavor):
            yield name


def _inner(dataset: Dataset) -> tuple[str, ...]:
    """The folders of other datasets below this one, each with a slash."""
    headers = git.listed(dataset.root, f"*/{layout.HEADER}")
    return tuple(path.removesuffix(layout.HEADER) for path in headers)


def _said(letters: str) -> str:
    if letters == "??":
        return "not in git"
    return "staged" if letters[1] == " " else "changed"


def _media(dataset: Dataset, progress: Progress) -> Iterator[str]:
    """A line for each media folder that is here and not as its index has it."""
    with dataset.workspace() as workspace:
        _read(dataset, workspace, progress)
        for state in status.media(dataset, workspace):
            removed = _removed(dataset, workspace, state) if state.absent < state.files else 0
            counts = {"new": state.new, "changed": state.changed + state.unread, "removed": removed}
            said = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
            if said:
                yield f"{state.path}: {said} (`audiodvc add {state.path}` records that)"


def _read(dataset: Dataset, workspace: dvc.Workspace, progress: Progress) -> None:
    """Read the files of which DVC does not know whether they changed, and let it know."""
    names = [media.file for index in dataset.media_indexes for media in _rows(dataset, index)]
    seen = [disk.look(str(dataset.root / name)) for name in names]
    here = [entry for entry in seen if not entry.problem]
    known = workspace.known(here)
    new = [entry for entry in here if entry.path not in known]
    if new:
        with progress("reading media", len(new)) as advance:
            for start in range(0, len(new), _BATCH):
                batch = new[start : start + _BATCH]
                workspace.remember([(entry, cache.md5_of(entry.path)) for entry in batch])
                advance(len(batch))


def _rows(dataset: Dataset, index: str) -> list[Media]:
    return mediaindex.parse(dataset.read(index) or b"", index)


def _removed(dataset: Dataset, workspace: dvc.Workspace, state: MediaState) -> int:
    """How many files were here once and are gone: the cache has them, while others were never pulled."""
    if not state.absent:
        return 0
    rows = _rows(dataset, state.path + layout.INDEX)
    absent = (media for media in rows if not os.path.lexists(dataset.root / media.file))
    return sum(workspace.has(media.md5) for media in absent)
