"""What a sound file says of itself; the only module that knows soundfile and PyAV."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from audiodvc.model.formats import SOUND, VIDEO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BIT_DEPTHS = {
    "PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64,
    "ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32,
}  # fmt: skip
_FORMATS = {"WAVEX": "wav", "RF64": "wav", "MPEG": "mp3"}


class Probe(NamedTuple):
    """What the header of a file tells; None where it does not apply."""

    format: str
    channels: int | None = None
    sampling_rate: int | None = None
    bit_depth: int | None = None
    duration: float | None = None


class BrokenAudioError(Exception):
    """A file that should be audio and cannot be opened as such."""


def probe(path: str) -> Probe:
    """What a file is, without decoding it; anything that is not sound is only its extension."""
    name = extension(path)
    if name in SOUND or _looks_like_sound(path):
        return _sound(path)
    if name in VIDEO and video_available():
        return _video(path)
    return Probe(name)


def write(path: str, samples: NDArray[np.float64], sampling_rate: int) -> None:
    """Write samples between -1 and 1 to a wav file of 16 bit; several channels are columns."""
    import soundfile

    soundfile.write(path, samples, sampling_rate, format="WAV", subtype="PCM_16")


def extension(path: str) -> str:
    """The extension of a path in lower case, without its dot."""
    return os.path.splitext(path)[1][1:].lower()


def is_video(path: str) -> bool:
    """Whether a file needs the extra `video` to be probed."""
    return extension(path) in VIDEO


def video_available() -> bool:
    """Whether PyAV is installed (the extra `video`)."""
    from importlib.util import find_spec

    return find_spec("av") is not None


def _looks_like_sound(path: str) -> bool:
    with open(path, "rb") as file:
        head = file.read(12)
    return head[:4] in (b"fLaC", b"OggS") or (
        head[:4] in (b"RIFF", b"RF64", b"FORM") and head[8:12] in (b"WAVE", b"AIFF", b"AIFC")
    )


def _sound(path: str) -> Probe:
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            coding, frames, rate = file.subtype, file.frames, file.samplerate
            container = _FORMATS.get(file.format, file.format.lower())
            name = "opus" if coding == "OPUS" else container
            return Probe(name, file.channels, rate, _BIT_DEPTHS.get(coding), frames / rate)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".")
        raise BrokenAudioError(reason[:1].lower() + reason[1:]) from None


def _video(path: str) -> Probe:
    import av

    try:
        with av.open(path) as container:
            name = extension(path)
            known = set(container.format.name.split(","))
            track = next(iter(container.streams.audio), None)
            name = name if name in known or not known else min(known)
            length = container.duration / 1_000_000 if container.duration else None
            if track is None:
                return Probe(name, duration=length)
            if track.duration is not None and track.time_base is not None:
                length = float(track.duration * track.time_base)
            return Probe(name, track.codec_context.channels, track.codec_context.sample_rate, None, length)
    except (av.FFmpegError, ValueError) as error:
        raise BrokenAudioError(str(error)) from None
