"""Words that fit their number, and give no secret away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc import words


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (12345, "12,345 files")]
)
def test_one_thing_is_told_in_the_singular(count: int, said: str) -> None:
    """Nothing else is."""
    assert words.counted(count, "file") == said


@given(st.text(st.characters(exclude_characters="@/ \n", exclude_categories=["Cs", "Cc", "Z"]), min_size=1))
def test_no_password_is_shown(password: str) -> None:
    """Whatever it consists of."""
    assert words.redact(f"see https://ada:{password}@example.org/x now") == "see https://example.org/x now"
