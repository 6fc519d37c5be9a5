"""Tables in batches, on real repositories and remotes."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import pickle
import shutil
import subprocess
import sys
import threading
import types
import warnings
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import audformat
import pandas as pd
import pytest

from audiodvc.errors import ObjectError, SelectionError, UnknownVersionError
from audiodvc.resolve.load import load, load_table
from audiodvc.resolve.stream import DatabaseIterator, stream
from tests.acceptance.recordings import FILES, stream_worker
from tests.builder import Repo, tone


@pytest.fixture
def repo(recorded: Path, tmp_path: Path) -> Repo:
    """A copy of that dataset and its remote."""
    shutil.copytree(recorded, tmp_path, dirs_exist_ok=True)
    return Repo(tmp_path / "dataset")


@pytest.fixture(autouse=True)
def _nothing_goes_on() -> Iterator[None]:
    """No thread survives its test."""
    yield
    gc.collect()
    assert [one for one in threading.enumerate() if one.name == "audiodvc-ahead"] == []


def begun(
    repo: Repo,
    cache: Path,
    table: str = "files",
    **more: Any,  # noqa: ANN401 - whatever `stream` takes
) -> DatabaseIterator:
    """A stream of the version 1.0.0."""
    asked = {"version": "1.0.0", "batch_size": 5, "cache_root": cache, "verbose": False, **more}
    return stream(str(repo.path), table, **asked)


def files(batches: Sequence[pd.DataFrame]) -> list[str]:
    """The files of batches, one after the other."""
    return list(chain.from_iterable(batch.index.get_level_values("file") for batch in batches))


@pytest.mark.parametrize("table", ["files", "segments", "other"])
@pytest.mark.parametrize(
    "more",
    [{}, {"format": "flac"}, {"full_path": False}, {"sampling_rate": 8000, "channels": [0, 1]}],
    ids=str,
)
def test_batches_are_the_table_in_pieces(repo: Repo, cache: Path, table: str, more: dict[str, Any]) -> None:
    """The same rows in the same order, with the same types, as the whole table has them."""
    batches = list(begun(repo, cache, table, **more))
    sizes = [len(batch) for batch in batches]
    assert sizes[:-1] == [5] * (len(sizes) - 1)
    whole = load(str(repo.path), version="1.0.0", cache_root=cache, **more)
    assert whole is not None
    pd.testing.assert_frame_equal(pd.concat(batches), whole[table].df)
    for batch in batches:
        assert audformat.index_type(batch.index) == audformat.index_type(whole[table].df.index)


def test_media_of_a_batch_are_there(repo: Repo, cache: Path) -> None:
    """Those of this one for certain, and no more than a few batches ahead."""
    db = begun(repo, cache, batch_size=1)
    first = next(db)
    assert Path(files([first])[0]).exists()
    db.close()
    there = [name for name in FILES if Path(db.root, name).exists()]
    assert 1 <= len(there) <= 6
    for batch in db:
        assert all(Path(file).exists() for file in files([batch]))


def test_a_flavor_is_made_as_it_is_needed(repo: Repo, cache: Path) -> None:
    """Bit by bit, the same files as if the whole had been loaded."""
    names = files(list(begun(repo, cache, "segments", format="flac", sampling_rate=8000)))
    whole = load(
        str(repo.path),
        version="1.0.0",
        cache_root=cache.with_name("other"),
        format="flac",
        sampling_rate=8000,
    )
    assert whole is not None
    root = Path(vars(whole)["_root"])
    for name in set(names):
        assert (root / Path(name).relative_to(Path(name).parents[1])).read_bytes() == Path(name).read_bytes()


def test_the_database_is_that_of_the_table(repo: Repo, cache: Path) -> None:
    """With its schemes and splits, and the misc tables that hold labels of these, as audb's has it."""
    db = begun(repo, cache, "files")
    assert isinstance(db, DatabaseIterator)
    assert isinstance(db, audformat.Database)
    assert list(db.tables) == ["files"]
    assert list(db.misc_tables) == ["speaker"]
    assert list(db.schemes) == ["age", "mood", "speaker"]
    assert list(db.splits) == ["train"]
    assert list(db["speaker"].df["age"]) == [30, 40]
    assert db.meta["audiodvc"]["version"] == "1.0.0"
    assert list(begun(repo, cache, "segments").schemes) == ["score"]


