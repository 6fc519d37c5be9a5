"""A dataset at one moment, read as text: all that a rule may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Literal

from audiodvc.finding import Finding
from audiodvc.model import header, layout, pointer, settings, spec
from audiodvc.model.header import Header
from audiodvc.model.pointer import Output
from audiodvc.model.settings import Settings
from audiodvc.model.sheet import Sheet
from audiodvc.model.spec import Spec

FileKind = Literal["file", "link", "module"]
"""What git has at a path: a file, a symbolic link, or another repository."""

Read = Callable[[str], bytes]

ERASED = spec.Spec(
    "erased", "index", (("file", "str"), ("md5", "str")), (("date", "date"), ("reason", "str"))
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A dataset as git has it; `remote` are the objects of the remote, None where it was not asked.

    `files` has every file that git knows below the dataset. `tables` has a sheet for each
    `db.<id>.csv`, by id; `indexes` one for each media index, by path; `outputs` what pointers track,
    by path of the pointer (None where it cannot be read); `stages` the outputs in `dvc.lock`;
    `marked` what a merge left in either.
    """

    files: Mapping[str, FileKind]
    header: Header
    has_header: bool
    settings: Settings
    tables: Mapping[str, Sheet]
    indexes: Mapping[str, Sheet]
    outputs: Mapping[str, Output | None]
    stages: Mapping[str, tuple[Output, ...]]
    erased: Sheet | None
    marked: tuple[Finding, ...]
    today: date
    remote: frozenset[str] | None = None

    @property
    def media_indexes(self) -> Mapping[str, Sheet]:
        """The indexes of media folders, without those of flavors."""
        return {path: sheet for path, sheet in self.indexes.items() if sheet.spec == spec.INDEX}

    @property
    def declared(self) -> Mapping[str, Sheet]:
        """The tables that the header declares, in its order."""
        return {name: self.tables[name] for name in self.header.declared if name in self.tables}

    @property
    def form(self) -> Iterator[Finding]:
        """What the parsers found in every text."""
        yield from self.header.findings
        yield from self.settings.findings
        yield from self.marked
        for sheet in (*self.tables.values(), *self.indexes.values(), *([self.erased] if self.erased else [])):
            yield from sheet.table.findings


def take(
    files: Mapping[str, FileKind],
    read: Read,
    today: date,
    *,
    remote: frozenset[str] | None = None,
    unmerged: Iterable[str] = (),
) -> Snapshot:
    """Read a dataset from the files that git knows of it; `unmerged` are those with a conflict.

    Tables and indexes are read when something is asked of them.
    """
    regular = {path for path, kind in files.items() if kind == "file"}
    parsed = header.parse(read(layout.HEADER) if layout.HEADER in regular else b"")
    names = {layout.table_id(path): path for path in sorted(regular) if layout.table_id(path)}
    indexes = sorted(path for path in regular if path.endswith(layout.INDEX))

    return Snapshot(
        files=files,
        header=parsed,
        has_header=layout.HEADER in regular,
        settings=settings.parse(read(layout.SETTINGS) if layout.SETTINGS in regular else b""),
        tables={
            name: Sheet(name, path, partial(read, path), _spec(parsed, name)) for name, path in names.items()
        },
        indexes={
            path: Sheet(path.removesuffix(layout.INDEX), path, partial(read, path), spec.of_index)
            for path in indexes
        },
        outputs={
            path: pointer.parse(read(path), path) for path in sorted(regular) if layout.is_pointer(path)
        },
        stages=pointer.stage_outputs(
            *(read(path) if path in regular else b"" for path in (layout.LOCK, layout.STAGES))
        ),
        erased=Sheet("erased", layout.ERASED, partial(read, layout.ERASED), ERASED)
        if layout.ERASED in regular
        else None,
        marked=tuple(_marked(regular, read, unmerged)),
        today=today,
        remote=remote,
    )


def _marked(regular: set[str], read: Read, unmerged: Iterable[str]) -> Iterator[Finding]:
    for path in unmerged:
        yield Finding(path, 1, 1, "AM001", "a merge-conflict that is not resolved in git's index")
    for path in sorted(regular):
        if layout.is_pointer(path) or path == layout.LOCK:
            yield from pointer.findings(read(path), path)


def _spec(parsed: Header, name: str) -> Spec | None:
    return parsed.spec(name) if name in parsed.tables else None
