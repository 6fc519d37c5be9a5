"""What a dataset says of itself and of its media, without any of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import audiodvc
from audiodvc import info
from audiodvc.errors import ObjectError, SelectionError
from audiodvc.model.selection import Selected
from tests.builder import Repo, RepoFactory, default_header, tone

MEDIA = {
    "audio/a.wav": tone(0.5),
    "audio/b.flac": tone(0.25, rate=8000, channels=2, format="flac"),
    "audio/c.wav": tone(0.125, subtype="FLOAT"),
    "audio/d.txt": b"No sound.\n",
}
TABLES = {
    "files": "file,speaker\n" + "".join(f"{file},s1\n" for file in MEDIA),
    "segments": (
        "file,start,end,mood\n"
        "audio/a.wav,0 days 00:00:00.000000000,0 days 00:00:00.100000000,calm\n"
        "audio/a.wav,0 days 00:00:00.100000000,0 days 00:00:00.200000000,wild\n"
        "audio/b.flac,0 days 00:00:00.000000000,,calm\n"
    ),
    "people": "speaker,age\ns1,30\n",
}
MORE = """\
author: Ada
description: Some tones.
license: CC0-1.0
license_url: https://creativecommons.org/publicdomain/zero/1.0/
organization: None
attachments: {paper: {path: paper.bib}}
media: {microphone: {type: audio}}
raters: {ada: {type: human}}
splits: {train: {type: train}}
audiodvc: {version: 0.0.1}
pdf: https://example.org/paper.pdf
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIODVC_SHARED_CACHE_ROOT", "")
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Repo:
    """A dataset with every kind of table and media, whose remote has nothing."""
    repo = RepoFactory(tmp_path_factory.mktemp("info"), repo_template)()
    labels = "speaker:\n    dtype: str\n    labels: people"
    header = default_header(TABLES).replace("speaker:\n    dtype: str", labels) + MORE
    repo.commit(tables=TABLES, media=MEDIA, header=header, files={"paper.bib": "@a\n"}, tag="v1.0.0")
    return repo


@pytest.fixture
def repo(built: Repo, tmp_path: Path) -> Repo:
    """The same, to be changed."""
    return Repo(Path(shutil.copytree(built.path, tmp_path / "dataset", symlinks=True)))


@pytest.fixture
def name(repo: Repo) -> str:
    """Where the dataset is."""
    return str(repo.path)


def seconds(found: pd.Timedelta) -> float:
    """A duration in seconds."""
    assert isinstance(found, pd.Timedelta)
    return float(found.total_seconds())


def test_the_header_is_told_field_by_field(name: str) -> None:
    """Each by the name that it has in the header."""
    assert info.author(name) == "Ada"
    assert info.description(name) == "Some tones."
    assert info.languages(name) == ["eng"]
    assert info.license(name) == "CC0-1.0"
    assert info.license_url(name).endswith("/1.0/")
    assert info.organization(name) == "None"
    assert info.source(name) == "made by a test"
    assert info.usage(name) == "unrestricted"
    assert list(info.attachments(name)) == ["paper"]
    assert list(info.media(name)) == ["microphone"]
    assert list(info.raters(name)) == ["ada"]
    assert list(info.splits(name)) == ["train"]
    assert list(info.schemes(name)) == ["age", "mood", "speaker"]
    assert list(info.tables(name)) == ["files", "segments"]
    assert list(info.misc_tables(name)) == ["people"]


def test_meta_is_what_others_wrote(name: str) -> None:
    """Not what a database that was loaded and saved says of where it came from."""
    assert dict(info.meta(name)) == {"pdf": "https://example.org/paper.pdf"}


def test_a_header_has_tables_that_are_read_on_demand(name: str) -> None:
    """Labels of schemes are known with and without `load_tables`."""
    for header in (info.header(name), info.header(name, load_tables=False), audiodvc.load_header(name)):
        assert header.schemes["speaker"].labels_as_list == ["s1"]
    assert info.schemes(name, load_tables=False)["speaker"].labels_as_list == ["s1"]


def test_nothing_is_brought_or_written_but_the_texts(name: str, cache: Path) -> None:
    """No media, no objects, no tables in another form."""
    info.header(name)
    assert seconds(info.duration(name)) == 0.875
    info.schemes(name)
    folder = next(cache.glob("*/1.0.0"))
    assert sorted(path.name for path in folder.iterdir()) == [
        ".audiodvc.json",
        ".media.parquet",
        "db.files.csv",
        "db.people.csv",
        "db.segments.csv",
        "db.yaml",
    ]
    assert not (cache / "objects").exists()


def test_media_are_told_from_the_index(name: str) -> None:
    """Zero stands for what a file does not have, as in audb."""
    assert info.files(name) == sorted(MEDIA)
    assert info.formats(name) == {"wav", "flac", "txt"}
    assert info.channels(name) == {0, 1, 2}
    assert info.sampling_rates(name) == {0, 8000, 16000}
    assert info.bit_depths(name) == {0, 16, 32}
    assert seconds(info.duration(name)) == 0.875


