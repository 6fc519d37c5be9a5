"""What becomes of many files at once."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.adapters import audio
from audiodvc.errors import ConversionError
from audiodvc.model.conversion import Sound, decide, is_sound
from audiodvc.model.flavor import Flavor
from audiodvc.resolve.convert import plan

SCHEMA = {
    "file": pl.String, "md5": pl.String, "format": pl.String, "channels": pl.Int64,
    "sampling_rate": pl.Int64, "bit_depth": pl.Int64,
}  # fmt: skip

PARTS = ["a", "B", ".", "/", "\n", "\u00e9", ".wav", ".WAV", ".flac", ".mp3", ".txt"]
names = st.lists(st.sampled_from(PARTS), min_size=1).map("".join).filter(lambda name: name[-1] != "/")
sounds = st.builds(
    Sound,
    st.sampled_from(["wav", "flac", "mp3", "txt", ""]),
    st.sampled_from([None, 1, 2]),
    st.sampled_from([None, 8000, 16000]),
    st.sampled_from([None, 16, 24]),
)
flavors = st.builds(
    Flavor,
    bit_depth=st.sampled_from([None, 16, 24]),
    channels=st.sampled_from([None, [0], [0, 1]]),
    format=st.sampled_from([None, "wav", "flac"]),
    mixdown=st.booleans(),
    sampling_rate=st.sampled_from([None, 8000]),
)


@given(st.dictionaries(names, sounds, max_size=8), flavors)
def test_many_files_are_decided_as_each_is(media: dict[str, Sound], flavor: Flavor) -> None:
    """By what it is and what it is called; if one is refused, or two collide, there is no plan."""
    decided = {file: decide(flavor, sound, audio.extension(file)) for file, sound in media.items()}
    renamed = {file: flavor.destination(file) if is_sound(sound) else file for file, sound in media.items()}
    rows = frame({file: tuple(sound) for file, sound in media.items()})
    if any(one.refusal for one in decided.values()) or len(set(renamed.values())) < len(renamed):
        with pytest.raises(ConversionError):
            plan(rows, flavor)
        return
    planned = plan(rows, flavor)
    assert planned["file"].to_list() == list(media)
    assert planned["md5"].to_list() == rows["md5"].to_list()
    assert planned["target"].to_list() == [one.target for one in decided.values()]
    assert planned["destination"].to_list() == list(renamed.values())


def test_files_of_which_nothing_is_known_are_decided_later() -> None:
    """When they are here."""
    planned = plan(frame({"a.mp3": (None, None, None, None)}), Flavor(sampling_rate=8000))
    assert planned.rows() == [("a.mp3", "0", "", "a.mp3")]


def test_the_first_twenty_that_are_refused_are_named() -> None:
    """And how many more there are."""
    rows = frame({f"{number:02}.mp3": ("mp3", 1, 44100, None) for number in range(22)})
    with pytest.raises(ConversionError, match="22 files cannot be what is asked for") as caught:
        plan(rows, Flavor(sampling_rate=8000))
    assert caught.value.details[19] == "19.mp3: mp3 cannot be written: give `format`, flac or wav"
    assert caught.value.details[20:] == ("… and 2 more",)


def test_every_group_of_files_with_one_name_is_told() -> None:
    """With all that would be in it."""
    wav, flac, ogg = ("wav", 1, 8000, 16), ("flac", 1, 8000, 16), ("ogg", 1, 8000, None)
    rows = frame({"a.flac": flac, "a.ogg": ogg, "a.wav": wav, "b.wav": wav, "c.ogg": ogg, "c.wav": wav})
    with pytest.raises(ConversionError, match="5 files would not keep names of their own") as caught:
        plan(rows, Flavor(format="wav"))
    assert caught.value.details == (
        "a.flac, a.ogg, a.wav would all be a.wav",
        "c.ogg, c.wav would all be c.wav",
    )


def frame(media: dict[str, tuple[Any, ...]]) -> pl.DataFrame:
    """Media with these properties, each an object of its own."""
    lines = [(file, str(number), *properties) for number, (file, properties) in enumerate(media.items())]
    return pl.DataFrame(lines, schema=SCHEMA, orient="row")
