"""What a flavor makes of a file: nothing, another file, or a reason why it cannot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from audiodvc.model.flavor import FORMATS, Flavor
from audiodvc.model.formats import VIDEO, fits

_LOWEST_DEPTH = 16
_DEPTHS: Mapping[str, tuple[int, ...]] = MappingProxyType({"flac": (16, 24), "wav": (16, 24, 32)})
_MOST_CHANNELS: Mapping[str, int] = MappingProxyType({"flac": 8, "wav": 1024})
_MAX_FLAC_RATE = 655_350

# The sizes in the header of a wav file have 32 bits; 64 kB are more than any header takes.
_MOST_WAV_BYTES = 2**32 - 2**16


class Sound(NamedTuple):
    """What is known of a file; without channels it is no sound."""

    format: str
    channels: int | None = None
    sampling_rate: int | None = None
    bit_depth: int | None = None


class Decision(NamedTuple):
    """The format that a file is converted to, empty if it stays as it is, or why neither can be."""

    target: str = ""
    refusal: str = ""


AS_IT_IS = Decision()


def is_sound(sound: Sound) -> bool:
    """Whether a flavor has anything to say about a file."""
    return bool(sound.channels and sound.sampling_rate)


def decide(flavor: Flavor, sound: Sound, extension: str) -> Decision:
    """What becomes of a file with this extension (in lower case, without its dot)."""
    if not is_sound(sound) or _is_as_asked(flavor, sound):
        return AS_IT_IS
    if sound.format in VIDEO:
        return Decision(refusal=f"{sound.format} cannot be decoded")
    target = flavor.format or _own_format(sound.format, extension)
    if not target:
        name = extension or sound.format
        return Decision(refusal=f"{name} cannot be written: give `format`, {' or '.join(FORMATS)}")
    refusal = _refusal(flavor, sound, target)
    return Decision(refusal=refusal) if refusal else Decision(target)


def selected(flavor: Flavor, channels: int) -> list[int] | None:
    """Which channels of so many a flavor takes, None for all as they are.

    Where a file has too few of them, they are repeated cyclically up to the number that is needed;
    negative ones count from the end of that.
    """
    if flavor.channels is None:
        return None
    there = max(channels, *(one + 1 if one >= 0 else -one for one in flavor.channels))
    places = [(one if one >= 0 else there + one) % channels for one in flavor.channels]
    return None if places == list(range(channels)) else places


def channels_of(flavor: Flavor, channels: int) -> int:
    """How many channels a file with so many has after its conversion."""
    return 1 if flavor.mixdown else len(flavor.channels or range(channels))


def bit_depth_of(flavor: Flavor, bit_depth: int | None, target: str) -> int:
    """The bit depth that is written: the flavor's, else the source's as far as the target has it."""
    wanted = flavor.bit_depth or bit_depth or _LOWEST_DEPTH
    depths = _DEPTHS[target]
    return next((depth for depth in depths if depth >= wanted), depths[-1])


def container(target: str, frames: int, channels: int, bit_depth: int) -> str:
    """What libsndfile calls the format: a wav file of more than 4 GB is RF64."""
    too_large = target == "wav" and frames * channels * bit_depth // 8 > _MOST_WAV_BYTES
    return "RF64" if too_large else target.upper()


def frames_of(flavor: Flavor, frames: int, sampling_rate: int) -> int:
    """How many frames at most come of so many at this rate, give or take one."""
    return math.ceil(frames * (flavor.sampling_rate or sampling_rate) / sampling_rate)


def _is_as_asked(flavor: Flavor, sound: Sound) -> bool:
    channels = sound.channels or 0
    return (
        flavor.format in (None, sound.format)
        and flavor.bit_depth in (None, sound.bit_depth)
        and flavor.sampling_rate in (None, sound.sampling_rate)
        and (channels == 1 if flavor.mixdown else selected(flavor, channels) is None)
    )


def _own_format(content: str, extension: str) -> str:
    if extension in FORMATS:
        return extension
    return content if content in FORMATS and fits(content, extension) else ""


def _refusal(flavor: Flavor, sound: Sound, target: str) -> str:
    most_channels, channels = _MOST_CHANNELS[target], channels_of(flavor, sound.channels or 0)
    if flavor.bit_depth is not None and flavor.bit_depth > _DEPTHS[target][-1]:
        return f"{target} has at most {_DEPTHS[target][-1]} bit, not {flavor.bit_depth}"
    if channels > most_channels:
        return f"{target} has at most {most_channels} channels, not {channels}"
    rate = flavor.sampling_rate or sound.sampling_rate or 0
    if target == "flac" and rate > _MAX_FLAC_RATE:
        return f"flac has at most {_MAX_FLAC_RATE} Hz, not {rate}"
    return ""
