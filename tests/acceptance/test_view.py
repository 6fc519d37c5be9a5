"""Tables as sequences of sounds, on real repositories and remotes."""

from __future__ import annotations

import io
import multiprocessing
import pickle
import shutil
import warnings
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from audiodvc.errors import ConversionError, ObjectError, SelectionError
from audiodvc.resolve.load import load
from audiodvc.resolve.view import View, view
from tests.acceptance.recordings import FILES, view_worker
from tests.builder import Repo, default_header, tone


@pytest.fixture
def repo(recorded: Path, tmp_path: Path) -> Repo:
    """A copy of that dataset and its remote."""
    shutil.copytree(recorded, tmp_path, dirs_exist_ok=True)
    return Repo(tmp_path / "dataset")


def seen(
    repo: Repo,
    cache: Path,
    table: str = "files",
    **more: Any,  # noqa: ANN401 - whatever `view` takes
) -> View:
    """A view of the version 1.0.0."""
    asked = {"version": "1.0.0", "cache_root": cache, "verbose": False, "full_path": False, **more}
    return view(str(repo.path), table, **asked)


def names(rows: View) -> list[str]:
    """The files of all rows."""
    return [one.row["file"] for one in rows]


def test_a_row_is_its_sound_and_its_labels(repo: Repo, cache: Path) -> None:
    """Signal with channels first, sampling rate, and the values of all columns as pandas has them."""
    rows = seen(repo, cache)
    assert len(rows) == 12
    signal, rate, row = rows[1]
    expected, _ = soundfile.read(io.BytesIO(tone(0.5, pitch=210)), dtype="float32", always_2d=True)
    np.testing.assert_array_equal(signal, expected.T)
    assert (str(signal.dtype), signal.shape, rate) == ("float32", (1, 8000), 16000)
    assert signal.flags["C_CONTIGUOUS"]
    assert row == {"file": FILES[1], "mood": "wild", "speaker": "s2", "free": row["free"]}
    assert pd.isna(row["free"])


@pytest.mark.parametrize("prefetch", [True, False])
@pytest.mark.parametrize("table", ["files", "segments", "other"])
def test_rows_are_those_of_the_table(repo: Repo, cache: Path, table: str, *, prefetch: bool) -> None:
    """In the same order, with the same values, in the flavor that was asked for."""
    flavor: dict[str, Any] = {"format": "flac", "channels": [0, 0], "sampling_rate": 8000}
    rows = seen(repo, cache, table, prefetch=prefetch, full_path=True, **flavor)
    whole = load(str(repo.path), version="1.0.0", cache_root=cache.with_name("other"), **flavor)
    assert whole is not None
    frame = whole[table].df.reset_index()
    assert len(rows) == len(frame)
    for one, (_, expected) in zip(rows, frame.iterrows(), strict=True):
        assert one.sampling_rate == 8000
        assert one.signal.shape[0] == 2
        kept = {name: value for name, value in one.row.items() if name != "file" and not pd.isna(value)}
        assert kept == {
            name: value for name, value in expected.items() if name != "file" and not pd.isna(value)
        }
        assert Path(one.row["file"]).name == Path(expected["file"]).name
        assert Path(one.row["file"]).exists()


def test_a_segment_is_its_part_of_the_file(repo: Repo, cache: Path) -> None:
    """Segments that adjoin share no sample and lose none; one without an end goes to the end."""
    rows, whole = seen(repo, cache, "segments"), seen(repo, cache)
    first, second = rows[0], rows[1]
    assert (first.signal.shape, second.signal.shape) == ((1, 1600), (1, 6400))
    np.testing.assert_array_equal(np.concatenate([first.signal, second.signal], axis=1), whole[0].signal)
    assert first.row["end"] == pd.Timedelta("0.1s")
    assert second.row["end"] is pd.NaT


def test_it_is_a_sequence(repo: Repo, cache: Path) -> None:
    """Negative numbers, slices, lists and arrays; past the end is an IndexError, which ends a plain loop."""
    rows = seen(repo, cache)
    assert rows[-1].row["file"] == FILES[-1]
    assert rows[np.int64(2)].row["file"] == FILES[2]
    assert names(rows[2:10:3]) == FILES[2:10:3]
    assert names(rows[::-1]) == FILES[::-1]
    assert names(rows[[3, -1, 3]]) == [FILES[3], FILES[-1], FILES[3]]
    assert names(rows[np.array([5, 0])]) == [FILES[5], FILES[0]]
    assert names(rows[4:][[0, 1]][1:]) == [FILES[5]]
    assert len(rows[4:4]) == 0
    for index in (12, -13):
        with pytest.raises(IndexError, match=str(index)):
            _ = rows[index]
    for odd in ("0", 1.0, [1.0], None):
        with pytest.raises(TypeError):
            _ = rows[odd]  # type: ignore[index]  # that is the point


