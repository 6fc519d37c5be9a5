"""The files that a version consists of, each with its bytes' name and since when it has had them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from audiodvc.adapters import disk, terminal
from audiodvc.errors import FormatError
from audiodvc.resolve import config, get
from audiodvc.resolve import source as sources
from audiodvc.resolve.anywhere import anywhere
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Request
from audiodvc.resolve.inventory import ATTACHMENT, MEDIA, META, ROWS, Inventory

if TYPE_CHECKING:
    import pandas as pd

Root = str | os.PathLike[str]

# audb's types.
_TEXT, _KINDS = "string[pyarrow]", {"duration": "float64[pyarrow]"}
_KINDS |= dict.fromkeys(("bit_depth", "channels", "removed", "sampling_rate", "type"), "int32[pyarrow]")


@anywhere
def dependencies(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    verbose: bool = False,
    rev: str | None = None,
) -> Dependencies:
    """The tables, media and attachments of a version."""
    settings = config.current(cache_root)
    request = Request(name, version, rev, progress=terminal.bar if verbose else terminal.silence)
    return Dependencies._of(_inventory(request, settings))  # noqa: SLF001 - made here only


def later(request: Request, settings: Config) -> Dependencies:
    """The same of what a request asks for, which is not looked at before the rows are."""
    made = Dependencies()
    made._begin = partial(_inventory, request, settings)  # noqa: SLF001 - made here only
    return made


def _inventory(request: Request, settings: Config) -> Inventory:
    known = get.version_of(request, settings)
    return Inventory(sources.find(request.source, settings), settings, known)


class Dependencies:
    """A row for each table, media file and attachment.

    `archive` is the name of the bytes, the md5 of a table or media file and the id of an attachment;
    `version` the one since which a file has had its present bytes. That, and what is to be known of
    removed files, is looked up in the repository when it is first asked for.
    """

    def __init__(self) -> None:
        self._begin: Callable[[], Inventory] | None = None
        self._origin: Inventory | None = None
        self._frame: pd.DataFrame | None = None
        self._places: dict[str, int] | None = None
        self._lists: dict[int | None, list[str]] = {}
        self._table = ROWS.to_frame()

    @classmethod
    def _of(cls, origin: Inventory) -> Dependencies:
        made = cls()
        made._origin = origin
        made._put(origin.rows())
        return made

    def __call__(self) -> pd.DataFrame:
        """All rows as a table."""
        if self._frame is None:
            self._frame = _frame(self._whole())
        return self._frame

    def __contains__(self, file: object) -> bool:
        return file in self._index()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Dependencies):
            return NotImplemented
        return _are_same(self._whole(), other._whole())

    __hash__ = None  # type: ignore[assignment]  # rows can be loaded anew

    def __getitem__(self, file: str) -> list[Any]:
        place = self._place(file)
        return list(self._whole().row(place))[1:]

    def __len__(self) -> int:
        return self._rows.height

    def __str__(self) -> str:
        return str(self())

    @property
    def archives(self) -> list[str]:
        """The names of all bytes, sorted."""
        rows = self._whole() if self._rows["archive"].null_count() else self._rows
        return sorted(rows["archive"].unique().to_list())

    @property
    def attachments(self) -> list[str]:
        """The paths of all attachments, files or folders."""
        return self._list(ATTACHMENT)

    @property
    def attachment_ids(self) -> list[str]:
        """The ids of all attachments."""
        return self._rows["archive"].filter(self._rows["type"] == ATTACHMENT).to_list()

    @property
    def files(self) -> list[str]:
        """The paths of all tables, media and attachments."""
        return self._list(None)

    @property
    def media(self) -> list[str]:
        """The paths of all media, of removed ones too."""
        return self._list(MEDIA)

    @property
    def removed_media(self) -> list[str]:
        """The paths of media that were removed from all versions."""
        rows = self._rows
        return rows["file"].filter((rows["type"] == MEDIA) & (rows["removed"] == 1)).to_list()

    @property
    def table_ids(self) -> list[str]:
        """The ids of all tables."""
        return [os.path.splitext(file.removeprefix("db."))[0] for file in self.tables]  # noqa: PTH122 - no path

    @property
    def tables(self) -> list[str]:
        """The files of all tables."""
        return self._list(META)

    def archive(self, file: str) -> str:
        """The name of a file's bytes."""
        return str(self._cell("archive", file))

    def bit_depth(self, file: str) -> int:
        """The bit depth of a media file, 0 where it has none."""
        return int(self._cell("bit_depth", file))

    def channels(self, file: str) -> int:
        """The number of channels of a media file, 0 where it has none."""
        return int(self._cell("channels", file))

    def checksum(self, file: str) -> str:
        """The md5 of a file."""
        return str(self._cell("checksum", file))

    def duration(self, file: str) -> float:
        """The duration of a media file in seconds, 0 where it has none."""
        return float(self._cell("duration", file))

    def format(self, file: str) -> str:
        """The format of a file, in lower case."""
        return str(self._cell("format", file))

    def removed(self, file: str) -> bool:
        """Whether a media file was removed from all versions."""
        return bool(self._cell("removed", file))

    def sampling_rate(self, file: str) -> int:
        """The sampling rate of a media file in Hz, 0 where it has none."""
        return int(self._cell("sampling_rate", file))

    def type(self, file: str) -> int:
        """What a file is: a table (0), a media file (1), an attachment (2)."""
        return int(self._cell("type", file))

    def version(self, file: str) -> str:
        """The version since which a file has had its present bytes."""
        return str(self._cell("version", file))

    def load(self, path: Root) -> None:
        """Take the rows of a file, `.csv` or `.parquet`, instead of those that are here."""
        place = _kind(path)
        if not place.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place))
        rows = _read(place)
        self._origin = self._begin = None
        self._put(rows)

    def save(self, path: Root) -> None:
        """Write all rows to a file, `.csv` or `.parquet`."""
        _write(_kind(path), self._whole())

    # -- rows ------------------------------------------------------------------------------------

    @property
    def _rows(self) -> pl.DataFrame:
        if self._begin is not None:
            begin, self._begin = self._begin, None
            self._origin = begin()
            self._put(self._origin.rows())
        return self._table

    def _put(self, rows: pl.DataFrame) -> None:
        self._table = rows
        self._frame, self._places, self._lists = None, None, {}

    def _whole(self) -> pl.DataFrame:
        """All rows with all that is to be known of them."""
        rows = self._rows
        if self._origin is not None:
            self._table = self._origin.completed(rows)
            self._origin = None
        return self._table

    def _cell(self, column: str, file: str) -> Any:  # noqa: ANN401 - each column has its own type
        place = self._place(file)
        value = self._rows.item(place, column)
        return self._whole().item(place, column) if value is None else value

    def _place(self, file: str) -> int:
        try:
            return self._index()[file]
        except KeyError:
            raise KeyError(f"there is no file {file!r} among the {len(self):,} dependencies") from None

    def _index(self) -> dict[str, int]:
        if self._places is None:
            self._places = {file: place for place, file in enumerate(self._rows["file"])}
        return self._places

    def _list(self, kind: int | None) -> list[str]:
        if kind not in self._lists:
            # Of a column, not of the whole: that works in a forked process as well.
            files = self._rows["file"]
            self._lists[kind] = (
                files if kind is None else files.filter(self._rows["type"] == kind)
            ).to_list()
        return self._lists[kind]


