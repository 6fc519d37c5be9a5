"""The same dataset published with audb and kept with audiodvc: every call gives the same.

audb comes with the extra `bench`; without it these tests are skipped.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import audformat
import numpy as np
import pandas as pd
import pytest
import soundfile

from audiodvc.resolve import load
from tests.twins import GONE, Both

if TYPE_CHECKING:
    import audb
else:
    audb = pytest.importorskip("audb")

LOADS: dict[str, dict[str, object]] = {
    "all": {},
    "old version": {"version": "1.0.0"},
    "relative": {"full_path": False},
    "metadata": {"only_metadata": True},
    "removed media": {"removed_media": True},
    "removed media, relative": {"removed_media": True, "full_path": False, "only_metadata": True},
    "removed media by list": {"removed_media": True, "media": [GONE, "audio/001.wav"]},
    "removed media by expression": {"removed_media": True, "media": "004"},
    "a list from before a removal": {"media": [GONE, "audio/001.wav"]},
    "an expression from before a removal": {"media": "004"},
    "one table": {"tables": "segments"},
    "tables by expression": {"tables": "^(files|speaker)$"},
    "tables by list": {"tables": ["test.few", "pairs"]},
    "a misc table": {"tables": ["speaker"]},
    "no tables": {"tables": []},
    "no tables said as text": {"tables": ""},
    "media by expression": {"media": r"\.wav$"},
    "media by list": {"media": ["audio/003.flac", "audio/001.wav"]},
    "media as an array": {"media": np.array(["audio/003.flac"])},
    "media as an index": {"media": audformat.filewise_index(["audio/003.flac"])},
    "media of a table": {"tables": "few", "media": "002"},
    "media without metadata": {"media": "002", "only_metadata": True},
    "no media": {"media": []},
    "attachments by expression": {"attachments": "paper|none"},
    "attachments by list": {"attachments": ["scripts"]},
    "no attachments": {"attachments": []},
    "flac": {"format": "flac"},
    "flac, relative": {"format": "flac", "full_path": False, "media": "00[12]"},
    "wav, mono, 16 kHz": {"format": "wav", "mixdown": True, "sampling_rate": 16000, "bit_depth": 16},
    "channels": {"channels": [1, 0]},
    "one channel": {"channels": -1, "mixdown": True},
    "8 kHz": {"sampling_rate": "8000", "version": "1.0.0", "tables": ["test.few"]},
    "unpickled": {"pickle_tables": False, "num_workers": 2, "timeout": 10},
    # refused
    "an unknown table": {"tables": ["nope"]},
    "an unknown table by expression": {"tables": "nope"},
    "unknown media": {"media": ["nope.wav"]},
    "unknown media by expression": {"media": "nope"},
    "media of another table": {"media": ["audio/001.wav"], "tables": ["test.few"]},
    "media without tables": {"media": ["audio/001.wav"], "tables": []},
    "an unknown version": {"version": "9.0.0"},
    "a bad depth": {"bit_depth": 8},
    "a bad format": {"format": "mp3"},
    "an unknown keyword": {"sample_rate": 8000},
}


@pytest.mark.parametrize("more", LOADS.values(), ids=LOADS)
def test_load_is_like_audbs(both: Both, more: dict[str, object]) -> None:
    """Header, tables, rows, types, paths, media, durations, and what is refused."""
    same(both, "load", more=more, compare=_same_databases)


@pytest.mark.parametrize("attachments", [["nope"], "nope", ["paper", "nope"]], ids=str)
def test_unknown_attachments_are_refused_as_by_audb(both: Both, tmp_path: Path, attachments: object) -> None:
    """By audb only as long as its cache is not complete; by us always."""
    with pytest.raises(ValueError, match="nope"):
        both.ours("load", attachments=attachments)
    fresh = replace(both, audb_cache=tmp_path)
    with pytest.raises(ValueError, match="nope"):
        fresh.theirs("load", attachments=attachments)


TABLES = {
    "all": ("files", {}),
    "old version": ("segments", {"version": "1.0.0"}),
    "misc": ("pairs", {}),
    "labels": ("speaker", {}),
    "map to a column": ("files", {"map": {"speaker": "age"}}),
    "map to columns": ("files", {"map": {"speaker": ["speaker", "age"], "gender": ["long", "code"]}}),
    "map to a field": ("files", {"map": {"gender": "code"}}),
    "unpickled": ("test.few", {"pickle_tables": False, "num_workers": 2}),
    "unknown": ("nope", {}),
    "a map of nothing": ("files", {"map": {"str": "age"}}),
    "a map to nothing": ("files", {"map": {"speaker": "nope"}}),
    "an unknown column": ("files", {"map": {"nope": "age"}}),
}


@pytest.mark.parametrize(("table", "more"), TABLES.values(), ids=TABLES)
def test_load_table_is_like_audbs(both: Both, table: str, more: dict[str, object]) -> None:
    """Rows, types, relative paths, maps, and what is refused."""
    same(both, "load_table", table, more=more, compare=_same_frames)


MEDIAS = {
    "one": ("audio/001.wav", {}),
    "several": (["audio/two..dots.wav", "audio/002.wav", "audio/two..dots.wav"], {}),
    "none": ([], {}),
    "flac": (["audio/003.flac", "audio/001.wav", "audio/two..dots.wav"], {"format": "flac"}),
    "old version": (("audio/001.wav",), {"version": "1.0.0", "channels": [0, 1]}),
    "unknown": (["audio/001.wav", "nope.wav"], {}),
    "no expression": ("audio", {}),
}


@pytest.mark.parametrize(("media", "more"), MEDIAS.values(), ids=MEDIAS)
def test_load_media_is_like_audbs(both: Both, media: object, more: dict[str, object]) -> None:
    """Paths in the order asked for, the sound in them, and what is refused."""
    same(both, "load_media", media, more=more, compare=_same_files)


def test_removed_media_cannot_be_loaded(both: Both) -> None:
    """Unlike with audb, which returns a path that does not lead to anything."""
    with pytest.raises(ValueError, match=f"removed from all versions of .*: {GONE}"):
        both.ours("load_media", ["audio/001.wav", GONE])
    with pytest.raises(ValueError, match="None is no name"):
        both.ours("load_media", None)


@pytest.mark.parametrize("attachment", ["paper", "scripts", "nope"])
def test_load_attachment_is_like_audbs(both: Both, attachment: str) -> None:
    """The files of one attachment, and what is refused."""
    same(both, "load_attachment", attachment, more={}, compare=_same_files)


@pytest.mark.parametrize("more", [{}, {"version": "1.0.0"}, {"only_metadata": True}], ids=str)
def test_load_to_is_like_audbs(both: Both, tmp_path: Path, more: dict[str, object]) -> None:
    """The files of a folder, and the database that they are; only audb's has rows of what was removed."""
    ours = load.load_to(tmp_path / "a", both.source, cache_root=both.cache, verbose=False, **more)  # type: ignore[arg-type] # any of them
    with warnings.catch_warnings(action="ignore"):
        theirs = audb.load_to(
            str(tmp_path / "b"),
            "dataset",
            cache_root=both.audb_cache,
            verbose=False,
            pickle_tables=False,
            **more,
        )
    assert ours.meta.pop("audiodvc")["root"] == str(tmp_path / "a")
    theirs.drop_files([GONE])
    _same_tables(ours, theirs)
    assert ours.root == str(tmp_path / "a")
    mine, other = ({name for name in _below(tmp_path / one) if "/." not in f"/{name}"} for one in "ab")
    assert mine == other - {"db.parquet"}  # the dependencies
    assert audformat.Database.load(str(tmp_path / "a")) == theirs


