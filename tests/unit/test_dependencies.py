"""Dependencies as a value: rows, members, files."""

from __future__ import annotations

import pickle
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.errors import FormatError
from audiodvc.resolve.dependencies import Dependencies
from audiodvc.resolve.inventory import ROWS

TEXT = """\
file,archive,bit_depth,channels,checksum,duration,format,removed,sampling_rate,type,version
db.mood.csv,aa,0,0,aa,0.0,csv,0,0,0,1.1.0
docs,paper,0,0,bb,0.0,,0,0,2,1.0.0
audio/a.wav,cc,16,1,cc,0.5,wav,0,16000,1,1.0.0
audio/b.txt,dd,0,0,dd,0.0,txt,1,0,1,1.0.0
"""


@pytest.fixture
def deps(tmp_path: Path) -> Dependencies:
    """A table, an attachment, and two media of which one was removed."""
    (tmp_path / "deps.csv").write_text(TEXT)
    loaded = Dependencies()
    loaded.load(tmp_path / "deps.csv")
    return loaded


def test_members_tell_what_each_file_is(deps: Dependencies) -> None:
    """Names by kind, in the order of the rows."""
    assert len(deps) == 4
    assert deps.files == ["db.mood.csv", "docs", "audio/a.wav", "audio/b.txt"]
    assert (deps.tables, deps.table_ids) == (["db.mood.csv"], ["mood"])
    assert (deps.attachments, deps.attachment_ids) == (["docs"], ["paper"])
    assert (deps.media, deps.removed_media) == (["audio/a.wav", "audio/b.txt"], ["audio/b.txt"])
    assert deps.archives == ["aa", "cc", "dd", "paper"]
    assert "audio/a.wav" in deps
    assert "audio/c.wav" not in deps


def test_each_column_has_a_getter_with_pythons_types(deps: Dependencies) -> None:
    """What a row holds, one by one and as a whole."""
    file = "audio/a.wav"
    row = [
        deps.archive(file),
        deps.bit_depth(file),
        deps.channels(file),
        deps.checksum(file),
        deps.duration(file),
        deps.format(file),
        deps.removed(file),
        deps.sampling_rate(file),
        deps.type(file),
        deps.version(file),
    ]
    assert row == ["cc", 16, 1, "cc", 0.5, "wav", False, 16000, 1, "1.0.0"]
    assert [type(cell) for cell in row] == [str, int, int, str, float, str, bool, int, int, str]
    assert deps[file] == row
    assert deps.format("docs") == ""
    assert deps.removed("audio/b.txt") is True


@pytest.mark.parametrize("ask", [Dependencies.duration, Dependencies.__getitem__])
def test_an_unknown_file_is_a_key_error(deps: Dependencies, ask: object) -> None:
    """As in audb, with the name of the file."""
    assert callable(ask)
    with pytest.raises(KeyError, match=r"audio/c\.wav"):
        ask(deps, "audio/c.wav")


def test_the_table_has_audbs_columns_and_types(deps: Dependencies) -> None:
    """Also where there are no rows."""
    for one in (deps, Dependencies()):
        frame = one()
        assert list(frame.columns) == ROWS.names()[1:]
        assert frame.index.dtype == object
        assert frame.index.name is None
        assert [str(kind) for kind in frame.dtypes] == [
            "string",
            "int32[pyarrow]",
            "int32[pyarrow]",
            "string",
            "double[pyarrow]",
            "string",
            "int32[pyarrow]",
            "int32[pyarrow]",
            "int32[pyarrow]",
            "string",
        ]
    assert "cc" in str(deps)
    assert deps() is deps()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_is_saved_is_loaded_again(deps: Dependencies, tmp_path: Path, suffix: str) -> None:
    """Other rows that were there before are gone."""
    path = tmp_path / "folder" / f"saved.{suffix}"
    deps.save(path)
    again = Dependencies()
    again.load(tmp_path / "deps.csv")
    again.load(str(path))
    assert again == deps
    assert again.files == deps.files
    assert again.attachment_ids == deps.attachment_ids


@given(
    names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), unique=True)
)
def test_any_name_survives_a_csv(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Commas, quotes and line breaks in paths are no matter."""
    path = tmp_path_factory.mktemp("deps") / "deps.csv"
    deps = Dependencies()
    deps._put(_rows(names))  # noqa: SLF001 - there is no other way in
    deps.save(path)
    again = Dependencies()
    again.load(path)
    assert again == deps


def test_an_empty_table_survives_too(tmp_path: Path) -> None:
    """A dataset may have nothing."""
    for suffix in ("csv", "parquet"):
        Dependencies().save(tmp_path / f"empty.{suffix}")
        again = Dependencies()
        again.load(tmp_path / f"empty.{suffix}")
        assert again == Dependencies()


def test_equal_are_those_with_the_same_rows_in_any_order(deps: Dependencies, tmp_path: Path) -> None:
    """One other value is enough to differ."""
    first, *lines = TEXT.splitlines()
    for name, rows in (("order", lines[::-1]), ("value", [lines[0].replace("1.1.0", "1.2.0"), *lines[1:]])):
        (tmp_path / f"{name}.csv").write_text("\n".join([first, *rows, ""]))
    order, value = Dependencies(), Dependencies()
    order.load(tmp_path / "order.csv")
    value.load(tmp_path / "value.csv")
    assert order == deps
    assert value != deps
    assert deps != TEXT


def test_what_cannot_be_loaded_or_saved_says_why(deps: Dependencies, tmp_path: Path) -> None:
    """Another extension, a missing file, a file of something else."""
    for call in (deps.load, deps.save):
        with pytest.raises(ValueError, match=r"'\.pkl'"):
            call(tmp_path / "deps.pkl")
    with pytest.raises(FileNotFoundError, match="none"):
        deps.load(tmp_path / "none.csv")
    for suffix in ("csv", "parquet"):
        (tmp_path / f"broken.{suffix}").write_text("file,archive\na.wav,b\n")
        with pytest.raises(FormatError, match="broken"):
            deps.load(tmp_path / f"broken.{suffix}")
    assert len(deps) == 4


def test_they_can_be_sent_to_another_process(deps: Dependencies) -> None:
    """With all of their rows."""
    assert pickle.loads(pickle.dumps(deps)) == deps  # noqa: S301 - made here


def _rows(names: list[str]) -> pl.DataFrame:
    empty = pl.DataFrame({"file": names}, {"file": pl.String})
    texts = dict.fromkeys(("archive", "checksum", "format", "version"), pl.lit(""))
    numbers = dict.fromkeys(("bit_depth", "channels", "removed", "sampling_rate", "type"), pl.lit(1))
    return empty.with_columns(duration=pl.lit(0.1), **texts, **numbers).select(ROWS.names()).cast(ROWS)