def test_the_table_holds_the_batch_at_hand(repo: Repo, cache: Path) -> None:
    """None of the rows before the first one."""
    db = begun(repo, cache)
    assert len(db["files"].df) == 0
    assert audformat.is_filewise_index(db["files"].df.index)
    for batch in db:
        pd.testing.assert_frame_equal(db["files"].df, batch)
        assert list(db["files"].get(map={"speaker": "age"})["age"]) == [
            {"s1": 30, "s2": 40}[one] for one in batch["speaker"]
        ]


def test_columns_are_mapped(repo: Repo, cache: Path) -> None:
    """In what is handed out; files are called as without it."""
    columns = {"speaker": ["speaker", "age"]}
    batches = list(begun(repo, cache, map=columns, full_path=False))
    whole = load_table(str(repo.path), "files", version="1.0.0", map=columns, cache_root=cache)
    pd.testing.assert_frame_equal(pd.concat(batches), whole)
    assert files(list(begun(repo, cache, map=columns))) == files(list(begun(repo, cache)))


def test_a_misc_table_is_streamed(repo: Repo, cache: Path) -> None:
    """No media are fetched for it."""
    (batch,) = begun(repo, cache, "speaker")
    pd.testing.assert_frame_equal(
        batch, load_table(str(repo.path), "speaker", version="1.0.0", cache_root=cache)
    )
    assert not (cache / "objects").exists()


def test_metadata_need_no_media(repo: Repo, cache: Path) -> None:
    """Paths are those that the media would have."""
    batches = list(begun(repo, cache, only_metadata=True, format="flac"))
    assert not (cache / "objects").exists()
    assert files(batches) == files(list(begun(repo, cache, format="flac")))


def test_rows_of_erased_media_are_left_out(repo: Repo, cache: Path) -> None:
    """Batches are full all the same."""
    md5 = object_of(repo, "audio/01.wav")
    repo.commit(files={"erased.csv": f"file,md5,date,reason\naudio/01.wav,{md5},2024-01-02,withdrawn\n"})
    batches = list(begun(repo, cache, full_path=False))
    assert files(batches) == [name for name in FILES if name != "audio/01.wav"]
    assert [len(batch) for batch in batches] == [5, 5, 1]
    assert "audio/01.wav" not in files(list(begun(repo, cache, "segments", full_path=False)))


def test_a_seed_gives_the_same_order(repo: Repo, cache: Path) -> None:
    """And every row once."""
    orders = [
        files(list(begun(repo, cache, shuffle=True, seed=seed, full_path=False)))
        for seed in (1, 1, 2, None, None)
    ]
    assert all(sorted(order) == FILES for order in orders)
    assert orders[0] == orders[1]
    assert len({tuple(order) for order in orders[1:]}) == 4
    near = files(list(begun(repo, cache, shuffle=True, seed=1, buffer_size=4, full_path=False)))
    assert sorted(near[:4]) == FILES[:4]


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"batch_size": 0}, ValueError, "batch_size"),
        ({"buffer_size": 0, "shuffle": True}, ValueError, "buffer_size"),
        ({"table": "nope"}, SelectionError, "nope"),
        ({"version": "9.0.0"}, UnknownVersionError, "9.0.0"),
        ({"format": "mp3"}, ValueError, "format"),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    repo: Repo, cache: Path, more: dict[str, Any], error: type[Exception], words: str
) -> None:
    """Before anything is handed out."""
    with pytest.raises(error, match=words):
        begun(repo, cache, **more)


