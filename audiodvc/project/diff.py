"""`diff`: what differs in meaning between the folder, git's index and any revisions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from audiodvc.adapters import git
from audiodvc.changes import between
from audiodvc.changes.between import Between, Entries
from audiodvc.errors import UsageError
from audiodvc.progress import Progress
from audiodvc.project.dataset import Dataset

FOLDER, STAGED = "folder", "staged"
"""What stands in the place of a revision that is none."""

_ON_DISK = "folder:"
_FILE, _LINK = "100644", "120000"


@dataclass(frozen=True, slots=True)
class End:
    """One side: the revision as it was asked for, or `folder` or `staged`, and its commit if it is one."""

    rev: str
    commit: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Two sides, and what differs between them."""

    a: End
    b: End
    found: Between


def diff(
    dataset: Dataset, progress: Progress, a: str | None = None, b: str | None = None, *, staged: bool = False
) -> Compared:
    """The folder against HEAD or another revision, what is staged against it, or two revisions."""
    before, after = _ends(dataset, a, b, staged=staged)
    with progress("comparing", None):
        old = git.tree_entries(dataset.root, before.commit) if before.commit else {}
        if after.commit:
            new: Entries = git.tree_entries(dataset.root, after.commit)
        else:
            new = git.index_entries(dataset.root) if staged else _folder(dataset, before.commit, old)
        found = between.between(old, new, _contents(dataset), datetime.now(UTC).date())
    return Compared(before, after, found)


def _ends(dataset: Dataset, a: str | None, b: str | None, *, staged: bool) -> tuple[End, End]:
    if staged and b is not None:
        raise UsageError("--staged is one of the two sides: name one revision at most")
    if a is not None and b is None and ".." in a:
        a, b = _range(dataset, a)
        if staged:
            raise UsageError("--staged is one of the two sides, and a range has two itself")
    if a is None:
        # Before the first commit all is new.
        return End("HEAD", git.head(dataset.root)), End(STAGED if staged else FOLDER, None)
    before = End(a, git.resolve(dataset.root, a))
    return before, End(b, git.resolve(dataset.root, b)) if b else End(STAGED if staged else FOLDER, None)


def _range(dataset: Dataset, text: str) -> tuple[str, str]:
    """`A..B` as git takes it; in `A...B` the first is where B left A, as in a pull request."""
    parted = text.partition("...") if "..." in text else text.partition("..")
    first, dots, second = parted[0] or "HEAD", parted[1], parted[2] or "HEAD"
    if dots == "..":
        return first, second
    return git.merge_base(dataset.root, first, second), second


def _folder(dataset: Dataset, commit: str | None, old: Entries) -> Entries:
    """The folder as `git add --all` would take it; a file that is as in the commit has the same blob."""
    place = dataset.root.relative_to(dataset.top).as_posix()
    way = "" if place == "." else f"{place}/"
    changed = set(git.changed_names(dataset.top, commit)) if commit else set()
    return dict(_entries(dataset, old, lambda name: f"{way}{name}" in changed))


def _entries(
    dataset: Dataset, old: Entries, is_changed: Callable[[str], bool]
) -> Iterator[tuple[str, tuple[str, str]]]:
    for name in git.listed(dataset.root, "."):
        path = dataset.root / name
        if name in old and not is_changed(name):
            yield name, old[name]
        elif path.is_symlink() or path.is_file():
            yield name, (_LINK if path.is_symlink() else _FILE, f"{_ON_DISK}{name}")


def _contents(dataset: Dataset) -> between.Contents:
    def read(blobs: Collection[str]) -> Mapping[str, bytes]:
        here = [blob for blob in blobs if blob.startswith(_ON_DISK)]
        found = {blob: dataset.read(blob.removeprefix(_ON_DISK)) or b"" for blob in here}
        stored = [blob for blob in blobs if blob not in found]
        return found | (git.blobs(dataset.root, stored) if stored else {})

    return read
