"""Pointers, which carry the name of their media index so that a merge finds it again."""

from __future__ import annotations

from audiodvc.adapters import git
from audiodvc.model import layout, pointer
from audiodvc.project.dataset import Dataset


def settle(dataset: Dataset, index: str) -> bool:
    """Let the pointer beside an index name that index as it is now; True if that changed it."""
    name = index.removesuffix(layout.INDEX) + layout.POINTER
    text, rows = dataset.read(name), dataset.read(index)
    output = pointer.parse(text, name) if text else None
    if text is None or rows is None or output is None or not output.index:
        return False
    return dataset.write(name, text.replace(output.index.encode(), git.blob_id(dataset.root, rows).encode()))
