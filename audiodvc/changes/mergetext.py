"""Merged rows as the text of a table in canonical form, with a block for each conflict at its key's place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl

from audiodvc.changes.conflict import MARKER_SIZE, Block, Conflict, Kind, Merged, Value
from audiodvc.changes.mergerows import Clash, Outcome, Row
from audiodvc.model import cells, table
from audiodvc.model.spec import Spec


class Shape(NamedTuple):
    """What a merged table is: its first line, and its columns in the order of their cells."""

    path: str
    spec: Spec
    columns: tuple[str, ...]
    values: tuple[str, ...]

    @property
    def named(self) -> list[str]:
        """The columns of a frame of rows in the order of the first line."""
        at = {name: f"k{number}" for number, name in enumerate(self.spec.key)}
        at |= {name: f"v{number}" for number, name in enumerate(self.values)}
        return [at[name] for name in self.columns]


def written(shape: Shape, same: pl.DataFrame, outcome: Outcome) -> Merged:
    """The text of rows that all sides have, and of those that were merged."""
    blocks = [_block(shape, clash) for clash in outcome.clashes]
    frame = _sorted(shape, pl.concat([_numbered(part) for part in (same, *_frames(same, outcome))]))
    if not blocks:
        return Merged(table.dump(shape.columns, frame.select(shape.named)))
    places = frame["block"].is_not_null().arg_true().to_list()
    order = [blocks[number] for number in frame["block"].drop_nulls().to_list()]
    return Merged(
        b"".join(_pieces(shape, frame.select(shape.named), places, order)),
        tuple(one for block in order for one in block.conflicts),
        tuple(order),
    )


def _frames(same: pl.DataFrame, outcome: Outcome) -> Iterator[pl.DataFrame]:
    """The merged rows, and a row for each conflict that stands where its block is to stand."""
    schema = dict.fromkeys(same.columns, pl.String)
    yield pl.DataFrame([(*row.key, *row.cells) for row in outcome.rows], schema, orient="row")
    if outcome.clashes:
        wide = len(same.columns)
        places = [clash.place + ("",) * (wide - len(clash.place)) for clash in outcome.clashes]
        found = pl.DataFrame(places, schema, orient="row")
        yield found.with_row_index("block")


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    if "block" in frame.columns:
        return frame.select(pl.exclude("block"), pl.col("block").cast(pl.UInt32))
    return frame.with_columns(block=pl.lit(None, pl.UInt32))


def _sorted(shape: Shape, frame: pl.DataFrame) -> pl.DataFrame:
    """By the values of the keys, as the canonical form has it."""
    keys = [
        cells.values(frame[f"k{at}"], dtype).alias(f"s{at}")
        for at, (_, dtype) in enumerate(shape.spec.levels)
    ]
    by = pl.DataFrame(keys).with_row_index("row")
    order = by.sort(by.columns[1:], nulls_last=True, maintain_order=True)["row"]
    return frame if order.is_sorted() else frame[order]


def _pieces(
    shape: Shape, frame: pl.DataFrame, places: Sequence[int], blocks: Sequence[Block]
) -> Iterator[bytes]:
    yield table.line(shape.columns).encode()
    *before, last = _between(frame, places)
    for rows, block in zip(before, blocks, strict=True):
        yield rows
        yield block.text(MARKER_SIZE)
    yield last


def _between(frame: pl.DataFrame, places: Sequence[int]) -> list[bytes]:
    """The rows before each of some places, without those that stand there, and the rows behind the last."""
    starts, ends = [0, *(place + 1 for place in places)], [*places, frame.height]
    text = table.dump((), frame)
    if b'"' in text:
        return [table.dump((), frame[start:end]) for start, end in zip(starts, ends, strict=True)]
    # A line is a row: there may be thousands of conflicts, and writing a frame takes its time.
    lines = text.splitlines(keepends=True)
    return [b"".join(lines[start:end]) for start, end in zip(starts, ends, strict=True)]


def _block(shape: Shape, clash: Clash) -> Block:
    sides = [_line(shape, row) for row in (clash.base, clash.ours, clash.theirs)]
    return Block(tuple(_conflicts(shape, clash)), *sides)


def _line(shape: Shape, row: Row | None) -> bytes:
    if row is None:
        return b""
    known = dict(zip((*shape.spec.key, *shape.values), (*row.key, *row.cells), strict=True))
    return table.line([known[name] for name in shape.columns]).encode()


def _conflicts(shape: Shape, clash: Clash) -> Iterator[Conflict]:
    key = tuple(zip(shape.spec.key, clash.place, strict=True))
    sides = (clash.base, clash.ours, clash.theirs)
    if clash.is_whole:
        yield Conflict(shape.path, "row", key, None, *(_said(shape, row) for row in sides))
    kind: Kind = "media" if shape.spec.kind == "index" else "cell"
    for at in clash.fields:
        values = (row.cells[at] if row else None for row in sides)
        yield Conflict(shape.path, kind, key, shape.values[at], *values)


def _said(shape: Shape, row: Row | None) -> Value:
    if row is None:
        return None
    return dict(zip((*shape.spec.key, *shape.values), (*row.key, *row.cells), strict=True))
