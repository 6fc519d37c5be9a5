"""What "valid" means: audformat loads it, with exactly the values in the text.

Datasets of every dtype, kind of scheme and index type are generated with cells that are fine, odd or
wrong. Most are refused, which is no fault; the ones that pass must load as they read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import audformat
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.model import mediaindex, snapshot
from audiodvc.rules import catalogue

TODAY = date(2024, 6, 1)
FILES = ("a.wav", "b.wav", "x y.wav")

Cell = tuple[str, Any]
"""A text, and the value that a person reads in it; `...` where no claim is made."""


def exactly(*cells: Cell) -> st.SearchStrategy[Cell]:
    """One of these cells."""
    return st.sampled_from(cells)


def clock(nanoseconds: int) -> str:
    """A time in the form that tables have."""
    days, rest = divmod(nanoseconds, 86_400 * 10**9)
    seconds, fraction = divmod(rest, 10**9)
    return f"{days} days {seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:09}"


def dated(moment: datetime) -> Cell:
    """A date as Python writes it, with its zone if it has one."""
    return str(moment.date() if moment == midnight(moment.date()) else moment), moment


MISSING: Cell = ("", None)
EXTREME = [2**53, 2**53 + 1, 2**63 - 513, 2**63 - 512, 2**63 - 1, -(2**53) - 1, -(2**63)]
"""Whole numbers that floats cannot hold, or only just."""

ODD_DATES = [
    *(datetime(1600, 1, 1), datetime(1677, 9, 21), datetime(1677, 9, 22, 1), datetime(2262, 4, 11, 20)),  # noqa: DTZ001
    *(datetime(2262, 4, 12), datetime(2300, 1, 1, 1, 2, 3, 4), datetime(9999, 12, 31)),  # noqa: DTZ001
    *(datetime(year, 1, 1, tzinfo=UTC) for year in (1600, 2020)),
    datetime(2020, 1, 1, 3, tzinfo=timezone(timedelta(hours=3))),
    datetime(2020, 1, 1),  # noqa: DTZ001
]
"""Dates with zones, and such as nanoseconds cannot hold, or only just."""

CELLS: Mapping[str, st.SearchStrategy[Cell]] = {
    "bool": exactly(("True", True), ("False", False), MISSING, ("maybe", ...), ("2", ...)),
    "int": st.one_of(
        st.one_of(st.integers(-(2**63), 2**63 - 1), st.sampled_from(EXTREME)).map(lambda n: (str(n), n)),
        exactly(MISSING, ("1.5", ...), ("x", ...), ("9223372036854775808", ...)),
    ),
    "float": st.one_of(
        st.floats(allow_nan=False, allow_infinity=False).map(lambda number: (repr(number), number)),
        exactly(MISSING, ("much", ...), ("0.1", 0.1), ("1.0", 1.0)),
    ),
    "time": st.one_of(
        st.integers(0, 10**15).map(lambda number: (clock(number), timedelta_of(number))),
        exactly(MISSING, ("soon", ...)),
    ),
    "date": st.one_of(
        st.dates(date(1900, 1, 1), date(2200, 1, 1)).map(lambda day: (str(day), midnight(day))),
        st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(dated),  # noqa: DTZ001
        st.sampled_from(ODD_DATES).map(dated),
        exactly(MISSING, ("2020-02-30", ...), ("later", ...)),
    ),
    "str": st.one_of(
        st.text(alphabet="aä ,\"'\n1#:-", min_size=1, max_size=6).map(lambda text: (text, text)),
        exactly(MISSING, ("NA", ...), ("nan", ...), ("001", "001"), ("1.0", "1.0"), ("True", "True")),
    ),
}
LABELS: Mapping[str, list[Any]] = {
    "str": ["happy", "sad", "1", "x,y", "a\nb"],
    "int": [1, 2, -3, *EXTREME],
    "float": [0.5, 1.0, 2, *EXTREME],
    "bool": [True, False],
    "time": [clock(0), clock(10**9), clock(1)],
    "date": ODD_DATES,
}


def timedelta_of(nanoseconds: int) -> object:
    """A time as pandas has it, exact to the nanosecond."""
    return pd.Timedelta(nanoseconds, "ns")


def midnight(day: date) -> datetime:
    """The moment at which a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None)


