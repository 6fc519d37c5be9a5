"""What a dataset says of itself and what its media are, without any of the media: audb's `info`."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import polars as pl

from audiodvc.adapters import cache
from audiodvc.adapters.terminal import silence
from audiodvc.errors import ObjectError
from audiodvc.model.selection import Selected, Selection
from audiodvc.resolve import config, convert, database, fetch, get, inventory, selected
from audiodvc.resolve.anywhere import anywhere
from audiodvc.resolve.config import Config
from audiodvc.resolve.fetch import Objects
from audiodvc.resolve.get import Request
from audiodvc.resolve.materialize import Version, write_measured
from audiodvc.resolve.rows import Rows
from audiodvc.words import counted

if TYPE_CHECKING:
    import pandas as pd
    from audformat import Attachment, Database, Media, MiscTable, Rater, Scheme, Split, Table

Root = str | os.PathLike[str]

_SHOWN = 20


@anywhere
def header(
    name: str,
    *,
    version: str | None = None,
    load_tables: bool = True,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> Database:
    """The header, with tables that are read when they are first used, whatever `load_tables` says."""
    del load_tables  # the texts of a version come as a whole
    folder = _version(name, version, rev, config.current(cache_root)).folder
    read = database.read(folder, folder, Rows())
    # A database that was loaded and saved again says where it came from.
    read.meta.pop(database.META, None)
    return read


def load_header(
    name: str, *, version: str | None = None, cache_root: Root | None = None, rev: str | None = None
) -> Database:
    """The header as a database, whose tables are read when they are first used."""
    return header(name, version=version, cache_root=cache_root, rev=rev)


def attachments(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> dict[str, Attachment]:
    """The attachments that the header names."""
    found: dict[str, Attachment] = header(name, version=version, cache_root=cache_root, rev=rev).attachments
    return found


def author(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> str:
    """Who made the dataset."""
    found: str = header(name, version=version, cache_root=cache_root, rev=rev).author
    return found


@anywhere
def bit_depths(  # noqa: PLR0913 - audb's parameters
    name: str,
    *,
    version: str | None = None,
    tables: Selected = None,
    media: Selected = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> set[int]:
    """The bit depths of the media, 0 for those that have none."""
    rows = _measured(name, version, rev, cache_root, Selection(tables, media))
    return set(rows["bit_depth"].fill_null(0))


@anywhere
def channels(  # noqa: PLR0913 - audb's parameters
    name: str,
    *,
    version: str | None = None,
    tables: Selected = None,
    media: Selected = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> set[int]:
    """The numbers of channels of the media, 0 for those that have none."""
    rows = _measured(name, version, rev, cache_root, Selection(tables, media))
    return set(rows["channels"].fill_null(0))


def description(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> str:
    """What the dataset is."""
    found: str = header(name, version=version, cache_root=cache_root, rev=rev).description
    return found


@anywhere
def duration(  # noqa: PLR0913 - audb's parameters
    name: str,
    *,
    version: str | None = None,
    tables: Selected = None,
    media: Selected = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> pd.Timedelta:
    """How long the media are together, of all or of those that are selected.

    `tables` and `media` are regular expressions or lists, here and below.
    """
    import pandas as pd

    rows = _measured(name, version, rev, cache_root, Selection(tables, media))
    return pd.Timedelta(float(rows["duration"].fill_null(0.0).sum()), unit="s")


@anywhere
def files(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> list[str]:
    """The media files, without those that were removed."""
    return _version(name, version, rev, config.current(cache_root)).media["file"].to_list()


@anywhere
def formats(  # noqa: PLR0913 - audb's parameters
    name: str,
    *,
    version: str | None = None,
    tables: Selected = None,
    media: Selected = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> set[str]:
    """The formats of the media."""
    _, rows = _rows(name, version, rev, config.current(cache_root), Selection(tables, media))
    return set(rows.select(pl.col("format").fill_null(inventory.extension())).to_series())


def languages(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> list[str]:
    """The languages that are spoken, as ISO 639-3 names them."""
    found: list[str] = header(name, version=version, cache_root=cache_root, rev=rev).languages
    return found


def license(  # noqa: A001 - audb's name
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> str:
    """The license of the dataset."""
    found: str = header(name, version=version, cache_root=cache_root, rev=rev).license
    return found


def license_url(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> str:
    """Where the license can be read."""
    found: str = header(name, version=version, cache_root=cache_root, rev=rev).license_url
    return found


def media(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> dict[str, Media]:
    """The kinds of media that the header names."""
    found: dict[str, Media] = header(name, version=version, cache_root=cache_root, rev=rev).media
    return found


def meta(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> dict[str, object]:
    """What the header says beside what audformat knows."""
    found: dict[str, object] = header(name, version=version, cache_root=cache_root, rev=rev).meta
    return found


def misc_tables(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> dict[str, MiscTable]:
    """The misc tables."""
    found: dict[str, MiscTable] = header(name, version=version, cache_root=cache_root, rev=rev).misc_tables
    return found


def organization(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> str:
    """The organization that answers for the dataset."""
    found: str = header(name, version=version, cache_root=cache_root, rev=rev).organization
    return found


def raters(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> dict[str, Rater]:
    """Who rated."""
    found: dict[str, Rater] = header(name, version=version, cache_root=cache_root, rev=rev).raters
    return found


@anywhere
def sampling_rates(  # noqa: PLR0913 - audb's parameters
    name: str,
    *,
    version: str | None = None,
    tables: Selected = None,
    media: Selected = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> set[int]:
    """The sampling rates of the media in Hz, 0 for those that have none."""
    rows = _measured(name, version, rev, cache_root, Selection(tables, media))
    return set(rows["sampling_rate"].fill_null(0))


def schemes(
    name: str,
    *,
    version: str | None = None,
    load_tables: bool = True,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> dict[str, Scheme]:
    """What the columns of tables mean."""
    del load_tables  # as for `header`
    found: dict[str, Scheme] = header(name, version=version, cache_root=cache_root, rev=rev).schemes
    return found


def source(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> str:
    """Where the dataset came from."""
    found: str = header(name, version=version, cache_root=cache_root, rev=rev).source
    return found


def splits(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> dict[str, Split]:
    """The parts into which the dataset is split."""
    found: dict[str, Split] = header(name, version=version, cache_root=cache_root, rev=rev).splits
    return found


def tables(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> dict[str, Table]:
    """The filewise and segmented tables."""
    found: dict[str, Table] = header(name, version=version, cache_root=cache_root, rev=rev).tables
    return found


def usage(
    name: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> str:
    """What the dataset may be used for."""
    found: str = header(name, version=version, cache_root=cache_root, rev=rev).usage
    return found


def _version(name: str, version: str | None, rev: str | None, settings: Config) -> Version:
    return get.version_of(Request(name, version, rev), settings)


def _rows(
    name: str, version: str | None, rev: str | None, settings: Config, chosen: Selection
) -> tuple[Version, pl.DataFrame]:
    """The lines of the selected media; those of no table count only where no tables are selected."""
    known = _version(name, version, rev, settings)
    rows = known.media
    # One after the other: what is in none of these tables is no unknown file for that.
    for part in (Selection(tables=chosen.tables), Selection(media=chosen.media)):
        names = selected.media(known, part)
        if names is not None:
            rows = rows.filter(pl.col("file").is_in(pl.Series(names, dtype=pl.String).implode()))
    return known, rows


def _measured(
    name: str, version: str | None, rev: str | None, cache_root: Root | None, chosen: Selection
) -> pl.DataFrame:
    """The lines of the selected media; what no index says of them is read from what is in the cache."""
    settings = config.current(cache_root)
    known, rows = _rows(name, version, rev, settings, chosen)
    unknown = rows.filter(pl.col("format").is_null())
    if unknown.is_empty():
        return rows
    objects = _objects(known, unknown, settings)
    measured = convert.measured(unknown, objects.path, silence)
    with suppress(OSError):  # a shared cache may not be ours to write to
        write_measured(known, measured)
    return pl.concat([rows.filter(pl.col("format").is_not_null()), measured.select(rows.columns)])


def _objects(known: Version, rows: pl.DataFrame, settings: Config) -> Objects:
    """Where the objects of these media are, all of which have to be here."""
    md5s = rows["md5"].to_list()
    own = fetch.objects_of(str(settings.cache_root))
    shared = fetch.objects_of(str(settings.shared_cache_root)) if settings.shared_cache_root else ""
    theirs = frozenset(cache.present_of(shared, md5s)) if shared else frozenset()
    here = cache.present_of(own, md5s)
    olds = rows.filter("old")["md5"].to_list()
    apart = frozenset(md5 for md5 in olds if md5 not in here and cache.is_apart(own, md5))
    missing = [file for file, md5 in rows.select("file", "md5").rows() if md5 not in here | theirs | apart]
    if missing:
        said = known.identity
        raise ObjectError(
            f"no index of {said.name} {said.place} describes {counted(len(missing), 'file')}, "
            "and the cache does not have them",
            hint="load them, or ask for others",
            details=missing[:_SHOWN],
        )
    return Objects(own, shared, theirs, apart)
