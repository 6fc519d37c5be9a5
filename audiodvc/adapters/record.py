"""What makes a version of a work tree's repository: one commit, one annotated tag, one push of both."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from audiodvc.adapters import git
from audiodvc.adapters.process import Completed, run
from audiodvc.errors import GitError

BUSY: Mapping[str, str] = {
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
}
"""What git is in the middle of while one of these leads to a commit."""


# Of these a ref tells nothing: REBASE_HEAD stays when a rebase is done.
_LONG = {"rebase-merge": "a rebase", "rebase-apply": "a rebase", "BISECT_LOG": "a bisect"}


class Tip(NamedTuple):
    """A ref elsewhere: the object it names, and the commit to which that leads."""

    object: str
    commit: str


def refuse_nobody(root: Path) -> None:
    """Raise a GitError unless git knows who makes a commit."""
    for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        done = _try(["var", name], root)
        if done.code and b"date format" in done.stderr:
            names = "GIT_AUTHOR_DATE or GIT_COMMITTER_DATE"
            raise GitError("git cannot read the date that is set", hint=f"mend {names}", details=_last(done))
        if done.code:
            hint = 'git config --global user.name "YOUR NAME", and user.email the same way'
            raise GitError("git does not know who you are", hint=hint, details=_last(done))


def unfinished(root: Path) -> str:
    """What git is in the middle of, such as `a merge`; empty if of nothing."""
    words = [word for name in _LONG for word in ("--git-path", name)]
    places = _do(["rev-parse", *words], root).stdout.splitlines()
    for place, what in zip(places, _LONG.values(), strict=True):
        if os.path.lexists(os.path.join(root, os.fsdecode(place))):
            return what
    return next((what for name, what in BUSY.items() if git.commit_of(root, name)), "")


def is_shallow(root: Path) -> bool:
    """Whether the history of a clone was cut."""
    return _do(["rev-parse", "--is-shallow-repository"], root).stdout.strip() == b"true"


def is_ref(root: Path, name: str) -> bool:
    """Whether git takes this for the whole name of a ref."""
    return _try(["check-ref-format", name], root).code == 0


def tags(root: Path, *, merged: str | None = None) -> dict[str, str]:
    """Every tag as a ref, or those that a revision contains, and the commit that it leads to."""
    form = "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)"
    only = [f"--merged={merged}"] if merged else []
    lines = _do(["for-each-ref", form, *only, "refs/tags"], root).stdout.decode().splitlines()
    fields = [line.split(" ", 4) for line in lines]
    peeled = [(name, (kind, one), (inner, other)) for kind, one, inner, other, name in fields]
    leads = {name: inner if inner[0] else outer for name, outer, inner in peeled}
    return {name: commit for name, (kind, commit) in leads.items() if kind == "commit"}


def object_of(root: Path, ref: str) -> str | None:
    """The object that a ref names: of an annotated tag not the commit but the tag."""
    done = _try(["rev-parse", "--verify", "--quiet", "--end-of-options", ref], root)
    return done.stdout.decode().strip() if done.code == 0 else None


def contains(root: Path, commit: str, older: str) -> bool:
    """Whether a commit comes after another one, or is it; not where the other one is not here."""
    return _try(["merge-base", "--is-ancestor", older, commit], root).code == 0


def commit(root: Path, path: str, message: str) -> str:
    """Commit this one file, whatever else is staged, and give the name of the commit."""
    # Hooks run as they do for every commit; what they make of it is for the caller to look at.
    pathspec = f":(literal){path}"
    _do(["add", "--force", "--", pathspec], root)
    options = ["--quiet", "--cleanup=whitespace", "--file=-", "--only"]
    _do(["commit", *options, "--", pathspec], root, stdin=message)
    return git.resolve(root, "HEAD")


def tag(root: Path, name: str, commit: str, message: str) -> None:
    """Make an annotated tag, signed where the user's settings ask for that."""
    # Lines that begin with `#` are headings of the message, and no comments.
    _do(["tag", "--annotate", "--cleanup=whitespace", "--file=-", name, commit], root, stdin=message)


def remote_for(root: Path, branch: str) -> str | None:
    """The name of the remote that a branch is pushed to, as git's settings have it; None if none fits."""
    names = _do(["remote"], root).stdout.decode().split()
    keys = (f"branch.{branch}.pushRemote", "remote.pushDefault", f"branch.{branch}.remote")
    set_ = [value for key in keys if (value := git.setting(root, key)) and value != "."]
    if set_:
        return set_[0]
    return "origin" if "origin" in names else names[0] if len(names) == 1 else None


def url_of(root: Path, remote: str) -> str:
    """Where git finds a remote: as its settings rewrite that, a path from the root of the file system."""
    url = _do(["ls-remote", "--get-url", "--", remote], root).stdout.decode().rstrip("\n")
    # git takes for a path what has no scheme, and no colon before the first slash.
    is_path = "://" not in url and ":" not in url.split("/", 1)[0]
    return os.path.normpath(root / Path(url).expanduser()) if is_path else url


def heads(root: Path, remote: str, branch: str) -> dict[str, Tip]:
    """The branch and every tag of a remote, as they are now."""
    done = _do(["ls-remote", "--", remote, f"refs/heads/{branch}", "refs/tags/*"], root)
    lines = (line.split("\t", 1) for line in done.stdout.decode().splitlines())
    found = {name: object_ for object_, name in lines}
    plain = (name for name in found if not name.endswith(_PEELED))
    return {name: Tip(found[name], found.get(name + _PEELED, found[name])) for name in plain}


def push(root: Path, remote: str, refs: Sequence[str], env: Mapping[str, str]) -> None:
    """Push refs to the same names in one step: all of them, or none."""
    _do(["push", "--quiet", "--atomic", "--", remote, *(f"{ref}:{ref}" for ref in refs)], root, env=env)


_PEELED = "^{}"


def _do(
    arguments: Sequence[str], root: Path, *, stdin: str = "", env: Mapping[str, str] | None = None
) -> Completed:
    done = _try(arguments, root, stdin=stdin, env=env)
    if done.code:
        raise GitError(f"git {arguments[0]} failed in {root}", details=_last(done))
    return done


def _try(
    arguments: Sequence[str], root: Path, *, stdin: str = "", env: Mapping[str, str] | None = None
) -> Completed:
    own = {**git.environment(), **(env or {})}
    return run(["git", *arguments], cwd=root, stdin=stdin.encode("utf-8", "surrogateescape"), env=own)


def _last(done: Completed) -> list[str]:
    """What git and the hooks that it ran said at the end."""
    text = done.complaint or done.stdout.decode(errors="replace")
    return [line for line in text.splitlines() if line.strip()]
