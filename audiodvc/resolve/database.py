"""The folder of a version as an `audformat.Database`, whose tables are read when they are first used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, SupportsIndex

from audiodvc.adapters.forked import is_fork
from audiodvc.errors import FormatError
from audiodvc.model import header, layout
from audiodvc.resolve import tablefile
from audiodvc.resolve.anywhere import anywhere
from audiodvc.resolve.durations import Durations
from audiodvc.resolve.rows import Rows

if TYPE_CHECKING:
    import pandas as pd
    from audformat import Database, Scheme, Table

META = "audiodvc"
"""Where a database says what it is and where it came from."""


def read(
    texts: Path,
    root: Path,
    rows: Rows,
    *,
    tables: Collection[str] | None = None,
    meta: Mapping[str, object] | None = None,
) -> Database:
    """The database whose header and tables lie in one folder, and whose media lie in another.

    Only the header is read now. `tables` are those that stay, beside the misc tables that schemes need.
    """
    database = load_header(texts)
    if tables is not None:
        database.pick_tables([*tables, *(name for name in label_tables(database) if name not in tables)])
    for name in database:
        shown = None if name in database.misc_tables else rows
        _defer(database[name], Unread(texts / f"db.{name}", shown))
    if meta is not None:
        database.meta[META] = {"root": str(root), **meta}
    # As `Database.load` does: without a root attachments have no files, and relative paths no durations.
    vars(database).update(_name="db", _root=str(root))
    if rows.listed is not None:
        vars(database).update(_files_duration=Durations(rows.listed, replace(rows, root=str(root))))
    return database


def load_header(texts: Path) -> Database:
    """The database of a folder without the rows of its tables."""
    import audformat

    # Read by ourselves: audformat's YAML loader makes any Python object that a header asks for.
    path = texts / layout.HEADER
    data = header.parse(path.read_bytes()).data
    try:
        return audformat.Database.load_header_from_yaml(data)
    except Exception as error:
        # Whatever it is that a header does to audformat, the header is at fault.
        raise FormatError(
            f"audformat cannot load {path}: {type(error).__name__}: {error}",
            hint="`audiodvc validate` in the repository says where it is wrong",
        ) from error


def label_tables(database: Database, table: str | None = None) -> list[str]:
    """The misc tables with the labels of schemes, of all or of those that one table uses."""
    schemes = database.schemes.values() if table is None else _schemes(database, table)
    return list(dict.fromkeys(scheme.labels for scheme in schemes if scheme.uses_table))


def _schemes(database: Database, table: str) -> Iterator[Scheme]:
    for column in database[table].columns.values():
        if column.scheme_id is not None:
            yield database.schemes[column.scheme_id]


class Unread(NamedTuple):
    """Where the rows of a table lie, and how they are shown; a misc table's are shown as they are."""

    path: Path
    rows: Rows | None

    def frame(self, table: Table) -> pd.DataFrame:
        """The rows; the table itself stays as it is."""
        if is_fork():
            return _frame(self)
        frame = tablefile.read(self.path, table)
        return frame if self.rows is None else self.rows.shown(frame)


@anywhere
def _frame(unread: Unread) -> pd.DataFrame:
    """The rows of a table, whose header is read anew."""
    folder = unread.path.parent
    return unread.frame(read(folder, folder, Rows())[unread.path.name.removeprefix("db.")])


class _Deferred:
    """What a table is until it is first used; from then on it is one of audformat's own.

    So whatever is done with it, be it copied, pickled or saved, is done by audformat alone.
    """

    @property
    def df(self) -> pd.DataFrame:
        """The rows."""
        frame: pd.DataFrame = _settled(self).df
        return frame

    def load(self, path: str) -> None:
        """Take the rows of another file."""
        _own(self).load(path)

    def copy(self) -> Table:
        """Another table with the same rows."""
        return _settled(self).copy()

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[object, ...]:
        reduced: str | tuple[object, ...] = _settled(self).__reduce_ex__(protocol)
        return reduced


def _defer(table: Table, unread: Unread) -> None:
    vars(table).update(_df=None, _unread=unread)
    table.__class__ = next(deferred for deferred, own in _kinds().items() if own is type(table))


def _settled(table: Table) -> Table:
    """The same table with its rows."""
    state = vars(table)
    unread: Unread | None = state.get("_unread")
    # What another thread has read meanwhile stays: somebody may have changed it already.
    if unread is not None:
        frame = unread.frame(table)
        state.update(_df=frame if state["_df"] is None else state["_df"])
    return _own(table)


def _own(table: Table) -> Table:
    """The same table as one of audformat's own."""
    table.__class__ = _kinds().get(type(table), type(table))
    vars(table).pop("_unread", None)
    return table


@cache
def _kinds() -> Mapping[type, type]:
    """The kinds of table as they are unread, each with what it is then."""
    import audformat

    kinds = (audformat.Table, audformat.MiscTable)
    return {type(f"Unread{kind.__name__}", (_Deferred, kind), {}): kind for kind in kinds}
