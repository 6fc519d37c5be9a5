"""A column of cells is read like each of its cells."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import audformat
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from audiodvc.model import cells, scalar

CLOCK = st.builds("{:02}:{:02}:{:02}".format, st.integers(0, 25), st.integers(0, 61), st.integers(0, 61))
DAYS = st.sampled_from(
    ["0 days ", "1 days ", "-1 days +", "-1 days ", "01 days ", "99999 days ", "106751 days ", "-0 days +"]
)
FRACTION = st.sampled_from(["", ".", ".5", ".500000000", ".000001", ".1234567891"])
DATES = st.sampled_from(
    [
        "2020-01-01",
        "2020-02-30",
        "2020-01-01 00:00:00",
        "2020-01-01T10:20:30.5Z",
        "9999-12-31",
        "0001-01-01",
        "1500-05-05",
    ]
)
NUMBERS = st.one_of(
    st.integers().map(str),
    st.integers(-(2**64), 2**64).map(str),
    st.floats().map(repr),
    st.floats(-10, 10).map(lambda number: f"{number:.3f}"),
    st.floats(0, 1e-3).map(lambda number: f"{number:.12f}"),
    st.decimals(-(10**18), 10**18, places=4).map(str),
    st.sampled_from(
        ["-0.0", "0.0", "00.5", "007", "1e5", "1e16", "+1", "1.", ".5", "inf", "nan", "0.0001", "1e15"]
    ),
)
TEXTS = st.one_of(
    st.text(max_size=6),
    st.sampled_from(
        ["", "True", "False", "true", "1", "0", "nan", "NA", "1s", "x", "\u00e9", "\x00", "^.*$"]
    ),
    st.builds("{}{}{}".format, DAYS, CLOCK, FRACTION),
    DATES,
    NUMBERS,
)


@pytest.mark.parametrize("dtype", [*scalar.DTYPES, "no dtype"])
@given(texts=st.lists(TEXTS, max_size=8), name=st.sampled_from(["c0", "", "^.*$", "*", "text"]))
def test_columns_and_single_cells_are_read_alike(dtype: str, texts: list[str], name: str) -> None:
    """Form, value and readability agree for whatever text, under whatever name."""
    column = pl.Series(name, texts, dtype=pl.String)
    forms = [scalar.canonical_cell(text, dtype) for text in texts]
    assert cells.canonical(column, dtype).to_list() == [
        text if form is None else form for text, form in zip(texts, forms, strict=True)
    ]
    assert cells.unreadable(column, dtype).to_list() == [form is None for form in forms]
    values = cells.values(column, dtype)
    expected = [scalar.value(text, dtype) if text else None for text in texts]
    assert [repr(value) for value in values.to_list()] == [repr(value) for value in expected]
    assert values.dtype == cells.value_type(dtype)
    assert values.name == cells.canonical(column, dtype).name == name


READABLE = {
    "bool": ["true", "FALSE", "1", "0", "True", "1.0"],
    "int": ["1", "007", "-5", "1.0", "0x10", "9223372036854775807"],
    "float": ["1", ".5", "1e5", "1e400", "-inf", "0.1000000000000000055", "1e-7"],
    "time": ["1s", "1500ms", "00:00:01.5", "1 days 02:00:00", "-1s", "P1DT2H", "12", "0 days 00:00:01"],
    "date": [
        "2020-01-01",
        "2020-01-01T10:20",
        "2020-01-01 10:20:30.5",
        "20200101",
        "2020-01-01T10:00+02:00",
        "1500-01-01",
    ],
    "str": ["a", "007", "1.50", " x"],
}


@pytest.mark.parametrize("dtype", READABLE)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_canonical_cells_load_with_the_same_values(dtype: str, data: st.DataObject) -> None:
    """What audformat reads from a column is what it reads from its canonical form."""
    texts = data.draw(st.lists(st.sampled_from([*READABLE[dtype], ""]), min_size=1, max_size=4))
    form = cells.canonical(pl.Series(texts), dtype).to_list()
    try:
        before = loaded(texts, dtype)
    except (ValueError, TypeError):
        # One cell makes audformat fall back to pandas, which refuses another: 0x10 beside 1.0.
        reject()
    after = loaded(form, dtype)
    assert list(before.isna()) == list(after.isna())
    assert before.dropna().to_list() == after.dropna().to_list()


def loaded(texts: list[str], dtype: str) -> pd.Series:
    """The column as audformat loads it."""
    db = audformat.Database("db")
    db.schemes["scheme"] = audformat.Scheme(dtype)
    table = audformat.MiscTable(pd.Index([], dtype="Int64", name="row"))
    db.misc_tables["table"] = table
    table["column"] = audformat.Column(scheme_id="scheme")
    with TemporaryDirectory() as folder:
        rows = "".join(f"{row},{text}\n" for row, text in enumerate(texts))
        (Path(folder) / "db.table.csv").write_text(f"row,column\n{rows}", encoding="utf-8")
        with warnings.catch_warnings():
            # audformat's own calls into pandas, where it falls back to pandas for reading.
            warnings.simplefilter("ignore")
            table.load(f"{folder}/db.table")
    return pd.Series(table.df["column"])
