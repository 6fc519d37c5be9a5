"""Objects that nobody misses: what was erased since, and what was made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audiodvc.adapters import git
from audiodvc.model import erased, layout, pointer
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.spec import FLAVOR_INDEX

# The newest list counts for all versions: that of the branch here, and of the one that it follows.
_NEWEST = ("HEAD", "@{upstream}")


def objects(top: Path, prefix: str, taken: Snapshot) -> frozenset[str]:
    """The names of such objects, in either place; `prefix` is the folder of the dataset, with a slash."""
    lists = [git.show(top, revision, prefix + layout.ERASED) for revision in _NEWEST]
    own = [taken.erased.data] if taken.erased else []
    sources = set(erased.keys([*own, *(data for data in lists if data)])["md5"])
    gone = sources | set(_made(taken, sources)) if sources else sources
    return frozenset(gone | {pointer.old_name(md5) for md5 in gone})


def _made(taken: Snapshot, sources: set[str]) -> Iterator[str]:
    """The files of flavors that were made from these bytes."""
    for sheet in taken.indexes.values():
        if sheet.spec == FLAVOR_INDEX and sheet.has("md5", "source_md5"):
            pairs = zip(sheet.text("md5"), sheet.text("source_md5"), strict=True)
            yield from (md5 for md5, source in pairs if source in sources)
