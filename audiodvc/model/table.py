"""Tables as text with places: parse, canonical form, key, and the same meaning in another form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

import polars as pl

from audiodvc.errors import FormatError
from audiodvc.finding import Finding, Place
from audiodvc.model import cells, form, scan
from audiodvc.model.scan import Fault, Record
from audiodvc.model.spec import Spec


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The rows of a table as strings, where they stand, and what is wrong with their form.

    `columns` is the first line. `frame` has a column of strings for each, missing as "", named by
    position (`c0`, `c1`, …), since a first line may hold any name, or one twice: ask `column(name)`.
    `lines` are the physical lines where rows begin. Rows whose form is broken are in `findings` only,
    and then `lossy` is true. A table that could not be read at all has no columns.
    """

    path: str
    columns: tuple[str, ...]
    frame: pl.DataFrame
    lines: pl.Series
    findings: tuple[Finding, ...] = ()
    lossy: bool = False
    head: str = ""
    raw: pl.Series | None = None

    def position(self, column: str | int) -> int:
        """The position of a column, the first of that name."""
        return column if isinstance(column, int) else self.columns.index(column)

    def column(self, column: str | int) -> pl.Series:
        """The cells of a column."""
        return self.frame.to_series(self.position(column))


def parse(data: bytes, path: str) -> Table:
    """Read the text of a table; what is wrong with its form is found, never raised."""
    whole = scan.markers(data) or scan.undecodable(data)
    if whole:
        return _table(path, _nothing(whole))
    faults = []
    if data.startswith(_BOM):
        faults.append(Fault(Place(1, 1), "AF001", form.MARKED))
        data = data.removeprefix(_BOM)
    if not data:
        return _table(path, _nothing(), faults)
    if not data.endswith((b"\n", b"\r")):
        faults.append(Fault(scan.place_of(data, len(data)), "AF002", form.UNENDED))
    if b'"' not in data and b"\r" in data:
        faults.append(Fault(scan.place_of(data, data.index(b"\r")), "AF002", form.RETURNS))
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    parts = (_split_quoted(data) if b'"' in data else _split(data)) or _scanned(data)
    return _table(path, parts, faults)


def place(table: Table, row: int, column: str | int) -> Place:
    """Where the content of a cell begins."""
    return place_in(table, row, table.frame.row(row), table.position(column))


def place_in(table: Table, row: int, cells: Sequence[str], at: int) -> Place:
    """Where the content of a cell begins in a row whose cells are known."""
    raw = None if table.raw is None else table.raw[row]
    if raw is not None:
        return scan.walk(raw[: scan.quoted_offset(raw, at)], Place(table.lines[row], 1))
    return Place(table.lines[row], 1 + at + sum(map(len, cells[:at])))


def head_place(table: Table, column: str | int) -> Place:
    """Where the name of a column begins in the first line."""
    return scan.walk(table.head[: scan.quoted_offset(table.head, table.position(column))], Place(1, 1))


def dump(columns: Sequence[str], frame: pl.DataFrame) -> bytes:
    """Write rows as CSV: UTF-8, LF, quotes where they are needed; `frame` has the columns in order."""
    names = frame.columns
    if len(names) == 1:
        # A missing cell alone in its row needs quotes, or it would be a blank line.
        body = frame.write_csv(include_header=False, quote_style="necessary")
    else:
        missing = pl.when(pl.all() != "").then(pl.all())
        body = frame.select(missing).write_csv(include_header=False, quote_style="necessary")
    return (line(columns) + body).encode()


def line(cells: Sequence[str]) -> str:
    """The names of columns, or the cells of a row, as a line of a table."""
    joined = ",".join(_quoted(cell) for cell in cells)
    if not joined:
        # What is empty and alone needs quotes, or it would be a blank line.
        return '""\n' if cells else ""
    return f"{joined}\n"


