"""A table or media index with what it should be, and its columns, each read once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from audiodvc.finding import Finding, Fix, Place
from audiodvc.model import canonical, cells, table
from audiodvc.model.canonical import Order
from audiodvc.model.cells import Settled
from audiodvc.model.spec import Spec
from audiodvc.model.table import Table

if TYPE_CHECKING:
    import polars as pl


class Sheet:
    """A table file as rules see it; `spec` is None where the header does not declare it.

    Both the bytes and what they say the spec is may be given as calls, made when they are needed.
    """

    def __init__(
        self,
        identifier: str,
        path: str,
        data: bytes | Callable[[], bytes],
        spec: Spec | Callable[[bytes], Spec] | None,
    ) -> None:
        self.id = identifier
        self.path = path
        self._data = data
        self._spec = spec
        self._cells: dict[str, Settled] = {}
        self._values: dict[str, pl.Series] = {}

    @cached_property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self._data if isinstance(self._data, bytes) else self._data()

    @cached_property
    def spec(self) -> Spec | None:
        """What the table should be."""
        return self._spec(self.data) if callable(self._spec) else self._spec

    @cached_property
    def table(self) -> Table:
        """The rows as they are written."""
        return table.parse(self.data, self.path)

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.table.frame.height

    @property
    def table_id(self) -> str | None:
        """The id by which header and settings know the table; None for an index."""
        return None if self.spec is not None and self.spec.kind == "index" else self.id

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The levels and columns that the spec asks for and the file has."""
        return () if self.spec is None else tuple(n for n in self.spec.names if n in self.table.columns)

    def has(self, *names: str) -> bool:
        """Whether the file has all of these columns."""
        return set(names) <= set(self.table.columns)

    def text(self, name: str) -> pl.Series:
        """The cells of a column as they are written."""
        return self.table.column(name)

    def canonical(self, name: str) -> pl.Series:
        """The cells of a column in canonical form."""
        return self._settled(name).cells

    def unreadable(self, name: str) -> pl.Series:
        """Which cells are neither missing nor of the dtype."""
        return cells.unreadable(self._settled(name), self.dtype(name))

    def values(self, name: str) -> pl.Series:
        """The values of a column (see `cells.values`); null is missing or unreadable."""
        if name not in self._values:
            self._values[name] = cells.values(self._settled(name), self.dtype(name))
        return self._values[name]

    @cached_property
    def settled(self) -> list[pl.Series]:
        """Every column of the file in canonical form, by position."""
        names = self.table.columns
        return [
            self.canonical(name) if names.index(name) == at else self.table.column(at)
            for at, name in enumerate(names)
        ]

    @cached_property
    def order(self) -> Order:
        """How the rows follow each other."""
        levels = self.spec.key if self.spec else ()
        return canonical.order([self.values(level) for level in levels if self.has(level)])

    @cached_property
    def repeated(self) -> list[tuple[int, int]]:
        """Each row whose key stood before, with the row where it stood first."""
        return [] if self.spec is None or self.order.distinct else table.repeated(self.table, self.spec)

    @cached_property
    def is_canonical(self) -> bool:
        """Whether the file is as `table.canonical` would write it, told without writing it."""
        if self.spec is None or self.table.findings or self.table.columns != self.spec.names:
            return False
        if len(set(self.spec.names)) < len(self.spec.names):
            return table.canonical(self.table, self.spec) == self.data
        same = all(self.canonical(name).equals(self.text(name)) for name in self.spec.names)
        return same and self.order.ascending and canonical.quoted_as_needed(self.table)

    def dtype(self, name: str) -> str:
        """The dtype of a column."""
        return "object" if self.spec is None else self.spec.dtype(name)

    def key(self, row: int) -> tuple[tuple[str, str], ...]:
        """The key of a row: level and text."""
        return self._key(self.table.frame.row(row))

    def place(self, row: int, name: str) -> Place:
        """Where the content of a cell begins."""
        return table.place(self.table, row, name)

    def finding(  # noqa: PLR0913 - what a finding of a cell consists of
        self, code: str, message: str, row: int, name: str, *, whole_row: bool = False, fix: Fix | None = None
    ) -> Finding:
        """A finding of a cell, or of the row that a cell of the key stands for."""
        cells, at = self.table.frame.row(row), self.table.position(name)
        line, column = table.place_in(self.table, row, cells, at)
        return Finding(
            self.path,
            line,
            column,
            code,
            message,
            table=self.table_id,
            key=self._key(cells),
            field=None if whole_row else name,
            value=None if whole_row else cells[at],
            fix=fix,
        )

    def _key(self, cells: Sequence[str]) -> tuple[tuple[str, str], ...]:
        return tuple((level, cells[at]) for level, at in self._levels)

    @cached_property
    def _levels(self) -> tuple[tuple[str, int], ...]:
        """The levels that the file has, with their positions."""
        levels = self.spec.key if self.spec else ()
        return tuple((name, self.table.position(name)) for name in levels if self.has(name))

    def _settled(self, name: str) -> Settled:
        if name not in self._cells:
            self._cells[name] = cells.settle(self.text(name), self.dtype(name))
        return self._cells[name]
