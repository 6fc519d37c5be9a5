"""What differs between two states of a dataset, in meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from audiodvc.changes.header import HeaderChange
from audiodvc.changes.rowchanges import RowChanges
from audiodvc.model import layout
from audiodvc.model.spec import Kind

if TYPE_CHECKING:
    import polars as pl

FileOp = Literal["add", "remove", "change"]
Side = Literal["from", "to"]


@dataclass(frozen=True, slots=True, eq=False)
class TableChange:
    """A table that was added, removed, or changed; `kind` is None where no header declares it."""

    id: str
    path: str
    op: FileOp
    kind: Kind | None
    rows: RowChanges


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that says something of the dataset beside header, tables and media, such as settings."""

    op: FileOp
    path: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that could not be read, or not all of it, and the line that tells why."""

    path: str
    side: Side
    line: int
    why: str


class Frames(NamedTuple):
    """A difference as frames, with a row for each change."""

    header: pl.DataFrame
    tables: Mapping[str, pl.DataFrame]
    media: pl.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What differs between two states of a dataset.

    `media` are the rows of all media indexes; one that was moved is a file that was renamed. `form_only`
    are files that say the same in other words, `derived` those that are made from others (flavors).
    """

    header: tuple[HeaderChange, ...]
    tables: tuple[TableChange, ...]
    media: RowChanges
    files: tuple[FileChange, ...] = ()
    form_only: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.header or self.tables or not self.media.frame.is_empty() or self.files or self.unreadable
        )

    @property
    def made_anew(self) -> tuple[str, ...]:
        """The indexes of flavors; what DVC notes of its stages is nothing that a user gets."""
        return tuple(path for path in self.derived if path.endswith(layout.INDEX))

    def to_frames(self) -> Frames:
        """Header, tables by id, and media as frames; values of the header are text."""
        import polars as pl

        header = [(one.op, one.dotted, _shown(one.old), _shown(one.new)) for one in self.header]
        return Frames(
            pl.DataFrame(header, dict.fromkeys(("op", "path", "old", "new"), pl.String), orient="row"),
            {table.id: table.rows.to_frame() for table in self.tables},
            self.media.to_frame(),
        )


def _shown(value: object) -> str | None:
    return None if value is None else str(value)
