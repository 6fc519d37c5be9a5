"""A spec says which cells the first line has and what they are."""

from __future__ import annotations

from audiodvc.model import spec


def test_names_are_levels_then_columns() -> None:
    """In the order of the first line."""
    emotion = spec.Spec("emotion", "segmented", spec.SEGMENTED_LEVELS, (("emotion", "str"),))
    assert emotion.names == ("file", "start", "end", "emotion")
    assert emotion.key == ("file", "start", "end")


def test_what_a_spec_does_not_know_is_text() -> None:
    """So that nothing in it is read as something else."""
    assert spec.INDEX.dtype("duration") == "float"
    assert spec.INDEX.dtype("note") == "object"


def test_a_flavor_index_names_the_source_of_each_file() -> None:
    """It is the only column more."""
    assert spec.FLAVOR_INDEX.names == (*spec.INDEX.names, "source_md5")


def test_the_first_line_tells_a_flavor_index() -> None:
    """What a row says does not."""
    assert spec.of_index(b"file,md5,source_md5\nx,y,z\n") == spec.FLAVOR_INDEX
    assert spec.of_index(b"file,md5\nsource_md5,y\n") == spec.INDEX
    assert spec.of_index(b"") == spec.INDEX
