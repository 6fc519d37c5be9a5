"""What a version of a dataset holds, in figures: from its texts alone, without media."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from audiodvc.model import header, layout, table
from audiodvc.model.header import Header
from audiodvc.resolve.materialize import Identity, Version

SAID = ("description", "author", "organization", "source", "usage", "license", "license_url", "expires")
"""What a header says of a dataset in one text each."""


@dataclass(frozen=True, slots=True)
class TableSummary:
    """A table: its kind, how many rows it has, and its columns."""

    kind: str
    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MediaSummary:
    """The media: how many, and what they are; `size` and `duration` are None where an index says nothing."""

    files: int
    size: int | None
    duration: float | None
    formats: tuple[str, ...]
    channels: tuple[int, ...]
    sampling_rates: tuple[int, ...]
    bit_depths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A version of a dataset."""

    identity: Identity
    said: Mapping[str, str]
    languages: tuple[str, ...]
    tables: Mapping[str, TableSummary]
    media: MediaSummary
    attachments: Mapping[str, int]
    erased: int


def summary(version: Version) -> Summary:
    """What the texts of a version say."""
    parsed = header.parse((version.folder / layout.HEADER).read_bytes())
    return Summary(
        identity=version.identity,
        said={key: str(parsed.data[key]) for key in SAID if parsed.data.get(key) is not None},
        languages=_languages(parsed),
        tables={name: _table(version, parsed, name) for name in version.tables},
        media=_media(version.media),
        attachments={name: len(files) for name, files in version.attachments.items()},
        erased=len(version.erased),
    )


def _languages(parsed: Header) -> tuple[str, ...]:
    said = parsed.data.get("languages")
    return tuple(str(one) for one in said) if isinstance(said, list) else ()


def _table(version: Version, parsed: Header, name: str) -> TableSummary:
    file = f"db.{name}.csv"
    read = table.parse((version.folder / file).read_bytes(), file)
    entry = parsed.tables.get(name)
    return TableSummary(
        entry.kind if entry else "misc", read.frame.height, tuple(entry.columns) if entry else ()
    )


def _media(media: pl.DataFrame) -> MediaSummary:
    sound = media.filter(pl.col("sampling_rate").is_not_null())
    return MediaSummary(
        files=media.height,
        size=None if media["size"].null_count() else int(media["size"].sum()),
        duration=None if media["format"].null_count() else float(sound["duration"].sum()),
        formats=tuple(_distinct(media["format"])),
        channels=tuple(_distinct(sound["channels"])),
        sampling_rates=tuple(_distinct(sound["sampling_rate"])),
        bit_depths=tuple(_distinct(sound["bit_depth"])),
    )


def _distinct(column: pl.Series) -> list[Any]:
    return column.drop_nulls().unique().sort().to_list()
