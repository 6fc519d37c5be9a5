"""What `verify` finds in a cache, and that a repair makes it whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import audformat
import pytest

from audiodvc.adapters.terminal import silence
from audiodvc.errors import UnknownDatasetError
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.resolve import config
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Ready, Request, get
from audiodvc.resolve.load import load
from audiodvc.resolve.materialize import LISTED, STATE
from audiodvc.resolve.repair import Again
from audiodvc.resolve.verify import Verified, examine, verify
from tests.builder import Repo, RepoFactory, tone

pytestmark = pytest.mark.usefixtures("warm_python")

A, B = (tone(0.05, pitch=pitch) for pitch in (300, 400))
FLAVOR = Flavor(sampling_rate=8000, format="flac")
TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
HEADER = """\
name: dataset
source: test
usage: unrestricted
attachments:
  paper: {path: docs/paper.bib}
  extra: {path: extra}
schemes:
  mood: {dtype: str, labels: [calm, wild]}
tables:
  mood: {type: filewise, columns: {mood: {scheme_id: mood}}}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A dataset with attachments in git and in DVC, and a second version that has new labels only."""
    folder = tmp_path_factory.mktemp("made")
    repo = RepoFactory(folder, repo_template)()
    media = {"audio/a.wav": A, "audio/b.wav": B, "extra/notes.txt": b"notes"}
    files = {"docs/paper.bib": "@article{}\n"}
    repo.commit(header=HEADER, tables={"mood": TABLE}, media=media, files=files, tag="v1.0.0")
    repo.commit(tables={"mood": TABLE.replace("wild", "calm")}, tag="v2.0.0")
    repo.push()
    return folder


@pytest.fixture(params=["hardlink", "symlink", "copy"])
def settings(request: pytest.FixtureRequest, cache: Path) -> Config:
    """Settings with each kind of link."""
    return Config(cache, links=(request.param,))


def bring(repo: Repo, settings: Config, version: str = "1.0.0", flavor: Flavor | None = None) -> Ready:
    """A version of the dataset, in the cache."""
    return get(Request(str(repo.path), version), settings, Selection(), flavor or Flavor())


def check(settings: Config, text: str | None = None, *, mend: bool = False) -> Verified:
    """What `verify` says."""
    return examine(settings, text, None, Again(settings, silence, 1), mend=mend)


def flip(path: Path) -> None:
    """Change one bit, as a broken disk does, and leave all else as it is."""
    path = path.resolve()
    seen = path.stat()
    data = bytearray(path.read_bytes())
    data[-2] ^= 1
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(data)
    path.chmod(seen.st_mode)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


def contents(folder: Path) -> Mapping[str, bytes]:
    """Every file below a folder but its state."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != STATE)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_a_damaged_object_is_brought_again_for_all_that_are_linked_to_it(
    repo: Repo, settings: Config
) -> None:
    """Another version and what was converted from it included, also when only one dataset is checked."""
    first, second = bring(repo, settings), bring(repo, settings, "2.0.0")
    (damaged,) = [path for path in objects(settings) if path.read_bytes() == A]
    flip(damaged)
    found = check(settings, str(repo.path), mend=True)
    assert str(damaged) in {one.path for one in found.damages}
    assert found.is_whole
    assert settings.links == ("copy",) or damaged.read_bytes() == A
    assert [(one.root / "audio" / "a.wav").read_bytes() for one in (first, second)] == [A, A]
    assert check(settings).damages == ()


def test_a_file_that_is_gone_is_damage(repo: Repo, cache: Path) -> None:
    """Of a complete dataset; it is put back without the network."""
    settings = config.current(cache)
    ready = bring(repo, settings)
    (ready.root / "audio" / "a.wav").unlink()
    (damage,) = check(settings).damages
    assert damage == (f"{ready.root}/audio/a.wav", "is not there", False)
    shutil.rmtree(repo.path.parent / "dataset.media")
    assert check(settings, mend=True).is_whole
    assert (ready.root / "audio" / "a.wav").read_bytes() == A


def test_the_texts_of_a_version_are_held_against_its_commit(repo: Repo, cache: Path) -> None:
    """And written anew, with all flavors that were there."""
    settings = config.current(cache)
    ready, other = bring(repo, settings), bring(repo, settings, flavor=FLAVOR)
    expected = contents(ready.root), contents(other.root)
    for name in ("db.mood.csv", "db.yaml", LISTED):
        (ready.version.folder / name).chmod(0o644)
        (ready.version.folder / name).write_bytes(b"file,mood\n")
        assert f"{ready.version.folder}/{name}" in {one.path for one in check(settings).damages}
        assert check(settings, mend=True).is_whole, name
        assert (contents(ready.root), contents(other.root)) == expected


