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

_SUBMODULE = "160000"
_LABELS = ("-L", "ours", "-L", "base", "-L", "theirs")
_MOST_CONFLICTS, _BINARY = 127, 255  # above the first it is an error


class Lines(NamedTuple):
    """The text that git makes of both sides, and whether markers are in it.

    Of texts that git takes for binary each side stands there as a whole, which git itself does not write.
    """

    text: bytes
    is_conflict: bool
    is_binary: bool = False


def lines(base: bytes, ours: bytes, theirs: bytes, size: int = 7, *, style: str = "--diff3") -> Lines:
    """Both sides' changes line by line, as git merges any text."""
    with tempfile.TemporaryDirectory(prefix="audiodvc-merge-") as name:
        folder = Path(name)
        for side, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            (folder / side).write_bytes(text)
        options = ["--stdout", "--quiet", f"--marker-size={size}", *([style] if style else []), *_LABELS]
        words = ["git", "merge-file", *options, "ours", "base", "theirs"]
        done = run(words, cwd=folder, env=git.environment())
    if done.code == _BINARY:
        return Lines(_sides(base, ours, theirs, size), is_conflict=True, is_binary=True)
    if not 0 <= done.code <= _MOST_CONFLICTS:
        raise GitError("git cannot merge these texts", details=done.complaint.splitlines())
    return Lines(done.stdout, done.code > 0)


def _sides(base: bytes, ours: bytes, theirs: bytes, size: int) -> bytes:
    parts = ((b"<", b" ours", ours), (b"|", b" base", base), (b"=", b"", theirs), (b">", b" theirs", b""))
    ended = (text if text.endswith(b"\n") or not text else text + b"\n" for _, _, text in parts)
    heads = (mark * size + name + b"\n" for mark, name, _ in parts)
    return b"".join(head + text for head, text in zip(heads, ended, strict=True))


def stages(root: Path) -> dict[str, Mapping[int, str]]:
    """Path -> blob by stage of the files below a folder that are unmerged."""
    words = ["git", "ls-files", "-z", "--unmerged", "--", "."]
    done = run(words, cwd=root, env=git.environment())
    if done.code:
        raise GitError(f"git ls-files failed in {root}", details=done.complaint.splitlines())
    found: dict[str, dict[int, str]] = {}
    for entry in (os.fsdecode(one) for one in done.stdout.split(b"\0") if one):
        fields, _, path = entry.partition("\t")
        mode, blob, stage = fields.split()
        if mode == _SUBMODULE:
            continue
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
