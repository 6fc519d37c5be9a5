"""`diff`: what differs in meaning between two snapshots of a dataset."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from audiodvc.changes import header, media, tables
from audiodvc.changes.difference import Difference, FileChange, FileOp, Side, Unreadable
from audiodvc.model import layout
from audiodvc.model.snapshot import Snapshot


def diff(a: Snapshot, b: Snapshot, changed: Collection[str] | None = None) -> Difference:
    """What makes one state of a dataset another one.

    `changed` are the paths whose bytes differ, where the caller knows that: no other file is looked at.
    Without it the texts are compared, and attachments are not.
    """
    paths = frozenset(_changed(a, b) if changed is None else changed)
    said = _header(a, b) if layout.HEADER in paths else ()
    compared = [tables.compare(a.tables.get(name), b.tables.get(name)) for name in _tables(a, b, paths)]
    found = tuple(one.change for one in compared if one.change is not None)
    medial = media.compare(a, b, paths)
    files = _files(a, b, (path for path in paths if _speaks(a, b, path) or path in medial.pointers))
    faults = _headers(a, b) if layout.HEADER in paths else ()
    unread = (*faults, *(fault for one in compared for fault in one.unread), *medial.unread)
    told = {one.path for one in (*found, *files, *unread)} | medial.told
    told |= {layout.HEADER} if said else set()
    derived = {path for path in paths if path == layout.LOCK or media.is_flavor(a, b, path)}
    silent = {path for path in paths - told - derived if layout.is_read(path)}
    form_only, made = (tuple(sorted(names)) for names in (silent, derived))
    return Difference(said, found, medial.rows, files, form_only, made, unread)


def _header(a: Snapshot, b: Snapshot) -> tuple[header.HeaderChange, ...]:
    if a.header.document.broken or b.header.document.broken:
        return ()
    return header.compare(a.header.data, b.header.data)


def _headers(a: Snapshot, b: Snapshot) -> Iterator[Unreadable]:
    sides: tuple[tuple[Side, Snapshot], ...] = (("from", a), ("to", b))
    for side, snapshot in sides:
        fault = next(iter(snapshot.header.findings), None)
        if snapshot.header.document.broken and fault is not None:
            yield Unreadable(fault.path, side, fault.line, fault.message)


def _tables(a: Snapshot, b: Snapshot, paths: frozenset[str]) -> Iterator[str]:
    """The tables that differ, those of the newer header first, in its order."""
    names = dict.fromkeys((*b.header.declared, *a.header.declared, *b.tables, *a.tables))
    for name in names:
        sheet = b.tables.get(name) or a.tables.get(name)
        if sheet is not None and sheet.path in paths:
            yield name


def _speaks(a: Snapshot, b: Snapshot, path: str) -> bool:
    """Whether a file is none of the others and part of the dataset all the same."""
    if path in (layout.SETTINGS, layout.STAGES, layout.ERASED):
        return True
    attached = {one for side in (a, b) for one in side.header.attachments.values()}
    return not layout.is_read(path) and any(path == one or path.startswith(f"{one}/") for one in attached)


def _files(a: Snapshot, b: Snapshot, paths: Iterator[str]) -> tuple[FileChange, ...]:
    return tuple(FileChange(_op(a, b, path), path) for path in sorted(paths))


def _op(a: Snapshot, b: Snapshot, path: str) -> FileOp:
    return "add" if path not in a.files else "remove" if path not in b.files else "change"


def _changed(a: Snapshot, b: Snapshot) -> Iterator[str]:
    """The files that one state lacks, and those of whose texts it is known that they differ."""
    yield from a.files.keys() ^ b.files.keys()
    if a.header.text != b.header.text:
        yield layout.HEADER
    if a.settings.document.text != b.settings.document.text:
        yield layout.SETTINGS
    for old, new in ((a.tables, b.tables), (a.indexes, b.indexes)):
        yield from (old[name].path for name in old.keys() & new.keys() if old[name].data != new[name].data)
    yield from (path for path in a.outputs.keys() & b.outputs.keys() if a.outputs[path] != b.outputs[path])
    if a.erased and b.erased and a.erased.data != b.erased.data:
        yield layout.ERASED
