"""The file of a table: read by audformat, from its copy as parquet where there is one, which is made once."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from audiodvc.adapters import shared
from audiodvc.errors import FormatError
from audiodvc.resolve import tablecopy

if TYPE_CHECKING:
    import pandas as pd
    from audformat import Table

_TEXT, _COPY = ".csv", ".parquet"

# What pandas makes of a column of objects in parquet is the same again for these alone.
_EXACT = frozenset({str, bool, int, float, type(None)})


def read(path: Path, table: Table) -> pd.DataFrame:
    """The rows of a table, whose header audformat knows; the path is without its extension.

    Reading a large text takes seconds, its copy in parquet a tenth of one.
    """
    text, copy = path.with_name(path.name + _TEXT), path.with_name(path.name + _COPY)
    if _is_current(copy, text):
        # A copy that is broken, in whatever way, is as if it were not there.
        with suppress(Exception):
            # Columns may lie where the file was read to, which nobody can write to.
            return _load(copy, table).copy()
    if not text.exists():
        raise FormatError(
            f"there is no {text.name}, although the header has that table",
            hint="`audiodvc validate` in the repository says what else is wrong",
        )
    made = _made(text, copy, table)
    if made is not None:
        return made
    frame = _load(text, table)
    _keep_copy(frame, copy, table)
    return frame


def _is_current(copy: Path, text: Path) -> bool:
    try:
        return copy.stat().st_mtime_ns >= text.stat().st_mtime_ns
    except FileNotFoundError:
        return False


def _load(file: Path, table: Table) -> pd.DataFrame:
    # Alone in a folder: beside others audformat would rather take, and unpickle, what ends in .pkl.
    with TemporaryDirectory(prefix="audiodvc-") as folder:
        (Path(folder) / f"table{file.suffix}").symlink_to(file.absolute())
        reader = _twin(table, None)
        reader.load(f"{folder}/table")
    frame: pd.DataFrame = reader.df
    return frame


def _made(text: Path, copy: Path, table: Table) -> pd.DataFrame | None:
    """The rows of a copy that is made of the text; None if one cannot be made in that way."""
    with _settling(copy) as temporary:
        if tablecopy.write(text, temporary, table):
            return _load(temporary, table).copy()
    return None


def _keep_copy(frame: pd.DataFrame, copy: Path, table: Table) -> None:
    """Write the copy from the rows, unless parquet cannot hold just these values."""
    with _settling(copy) as temporary:
        _twin(table, frame).save(
            str(temporary.with_suffix("")), storage_format="parquet", update_other_formats=False
        )
        if not _are_same(frame, _load(temporary, table)):
            temporary.unlink()


@contextmanager
def _settling(copy: Path) -> Iterator[Path]:
    """A temporary file that becomes the copy if it was written; that it cannot be does not matter."""
    temporary = copy.with_name(f".{copy.stem}.{secrets.token_hex(4)}.tmp{_COPY}")
    # pyarrow's own errors are all ValueError, TypeError or NotImplementedError as well.
    with suppress(OSError, ValueError, TypeError, NotImplementedError, OverflowError):
        try:
            yield temporary
            if temporary.exists():
                shared.open_up(temporary)
                temporary.replace(copy)
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _twin(table: Table, frame: pd.DataFrame | None) -> Table:
    """One of audformat's own tables with the same header, and other rows."""
    import audformat

    kind = audformat.Table if isinstance(table, audformat.Table) else audformat.MiscTable
    twin = kind.__new__(kind)
    vars(twin).update(vars(table), _df=frame)
    return twin


def _are_same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two frames have the same values of the same types in the same order."""
    one, other = one.reset_index(), other.reset_index()
    if not one.dtypes.equals(other.dtypes) or not one.equals(other):
        return False
    return all(_is_exact(one[name], other[name]) for name in one.columns[one.dtypes.astype(str) == "object"])


def _is_exact(one: pd.Series, other: pd.Series) -> bool:
    # To pandas True is 1 and None is NaN where a column holds objects.
    kinds, twins = list(map(type, one)), list(map(type, other))
    return _EXACT.issuperset(kinds) and kinds == twins
