"""Loading, where it is ours alone: revisions, locks, the cache. The rest is held against audb."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import audformat
import pytest

from audiodvc.adapters import locks
from audiodvc.errors import SelectionError, UnknownVersionError
from audiodvc.resolve.load import load, load_attachment, load_media, load_table
from tests.builder import Repo, RepoFactory, tone

FILES = ["audio/a.wav", "audio/b.wav"]
HEADER = """\
name: dataset
source: made by a test
usage: other
attachments: {paper: {path: docs/paper.bib}}
schemes: {emotion: {dtype: str}}
tables:
  t: {type: filewise, columns: {emotion: {scheme_id: emotion}}}
  few: {type: segmented}
"""
TABLES = {
    "t": "file,emotion\naudio/a.wav,happy\naudio/b.wav,sad\n",
    "few": "file,start,end\naudio/b.wav,0 days 00:00:00.000000000,\n",
}


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Repo:
    """A dataset with one version, and a commit after it."""
    repo = RepoFactory(tmp_path_factory.mktemp("load"), repo_template)()
    media = {FILES[0]: tone(0.5), FILES[1]: tone(0.25)}
    repo.commit(header=HEADER, tables=TABLES, media=media, files={"docs/paper.bib": "@a{}\n"}, tag="v1.0.0")
    repo.push()
    repo.commit(tables={"t": TABLES["t"].replace("sad", "angry")}, message="Change a label")
    return repo


@pytest.fixture
def cache(repo: Repo) -> Path:
    """A cache that all tests here share, for none of them changes what another needs."""
    return repo.path.parent / "cache"


def opened(repo: Repo, cache: Path, **more: object) -> audformat.Database:
    """The dataset, which must load."""
    db = load(str(repo.path), cache_root=cache, verbose=False, **more)  # type: ignore[arg-type] # any of them
    assert isinstance(db, audformat.Database)
    return db


def test_a_revision_is_loaded_as_a_version_is(repo: Repo, cache: Path) -> None:
    """A branch or commit that nobody tagged: in the place of the version stands its commit."""
    commit = repo.git("rev-parse", "main").strip()
    for rev in ("main", commit, commit[:12]):
        db = opened(repo, cache, rev=rev)
        assert list(db["t"].df["emotion"]) == ["happy", "angry"]
        said = db.meta["audiodvc"]
        assert (said["version"], said["commit"]) == (None, commit)
        assert Path(said["root"]).parent.name == commit[:12]
    assert list(opened(repo, cache)["t"].df["emotion"]) == ["happy", "sad"]
    table = load_table(str(repo.path), "t", rev="main", cache_root=cache, verbose=False)
    assert list(table.index) == FILES
    assert load_attachment(str(repo.path), "paper", rev="main", cache_root=cache, verbose=False) == [
        str(cache / Path(said["root"]).parent.parent.name / commit[:12] / "docs" / "paper.bib")
    ]


def test_what_a_database_says_of_itself(repo: Repo, cache: Path) -> None:
    """Where it is, what it is, and whether anything of it is still to be brought."""
    more: dict[str, object] = {"sampling_rate": "8000", "channels": range(1), "tables": "few"}
    said = opened(repo, cache, **more).meta["audiodvc"]
    assert said == {
        "root": said["root"],
        "version": "1.0.0",
        "commit": repo.git("rev-parse", "v1.0.0").strip(),
        "flavor": {
            "bit_depth": None,
            "channels": [0],
            "format": None,
            "mixdown": False,
            "sampling_rate": 8000,
        },
        "complete": False,
    }
    more["tables"] = None
    assert opened(repo, cache, **more).meta["audiodvc"]["complete"] is True
    assert opened(repo, cache, **more).meta["audiodvc"]["root"] == said["root"]


def test_tables_are_read_from_the_version(repo: Repo, cache: Path) -> None:
    """All flavors of a version share the copy of a table in parquet, and a load reads no table."""
    one, other = opened(repo, cache), opened(repo, cache, format="flac")
    assert vars(one["t"])["_df"] is None
    assert list(one["t"].index) == [f"{one.root}/{file}" for file in FILES]
    assert list(other["t"].index) == [f"{other.root}/audio/a.flac", f"{other.root}/audio/b.flac"]
    assert (Path(one.root).parent / "db.t.parquet").exists()
    assert not list(Path(one.root).glob("*.parquet"))


def test_a_folder_can_be_loaded_by_audformat_alone(repo: Repo, cache: Path) -> None:
    """With the same rows, as the folder stands by itself."""
    ours = opened(repo, cache, full_path=False)
    assert ours.meta.pop("audiodvc")
    assert audformat.Database.load(ours.root) == ours


def test_who_waits_for_too_long_gets_a_warning(repo: Repo, tmp_path: Path) -> None:
    """And None, as from audb; whatever is complete needs no lock."""
    source, cache = str(repo.path), tmp_path / "cache"
    folder = Path(opened(repo, cache, tables="t").root).parent
    locked = [locks.locked(f"{folder}{name}.lock") for name in ("", ".40bb2241", ".d3b62a9b")]
    with locked[0], locked[1], locked[2], warnings.catch_warnings(record=True, action="always") as warned:
        more: dict[str, Any] = {"version": "1.0.0", "cache_root": cache, "timeout": 0, "verbose": False}
        assert load(source, format="flac", **more) is None
        assert load_media(source, FILES, format="flac", **more) is None
        assert load(source, tables="t", **more) is not None
        assert load_media(source, FILES, **more) is not None
    assert [(one.category, Path(one.filename).name) for one in warned] == [(UserWarning, "test_load.py")] * 2
    assert all("nothing was loaded" in str(one.message) for one in warned)


def test_media_are_loaded_one_by_one(repo: Repo, tmp_path: Path) -> None:
    """The file that was asked for is brought, and no other."""
    paths = load_media(str(repo.path), FILES[1], cache_root=tmp_path / "cache", verbose=False)
    assert paths is not None
    assert [Path(path).read_bytes() for path in paths] == [tone(0.25)]
    assert not Path(paths[0]).with_name("a.wav").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"tables": ["nope"]}, r"there is no table 'nope' in .* 1\.0\.0 \(it has t, few\)"),
        ({"media": ["nope.wav"]}, r"there is no media file 'nope\.wav' in .* 1\.0\.0"),
        ({"attachments": "nope"}, r"no attachment of .* 1\.0\.0 matches 'nope' \(it has paper\)"),
        ({"media": "["}, r"media file of .* 1\.0\.0: '\[' is no regular expression"),
        ({"media": ["nope.wav"], "only_metadata": True}, r"there is no media file 'nope\.wav' in"),
        ({"tables": "nope", "only_metadata": True}, r"no table of .* matches 'nope'"),
    ],
    ids=str,
)
def test_what_cannot_be_selected_is_named(
    repo: Repo, cache: Path, more: dict[str, object], message: str
) -> None:
    """With the dataset and the version, whether that is in the cache already or not."""
    for _ in range(2):
        with pytest.raises(SelectionError, match=message):
            opened(repo, cache, **more)
        opened(repo, cache)


def test_an_unknown_version_is_a_runtime_error(repo: Repo, cache: Path) -> None:
    """As audb's."""
    with pytest.raises(RuntimeError, match=r"9\.9\.9") as caught:
        opened(repo, cache, version="9.9.9")
    assert isinstance(caught.value, UnknownVersionError)
