"""A row in conflict with the cells that somebody chose for it."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from audiodvc.changes.conflict import Block
from audiodvc.errors import UsageError
from audiodvc.model import table


def with_values(text: bytes, block: Block, values: Mapping[str, str]) -> bytes:
    """The row of a block, with these cells; every column in conflict has to be named."""
    head = text.partition(b"\n")[0]
    parsed = table.parse(head + b"\n" + (block.ours or block.theirs), "")
    unknown = [name for name in values if name not in parsed.columns]
    if unknown:
        raise UsageError(f"there is no column '{unknown[0]}'", hint=f"columns: {', '.join(parsed.columns)}")
    open_ = [one.field for one in block.conflicts if one.field and one.field not in values]
    if open_:
        raise UsageError(f"both sides changed {' and '.join(open_)}, too: say a value for each")
    cells = [
        pl.Series(f"c{at}", [values.get(name, parsed.column(at)[0])], pl.String)
        for at, name in enumerate(parsed.columns)
    ]
    return table.dump((), pl.DataFrame(cells))
