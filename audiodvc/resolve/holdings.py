"""What a cache holds: versions with their materializations, objects, conversions, mirrors, and leftovers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audiodvc.adapters import stock
from audiodvc.adapters.stock import Stored
from audiodvc.resolve import materialize
from audiodvc.resolve.materialize import STATE, Flavored, Version

if TYPE_CHECKING:
    import polars as pl

_FLAVOR = re.compile("[0-9a-f]{8}")
_OBJECT = re.compile(r"(?:files/md5/)?([0-9a-f]{2})/([0-9a-f]{30}(?:\.dir)?)")
_CONVERSION = re.compile(r"([0-9a-f]{8})/([0-9a-f]{2})/([0-9a-f]{30})\.([a-z0-9]+)")
_MIRROR = re.compile(r".+-[0-9a-f]{16}\.git")
# The names that this package gives to what is not finished, or on its way out.
_LEFT = re.compile(r".+\.[0-9a-f]{8,32}\.(?:tmp|gone)(?:\.parquet)?|new-[0-9a-f]{12}")
_DAY = 86_400.0

Conversion = tuple[str, str]
"""The id of a flavor and the md5 of an original."""


@dataclass(frozen=True, slots=True)
class Made:
    """A materialization, and when it was last used; one that was never finished has no state."""

    folder: Path
    used: float
    state: Flavored | None

    @property
    def flavor(self) -> str:
        """The id of the flavor."""
        return self.folder.name


@dataclass(frozen=True, slots=True)
class Held:
    """A version in the cache, with its materializations, and when it was last used."""

    folder: Path
    used: float
    state: Version
    made: tuple[Made, ...]

    def listed(self) -> pl.DataFrame:
        """Its media and attachments: `file`, `md5`, and whether it is an attachment."""
        return materialize.listed(self.folder, ["file", "md5", "attached"])


@dataclass(frozen=True, slots=True)
class Stock:
    """All that is in a cache; `left` are temporary files and folders that nobody has written to for a day."""

    root: Path
    held: tuple[Held, ...]
    objects: Mapping[str, tuple[Stored, ...]]
    conversions: Mapping[Conversion, tuple[Stored, ...]]
    mirrors: tuple[Path, ...]
    left: tuple[Path, ...]


def held(root: Path, name: str = "*", place: str = "*") -> Iterator[Held]:
    """The versions in a cache, or some of them; a folder that is none of ours is left out."""
    for folder in sorted(root.glob(f"{name}/{place}/")):
        parts = folder.relative_to(root).parts
        state = None if any(part.startswith(".") for part in parts) else Version.read(folder)
        if state is not None:
            made = tuple(_made(one) for one in sorted(folder.glob("*/")) if _FLAVOR.fullmatch(one.name))
            yield Held(folder, max([_used(folder), *(one.used for one in made)]), state, made)


def stock_of(root: Path, now: float) -> Stock:
    """Look at all of a cache."""
    objects: defaultdict[str, list[Stored]] = defaultdict(list)
    conversions: defaultdict[Conversion, list[Stored]] = defaultdict(list)
    left: list[Path] = []
    for file in stock.stored(f"{root}/objects"):
        if found := _OBJECT.fullmatch(file.path, len(f"{root}/objects/")):
            objects[found[1] + found[2]].append(file)
        elif _is_left(file.path, file.time, now):
            left.append(Path(file.path))
    for file in stock.stored(f"{root}/flavored"):
        if found := _CONVERSION.fullmatch(file.path, len(f"{root}/flavored/")):
            conversions[found[1], found[2] + found[3]].append(file)
        elif _is_left(file.path, file.time, now):
            left.append(Path(file.path))
    versions = tuple(held(root))
    return Stock(
        root,
        versions,
        {name: tuple(files) for name, files in objects.items()},
        {key: tuple(files) for key, files in conversions.items()},
        tuple(path for path in sorted((root / "git").glob("*.git")) if _MIRROR.fullmatch(path.name)),
        (*left, *dict.fromkeys((*_left_folders(root, now), *_left_within(versions, now)))),
    )


def _made(folder: Path) -> Made:
    return Made(folder, _used(folder), Flavored.read(folder))


def _used(folder: Path) -> float:
    """When a folder was made, changed, or asked for; `get` notes the latter, once a day."""
    return stock.time_of(str(folder / STATE)) or stock.time_of(str(folder))


def _left_folders(root: Path, now: float) -> Iterator[Path]:
    """What killed processes left beside versions, in them, and in mirrors."""
    for pattern in ("*/.*", "*/*/.*", "git/*/new-*"):
        for path in root.glob(pattern):
            if _is_left(path.name, stock.time_of(str(path)), now):
                yield path


def _left_within(versions: Iterable[Held], now: float) -> Iterator[Path]:
    """Links and texts that did not get to their names."""
    for one in versions:
        for file in stock.stored(str(one.folder)):
            if _is_left(file.path, file.time, now):
                yield Path(file.path)


def _is_left(path: str, time: float, now: float) -> bool:
    return _LEFT.fullmatch(path.rpartition("/")[2]) is not None and now - time > _DAY
