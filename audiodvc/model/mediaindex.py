"""The media index: one line per media file, with what its header said."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable
from typing import NamedTuple

from audiodvc.errors import FormatError

FIELDS = ("file", "md5", "size", "format", "channels", "sampling_rate", "bit_depth", "duration")
SUFFIX = ".media.csv"


class Media(NamedTuple):
    """One line of a media index, as text; empty where a field does not apply."""

    file: str
    md5: str
    size: str
    format: str
    channels: str = ""
    sampling_rate: str = ""
    bit_depth: str = ""
    duration: str = ""


class DirectoryObject(NamedTuple):
    """What DVC keeps for a folder: the sorted list of its files, named by its own md5."""

    name: str
    data: bytes


def parse(data: bytes, path: str) -> list[Media]:
    """The lines of an index; anything that is not one is an error with its place."""
    hint = "`git checkout` it, or remove it and add the media again"
    try:
        rows = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
        first, *media = map(tuple, rows) if data else [()]
        if first != FIELDS:
            raise FormatError(f"{path}:1: the first line is not {','.join(FIELDS)}", hint=hint)
        return [Media._make(row) for row in media]
    except (TypeError, UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{path} is no media index: {error}", hint=hint) from error


def dump(media: Iterable[Media]) -> bytes:
    """The canonical text of an index."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows(sorted(media))
    return text.getvalue().encode("utf-8")


def directory_object(files: Iterable[tuple[str, str]]) -> DirectoryObject:
    """The directory object of a folder, from (path in the folder, md5) of its files."""
    entries = [{"md5": md5, "relpath": path} for path, md5 in sorted(files)]
    data = json.dumps(entries).encode("ascii")
    return DirectoryObject(hashlib.md5(data, usedforsecurity=False).hexdigest() + ".dir", data)


def total_size(media: Iterable[Media]) -> int:
    """The size of all files, in bytes."""
    return sum(int(entry.size) for entry in media)


def line(file: str, md5: str, size: int, fields: Iterable[float | str | None]) -> Media:
    """The line of a file, from the values of its fields in their order."""
    return Media(file, md5, str(size), *("" if value is None else str(value) for value in fields))
