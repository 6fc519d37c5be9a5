"""What git does and knows of a merge: its own merge of texts, and the sides of what it left unmerged."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from audiodvc.adapters import git
from audiodvc.adapters.process import run
from audiodvc.errors import GitError

BASE, OURS, THEIRS = 1, 2, 3
"""The stages of a file that is unmerged."""

_LABELS = ("-L", "ours", "-L", "base", "-L", "theirs")
_MOST_CONFLICTS = 127  # above that it is an error


class Lines(NamedTuple):
    """The text that git makes of both sides, and whether markers are in it."""

    text: bytes
    is_conflict: bool


def lines(base: bytes, ours: bytes, theirs: bytes, size: int = 7, *, style: str = "--diff3") -> Lines:
    """Both sides' changes line by line, as git merges any text."""
    with tempfile.TemporaryDirectory(prefix="audiodvc-merge-") as name:
        folder = Path(name)
        for side, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            (folder / side).write_bytes(text)
        options = ["--stdout", "--quiet", f"--marker-size={size}", *([style] if style else []), *_LABELS]
        words = ["git", "merge-file", *options, "ours", "base", "theirs"]
        done = run(words, cwd=folder, env=git.environment())
    if not 0 <= done.code <= _MOST_CONFLICTS:
        raise GitError("git cannot merge these texts", details=done.complaint.splitlines())
    return Lines(done.stdout, done.code > 0)


def stages(root: Path) -> dict[str, Mapping[int, str]]:
    """Path -> blob by stage of the files below a folder that are unmerged."""
    words = ["git", "ls-files", "-z", "--unmerged", "--", "."]
    done = run(words, cwd=root, env=git.environment())
    if done.code:
        raise GitError(f"git ls-files failed in {root}", details=done.complaint.splitlines())
    found: dict[str, dict[int, str]] = {}
    for entry in (os.fsdecode(one) for one in done.stdout.split(b"\0") if one):
        fields, _, path = entry.partition("\t")
        _, blob, stage = fields.split()
        found.setdefault(path, {})[int(stage)] = blob
    return dict(found)


def forget(root: Path, paths: Iterable[str]) -> None:
    """Stage that these files are gone."""
    names = b"\0".join(os.fsencode(f":(literal){path}") for path in paths)
    words = ["git", "rm", "--cached", "--quiet", "--force", "--ignore-unmatch"]
    pathspecs = ["--pathspec-from-file=-", "--pathspec-file-nul"]
    done = run([*words, *pathspecs], cwd=root, stdin=names, env=git.environment())
    if done.code:
        raise GitError(f"git rm failed in {root}", details=done.complaint.splitlines())
