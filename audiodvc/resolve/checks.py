"""What there is to check of a version in the cache: its texts, and lists of files for worker processes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from audiodvc.adapters import cache, disk, stock
from audiodvc.errors import AudiodvcError
from audiodvc.model import address, layout, paths
from audiodvc.model.flavor import Flavor
from audiodvc.resolve import convert, database, fetch, flavored, materialize, selected, source, tablefile
from audiodvc.resolve.config import Config
from audiodvc.resolve.holdings import Held
from audiodvc.resolve.materialize import Flavored
from audiodvc.resolve.proof import Hashed, Remade
from audiodvc.resolve.source import Source

_MARK = b"\xef\xbb\xbf"
_ROOM = 1 << 16
ALTERED = "has other bytes than it should"


class Fault(NamedTuple):
    """A text that is not what it should be."""

    path: str
    message: str


class File(NamedTuple):
    """A media file of a materialization: its own name, where it lies, and what it was made of."""

    name: str
    path: str
    md5: str
    target: str
    """The format that it was converted to; empty for the object as it is."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where objects and conversions lie, in a cache and in the one that is shared."""

    config: Config

    def objects(self, md5: str) -> list[str]:
        """Where an object of the cache may be; DVC 2 kept it elsewhere."""
        own = fetch.objects_of(str(self.config.cache_root))
        return [cache.path_of(own, md5), cache.path_of(cache.old_place(own), md5)]

    def find(self, md5: str) -> str:
        """Where an object is; empty if it is nowhere."""
        shared = self.config.shared_cache_root
        more = [] if shared is None else [cache.path_of(fetch.objects_of(str(shared)), md5)]
        return next((place for place in (*self.objects(md5), *more) if stock.exists(place)), "")

    def conversion(self, flavor: Flavor, md5: str, target: str) -> str:
        """Where a conversion of the cache is, or would be."""
        return cache.path_of(flavored.folder_of(self.config.cache_root, flavor), f"{md5}.{target}")

    def taken(self, flavor: Flavor, one: File) -> list[Hashed]:
        """What was built with a dataset and taken for a file, of which its own name says the md5."""
        roots = [self.config.cache_root, self.config.shared_cache_root]
        found = (
            path
            for root in roots
            if root is not None and one.target
            for path in stock.beginning(cache.path_of(flavored.folder_of(root, flavor), f"{one.md5}."))
        )
        named = [Hashed(path, path.rpartition(".")[2]) for path in found]
        return [made for made in named if paths.valid_md5(made.md5)]

    def kept(self, flavor: Flavor, one: File) -> str:
        """Where that lies of which a file is a link or a copy."""
        return self.conversion(flavor, one.md5, one.target) if one.target else self.find(one.md5)


def files(held: Held, made: Flavored) -> list[File]:
    """The media of a materialization: all of a complete one, of another those that are there."""
    rows, flavor = held.state.media, made.flavor
    if not made.complete:
        rows = _there(held, made, rows)
    planned = convert.plan(rows, flavor).select("file", "destination", "md5", "target")
    return [
        File(file, f"{made.folder}/{name}", md5, target or "")
        for file, name, md5, target in planned.iter_rows()
    ]


def proofs(found: Sequence[File], flavor: Flavor, places: Places) -> Iterator[Hashed | Remade]:
    """What has to be read for files: what they are links to, and those that are copies."""
    for one in found:
        taken = places.taken(flavor, one)
        if taken and not stock.exists(places.kept(flavor, one)):
            same = next((made for made in taken if stock.is_same(one.path, made.path)), None)
            yield from [same] if same else [taken[0], Hashed(one.path, taken[0].md5)]
            continue
        kept = places.kept(flavor, one)
        if kept and stock.exists(kept):
            yield _proof(kept, one, flavor, places)
        if not (kept and stock.is_same(one.path, kept)):
            yield _proof(one.path, one, flavor, places)


def attached(held: Held) -> Iterator[Hashed]:
    """The attachments that are DVC objects, where they lie with their version."""
    for file, md5, old in held.state.attached.select("file", "md5", "old").iter_rows():
        if (held.folder / file).exists():
            yield Hashed(f"{held.folder}/{file}", md5, old)


