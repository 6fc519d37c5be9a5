"""Cells are held against schemes as audformat's loader would compare them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import audformat
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.finding import Finding
from audiodvc.model import snapshot
from audiodvc.model.header import SchemeEntry
from audiodvc.rules import catalogue, labels

LOADED: Mapping[str, list[object]] = {
    "str": ["a", "B", "two words", "1"],
    "int": [1, 2, -3],
    "float": [1.0, 0.5, -2.25],
}
CELLS = {
    "str": ["a", "A", "B", "two words", "1", "1.0", ""],
    "int": ["1", "2", "-3", "4", ""],
    "float": ["1.0", "1", "0.50", "0.25", "-2.25", "nan", ""],
}


def files(scheme: Mapping[str, object], cells: list[str], misc: list[object] | None = None) -> dict[str, str]:
    """A dataset with one column of a scheme, and a misc table where one has its labels."""
    head: dict[str, object] = {"name": "case", "source": "a test", "usage": "other", "schemes": {"s": scheme}}
    head["tables"] = {"t": {"type": "filewise", "columns": {"c": {"scheme_id": "s"}}}}
    rows = "".join(f"{index:02}.wav,{cell}\n" for index, cell in enumerate(cells))
    made = {"db.t.csv": f"file,c\n{rows}"}
    if misc is not None:
        head["misc_tables"] = {"m": {"levels": {"level": scheme["dtype"]}}}
        made["db.m.csv"] = "level\n" + "".join(f"{label}\n" for label in misc)
    return {**made, "db.yaml": yaml.safe_dump(head)}


def found(made: Mapping[str, str], code: str) -> list[Finding]:
    """What a rule finds."""
    taken = snapshot.take(dict.fromkeys(made, "file"), lambda path: made[path].encode(), date(2024, 1, 1))
    return list(catalogue.RULES[code](taken))


def lost(made: Mapping[str, str]) -> list[int]:
    """The rows whose cell is missing once audformat has loaded them."""
    with TemporaryDirectory() as folder:
        for name, text in made.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        column = audformat.Database.load(folder)["t"].df["c"]
        return [row for row, gone in enumerate(column.isna()) if gone]


@pytest.mark.parametrize("in_table", [False, True])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_label_is_strange_if_the_loader_loses_it(*, in_table: bool, data: st.DataObject) -> None:
    """Labels in a list or in a misc table, compared as values."""
    dtype = data.draw(st.sampled_from(sorted(LOADED)))
    allowed = data.draw(st.lists(st.sampled_from(LOADED[dtype]), min_size=1, unique=True))
    cells = data.draw(st.lists(st.sampled_from(CELLS[dtype]), max_size=5))
    scheme: dict[str, object] = {"dtype": dtype, "labels": "m" if in_table else allowed}
    made = files(scheme, cells, allowed if in_table else None)
    missing = [row for row, cell in enumerate(cells) if cell in {"", "nan"}]
    assert sorted([one.line - 2 for one in found(made, "AS002")] + missing) == lost(made)


@pytest.mark.parametrize(
    ("scheme", "cells"),
    [
        ({"dtype": "str", "labels": [True, "a"]}, ["yes", "True", "on", "a"]),
        ({"dtype": "str", "labels": [1, 2.5, date(2020, 1, 1)]}, ["1", "2.5", "2020-01-01"]),
        ({"dtype": "int", "labels": ["1", "two"]}, ["1"]),
        ({"dtype": "date", "labels": ["2020-01-01"]}, ["2020-01-01", "2020-01-01T00:00"]),
        ({"dtype": "bool", "labels": [True]}, ["True", "1"]),
        ({"dtype": "float", "labels": [0]}, ["-0.0", "0"]),
        ({"dtype": "str", "labels": "nowhere"}, ["a"]),
        ({"dtype": "str", "labels": None}, ["a"]),
    ],
)
def test_labels_that_the_header_gets_wrong_are_the_headers_fault(
    scheme: dict[str, object], cells: list[str]
) -> None:
    """Rows that use them as they were meant are not found as well."""
    assert found(files(scheme, cells), "AS002") == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.dates(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
        max_leaves=4,
    ),
    st.sampled_from(["str", "int", "float", "bool", "time", "date", "object", "nothing"]),
)
@settings(max_examples=50, deadline=None)
def test_no_scheme_is_too_odd(value: object, dtype: str) -> None:
    """Whatever stands in labels, minimum and maximum, the other rows are still checked."""
    scheme: dict[str, object] = {"dtype": dtype, "labels": value, "minimum": value, "maximum": value}
    made = files(scheme, ["a", "1", "2020-01-01", "True", "\x00", ""])
    for code in ("AS001", "AS002", "AS003", "AS004"):
        found(made, code)


@pytest.mark.parametrize(
    ("bounds", "cells", "rows"),
    [
        ({"minimum": 0.5}, ["0", "1"], [0]),
        ({"minimum": 10**30}, ["0", "9223372036854775807"], [0, 1]),
        ({"maximum": -(10**400)}, ["0", "-9223372036854775808"], [0, 1]),
        ({"maximum": 10**400}, ["0"], []),
        ({"minimum": float("nan"), "maximum": True}, ["0", "5"], []),
        ({"minimum": "1", "maximum": [2]}, ["0", "5"], []),
        ({"minimum": 0, "maximum": 2**63 - 1}, ["-1", "9223372036854775807", "x", ""], [0]),
    ],
)
@pytest.mark.parametrize("dtype", ["int", "float"])
def test_bounds_of_any_size_are_compared(
    dtype: str, bounds: dict[str, object], cells: list[str], rows: list[int]
) -> None:
    """And what is no number bounds nothing."""
    made = files({"dtype": dtype, **bounds}, cells)
    assert [one.line - 2 for one in found(made, "AS003")] == rows


def test_words_that_loaders_lose_are_those_that_audformat_loses() -> None:
    """`None` and `<NA>` are lost too, where pyarrow cannot read a table and pandas has to."""
    cells = [
        "NA",
        "nan",
        "NaN",
        "null",
        "NULL",
        "N/A",
        "n/a",
        "#N/A",
        "-nan",
        "na",
        "none",
        "NaT",
        " NA",
        "x",
    ]
    made = files({"dtype": "str"}, cells)
    assert [one.line - 2 for one in found(made, "AS004")] == lost(made) == list(range(9))
    assert len(found(files({"dtype": "str"}, ["None", "<NA>"]), "AS004")) == 2


def test_the_fix_of_a_label_is_safe_if_only_letter_case_differs() -> None:
    """Two labels that differ in letter case alone leave it open which was meant."""
    scheme = {"dtype": "str", "labels": ["happy", "Sad", "SAD"]}
    fixes = [one.fix for one in found(files(scheme, ["HAPPY", "hapy", "sad", "xyz"]), "AS002")]
    assert [(fix.value, fix.safe) if fix else None for fix in fixes] == [
        ("happy", True),
        ("happy", False),
        ("Sad", False),
        None,
    ]


def test_very_many_labels_are_compared_for_the_first_cells_only() -> None:
    """Looking for the nearest of 60,000 labels is done twice, not a thousand times."""
    entry = SchemeEntry("s", "str", tuple(f"label{number}" for number in range(60_000)), None, None)
    texts = [f"label{number}x" for number in range(1000)]
    files_ = {"db.yaml": "name: x"}
    taken = snapshot.take({"db.yaml": "file"}, lambda path: files_[path].encode(), date(2024, 1, 1))
    allowed = labels.of(entry, taken)
    assert allowed is not None
    said = labels.proposals(texts, allowed)
    assert sum(fix is not None for _, fix in said.values()) == 2
