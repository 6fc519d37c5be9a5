"""Formats of media and their extensions."""

from __future__ import annotations

import pytest

from audiodvc.adapters import audio
from audiodvc.model import formats


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        ("wav", "wav"),
        ("opus", "ogg"),
        ("aiff", "aif"),
        ("wav", ""),
        ("matroska", "mkv"),
        ("txt", "txt"),
        ("", "wav"),
    ],
)
def test_an_extension_may_hold_its_formats(content: str, extension: str) -> None:
    """A format that is not told by content may have any name that is not one of sound."""
    assert formats.fits(content, extension)


@pytest.mark.parametrize(
    ("content", "extension"),
    [("flac", "wav"), ("wav", "txt"), ("txt", "wav"), ("ogg", "opus"), ("mp3", "MP3")],
)
def test_an_extension_does_not_hold_another_format(content: str, extension: str) -> None:
    """Neither sound under another name, nor something else under a name of sound."""
    assert not formats.fits(content, extension)


@pytest.mark.parametrize(
    ("content", "wanted"), [("wav", "WAV"), ("aiff", "aif"), ("opus", "ogg"), ("mp3", ".mp3")]
)
def test_a_format_has_several_names(content: str, wanted: str) -> None:
    """A header may name a format by any of its extensions."""
    assert formats.same(content, wanted)


def test_what_is_probed_as_sound_is_sound_to_the_rules() -> None:
    """The adapter for sound and the rules agree on which extensions are sound, and which film."""
    assert not any(audio.is_video(f"a.{name}") for name in formats.SOUND)
    assert all(audio.is_video(f"a.{name}") for name in formats.VIDEO)
    assert all(names & formats.SOUND for names in formats.EXTENSIONS.values())
