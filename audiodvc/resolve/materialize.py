"""Folders of the cache: a version with its texts, and in it the media of each flavor.

A file that is in its place is whole. The state of a folder is written last, so that a folder without one was
left by a process that did not come to its end, and is made again or gone on with.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Self

import polars as pl

from audiodvc.adapters import cache, disk, links, shared
from audiodvc.errors import AudiodvcError
from audiodvc.model import layout, paths, table
from audiodvc.model.flavor import Flavor
from audiodvc.progress import Advance
from audiodvc.resolve import state
from audiodvc.resolve.plan import MEDIA, Plan

STATE = layout.STATE
LISTED = ".media.parquet"

_VERSION, _FLAVOR = "audiodvc.version/v1", "audiodvc.flavor/v1"
_INCOMPLETE = (LookupError, TypeError, AttributeError, ValueError)


@dataclass(frozen=True, slots=True)
class Identity:
    """Which state of which dataset: the name in the cache, where it comes from, version and commit."""

    name: str
    source: str
    version: str | None
    commit: str

    @property
    def place(self) -> str:
        """What a person calls this state, and its folder: the version, or the beginning of the commit."""
        return self.version or self.commit[:12]


@dataclass(frozen=True, slots=True)
class Version:
    """The texts of a dataset at a commit, in a folder of the cache."""

    folder: Path
    identity: Identity
    tables: tuple[str, ...]
    misc: frozenset[str]
    attachments: Mapping[str, tuple[str, ...]]
    erased: tuple[str, ...]

    @property
    def media(self) -> pl.DataFrame:
        """A line for each media file, as MEDIA says."""
        return listed(self.folder).filter(~pl.col("attached")).drop("attached")

    @property
    def attached(self) -> pl.DataFrame:
        """A line for each attachment that is a DVC object."""
        return listed(self.folder).filter(pl.col("attached")).drop("attached")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The version in a folder; None if there is none that was finished."""
        said = _read(folder, _VERSION)
        with suppress(*_INCOMPLETE):
            found = cls(
                folder,
                Identity(said["name"], said["source"], said["version"], said["commit"]),
                tuple(said["tables"]),
                frozenset(said["misc"]),
                {name: tuple(files) for name, files in said["attachments"].items()},
                tuple(said["erased"]),
            )
            # Others may write to a shared cache.
            named = (*found.tables, *found.erased, *chain.from_iterable(found.attachments.values()))
            return None if any(paths.leaves(name) for name in named) else found
        return None


