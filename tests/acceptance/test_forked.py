"""What a forked process can do, such as the worker of a data loader: all but make streams and views."""

from __future__ import annotations

import multiprocessing
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import audiodvc
from audiodvc.errors import AudiodvcError, SelectionError
from tests.acceptance.recordings import FILES


def forked(work: Callable[[], object], answer: Path) -> Any:  # noqa: ANN401 - what the work gives
    """What some work gives in a fork of this process, which has used polars."""
    process = multiprocessing.get_context("fork").Process(target=_told, args=(work, answer))
    with warnings.catch_warnings(action="ignore"):  # a fork of a process with threads: that is the point
        process.start()
    process.join(60)
    alive = process.is_alive()
    process.kill()
    assert not alive
    return pickle.loads(answer.read_bytes())  # noqa: S301 - our own


def _told(work: Callable[[], object], answer: Path) -> None:
    answer.write_bytes(pickle.dumps(work()))


@pytest.fixture
def source(recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A dataset, called by a name that only this process knows, with a cache that only it has set."""
    repository = audiodvc.Repository("here", str(recorded / "{dataset}"))
    monkeypatch.setattr(audiodvc.config, "REPOSITORIES", [repository])
    monkeypatch.setattr(audiodvc.config, "CACHE_ROOT", tmp_path / "cache")
    monkeypatch.setattr(audiodvc.config, "SHARED_CACHE_ROOT", "")
    return "dataset"


def test_a_fork_loads_as_any_other_process(source: str, tmp_path: Path) -> None:
    """Databases, tables, media, dependencies and information, whether they are in the cache or not."""
    whole = audiodvc.load(source, only_metadata=True, full_path=False, verbose=False)
    assert whole is not None

    def work() -> object:
        db = audiodvc.load(source, media="0[0-3]", format="flac", verbose=False)
        assert db is not None
        table = audiodvc.load_table(source, "segments", verbose=False)
        paths = audiodvc.load_media(source, FILES[8], verbose=False)
        assert paths is not None
        known = audiodvc.dependencies(source)
        known.save(tmp_path / "known.csv")
        read = audiodvc.Dependencies()
        read.load(tmp_path / "known.csv")
        assert read == known
        assert known.version(FILES[0]) == "1.0.0"
        assert audiodvc.verify(source, verbose=False) == []
        told = audiodvc.info.duration(source), audiodvc.info.header(source)["files"].df, known.media
        return list(db["files"].index), db.files_duration(db.files), table, paths[0], told

    files, durations, table, path, (length, frame, media) = forked(work, tmp_path / "answer")
    assert [Path(file).name for file in files] == ["00.flac", "01.flac", "02.flac", "03.flac"]
    assert set(durations) == {pd.Timedelta("0.5s")}
    pd.testing.assert_frame_equal(table, whole["segments"].df)
    assert Path(path).exists()
    assert length == pd.Timedelta("6s")
    pd.testing.assert_frame_equal(frame, whole["files"].df)
    assert media == FILES


def test_a_fork_reads_the_tables_of_a_database_that_it_was_given(source: str, tmp_path: Path) -> None:
    """Also those that nobody has used before; selected, and with their paths."""
    db = audiodvc.load(source, media="0[0-3]", only_metadata=True, verbose=False)
    again = audiodvc.load(source, media="0[0-3]", only_metadata=True, verbose=False)
    assert db is not None
    assert again is not None
    lengths, frame = forked(
        lambda: (db.files_duration(db.files), db["files"].get(map={"speaker": "age"})), tmp_path / "answer"
    )
    pd.testing.assert_frame_equal(frame, again["files"].get(map={"speaker": "age"}))
    pd.testing.assert_series_equal(lengths, again.files_duration(again.files))


def test_what_a_fork_cannot_do_is_an_error(source: str, tmp_path: Path) -> None:
    """Not a wait without end; and errors of others come through."""
    audiodvc.load(source, only_metadata=True, verbose=False)

    def raised(call: Callable[[], object]) -> object:
        try:
            return call()
        except AudiodvcError as error:
            return error

    def work() -> object:
        asked: dict[str, Any] = {"only_metadata": True, "verbose": False}
        calls = (
            lambda: audiodvc.stream(source, "files", verbose=False),
            lambda: audiodvc.view(source, "files", verbose=False),
            lambda: audiodvc.load(source, tables="nope", **asked),
        )
        return [raised(call) for call in calls]

    stream, view, unknown = forked(work, tmp_path / "answer")
    for error in (stream, view):
        assert "in the main process" in error.hint
    assert isinstance(unknown, SelectionError)
    assert "it has" in unknown.hint