def test_a_copy_of_a_table_that_says_something_else_is_found(repo: Repo, cache: Path) -> None:
    """The copy in parquet, which a load reads, is held against the text."""
    settings = config.current(cache)
    assert moods(repo, cache, "1.0.0") == ["calm", "wild"]
    folder = bring(repo, settings).version.folder
    assert check(settings).damages == ()
    other = bring(repo, settings, "2.0.0")
    moods(repo, cache, "2.0.0")
    shutil.copy(other.version.folder / "db.mood.parquet", folder / "db.mood.parquet")
    (damage,) = check(settings, mend=True).damages
    assert damage.path == str(folder / "db.mood.parquet")
    assert moods(repo, cache, "1.0.0") == ["calm", "wild"]


def test_a_part_of_a_dataset_is_checked_as_far_as_it_is_there(repo: Repo, cache: Path) -> None:
    """What was never asked for is no damage; what was is repaired."""
    settings = config.current(cache)
    chosen = Selection(media=["audio/a.wav"], attachments=[])
    ready = get(Request(str(repo.path), "1.0.0"), settings, chosen, FLAVOR)
    assert check(settings).damages == ()
    flip(ready.root / "audio" / "a.flac")
    assert check(settings, mend=True).is_whole
    assert check(settings).damages == ()
    assert [path.name for path in (ready.root / "audio").iterdir()] == ["a.flac"]


def test_what_cannot_be_brought_again_is_taken_out_and_said(repo: Repo, cache: Path) -> None:
    """A file that is missing is asked for again; a wrong one would be believed."""
    settings = config.current(cache)
    ready = bring(repo, settings)
    flip(ready.root / "audio" / "a.wav")
    shutil.rmtree(repo.path.parent / "dataset.media")
    done = check(settings, mend=True)
    assert not done.is_whole
    assert done.problems
    assert not (ready.root / "audio" / "a.wav").exists()
    assert (ready.root / "audio" / "b.wav").read_bytes() == B
    again = get(Request(str(repo.path), "1.0.0"), settings, Selection(media=["audio/b.wav"]), Flavor())
    assert not again.flavored.complete


def test_an_object_of_no_dataset_is_checked_too(repo: Repo, cache: Path) -> None:
    """It would be believed when one wants it."""
    settings = config.current(cache)
    ready = bring(repo, settings)
    shutil.rmtree(ready.version.folder)
    flip(objects(settings)[0])
    (damage,) = check(settings).damages
    assert "has other bytes than it should" in damage.message
    assert check(settings, mend=True).is_whole
    assert check(settings).damages == ()


def test_a_repository_that_is_away_leaves_texts_unchecked(repo: Repo, cache: Path) -> None:
    """Which is said; media are checked all the same."""
    settings = config.current(cache)
    ready = bring(repo, settings)
    repo.path.rename(repo.path.with_name("moved"))
    found = check(settings)
    assert found.damages == ()
    assert "is not at hand" in found.unchecked[0]
    flip(ready.root / "audio" / "a.wav")
    assert check(settings).damages


def test_a_cache_that_cannot_be_written_can_be_checked(repo: Repo, cache: Path) -> None:
    """Nothing is written for it."""
    settings = config.current(cache)
    bring(repo, settings)
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    assert check(settings).damages == ()
    after = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    assert after == before


def test_in_python_the_damages_are_a_list(repo: Repo, cache: Path) -> None:
    """Of a dataset by its name in the cache, or of all; an unknown one is an error."""
    ready = bring(repo, config.current(cache))
    name = ready.version.identity.name
    assert verify(name, version="1.0.0", cache_root=cache, verbose=False) == []
    flip(ready.root / "audio" / "a.wav")
    (damage, *_) = verify(cache_root=cache, verbose=False)
    assert not damage.repaired
    assert all(one.repaired for one in verify(cache_root=cache, repair=True, verbose=False))
    with pytest.raises(UnknownDatasetError, match=r"3\.0\.0"):
        verify(name, version="3.0.0", cache_root=cache)


def test_the_command_tells_damage_from_none(repo: Repo, cache: Path) -> None:
    """By its exit code, its lines, and as an object."""
    ready = bring(repo, config.current(cache))
    assert "all are whole" in repo.audiodvc("verify", "--cache-root", str(cache))
    flip(ready.root / "audio" / "a.wav")
    done = repo.run("audiodvc", "verify", ".", "--cache-root", str(cache), "--format", "json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["damages"][0]["repaired"] is False
    assert "(repaired)" in repo.audiodvc("verify", "--cache-root", str(cache), "--repair")
    assert repo.run("audiodvc", "verify", "--version", "1.0.0").returncode == 2


def objects(settings: Config) -> list[Path]:
    """The objects of media in a cache."""
    return [path for path in (settings.cache_root / "objects").rglob("*") if path.is_file()]


def moods(repo: Repo, cache: Path, version: str) -> list[str]:
    """The labels of a version, as a load gives them."""
    database = load(str(repo.path), version=version, cache_root=cache, verbose=False)
    assert isinstance(database, audformat.Database)
    labels: list[str] = database["mood"].df["mood"].to_list()
    return labels
