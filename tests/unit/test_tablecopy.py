"""Copies of tables that are made of their text alone."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import audformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.model.timetext import time_text
from audiodvc.resolve import tablecopy, tablefile
from tests.unit.test_tablefile import DTYPES, KEYS, assert_exact, database, plain, write

CELLS = {
    "bool": st.sampled_from(["True", "False"]),
    "int": st.integers(-(2**53), 2**53).map(str),
    "float": st.floats(allow_nan=False, allow_infinity=False).map(repr),
    "str": st.text("ab-ä", max_size=3),
    "time": st.integers(-(10**18), 10**18).map(time_text),
    "date": st.datetimes().filter(lambda at: 1700 < at.year < 2200).map(str),
    "object": st.sampled_from(["x", "y", "z"]),
    "labels": st.sampled_from(["happy", "sad", "none of them"]),
    "free": st.integers(-5, 5).map(str),
}


@settings(max_examples=30)
@given(
    st.sampled_from(list(KEYS)),
    st.lists(st.tuples(*(st.just("") | CELLS[dtype] for dtype in DTYPES)), max_size=6),
)
def test_a_copy_of_canonical_text_is_what_audformat_reads(kind: str, rows: list[tuple[str, ...]]) -> None:
    """It can be made, and is equal, value and type."""
    with TemporaryDirectory() as folder:
        path = write(Path(folder), kind, rows, time="0 days 00:00:{0:02}.000000000")
        table = database(kind)["t"]
        copy = path.with_name("db.t.parquet")
        assert tablecopy.write(path.with_name("db.t.csv"), copy, table)
        assert_exact(tablefile.read(path, table), plain(path, kind))


@pytest.mark.parametrize(
    ("dtype", "cells"),
    [
        ("time", ["1s"]),
        ("time", ["0 days 00:00:01"]),
        ("time", ["none"]),
        ("int", [str(2**53 + 1), ""]),
        ("int", ["1.5"]),
        ("free", ["2020-01-01"]),
        ("object", ["10:00:00"]),
        ("bool", ["yes"]),
    ],
)
def test_other_text_is_left_to_audformat(tmp_path: Path, dtype: str, cells: list[str]) -> None:
    """Where one cannot be certain of what audformat makes of it, there is no such copy."""
    rows = [tuple(cell if one == dtype else "" for one in DTYPES) for cell in cells]
    path = write(tmp_path, "filewise", rows)
    assert not tablecopy.write(path.with_name("db.t.csv"), tmp_path / "copy", database()["t"])
    assert not (tmp_path / "copy").exists()


def test_labels_that_are_no_text_are_kept(tmp_path: Path) -> None:
    """Numbers as labels, with one that is missing and one that is none of them."""
    db = audformat.Database("dataset")
    db.schemes["code"] = audformat.Scheme(labels=[1, 2])
    db["t"] = audformat.Table(audformat.filewise_index())
    db["t"]["code"] = audformat.Column(scheme_id="code")
    (tmp_path / "db.t.csv").write_text("file,code\na.wav,1\nb.wav,\nc.wav,7\n")
    expected = db["t"].copy()
    expected.load(str(tmp_path / "db.t"))
    for _ in range(2):
        assert_exact(tablefile.read(tmp_path / "db.t", db["t"]), expected.df)
    assert (tmp_path / "db.t.parquet").exists()
