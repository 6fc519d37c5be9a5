"""What `info` and `dependencies` tell of a dataset is what audb tells of the same one.

audb comes with the extra `bench`; without it these tests are skipped.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import audformat
import pandas as pd
import pytest

import audiodvc
from tests.builder import RepoFactory, tone
from tests.twins import FILES, GONE, Both

if TYPE_CHECKING:
    import audb
else:
    audb = pytest.importorskip("audb")

HEADER = """attachments author description languages license license_url media meta misc_tables organization
raters schemes source splits tables usage""".split()
FILTERED = "bit_depths channels duration formats sampling_rates".split()
LEFT = sorted(set(FILES) - {GONE})

SELECTIONS: dict[str, dict[str, object]] = {
    "media": {"media": LEFT},
    "media by expression": {"media": r"^audio/\d+\.(wav|flac)$"},
    "a table": {"tables": "segments"},
    "tables": {"tables": ["segments", "test.few"]},
    "a table and media": {"tables": ["test.few"], "media": ["audio/002.wav", "audio/001.wav"]},
    "media of another table": {"tables": ["test.few"], "media": ["audio/001.wav"]},
    "a misc table": {"tables": ["speaker"]},
    "no tables": {"tables": []},
    "no media": {"media": []},
    "old version": {"version": "1.0.0", "tables": "segments"},
    "an unknown table": {"tables": ["nope"]},
    "an unknown table by expression": {"tables": "nope"},
    "unknown media": {"media": ["nope"]},
    "unknown media by expression": {"media": "nope"},
    "an unknown version": {"version": "9.0.0"},
}


def ours(both: Both, name: str, **more: object) -> object:
    """What we tell."""
    return getattr(audiodvc.info, name)(both.source, cache_root=both.cache, **more)


def theirs(both: Both, name: str, **more: object) -> object:
    """What audb tells."""
    with warnings.catch_warnings(action="ignore"):  # audb 1.15 on pandas 3.1 warns of itself
        return getattr(audb.info, name)("dataset", cache_root=both.audb_cache, **more)


@pytest.mark.parametrize("version", [None, "1.0.0"])
@pytest.mark.parametrize("name", HEADER)
def test_a_field_of_the_header_is_like_audbs(both: Both, name: str, version: str | None) -> None:
    """Values, kinds, and what a mapping looks like when it is printed."""
    mine, other = ours(both, name, version=version), theirs(both, name, version=version)
    assert str(mine) == str(other)
    assert type(mine) is type(other)


@pytest.mark.parametrize("load_tables", [True, False])
def test_the_header_is_like_audbs(both: Both, load_tables: bool) -> None:  # noqa: FBT001 - a case
    """A database with everything but rows; labels of misc tables can be listed."""
    mine, other = (call(both, "header", load_tables=load_tables) for call in (ours, theirs))
    assert isinstance(mine, audformat.Database)
    assert isinstance(other, audformat.Database)
    assert str(mine) == str(other)
    assert list(mine) == list(other)
    assert mine.schemes["speaker"].labels_as_list == ["s1", "s2"]


@pytest.mark.parametrize("more", SELECTIONS.values(), ids=SELECTIONS)
@pytest.mark.parametrize("name", FILTERED)
def test_what_is_told_of_media_is_like_audbs(both: Both, name: str, more: dict[str, object]) -> None:
    """Of all filters the same values, or an error of the same type."""
    try:
        expected = theirs(both, name, **more)
    except Exception as error:  # noqa: BLE001 - whatever it raises
        with pytest.raises(type(error)):
            ours(both, name, **more)
        return
    found = ours(both, name, **more)
    if isinstance(expected, pd.Timedelta):
        assert isinstance(found, pd.Timedelta)
        assert abs(found - expected) < pd.Timedelta("1us")
    else:
        assert found == expected


def test_files_are_audbs_without_those_that_were_removed(both: Both) -> None:
    """Those are named by audb still, though they cannot be had."""
    assert ours(both, "files") == LEFT
    assert set(theirs(both, "files")) == set(FILES)  # type: ignore[call-overload] # a list


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_dependencies_are_like_audbs(both: Both, version: str) -> None:
    """Which files there are, and all that is said of them but the names of archives."""
    mine = audiodvc.dependencies(both.source, version=version, cache_root=both.cache)
    with warnings.catch_warnings(action="ignore"):
        other = audb.dependencies("dataset", version=version, cache_root=str(both.audb_cache))
    for name in ("files", "media", "tables", "table_ids", "removed_media"):
        assert sorted(getattr(mine, name)) == sorted(getattr(other, name)), name
    assert dict(zip(mine.attachments, mine.attachment_ids, strict=True)) == dict(
        zip(other.attachments, other.attachment_ids, strict=True)
    )
    same = ["bit_depth", "channels", "duration", "format", "removed", "sampling_rate", "type"]
    pd.testing.assert_frame_equal(mine()[same].sort_index(), other()[same].sort_index())
    media = pd.Index(other.media)
    pd.testing.assert_series_equal(mine().loc[media, "checksum"], other().loc[media, "checksum"])
    assert mine.checksum("docs/paper.bib") == other.checksum("docs/paper.bib")
    for file in other.files:
        assert mine.removed(file) == other.removed(file)
        assert mine.duration(file) == pytest.approx(other.duration(file))
        assert [type(cell) for cell in mine[file]] == [type(cell) for cell in other[file]]


def test_the_version_of_each_file_is_audbs(
    tmp_path: Path, repo_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over versions in which files are added, changed, changed back, left alone and dropped."""
    steps: list[tuple[str, Mapping[str, bytes]]] = [
        ("1.0.0", {"a.wav": tone(0.1), "b.wav": tone(0.2), "c.wav": tone(0.3)}),
        ("1.1.0", {"a.wav": tone(0.1), "b.wav": tone(0.4), "c.wav": tone(0.3)}),
        ("2.0.0", {"a.wav": tone(0.1), "b.wav": tone(0.2), "d.wav": tone(0.5)}),
        ("2.0.1", {"a.wav": tone(0.1), "b.wav": tone(0.2), "c.wav": tone(0.3), "d.wav": tone(0.5)}),
    ]
    repo = RepoFactory(tmp_path, repo_template)()
    (tmp_path / "repository").mkdir()
    repository = audb.Repository("repository", str(tmp_path), "file-system")
    monkeypatch.setattr(audb.config, "REPOSITORIES", [repository])
    monkeypatch.setattr(audb.config, "CACHE_ROOT", str(tmp_path / "audb"))
    monkeypatch.setattr(audb.config, "SHARED_CACHE_ROOT", str(tmp_path / "audb-shared"))
    known: set[str] = set()
    for version, media in steps:
        publish(tmp_path / "build", version, media, repository)
        texts = {
            path.name: path.read_bytes()
            for path in (tmp_path / "build").glob("db.*")
            if path.suffix in (".csv", ".yaml")
        }
        gone = {f"audio/{name}": None for name in known - set(media)}
        repo.commit(
            media={**{f"audio/{name}": data for name, data in media.items()}, **gone},
            files=texts,
            tag=f"v{version}",
        )
        known = set(media)
    for version, _ in steps:
        with warnings.catch_warnings(action="ignore"):
            other = audb.dependencies("dataset", version=version)
        mine = audiodvc.dependencies(str(repo.path), version=version, cache_root=tmp_path / "cache")
        found = {file: mine.version(file) for file in mine.media}
        assert found == {file: other.version(file) for file in other.media}, version


def publish(folder: Path, version: str, media: Mapping[str, bytes], repository: audb.Repository) -> None:
    """The next version of a database with these media, by audb."""
    with warnings.catch_warnings(action="ignore"):
        if folder.exists():
            shutil.rmtree(folder)
            audb.load_to(str(folder), "dataset", verbose=False)
        shutil.rmtree(folder / "audio", ignore_errors=True)
        (folder / "audio").mkdir(parents=True)
        for name, data in media.items():
            (folder / "audio" / name).write_bytes(data)
        db = audformat.Database("dataset", source="made by a test", languages=["eng"])
        db["files"] = audformat.Table(audformat.filewise_index([f"audio/{name}" for name in media]))
        db.save(str(folder), storage_format="csv")
        audb.publish(str(folder), version, repository, verbose=False)
