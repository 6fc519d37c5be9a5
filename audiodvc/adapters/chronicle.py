"""What a file was in each commit that changed it, and which commits are in which version."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audiodvc.adapters import bare, git
from audiodvc.adapters.bare import Reader
from audiodvc.adapters.process import run
from audiodvc.errors import GitError


@dataclass(frozen=True, slots=True)
class Entry:
    """A commit that changed a file: those before it that did, who made it and when, and the file's blob.

    `blob` is None where the file was removed, or became a link or a folder.
    """

    commit: str
    parents: tuple[str, ...]
    author: str
    email: str
    date: str
    blob: str | None


Contents = Callable[[Sequence[str]], Iterator[tuple[str, bytes]]]
"""Blobs -> each with what it holds, one after the other, in any order."""


def reader(root: Path) -> Reader:
    """What reads the objects of a clone."""
    folder = git.common_folder(root)
    return Reader(folder, folder / "objects", is_clone=True)


def contents(root: Path, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """What blobs of a clone hold, one at a time; what a partial clone lacks is fetched before."""
    wanted = dict.fromkeys(blobs)
    remote = _promisor(root)
    if remote:
        _bring(root, remote, list(wanted))
    for blob, data in reader(root).contents(list(wanted), None):
        del wanted[blob]
        yield blob, data
    if wanted:
        raise GitError(f"{len(wanted)} files of the past are not in {root}", hint="`git fsck` tells more")


def of_file(objects: Reader, commit: str, path: str) -> list[Entry]:
    """The commits up to one that changed a file, each before its parents; merges only if they changed it."""
    bare.check([commit])
    # Parents are rewritten: they are the last commits before this one that changed the file.
    settings = ["-c", f"mailmap.blob={commit}:.mailmap", "-c", "log.follow=false", "-c", "log.mailmap=true"]
    options = ["--raw", "-z", "--root", "--no-renames", "--no-abbrev", "--parents", "--topo-order"]
    plain = ["--no-show-signature", "--no-notes", "--no-color", "--no-ext-diff", "--no-relative"]
    words = ["log", *options, *plain, f"--format={_FORM}", commit, "--", f":(top,literal){path}"]
    texts = _said(objects, [*settings, *words]).split("\0\1")
    entries = [_entry(text.removeprefix("\1")) for text in texts if text]
    # Asked for the changes of merges, git log would keep those too that took the file as a parent has it.
    merges = _merged(objects, [entry.commit for entry, raw in entries if not raw], path)
    return [replace(entry, blob=_blob(raw or merges[entry.commit])) for entry, raw in entries]


def first_versions(objects: Reader, versions: Mapping[str, str]) -> dict[str, str]:
    """Commit -> the first of some versions, given from low to high with their commits, that contains it."""
    commits = list(dict.fromkeys(versions.values()))
    bare.check(commits)
    if not commits:
        return {}
    said = _said(objects, ["rev-list", "--parents", "--stdin"], "".join(f"{one}\n" for one in commits))
    lines = (line.split() for line in said.splitlines())
    parents = {commit: before for commit, *before in lines}
    found: dict[str, str] = {}
    for version, commit in versions.items():
        for one in _new(commit, parents, found):
            found[one] = version
    return found


def _new(commit: str, parents: Mapping[str, Sequence[str]], known: Mapping[str, str]) -> Iterable[str]:
    """A commit and those before it, without those that an earlier version has, and all before them."""
    found, rest = dict[str, None](), [commit]
    while rest:
        one = rest.pop()
        if one not in known and one not in found:
            found[one] = None
            rest += parents.get(one, ())
    return found


_FETCH = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--recurse-submodules=no"]


def _promisor(root: Path) -> str:
    """The remote that has what a partial clone lacks; empty if the clone is whole."""
    words = ["git", "config", "-z", "--type=bool", "--get-regexp", r"^remote\..*\.promisor$", "true"]
    said = os.fsdecode(run(words, cwd=root, env=git.environment()).stdout)
    return said.partition("\n")[0].removeprefix("remote.").removesuffix(".promisor")


def _bring(root: Path, remote: str, blobs: Sequence[str]) -> None:
    """Fetch what is missing at once; git itself would do so file by file."""
    with tempfile.TemporaryDirectory() as place:
        # Under another configuration git does not know of the remote, and fetches nothing to answer this.
        bare.lay_out(Path(place, "bare"), blobs[0] if blobs else "")
        here = Reader(Path(place, "bare"), git.common_folder(root) / "objects").kinds(blobs)
    missing = "".join(f"{blob}\n" for blob in blobs if blob not in here)
    if missing:
        words = ["git", "-c", "fetch.negotiationAlgorithm=noop", *_FETCH, "--filter=blob:none", "--stdin"]
        done = run([*words, remote], cwd=root, env=git.environment(), stdin=missing.encode())
        if done.code:
            what = f"the remote {remote} does not give what this partial clone lacks"
            raise GitError(what, details=done.complaint.splitlines())


# What begins an entry cannot follow a NUL anywhere else: then a name or the raw line of a change begins.
_FORM = "%x01%H%n%P%n%aN%n%aE%n%aI"
_FILE = "100"


def _entry(text: str) -> tuple[Entry, str]:
    """An entry and what it did to the file, which of a merge is not said."""
    head, _, raw = text.partition("\0")
    commit, parents, author, email, date = head.split("\n")
    return Entry(commit, tuple(parents.split()), author, email, date, None), raw.strip("\n").split("\0")[0]


def _merged(objects: Reader, commits: Sequence[str], path: str) -> dict[str, str]:
    """What merges did to a file, seen from their first parent."""
    if not commits:
        return {}
    words = ["diff-tree", "--stdin", "-m", "-r", "-z", "--no-renames", "--no-abbrev", "--"]
    said = _said(objects, [*words, f":(top,literal){path}"], "".join(f"{one}\n" for one in commits))
    found: dict[str, str] = {}
    commit = ""
    for word in said.split("\0"):
        if word.startswith(":") and commit not in found:
            found[commit] = word
        elif bare.is_id(word):
            commit = word
    return found


def _blob(raw: str) -> str | None:
    fields = raw.split()
    return fields[3] if fields[1].startswith(_FILE) else None


def _said(objects: Reader, words: Sequence[str], stdin: str = "") -> str:
    done = objects.run(words, stdin.encode())
    if done.code:
        hint = "a shallow clone needs `git fetch --unshallow`; else `git fsck` tells more"
        raise GitError("git cannot read the history", hint=hint, details=done.complaint.splitlines())
    return os.fsdecode(done.stdout)
