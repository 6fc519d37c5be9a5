"""What a selection means for a version: which media, which attachments, under which names."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import polars as pl

from audiodvc.errors import SelectionError
from audiodvc.model import selection, table
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection, Wanted
from audiodvc.resolve.materialize import Version
from audiodvc.rules.flavors import destination


def media(version: Version, chosen: Selection) -> tuple[str, ...] | None:
    """The media of a selection: of the tables that are wanted those that are wanted; None for all.

    What was removed since can be named, by who has a list from before, but is none of them.
    """
    if chosen.only_metadata:
        return ()
    if chosen.tables is None and chosen.media is None:
        return None
    said = version.identity
    tables = selection.choose(version.tables, chosen.tables, "tables", said.name, said.place)
    gone = removed(version, chosen.media)
    known = pl.concat([version.media["file"], pl.Series("file", sorted(gone), dtype=pl.String)])
    if chosen.tables is not None:
        known = known.filter(known.is_in(_files(version, tables).implode()))
    names = selection.choose(known.to_list(), chosen.media, "media", said.name, said.place)
    return tuple(name for name in names if name not in gone)


def removed(version: Version, wanted: Wanted) -> frozenset[str]:
    """Which of the media that someone wants were removed from all versions."""
    if not isinstance(wanted, str):
        return frozenset(wanted or ()) & frozenset(version.erased)
    with suppress(SelectionError):
        return frozenset(selection.choose(version.erased, wanted, "media", "", ""))
    return frozenset()


def attachments(version: Version, chosen: Selection) -> tuple[str, ...]:
    """The files of the attachments of a selection."""
    if chosen.only_metadata:
        return ()
    said, known = version.identity, tuple(version.attachments)
    names = selection.choose(known, chosen.attachments, "attachments", said.name, said.place)
    return tuple(file for name in names for file in version.attachments[name])


def rows(version: Version, names: tuple[str, ...] | None) -> pl.DataFrame:
    """The lines of some media, None for all."""
    listed = version.media
    return listed if names is None else listed.filter(pl.col("file").is_in(list(names)))


def renamed(version: Version, flavor: Flavor) -> pl.DataFrame:
    """The media that have another name in a flavor: `file` and `destination`."""
    sound = (pl.col("channels") > 0) & (pl.col("sampling_rate") > 0)
    named = version.media.filter(sound).select("file", destination=destination(flavor.format))
    return named.filter(pl.col("file") != pl.col("destination"))


def _files(version: Version, tables: Sequence[str]) -> pl.Series:
    parts = [pl.Series("file", [], dtype=pl.String)]
    for name in tables:
        if name not in version.misc:
            read = table.parse((version.folder / f"db.{name}.csv").read_bytes(), f"db.{name}.csv")
            parts.append(read.column("file").alias("file").unique())
    return pl.concat(parts).unique()