@pytest.mark.parametrize(
    ("tables", "media", "expected"),
    [
        ("segments", None, 0.75),
        (["segments", "people"], None, 0.75),
        ("^(segments|people)$", r"\.wav$", 0.5),
        (None, ["audio/c.wav", "audio/a.wav"], 0.625),
        (["segments"], ["audio/c.wav"], 0.0),
        ("segments", r"c\.wav", 0.0),
        ([], None, 0.0),
        (None, [], 0.0),
        (["people"], None, 0.0),
    ],
)
def test_tables_and_media_filter(name: str, tables: Selected, media: Selected, expected: float) -> None:
    """Only media that are in one of these tables and are selected count, each once."""
    chosen: dict[str, Any] = {"tables": tables, "media": media}
    assert seconds(info.duration(name, **chosen)) == expected
    assert bool(info.formats(name, **chosen)) == bool(expected)


@pytest.mark.parametrize(
    "chosen", [{"tables": "none"}, {"tables": ["none"]}, {"media": "none"}, {"media": ["none"]}]
)
def test_what_is_not_there_cannot_be_selected(name: str, chosen: dict[str, Any]) -> None:
    """A ValueError that names it."""
    for ask in (info.duration, info.formats, info.channels, info.bit_depths, info.sampling_rates):
        with pytest.raises(SelectionError, match="none"):
            ask(name, **chosen)


def test_a_revision_can_be_asked_about(repo: Repo) -> None:
    """Wherever a version can stand."""
    repo.commit(media={"audio/a.wav": tone(1)}, tag="v1.1.0")
    name = str(repo.path)
    assert seconds(info.duration(name)) == 1.375
    assert seconds(info.duration(name, version="1.0.0")) == 0.875
    assert seconds(info.duration(name, rev="main")) == 1.375
    assert info.author(name, rev="v1.0.0") == "Ada"


def test_removed_media_do_not_count(repo: Repo) -> None:
    """What is no longer there has no duration, and is no file to load."""
    deps = audiodvc.dependencies(str(repo.path))
    line = f"audio/a.wav,{deps.checksum('audio/a.wav')},2024-01-02,withdrawn\n"
    repo.commit(files={"erased.csv": f"file,md5,date,reason\n{line}"}, tag="v1.1.0")
    name = str(repo.path)
    assert info.files(name) == ["audio/b.flac", "audio/c.wav", "audio/d.txt"]
    assert seconds(info.duration(name)) == 0.375
    assert seconds(info.duration(name, tables="segments")) == 0.25


class TestWithoutAnIndex:
    """A repository that plain DVC has written."""

    @pytest.fixture
    def name(self, repo: Repo) -> str:
        """The dataset without its index, and with its objects."""
        repo.git("rm", "--quiet", "audio.media.csv")
        repo.git("commit", "--quiet", "--no-verify", "--message", "As plain DVC has it")
        repo.git("tag", "v1.1.0")
        repo.push()
        return str(repo.path)

    def test_what_only_the_files_tell_is_read_from_those_that_are_here(self, name: str) -> None:
        """Nothing is downloaded for it: what is missing is named."""
        assert info.files(name) == sorted(MEDIA)
        assert info.formats(name) == {"wav", "flac", "txt"}
        with pytest.raises(ObjectError, match=r"4 files(?s:.*)audio/a\.wav"):
            info.duration(name)
        audiodvc.load_media(name, ["audio/a.wav", "audio/b.flac"], verbose=False)
        assert seconds(info.duration(name, tables=["segments"])) == 0.75
        with pytest.raises(ObjectError, match="2 files"):
            info.channels(name)
        audiodvc.load(name, verbose=False)
        assert seconds(info.duration(name)) == 0.875
        assert info.channels(name) == {0, 1, 2}

    def test_what_was_read_is_kept(self, name: str, cache: Path) -> None:
        """The objects may go."""
        audiodvc.load(name, verbose=False)
        info.duration(name)
        for path in (cache / "objects").rglob("*"):
            if path.is_file():
                path.unlink()
        assert seconds(info.duration(name)) == 0.875

    def test_objects_of_the_shared_cache_do_as_well(
        self, name: str, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing of it is written to."""
        audiodvc.load(name, verbose=False)
        monkeypatch.setenv("AUDIODVC_SHARED_CACHE_ROOT", str(cache))
        monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(cache.with_name("own")))
        assert seconds(info.duration(name)) == 0.875


def test_an_unknown_dataset_or_version_is_an_error(name: str) -> None:
    """RuntimeErrors, as in audb."""
    with pytest.raises(RuntimeError, match="emodb"):
        info.author("emodb")
    with pytest.raises(RuntimeError, match=r"9\.0\.0"):
        info.files(name, version="9.0.0")
