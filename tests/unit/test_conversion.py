"""What becomes of a file in a flavor: it stays, it is converted, or it cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.model import conversion
from audiodvc.model.conversion import AS_IT_IS, Decision, Sound, decide
from audiodvc.model.flavor import Flavor

WAV = Sound("wav", 1, 16000, 16)
STEREO = Sound("wav", 2, 44100, 24)
FLOAT = Sound("wav", 2, 48000, 32)
FLAC = Sound("flac", 1, 16000, 24)
MP3 = Sound("mp3", 2, 44100)

sounds = st.builds(
    Sound,
    st.sampled_from(["wav", "flac", "mp3", "ogg", "opus", "aiff", "mp4"]),
    st.integers(1, 9),
    st.sampled_from([8000, 44100, 768_000]),
    st.sampled_from([None, 8, 16, 24, 32, 64]),
)
flavors = st.builds(
    Flavor,
    bit_depth=st.sampled_from([None, 16, 24, 32]),
    channels=st.none() | st.lists(st.integers(-9, 9), min_size=1, max_size=9),
    format=st.sampled_from([None, "wav", "flac"]),
    mixdown=st.booleans(),
    sampling_rate=st.sampled_from([None, 8000, 44100, 12345]),
)


@pytest.mark.parametrize(
    ("asked", "sound", "extension"),
    [
        ({}, STEREO, "wav"),
        ({}, MP3, "mp3"),
        ({"format": "wav", "bit_depth": 16, "channels": 0, "sampling_rate": 16000}, WAV, "wav"),
        ({"format": "wav"}, WAV, "WAV".lower()),
        ({"format": "wav"}, WAV, "wave"),
        ({"mixdown": True}, WAV, "wav"),
        ({"mixdown": True, "channels": [0, 1]}, WAV, "wav"),
        ({"channels": [-1]}, WAV, "wav"),
        ({"channels": [5]}, WAV, "wav"),
        ({"channels": [0, -1]}, STEREO, "wav"),
        ({"bit_depth": 32}, FLOAT, "wav"),
        ({"sampling_rate": 44100, "channels": [0, 1]}, MP3, "mp3"),
    ],
)
def test_a_file_that_is_as_asked_stays_as_it_is(asked: dict[str, Any], sound: Sound, extension: str) -> None:
    """It is the original, in whatever words the wish was put."""
    assert decide(Flavor(**asked), sound, extension) == AS_IT_IS


@pytest.mark.parametrize("sound", [Sound("txt"), Sound(""), Sound("mp4"), Sound("wav")])
def test_what_is_no_sound_stays_as_it_is(sound: Sound) -> None:
    """Whatever is asked for: texts, films that were not looked into, and audio that is broken."""
    flavor = Flavor(bit_depth=16, channels=1, format="flac", sampling_rate=8000)
    assert decide(flavor, sound, sound.format) == AS_IT_IS


@pytest.mark.parametrize(
    ("asked", "sound", "extension", "target"),
    [
        ({"sampling_rate": 8000}, WAV, "wav", "wav"),
        ({"sampling_rate": 8000}, FLAC, "flac", "flac"),
        ({"sampling_rate": 8000, "format": "wav"}, FLAC, "flac", "wav"),
        ({"format": "flac"}, WAV, "wav", "flac"),
        ({"format": "wav"}, MP3, "mp3", "wav"),
        ({"format": "wav"}, Sound("flac", 1, 8000, 16), "wav", "wav"),
        ({"sampling_rate": 8000}, WAV, "wave", "wav"),
        ({"sampling_rate": 8000}, WAV, "", "wav"),
        ({"sampling_rate": 8000}, MP3, "wav", "wav"),
        ({"bit_depth": 24}, WAV, "wav", "wav"),
        ({"bit_depth": 32}, Sound("wav", 1, 8000, 64), "wav", "wav"),
        ({"bit_depth": 16}, Sound("wav", 1, 8000), "wav", "wav"),
        ({"channels": [0, 1]}, WAV, "wav", "wav"),
        ({"channels": [1, 0]}, STEREO, "wav", "wav"),
        ({"channels": [0]}, STEREO, "wav", "wav"),
        ({"mixdown": True}, STEREO, "wav", "wav"),
        ({"mixdown": True, "channels": [0, -1]}, STEREO, "wav", "wav"),
    ],
)
def test_another_file_is_converted(asked: dict[str, Any], sound: Sound, extension: str, target: str) -> None:
    """To the format that is asked for, else to the one that its name promises."""
    assert decide(Flavor(**asked), sound, extension) == Decision(target)


@pytest.mark.parametrize(
    ("asked", "sound", "extension", "words"),
    [
        ({"sampling_rate": 8000}, MP3, "mp3", "mp3 cannot be written: give `format`, flac or wav"),
        ({"bit_depth": 16}, MP3, "mp3", "mp3 cannot be written: give `format`, flac or wav"),
        ({"bit_depth": 24}, WAV, "mp3", "mp3 cannot be written: give `format`, flac or wav"),
        ({"mixdown": True}, MP3, "", "mp3 cannot be written: give `format`, flac or wav"),
        ({"bit_depth": 32}, FLAC, "flac", "flac has at most 24 bit, not 32"),
        ({"bit_depth": 32, "format": "flac"}, WAV, "wav", "flac has at most 24 bit, not 32"),
        ({"format": "flac"}, Sound("wav", 9, 8000, 16), "wav", "flac has at most 8 channels, not 9"),
        ({"channels": range(9)}, FLAC, "flac", "flac has at most 8 channels, not 9"),
        ({"channels": range(1025)}, WAV, "wav", "wav has at most 1024 channels, not 1025"),
        ({"format": "flac"}, Sound("wav", 1, 768_000, 16), "wav", "flac has at most 655350 Hz, not 768000"),
        ({"sampling_rate": 655_351}, FLAC, "flac", "flac has at most 655350 Hz, not 655351"),
        ({"format": "wav"}, Sound("m4a", 2, 44100), "m4a", "m4a cannot be decoded"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    asked: dict[str, Any], sound: Sound, extension: str, words: str
) -> None:
    """Before anything is decoded."""
    assert decide(Flavor(**asked), sound, extension) == Decision(refusal=words)


@given(flavors, sounds, st.sampled_from(["wav", "flac", "mp3", "wave", ""]))
def test_a_file_has_one_fate(flavor: Flavor, sound: Sound, extension: str) -> None:
    """Never both converted and refused, and without wishes neither."""
    decision = decide(flavor, sound, extension)
    assert not (decision.target and decision.refusal)
    assert decision.target in {"", "wav", "flac"}
    assert decide(Flavor(), sound, extension) == AS_IT_IS


@given(flavors, sounds, st.sampled_from(["wav", "flac", "mp3", "wave", ""]))
def test_a_conversion_is_as_asked(flavor: Flavor, sound: Sound, extension: str) -> None:
    """What is converted once needs it no second time, but for channels that are picked from channels."""
    target = decide(flavor, sound, extension).target
    if not target:
        return
    made = Sound(
        target,
        conversion.channels_of(flavor, sound.channels or 0),
        flavor.sampling_rate or sound.sampling_rate,
        conversion.bit_depth_of(flavor, sound.bit_depth, target),
    )
    rest = Flavor(
        bit_depth=flavor.bit_depth,
        format=flavor.format,
        mixdown=flavor.mixdown,
        sampling_rate=flavor.sampling_rate,
    )
    assert decide(rest, made, target) == AS_IT_IS


@given(st.lists(st.integers(-12, 12), min_size=1, max_size=8), st.integers(1, 6))
def test_missing_channels_are_repeats(channels: list[int], there: int) -> None:
    """As if the file were repeated until it has the channels that are asked for, no further."""
    needed = max(there, *(one + 1 if one >= 0 else -one for one in channels))
    repeated = [place % there for place in range(needed)]
    expected = [repeated[one] for one in channels]
    places = conversion.selected(Flavor(channels=channels), there)
    assert (list(range(there)) if places is None else places) == expected


@pytest.mark.parametrize(
    ("channels", "there", "places"),
    [
        ([2], 2, [0]),
        ([-1], 2, [1]),
        ([-3], 2, [0]),
        ([0, 1], 1, [0, 0]),
        ([2, -1], 2, [0, 0]),
        ([1, 1], 2, [1, 1]),
        ([10**12], 2, [0]),
    ],
)
def test_channels_are_counted_from_both_ends(channels: list[int], there: int, places: list[int]) -> None:
    """Stereo is left and right, and left again."""
    assert conversion.selected(Flavor(channels=channels), there) == places


@pytest.mark.parametrize(
    ("asked", "source", "target", "depth"),
    [
        (None, None, "wav", 16),
        (None, 8, "wav", 16),
        (None, 8, "flac", 16),
        (None, 16, "flac", 16),
        (None, 20, "flac", 24),
        (None, 24, "wav", 24),
        (None, 32, "wav", 32),
        (None, 32, "flac", 24),
        (None, 64, "wav", 32),
        (16, 32, "wav", 16),
        (24, 16, "flac", 24),
        (32, 16, "wav", 32),
    ],
)
def test_bit_depth_is_asked_for_or_kept(
    asked: int | None, source: int | None, target: str, depth: int
) -> None:
    """As far as the format has it, and never below 16."""
    assert conversion.bit_depth_of(Flavor(bit_depth=asked), source, target) == depth


@pytest.mark.parametrize(
    ("target", "frames", "name"),
    [
        ("wav", 0, "WAV"),
        ("wav", 1_073_725_439, "WAV"),
        ("wav", 1_073_741_824, "RF64"),
        ("flac", 1_073_741_824, "FLAC"),
    ],
)
def test_a_wav_file_of_more_than_four_gigabytes_is_rf64(target: str, frames: int, name: str) -> None:
    """Its header could not tell its size otherwise."""
    assert conversion.container(target, frames, 2, 16) == name
