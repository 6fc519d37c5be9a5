"""A flavor: what the audio of a dataset should be, for whoever loads it."""

from __future__ import annotations

import hashlib
import operator
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from typing import SupportsIndex

BIT_DEPTHS = (16, 24, 32)
FORMATS = ("flac", "wav")

_MAX_RATE = 2**31 - 1
_MAX_FLAC_RATE = 655_350

Number = SupportsIndex | float | str
"""An integer, however it is written: `16`, `16.0`, `'16'`."""


@dataclass(frozen=True, slots=True, init=False, repr=False, eq=False)
class Flavor:
    """What audio should be; what is None stays as it is in the original.

    Channels count from 0, negative ones from the end; their order and repeats are kept.
    `mixdown` takes the mean of those that are selected.
    """

    bit_depth: int | None
    format: str | None
    mixdown: bool
    sampling_rate: int | None
    _channels: tuple[int, ...] | None

    def __init__(
        self,
        *,
        bit_depth: Number | None = None,
        channels: Number | Iterable[Number] | None = None,
        format: str | None = None,
        mixdown: bool = False,
        sampling_rate: Number | None = None,
    ) -> None:
        selected = _channel_numbers(channels)
        put = object.__setattr__
        put(self, "bit_depth", _bit_depth(bit_depth))
        put(self, "format", _format(format))
        put(self, "mixdown", _flag(mixdown) and (selected is None or len(selected) > 1))
        put(self, "sampling_rate", _sampling_rate(sampling_rate, format))
        put(self, "_channels", selected)

    def __repr__(self) -> str:
        return (
            f"Flavor(bit_depth={self.bit_depth!r}, channels={self.channels!r}, format={self.format!r}, "
            f"mixdown={self.mixdown!r}, sampling_rate={self.sampling_rate!r})"
        )

    def __eq__(self, other: object) -> bool:
        # Also of the one that people hold, which converts files: it is the same wish.
        return self._wish() == other._wish() if isinstance(other, Flavor) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._wish())

    @property
    def channels(self) -> list[int] | None:
        """The selected channels."""
        return None if self._channels is None else list(self._channels)

    @property
    def parameters(self) -> dict[str, object]:
        """What it is made with, as it is written down and shown."""
        return {
            "bit_depth": self.bit_depth,
            "channels": self.channels,
            "format": self.format,
            "mixdown": self.mixdown,
            "sampling_rate": self.sampling_rate,
        }

    @property
    def id(self) -> str:
        """The name of this flavor, the same in audb and in every version of audiodvc."""
        digest = hashlib.md5(_described(self).encode(), usedforsecurity=False).hexdigest()
        return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:]))

    @property
    def short_id(self) -> str:
        """The last eight digits of the id, which name folders in the cache."""
        return self.id[-8:]

    def destination(self, file: str) -> str:
        """The path of a file after its conversion: another extension where the format changes."""
        stem, extension = posixpath.splitext(file)
        if self.format is None or extension[1:].lower() == self.format:
            return file
        return f"{stem}.{self.format}"

    def path(self, name: str, version: str) -> str:
        """The folder of a dataset with this flavor, relative to the cache."""
        return posixpath.join(name, version, self.short_id)

    def _wish(self) -> tuple[object, ...]:
        return self.bit_depth, self._channels, self.format, self.mixdown, self.sampling_rate


def _channel_numbers(channels: Number | Iterable[Number] | None) -> tuple[int, ...] | None:
    if channels is None:
        return None
    several = channels if isinstance(channels, Iterable) and not isinstance(channels, str) else [channels]
    numbers = tuple(_integer(one, "channels") for one in several)
    if not numbers:
        raise ValueError("channels: select at least one, or None for all")
    return numbers


def _bit_depth(value: Number | None) -> int | None:
    if value is None:
        return None
    depth = _integer(value, "bit_depth")
    if depth not in BIT_DEPTHS:
        raise ValueError(f"bit_depth: {depth} is not one of {_listed(BIT_DEPTHS)}")
    return depth


def _format(value: str | None) -> str | None:
    if value is not None and value not in FORMATS:
        raise ValueError(f"format: {value!r} is not one of {_listed(FORMATS)}")
    return value


def _flag(value: object) -> bool:
    if value not in (True, False):
        raise ValueError(f"mixdown: {value!r} is not one of True, False")
    return bool(value)


def _sampling_rate(value: Number | None, format_: str | None) -> int | None:
    if value is None:
        return None
    rate = _integer(value, "sampling_rate")
    limit = _MAX_FLAC_RATE if format_ == "flac" else _MAX_RATE
    if not 0 < rate <= limit:
        raise ValueError(f"sampling_rate: {rate} is not between 1 and {limit} Hz")
    return rate


def _integer(value: Number, name: str) -> int:
    whole = _whole(value)
    if whole is None:
        raise ValueError(f"{name}: {value!r} is not a whole number")
    return whole


def _whole(value: Number) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    try:
        return int(value) if isinstance(value, str) else operator.index(value)
    except (TypeError, ValueError):
        return None


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


def _described(flavor: Flavor) -> str:
    """The text that audb hashes."""
    channels = flavor.channels
    return (
        "$audb.core.flavor.Flavor:\n"
        f"  bit_depth: {_scalar(flavor.bit_depth)}\n"
        + ("  channels: null\n" if channels is None else "  channels:\n")
        + "".join(f"  - {channel}\n" for channel in channels or ())
        + f"  format: {_scalar(flavor.format)}\n"
        f"  mixdown: {str(flavor.mixdown).lower()}\n"
        f"  sampling_rate: {_scalar(flavor.sampling_rate)}\n"
    )


def _scalar(value: object) -> str:
    return "null" if value is None else str(value)
