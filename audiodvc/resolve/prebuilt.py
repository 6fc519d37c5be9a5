"""Media of a flavor that those who keep a dataset have built and pushed: taken from there, not made here.

What they say of a source counts for their dataset alone. So the name in the cache has both the md5 of the
source and that of what came of it, and no other dataset takes for a conversion what this one calls so.
"""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import polars as pl

from audiodvc.adapters import cache, dvc_remote, links, shared
from audiodvc.adapters.arrivals import Want
from audiodvc.errors import AudiodvcError, RemoteError
from audiodvc.model import built, layout, mediaindex, settings, table
from audiodvc.model.built import Built
from audiodvc.model.conversion import AS_IT_IS, Sound, decide
from audiodvc.model.flavor import Flavor
from audiodvc.progress import Progress
from audiodvc.resolve import convert, fetch, flavored
from audiodvc.resolve.commit import Remotes
from audiodvc.resolve.config import Config
from audiodvc.resolve.materialize import Version
from audiodvc.words import counted

TAKEN = pl.Schema({"file": pl.String, "md5": pl.String, "destination": pl.String, "path": pl.String})
"""The file and the md5 of its source, what it is called in the flavor, and where it lies."""

Result = TypeVar("Result")

_MD5 = "^[0-9a-f]{32}$"
_KINDS = ("hardlink", "copy")
_KIND = ("format", "channels", "sampling_rate", "bit_depth")

_log = logging.getLogger("audiodvc")


class Shelf(NamedTuple):
    """Who is asked for a version and its flavors, and how hard they are tried."""

    version: Version
    remotes: Remotes
    progress: Progress
    workers: int = 1


def take(shelf: Shelf, rows: pl.DataFrame, flavor: Flavor) -> pl.DataFrame:
    """Bring what was built of these media, as TAKEN says; what is not among it has to be converted.

    Where the original is here, it is converted: nothing is brought for that.
    """
    wanted = _lacking(shelf.remotes.config, convert.plan(rows, flavor), flavor)
    if wanted.is_empty():
        return TAKEN.to_frame()
    found = _once(shelf, flavor, lambda: _found(shelf, flavor))
    if found is None:
        return TAKEN.to_frame()
    last, index = found
    fitting = _fitting(wanted, index, flavor)
    taken = _brought(shelf, last, fitting, flavor)
    _tell(shelf, last, (taken.height, fitting.height, wanted.height))
    return taken


def _lacking(config: Config, planned: pl.DataFrame, flavor: Flavor) -> pl.DataFrame:
    """The files that are neither converted nor could be with what is here."""
    wanted = planned.filter(pl.col("target") != "")
    roots = [root for root in (config.shared_cache_root, config.cache_root) if root is not None]
    for root in roots:
        md5s = wanted["md5"]
        here = cache.present_of(fetch.objects_of(str(root)), md5s.unique().to_list())
        wanted = wanted.filter(~md5s.is_in(list(here)))
    for root in roots:
        names = wanted.select(pl.concat_str("md5", pl.lit("."), "target")).to_series()
        made = flavored.present(flavored.folder_of(root, flavor), names.unique().to_list())
        wanted = wanted.filter(~names.is_in(list(made)))
    return wanted


def _once(shelf: Shelf, what: object, look: Callable[[], Result]) -> Result:
    """What was found the first time."""
    learned: dict[object, Result] = shelf.remotes.learned
    if what not in learned:
        learned[what] = look()
    return learned[what]


def _found(shelf: Shelf, flavor: Flavor) -> tuple[Built, pl.DataFrame] | None:
    """The flavor as it was built at the commit, and its index; what cannot be believed is passed over."""
    commit = shelf.remotes.commit
    texts = commit.texts([layout.LOCK, layout.STAGES])
    candidates = built.built(texts.get(layout.LOCK, b""), texts.get(layout.STAGES, b"")).values()
    for last in candidates:
        if last.flavor == flavor and last.output.is_stored and settings.is_name(last.name):
            index = _index(commit.texts([last.index]).get(last.index), last)
            if index is not None:
                return last, index
            _log.warning("%s: the index of flavor %s is not what it was built as", _name(shelf), last.name)
    return None


def _index(data: bytes | None, last: Built) -> pl.DataFrame | None:
    """The lines of an index, if it lists what DVC saw."""
    read = table.parse(data or b"", last.index)
    if read.lossy or read.columns != mediaindex.FLAVOR_FIELDS:
        return None
    text = read.frame.rename(dict(zip(read.frame.columns, read.columns, strict=True)))
    start = f"{last.output.path}/"
    inside = bool(text["file"].str.starts_with(start).all())
    names = text["file"].str.slice(len(start))
    return text if inside and mediaindex.directory_name(names, text["md5"]) == last.output.md5 else None


