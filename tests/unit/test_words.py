"""Words that fit their number."""

from __future__ import annotations

import pytest

from audiodvc import words


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (12345, "12,345 files")]
)
def test_one_thing_is_told_in_the_singular(count: int, said: str) -> None:
    """Nothing else is."""
    assert words.counted(count, "file") == said
