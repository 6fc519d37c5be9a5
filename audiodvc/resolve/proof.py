"""What worker processes do for `verify`; they import this and no polars."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from audiodvc.adapters import arrivals, audio, cache, disk, stock
from audiodvc.adapters.arrivals import Fault, Want
from audiodvc.errors import AudiodvcError, ConversionError
from audiodvc.model.flavor import Flavor


class Hashed(NamedTuple):
    """A file, and the md5 that its bytes have to have; of `old` ones DVC 2 may have hashed the lines."""

    path: str
    md5: str
    old: bool = False


class Remade(NamedTuple):
    """A conversion: where it lies, and its original, flavor and format, of which it can be made again."""

    path: str
    source: str
    flavor: Flavor
    format: str


def hashed(files: Iterable[Hashed]) -> list[str]:
    """For each file what is wrong with it; empty if nothing is."""
    return [_hashed(one) for one in files]


def remade(scratch: str, files: Iterable[Remade]) -> list[str]:
    """For each conversion what is wrong with it; empty if it is what its original gives."""
    return [_remade(Path(scratch, f"{secrets.token_hex(8)}.{one.format}"), one) for one in files]


def _hashed(one: Hashed) -> str:
    try:
        digest = cache.md5_of(one.path)
        right = digest == one.md5 or (one.old and _is_text(one))
    except FileNotFoundError:
        return "is not there"
    except OSError as error:
        return f"cannot be read: {disk.reason(error)}"
    return "" if right else f"has other bytes than it should (their md5 is {digest}, not {one.md5})"


def _is_text(one: Hashed) -> bool:
    try:
        arrivals.check(Path(one.path).read_bytes(), Want(one.md5, old=True))
    except Fault:
        return False
    return True


def _remade(new: Path, one: Remade) -> str:
    try:
        audio.convert(one.source, str(new), one.flavor, one.format)
        same = stock.is_alike(one.path, new)
    except (audio.BrokenAudioError, ConversionError) as error:
        return f"cannot be compared with its original: {error}"
    except OSError as error:
        if error.filename == str(new):  # which says nothing of the conversion
            what = f"{new.parent} cannot be written: {disk.reason(error)}"
            raise AudiodvcError(what, hint="make room there, or name another folder in TMPDIR") from error
        return f"cannot be read: {disk.reason(error)}"
    finally:
        new.unlink(missing_ok=True)
    return "" if same else "is not what its original gives"
