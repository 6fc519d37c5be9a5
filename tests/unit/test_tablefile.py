"""Tables read from text once, and from their copy ever after."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from tempfile import TemporaryDirectory

import audformat
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audiodvc.resolve import tablefile

DTYPES = ("bool", "int", "float", "str", "time", "date", "object", "labels", "free")

CELLS = {
    "bool": st.sampled_from(["True", "False", "true", "0", "1"]),
    "int": st.integers(-(2**63), 2**63 - 1).map(str),
    "float": st.floats(allow_nan=False).map(repr) | st.sampled_from(["1e5", "-0.0", "inf", "nan", "3"]),
    "str": st.text("ab ,\"'\\äé\n0", max_size=4).map(lambda text: '"' + text.replace('"', '""') + '"'),
    "time": st.sampled_from(["0 days 00:00:01.500000000", "1s", "1500ms", "00:00:01", "P1DT2H", "-1 days"]),
    "date": st.sampled_from(["2020-01-01 00:00:00.000000", "2020-01-01", "1999-12-31 23:59:59.123456"]),
    "object": st.sampled_from(["x", "1", "True", "1.5", "2020-01-01", "10:00:00"]),
    "labels": st.sampled_from(["happy", "sad", "none of them"]),
    "free": st.sampled_from(["1", "2.5", "True", "x", "2020-01-01", "a b"]),
}


def database(kind: str = "filewise") -> audformat.Database:
    """A database with one table that has a column of every dtype, and no rows yet."""
    db = audformat.Database("dataset")
    for dtype in DTYPES[:-2]:
        db.schemes[dtype] = audformat.Scheme(dtype)
    db.schemes["labels"] = audformat.Scheme(labels=["happy", "sad"])
    indexes = {
        "filewise": audformat.filewise_index(),
        "segmented": audformat.segmented_index(),
        "misc": audformat.utils.set_index_dtypes(
            pd.MultiIndex.from_tuples([], names=["a", "b"]), {"a": "string", "b": "Int64"}
        ),
    }
    table = audformat.MiscTable if kind == "misc" else audformat.Table
    db["t"] = table(indexes[kind])
    for dtype in DTYPES:
        db["t"][dtype] = audformat.Column(scheme_id=dtype if dtype in db.schemes else None)
    return db


KEYS = {"filewise": "file", "segmented": "file,start,end", "misc": "a,b"}
ROW_KEYS = {"filewise": "{0}.wav", "segmented": "{0}.wav,{1},", "misc": "{0},{0}"}


def write(folder: Path, kind: str, rows: list[tuple[str, ...]], time: str = "{0}s") -> Path:
    """Write a table, and say where it lies, as `read` takes it."""
    lines = [",".join((KEYS[kind], *DTYPES))]
    keys = [ROW_KEYS[kind].format(number, time.format(number)) for number in range(len(rows))]
    lines += [",".join((key, *cells)) for key, cells in zip(keys, rows, strict=True)]
    (folder / "db.t.csv").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return folder / "db.t"


def plain(path: Path, kind: str) -> pd.DataFrame:
    """What audformat itself makes of the text."""
    table = database(kind)["t"]
    with TemporaryDirectory() as folder:
        (Path(folder) / "t.csv").write_bytes(path.with_name("db.t.csv").read_bytes())
        table.load(f"{folder}/t")
    frame: pd.DataFrame = table.df
    return frame


def assert_exact(frame: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same rows, to the types of what columns of objects hold."""
    pd.testing.assert_frame_equal(frame, expected, check_exact=True, check_freq=False)
    for name in expected.columns[[str(dtype) == "object" for dtype in expected.dtypes]]:
        assert [*map(repr, frame[name])] == [*map(repr, expected[name])]
        assert [*map(type, frame[name])] == [*map(type, expected[name])]


