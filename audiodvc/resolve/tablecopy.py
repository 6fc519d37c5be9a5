"""The copy of a table in parquet, made of its text without pandas: in a tenth of the time.

audformat reads two million segments from text in fourteen seconds, nearly all of which go into their
times. Its own reader of text is pyarrow, so that what pyarrow reads here, times aside, is what audformat
would read; and it is audformat that reads the copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from audiodvc.model import cells

if TYPE_CHECKING:
    import pyarrow as pa
    from audformat import Table

# As audformat asks for them; it guesses the type of a column of objects.
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "bool": "bool",
        "date": "timestamp[ns]",
        "float": "double",
        "int": "int64",
        "str": "string",
        "time": "string",
    }
)
# What pandas has to make of these is said in the file.
_NULLABLE: Mapping[str, str] = MappingProxyType({"bool": "boolean", "int": "Int64"})
_GUESSED = frozenset({"bool", "double", "int64", "null", "string"})

# Where one is missing, audformat reads the whole numbers of a text through floats.
_EXACT = 2**53


class _Column(NamedTuple):
    """A level or column of a table, by its header."""

    name: str
    dtype: str
    is_labeled: bool


def write(text: Path, copy: Path, table: Table) -> bool:
    """Write the copy, if it is certain that audformat reads the same from it as from the text."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = list(_columns(table))
    try:
        read = _read(text, columns)
    except pa.ArrowInvalid:
        return False  # audformat then reads it in another way
    stored = [_stored(read.column(place), column) for place, column in enumerate(columns)]
    if any(one is None for one in stored):
        return False
    made = pa.table(dict(zip(read.column_names, stored, strict=True)))
    parquet.write_table(made.replace_schema_metadata(_metadata(columns)), copy)
    return True


def _columns(table: Table) -> Iterator[_Column]:
    import audformat

    if isinstance(table, audformat.MiscTable):
        levels = dict(table.levels)
    else:
        levels = {"file": "str", **({"start": "time", "end": "time"} if table.is_segmented else {})}
    for name, dtype in levels.items():
        yield _Column(name, dtype, is_labeled=False)
    for name, column in table.columns.items():
        scheme = None if column.scheme_id is None else table.db.schemes[column.scheme_id]
        dtype = "object" if scheme is None else scheme.dtype
        yield _Column(name, dtype, is_labeled=scheme is not None and scheme.labels is not None)


def _read(text: Path, columns: list[_Column]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    types = {one.name: pa.type_for_alias(_TYPES[one.dtype]) for one in columns if one.dtype in _TYPES}
    return csv.read_csv(
        text,
        read_options=csv.ReadOptions(column_names=[one.name for one in columns], skip_rows=1),
        convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=True),
    )


def _stored(read: pa.ChunkedArray, column: _Column) -> pa.ChunkedArray | None:
    """A column as it is kept; None if audformat might read another value from that than from the text."""
    from pyarrow import compute

    if column.dtype == "time":
        return None if column.is_labeled else _times(read)
    if column.dtype == "int" and not column.is_labeled and read.null_count:
        most = compute.min_max(read).as_py()
        exact = all(value is None or abs(value) <= _EXACT for value in most.values())
        return read if exact else None
    if column.dtype == "object":
        return read if str(read.type) in _GUESSED else None
    return None if column.is_labeled and column.dtype in ("bool", "date") else read


def _times(read: pa.ChunkedArray) -> pa.Array | None:
    import pyarrow as pa

    texts = pl.Series("text", read, dtype=pl.String)
    settled = cells.settle(texts, "time")
    if settled.unreadable or not settled.cells.equals(texts):
        return None
    return cells.values(settled, "time").to_arrow().cast(pa.duration("ns"))


def _metadata(columns: list[_Column]) -> dict[bytes, bytes]:
    """What tells pandas of the columns that it would else read as other types."""
    import pandas as pd
    import pyarrow as pa

    nullable = {one.name: _NULLABLE[one.dtype] for one in columns if _is_nullable(one)}
    empty = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in nullable.items()})
    found: dict[bytes, bytes] = pa.Schema.from_pandas(empty, preserve_index=False).metadata
    return found if nullable else {}


def _is_nullable(column: _Column) -> bool:
    return column.dtype in _NULLABLE and not column.is_labeled
