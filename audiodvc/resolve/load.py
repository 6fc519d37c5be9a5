"""What Python asks for: databases, tables, media and attachments, by the names and parameters of audb."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from audiodvc.adapters import terminal
from audiodvc.adapters.opened import hold
from audiodvc.errors import LockTimeoutError, SelectionError
from audiodvc.model.flavor import Flavor, Number
from audiodvc.model.selection import Selected, Selection, choose
from audiodvc.resolve import config, database, export, get, opening, selected
from audiodvc.resolve.anywhere import anywhere
from audiodvc.resolve.get import PATIENCE, Ready, Request
from audiodvc.resolve.materialize import LISTED, Version
from audiodvc.resolve.rows import Rows

if TYPE_CHECKING:
    import pandas as pd
    from audformat import Database

_SHOWN = 20
# Where a database has what keeps its folders from being taken away.
_HELD = "_audiodvc_held"

_log = logging.getLogger("audiodvc")

Root = str | os.PathLike[str]


@anywhere
def load(  # noqa: PLR0913 - audb's parameters
    name: str,
    *,
    version: str | None = None,
    only_metadata: bool = False,
    bit_depth: Number | None = None,
    channels: Number | Iterable[Number] | None = None,
    format: str | None = None,
    mixdown: bool = False,
    sampling_rate: Number | None = None,
    attachments: Selected = None,
    tables: Selected = None,
    media: Selected = None,
    removed_media: bool = False,
    full_path: bool = True,
    pickle_tables: bool = True,
    cache_root: Root | None = None,
    num_workers: int | None = 1,
    timeout: float = PATIENCE,
    verbose: bool = True,
    rev: str | None = None,
) -> Database | None:
    """Bring a dataset into the cache, in a flavor, and open it.

    `name` is a configured name, a git URL or a path; `version` the latest one unless it is given, and
    `rev` any other revision. `tables`, `media` and `attachments` are regular expressions or lists.
    Rows of media that are not selected or were removed are left out; `removed_media` keeps the latter.
    Tables are read when they are first used. None, with a warning, if another process is at work on
    the same folder for longer than `timeout` seconds.
    """
    del pickle_tables  # the cache holds parquet
    flavor = Flavor(
        bit_depth=bit_depth, channels=channels, format=format, mixdown=mixdown, sampling_rate=sampling_rate
    )
    chosen = Selection(tables, media, attachments, only_metadata=only_metadata)
    request = _request(name, version, rev, num_workers, timeout, verbose=verbose)
    try:
        ready, held = opening.ready(request, config.current(cache_root), chosen, flavor)
    except LockTimeoutError as error:
        _warn(error)
        return None
    made = opened(ready, chosen, removed_media=removed_media, full_path=full_path)
    vars(made)[_HELD] = held
    return made


@anywhere
def load_to(  # noqa: PLR0913 - audb's parameters
    root: Root,
    name: str,
    *,
    version: str | None = None,
    only_metadata: bool = False,
    pickle_tables: bool = True,
    cache_root: Root | None = None,
    num_workers: int | None = 1,
    verbose: bool = True,
    rev: str | None = None,
) -> Database:
    """Bring a dataset as it was published into a folder of one's own, and open it there.

    A folder that holds another version is moved to this one: files that differ are replaced, those
    that only the other version had are removed, and files that are neither's stay.
    """
    del pickle_tables  # tables stay as they were published
    folder = Path(root).expanduser().resolve()
    request = _request(name, version, rev, num_workers, PATIENCE, verbose=verbose)
    chosen = Selection(only_metadata=only_metadata)
    ready = export.export(request, config.current(cache_root), folder, chosen, Flavor())
    known = ready.version
    meta = _meta(known, Flavor(), complete=not only_metadata)
    rows = Rows(gone=known.erased, listed=known.folder / LISTED)
    made = database.read(known.folder, folder, rows, meta=meta)
    vars(made)[_HELD] = hold([known.folder])
    return made


@anywhere
def load_media(  # noqa: PLR0913 - audb's parameters
    name: str,
    media: str | Iterable[str],
    *,
    version: str | None = None,
    bit_depth: Number | None = None,
    channels: Number | Iterable[Number] | None = None,
    format: str | None = None,
    mixdown: bool = False,
    sampling_rate: Number | None = None,
    cache_root: Root | None = None,
    num_workers: int | None = 1,
    timeout: float = PATIENCE,
    verbose: bool = True,
    rev: str | None = None,
) -> list[str] | None:
    """Bring single media files into the cache, in a flavor; their paths, in the order asked for."""
    flavor = Flavor(
        bit_depth=bit_depth, channels=channels, format=format, mixdown=mixdown, sampling_rate=sampling_rate
    )
    chosen = Selection(media=[media] if isinstance(media, str) or media is None else media, attachments=[])
    if not chosen.media:
        return []
    request = _request(name, version, rev, num_workers, timeout, verbose=verbose)
    try:
        ready = get.get(request, config.current(cache_root), chosen, flavor)
    except LockTimeoutError as error:
        _warn(error)
        return None
    gone = selected.removed(ready.version, chosen.media)
    if gone:
        said = ready.version.identity
        raise SelectionError(f"removed from all versions of {said.name}: {', '.join(sorted(gone))}")
    names = _rows(ready, full_path=True).names(pl.Series(chosen.media, dtype=pl.String))
    return list(names)


@anywhere
def load_table(  # noqa: PLR0913 - audb's parameters
    name: str,
    table: str,
    *,
    version: str | None = None,
    map: Mapping[str, str | Sequence[str]] | None = None,  # noqa: A002 - audb's word
    pickle_tables: bool = True,
    cache_root: Root | None = None,
    num_workers: int | None = 1,
    verbose: bool = True,
    rev: str | None = None,
) -> pd.DataFrame:
    """The rows of one table, with paths as the dataset has them; no media are brought.

    `map` replaces columns by what the labels of their scheme say: `{"speaker": ["age", "gender"]}`.
    """
    del pickle_tables  # the cache holds parquet
    request = _request(name, version, rev, num_workers, PATIENCE, verbose=verbose)
    known, _held = opening.version(request, config.current(cache_root))
    choose(known.tables, [table], "tables", known.identity.name, known.identity.place)
    opened = database.read(known.folder, known.folder, Rows())
    frame: pd.DataFrame = opened[table].df if map is None else opened[table].get(map=map)
    return frame


@anywhere
def load_attachment(  # noqa: PLR0913 - audb's parameters
    name: str,
    attachment: str,
    *,
    version: str | None = None,
    cache_root: Root | None = None,
    verbose: bool = True,
    rev: str | None = None,
) -> list[str]:
    """Bring an attachment into the cache; the paths of its files."""
    request = _request(name, version, rev, 1, PATIENCE, verbose=verbose)
    known, files = get.attachments(request, config.current(cache_root), Selection(attachments=[attachment]))
    return [f"{known.folder}/{file}" for file in files]


def opened(ready: Ready, chosen: Selection, *, removed_media: bool, full_path: bool) -> Database:
    """The database of what is ready."""
    known, flavored = ready.version, ready.flavored
    tables = None
    if chosen.tables is not None:
        tables = choose(known.tables, chosen.tables, "tables", known.identity.name, known.identity.place)
    rows = replace(
        _rows(ready, full_path=full_path),
        media=_kept(ready, chosen, removed_media=removed_media),
        gone=() if removed_media else known.erased,
    )
    meta = _meta(known, flavored.flavor, complete=flavored.complete)
    return database.read(known.folder, ready.root, rows, tables=tables, meta=meta)


def _kept(ready: Ready, chosen: Selection, *, removed_media: bool) -> pl.Series | None:
    """The media whose rows stay; None if that is all."""
    if chosen.media is None:
        return None
    names = ready.media
    if chosen.only_metadata:
        # No media were brought, but their rows are asked for all the same.
        names = selected.media(ready.version, Selection(chosen.tables, chosen.media))
    gone = selected.removed(ready.version, chosen.media)
    if gone and not removed_media and not isinstance(chosen.media, str):
        said = ready.version.identity
        shown = ", ".join(sorted(gone)[:_SHOWN])
        _log.warning("%s %s: removed from all versions: %s", said.name, said.place, shown)
    return pl.Series([*(names or ()), *(gone if removed_media else ())], dtype=pl.String)


def _rows(ready: Ready, *, full_path: bool) -> Rows:
    return Rows(
        format=ready.flavored.flavor.format,
        listed=ready.version.folder / LISTED,
        root=str(ready.root) if full_path else "",
    )


def _meta(known: Version, flavor: Flavor, *, complete: bool) -> dict[str, object]:
    return {
        "version": known.identity.version,
        "commit": known.identity.commit,
        "flavor": flavor.parameters,
        "complete": complete,
    }


def _request(  # noqa: PLR0913 - what every call of audb has
    name: str,
    version: str | None,
    rev: str | None,
    num_workers: int | None,
    timeout: float,
    *,
    verbose: bool,
) -> Request:
    progress = terminal.bar if verbose else terminal.silence
    return Request(name, version, rev, num_workers or os.cpu_count() or 1, timeout, progress)


def _warn(error: LockTimeoutError) -> None:
    # Between here and the caller are `load` and what `anywhere` made of it.
    warnings.warn(f"{error}: nothing was loaded", UserWarning, stacklevel=4)
