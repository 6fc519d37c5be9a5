"""What worker processes do to build a flavor; they import this and no polars."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from audiodvc.adapters import arrivals, audio, cache, disk
from audiodvc.adapters.arrivals import Want
from audiodvc.adapters.audio import Probe
from audiodvc.errors import ConversionError
from audiodvc.model.flavor import Flavor


class Task(NamedTuple):
    """A file to convert: its md5, where its object lies, whether DVC 2 put it there, and the new format."""

    file: str
    md5: str
    source: str
    old: bool
    format: str


class Product(NamedTuple):
    """An object that was made: its md5, its size, and what it is."""

    md5: str
    size: int
    probe: Probe


def make(objects: str, flavor: Flavor, tasks: Iterable[Task]) -> list[Product | str]:
    """Convert files into objects of a cache; for each what came of it, or why it could not be."""
    return [made(objects, flavor, task) for task in tasks]


def made(objects: str, flavor: Flavor, task: Task) -> Product | str:
    """Convert a file into an object of a cache; why it could not be, if so."""
    arrivals.prepare(objects, [Want(task.md5)])
    temporary = Path(f"{cache.path_of(objects, task.md5)}.{secrets.token_hex(6)}.tmp")
    try:
        audio.convert(task.source, str(temporary), flavor, task.format)
        probe, size = audio.probe(str(temporary), f"x.{task.format}"), temporary.stat().st_size
        return Product(cache.become(objects, str(temporary)), size, probe)
    except (audio.BrokenAudioError, ConversionError) as error:
        return str(error)
    except OSError as error:
        if error.filename != task.source:
            raise arrivals.unwritable(objects, error) from error  # the next file could not be written either
        return f"its object: {disk.reason(error)}"
    finally:
        temporary.unlink(missing_ok=True)