def same(
    both: Both, call: str, *words: object, more: dict[str, object], compare: Callable[[object, object], None]
) -> None:
    """Make a call of both, and compare what comes of it: a result, or the type of the error."""
    try:
        theirs = both.theirs(call, *words, **more)
    except Exception as error:  # noqa: BLE001 - whatever it raises
        with pytest.raises(type(error)):
            both.ours(call, *words, **more)
    else:
        compare(both.ours(call, *words, **more), theirs)


def _same_databases(ours: object, theirs: object) -> None:
    assert isinstance(ours, audformat.Database)
    assert isinstance(theirs, audformat.Database)
    said, told = ours.meta.pop("audiodvc"), theirs.meta.pop("audb")
    assert said["flavor"] == told["flavor"]
    assert said["version"] == told["version"]
    _same_tables(ours, theirs)
    files = [file for file in ours.files if Path(ours.root, file).exists()]
    assert _without_root(files, ours) == _without_root(
        [file for file in theirs.files if Path(theirs.root, file).exists()], theirs
    )
    for file in _without_root(files, ours):
        _same_sound(Path(ours.root, file), Path(theirs.root, file))
    lengths, expected = (vars(one)["_files_duration"] for one in (ours, theirs))
    # We know those of media that were not selected as well, and none of what was erased.
    told = {file: length for file, length in _durations(expected, theirs).items() if "004" not in file}
    assert _durations(lengths, ours).items() >= told.items()
    for name in theirs.attachments:
        assert _attached(ours, name) == _attached(theirs, name)