class Kind(NamedTuple):
    """A scheme, its cells, and the keys of the misc table that it takes its labels from."""

    scheme: dict[str, Any]
    cells: st.SearchStrategy[Cell]
    keys: list[Cell] | None = None


@st.composite
def schemes(draw: st.DrawFn, name: str) -> Kind:
    """A scheme and its cells: plain, bounded, with listed labels, labels with fields, or a misc table's."""
    kind = draw(st.sampled_from(["plain", "bounded", "list", "mapping", "misc"]))
    if kind == "plain":
        dtype = draw(st.sampled_from(list(CELLS)))
        return Kind({"dtype": dtype}, CELLS[dtype])
    if kind == "bounded":
        dtype = draw(st.sampled_from(["int", "float"]))
        return Kind({"dtype": dtype, "minimum": 0, "maximum": 10}, CELLS[dtype])
    if kind == "misc":
        dtype = draw(st.sampled_from(list(CELLS)))
        sound = CELLS[dtype].filter(lambda cell: cell[1] is not ... and cell[1] is not None)
        keys = draw(st.lists(sound, max_size=3, unique_by=lambda cell: cell[0]))
        return Kind({"dtype": dtype, "labels": misc_id(name)}, exactly(MISSING, ("zoe", ...), *keys), keys)
    dtype = draw(st.sampled_from(list(LABELS)))
    labels = draw(st.lists(st.sampled_from(LABELS[dtype]), min_size=1, max_size=3, unique=True))
    cells = exactly(MISSING, ("other", ...), *(written(label, dtype) for label in labels))
    if kind == "mapping":
        return Kind({"dtype": dtype, "labels": {label: {"note": str(label)} for label in labels}}, cells)
    return Kind({"dtype": dtype, "labels": labels}, cells)


def misc_id(name: str) -> str:
    """The misc table that has the labels of a column."""
    return f"labels-of-{name.strip()}"


def written(label: Any, dtype: str) -> Cell:  # noqa: ANN401 - whatever YAML can hold
    """A label as a cell has it."""
    if dtype == "float":
        return repr(float(label)), float(label)
    if dtype == "time":
        return label, pd.Timedelta(label)
    return dated(label) if dtype == "date" else (str(label), label)


Row = list[Cell]


@st.composite
def datasets(draw: st.DrawFn) -> tuple[dict[str, bytes], list[str], list[Row]]:
    """The files of a dataset with one table, the names of its columns, and its rows."""
    broken = draw(st.sampled_from(["", "", "", "\n"]))
    names = [f"c{number}{broken}" for number in range(draw(st.integers(1, 3)))]
    columns = {name: draw(schemes(name)) for name in names}
    kind = draw(st.sampled_from(["filewise", "segmented", "misc"]))
    levels, rows = draw(KEYS[kind]())
    rows = [[*key, *(draw(column.cells) for column in columns.values())] for key in rows]
    entry = {"columns": {name: {"scheme_id": name} for name in columns}}
    given = {name: column.keys for name, column in columns.items() if column.keys is not None}
    header: dict[str, Any] = {
        "name": "generated",
        "source": "a test",
        "usage": "unrestricted",
        "schemes": {name: column.scheme for name, column in columns.items()},
        "misc_tables": {
            misc_id(name): {"levels": {"key": columns[name].scheme["dtype"]}, "columns": {}} for name in given
        },
    }
    if kind == "misc":
        header["misc_tables"]["t"] = {"levels": levels, **entry}
    else:
        header["tables"] = {"t": {"type": kind, **entry}}
    names = [*levels, *columns]
    files = {
        "db.yaml": yaml.safe_dump(header, sort_keys=False, allow_unicode=True).encode(),
        "db.t.csv": csv_text([names, *([text for text, _ in row] for row in rows)]),
        **{
            f"db.{misc_id(name)}.csv": csv_text([["key"], *([text] for text, _ in keys)])
            for name, keys in given.items()
        },
        **media(),
    }
    return files, names, rows


@st.composite
def filewise(draw: st.DrawFn) -> tuple[dict[str, str], list[Row]]:
    """Keys of a filewise table."""
    files = draw(st.lists(st.sampled_from(FILES), unique=True, max_size=3))
    return {"file": "str"}, [[(file, file)] for file in sorted(files)]


