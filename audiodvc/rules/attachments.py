"""AH015: attachments are there, and are nothing else at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from audiodvc.finding import Finding
from audiodvc.model import layout, paths
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules.entries import finding, shown

if TYPE_CHECKING:
    import polars as pl


def ah015(snapshot: Snapshot) -> Iterator[Finding]:
    """An attachment is not there, or is something else as well.

    An attachment is a file or a folder with files, in git or tracked by DVC, at a path relative to the
    dataset. It comes with every copy of the dataset, so a symbolic link is none: what it leads to
    may not be there. It lies apart from other attachments, tables, and media that a table names. audformat
    also refuses two attachments when the path of one begins with that of the other, as `docs` and
    `docs2` do.

    Bad:

        attachments:
          all: {path: docs}
          paper: {path: docs/paper.bib}

    Good:

        attachments:
          all: {path: docs}
    """
    attachments = snapshot.header.attachments
    if not attachments:
        return
    places = _Places(snapshot, [path for path in attachments.values() if path])
    earlier: dict[str, str] = {}
    for attachment_id, path in attachments.items():
        for fault in _faults(places, path, earlier):
            message = f"attachment {shown(attachment_id)}: {shown(path)} {fault}"
            yield finding(snapshot.header, "AH015", message, "attachments", attachment_id, "path")
        earlier[attachment_id] = path


def _faults(places: _Places, path: str, earlier: Mapping[str, str]) -> Iterator[str]:
    # AR001 says why a path is unfit.
    if paths.fault(path):
        return
    yield from places.missing(path)
    for other_id, other in earlier.items():
        if other and (path.startswith(other) or other.startswith(path)):
            yield f"overlaps {shown(other)} of attachment {shown(other_id)}"
    yield from places.overlaps(path)


class _Places:
    """Where files are in a dataset, as far as it matters to some paths."""

    def __init__(self, snapshot: Snapshot, sought: list[str]) -> None:
        tables = (sheet for sheet in snapshot.declared.values() if _names_files(sheet))
        self._files = snapshot.files
        self._media = _sought((sheet.text("file") for sheet in tables), sought)
        indexes = (sheet.text("file") for sheet in snapshot.indexes.values() if sheet.has("file"))
        self._tracked = _sought(indexes, sought)
        self._unknown = list(_without_index(snapshot))

    def missing(self, path: str) -> Iterator[str]:
        """Why there is no file at a path, if so."""
        below = [(name, kind) for name, kind in self._files.items() if _is_at(name, path)]
        odd = next((name for name, kind in below if kind != "file"), None)
        if odd is not None:
            what = "a symbolic link" if self._files[odd] == "link" else "another repository"
            yield f"is {what}" if odd == path else f"has {what} {shown(odd)}"
        elif not below and not _any_at(self._tracked, path) and not self._may_hold(path):
            yield "is neither a file nor a folder with files"

    def overlaps(self, path: str) -> Iterator[str]:
        """What else a path is."""
        if path == layout.HEADER or (path.startswith("db.") and path.endswith(".csv") and "/" not in path):
            yield "is the header" if path == layout.HEADER else "is a table"
        media = next((file for file in self._media if _is_at(file, path)), None)
        if media is not None:
            yield (
                "is media of a table" if media == path else f"holds {shown(media)}, which is media of a table"
            )

    def _may_hold(self, path: str) -> bool:
        return any(_is_at(path, tracked) or _is_at(tracked, path) for tracked in self._unknown)


def _names_files(sheet: Sheet) -> bool:
    return sheet.spec is not None and sheet.spec.kind in ("filewise", "segmented") and sheet.has("file")


def _sought(columns: Iterator[pl.Series], sought: list[str]) -> list[str]:
    """The files of some columns that may be at one of the paths: few of millions."""
    found: set[str] = set()
    for column in columns if sought else ():
        found.update(column.filter(column.str.contains_any(sought)).unique().to_list())
    return sorted(found)


def _without_index(snapshot: Snapshot) -> Iterator[str]:
    """What DVC tracks without telling us which files there are."""
    outputs = [
        (output.path if output else source.removesuffix(layout.POINTER))
        for source, output in snapshot.outputs.items()
    ]
    stages = [output.path for stage in snapshot.stages.values() for output in stage]
    for path in (*outputs, *stages):
        index = snapshot.indexes.get(path + layout.INDEX)
        if index is None or not index.has("file"):
            yield path


def _any_at(files: list[str], path: str) -> bool:
    return any(_is_at(file, path) for file in files)


def _is_at(name: str, path: str) -> bool:
    return name == path or name.startswith(f"{path}/")
