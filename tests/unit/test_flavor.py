"""Flavors: what they accept, and their ids."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.model.flavor import Flavor

GOLDEN: list[tuple[dict[str, Any], str]] = [
    ({}, "d3b62a9b"),
    ({"channels": [0]}, "00f3992f"),
    ({"mixdown": True}, "3de8e3c9"),
    ({"channels": [0, 1]}, "67d353e9"),
    ({"channels": [0, 1], "mixdown": True}, "a6eaf408"),
    ({"channels": [1, 0]}, "ac5bd439"),
    ({"channels": [1, 1]}, "71b4e411"),
    ({"channels": [-1]}, "ae9f641a"),
    ({"sampling_rate": 16000}, "9be30deb"),
    ({"sampling_rate": 8000}, "4de1fe49"),
    ({"bit_depth": 16}, "53c4c1bf"),
    ({"format": "wav"}, "5690b542"),
    ({"format": "flac"}, "40bb2241"),
    ({"format": "flac", "sampling_rate": 44100}, "9c872f39"),
    ({"format": "wav", "mixdown": True, "sampling_rate": 16000}, "fe182b91"),
]


@pytest.mark.parametrize(("asked", "short_id"), GOLDEN)
def test_ids_are_those_that_caches_already_have(asked: dict[str, Any], short_id: str) -> None:
    """An id names a folder, so it can never change."""
    assert Flavor(**asked).short_id == short_id


@given(
    bit_depth=st.sampled_from([None, 16, 24, 32, "16"]),
    channels=st.none() | st.integers(-3, 3) | st.lists(st.integers(-3, 3), min_size=1, max_size=4),
    format=st.sampled_from([None, "wav", "flac"]),
    mixdown=st.booleans(),
    sampling_rate=st.sampled_from([None, 8000, 16000.0, 22050, 24000, 44100, 48000, "48000"]),
)
def test_ids_and_destinations_agree_with_audb(**asked: Any) -> None:  # noqa: ANN401
    """Whatever both accept has one id in both."""
    audb = pytest.importorskip("audb")
    ours, theirs = Flavor(**asked), audb.Flavor(**asked)
    assert ours.id == theirs.id
    assert ours.channels == theirs.channels
    assert ours.mixdown == theirs.mixdown
    assert all(
        ours.destination(file) == theirs.destination(file) for file in ("a/b.mp3", "a.WAV", "a.b.flac")
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"bit_depth": "16"}, {"bit_depth": 16}),
        ({"sampling_rate": 16000.0}, {"sampling_rate": 16000}),
        ({"sampling_rate": "16000"}, {"sampling_rate": 16000}),
        ({"channels": 0}, {"channels": [0]}),
        ({"channels": "1"}, {"channels": [1]}),
        ({"channels": range(2)}, {"channels": (0, 1)}),
        ({"channels": 1, "mixdown": True}, {"channels": 1}),
    ],
)
def test_one_wish_has_many_spellings(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Equal wishes are equal values with equal ids."""
    assert Flavor(**one) == Flavor(**other)
    assert hash(Flavor(**one)) == hash(Flavor(**other))
    assert Flavor(**one).id == Flavor(**other).id


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"bit_depth": 8}, "bit_depth: 8 is not one of 16, 24, 32"),
        ({"bit_depth": 16.5}, "bit_depth: 16.5 is not a whole number"),
        ({"bit_depth": True}, "bit_depth: True is not a whole number"),
        ({"bit_depth": "high"}, "bit_depth: 'high' is not a whole number"),
        ({"channels": []}, "channels: select at least one"),
        ({"channels": [0, "left"]}, "channels: 'left' is not a whole number"),
        ({"channels": [[0]]}, r"channels: \[0\] is not a whole number"),
        ({"format": "mp3"}, "format: 'mp3' is not one of flac, wav"),
        ({"format": "WAV"}, "format: 'WAV' is not one of flac, wav"),
        ({"mixdown": "yes"}, "mixdown: 'yes' is not one of True, False"),
        ({"sampling_rate": 0}, "sampling_rate: 0 is not between 1 and"),
        ({"sampling_rate": float("inf")}, "sampling_rate: inf is not a whole number"),
        ({"sampling_rate": 768000, "format": "flac"}, "sampling_rate: 768000 is not between 1 and 655350"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_what_can(asked: dict[str, Any], words: str) -> None:
    """At once, not at the first conversion."""
    with pytest.raises(ValueError, match=words):
        Flavor(**asked)


@pytest.mark.parametrize(
    ("file", "destination"),
    [
        ("audio/a.flac", "audio/a.wav"),
        ("audio/a.wav", "audio/a.wav"),
        ("audio/a.WAV", "audio/a.WAV"),
        ("audio.d/a", "audio.d/a.wav"),
        ("a.tar.gz", "a.tar.wav"),
    ],
)
def test_a_file_has_the_extension_of_its_format(file: str, destination: str) -> None:
    """A file that has it already, in whatever case, keeps its name."""
    assert Flavor(format="wav").destination(file) == destination


def test_without_a_format_files_keep_their_names() -> None:
    """Other wishes change no extension."""
    assert Flavor(sampling_rate=8000).destination("a.mp3") == "a.mp3"


def test_a_flavor_travels_to_other_processes() -> None:
    """Conversions run in workers."""
    flavor = Flavor(channels=[0, 1], mixdown=True, sampling_rate=16000)
    assert pickle.loads(pickle.dumps(flavor)) == flavor  # noqa: S301  (our own bytes)


def test_a_flavor_shows_how_it_is_made() -> None:
    """Its text is Python."""
    flavor = Flavor(channels=[0], format="wav")
    assert repr(flavor) == (
        "Flavor(bit_depth=None, channels=[0], format='wav', mixdown=False, sampling_rate=None)"
    )
