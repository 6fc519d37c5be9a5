"""Flavored media: which files are converted and to what, and their conversions in the cache."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import polars as pl

from audiodvc.adapters import disk, shared
from audiodvc.adapters.audio import Probe
from audiodvc.adapters.crew import careful
from audiodvc.adapters.pool import Died, Pool
from audiodvc.errors import ConversionError
from audiodvc.model.conversion import Sound, decide, is_sound
from audiodvc.model.flavor import Flavor
from audiodvc.progress import Progress
from audiodvc.resolve import flavored
from audiodvc.resolve.config import Config
from audiodvc.resolve.flavored import Asked, Made
from audiodvc.rules.flavors import destination
from audiodvc.words import counted

File = TypeVar("File", Asked, Made)
Result = TypeVar("Result")
Locate = Callable[[str], "str | os.PathLike[str]"]
"""Where the object of an md5 lies."""
Workers = Callable[[int], AbstractContextManager[Pool]]
"""So many worker processes, which may be there already and stay."""

_PROPERTIES = ("format", "channels", "sampling_rate", "bit_depth")
_EXTENSION = r"(?s)^(?:.*/)?\.*[^/.][^/]*\.([^/.]*)$"
_log = logging.getLogger("audiodvc")

_CRASHED = "the audio library crashed on it"
_NAMED = 20

# A share is small enough that all workers end at about the same time, and large enough that sending
# it costs nothing.
_SHARES_PER_WORKER = 4
_SHARE_FILES = 64
_SHARE_BYTES = 16 * 2**20


def plan(rows: pl.DataFrame, flavor: Flavor) -> pl.DataFrame:
    """What becomes of each file: `file, md5, destination, target`; no target for what stays as it is.

    Raises what can be said before anything is fetched or written: files that cannot be what is asked
    for, and files that would get the same name. Files without a format are only known when they are
    here (see `measured`).
    """
    if flavor == Flavor():
        return rows.select("file", "md5", destination="file", target=pl.lit(""))
    keys = [*_PROPERTIES, "extension"]
    extension = pl.col("file").str.extract(_EXTENSION).str.to_lowercase().fill_null("")
    known = rows.select("file", "md5", *_PROPERTIES, extension=extension)
    kinds = _decided(known.select(keys).unique(), flavor)
    decided = known.join(kinds, on=keys, how="left", nulls_equal=True, maintain_order="left")
    _refuse(decided.filter(pl.col("refusal") != ""))
    renamed = pl.when("is_sound").then(destination(flavor.format)).otherwise("file")
    planned = decided.select("file", "md5", "target", destination=renamed)
    _refuse_collisions(planned)
    return planned


def convert(  # noqa: PLR0913, PLR0917 - each is its own thing, and used once
    rows: pl.DataFrame,
    flavor: Flavor,
    config: Config,
    locate: Locate,
    progress: Progress,
    num_workers: int = 1,
    pool: Workers = Pool,
) -> pl.DataFrame:
    """Make what a flavor needs, and say where it is: `file, md5, destination, path`.

    A path that is null stands for the object as it is. What can be converted is converted before
    anything that cannot becomes an error.
    """
    if flavor != Flavor():
        rows = measured(rows, locate, progress, num_workers)
    name = pl.when(pl.col("target") != "").then(pl.concat_str("md5", pl.lit("."), "target"))
    planned = plan(rows, flavor).with_columns(name=name)
    wanted = planned.drop_nulls("name").unique("name", maintain_order=True)
    theirs, ours = (
        _present(root, flavor, wanted["name"]) for root in (config.shared_cache_root, config.cache_root)
    )
    missing = wanted.filter(~pl.col("name").is_in(theirs.implode()) & ~pl.col("name").is_in(ours.implode()))
    files = [
        Made(name, os.fspath(locate(md5)), target)
        for name, md5, target in missing.select("name", "md5", "target").iter_rows()
    ]
    problems = _make(
        files, flavored.folder_of(config.cache_root, flavor), flavor, _Crew(progress, num_workers, pool)
    )
    _raise(planned.select("file", "name"), problems)
    if files:
        _log.info("%s converted here", counted(len(files), "file"))
    shared = pl.col("name").is_in(theirs.implode())
    path = (
        pl.when(shared)
        .then(_path(config.shared_cache_root, flavor))
        .otherwise(_path(config.cache_root, flavor))
    )
    return planned.select("file", "md5", "destination", path=path)


def measured(rows: pl.DataFrame, locate: Locate, progress: Progress, num_workers: int = 1) -> pl.DataFrame:
    """The same rows, with the properties of those without a format, read from their objects."""
    unknown = rows.filter(pl.col("format").is_null()).select("file", "md5")
    asked = unknown.unique("md5", keep="first", maintain_order=True)
    files = [Asked(md5, os.fspath(locate(md5)), file) for file, md5 in asked.iter_rows()]
    crew = _Crew(progress, num_workers)
    found: dict[str, Probe] = {}
    problems: dict[str, str] = {}
    for one, done in crew.done("measuring", flavored.measure, files):
        if isinstance(done, str):
            problems[one.name] = done
        else:
            found[one.name] = done
    _raise(unknown.select("file", name="md5"), problems)
    return _filled(rows, found)


def _decided(kinds: pl.DataFrame, flavor: Flavor) -> pl.DataFrame:
    """A decision for each kind of file, of which there are few, however many files there are."""
    sounds = [(Sound(*properties), extension) for *properties, extension in kinds.iter_rows()]
    decisions = [decide(flavor, sound, extension) for sound, extension in sounds]
    return kinds.with_columns(
        pl.Series("is_sound", [is_sound(sound) for sound, _ in sounds], pl.Boolean),
        pl.Series("target", [one.target for one in decisions], pl.String),
        pl.Series("refusal", [one.refusal for one in decisions], pl.String),
    )


def _refuse(refused: pl.DataFrame) -> None:
    if not refused.is_empty():
        lines = refused.select(pl.concat_str("file", pl.lit(": "), "refusal")).to_series()
        raise _error(
            f"{_files(refused.height)} cannot be what is asked for",
            lines,
            hint="leave them out, or ask for another flavor",
        )


def _refuse_collisions(planned: pl.DataFrame) -> None:
    twice = planned.filter(pl.col("destination").is_duplicated())
    if not twice.is_empty():
        named = twice.group_by("destination", maintain_order=True).agg(pl.col("file").str.join(", "))
        lines = named.select(pl.concat_str("file", pl.lit(" would all be "), "destination")).to_series()
        raise _error(
            f"{_files(twice.height)} would not keep names of their own",
            lines,
            hint="select one of each, or ask for no format",
        )


def _present(cache_root: Path | None, flavor: Flavor, names: pl.Series) -> pl.Series:
    there = flavored.present(flavored.folder_of(cache_root, flavor), names.to_list()) if cache_root else ()
    return pl.Series(list(there), dtype=pl.String)


def _path(cache_root: Path | None, flavor: Flavor) -> pl.Expr:
    name, folder = pl.col("name"), flavored.folder_of(cache_root or "", flavor)
    return pl.concat_str(pl.lit(f"{folder}/"), name.str.head(2), pl.lit("/"), name.str.slice(2))


def _make(files: Sequence[Made], folder: str, flavor: Flavor, crew: _Crew) -> dict[str, str]:
    """Convert what is missing; why some could not be, by their names."""
    for prefix in {one.name[:2] for one in files}:
        shared.make(f"{folder}/{prefix}")
    done = crew.done("converting", partial(flavored.make, folder, flavor), files)
    try:
        return {one.name: problem for one, problem in done if problem}
    except OSError as error:
        what = f"{folder} cannot be written: {disk.reason(error)}"
        raise ConversionError(what, hint="make room there, and try again: what is converted stays") from error


class _Crew(NamedTuple):
    """Worker processes, and who is told how far they are."""

    progress: Progress
    num_workers: int
    pool: Workers = Pool

    def done(
        self, what: str, work: Callable[[Sequence[File]], Sequence[Result]], files: Sequence[File]
    ) -> Iterator[tuple[File, Result | str]]:
        """Each file with its result; a crash is a text that says so."""
        if not files:
            return
        workers = max(1, min(self.num_workers, len(files)))
        shares = _shares(files, workers)  # while the workers start
        with self.pool(workers) as pool, self.progress(what, len(files)) as advance:
            for one, done in careful(pool, work, shares):
                yield one, _CRASHED if isinstance(done, Died) else done
                advance(1)


def _shares(files: Sequence[File], num_workers: int) -> Iterator[list[File]]:
    most = max(1, min(_SHARE_FILES, len(files) // (_SHARES_PER_WORKER * num_workers)))
    share: list[File] = []
    size = 0
    for one in files:
        if len(share) == most or size > _SHARE_BYTES:
            yield share
            share, size = [], 0
        share.append(one)
        size += disk.look(one.source).size
    yield share


def _filled(rows: pl.DataFrame, found: Mapping[str, Probe]) -> pl.DataFrame:
    fields = [name for name in Probe._fields if name in rows.columns]
    known = pl.DataFrame(
        {"md5": list(found)} | {name: [getattr(one, name) for one in found.values()] for name in fields},
        schema={"md5": pl.String} | {name: rows.schema[name] for name in fields},
    )
    joined = rows.join(known, on="md5", how="left", suffix=" found", maintain_order="left")
    whole = [pl.coalesce(name, f"{name} found").alias(name) for name in fields]
    return joined.select(*[name for name in rows.columns if name not in fields], *whole).select(rows.columns)


def _raise(files: pl.DataFrame, problems: Mapping[str, str]) -> None:
    """Name the files that stand for objects or conversions with problems."""
    if not problems:
        return
    told = pl.DataFrame({"name": list(problems), "problem": list(problems.values())})
    named = files.join(told, on="name", how="inner", maintain_order="left")
    lines = named.select(pl.concat_str("file", pl.lit(": "), "problem")).to_series()
    raise _error(f"{_files(named.height)} cannot be converted", lines, hint="leave them out to go on")


def _error(what: str, lines: pl.Series, *, hint: str = "") -> ConversionError:
    more = [f"… and {len(lines) - _NAMED} more"] if len(lines) > _NAMED else []
    return ConversionError(what, hint=hint, details=[*lines.head(_NAMED), *more])


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
