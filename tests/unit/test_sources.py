"""What becomes of each file of a dataset in a flavor: the same as when the resolver converts it."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.errors import ConversionError
from audiodvc.model.flavor import Flavor
from audiodvc.model.mediaindex import Media
from audiodvc.project.building.sources import pieces
from audiodvc.resolve import convert

MEDIA = st.builds(
    Media,
    file=st.from_regex(r"[a-c]{1,2}(/[a-c.]{1,3})?(\.(wav|WAV|flac|mp3|ogg))?", fullmatch=True),
    md5=st.sampled_from("xyz"),
    size=st.just("1"),
    format=st.sampled_from(["wav", "flac", "mp3", "ogg"]),
    channels=st.sampled_from(["1", "2", "9"]),
    sampling_rate=st.sampled_from(["8000", "16000", "700000"]),
    bit_depth=st.sampled_from(["", "16", "24"]),
)
FLAVORS = st.builds(
    Flavor,
    bit_depth=st.sampled_from([None, 16, 24]),
    channels=st.sampled_from([None, 0, [0, 1], -1]),
    format=st.sampled_from([None, "wav", "flac"]),
    mixdown=st.booleans(),
    sampling_rate=st.sampled_from([None, 8000, 16000]),
)
NUMBERS = ("channels", "sampling_rate", "bit_depth")


@given(media=st.lists(MEDIA, max_size=5, unique_by=lambda one: one.file), flavor=FLAVORS)
def test_a_build_decides_as_the_resolver_does(media: list[Media], flavor: Flavor) -> None:
    """The same formats under the same names, and the same refusals."""
    rows = pl.DataFrame(media, dict.fromkeys(Media._fields, pl.String), orient="row").with_columns(
        pl.when(pl.col(name) != "").then(pl.col(name)).cast(pl.Int64) for name in NUMBERS
    )
    try:
        planned = convert.plan(rows, flavor).select("destination", "target").rows()
    except ConversionError as error:
        expected: object = error.what
    else:
        expected = [(f"flavors/f/{name}", target) for name, target in planned]
    try:
        found: object = [
            (one.file, one.target) for one in pieces([(one, False) for one in media], "f", flavor)[0]
        ]
    except ConversionError as error:
        found = error.what
    assert found == expected


def test_what_is_no_sound_is_left_out() -> None:
    """Texts, films, and sound that could not be opened."""
    names = {"a.txt": ("txt", ""), "b.mp4": ("mp4", "2"), "c.wav": ("wav", ""), "d.wav": ("wav", "1")}
    media = [
        Media(file, "x", "1", kind, channels, channels and "8000") for file, (kind, channels) in names.items()
    ]
    made, left_out = pieces([(one, False) for one in media], "f", Flavor(mixdown=True))
    assert ([one.source.file for one in made], left_out) == (["d.wav"], 3)
