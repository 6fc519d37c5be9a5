"""The form of YAML text, and that form is all that changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from audiodvc.model.yamlform import dump, tidy
from audiodvc.model.yamltree import Fault, build
from tests.unit.test_yamltext import SOUP

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | TEXT
    | st.sampled_from(
        ["yes", "1:30", "2020-01-01", "<<", "=", "~", "two\nlines\n", " x ", "x" * 200, "a b " * 50]
    )
    | st.dates()
    | st.datetimes()
    | st.datetimes(timezones=st.just(dt.UTC))
)
DATA = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT | st.integers(), inner, max_size=3),
    max_leaves=10,
)
"""What a header may hold, and more."""


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("a: 1  \n# b \t\n\n\n", "a: 1\n# b\n"),
        ("a: 1\r\nb: 2\r", "a: 1\nb: 2\n"),
        ("\ufeffa: 1", "a: 1\n"),
        ("b:   2\na:  {x: 1,  y: 2} # c", "b:   2\na:  {x: 1,  y: 2} # c\n"),
        ("a: b  \n  c\n", "a: b\n  c\n"),
        ("a: 'b  \n  c'  \n", "a: 'b  \n  c'\n"),
        ('a: "b \\ \n  c"\n', 'a: "b \\ \n  c"\n'),
        ("a: |  \n  b  \n\n  c\nd: 1  \n", "a: |\n  b  \n\n  c\nd: 1\n"),
        ("a: |\n  b\n\n\n", "a: |\n  b\n"),
        ("a: |+\n  b\n\n\n", "a: |+\n  b\n\n\n"),
        ("a: |\n  b", "a: |-\n  b\n"),
        ("a: >2\n   b", "a: >2-\n   b\n"),
        ("a: |+ # c\n  b", "a: |- # c\n  b\n"),
        ("a: |\n  b\n    ", "a: |-\n  b\n    \n"),
        ("", ""),
        (" \n", ""),
        ("# c", "# c\n"),
    ],
)
def test_line_ends_and_blanks_at_them_are_settled(text: str, tidied: str) -> None:
    """Style, order and comments are left alone, and so is every value."""
    assert tidy(text) == tidied


@settings(max_examples=120)
@given(SOUP | st.tuples(SOUP, SOUP).map(lambda two: f"a: |\n  {two[0]}\nb: {two[1]}"))
def test_a_tidy_text_says_what_it_said(text: str) -> None:
    """And tidying it again changes nothing."""
    try:
        said = build(text).data
    except Fault:
        reject()
    tidied = tidy(text)
    assert repr(build(tidied).data) == repr(said)
    assert tidy(tidied) == tidied
    assert "\r" not in tidied


@settings(max_examples=120)
@given(DATA)
def test_what_is_dumped_is_read_back_and_tidy(data: Any) -> None:  # noqa: ANN401
    """Data, text, data."""
    text = dump(data)
    assert build(text).data == data
    assert tidy(text) == text


def test_a_value_used_twice_is_written_twice() -> None:
    """No anchor appears because two values happen to be one in memory."""
    labels = ["a", "b"]
    assert dump({"x": labels, "y": labels}) == "x: [a, b]\ny: [a, b]\n"
