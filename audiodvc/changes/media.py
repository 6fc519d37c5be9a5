"""How media differ between two states of a dataset: by their indexes, or by pointers that have none."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from audiodvc.changes import moves, pair, rowchanges, rows
from audiodvc.changes.difference import Unreadable
from audiodvc.changes.rowchanges import RowChanges
from audiodvc.changes.rows import Rows, Shape
from audiodvc.model import layout
from audiodvc.model.pointer import Output
from audiodvc.model.snapshot import Snapshot
from audiodvc.model.spec import FLAVOR_INDEX, INDEX

MD5 = 0
"""The number of the md5 among the columns of an index."""


class Compared(NamedTuple):
    """The changes, the files that tell them, pointers that tell something else, and what was not read."""

    rows: RowChanges
    told: frozenset[str]
    pointers: tuple[str, ...]
    unread: tuple[Unreadable, ...]


class Counts(NamedTuple):
    """How many files were added, removed, replaced by other bytes, renamed; or only described otherwise."""

    added: int
    removed: int
    replaced: int
    renamed: int
    described: int


def counts(changes: RowChanges) -> Counts:
    """What became of how many files."""
    replaced = replacements(changes).height
    rest = changes.count("change") - replaced
    return Counts(changes.count("add"), changes.count("remove"), replaced, changes.count("move"), rest)


def replacements(changes: RowChanges) -> pl.DataFrame:
    """The rows of files whose bytes are others now."""
    old, new = (pl.col(f"{side}{MD5}").fill_null("") for side in "on")
    return changes.frame.filter((pl.col("op") == "change") & (old != new))


def compare(a: Snapshot, b: Snapshot, paths: frozenset[str]) -> Compared:
    """How the media of a dataset became others, by the files that differ."""
    names = {_unit(path) for path in paths if layout.is_pointer(path) or path.endswith(layout.INDEX)}
    units = [_Unit(name, a, b, paths) for name in sorted(names)]
    found = [unit.compared() for unit in units]
    none = rowchanges.compare(rows.nothing(_SHAPE), rows.nothing(_SHAPE))
    changes = rowchanges.moved(rowchanges.joined([none, *(one.rows for one in found)]), moves.renamed(MD5))
    return Compared(
        changes,
        frozenset(path for one in found for path in one.told),
        tuple(path for one in found for path in one.pointers),
        tuple(fault for one in found for fault in one.unread),
    )


def is_flavor(a: Snapshot, b: Snapshot, path: str) -> bool:
    """Whether a file is the index of a flavor."""
    return any(path in side.indexes and side.indexes[path].spec == FLAVOR_INDEX for side in (b, a))


_SHAPE = Shape(INDEX.levels, INDEX.columns)


class _Unit:
    """A media folder or file, as its pointers and indexes have it."""

    def __init__(self, name: str, a: Snapshot, b: Snapshot, paths: frozenset[str]) -> None:
        self.index, self.pointer = name + layout.INDEX, name + layout.POINTER
        flavor = is_flavor(a, b, self.index)
        self.sheets = (None, None) if flavor else (a.indexes.get(self.index), b.indexes.get(self.index))
        self.outputs = a.outputs.get(self.pointer), b.outputs.get(self.pointer)
        self.paths = paths & {self.index, self.pointer}

    def compared(self) -> Compared:
        """How it differs, by its indexes if it can be told by them."""
        if not self._is_bare:
            return self._by_index()
        old, new = (_of_pointer(output) for output in self.outputs)
        found = rowchanges.compare(old, new)
        return Compared(found, self.paths if not found.is_empty else frozenset(), (), ())

    @property
    def _is_bare(self) -> bool:
        """Whether there is no index, or one was made only later: it says nothing of what was before."""
        old, new = self.sheets
        return (old is None and new is None) or ((old is None) != (new is None) and None not in self.outputs)

    def _by_index(self) -> Compared:
        old, new = self.outputs
        other = (self.pointer,) if old and new and old.md5 != new.md5 else ()
        if self.index not in self.paths:
            nothing = rowchanges.compare(rows.nothing(_SHAPE), rows.nothing(_SHAPE))
            return Compared(nothing, frozenset(), other, ())
        read = pair.read(*self.sheets)
        sides = (rows.nothing(_SHAPE), rows.nothing(_SHAPE)) if read.lost else read[:2]
        found = rowchanges.compare(*map(_fields, sides))
        if found.frame.is_empty():
            return Compared(found, frozenset(), other, read.unread)
        return Compared(found, self.paths, (), read.unread)


def _unit(path: str) -> str:
    return path.removesuffix(layout.INDEX).removesuffix(layout.POINTER)


def _fields(found: Rows) -> Rows:
    """The columns that an index has, whatever the file calls its own."""
    own = {name: at for at, (name, _) in enumerate(found.shape.columns)}
    height = found.frame.height
    absent = pl.repeat("", height, dtype=pl.String, eager=True)
    keyed = found.shape.levels == INDEX.levels
    columns = [
        (found.frame[f"c{own[name]}"] if name in own else absent).alias(f"c{at}")
        for at, (name, _) in enumerate(INDEX.columns)
    ]
    frame = pl.DataFrame([(found.frame["k0"] if keyed else absent).alias("k0"), *columns])
    return Rows(Shape(INDEX.levels, INDEX.columns, found.shape.height), frame)


def _of_pointer(output: Output | None) -> Rows:
    """What a pointer tracks as one file."""
    if output is None:
        return rows.nothing(_SHAPE)
    cells = {"k0": output.path, "c0": output.md5, **{f"c{at}": "" for at in range(1, len(INDEX.columns))}}
    return Rows(
        Shape(INDEX.levels, INDEX.columns, 1), pl.DataFrame({name: [text] for name, text in cells.items()})
    )
