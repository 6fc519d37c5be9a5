"""A finding: one fault in a dataset, with the place that an editor would show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Place(NamedTuple):
    """A place in a text file; lines and columns count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fix:
    """What would mend a finding: the new text of the cell, and whether it is safe to apply."""

    description: str
    value: str | None = None
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that `validate` found; sorts by place."""

    path: str
    line: int
    column: int
    code: str
    message: str
    severity: Severity = "error"
    table: str | None = None
    key: tuple[tuple[str, str], ...] = ()
    field: str | None = None
    value: str | None = None
    fix: Fix | None = None

    def __lt__(self, other: Finding) -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[str, int, int, str, str]:
        return self.path, self.line, self.column, self.code, self.message
