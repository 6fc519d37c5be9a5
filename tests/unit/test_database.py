"""The folder of a version as an `audformat.Database`."""

from __future__ import annotations

import copy
import pickle
import shutil
from collections.abc import Callable, MutableMapping
from pathlib import Path

import audformat
import pandas as pd
import polars as pl
import pytest
import yaml

from audiodvc.errors import FormatError
from audiodvc.resolve import database
from audiodvc.resolve.rows import Rows
from tests.version import HEADER, TABLES, make_version

SEGMENTS = audformat.segmented_index(["a.wav", "b.wav"], ["0s", "1s"], ["1s", "2s"])


@pytest.fixture
def version(tmp_path: Path) -> Path:
    """The folder of a version."""
    return make_version(tmp_path / "version")


NOTHING = Rows()


def opened(
    version: Path,
    rows: Rows = NOTHING,
    tables: list[str] | None = None,
    meta: dict[str, object] | None = None,
) -> audformat.Database:
    """The database of a version whose media lie in a folder inside it."""
    return database.read(version, version / "d3b62a9b", rows, tables=tables, meta=meta)


def plain(version: Path) -> audformat.Database:
    """What audformat itself reads from the same texts."""
    # Elsewhere, so that it does not meet the copies of tables that we make.
    folder = version.parent / "plain"
    folder.mkdir(exist_ok=True)
    for text in ("db.yaml", *(f"db.{name}.csv" for name in TABLES)):
        shutil.copyfile(version / text, folder / text)
    return audformat.Database.load(str(folder))


def is_unread(table: audformat.Table) -> bool:
    """Whether the rows of a table are still in their file alone."""
    return vars(table)["_df"] is None


def test_no_table_is_read_before_it_is_used(version: Path) -> None:
    """Opening reads the header alone; each table is read when its rows are asked for, and only that one."""
    db = opened(version)
    assert all(is_unread(db[name]) for name in db)
    assert len(db["segments"].df) == 3
    assert [name for name in db if is_unread(db[name])] == ["files", "other", "speaker"]


def test_everything_is_as_audformat_reads_it(version: Path) -> None:
    """Header, tables, misc tables, and labels from a misc table: equal, to the dtypes."""
    db, expected = opened(version), plain(version)
    for name in expected:
        pd.testing.assert_frame_equal(db[name].df, expected[name].df)
    assert db == expected
    assert expected == db
    assert db.dump() == expected.dump()
    assert list(db) == list(expected)
    pd.testing.assert_index_equal(db.files, expected.files)
    pd.testing.assert_index_equal(db.segments, expected.segments)


def test_labels_come_from_their_misc_table(version: Path) -> None:
    """A scheme whose labels are a misc table reads that table when a column is read."""
    db = opened(version)
    frame = db["files"].df
    assert list(frame["speaker"].dtype.categories) == ["s1", "s2"]
    assert not is_unread(db["speaker"])
    mapped = opened(version)["files"].get(map={"speaker": "age"})
    pd.testing.assert_frame_equal(mapped, plain(version)["files"].get(map={"speaker": "age"}))


def test_a_table_that_was_read_is_one_of_audformats_own(version: Path) -> None:
    """What it was before leaves no trace in its kind or its dump."""
    db = opened(version)
    before = db["files"].dump()
    assert isinstance(db["files"], audformat.Table)
    assert isinstance(db["speaker"], audformat.MiscTable)
    assert len(db["files"]) == 3
    assert type(db["files"]) is audformat.Table
    assert db["files"].dump() == before


def test_selected_tables_stay_with_the_labels_of_schemes(version: Path) -> None:
    """Misc tables that hold the labels of schemes are always there; schemes, splits and raters stay."""
    db = opened(version, tables=["segments"])
    assert list(db) == ["segments", "speaker"]
    assert list(db.schemes) == ["age", "emotion", "score", "speaker"]
    assert list(db.splits) == ["train"]
    assert list(opened(version, tables=[])) == ["speaker"]
    assert list(opened(version, tables=["speaker", "other"])) == ["other", "speaker"]


def test_paths_begin_with_the_folder(version: Path) -> None:
    """Of files and of segments, as audformat expands them; never in a misc table."""
    db, expected = opened(version, Rows(root="/data/x")), plain(version)
    for name in ("files", "segments"):
        index = audformat.utils.expand_file_path(expected[name].index, "/data/x")
        pd.testing.assert_index_equal(db[name].index, index)
        assert audformat.index_type(db[name].index) == expected[name].type
    pd.testing.assert_frame_equal(db["other"].df, expected["other"].df)


def test_a_format_changes_the_extension_of_sound_alone(version: Path) -> None:
    """Text files keep their name."""
    db = opened(version, Rows(format="flac", listed=version / ".media.parquet"))
    assert list(db.files) == ["a.flac", "b.flac", "c.txt"]
    assert list(db["segments"].files) == ["a.flac", "a.flac", "b.flac"]
    assert list(db["other"].index.get_level_values("file")) == ["a.wav", "gone.wav"]


