"""A dataset's files as they are in the folder, in git's index, or at a revision: one shape for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from audiodvc.adapters import git
from audiodvc.model import layout
from audiodvc.model.snapshot import FileKind
from audiodvc.project.dataset import Dataset

_KINDS: Mapping[str, FileKind] = {"120000": "link", "160000": "module"}


@dataclass(frozen=True, slots=True)
class Tree:
    """The files below the dataset that git knows, and how to read those that are text."""

    files: Mapping[str, FileKind]
    read: Callable[[str], bytes]
    unmerged: tuple[str, ...] = ()


def folder(dataset: Dataset) -> Tree:
    """The folder as `git add --all` would take it."""
    names = [name for name in layout.own(git.listed(dataset.root, ".")) if _is_there(dataset, name)]
    kinds: dict[str, FileKind] = {
        name: "link" if (dataset.root / name).is_symlink() else "file" for name in names
    }
    return Tree(kinds, lambda name: dataset.read(name) or b"")


def staged(dataset: Dataset) -> Tree:
    """Exactly what the next commit will hold."""
    tree = of_entries(dataset.root, git.index_entries(dataset.root))
    return replace(tree, unmerged=tuple(git.unmerged(dataset.root)))


def revision(dataset: Dataset, name: str) -> Tree:
    """Any revision, without a checkout."""
    return of_entries(dataset.root, git.tree_entries(dataset.root, name))


def of_entries(folder: Path, entries: Mapping[str, tuple[str, str]]) -> Tree:
    """Files by their mode and blob, in the repository of a folder."""
    mine = layout.own(entries)
    objects = {path: entries[path][1] for path in mine if layout.is_read(path)}
    contents = git.blobs(folder, objects.values())
    kinds: dict[str, FileKind] = {path: _KINDS.get(entries[path][0], "file") for path in mine}
    return Tree(kinds, lambda path: contents[objects[path]])


def _is_there(dataset: Dataset, name: str) -> bool:
    path = dataset.root / name
    return path.is_symlink() or path.is_file()
