"""Where a release is pushed to: a branch and a tag, in one step."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters import record
from audiodvc.adapters.record import Tip
from audiodvc.errors import AudiodvcError, ConflictError, GitError
from audiodvc.model import version as semantic
from audiodvc.project.push import RELEASED
from audiodvc.project.releasing.tags import REFS, Tags

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Target:
    """A branch of a remote, and the refs that the remote has now."""

    top: Path
    remote: str
    branch: str
    refs: Mapping[str, Tip]

    @property
    def ref(self) -> str:
        """The branch, as a ref."""
        return f"refs/heads/{self.branch}"

    def refuse_overtaken(self, commit: str, tags: Tags, known: Mapping[str, str]) -> None:
        """Raise an error if the remote has commits or versions that are not here."""
        tip = self.refs.get(self.ref)
        if tip is not None and not record.contains(self.top, commit, tip.commit):
            what = f"{self.remote} has commits of {self.branch} that are not here"
            raise ConflictError(what, hint=f"git pull {self.remote} {self.branch}, and release again")
        start = REFS + tags.beginning
        names = [ref.removeprefix(start) for ref in self.refs.keys() - known.keys() if ref.startswith(start)]
        new = sorted(name for name in names if semantic.order(name) is not None)
        if new:
            what = f"{self.remote} has versions that are not here: {', '.join(new[-_SHOWN:])}"
            raise ConflictError(what, hint=f"git fetch --tags {self.remote}, and release again")
        shared = [ref for ref in self.refs.keys() & known.keys() if ref.startswith(start)]
        moved = [ref for ref in shared if self.refs[ref].commit != known[ref]]
        # One of a release that somebody else was faster with, and whose commit was rebased since.
        for ref in sorted(ref for ref in moved if not record.contains(self.top, commit, known[ref])):
            self._refuse(ref.removeprefix(REFS))

    def refuse_other(self, tag: str) -> None:
        """Raise an error if the remote has a tag of this name, and another one than is here."""
        theirs = self.refs.get(REFS + tag)
        if theirs is not None and theirs.object != record.object_of(self.top, REFS + tag):
            self._refuse(tag)

    def _refuse(self, tag: str) -> None:
        what = f"the tag {tag} of {self.remote} is another one than that here"
        hint = f"`git fetch --force {self.remote} tag {tag}` takes theirs; then release a higher one"
        raise ConflictError(what, hint=hint)

    def push(self, commit: str, tag: str, prefix: str) -> str:
        """Push branch and tag in one step; the name of the remote.

        In the dataset of this folder `release` has seen to all that our own hook would see to.
        """
        tip, theirs = self.refs.get(self.ref), self.refs.get(REFS + tag)
        is_there = theirs is not None and tip is not None and tip.commit == commit
        refs = [self.ref, REFS + tag]
        try:
            # Also what is there: a push that was killed may have left git not knowing that it is.
            record.push(self.top, self.remote, refs, {RELEASED: f"{commit} {prefix}"})
        except GitError as error:
            if is_there:
                return self.remote
            again = "see what it says, and release again with --push"
            what = f"{self.remote} has neither {self.branch} nor {tag}, which are made here: the push failed"
            raise GitError(what, hint=again, details=error.details) from error
        return self.remote


def find(top: Path, branch: str) -> Target:
    """The remote that a branch is pushed to, asked for what it has."""
    remote = record.remote_for(top, branch)
    if remote is None:
        what = f"there is no remote to push {branch} to"
        raise AudiodvcError(what, hint="git remote add origin URL, or release without --push")
    return Target(top, remote, branch, record.heads(top, remote, branch))


def command(top: Path, branch: str, tag: str) -> str:
    """What pushes both by hand; empty where there is no remote."""
    remote = record.remote_for(top, branch)
    return shlex.join(["git", "push", "--atomic", remote, branch, tag]) if remote else ""
