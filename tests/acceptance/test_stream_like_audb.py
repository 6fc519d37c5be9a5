"""The same table streamed with audb and with audiodvc; audb comes with the extra `bench`."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from audiodvc.resolve.stream import DatabaseIterator, stream

if TYPE_CHECKING:
    import audb
else:
    audb = pytest.importorskip("audb")

from tests.twins import GONE, Both

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "filewise": ("files", {}),
    "segmented": ("segments", {"version": "1.0.0"}),
    "misc": ("pairs", {}),
    "labels": ("speaker", {}),
    "relative": ("files", {"full_path": False}),
    "flac": ("test.few", {"format": "flac", "full_path": False}),
    "8 kHz": ("segments", {"sampling_rate": 8000}),
    "metadata": ("files", {"only_metadata": True}),
    "mapped": ("files", {"map": {"speaker": ["speaker", "age"], "gender": "code"}, "full_path": False}),
}


@pytest.mark.parametrize(("table", "more"), CASES.values(), ids=CASES)
def test_batches_are_like_audbs(both: Both, table: str, more: dict[str, Any]) -> None:
    """Rows, types and paths, and the database reduced to the table; only audb keeps rows of removed media."""
    ours = stream(both.source, table, batch_size=100, cache_root=both.cache, verbose=False, **more)
    mine: pd.DataFrame = pd.concat(list(ours))
    with warnings.catch_warnings(action="ignore"):
        theirs = audb.stream(
            "dataset", table, batch_size=100, cache_root=str(both.audb_cache), verbose=False, **more
        )
        other = pd.concat(list(theirs))
    if table not in theirs.misc_tables:
        other = other[~other.index.get_level_values("file").str.endswith(Path(GONE).name)]
        assert [_relative(name, theirs.root) for name in other.index.get_level_values("file")] == [
            _relative(name, ours.root) for name in mine.index.get_level_values("file")
        ]
        mine.index, other.index = (_plain(frame.index) for frame in (mine, other))
    if "date" in other:  # where audb's `stream` is not like its `load`, we are like the latter
        other["date"] = other["date"].astype(mine["date"].dtype)
        other["free"] = mine["free"]
    pd.testing.assert_frame_equal(mine, other)
    for part in ("tables", "misc_tables", "schemes", "splits", "media", "raters", "attachments"):
        assert list(getattr(ours, part)) == list(getattr(theirs, part)), part


@pytest.mark.parametrize("more", [{"table": "nope"}, {"format": "mp3"}, {"sampling_rate": -1}], ids=str)
def test_what_audb_refuses_is_refused(both: Both, more: dict[str, Any]) -> None:
    """With the same kind of error."""
    asked = {"table": "files", **more}
    with warnings.catch_warnings(action="ignore"), pytest.raises(ValueError, match=r".") as theirs:
        audb.stream("dataset", cache_root=str(both.audb_cache), verbose=False, **asked)
    with pytest.raises(theirs.type):
        stream(both.source, cache_root=both.cache, verbose=False, **asked)


def test_an_iterator_is_made_by_stream_alone() -> None:
    """As with audb."""
    for kind in (DatabaseIterator, audb.DatabaseIterator):
        with pytest.raises(TypeError):
            kind()


def _relative(name: str, root: str) -> str:
    return name.removeprefix(f"{root}/")


def _plain(index: pd.Index) -> pd.Index:
    """The index without its files, which lie in other folders."""
    return index.droplevel("file") if isinstance(index, pd.MultiIndex) else pd.RangeIndex(len(index))
