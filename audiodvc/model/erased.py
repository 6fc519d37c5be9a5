"""The list of erasures: which bytes of which file are in no version any more, since when and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import polars as pl

from audiodvc.errors import FormatError
from audiodvc.model import layout, table
from audiodvc.model.snapshot import ERASED

KEYS = pl.Schema({"file": pl.String, "md5": pl.String})


class Erasure(NamedTuple):
    """Bytes that a file had, taken out of all versions."""

    file: str
    md5: str
    date: str
    reason: str


def keys(lists: Iterable[bytes]) -> pl.DataFrame:
    """File and md5 of what lists name, each once; a list that cannot be read names nothing."""
    read = [table.parse(data, layout.ERASED) for data in lists]
    found = [
        pl.DataFrame({"file": one.column("file"), "md5": one.column("md5")})
        for one in read
        if {"file", "md5"} <= set(one.columns)
    ]
    return pl.concat([KEYS.to_frame(), *found]).unique(maintain_order=True)


def added(data: bytes, erasures: Sequence[Erasure]) -> bytes:
    """A list with further lines, in canonical form; what it has already stays as it is."""
    known = set(keys([data]).rows())
    new = [one for one in erasures if (one.file, one.md5) not in known]
    if not new:
        return data
    read = table.parse(data or table.line(ERASED.names).encode(), layout.ERASED)
    if read.lossy or read.columns != ERASED.names:
        raise FormatError(
            f"{layout.ERASED} is no list of erasures", hint="`audiodvc validate` says what is wrong with it"
        )
    rows = pl.DataFrame(new, schema=dict.fromkeys(read.frame.columns, pl.String), orient="row")
    text = table.dump(read.columns, pl.concat([read.frame, rows]))
    return table.canonical(table.parse(text, layout.ERASED), ERASED)
