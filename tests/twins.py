"""One dataset published with audb and kept with audiodvc, to hold what we give against what audb gives.

audb comes with the extra `bench`; without it the tests that ask for this are skipped.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import audformat
import pandas as pd
import pytest

from audiodvc.resolve import load
from tests.builder import Repo, RepoFactory, tone

if TYPE_CHECKING:
    import audb
else:
    audb = pytest.importorskip("audb")

MEDIA = {
    "audio/001.wav": tone(0.5),
    "audio/002.wav": tone(0.25, rate=8000, channels=2),
    "audio/003.flac": tone(1.0, format="flac"),
    "audio/sub/004.wav": tone(0.75, subtype="FLOAT"),
    "audio/two..dots.wav": tone(0.1),
}
FILES = sorted(MEDIA)
GONE = "audio/sub/004.wav"


@dataclass(frozen=True, slots=True)
class Both:
    """One dataset, published twice, and a cache for each."""

    source: str
    cache: Path
    audb_cache: Path

    def ours(self, call: str, *words: object, **more: object) -> object:
        """What a call of ours gives."""
        return getattr(load, call)(self.source, *words, cache_root=self.cache, verbose=False, **more)

    def theirs(self, call: str, *words: object, **more: object) -> object:
        """What the same call of audb gives."""
        with warnings.catch_warnings(action="ignore"):  # audb 1.15 on pandas 3.1 warns of itself
            return getattr(audb, call)("dataset", *words, cache_root=self.audb_cache, verbose=False, **more)


def build(root: Path, template: Path) -> Iterator[Both]:
    """The dataset below a folder, in two versions; one of its files is removed from both."""
    repo = RepoFactory(root, template)()
    (root / "repository").mkdir()
    repository = audb.Repository("repository", str(root), "file-system")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audb.config, "REPOSITORIES", [repository])
        with warnings.catch_warnings(action="ignore"):
            for version, database in (("1.0.0", first()), ("1.1.0", second())):
                publish(database, root / version, version, repository, repo)
            audb.remove_media("dataset", GONE)
        erase(repo)
        yield Both(str(repo.path), root / "cache", root / "audb-cache")


def first() -> audformat.Database:
    """A database with every kind of table, column and scheme."""
    db = audformat.Database("dataset", source="made by a test", languages=["eng"])
    db.splits["train"] = audformat.Split("train")
    db.raters["ada"] = audformat.Rater()
    db.media["microphone"] = audformat.Media(format="wav")
    db.attachments["paper"] = audformat.Attachment("docs/paper.bib")
    db.attachments["scripts"] = audformat.Attachment("scripts")
    _misc_tables(db)
    _schemes(db)
    db["files"] = audformat.Table(audformat.filewise_index(FILES), split_id="train", media_id="microphone")
    for name, values in _values().items():
        scheme = name if name in db.schemes else None
        db["files"][name] = audformat.Column(scheme_id=scheme, rater_id="ada" if name == "emotion" else None)
        db["files"][name].set(values)
    index = audformat.segmented_index(
        ["audio/001.wav", "audio/001.wav", "audio/003.flac"], ["0s", "0.1s", "0.25s"], ["0.1s", None, "1s"]
    )
    db["segments"] = audformat.Table(index)
    db["segments"]["emotion"] = audformat.Column(scheme_id="emotion")
    db["segments"]["emotion"].set(["sad", None, "happy"])
    db["test.few"] = audformat.Table(audformat.filewise_index(["audio/002.wav", "audio/two..dots.wav"]))
    db["test.few"]["score"] = audformat.Column(scheme_id="score")
    db["test.few"]["score"].set([0.25, None])
    db["bare"] = audformat.Table(index[:2])
    db["empty"] = audformat.Table(audformat.filewise_index([]))
    for name in ("emotion", "speaker", "bool", "date", "free"):
        db["empty"][name] = audformat.Column(scheme_id=name if name in db.schemes else None)
        db["empty"][name].set([])
    return db


def second() -> audformat.Database:
    """The next version: another label, one segment less, one table more."""
    db = first()
    db["files"]["emotion"].set("sad", index=audformat.filewise_index("audio/001.wav"))
    db["segments"].drop_index(db["segments"].index[:1], inplace=True)
    db["more"] = audformat.Table(audformat.filewise_index(["audio/003.flac"]))
    return db


def _misc_tables(db: audformat.Database) -> None:
    db.schemes["age"] = audformat.Scheme("int")
    db["speaker"] = audformat.MiscTable(pd.Index(["s1", "s2"], dtype="string", name="speaker"))
    db["speaker"]["age"] = audformat.Column(scheme_id="age")
    db["speaker"]["age"].set([30, None])
    index = pd.MultiIndex.from_tuples([("audio/001.wav", 1), (GONE, 2)], names=["file", "place"])
    index = audformat.utils.set_index_dtypes(index, {"file": "string", "place": "Int64"})
    db["pairs"] = audformat.MiscTable(index)
    db["pairs"]["age"] = audformat.Column(scheme_id="age")
    db["pairs"]["age"].set([1, 2])
    levels = {"text": ["x", None], "number": [1, None], "time": pd.to_timedelta(["1s", None])}
    dtypes = {"text": "string", "number": "Int64", "time": "timedelta64[ns]", "day": "datetime64[ns]"}
    index = pd.MultiIndex.from_arrays([*levels.values(), pd.to_datetime(["2020-01-01", None])], names=dtypes)
    db["levels"] = audformat.MiscTable(audformat.utils.set_index_dtypes(index, dtypes))
    db["truth"] = audformat.MiscTable(pd.Index([True, False], dtype="boolean", name="is"))
    db["truth"]["free"] = audformat.Column()
    db["truth"]["free"].set([1, 2])


def _schemes(db: audformat.Database) -> None:
    db.schemes["emotion"] = audformat.Scheme(labels=["happy", "sad"])
    db.schemes["speaker"] = audformat.Scheme("str", labels="speaker")
    db.schemes["gender"] = audformat.Scheme(
        labels={"f": {"long": "female", "code": 1}, "m": {"long": "male"}}
    )
    db.schemes["score"] = audformat.Scheme("float", minimum=0, maximum=1)
    for dtype in ("bool", "int", "str", "time", "date", "object"):
        db.schemes[dtype] = audformat.Scheme(dtype)


def _values() -> dict[str, list[object]]:
    return {
        "emotion": ["happy", "sad", None, "happy", None],
        "speaker": ["s1", "s2", None, "s1", "s2"],
        "gender": ["f", "m", "f", None, "m"],
        "bool": [True, False, None, True, False],
        "int": [1, None, -3, 2**40, 0],
        "score": [0.1, 1 / 3, None, 1.0, 0.0],
        "str": ["a", "b, c", None, 'd "e"', "ä"],
        "time": [pd.Timedelta("1s"), None, pd.Timedelta("0.000000001s"), pd.Timedelta("2D"), pd.Timedelta(0)],
        "date": [pd.Timestamp("2020-01-01"), None, pd.Timestamp("1999-12-31 23:59:59.5"), None, None],
        "object": ["x", None, "y", "z", None],
        "free": ["1", "2", None, "4", "5"],
    }


def publish(
    database: audformat.Database, folder: Path, version: str, repository: audb.Repository, repo: Repo
) -> None:
    """Publish a database with audb, and commit, push and tag the same files."""
    others = {"docs/paper.bib": b"@article{}\n", "scripts/a.py": b"1\n", "scripts/more/b.py": b"2\n"}
    for name, data in {**MEDIA, **others}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    database.save(str(folder), storage_format="csv")
    audb.publish(str(folder), version, repository, previous_version=None, verbose=False)
    texts = {path.name: path.read_bytes() for path in folder.glob("db.*") if path.suffix in (".csv", ".yaml")}
    repo.commit(media=MEDIA, files={**texts, **others})
    repo.push()
    repo.git("tag", f"v{version}")


def erase(repo: Repo) -> None:
    """Say that a file is gone from all versions, as `erase` does."""
    md5 = hashlib.md5(MEDIA[GONE], usedforsecurity=False).hexdigest()
    repo.commit(files={"erased.csv": f"file,md5,date,reason\n{GONE},{md5},2024-01-02,withdrawn\n"})
