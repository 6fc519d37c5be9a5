"""A table as lines that git can compare for people: one for each row, in canonical form, sorted by key."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from audiodvc.changes import rows
from audiodvc.changes.rows import Rows
from audiodvc.model import cells, table
from audiodvc.model.spec import Spec


def shown(data: bytes, path: str, spec: Spec | None) -> bytes:
    """The lines of a table, whose form says nothing; a text that cannot be read stays as it is."""
    parsed = table.parse(data, path)
    if parsed.lossy or not parsed.columns:
        return data
    found = rows.of_table(parsed, spec)
    body = "\n".join(found.frame[_order(found)].select(_line(found)).to_series().to_list())
    return f"{' '.join(name for name, _ in found.shape.levels)}\n{body}\n".encode()


def _order(found: Rows) -> pl.Series:
    keys = [
        cells.values(found.frame[f"k{at}"], dtype).alias(f"k{at}")
        for at, (_, dtype) in enumerate(found.shape.levels)
    ]
    numbered = pl.DataFrame(keys).with_row_index("row")
    return numbered.sort(numbered.columns[1:], nulls_last=True, maintain_order=True)["row"]


def _line(found: Rows) -> pl.Expr:
    keys = [
        _time(f"k{at}") if dtype == "time" else _plain(f"k{at}")
        for at, (_, dtype) in enumerate(found.shape.levels)
    ]
    said = (
        pl.concat_str(list(_cells(found)), ignore_nulls=True, separator=", ")
        if found.shape.columns
        else pl.lit("")
    )
    return (
        pl.concat_str([pl.concat_str(keys, separator=" "), said], separator="  ")
        .str.strip_chars_end()
        .alias("line")
    )


def _cells(found: Rows) -> Iterator[pl.Expr]:
    """A cell with the name of its column; what is missing is left out."""
    for at, (name, _) in enumerate(found.shape.columns):
        yield pl.when(pl.col(f"c{at}") != "").then(pl.concat_str(pl.lit(f"{name}: "), _plain(f"c{at}")))


def _plain(name: str) -> pl.Expr:
    """A text on one line."""
    text = pl.col(name).str.replace_all("\\", r"\\", literal=True)
    return text.str.replace_all("\n", r"\n", literal=True).str.replace_all("\r", r"\r", literal=True)


def _time(name: str) -> pl.Expr:
    """A time without what says nothing."""
    return _plain(name).str.replace(r"^0 days (\d\d:\d\d:\d\d)(?:\.0+|(\.\d*?)0*)$", "$1$2")