def test_only_rows_of_selected_media_stay(version: Path) -> None:
    """In the order of the table; misc tables keep all of theirs."""
    db = opened(version, Rows(media=pl.Series(["c.txt", "a.wav"])))
    assert list(db["files"].files) == ["a.wav", "c.txt"]
    assert list(db["segments"].files) == ["a.wav", "a.wav"]
    assert len(db["other"]) == 2
    pd.testing.assert_frame_equal(
        db["segments"].df, plain(version)["segments"].pick_files(["a.wav"]).df, check_dtype=True
    )


def test_without_media_tables_are_empty(version: Path) -> None:
    """And still tables: their index and columns keep their types."""
    db, expected = opened(version, Rows(media=pl.Series([], dtype=pl.String), root="/x")), plain(version)
    for name in ("files", "segments"):
        assert db[name].df.empty
        assert db[name].df.dtypes.equals(expected[name].df.dtypes)
        assert audformat.index_type(db[name].index) == expected[name].type
    assert list(db.files) == []


def test_rows_of_erased_media_go(version: Path) -> None:
    """But for those of misc tables."""
    db = opened(version, Rows(gone=("a.wav", "gone.wav")))
    assert list(db["files"].files) == ["b.wav", "c.txt"]
    assert list(db["segments"].files) == ["b.wav"]
    assert len(db["other"]) == 2


def test_a_file_named_twice_stays_twice(tmp_path: Path) -> None:
    """What is wrong with a table is not mended by loading it."""
    tables = {**TABLES, "files": TABLES["files"] + "a.wav,sad,s2,z\n"}
    db = opened(make_version(tmp_path / "v", tables=tables), Rows(media=pl.Series(["a.wav"])))
    assert list(db["files"].df["emotion"]) == ["happy", "sad"]


def test_it_says_what_it_is(version: Path) -> None:
    """On the object; the header in the folder does not."""
    db = opened(version, meta={"version": "1.0.0", "complete": True})
    assert db.meta["audiodvc"] == {
        "root": str(version / "d3b62a9b"), "version": "1.0.0", "complete": True
    }  # fmt: skip
    assert db.root == str(version / "d3b62a9b")
    assert "audiodvc" not in opened(version).meta
    assert "audiodvc" not in (version / "db.yaml").read_text()


def through_pickle(database: audformat.Database) -> audformat.Database:
    """The database that a pickle of another one gives."""
    return pickle.loads(pickle.dumps(database))  # noqa: S301 - just made


def durations(database: audformat.Database) -> MutableMapping[str, pd.Timedelta]:
    """What audformat looks up durations in."""
    found: MutableMapping[str, pd.Timedelta] = vars(database)["_files_duration"]
    return found


@pytest.mark.parametrize("way", [copy.copy, through_pickle])
def test_a_database_can_be_copied_and_pickled(
    version: Path, way: Callable[[audformat.Database], audformat.Database]
) -> None:
    """Read or not; what comes out is the same database."""
    db = opened(version, Rows(root="/x", listed=version / ".media.parquet"))
    other = way(db)
    assert other == opened(version, Rows(root="/x"))
    assert len(durations(other)) == 2
    assert durations(other) == durations(db)


def test_a_pickled_table_needs_nothing_of_ours(version: Path) -> None:
    """What is read from a pickle are audformat's own objects."""
    assert b"audiodvc" not in pickle.dumps(opened(version)["other"])


def test_a_table_can_be_copied_before_it_is_used(version: Path) -> None:
    """`copy` gives one of audformat's own, with its rows."""
    table = opened(version)["files"].copy()
    assert type(table) is audformat.Table
    pd.testing.assert_frame_equal(table.df, plain(version)["files"].df)


def test_tables_can_be_added(version: Path) -> None:
    """Both operands are read; the sum is one of audformat's own."""
    db, expected = opened(version), plain(version)
    total = db["files"] + db["segments"]
    assert type(total) is audformat.Table
    assert total == expected["files"] + expected["segments"]


def test_whatever_changes_a_database_works_on_unread_tables(version: Path) -> None:
    """As on a database that audformat has read."""
    changes: dict[str, Callable[[audformat.Database], object]] = {
        "map_files": lambda db: db.map_files(lambda file: f"x/{file}"),
        "drop_files": lambda db: db.drop_files("a.wav"),
        "pick_files": lambda db: db.pick_files(lambda file: file.endswith("wav"), num_workers=2),
        "drop_tables": lambda db: db.drop_tables(["files", "other"]),
        "pick_tables": lambda db: db.pick_tables(["segments", "speaker"]),
        "replace_labels": lambda db: db.schemes["emotion"].replace_labels(["happy", "angry"]),
        "drop_columns": lambda db: db["files"].drop_columns("speaker", inplace=True),
        "extend": lambda db: db["segments"].extend_index(SEGMENTS, inplace=True),
        "set": lambda db: db["files"]["emotion"].set("sad"),
        "drop_index": lambda db: db["speaker"].drop_index(pd.Index(["s1"], name="speaker"), inplace=True),
        "column": lambda db: db["files"].__setitem__("new", audformat.Column(scheme_id="score")),
        "update": lambda db: db.update(plain(version), overwrite=True),
        "table": lambda db: db.__setitem__("more", db["files"].copy()),
    }
    for name, change in changes.items():
        db, expected = opened(version), plain(version)
        change(db)
        change(expected)
        assert db == expected, name
        assert db.dump() == expected.dump(), name