def _fitting(wanted: pl.DataFrame, index: pl.DataFrame, flavor: Flavor) -> pl.DataFrame:
    """The wanted files that were made from the very bytes that they have now, and are as asked."""
    sound = index.filter(pl.col("md5").str.contains(_MD5) & (pl.col("md5") != pl.col("source_md5")))
    numbers = [pl.col(name).cast(pl.Int64, strict=False) for name in ("size", *_KIND[1:])]
    sound = sound.with_columns(numbers).drop_nulls(["size", "channels", "sampling_rate"])
    kinds = sound.select(_KIND).unique()
    fits = [
        decide(flavor, Sound(*kind), str(kind[0])) == AS_IT_IS and kind[0] in ("flac", "wav")
        for kind in kinds.iter_rows()
    ]
    right = sound.join(
        kinds.filter(pl.Series(fits, dtype=pl.Boolean)), on=_KIND, how="semi", nulls_equal=True
    )
    made = right.select("size", md5="source_md5", target="format", product="md5").unique(["md5", "target"])
    return wanted.join(made, on=["md5", "target"], how="inner", maintain_order="left")


def _brought(shelf: Shelf, last: Built, fitting: pl.DataFrame, flavor: Flavor) -> pl.DataFrame:
    """Where those lie that are here or could be brought."""
    config = shelf.remotes.config
    named = fitting.with_columns(name=pl.concat_str("md5", pl.lit("."), "product"))
    names = named["name"].unique().to_list()
    places: dict[str, str] = {}
    for root in (config.cache_root, config.shared_cache_root):
        folder = flavored.folder_of(root, flavor) if root is not None else ""
        there = flavored.present(folder, names) if folder else set()
        places |= {name: cache.path_of(folder, name) for name in there}
    missing = named.filter(~pl.col("name").is_in(list(places))).unique("name", keep="first")
    if missing.height and _once(shelf, last.output.md5, lambda: _is_pushed(shelf, last)):
        places |= _fetched(shelf, last, missing, flavored.folder_of(config.cache_root, flavor))
    here = named.filter(pl.col("name").is_in(list(places)))
    path = pl.col("name").replace_strict(list(places), list(places.values()), return_dtype=pl.String)
    return here.select("file", "md5", "destination", path=path if places else pl.lit(""))


def _is_pushed(shelf: Shelf, last: Built) -> bool:
    """Whether the remote has the list of the folder, which goes there after all that it lists."""
    try:
        dvc_remote.read_directory(shelf.remotes.store(""), last.output.md5)
    except RemoteError as error:
        _log.debug("%s", error)
        return False
    return True


def _fetched(shelf: Shelf, last: Built, missing: pl.DataFrame, folder: str) -> dict[str, str]:
    """Bring objects, each held against its name, to where conversions lie."""
    version = shelf.version.folder
    temporary = version / f".{Path(folder).name}.{secrets.token_hex(4)}.tmp"
    shared.make(temporary)
    wants = [
        Want(md5, size=size) for md5, size in missing.select("product", "size").unique("product").iter_rows()
    ]
    try:
        with shelf.progress(f"fetching flavor {last.name}", len(wants)) as advance:
            failures = shelf.remotes.store("").fetch(wants, str(temporary), advance, shelf.workers)
        lacking = {one.md5 for one in failures}
        got = [name for name in missing["name"] if name.rpartition(".")[2] not in lacking]
        targets = {name: cache.path_of(folder, name) for name in got}
        # Two sources may have come to the same bytes.
        objects = ((cache.path_of(str(temporary), name.rpartition(".")[2]), targets[name]) for name in got)
        links.place(objects, _KINDS)
    except AudiodvcError as error:
        _log.warning("%s: flavor %s: %s", _name(shelf), last.name, error.what)
        return {}
    else:
        return targets
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _tell(shelf: Shelf, last: Built, counts: tuple[int, int, int]) -> None:
    taken, fitting, wanted = counts
    rest = f", {counted(wanted - taken, 'file')} will be converted" if taken < wanted else ""
    why = "its remote lacks what was built" if fitting else "it was built from other media"
    what = f"{counted(taken, 'file')} as built with it" if taken else why
    _log.info("%s: flavor %s: %s%s", _name(shelf), last.name, what, rest)


def _name(shelf: Shelf) -> str:
    said = shelf.version.identity
    return f"{said.name} {said.place}"
