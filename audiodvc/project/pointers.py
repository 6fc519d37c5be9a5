"""Pointers and media indexes, which belong together: each names the other, and neither is there alone."""

from __future__ import annotations

import os

from audiodvc.adapters import dvc, git
from audiodvc.model import layout, pointer, spec
from audiodvc.project.dataset import Dataset

STRANGE = "is not a pointer as `dvc add` writes it"


def read(dataset: Dataset, name: str) -> dvc.Pointer | None:
    """What a pointer as `dvc add` writes it says; None for any other, and for a text that is a trap."""
    text = dataset.read(name)
    known = text is not None and pointer.parse(text, name)
    return dvc.read_pointer(dataset.root / name) if known else None


def settle(dataset: Dataset, index: str) -> bool:
    """Let the pointer beside an index name that index as it is now; True if that changed it."""
    name = index.removesuffix(layout.INDEX) + layout.POINTER
    text, rows = dataset.read(name), dataset.read(index)
    output = pointer.parse(text, name) if text else None
    if text is None or rows is None or output is None or not output.index:
        return False
    return dataset.write(name, text.replace(output.index.encode(), git.blob_id(dataset.root, rows).encode()))


def unpointed(dataset: Dataset) -> list[str]:
    """Media folders and files that have an index and no pointer: moved, or taken out of DVC."""
    paths = [index.removesuffix(layout.INDEX) for index in dataset.indexes]
    alone = [path for path in paths if not (dataset.root / f"{path}{layout.POINTER}").is_file()]
    # A flavor is the output of a stage, so it has no pointer.
    return [path for path in alone if spec.of_index(dataset.read(path + layout.INDEX) or b"") == spec.INDEX]


def unindexed(dataset: Dataset) -> list[str]:
    """Media folders and files that have a pointer, as `dvc add` and `dvc move` write it, and no index."""
    paths = [name.removesuffix(layout.POINTER) for name in dataset.pointers]
    alone = [path for path in paths if not (dataset.root / f"{path}{layout.INDEX}").is_file()]
    return [path for path in alone if read(dataset, f"{path}{layout.POINTER}")]


def left_behind(dataset: Dataset) -> list[str]:
    """Media folders and files of which nothing but the index is left."""
    return [path for path in unpointed(dataset) if not os.path.lexists(dataset.root / path)]


def forget(dataset: Dataset, path: str) -> str:
    """Remove the index that was left behind; what was done, and how it can be undone."""
    name = f"{path}{layout.INDEX}"
    dataset.place(name).unlink()
    back = f"`git restore --staged --worktree {path}{layout.POINTER} {name}` brings both back"
    known = git.has(dataset.root, "HEAD", name)
    return f"{name} removed: {path} and its pointer are gone{f' ({back})' if known else ''}"


def misnamed(dataset: Dataset, path: str) -> tuple[str, str] | None:
    """What is wrong with a pointer that was renamed without what it tracks, and what mends it."""
    name = f"{path}{layout.POINTER}"
    output = pointer.parse(dataset.read(name) or b"", name)
    if output is None or output.is_import or output.path == path:
        return None
    hint = f"name it {output.path}{layout.POINTER} again, or remove it and `audiodvc add {path}`"
    return f"tracks {output.path}, whatever it is called", hint
