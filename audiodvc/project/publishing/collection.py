"""The media of a folder that is published: what each file is now, and what was known of it before."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from audiodvc.adapters import audio, disk
from audiodvc.adapters.disk import Entry
from audiodvc.adapters.pool import Pool
from audiodvc.errors import PublishError
from audiodvc.model import mediaindex
from audiodvc.model.mediaindex import FIELDS, Media
from audiodvc.progress import Progress
from audiodvc.project.ingest import WORTH_WORKERS, Ingested, Wanted, ingest
from audiodvc.words import counted

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of files: their lines in the version before, and what was erased of them."""

    rows: Mapping[str, Media] = field(default_factory=dict)
    erased: Collection[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Collected:
    """The lines of all files as they will be, and where the bytes are that were not known before, by md5."""

    rows: Mapping[str, Media] = field(default_factory=dict)
    new: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read: into which folder of objects (asked for when there is one), and by how many."""

    objects: Callable[[], str]
    workers: int
    progress: Progress
    is_lenient: bool = False


def known(frames: Iterable[pl.DataFrame]) -> dict[str, Media]:
    """The lines of files of a version; of those that no index lists nothing but the md5 is known."""
    return {row[0]: Media._make(row) for frame in frames for row in _texts(frame).rows()}


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The cells of an index; a float is what Python makes of it."""
    durations = ["" if value is None else str(value) for value in frame["duration"]]
    cells = frame.select(pl.col(FIELDS[:-1]).cast(pl.String).fill_null(""))
    return cells.with_columns(pl.Series("duration", durations, pl.String))


def collect(root: Path, names: Sequence[str], before: Known, reading: Reading) -> Collected:
    """Read what is in the folder; what is not there is as it was."""
    here = _present(root, names)
    _refuse_missing(root, [name for name in names if name not in here and name not in before.rows])
    if not reading.is_lenient:
        _refuse_upper([name for name in names if name in here and name not in before.rows])
    done = _read(root, [name for name in names if name in here], before, reading)
    _refuse_broken(done, is_lenient=reading.is_lenient)
    rows = {name: before.rows[name] for name in names if name not in here}
    new: dict[str, str] = {}
    for file in done:
        old = before.rows.get(file.name)
        if old is not None and old.md5 == file.md5 and old.size:
            rows[file.name] = old
            continue
        rows[file.name] = mediaindex.line(file.name, file.md5, file.entry.size, file.probe)
        new[file.md5] = file.entry.path
    _refuse_erased(rows, before.erased)
    return Collected(rows, new, _notes(done))


def _present(root: Path, names: Iterable[str]) -> set[str]:
    """Which files are in the folder: a listing of each of their folders, not a question a file."""
    found: set[str] = set()
    for folder in {name.rpartition("/")[0] for name in names}:
        try:
            inside = os.listdir(root / folder)  # noqa: PTH208 - plain strings, for very many files
        except (FileNotFoundError, NotADirectoryError):
            continue
        found.update(f"{folder}/{one}" if folder else one for one in inside)
    return found.intersection(names)


def _read(root: Path, names: Sequence[str], before: Known, reading: Reading) -> list[Ingested]:
    """Hash all files; of new and changed ones the bytes are brought, and the headers read."""
    if not names:
        return []
    wanted = [_wanted(disk.look(f"{root}/{name}"), name, before.rows.get(name)) for name in names]
    faults = [f"{one.name}: {one.entry.problem}" for one in wanted if one.entry.problem]
    if faults:
        raise PublishError(f"{counted(len(faults), 'file')} cannot be read", details=faults[:SHOWN])
    done: list[Ingested] = []
    with reading.progress("reading media", len(wanted)) as advance, ExitStack() as stack:
        many = reading.workers > 1 and len(wanted) >= WORTH_WORKERS
        pool = stack.enter_context(Pool(min(reading.workers, len(wanted)))) if many else None
        for chunk in ingest(reading.objects(), "copy", wanted, pool):
            done += chunk
            advance(len(chunk))
    return done


def _wanted(entry: Entry, name: str, old: Media | None) -> Wanted:
    return Wanted(name, entry, old=old.md5 if old is not None and old.size else "")


def _refuse_missing(root: Path, names: Sequence[str]) -> None:
    if names:
        what = f"{counted(len(names), 'file')} that tables name {'is' if len(names) == 1 else 'are'}"
        raise PublishError(
            f"{what} neither in {root} nor in the version before",
            hint="put them there, or take their rows out",
            details=_some(names),
        )


def _refuse_upper(names: Iterable[str]) -> None:
    upper = [name for name in names if (end := name.rpartition("/")[2].rpartition(".")[2]) != end.lower()]
    upper = [name for name in upper if "." in name.rpartition("/")[2]]
    if upper:
        what = f"{counted(len(upper), 'new file')} with an extension that is not in lower case"
        raise PublishError(what, hint="rename them, in the tables too", details=_some(upper))


def _refuse_broken(done: Iterable[Ingested], *, is_lenient: bool) -> None:
    broken = sorted(
        f"{one.name}: {one.problem}" for one in done if one.problem and not (is_lenient and one.md5)
    )
    if broken:
        raise PublishError(f"{counted(len(broken), 'file')} cannot be read", details=_some(broken))


def _refuse_erased(rows: Mapping[str, Media], erased: Collection[tuple[str, str]]) -> None:
    gone = sorted(name for name, row in rows.items() if (name, row.md5) in erased) if erased else []
    if gone:
        raise PublishError(
            f"{counted(len(gone), 'file')} of the folder {_was(gone)} erased from all versions",
            hint="take them out, with their rows",
            details=_some(gone),
        )


def _was(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"


def _notes(done: Iterable[Ingested]) -> tuple[str, ...]:
    films = sum(audio.is_video(one.name) for one in done if one.probe.format)
    if films and not audio.video_available():
        return (f"{counted(films, 'video file')} not probed: that takes audiodvc[video]",)
    return ()


def _some(names: Sequence[str]) -> list[str]:
    more = [f"… and {len(names) - SHOWN:,} more"] if len(names) > SHOWN else []
    return [*names[:SHOWN], *more]
