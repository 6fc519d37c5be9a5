"""What a sound file says of itself, and what a flavor makes of it: soundfile, soxr and PyAV live here."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from audiodvc.errors import ConversionError
from audiodvc.model import conversion
from audiodvc.model.flavor import Flavor
from audiodvc.model.formats import SOUND, VIDEO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BIT_DEPTHS = {
    "PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64,
    "ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32,
}  # fmt: skip
_FORMATS = {"WAVEX": "wav", "RF64": "wav", "MPEG": "mp3"}

# As many samples are in memory at a time, in and out of the resampler, whatever the length of a file.
_BLOCK = 2**20

_WAV_HEADER = struct.Struct("<4sI8sIHHIIHH4sI")
_SYSTEM_ERROR = 2  # libsndfile's number for what only the system knows


class Probe(NamedTuple):
    """What the header of a file tells; None where it does not apply."""

    format: str
    channels: int | None = None
    sampling_rate: int | None = None
    bit_depth: int | None = None
    duration: float | None = None


class BrokenAudioError(Exception):
    """A file that should be audio and cannot be opened as such."""


def probe(path: str, file: str = "") -> Probe:
    """What a file is, without decoding it; anything that is not sound is only its extension.

    The name of the `file` says what an object, which has no extension, should be.
    """
    name = extension(file or path)
    if name in SOUND or _looks_like_sound(path):
        return _sound(path)
    if name in VIDEO and video_available():
        return _video(path, name)
    return Probe(name)


def convert(source: str, target: str, flavor: Flavor, format: str) -> None:
    """Write a file as a flavor wants it, in bounded memory, and look whether it is there whole.

    The samples are those of the whole file read as float32, resampled in one go and written: neither
    the decoders nor soxr's stream depend on how the file is cut (`test_convert.py` holds them to it).
    """
    import soundfile

    try:
        with _straight()(os.open(source, os.O_RDONLY)) as old:
            _convert(old, target, flavor, format)
    except ConversionError:
        raise
    except soundfile.LibsndfileError as error:
        if error.code == _SYSTEM_ERROR:
            raise _not_whole(target) from None
        raise BrokenAudioError(_reason(error)) from None
    except RuntimeError as error:
        raise BrokenAudioError(_reason(error)) from None


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
        with soundfile.SoundFile(os.open(path, os.O_RDONLY)) as file:  # a name need not be UTF-8
            coding, frames, rate = file.subtype, file.frames, file.samplerate
            container = _FORMATS.get(file.format, file.format.lower())
            name = "opus" if coding == "OPUS" else container
            return Probe(name, file.channels, rate, _BIT_DEPTHS.get(coding), frames / rate)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise BrokenAudioError(_reason(error)) from None


def _reason(error: Exception) -> str:
    reason = str(getattr(error, "error_string", error)).rstrip(".")
    return reason[:1].lower() + reason[1:]


def _video(path: str, name: str) -> Probe:
    import av

    try:
        with av.open(path) as container:
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


class _Form(NamedTuple):
    """How a file is written."""

    container: str
    subtype: str
    channels: int
    rate: int


def _convert(old: Any, target: str, flavor: Flavor, format_: str) -> None:  # noqa: ANN401 - has no types
    depth = conversion.bit_depth_of(flavor, _BIT_DEPTHS.get(old.subtype), format_)
    channels = conversion.channels_of(flavor, old.channels)
    frames = conversion.frames_of(flavor, old.frames, old.samplerate)
    container = conversion.container(format_, frames, channels, depth)
    form = _Form(container, f"PCM_{depth}", channels, flavor.sampling_rate or old.samplerate)
    written = _write(target, form, _samples(old, flavor))
    _look(target, form, written)


def _samples(old: Any, flavor: Flavor) -> Iterator[NDArray[np.float32]]:  # noqa: ANN401 - has no types
    import numpy as np
    import soxr

    places = conversion.selected(flavor, old.channels)
    rate = flavor.sampling_rate or old.samplerate
    stream = None
    if rate != old.samplerate:
        channels = conversion.channels_of(flavor, old.channels)
        stream = soxr.ResampleStream(old.samplerate, rate, channels, dtype="float32", quality="HQ")
    widest = max(old.channels, len(places or ())) * max(1, rate // old.samplerate)
    most, left = max(1, _BLOCK // widest), old.frames
    while True:
        wanted = min(most, left)
        block = np.empty((wanted, old.channels), dtype=np.float32)
        got = old.buffer_read_into(block, dtype="float32")  # in half of the time that `read` takes
        block, left = block[:got], left - wanted if got == wanted else 0
        if places is not None:
            block = block[:, places]
        if flavor.mixdown:
            block = block.mean(axis=1, keepdims=True)
        yield block if stream is None else stream.resample_chunk(block, last=not left)
        if not left:
            return


def _write(path: str, form: _Form, blocks: Iterator[NDArray[np.float32]]) -> int:
    import numpy as np
    import soundfile

    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        new = _straight()(file, "w", form.rate, form.channels, form.subtype, format=form.container)
    except soundfile.LibsndfileError as error:
        if error.code == _SYSTEM_ERROR:
            raise
        raise ConversionError(f"cannot be written: {_reason(error)}") from None
    written = 0
    try:
        for block in blocks:
            with _writing(path):
                new.buffer_write(np.ascontiguousarray(block), dtype="float32")
            written += len(block)
    finally:
        with _writing(path):
            new.close()
    return written


@contextmanager
def _writing(path: str) -> Iterator[None]:
    """What fails here is no fault of the source: a flac encoder calls a full disk anything."""
    import soundfile

    try:
        yield
    except soundfile.LibsndfileError:
        raise _not_whole(path) from None


@cache
def _straight() -> Any:  # noqa: ANN401 - has no types
    """A file that is read or written from its start to its end.

    soundfile seeks after each block to where it is already, after which an MP3 or Opus file decodes to
    other samples than when it is read in one go.
    """
    import soundfile

    class Straight(soundfile.SoundFile):  # type: ignore[misc]  # has no types
        def seekable(self) -> bool:
            return False

    return Straight


def _look(path: str, form: _Form, frames: int) -> None:
    """Whether a file is what was written: where the disk is full, libsndfile may not say so."""
    if not frames and form.container == "FLAC":
        raise ConversionError("flac cannot hold a file without samples")
    if form.container == "WAV" and _is_plain_wav(path, form, frames):
        return
    import soundfile

    try:
        with soundfile.SoundFile(os.open(path, os.O_RDONLY)) as new:
            found = (_Form(new.format, new.subtype, new.channels, new.samplerate), new.frames)
    except soundfile.LibsndfileError:
        found = None
    if found != (form, frames):
        raise _not_whole(path)


def _is_plain_wav(path: str, form: _Form, frames: int) -> bool:
    """Whether a file has the one header that most have; libsndfile takes ten times as long to say so."""
    depth = int(form.subtype.removeprefix("PCM_"))
    frame = form.channels * depth // 8
    size = frames * frame
    told = (16, 1, form.channels, form.rate, form.rate * frame, frame, depth, b"data", size)
    file = os.open(path, os.O_RDONLY)
    try:
        whole = os.fstat(file).st_size == _WAV_HEADER.size + size
        header = _WAV_HEADER.pack(b"RIFF", _WAV_HEADER.size - 8 + size, b"WAVEfmt ", *told)
        return whole and os.read(file, _WAV_HEADER.size) == header
    finally:
        os.close(file)


def _not_whole(path: str) -> OSError:
    return OSError(None, "could not be written whole: is the disk full?", path)


def read(path: str, start: int = 0, stop: int | None = None) -> tuple[NDArray[np.float32], int]:
    """The samples between two times, channels first, and the sampling rate; times are in nanoseconds.

    Only that part is read. Times are rounded to samples, so that parts that adjoin share none. What lies
    behind the end of the file is left out.
    """
    import numpy as np
    import soundfile

    try:
        with soundfile.SoundFile(os.open(path, os.O_RDONLY)) as file:
            rate = file.samplerate
            first = min(_frame(start, rate), file.frames)
            last = file.frames if stop is None else min(_frame(stop, rate), file.frames)
            if first:
                file.seek(first)
            samples = file.read(max(0, last - first), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise BrokenAudioError(_reason(error)) from None
    return np.ascontiguousarray(samples.T), rate


def _frame(time: int, rate: int) -> int:
    return max(0, (time * rate + 500_000_000) // 1_000_000_000)