def test_an_error_is_raised_at_its_batch(repo: Repo, cache: Path) -> None:
    """The batches before it are handed out, and those after it, too."""
    md5 = object_of(repo, FILES[7])
    (repo.path.parent / "dataset.media" / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    db = begun(repo, cache, batch_size=3, full_path=False)
    got = [files([next(db)]) for _ in range(2)]
    with pytest.raises(ObjectError, match=FILES[7]):
        next(db)
    got += [files([batch]) for batch in db]
    assert got == [FILES[:3], FILES[3:6], FILES[9:]]


def test_nothing_is_asked_for_once_it_is_here(repo: Repo, cache: Path) -> None:
    """A second time there is no repository and no remote."""
    first = list(begun(repo, cache, sampling_rate=8000))
    repo.hide()
    again = list(begun(repo, cache, sampling_rate=8000))
    pd.testing.assert_frame_equal(pd.concat(first), pd.concat(again))


def test_what_was_loaded_is_streamed_where_nothing_can_be_written(repo: Repo, cache: Path) -> None:
    """As from a shared cache."""
    whole = load(str(repo.path), version="1.0.0", cache_root=cache)
    assert whole is not None
    for folder in sorted(cache.rglob("*")):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o555)
    try:
        assert files(list(begun(repo, cache))) == list(whole["files"].files)
    finally:
        for folder in sorted(cache.rglob("*")):
            if folder.is_dir() and not folder.is_symlink():
                folder.chmod(0o755)


def test_a_stream_leaves_a_folder_that_load_goes_on_with(repo: Repo, cache: Path) -> None:
    """What came is not brought again, and the folder can be read by itself."""
    db = begun(repo, cache, batch_size=4, format="flac")
    next(db)
    db.close()
    assert audformat.Database.load(db.root)["files"].files[0] == "audio/00.flac"
    whole = load(str(repo.path), version="1.0.0", cache_root=cache, format="flac")
    assert whole is not None
    assert whole.meta["audiodvc"]["complete"]