def test_media_come_first_or_when_they_are_needed(repo: Repo, cache: Path) -> None:
    """All of them at once, unless that is not wanted; those of a batch together."""
    rows = seen(repo, cache, prefetch=False)
    assert not list(cache.rglob("*.wav"))
    assert rows[3].signal.size
    assert [path.name for path in cache.rglob("*.wav")] == ["03.wav"]
    assert len(rows.__getitems__([0, 5, 0])) == 3
    assert len(list(cache.rglob("*.wav"))) == 3
    assert len(seen(repo, cache, "other")) == 6
    assert len(list(cache.rglob("*.wav"))) == 7


def test_once_they_are_here_nobody_is_asked(repo: Repo, cache: Path) -> None:
    """A view goes on without repository and remote, and another one is made without them."""
    rows = seen(repo, cache)
    repo.hide()
    assert names(rows) == FILES
    assert names(seen(repo, cache)) == FILES


def test_columns_are_mapped(repo: Repo, cache: Path) -> None:
    """To what the labels of their scheme say."""
    row = seen(repo, cache, map={"speaker": ["age"]})[1].row
    assert (row["age"], "speaker" in row) == (40, False)


def test_parts_are_the_whole(repo: Repo, cache: Path) -> None:
    """Each row is in one of them."""
    rows = seen(repo, cache)
    parts = [names(rows.shard(index, 5)) for index in range(5)]
    assert sorted(chain.from_iterable(parts)) == FILES
    assert max(map(len, parts)) - min(map(len, parts)) <= 1
    with pytest.raises(ValueError, match="there is no part 5"):
        rows.shard(5, 5)


def test_what_is_sent_is_small(repo: Repo, cache: Path) -> None:
    """Not the table, but where it is; what arrives is the same."""
    rows = seen(repo, cache)[3:]
    sent = pickle.dumps(rows)
    assert len(sent) < 5_000
    assert FILES[5].encode() not in sent
    other = pickle.loads(sent)  # noqa: S301 - our own
    assert names(other) == FILES[3:]


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("prefetch", [True, False])
def test_workers_read_it_at_once(repo: Repo, cache: Path, method: str, *, prefetch: bool) -> None:
    """Processes that were forked after the libraries were used, or not; also if they have to fetch."""
    rows = seen(repo, cache, "segments", prefetch=prefetch, format="flac")
    context: Any = multiprocessing.get_context(method)
    running = []
    with warnings.catch_warnings(action="ignore"):  # a fork of a process with threads: that is the point
        for index in range(3):
            answers = context.SimpleQueue()
            numbers = list(range(index, len(rows), 3))
            process = context.Process(target=view_worker, args=(rows, numbers, answers))
            process.start()
            running.append((process, numbers, answers))
    for process, numbers, answers in running:
        for number, (signal, rate, row) in zip(numbers, answers.get(), strict=True):
            expected = rows[number]
            assert (signal, rate) == (expected.signal.tobytes(), expected.sampling_rate)
            assert (row["file"], row["start"]) == (expected.row["file"], expected.row["start"])
        process.join()
    md5s = [path for path in (cache / "objects").rglob("*") if path.is_file()]
    assert len(md5s) == 8


def test_what_cannot_be_is_refused(repo: Repo, cache: Path) -> None:
    """A misc table has no media, and an unknown one nothing at all."""
    with pytest.raises(SelectionError, match="speaker"):
        seen(repo, cache, "speaker")
    with pytest.raises(SelectionError, match="nope"):
        seen(repo, cache, "nope")


def test_what_is_lost_is_named(repo: Repo, cache: Path) -> None:
    """At once if all is fetched, else with the row."""
    shutil.rmtree(repo.path.parent / "dataset.media")
    with pytest.raises(ObjectError, match=FILES[3]):
        seen(repo, cache)
    rows = seen(repo, cache, prefetch=False)
    with pytest.raises(ObjectError, match=FILES[5]):
        _ = rows[5]


def test_a_file_that_is_no_sound_is_named(repo: Repo, cache: Path) -> None:
    """With its row; all others can be read."""
    table = "file,mood\naudio/00.wav,calm\naudio/x.txt,wild\ngone.wav,wild\n"
    header = default_header({"more": table})
    repo.commit(
        header=header,
        tables={"more": table},
        media={"audio/x.txt": b"x", "audio/00.wav": tone(0.5)},
        tag="v2.0.0",
    )
    repo.push()
    rows = seen(repo, cache, "more", version="2.0.0")
    assert rows[0].signal.size
    for one in (rows, seen(repo, cache.with_name("other"), "more", version="2.0.0", prefetch=False)):
        with pytest.raises(ConversionError, match=r"audio/x\.txt is no sound"):
            _ = one[1]
    with pytest.raises(FileNotFoundError, match=r"gone\.wav"):
        _ = rows[2]
