"""One cell has one canonical text by dtype, and no value but the one that loaders give it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.model import scalar

TEXTS = st.one_of(
    st.text(max_size=12),
    st.text("0123456789+-.eE xXnaif", max_size=8),
    st.sampled_from(
        ["True", "0x10", "1.0", "nan", "NA", "1s", "2020-01-01", "0 days 00:00:01", "inf", "-0.0"]
    ),
    st.floats().map(repr),
    st.integers().map(str),
)


@pytest.mark.parametrize(
    ("text", "dtype", "form"),
    [
        ("true", "bool", "True"),
        ("1.0", "bool", "True"),
        ("0", "bool", "False"),
        ("007", "int", "7"),
        ("+1", "int", "1"),
        ("-0", "int", "0"),
        ("1e3", "int", "1000"),
        (" 1", "int", "1"),
        ("0x1F", "int", "31"),
        ("9223372036854775807", "int", "9223372036854775807"),
        ("1", "float", "1.0"),
        (".5", "float", "0.5"),
        ("1e16", "float", "1e+16"),
        ("0.10", "float", "0.1"),
        ("-Infinity", "float", "-inf"),
        ("1500ms", "time", "0 days 00:00:01.500000000"),
        ("-1s", "time", "-1 days +23:59:59.000000000"),
        ("2020-01-01T00:00:00", "date", "2020-01-01"),
        ("007", "str", "007"),
        ("1.50", "object", "1.50"),
    ],
)
def test_a_cell_has_one_form(text: str, dtype: str, form: str) -> None:
    """Whatever form loaders read becomes it."""
    assert scalar.canonical_cell(text, dtype) == form


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("yes", "bool"),
        ("tRUE", "bool"),
        ("1.5", "int"),
        ("9223372036854775808", "int"),
        ("1_000", "int"),
        ("\u0661", "int"),
        ("inf", "int"),
        ("1,5", "float"),
        ("0x10", "float"),
        ("True", "float"),
        ("1.5", "time"),
        ("None", "time"),
        ("01/02/2020", "date"),
        ("9" * 5000, "int"),
    ],
)
def test_what_loaders_refuse_is_not_of_the_dtype(text: str, dtype: str) -> None:
    """It has neither form nor value."""
    assert scalar.canonical_cell(text, dtype) is None
    assert scalar.value(text, dtype) is None


@pytest.mark.parametrize("dtype", ["bool", "int", "float", "time", "date"])
def test_words_that_loaders_read_as_missing_are_missing(dtype: str) -> None:
    """In canonical form they are empty."""
    assert {scalar.canonical_cell(text, dtype) for text in ("", "nan", "NaN", "NA", "null", "#N/A")} == {""}


@pytest.mark.parametrize("dtype", ["str", "object"])
@given(text=TEXTS)
def test_text_stays_as_it_is(dtype: str, text: str) -> None:
    """Also the words that loaders read as missing, which AS004 tells."""
    assert scalar.canonical_cell(text, dtype) == text


@pytest.mark.parametrize("dtype", scalar.DTYPES)
@given(text=TEXTS)
def test_the_canonical_form_of_a_cell_is_its_own(dtype: str, text: str) -> None:
    """And has the same value."""
    form = scalar.canonical_cell(text, dtype)
    if form is not None:
        assert scalar.canonical_cell(form, dtype) == form
        assert scalar.value(form, dtype) == scalar.value(text, dtype)


@given(st.floats(allow_nan=False))
def test_a_float_is_written_so_that_it_reads_back(number: float) -> None:
    """As Python's repr does."""
    assert scalar.canonical_cell(repr(number), "float") == repr(number)
    read = scalar.value(f"{number:.17e}", "float") if math.isfinite(number) else number
    assert read == number
