"""The files of a version as rows: what the cache knows of them, and what the repository adds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from typing import NamedTuple

import polars as pl

from audiodvc.adapters import cache, shared
from audiodvc.model import header, layout
from audiodvc.resolve.anywhere import anywhere
from audiodvc.resolve.config import Config
from audiodvc.resolve.lineage import lineage
from audiodvc.resolve.materialize import Version
from audiodvc.resolve.source import Source

META, MEDIA, ATTACHMENT = 0, 1, 2
"""What `type` says of a file: that it is a table, a media file, or an attachment."""

LEARNED = "db.parquet"
"""In the folder of a version, at a name that no file of a dataset can have: what its repository said."""

ROWS = pl.Schema(
    {
        "file": pl.String,
        "archive": pl.String,
        "bit_depth": pl.Int32,
        "channels": pl.Int32,
        "checksum": pl.String,
        "duration": pl.Float64,
        "format": pl.String,
        "removed": pl.Int32,
        "sampling_rate": pl.Int32,
        "type": pl.Int32,
        "version": pl.String,
    }
)
COLUMNS = tuple(ROWS.names()[1:])

_NUMBERS = ("bit_depth", "channels", "sampling_rate")


class Inventory(NamedTuple):
    """The files of a version, and where what is not known of them can be looked up."""

    source: Source
    settings: Config
    version: Version

    def rows(self) -> pl.DataFrame:
        """What the cache knows of each file; what it does not know is null."""
        read = (_tables, _attachments, _media, _erased)
        return pl.concat([ROWS.to_frame(), *(part(self.version) for part in read)], how="diagonal")

    @anywhere
    def completed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with what the repository knows, which it is asked once."""
        learned = self._known(rows)
        if learned is None:
            learned = self._learned()
            self._keep(learned)
        both = rows.join(learned, on="file", how="left", suffix="_learned", maintain_order="left")
        return both.select("file", *(pl.coalesce(name, f"{name}_learned") for name in COLUMNS)).with_columns(
            pl.col(pl.String).fill_null(""), pl.col(pl.Int32).fill_null(0), pl.col(pl.Float64).fill_null(0.0)
        )

    def _known(self, rows: pl.DataFrame) -> pl.DataFrame | None:
        """What was looked up before, if it still says something of every file."""
        try:
            learned = pl.read_parquet(self.version.folder / LEARNED, glob=False).select(ROWS.names())
        except (OSError, pl.exceptions.PolarsError):
            return None
        lacking = rows.filter(pl.col("checksum").is_null())
        told = learned.drop_nulls("checksum")
        is_all = not rows.join(learned, on="file", how="anti").height
        return learned if is_all and not lacking.join(told, on="file", how="anti").height else None

    def _learned(self) -> pl.DataFrame:
        found = lineage(self.source, self.settings, self.version)
        gone = found.erased.select("file", "duration", *_NUMBERS, archive="md5", checksum="md5")
        attached = pl.DataFrame(list(found.attachments.items()), ["file", "checksum"], orient="row")
        parts = [ROWS.to_frame(), gone, attached.cast(pl.String)]
        more = pl.concat(parts, how="diagonal_relaxed").drop("version")
        return found.since.join(more, on="file", how="left").select(ROWS.names()).cast(ROWS)

    def _keep(self, learned: pl.DataFrame) -> None:
        data = BytesIO()
        learned.write_parquet(data, compression="zstd", compression_level=1)
        with suppress(OSError):  # a shared cache may not be ours to write to
            shared.write(self.version.folder / LEARNED, data.getvalue())


def _tables(version: Version) -> pl.DataFrame:
    files = [f"db.{name}.csv" for name in version.tables]
    md5s = [cache.md5_of(str(version.folder / file)) for file in files]
    return _plain(files, md5s, META).with_columns(checksum=pl.col("archive"))


def _attachments(version: Version) -> pl.DataFrame:
    if not version.attachments:
        return ROWS.to_frame()
    parsed = header.parse((version.folder / layout.HEADER).read_bytes())
    return _plain(
        [parsed.attachments[name] for name in version.attachments], list(version.attachments), ATTACHMENT
    )


def _media(version: Version) -> pl.DataFrame:
    return version.media.select(
        "file",
        pl.col(*_NUMBERS).fill_null(0).cast(pl.Int32),
        pl.col("duration").fill_null(0.0),
        pl.col("format").fill_null(extension()),
        archive="md5",
        checksum="md5",
        removed=pl.lit(0, pl.Int32),
        type=pl.lit(MEDIA, pl.Int32),
    )


def _erased(version: Version) -> pl.DataFrame:
    return pl.DataFrame({"file": list(version.erased)}, {"file": pl.String}).select(
        "file", format=extension(), removed=pl.lit(1, pl.Int32), type=pl.lit(MEDIA, pl.Int32)
    )


def _plain(files: Sequence[str], archives: Sequence[str], kind: int) -> pl.DataFrame:
    """Files that are no media."""
    rows = pl.DataFrame({"file": files, "archive": archives}, {"file": pl.String, "archive": pl.String})
    zero = pl.lit(0, pl.Int32)
    return rows.sort("file").select(
        "file",
        "archive",
        **dict.fromkeys((*_NUMBERS, "removed"), zero),
        duration=pl.lit(0.0),
        format=extension(),
        type=pl.lit(kind, pl.Int32),
    )


def extension() -> pl.Expr:
    """The format of a file of which nothing but its name is known."""
    return pl.col("file").str.extract(r"\.([^./]*)$").str.to_lowercase().fill_null("")
