"""A text without some of its rows, and byte for byte the same in all others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from audiodvc.errors import FormatError
from audiodvc.model import table
from audiodvc.model.table import Table

if TYPE_CHECKING:
    import polars as pl


def without(data: bytes, path: str, gone: Callable[[Table], pl.Series]) -> tuple[bytes, int]:
    """A table without the rows that `gone` says of it, and how many these were."""
    read = table.parse(data, path)
    mask = gone(read)
    count = int(mask.sum())
    if not count:
        return data, 0
    if b"\r" in data:
        # Lines are counted otherwise there; such a text is in no canonical form.
        if read.lossy:
            raise FormatError(f"{path} has lines that cannot be read", hint="`audiodvc validate` names them")
        return table.dump(read.columns, read.frame.filter(~mask)), count
    return _cut(data, read, mask), count


def _cut(data: bytes, read: Table, mask: pl.Series) -> bytes:
    """The lines that do not belong to one of these rows; a row can have several lines."""
    lines = data.split(b"\n")
    starts = [line - 1 for line in read.lines.to_list()]
    ends = [*starts[1:], len(lines) if not data.endswith(b"\n") else len(lines) - 1]
    going = mask.to_list()
    kept, at = [], 0
    for start, end, is_gone in zip(starts, ends, going, strict=True):
        if is_gone:
            kept += lines[at:start]
            at = end
    return b"\n".join([*kept, *lines[at:]])