def _same_tables(ours: audformat.Database, theirs: audformat.Database) -> None:
    assert list(ours) == list(theirs)
    assert ours.dump() == theirs.dump()
    for name in theirs:
        _same_frames(ours[name].df, theirs[name].df, str(ours.root), str(theirs.root))


def _same_frames(ours: object, theirs: object, root: str = "", other: str = "") -> None:
    """The same rows, in whatever order, below their roots."""
    assert isinstance(ours, pd.DataFrame)
    assert isinstance(theirs, pd.DataFrame)
    pd.testing.assert_frame_equal(_sorted(ours, root), _sorted(theirs, other), check_exact=True)


def _sorted(frame: pd.DataFrame, root: str) -> pd.DataFrame:
    if list(frame.index.names) in (["file"], ["file", "start", "end"]):
        index = audformat.utils.map_file_path(frame.index, lambda file: file.removeprefix(f"{root}/"))
        frame = frame.set_axis(index)
    return frame.sort_index()


def _same_files(ours: object, theirs: object) -> None:
    assert isinstance(ours, list)
    assert isinstance(theirs, list)
    assert [_tail(file) for file in ours] == [_tail(file) for file in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        _same_sound(Path(mine), Path(other))


def _same_sound(mine: Path, other: Path) -> None:
    if mine.suffix not in (".wav", ".flac"):
        assert mine.read_bytes() == other.read_bytes()
        return
    one, two = soundfile.info(mine), soundfile.info(other)
    assert (one.samplerate, one.channels, one.format) == (two.samplerate, two.channels, two.format)
    samples, expected = soundfile.read(mine)[0], soundfile.read(other)[0]
    np.testing.assert_allclose(samples, expected, atol=1 / 2**14)


def _tail(file: str) -> str:
    """A path from the version or flavor on, whatever the name of the dataset is in the cache."""
    return re.sub(r"^.*?/(?=1\.\d\.0/)", "", file)


def _without_root(files: list[str], database: audformat.Database) -> list[str]:
    return sorted(str(file).removeprefix(f"{database.root}/") for file in files)


def _durations(lengths: dict[str, pd.Timedelta], database: audformat.Database) -> dict[str, pd.Timedelta]:
    return {file.removeprefix(f"{database.root}/"): length for file, length in lengths.items()}


def _attached(database: audformat.Database, name: str) -> list[str]:
    try:
        return sorted(database.attachments[name].files)
    except FileNotFoundError:
        return []


def _below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("call", ["load", "load_to", "load_media", "load_table", "load_attachment"])
def test_signatures_are_audbs(call: str) -> None:
    """The same parameters in the same order with the same defaults, and `rev` after them."""
    *ours, rev = inspect.signature(getattr(load, call)).parameters.values()
    theirs = inspect.signature(getattr(audb, call)).parameters.values()
    assert [(one.name, one.kind, one.default) for one in ours] == [
        (one.name, one.kind, one.default) for one in theirs
    ]
    assert (rev.name, rev.kind, rev.default) == ("rev", inspect.Parameter.KEYWORD_ONLY, None)