def test_get_asks_all_tables(version: Path) -> None:
    """`Database.get` finds the columns of a scheme in tables that nobody has read."""
    pd.testing.assert_frame_equal(opened(version).get("emotion"), plain(version).get("emotion"))
    pd.testing.assert_frame_equal(
        opened(version).get("score", ["emotion"]), plain(version).get("score", ["emotion"])
    )


def test_saving_writes_all_tables(version: Path, tmp_path: Path) -> None:
    """Elsewhere, whole, and nothing where it came from is touched."""
    before = {path.name: path.read_bytes() for path in version.iterdir()}
    opened(version).save(str(tmp_path / "saved"))
    assert audformat.Database.load(str(tmp_path / "saved")) == plain(version)
    assert {name: (version / name).read_bytes() for name in before} == before


def test_a_saved_header_leaves_the_rows_where_they_are(version: Path, tmp_path: Path) -> None:
    """A header saved alone gives the database another root, and its unread tables no other rows."""
    db = opened(version)
    db.save(str(tmp_path / "saved"), header_only=True)
    assert len(db["files"]) == 3


def test_load_takes_the_rows_of_another_file(version: Path, tmp_path: Path) -> None:
    """Said by audformat's name for it, audformat does it."""
    (tmp_path / "db.segments.csv").write_text("file,start,end,score\nx.wav,0s,1s,0.25\n")
    db = opened(version, Rows(root="/x"))
    db["segments"].load(str(tmp_path / "db.segments"))
    assert list(db["segments"].files) == ["x.wav"]


def test_a_header_makes_no_object(tmp_path: Path) -> None:
    """The loader of audformat would call what a header names; ours refuses it."""
    witness = tmp_path / "called"
    call = f"!!python/object/apply:os.mkdir [{witness}]"
    with pytest.raises(FormatError):
        opened(make_version(tmp_path / "v", f"{HEADER}extra: {call}\n"))
    assert not witness.exists()
    yaml.load(f"extra: {call}", Loader=yaml.UnsafeLoader)  # noqa: S506 - what audformat does
    assert witness.exists()


@pytest.mark.parametrize(
    "header",
    [
        "name: x\n",
        "name: x\nsource: y\nusage: never\n",
        "- a\n",
        "",
        "name: x\nsource: y\nusage: other\nmisc_tables: {m: 5}\n",
        "name: x\nsource: y\nusage: other\nattachments: {a: {path: ../x}}\n",
    ],
)
def test_a_header_that_audformat_cannot_load_is_said(tmp_path: Path, header: str) -> None:
    """One kind of error, whatever it does to audformat."""
    with pytest.raises(FormatError, match=r"audformat cannot load .*db\.yaml: "):
        opened(make_version(tmp_path / "v", header))


def test_a_table_without_a_file_is_said_when_it_is_used(version: Path) -> None:
    """All others can be used."""
    (version / "db.files.csv").unlink()
    db = opened(version)
    assert len(db["segments"]) == 3
    with pytest.raises(FormatError, match=r"there is no db\.files\.csv"):
        _ = db["files"].df


def test_durations_are_known_without_the_media(version: Path) -> None:
    """By absolute path, in the flavor's name, to the nanosecond that pandas makes of them."""
    db = opened(
        version, Rows(listed=version / ".media.parquet", format="flac", root=str(version / "d3b62a9b"))
    )
    lengths = db.files_duration(list(db["segments"].files.unique()))
    assert list(lengths) == list(pd.to_timedelta([2.5, 1 / 3], unit="s"))
    index = db["segments"].get(allow_nat=False).index
    assert index.get_level_values("end")[1] == pd.Timedelta("2.5s")
    frame = opened(version, Rows(listed=version / ".media.parquet"))["files"]
    with pytest.raises(FileNotFoundError, match=r"c\.txt"):
        frame.get(as_segmented=True, allow_nat=False)


def test_durations_are_a_mapping_like_any_other(version: Path) -> None:
    """What audformat finds out itself is kept beside what is listed."""
    db = opened(version, Rows(listed=version / ".media.parquet", media=pl.Series(["b.wav"])))
    lengths = durations(db)
    b, x = str(version / "d3b62a9b" / "b.wav"), "/x.wav"
    assert list(lengths) == [b]
    lengths[x], lengths[b] = pd.Timedelta("1s"), pd.Timedelta("2s")
    assert lengths == {b: pd.Timedelta("2s"), x: pd.Timedelta("1s")}
    del lengths[b], lengths[x]
    assert len(lengths) == 0
    assert b not in lengths
    with pytest.raises(KeyError):
        del lengths[x]