@st.composite
def segmented(draw: st.DrawFn) -> tuple[dict[str, str], list[Row]]:
    """Keys of a segmented table; an end may be missing."""
    starts = draw(st.lists(st.tuples(st.sampled_from(FILES), st.integers(0, 900)), unique=True, max_size=4))
    rows: list[Row] = []
    for file, start in sorted(starts):
        end = draw(st.one_of(st.none(), st.integers(start + 1, 1000)))
        begin = start * 10**6
        last: Cell = MISSING if end is None else (clock(end * 10**6), timedelta_of(end * 10**6))
        rows.append([(file, file), (clock(begin), timedelta_of(begin)), last])
    return {"file": "str", "start": "time", "end": "time"}, rows


@st.composite
def misc(draw: st.DrawFn) -> tuple[dict[str, str], list[Row]]:
    """Keys of a misc table, with one or two levels of any dtype."""
    levels = {f"l{number}": draw(st.sampled_from(list(CELLS))) for number in range(draw(st.integers(1, 2)))}
    rows = draw(st.lists(st.tuples(*(CELLS[dtype] for dtype in levels.values())), max_size=3))
    return levels, [list(row) for row in rows]


KEYS: Mapping[str, Callable[[], st.SearchStrategy[tuple[dict[str, str], list[Row]]]]] = {
    "filewise": filewise,
    "segmented": segmented,
    "misc": misc,
}


def media() -> dict[str, bytes]:
    """Three recordings of a second, each with its pointer and index."""
    made: dict[str, bytes] = {}
    for number, file in enumerate(FILES):
        md5 = f"{number + 10:032x}"
        line = mediaindex.line(file, md5, 10, ["wav", 1, 16000, 16, 1.0])
        made[f"{file}.media.csv"] = mediaindex.dump([line])
        made[f"{file}.dvc"] = f"outs:\n- md5: {md5}\n  size: 10\n  hash: md5\n  path: {file}\n".encode()
    return made


def csv_text(rows: list[list[str]]) -> bytes:
    """Rows as CSV in which nothing is quoted without need."""
    return "".join(",".join(map(cell, row)) + "\n" for row in rows).encode()


def cell(text: str) -> str:
    """A cell, quoted where it must be."""
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n\r') else text


PASSED: list[int] = []


@pytest.mark.filterwarnings("ignore:The 'float_precision' argument")
def test_what_passes_loads_with_exactly_its_values() -> None:
    """Form aside (`fmt` mends it), a dataset without findings is what audformat loads."""
    PASSED.clear()
    loads_with_exactly_its_values()
    # A generator whose datasets are all refused would hold nothing.
    assert len(PASSED) > 5


@settings(max_examples=100)
@given(datasets())
def loads_with_exactly_its_values(made: tuple[dict[str, bytes], list[str], list[Row]]) -> None:
    """The law for one dataset."""
    files, names, rows = made
    taken = snapshot.take(dict.fromkeys(files, "file"), files.__getitem__, TODAY)
    if {finding.code for finding in catalogue.check(taken)} - {"AF006", "AH013", "AR003"}:
        return
    PASSED.append(1)
    loaded = load(files)
    assert len(loaded) == len(rows)
    for name in names:
        for found, expected in zip(loaded[name], sorted_like(loaded, names, rows, name), strict=True):
            assert same(found, expected), (name, found, expected)


def load(files: Mapping[str, bytes]) -> pd.DataFrame:
    """The table as audformat loads it, its index as columns."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        table: pd.DataFrame = audformat.Database.load(folder)["t"].df.reset_index()
        return table


def sorted_like(loaded: pd.DataFrame, names: list[str], rows: list[Row], name: str) -> list[Any]:
    """The expected values of a column; audformat keeps the order of rows."""
    assert list(loaded.columns) == names
    return [row[names.index(name)][1] for row in rows]


def same(found: Any, expected: object) -> bool:  # noqa: ANN401 - whatever pandas has in a cell
    """Whether a loaded value is the one that was written."""
    assert expected is not ..., "a cell that no one can read has passed"
    if expected is None:
        return bool(pd.isna(found))
    if isinstance(expected, bool):
        return not pd.isna(found) and bool(found) is expected
    if isinstance(expected, pd.Timedelta) and isinstance(found, str):
        # Labels of dtype time are texts for a loader.
        return bool(pd.Timedelta(found) == expected)
    return bool(found == expected) and not isinstance(found, bool)