def names_in(folder: str | Path) -> set[str]:
    """The files in a folder."""
    return {path.name for path in Path(folder).iterdir()}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a table of two rows lies."""
    return write(
        tmp_path,
        "filewise",
        [("True", "1", "0.5", "x", "1s", "2020-01-01", "o", "happy", "1"), ("",) * len(DTYPES)],
    )


@settings(max_examples=30)
@given(
    st.sampled_from(list(KEYS)),
    st.lists(st.tuples(*(st.just("") | CELLS[dtype] for dtype in DTYPES)), max_size=4),
)
@example("filewise", [("", "", "", "", "", "", "1", "", "True"), ("", "", "", "", "", "", "", "", "")])
def test_text_and_copy_are_what_audformat_reads(kind: str, rows: list[tuple[str, ...]]) -> None:
    """The first time from the text and the second from its copy: equal to audformat, value and type."""
    with TemporaryDirectory() as folder:
        path = write(Path(folder), kind, rows)
        try:
            expected = plain(path, kind)
        except Exception as error:  # noqa: BLE001 - a text that audformat cannot read, whatever it says
            with pytest.raises(type(error)):
                tablefile.read(path, database(kind)["t"])
            return
        table = database(kind)["t"]
        for _ in range(2):
            assert_exact(tablefile.read(path, table), expected)
        assert names_in(folder) <= {"db.t.csv", "db.t.parquet"}


def test_the_copy_is_made_once(path: Path) -> None:
    """And read instead of the text from then on."""
    table = database()["t"]
    tablefile.read(path, table)
    copy = path.with_name("db.t.parquet")
    made = copy.stat().st_mtime_ns
    text = path.with_name("db.t.csv")
    old = text.stat()
    text.write_text(text.read_text().replace("0.5", "0.7"))
    os.utime(text, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert tablefile.read(path, table)["float"].iloc[0] == 0.5
    assert copy.stat().st_mtime_ns == made


def test_a_copy_that_is_older_than_the_text_is_made_anew(path: Path) -> None:
    """A text that was replaced is read."""
    table = database()["t"]
    tablefile.read(path, table)
    text, copy = path.with_name("db.t.csv"), path.with_name("db.t.parquet")
    text.write_text(text.read_text().replace("0.5", "0.7"))
    later = copy.stat().st_mtime_ns + 10**9
    os.utime(text, ns=(later, later))
    assert tablefile.read(path, table)["float"].iloc[0] == 0.7


def test_a_broken_copy_is_as_if_it_were_not_there(path: Path) -> None:
    """The text is read, and the copy made anew."""
    table = database()["t"]
    expected = tablefile.read(path, table)
    copy = path.with_name("db.t.parquet")
    copy.write_bytes(copy.read_bytes()[:-100])
    assert_exact(tablefile.read(path, table), expected)
    copy.unlink()
    copy.mkdir()  # and where none can be made, the text will do
    assert_exact(tablefile.read(path, table), expected)
    assert names_in(path.parent) == {"db.t.csv", "db.t.parquet"}


def test_a_pickle_beside_the_text_is_not_read(path: Path) -> None:
    """To audformat it comes first; to whoever made the dataset it would be a way in."""
    (path.parent / "db.t.pkl").write_bytes(pickle.dumps("no frame"))
    assert len(tablefile.read(path, database()["t"])) == 2


def test_values_that_parquet_would_change_have_no_copy(tmp_path: Path) -> None:
    """Texts and numbers in one column of objects: the text is read again each time."""
    path = write(tmp_path, "filewise", [("",) * 6 + ("10:00:00", "", "x")])
    table = database()["t"]
    expected = plain(path, "filewise")
    for _ in range(2):
        assert_exact(tablefile.read(path, table), expected)


def test_a_copy_can_be_changed_like_the_text(path: Path) -> None:
    """Rows from parquet are not read-only: labels can be set."""
    for _ in range(2):
        db = database()
        vars(db["t"])["_df"] = tablefile.read(path, db["t"])
        db["t"]["labels"].set("sad")
        assert list(db["t"].df["labels"]) == ["sad", "sad"]