def test_a_moved_tag_is_noticed(repo: Repo, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    """If the repository is asked anyway, as for a version of which not all is here."""
    db = begun(repo, cache, batch_size=2)
    next(db)
    db.close()
    repo.commit(tables={"segments": "file,start,end,score\n"}, media={"audio/00.wav": tone(0.3)})
    repo.push()
    repo.git("tag", "--force", "v1.0.0")
    with caplog.at_level(logging.WARNING):
        rest = list(db)  # this one stays with what it was
    assert len(pd.concat(rest)) == 10
    (cache / "objects").rename(cache / "gone")
    for folder in cache.glob("dataset-*/1.0.0/*/audio"):
        shutil.rmtree(folder)
    with caplog.at_level(logging.WARNING):
        batches = list(begun(repo, cache, "segments"))
    assert "was moved" in caplog.text
    assert batches == [] or sum(map(len, batches)) == 0


def test_a_tag_that_another_process_follows_mixes_nothing(repo: Repo, cache: Path) -> None:
    """The folder is of another commit by now: that is said, and what is there is of that one alone."""
    db = begun(repo, cache, batch_size=1)
    next(db)
    db.close()
    other = tone(0.3)
    repo.commit(media={FILES[-1]: other})
    repo.push()
    repo.git("tag", "--force", "v1.0.0")
    commit = repo.git("rev-parse", "HEAD").strip()
    load_table(str(repo.path), "files", rev="v1.0.0", cache_root=cache.with_name("elsewhere"))
    (cache / "objects").rename(cache / "gone")
    load(str(repo.path), version="1.0.0", only_metadata=True, cache_root=cache)
    begun(repo, cache).close()  # looks, and sees that the tag was moved
    with pytest.raises(UnknownVersionError, match="was moved to another commit meanwhile"):
        list(db)
    whole = load(str(repo.path), version="1.0.0", cache_root=cache)
    assert whole is not None
    assert whole.meta["audiodvc"]["commit"] == commit
    assert Path(vars(whole)["_root"], FILES[-1]).read_bytes() == other


def test_leaving_early_ends_the_work(repo: Repo, cache: Path) -> None:
    """The thread is gone with the stream; the work that was done is there."""
    for batch in begun(repo, cache, batch_size=1):
        assert len(batch) == 1
        break
    del batch
    gc.collect()
    assert [one for one in threading.enumerate() if one.name == "audiodvc-ahead"] == []
    assert not list(cache.rglob("*.tmp"))


def test_a_program_ends_within_its_loop(repo: Repo, cache: Path) -> None:
    """Without waiting for the rest, and without a word."""
    program = (
        "from audiodvc.resolve.stream import stream\n"
        f"source, cache = {str(repo.path)!r}, {str(cache)!r}\n"
        "for batch in stream(source, 'files', version='1.0.0', batch_size=1, cache_root=cache):\n"
        "    raise KeyboardInterrupt\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.count("Traceback") == 1
    assert done.stderr.rstrip().endswith("KeyboardInterrupt")
    assert not list(cache.rglob("*.tmp"))


def test_parts_are_the_whole(repo: Repo, cache: Path) -> None:
    """In turns they give the batches of the whole, shuffled or not."""
    for shuffle in (False, True):
        db = begun(repo, cache, batch_size=2, full_path=False, shuffle=shuffle, seed=3)
        parts = [list(db.shard(index, 4)) for index in range(4)]
        turns = [one for turn in zip_longest(*parts) for one in turn if one is not None]
        pd.testing.assert_frame_equal(pd.concat(turns), pd.concat(list(db)))
    with pytest.raises(ValueError, match="seed"):
        begun(repo, cache, shuffle=True).shard(0, 2)


def test_a_copy_begins_at_the_beginning(repo: Repo, cache: Path) -> None:
    """Also one that was sent to another process."""
    db = begun(repo, cache, shuffle=True, full_path=False)
    first = next(db)
    other = pickle.loads(pickle.dumps(db))  # noqa: S301 - our own
    assert isinstance(other, DatabaseIterator)
    pd.testing.assert_frame_equal(next(other), first)
    assert files([*db, first]) == files([*other, first])


@pytest.mark.parametrize(("method", "is_here"), [("fork", True), ("fork", False), ("spawn", False)])
def test_workers_share_the_batches(repo: Repo, cache: Path, method: str, *, is_here: bool) -> None:
    """Several processes at once, forked after the libraries were used or not, each with its part."""
    if is_here:
        load(str(repo.path), version="1.0.0", format="flac", cache_root=cache)
    db = begun(repo, cache, batch_size=2, format="flac")
    context: Any = multiprocessing.get_context(method)
    answers = context.SimpleQueue()
    with warnings.catch_warnings(action="ignore"):  # a fork of a process with threads: that is the point
        running = [context.Process(target=stream_worker, args=(db, index, 3, answers)) for index in range(3)]
        for one in running:
            one.start()
    handed = dict(answers.get() for _ in running)
    for one in running:
        one.join()
    turns = [names for turn in zip_longest(*(handed[index] for index in range(3))) for names in turn if names]
    assert turns == [files([batch]) for batch in db]


def test_workers_of_a_data_loader_are_noticed(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If PyTorch is loaded, which we never do; without a seed all shuffle alike, in each epoch anew."""
    torch = types.ModuleType("torch.utils.data")
    monkeypatch.setitem(sys.modules, "torch.utils.data", torch)

    def handed(base: int) -> list[str]:
        names = []
        for index in range(2):
            worker = types.SimpleNamespace(id=index, num_workers=2, seed=base + index)
            monkeypatch.setattr(torch, "get_worker_info", lambda worker=worker: worker, raising=False)
            names += files(list(begun(repo, cache, batch_size=2, shuffle=True, full_path=False)))
        return names

    assert sorted(handed(1000)) == FILES
    assert handed(1000) == handed(1000) != handed(1001)
    monkeypatch.setattr(torch, "get_worker_info", lambda: None)
    assert len(pd.concat(list(begun(repo, cache)))) == 12


def object_of(repo: Repo, file: str) -> str:
    """The md5 of a recording."""
    lines = (repo.path / "audio.media.csv").read_text().splitlines()
    return next(line.split(",")[1] for line in lines if line.startswith(f"{file},"))