def canonical(table: Table, spec: Spec) -> bytes:
    """Write a table in canonical form; one with rows that cannot be read is refused."""
    if table.lossy:
        raise FormatError(
            f"{table.path} cannot be put into canonical form",
            hint="mend these lines first",
            details=[f"{f.path}:{f.line}:{f.column}: {f.code} {f.message}" for f in table.findings],
        )
    settled = [cells.canonical(table.column(at), spec.dtype(name)) for at, name in enumerate(table.columns)]
    table = replace(table, frame=pl.DataFrame(settled))
    order = _row_order(table, spec)
    frame = table.frame if order is None else table.frame[order]
    columns = _column_order(table, spec)
    return dump([table.columns[at] for at in columns], frame.select(f"c{at}" for at in columns))


def first_difference(data: bytes, form: bytes) -> Place | None:
    """Where a text begins to differ from another form of it."""
    if data == form:
        return None
    length = min(len(data), len(form))
    start = next(
        (at for at in range(0, length, _BLOCK) if data[at : at + _BLOCK] != form[at : at + _BLOCK]), length
    )
    pairs = zip(data[start : start + _BLOCK], form[start : start + _BLOCK], strict=False)
    offset = next((start + index for index, (a, b) in enumerate(pairs) if a != b), length)
    return scan.place_of(data, offset)


def same_meaning(a: Table, b: Table, spec: Spec) -> bool:
    """Whether two tables have the same columns and the same rows, whatever their form and order.

    Cells are the same if their canonical text is. A table that was not read completely is like no other.
    """
    if a.lossy or b.lossy or sorted(a.columns) != sorted(b.columns) or a.frame.height != b.frame.height:
        return False
    left, right = _settled(a, spec), _settled(b, spec)
    return left.equals(right) or left.sort(pl.all()).equals(right.sort(pl.all()))


def keys(table: Table, spec: Spec) -> pl.DataFrame:
    """The values of the key of each row, as `k0`, `k1`, … for the levels of the spec.

    Null is missing or not of its dtype; a level that the table lacks is null in every row.
    """
    return pl.DataFrame(
        [
            (
                cells.values(table.column(name), dtype)
                if name in table.columns
                else pl.repeat(None, table.frame.height, dtype=cells.value_type(dtype), eager=True)
            ).alias(f"k{index}")
            for index, (name, dtype) in enumerate(spec.levels)
        ]
    )


def repeated(table: Table, spec: Spec) -> list[tuple[int, int]]:
    """Each row whose key stood before, with the row where it stood first.

    Rows with a key that is not of its dtype are left out: what they mean is not known.
    """
    rows = keys(table, spec).with_row_index("row")
    if rows.select(rows.columns[1:]).n_unique() == rows.height:
        return []
    for name, dtype in spec.levels:
        if name in table.columns:
            rows = rows.filter(~cells.unreadable(table.column(name)[rows["row"]], dtype))
    first = rows.with_columns(first=pl.col("row").min().over(*rows.columns[1:]))
    return first.filter(pl.col("row") != pl.col("first")).select("row", "first").rows()


class _Parts(NamedTuple):
    columns: tuple[str, ...]
    frame: pl.DataFrame
    lines: pl.Series
    faults: Sequence[Fault] = ()
    lossy: bool = False
    head: str = ""
    raw: pl.Series | None = None


_BOM = form.BOM.encode()
_BLOCK = 2**16
_CHUNK = 2**16
_NOT_SEPARATORS = bytes(set(range(256)) - set(b",\n"))
_BLANK = "blank line"
_QUOTED_CELL = '"(?:[^"]|"")*"'
_SOUND_LINE = rf'^(?:[^",]*|{_QUOTED_CELL})(?:,(?:[^",]*|{_QUOTED_CELL}))*$'


def _nothing(faults: Sequence[Fault] = ()) -> _Parts:
    return _Parts((), pl.DataFrame(), pl.Series([], dtype=pl.UInt32), faults, lossy=bool(faults))


def _table(path: str, parts: _Parts, faults: Sequence[Fault] = ()) -> Table:
    found = [Finding(path, *at, code, message) for at, code, message in sorted([*faults, *parts.faults])]
    columns, frame, lines, _, lossy, head, raw = parts
    return Table(path, columns, frame, lines, tuple(found), lossy, head, raw)


