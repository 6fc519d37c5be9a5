"""A table or media index with what it should be, and its columns in every form, each made once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from audiodvc.finding import Finding, Fix, Place
from audiodvc.model import cells, table
from audiodvc.model.spec import Spec
from audiodvc.model.table import Table

if TYPE_CHECKING:
    import polars as pl


class Sheet:
    """A table file as rules see it; `spec` is None where the header does not declare it."""

    def __init__(self, identifier: str, path: str, data: bytes, spec: Spec | None) -> None:
        self.id = identifier
        self.path = path
        self.data = data
        self.spec = spec
        self.table: Table = table.parse(data, path)
        self._made: dict[tuple[str, str], pl.Series] = {}

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.table.frame.height

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
        return self._form("canonical", name)

    def unreadable(self, name: str) -> pl.Series:
        """Which cells are neither missing nor of the dtype."""
        return self._form("unreadable", name)

    def values(self, name: str) -> pl.Series:
        """The values of a column (see `cells.values`); null is missing or unreadable."""
        return self._form("values", name)

    def dtype(self, name: str) -> str:
        """The dtype of a column."""
        return "object" if self.spec is None else self.spec.dtype(name)

    def key(self, row: int) -> tuple[tuple[str, str], ...]:
        """The key of a row: level and text."""
        levels = self.spec.key if self.spec else ()
        return tuple((level, self.text(level)[row]) for level in levels if level in self.table.columns)

    def place(self, row: int, name: str) -> Place:
        """Where the content of a cell begins."""
        return table.place(self.table, row, name)

    def finding(  # noqa: PLR0913 - what a finding of a cell consists of
        self, code: str, message: str, row: int, name: str, *, whole_row: bool = False, fix: Fix | None = None
    ) -> Finding:
        """A finding of a cell, or of the row that a cell of the key stands for."""
        place = self.place(row, name)
        return Finding(
            self.path,
            place.line,
            place.column,
            code,
            message,
            table=self.id,
            key=self.key(row),
            field=None if whole_row else name,
            value=None if whole_row else self.text(name)[row],
            fix=fix,
        )

    def _form(self, form: str, name: str) -> pl.Series:
        made = self._made.get((form, name))
        if made is None:
            make = {"canonical": cells.canonical, "unreadable": cells.unreadable, "values": cells.values}[
                form
            ]
            made = self._made[form, name] = make(self.text(name), self.dtype(name))
        return made