@dataclass(frozen=True, slots=True)
class Flavored:
    """A materialization: a version in a flavor, and whether all of its media are there."""

    folder: Path
    identity: Identity
    flavor: Flavor
    complete: bool

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The materialization in a folder; None if nothing was finished there."""
        said = _read(folder, _FLAVOR)
        with suppress(*_INCOMPLETE):
            identity = Identity(said["name"], said["source"], said["version"], said["commit"])
            return cls(folder, identity, Flavor(**said["flavor"]), bool(said["complete"]))
        return None


def listed(folder: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The media and attachments of a version; `attached` tells which a line is of."""
    try:
        return pl.read_parquet(folder / LISTED, columns=list(columns) if columns else None, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise AudiodvcError(
            f"the list of media in {folder} cannot be read", hint="`audiodvc verify --repair` mends it"
        ) from error


def write_version(folder: Path, identity: Identity, plan: Plan) -> Version:
    """Put the texts of a version into a folder; what was there for another commit goes."""
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
    shared.make(temporary)
    try:
        _put(temporary / layout.HEADER, plan.header.document.text.encode())
        for name, data in plan.tables.items():
            _put(temporary / f"db.{name}.csv", data)
        list_ = _list_of(plan)
        _put(temporary / LISTED, list_)
        found = {
            "schema": _VERSION,
            **asdict(identity),
            "tables": list(plan.tables),
            "misc": [name for name in plan.tables if plan.header.tables[name].kind == "misc"],
            "attachments": plan.attachments,
            "files": plan.media.height,
            "erased": plan.erased["file"].to_list(),
            "listed": _md5(list_),
        }
        state.write(temporary, found)
        _replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    version = Version.read(folder)
    assert version is not None, folder  # noqa: S101 - it was renamed there just now
    return version


def write_attachment(version: Version, path: str, data: bytes) -> None:
    """Put an attachment that is in git into the folder of its version."""
    target = version.folder / path
    disk.refuse_link(version.folder, target)
    shared.make(target.parent)
    with _whole(target) as temporary:
        _put(temporary, data)


def write_measured(version: Version, measured: pl.DataFrame) -> None:
    """Keep what was read from objects of which no index says anything."""
    whole = listed(version.folder)
    rest = whole.join(measured.select("file"), on="file", how="anti")
    new = measured.select(MEDIA.names()).with_columns(attached=pl.lit(value=False))
    _relist(version, state.read(version.folder), pl.concat([rest, new]).sort("file"))


def forget(version: Version, keys: pl.DataFrame) -> Version:
    """Take files out of a version that were erased: `file` and `md5` of each, with the bytes that it had."""
    whole = listed(version.folder)
    gone = whole.join(keys, on=["file", "md5"], how="semi")
    if gone.is_empty():
        return version
    erased = sorted({*version.erased, *gone.filter(~pl.col("attached"))["file"]})
    left = whole.join(keys, on=["file", "md5"], how="anti", maintain_order="left")
    lost = set(gone.filter("attached")["file"])
    said = state.read(version.folder)
    said["erased"], said["files"] = erased, left.filter(~pl.col("attached")).height
    said["attachments"] = {
        name: [file for file in files if file not in lost] for name, files in version.attachments.items()
    }
    _relist(version, said, left)
    for file in lost:
        (version.folder / file).unlink(missing_ok=True)
    return Version.read(version.folder) or version


def is_listed(version: Version) -> bool:
    """Whether the list of media is the one that was written."""
    return cache.md5_of(str(version.folder / LISTED)) == state.read(version.folder).get("listed")


def _relist(version: Version, said: dict[str, Any], media: pl.DataFrame) -> None:
    """Write another list of media, and in the state what else is new."""
    data = _bytes(media)
    # In this order: whoever is killed in between finds the lines again, and says it again.
    state.write(version.folder, {**said, "listed": _md5(data)})
    with _whole(version.folder / LISTED) as temporary:
        _put(temporary, data)


def clear(version: Version, flavored: Flavored, renamed: pl.DataFrame, gone: Iterable[str]) -> None:
    """Take files out of a materialization, and the rows of what was erased out of its tables."""
    for name in gone:
        (flavored.folder / name).unlink(missing_ok=True)
    for file in (f"db.{name}.csv" for name in version.tables if name not in version.misc):
        text = _rewritten(version.folder / file, renamed, version.erased)
        if text is not None and disk.read(flavored.folder / file) not in (None, text):
            with _whole(flavored.folder / file) as temporary:
                _put(temporary, text)


def begin(version: Version, flavor: Flavor) -> Flavored:
    """The folder of a flavor, with or without what an earlier call brought."""
    folder = version.folder / flavor.short_id
    shared.make(folder)
    known = Flavored.read(folder)
    return known or Flavored(folder, version.identity, flavor, complete=False)


def write_texts(version: Version, flavored: Flavored, renamed: pl.DataFrame, kinds: Sequence[str]) -> None:
    """Header and tables of a flavor; `renamed` are media whose `destination` is not their `file`."""
    same = [layout.HEADER]
    for name in version.tables:
        file = f"db.{name}.csv"
        if (flavored.folder / file).exists():
            continue
        is_misc = name in version.misc
        text = None if is_misc else _rewritten(version.folder / file, renamed, version.erased)
        if text is None:
            same.append(file)
        else:
            with _whole(flavored.folder / file) as temporary:
                _put(temporary, text)
    links.place(((str(version.folder / name), str(flavored.folder / name)) for name in same), kinds)


def place(
    files: Iterable[tuple[str, str]],
    flavored: Flavored,
    kinds: Sequence[str],
    advance: Advance = lambda _: None,
) -> None:
    """Link files into a materialization: where each lies, and what it is called there."""
    root = str(flavored.folder)
    links.place(((source, f"{root}/{name}") for source, name in files), kinds, advance, root=root)


def finish(flavored: Flavored, *, complete: bool) -> Flavored:
    """Write down what a materialization is, and whether it lacks nothing."""
    said = {
        "schema": _FLAVOR,
        **asdict(flavored.identity),
        "flavor": flavored.flavor.parameters,
        "flavor_id": flavored.flavor.short_id,
        "complete": complete,
    }
    state.write(flavored.folder, said)
    return Flavored(flavored.folder, flavored.identity, flavored.flavor, complete)


def _read(folder: Path, schema: str) -> dict[str, Any]:
    """The state of a folder; what another release wrote says nothing."""
    said = state.read(folder)
    return said if said.get("schema") == schema else {}


def _list_of(plan: Plan) -> bytes:
    media = plan.media.select(MEDIA.names()).with_columns(attached=pl.lit(value=False))
    attached = plan.attached.select(MEDIA.names()).with_columns(attached=pl.lit(value=True))
    return _bytes(pl.concat([media, attached]))


def _bytes(frame: pl.DataFrame) -> bytes:
    # Into memory first: polars, writing to a full disk, raises an error of its own.
    data = io.BytesIO()
    frame.write_parquet(data, compression="zstd", compression_level=1)
    return data.getvalue()


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _rewritten(path: Path, renamed: pl.DataFrame, erased: Sequence[str]) -> bytes | None:
    """A table whose files have other names or are gone; None if it stays as it is."""
    if renamed.is_empty() and not erased:
        return None
    read = table.parse(path.read_bytes(), path.name)
    if read.columns[:1] != ("file",):
        return None
    files = read.frame["c0"]
    kept = ~files.is_in(list(erased))
    new = files.replace(renamed["file"], renamed["destination"])
    if kept.all() and new.equals(files):
        return None
    return table.dump(read.columns, read.frame.with_columns(new).filter(kept))


def _put(path: Path, data: bytes) -> None:
    with disk.naming(path):
        path.write_bytes(data)
    path.chmod(cache.OBJECT_MODE)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _replace(new: Path, folder: Path) -> None:
    """Let a folder take the place of another, which is gone at once for whoever looks anew."""
    gone = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.gone")
    if folder.exists():
        folder.rename(gone)
    new.rename(folder)
    shutil.rmtree(gone, ignore_errors=True)