def _frame(rows: pl.DataFrame) -> pd.DataFrame:
    import pandas as pd

    columns = {
        name: pd.array(rows[name].to_arrow(), dtype=_KINDS.get(name, _TEXT))
        for name in ROWS
        if name != "file"
    }
    return pd.DataFrame(columns, index=pd.Index(rows["file"].to_list(), dtype="object"))


def _kind(path: Root) -> Path:
    place = Path(path).expanduser().absolute()
    if place.suffix not in (".csv", ".parquet"):
        raise ValueError(f"{place} ends in '{place.suffix}': dependencies are kept as .csv or .parquet")
    return place


@anywhere
def _are_same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.sort("file").equals(other.sort("file"))


@anywhere
def _write(path: Path, rows: pl.DataFrame) -> None:
    data = BytesIO()
    if path.suffix == ".csv":
        rows.write_csv(data)
    else:
        rows.write_parquet(data)
    disk.write(path, data.getvalue())


@anywhere
def _read(path: Path) -> pl.DataFrame:
    try:
        return (_from_csv if path.suffix == ".csv" else _from_parquet)(path)
    except pl.exceptions.PolarsError as error:
        raise FormatError(f"{path} is no table of dependencies: {error}") from error


def _from_csv(path: Path) -> pl.DataFrame:
    rows = pl.read_csv(path, schema=ROWS, has_header=False, skip_rows=1, raise_if_empty=False, glob=False)
    return rows.with_columns(pl.col(pl.String).fill_null(""))


def _from_parquet(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path, glob=False).select(ROWS.names()).cast(ROWS)