def texts(held: Held, config: Config) -> list[Fault] | None:
    """What is wrong with header, tables and attachments from git; None if the repository is not at hand."""
    try:
        entries = _entries(held, config)
    except AudiodvcError:
        return None
    if entries is None:
        return None
    names = [layout.HEADER, *(f"db.{name}.csv" for name in held.state.tables)]
    some = [file for listed in held.state.attachments.values() for file in listed]
    names += [file for file in some if file in entries and (held.folder / file).exists()]
    return [
        Fault(str(held.folder / name), fault)
        for name in names
        if name in entries and (fault := _text(held.folder / name, entries[name][1]))
    ]


def copies(held: Held) -> Iterator[Fault]:
    """Tables in parquet that do not say what their text says."""
    found = [name for name in held.state.tables if (held.folder / f"db.{name}.parquet").exists()]
    header = database.load_header(held.folder) if found else {}
    for name in found:
        path = held.folder / f"db.{name}.parquet"
        with TemporaryDirectory(prefix="audiodvc-") as folder:
            place = Path(folder, f"db.{name}")
            place.with_name(f"db.{name}.csv").symlink_to((held.folder / f"db.{name}.csv").absolute())
            tablefile.read(place, header[name])
            new = place.with_name(path.name)
            if not new.exists():  # where there is no room to make one, that says nothing of the copy
                disk.write(place.with_name("room"), bytes(2 * path.stat().st_size + _ROOM))
            if not (new.exists() and stock.is_alike(path, new)):
                yield Fault(str(path), "does not say what the text of the table says")


def flavored_texts(held: Held, made: Flavored) -> Iterator[Fault]:
    """Header, tables and attachments of a materialization that are not those of its version."""
    for name in (file for some in held.state.attachments.values() for file in some):
        mine, theirs = made.folder / name, held.folder / name
        if mine.exists() and theirs.exists() and not stock.is_same(str(mine), str(theirs)):
            yield from _altered(mine, theirs)
    names = [layout.HEADER, *(f"db.{name}.csv" for name in held.state.tables)]
    apart = [name for name in names if not stock.is_same(f"{made.folder}/{name}", f"{held.folder}/{name}")]
    if not apart:
        return
    with TemporaryDirectory(prefix="audiodvc-") as folder:
        twin = Flavored(Path(folder), made.identity, made.flavor, complete=False)
        renamed = selected.renamed(held.state, made.flavor)
        materialize.write_texts(held.state, twin, renamed, ("symlink",))
        for name in apart:
            yield from _altered(made.folder / name, twin.folder / name)


def _altered(path: Path, like: Path) -> Iterator[Fault]:
    if not path.exists():
        yield Fault(str(path), "is not there")
    elif not stock.is_alike(path, like):
        yield Fault(str(path), ALTERED)


def _there(held: Held, made: Flavored, rows: pl.DataFrame) -> pl.DataFrame:
    renamed = selected.renamed(held.state, made.flavor)
    names = rows["file"].replace(renamed["file"], renamed["destination"])
    there = [
        os.path.lexists(f"{made.folder}/{name}") or os.path.lexists(f"{made.folder}/{file}")
        for file, name in zip(rows["file"], names, strict=True)
    ]
    return rows.filter(pl.Series(there, dtype=pl.Boolean))


def _proof(path: str, one: File, flavor: Flavor, places: Places) -> Hashed | Remade:
    if one.target:
        return Remade(path, places.find(one.md5), flavor, one.target)
    return Hashed(path, one.md5, old=places.find(one.md5) != places.objects(one.md5)[0])


def _entries(held: Held, config: Config) -> dict[str, tuple[str, str]] | None:
    """The files of the commit, as far as they can be listed without asking anybody."""
    said = held.state.identity
    where = address.parse(said.source)
    mirror = source.mirror(Source(said.name, where), config)
    return mirror.entries(said.commit, where.folder) if mirror.has(said.commit) else None


def _text(path: Path, blob: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return "is not there"
    # A header is kept without the mark that it may begin with.
    return "" if blob in (_blob(data, blob), _blob(_MARK + data, blob)) else ALTERED


def _blob(data: bytes, like: str) -> str:
    """The name that git gives to a text, of the kind of another name."""
    new = hashlib.sha256 if len(like) == 64 else hashlib.sha1  # noqa: PLR2004 - the digits of a sha256
    return new(b"blob %d\0" % len(data) + data).hexdigest()
