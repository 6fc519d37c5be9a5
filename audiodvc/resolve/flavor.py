"""The flavor that people hold in their hands: it converts single files as well."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from pathlib import Path

from audiodvc.adapters import audio
from audiodvc.errors import ConversionError
from audiodvc.model import flavor as model
from audiodvc.model.conversion import Sound, decide, is_sound


class Flavor(model.Flavor):
    """What audio should be; what is None stays as it is in the original.

    Channels count from 0, negative ones from the end; their order and repeats are kept.
    `mixdown` takes the mean of those that are selected. `flavor(source, destination)` converts a file.
    Samples go through 32-bit floats: what has more than 24 bits is rounded where it is converted.
    """

    __slots__ = ()

    def __call__(
        self,
        src_path: str | os.PathLike[str],
        dst_path: str | os.PathLike[str],
        *,
        src_bit_depth: int | None = None,
        src_channels: int | None = None,
        src_sampling_rate: int | None = None,
    ) -> None:
        """Convert one file, or copy it where it is as asked; both paths may be the same.

        What is known of the source decides whether it is as asked; the rest is read from it.
        """
        source, target = (Path(path).expanduser().absolute() for path in (src_path, dst_path))
        read = _sound(source)
        known = read._replace(
            channels=src_channels or read.channels,
            sampling_rate=src_sampling_rate or read.sampling_rate,
            bit_depth=src_bit_depth or read.bit_depth,
        )
        extension = audio.extension(str(source))
        asked = (self.format if is_sound(known) else None) or extension
        if audio.extension(str(target)) != asked:
            raise ValueError(f"destination: {os.fspath(dst_path)} does not end in .{asked}")
        decision = decide(self, known, extension)
        if decision.refusal:
            raise ConversionError(f"{os.fspath(src_path)}: {decision.refusal}")
        if decision.target or source != target:
            _write(self, source, target, decision.target)


def _sound(source: Path) -> Sound:
    try:
        probe = audio.probe(str(source))
    except audio.BrokenAudioError as error:
        if not source.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(source)) from None
        raise ConversionError(f"{source}: {error}") from None
    return Sound(probe.format, probe.channels, probe.sampling_rate, probe.bit_depth)


def _write(flavor: Flavor, source: Path, target: Path, format_: str) -> None:
    temporary = target.with_name(f"{target.name}.{secrets.token_hex(6)}.tmp")
    try:
        if format_:
            audio.convert(str(source), str(temporary), flavor, format_)
        else:
            shutil.copyfile(source, temporary)
        temporary.replace(target)
    except (audio.BrokenAudioError, ConversionError) as error:
        raise ConversionError(f"{source}: {error}") from None
    finally:
        temporary.unlink(missing_ok=True)
