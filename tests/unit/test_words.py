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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://token@example.org/x", "https://example.org/x"),
        ("ssh://git:pw@example.org/x", "ssh://git@example.org/x"),
        ("ssh://git@example.org/x", "ssh://git@example.org/x"),
        ("https://ada:a/b@example.org/x", "https://example.org/x"),
        ("at https://example.org:8080/x@v1 now", "at https://example.org:8080/x@v1 now"),
        ("https://ada:p@example.org:80/x@v1", "https://example.org:80/x@v1"),
        ("(https://example.org/x?sig=abc)", "(https://example.org/x?***)"),
        ("what? https://example.org", "what? https://example.org"),
        ("s3://bucket/x and ada@example.org", "s3://bucket/x and ada@example.org"),
    ],
)
def test_of_a_url_is_shown_what_lets_nobody_in(text: str, shown: str) -> None:
    """Tokens that stand for a user, passwords that are written wrongly, and what stands behind a `?`."""
    assert words.redact(text) == shown
