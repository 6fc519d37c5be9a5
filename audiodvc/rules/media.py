"""What the texts of a dataset say of its media: where they are tracked, and which tables name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import polars as pl

from audiodvc.model import layout, mediaindex
from audiodvc.model.pointer import Output
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot


class Rows(NamedTuple):
    """Rows of several sheets in one frame: `sheet` and `row` say where each stands, from 0."""

    sheets: tuple[Sheet, ...]
    frame: pl.DataFrame

    def filter(self, *conditions: pl.Expr | pl.Series) -> Rows:
        """The rows that fulfil all conditions."""
        return Rows(self.sheets, self.frame.filter(*conditions))

    def each(self, *columns: str) -> Iterator[tuple[Sheet, int, tuple[str, ...]]]:
        """Every row: its sheet, its number there, and its cells in some columns."""
        for sheet, row, *cells in self.frame.select("sheet", "row", *columns).iter_rows():
            yield self.sheets[sheet], row, tuple(cells)


def rows(sheets: Iterable[Sheet], *columns: str) -> Rows:
    """The rows of all sheets that have these columns, with their text."""
    chosen = tuple(sheet for sheet in sheets if sheet.has(*columns))
    frames = [_frame(number, sheet, columns) for number, sheet in enumerate(chosen)]
    empty = {"sheet": pl.UInt32, "row": pl.UInt32, **dict.fromkeys(columns, pl.String)}
    return Rows(chosen, pl.concat([pl.DataFrame(schema=empty), *frames]))


def listed(snapshot: Snapshot, *columns: str) -> Rows:
    """The media that are tracked, one row a file; those of flavors are not among them."""
    return rows(snapshot.media_indexes.values(), "file", *columns)


def named(snapshot: Snapshot) -> Rows:
    """The media that tables name, tables in the order of the header."""
    return rows(tables(snapshot), "file")


def tables(snapshot: Snapshot) -> Iterator[Sheet]:
    """The tables whose rows are about media, in the order of the header."""
    for sheet in snapshot.declared.values():
        if sheet.spec is not None and sheet.spec.kind != "misc":
            yield sheet


def unlisted(snapshot: Snapshot) -> frozenset[str]:
    """The tracked paths of whose files nothing can be said: they have no index, or none that can be read."""
    broken = {
        path.removesuffix(layout.INDEX)
        for path, sheet in snapshot.media_indexes.items()
        if sheet.table.lossy or not sheet.has("file", "md5")
    }
    for path, output in snapshot.outputs.items():
        unit = path.removesuffix(layout.POINTER)
        if unit + layout.INDEX not in snapshot.indexes:
            broken.add(unit if output is None else output.path)
    return frozenset(broken)


def attached(snapshot: Snapshot) -> frozenset[str]:
    """The paths of attachments."""
    return frozenset(path.rstrip("/") for path in snapshot.header.attachments.values())


def erased(snapshot: Snapshot) -> pl.DataFrame:
    """The files that were erased, with the md5 of the bytes that they had."""
    return rows([snapshot.erased] if snapshot.erased else [], "file", "md5").frame.select("file", "md5")


def extension(name: str) -> pl.Expr:
    """The extension of the files in a column as it is written, without the dot."""
    return pl.col(name).str.extract(r"[^/]\.([^./]+)$").fill_null("")


def made(sheet: Sheet, output: Output) -> str:
    """The name of the object that an index makes for the folder or file of an output."""
    listed = pl.DataFrame({"file": sheet.text("file"), "md5": sheet.text("md5")})
    name = _object(listed, output)
    # A row that stands there twice is one file, and the business of AK001.
    return name if name == output.md5 else _object(listed.unique(maintain_order=True), output)


def _object(listed: pl.DataFrame, output: Output) -> str:
    if output.is_folder:
        return mediaindex.directory_name(listed["file"].str.slice(len(output.path) + 1), listed["md5"])
    return str(listed["md5"][0]) if listed.height == 1 else ""


def _frame(number: int, sheet: Sheet, columns: tuple[str, ...]) -> pl.DataFrame:
    cells = [sheet.text(name).alias(name) for name in columns]
    height = sheet.height
    where = [
        pl.repeat(number, height, dtype=pl.UInt32, eager=True).alias("sheet"),
        pl.int_range(height, dtype=pl.UInt32, eager=True).alias("row"),
    ]
    return pl.DataFrame([*where, *cells])