def _split(data: bytes) -> _Parts | None:
    """Let polars split a text without quotes and CR; None unless all rows are of one width."""
    shape = _shape(data)
    if shape is None:
        return None
    head = data[: data.find(b"\n") if b"\n" in data else len(data)].decode()
    columns = tuple(head.split(","))
    if shape.rows and shape.wide != len(columns):
        return _uniform(head, columns, shape)
    frame = _read(data, len(columns)) if shape.rows else _empty(len(columns))
    if frame.height != shape.rows or _longest(head, frame) > scan.LARGEST_CELL:
        return None
    return _Parts(columns, frame, pl.int_range(2, shape.rows + 2, dtype=pl.UInt32, eager=True), head=head)


class _Shape(NamedTuple):
    wide: int
    rows: int


def _shape(data: bytes) -> _Shape | None:
    """How many cells every row has, and how many rows there are, if that can be said."""
    marks = data.translate(None, _NOT_SEPARATORS) + (b"" if data.endswith(b"\n") else b"\n")
    width = marks.index(b"\n") + 1
    wide = marks.find(b"\n", width) + 1 - width
    rows = (len(marks) - width) // wide if wide > 0 else 0
    if max(width, wide) > scan.MOST_CELLS or marks[width:] != marks[width : width + wide] * rows:
        return None
    blank = wide == 1 and (b"\n\n" in data or data.startswith(b"\n"))
    return None if blank else _Shape(wide, rows)


def _uniform(head: str, columns: tuple[str, ...], shape: _Shape) -> _Parts:
    """Rows that agree with each other but not with the first line are one fault."""
    fault = _uneven(2, shape.wide, len(columns), every=shape.rows > 1)
    empty = _empty(len(columns))
    return _Parts(columns, empty, pl.Series([], dtype=pl.UInt32), [fault], lossy=True, head=head)


def _read(data: bytes, width: int, quote: str | None = None) -> pl.DataFrame:
    names = _names(width)
    frame = pl.read_csv(
        data, has_header=False, skip_rows=1, quote_char=quote, infer_schema=False, new_columns=names
    )
    return frame.select(pl.all().fill_null(""))


def _split_quoted(data: bytes) -> _Parts | None:
    """Let polars split a text with sound quotes, if each of its lines is a row of the same width."""
    if b"\r" in data:
        return None
    lines = pl.Series([data.removesuffix(b"\n").decode()]).str.split("\n").explode()
    quoted = lines.str.contains('"', literal=True)
    commas = lines.str.replace_all(_QUOTED_CELL, "").str.count_matches(",", literal=True)
    width = int(commas[0]) + 1
    even = commas.n_unique() == 1 and width <= scan.MOST_CELLS
    if not even or (lines == "").any() or not lines.filter(quoted).str.contains(_SOUND_LINE).all():
        return None
    head, rows = lines[0], len(lines) - 1
    frame = _read(data, width, quote='"') if rows else _empty(width)
    if frame.height != rows or _longest(head, frame) > scan.LARGEST_CELL:
        return None
    raw = lines.set(~quoted, None)[1:]
    numbers = pl.int_range(2, rows + 2, dtype=pl.UInt32, eager=True)
    return _Parts(scan.cells_of(head), frame, numbers, head=head, raw=raw)


def _names(width: int) -> list[str]:
    return [f"c{index}" for index in range(width)]


def _empty(width: int) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(_names(width), pl.String))


def _longest(head: str, frame: pl.DataFrame) -> int:
    lengths = frame.select(pl.max_horizontal(pl.all().str.len_bytes().max())).item() if frame.height else 0
    return max(len(head), int(lengths))


