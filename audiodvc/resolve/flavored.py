"""Conversions in the cache, and what worker processes do with files; they import this and no polars."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import NamedTuple

from audiodvc.adapters import audio, cache, disk
from audiodvc.errors import ConversionError
from audiodvc.model.flavor import Flavor

# Up to so many conversions are looked for one by one, more by listing the folders.
_FEW = 512


class Made(NamedTuple):
    """A conversion by its name, md5 and extension; where its object lies, and the format it gets."""

    name: str
    source: str
    format: str


class Asked(NamedTuple):
    """An object of which nothing is known, by its md5; where it lies, and the file that it is."""

    name: str
    source: str
    file: str


def folder_of(cache_root: str | os.PathLike[str], flavor: Flavor) -> str:
    """Where the conversions of a flavor lie."""
    return f"{os.fspath(cache_root)}/flavored/{flavor.short_id}"


def present(folder: str, names: Collection[str]) -> set[str]:
    """Which conversions of these names, an md5 with an extension, are there already."""
    if len(names) <= _FEW:
        return {name for name in names if os.access(cache.path_of(folder, name), os.F_OK)}
    return cache.present(folder).intersection(names)


def make(folder: str, flavor: Flavor, files: Iterable[Made]) -> list[str]:
    """Convert files; for each why it could not be, empty if it could."""
    return [_problem(folder, flavor, one) for one in files]


def measure(files: Iterable[Asked]) -> list[audio.Probe | str]:
    """What each file is, or why that cannot be told."""
    return [_measured(one) for one in files]


def _problem(folder: str, flavor: Flavor, one: Made) -> str:
    try:
        with cache.making(cache.path_of(folder, one.name)) as temporary:
            audio.convert(one.source, temporary, flavor, one.format)
    except (audio.BrokenAudioError, ConversionError) as error:
        return str(error)
    except OSError as error:
        if error.filename != one.source:
            raise  # the next file could not be written either
        return f"its object: {disk.reason(error)}"
    return ""


def _measured(one: Asked) -> audio.Probe | str:
    try:
        return audio.probe(one.source, one.file)
    except audio.BrokenAudioError:
        return audio.Probe(audio.extension(one.file))  # as `add --allow-broken` writes it to the index
    except OSError as error:
        return disk.reason(error)