def _scanned(data: bytes) -> _Parts:
    reader = scan.records(data.decode())
    first = next(reader)
    if isinstance(first, Fault):
        return _nothing([first])
    chunks = [_chunk(chunk, len(first.cells)) for chunk in iter(lambda: list(islice(reader, _CHUNK)), [])]
    faults = [fault for chunk in chunks for fault in chunk.faults]
    uneven = [row for chunk in chunks for row in chunk.uneven]
    frame = pl.concat([_empty(len(first.cells)), *(chunk.frame for chunk in chunks)])
    return _Parts(
        columns=tuple(first.cells),
        frame=frame,
        lines=pl.Series([line for chunk in chunks for line in chunk.lines], dtype=pl.UInt32),
        faults=faults + _joined(uneven, len(first.cells), rows=frame.height),
        lossy=bool(uneven) or any(_loses(fault) for fault in faults),
        head=",".join(first.cells) if first.raw is None else first.raw,
        raw=pl.concat([chunk.raw for chunk in chunks]) if any(chunk.has_raw for chunk in chunks) else None,
    )


class _Chunk(NamedTuple):
    frame: pl.DataFrame
    lines: list[int]
    raw: pl.Series
    faults: list[Fault]
    uneven: list[Record]

    @property
    def has_raw(self) -> bool:
        return self.raw.null_count() < len(self.raw)


def _chunk(read: Sequence[Record | Fault], width: int) -> _Chunk:
    faults = [item for item in read if isinstance(item, Fault)]
    records = [item for item in read if isinstance(item, Record)]
    blank = [Fault(Place(item.line, 1), "AF005", _BLANK) for item in records if _is_blank(item)]
    uneven = [
        Record(r.line, [""] * len(r.cells), None)
        for r in records
        if len(r.cells) != width and not _is_blank(r)
    ]
    rows = [item for item in records if len(item.cells) == width and not _is_blank(item)]
    columns = zip(*(row.cells for row in rows), strict=True) if rows else [()] * width
    frame = pl.DataFrame(
        [pl.Series(name, column, pl.String) for name, column in zip(_names(width), columns, strict=True)]
    )
    raw = pl.Series([row.raw for row in rows], dtype=pl.String)
    return _Chunk(frame, [row.line for row in rows], raw, faults + blank, uneven)


def _loses(fault: Fault) -> bool:
    return fault.code != "AF002" and fault.message != _BLANK


def _is_blank(record: Record) -> bool:
    return record.raw is None and record.cells == [""]


def _joined(uneven: Sequence[Record], width: int, *, rows: int) -> list[Fault]:
    widths = {len(row.cells) for row in uneven}
    if rows == 0 and len(widths) == 1:
        return [_uneven(uneven[0].line, widths.pop(), width, every=len(uneven) > 1)]
    return [_uneven(row.line, len(row.cells), width) for row in uneven]


def _uneven(line: int, wide: int, width: int, *, every: bool = False) -> Fault:
    has = f"row has {wide} cell{'s'[: wide != 1]}"
    message = f"{'every ' if every else ''}{has}, the first line {width}"
    return Fault(Place(line, 1), "AF005", message)


def _quoted(cell: str) -> str:
    if any(mark in cell for mark in ',"\r\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _column_order(table: Table, spec: Spec) -> list[int]:
    # A name that stands twice is no name to order by: one of the two columns would be lost.
    if sorted(table.columns) == sorted(set(spec.names)):
        return [table.position(name) for name in dict.fromkeys(spec.names)]
    return list(range(len(table.columns)))


def _row_order(table: Table, spec: Spec) -> pl.Series | None:
    """The rows in the order of their keys, None if they are in order or have no whole key."""
    if not set(spec.key) <= set(table.columns):
        return None
    rows = keys(table, spec).with_row_index("row")
    order = rows.sort(rows.columns[1:], nulls_last=True, maintain_order=True)["row"]
    return None if order.is_sorted() else order


def _settled(table: Table, spec: Spec) -> pl.DataFrame:
    order = sorted(range(len(table.columns)), key=lambda index: (table.columns[index], index))
    return pl.DataFrame(
        [
            cells.canonical(table.frame.to_series(index), spec.dtype(table.columns[index])).alias(f"c{at}")
            for at, index in enumerate(order)
        ]
    )
