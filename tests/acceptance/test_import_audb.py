"""Datasets that were published with audb come over whole: every version, with its files, labels and date."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import audformat
import pandas as pd
import pytest

import audiodvc
from audiodvc.errors import UnknownDatasetError, UnknownVersionError
from audiodvc.project.audb_import import Import, Imported, Origin, import_audb
from audiodvc.project.publishing.destination import Wish
from audiodvc.resolve import config
from tests.acceptance.submissions import git, loaded
from tests.builder import Repo, tone

if TYPE_CHECKING:
    import audb
else:
    audb = pytest.importorskip("audb")

pytestmark = pytest.mark.filterwarnings("ignore")  # audb 1.15 on pandas 3.1 warns of itself

VERSIONS = ("1.0.0", "1.1.0", "2.0.0", "2.1.0")
DATES = {name: f"202{number}-03-0{number + 1}" for number, name in enumerate(VERSIONS)}


@dataclass(frozen=True, slots=True)
class Theirs:
    """A repository of audb's with a dataset in several versions."""

    host: Path
    cache: Path

    @property
    def repository(self) -> audb.Repository:
        """As audb has it."""
        return audb.Repository("repo", str(self.host), "file-system")

    def load(self, version: str) -> audformat.Database:
        """What audb gives."""
        audb.config.REPOSITORIES = [self.repository]
        db = audb.load("corpus", version=version, cache_root=str(self.cache), verbose=False, full_path=False)
        assert db is not None
        return db


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theirs]:
    """Four versions: media added, changed, renamed and removed, other tables, an attachment, a misc table."""
    root = tmp_path_factory.mktemp("audb")
    (root / "repo").mkdir()
    found = Theirs(root, root / "cache")
    before = audb.config.REPOSITORIES
    with warnings.catch_warnings(action="ignore"):
        publish_all(root / "db", found)
    for version, date in DATES.items():
        stamp = pd.Timestamp(date).timestamp() + 43_200
        for path in (root / "repo" / "corpus" / version).rglob("*"):
            os.utime(path, (stamp, stamp))
    yield found
    audb.config.REPOSITORIES = before


def publish_all(folder: Path, into: Theirs) -> None:
    """Publish a folder that changes from version to version."""
    db = audformat.Database("corpus", source="a test", usage="unrestricted", languages=["eng"], author="Ann")
    db.schemes["emotion"] = audformat.Scheme("str", labels=["anger", "joy"])
    db.schemes["n"] = audformat.Scheme("float", minimum=0)
    db.schemes["when"] = audformat.Scheme("date")
    db["speakers"] = audformat.MiscTable(pd.Index(["s1", "s2"], name="speaker", dtype="string"))
    db["speakers"]["age"] = audformat.Column()
    db["speakers"]["age"].set([30, 40])
    db.schemes["speaker"] = audformat.Scheme("str", labels="speakers")
    db.attachments["paper"] = audformat.Attachment("docs", description="a paper")
    put(folder, {"docs/paper.txt": b"text"})
    files = {f"audio/{name}.wav": tone(0.1, pitch=300 + 50 * place) for place, name in enumerate("abcd")}
    put(folder, files)
    label(db, [*files])
    index = audformat.segmented_index(["audio/a.wav", "audio/b.wav"], ["0s", "0.02s"], ["0.05s", pd.NaT])
    db["parts"] = audformat.Table(index)
    for name, values in (("n", [0.1, None]), ("when", [pd.Timestamp("2020-01-02 03:04:05"), None])):
        db["parts"][name] = audformat.Column(scheme_id=name)
        db["parts"][name].set(values)
    save(db, folder, "1.0.0", into)
    put(folder, {"audio/a.wav": tone(0.2, pitch=999), "audio/new/f.flac": tone(0.1, format="flac")})
    label(db, [*files, "audio/new/f.flac"])
    save(db, folder, "1.1.0", into, form="csv")
    (folder / "audio" / "d.wav").rename(folder / "audio" / "moved.wav")
    db.drop_tables(["parts"])
    label(db, ["audio/a.wav", "audio/c.wav", "audio/moved.wav", "audio/new/f.flac"])
    save(db, folder, "2.0.0", into)
    put(folder, {"docs/paper.txt": b"other text"})
    save(db, folder, "2.1.0", into)


def put(folder: Path, files: dict[str, bytes]) -> None:
    """Write files."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def label(db: audformat.Database, files: list[str]) -> None:
    """A table with labels of files, some missing."""
    db["files"] = audformat.Table(audformat.filewise_index(files))
    for name, values in (("emotion", ["joy", None, "anger"]), ("speaker", ["s1", "s2"])):
        db["files"][name] = audformat.Column(scheme_id=name)
        db["files"][name].set([values[place % len(values)] for place in range(len(files))])


def save(db: audformat.Database, folder: Path, version: str, into: Theirs, form: str = "parquet") -> None:
    """Publish what is in the folder."""
    for path in folder.glob("db.*"):
        if path.name not in ("db.parquet", "db.csv"):
            path.unlink()
    db.save(str(folder), storage_format=form)
    previous = None if version == "1.0.0" else "latest"
    audb.config.REPOSITORIES = [into.repository]
    audb.publish(
        str(folder),
        version,
        into.repository,
        previous_version=previous,
        verbose=False,
        cache_root=str(into.cache),
    )


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of the test's own."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(tmp_path / "cache"))


def bring(theirs: Theirs, target: Path, *versions: str) -> Imported:
    """Import into a path."""
    origin = Origin("corpus", theirs.host, "repo")
    return import_audb(Import(origin, Wish(str(target)), versions or None), config.current())


def assert_same(theirs: Theirs, target: Path, version: str) -> None:
    """A version loads as audb loads it: header, tables, files and their bytes, attachments."""
    one = theirs.load(version)
    other = loaded(target, version)
    assert sorted(one.tables) == sorted(other.tables)
    assert one.schemes == other.schemes
    assert (one.author, one.languages, one.usage) == (other.author, other.languages, other.usage)
    for name in [*one.tables, *one.misc_tables]:
        expected = one[name].df.sort_index()
        pd.testing.assert_frame_equal(other[name].df.sort_index(), expected, check_index_type=False)
    assert sorted(one.files) == sorted(other.files)
    for file in one.files:
        mine, yours = (Path(db.meta[tool]["root"], file) for db, tool in ((other, "audiodvc"), (one, "audb")))
        assert mine.read_bytes() == yours.read_bytes()
    assert [Path(file).name for file in one.attachments["paper"].files] == ["paper.txt"]
    text = Path(one.meta["audb"]["root"], "docs/paper.txt").read_text()
    assert Path(other.meta["audiodvc"]["root"], "docs/paper.txt").read_text() == text


def test_every_version_comes_over(theirs: Theirs, tmp_path: Path) -> None:
    """In their order, at their dates, and each loads as with audb."""
    done = bring(theirs, tmp_path / "c.git")
    assert [one.version for one in done.done] == list(VERSIONS)
    assert audiodvc.versions(str(tmp_path / "c.git")) == list(VERSIONS)
    for version in VERSIONS:
        assert_same(theirs, tmp_path / "c.git", version)
    log = git(tmp_path / "c.git", "log", "--format=%as %cs %s", "--reverse", "main").splitlines()
    assert log == [f"{DATES[name]} {DATES[name]} Version {name}" for name in VERSIONS]
    tagged = git(tmp_path / "c.git", "for-each-ref", "--format=%(taggerdate:short)", "refs/tags").split()
    assert tagged == list(DATES.values())
    assert f"## [2.1.0] - {DATES['2.1.0']}" in git(tmp_path / "c.git", "show", "main:CHANGELOG.md")


def test_what_is_there_is_left_alone(theirs: Theirs, tmp_path: Path) -> None:
    """Some versions first, the others later, and a third time nothing."""
    first = bring(theirs, tmp_path / "c.git", "1.1.0", "1.0.0")
    assert [one.version for one in first.done] == ["1.0.0", "1.1.0"]
    second = bring(theirs, tmp_path / "c.git")
    assert ([one.version for one in second.done], second.present) == (["2.0.0", "2.1.0"], ("1.0.0", "1.1.0"))
    for version in ("1.0.0", "2.1.0"):
        assert_same(theirs, tmp_path / "c.git", version)
    refs = git(tmp_path / "c.git", "show-ref")
    assert bring(theirs, tmp_path / "c.git").done == ()
    assert git(tmp_path / "c.git", "show-ref") == refs


def test_a_version_in_between_can_come_last(theirs: Theirs, tmp_path: Path) -> None:
    """Its tag goes where it belongs, and the branch stays."""
    bring(theirs, tmp_path / "c.git", "1.0.0", "2.1.0")
    tip = git(tmp_path / "c.git", "rev-parse", "main")
    bring(theirs, tmp_path / "c.git", "1.1.0")
    assert git(tmp_path / "c.git", "rev-parse", "main") == tip
    for version in ("1.0.0", "1.1.0", "2.1.0"):
        assert_same(theirs, tmp_path / "c.git", version)


def test_removed_media_stay_removed(theirs: Theirs, tmp_path: Path) -> None:
    """A file that was taken out of all versions of audb's does not come with any."""
    host = tmp_path / "host"
    host.mkdir()
    copy = Theirs(host, tmp_path / "audb")
    os.system(f"cp -a {theirs.host}/repo {host}/repo")  # noqa: S605 - with its times
    audb.config.REPOSITORIES = [copy.repository]
    audb.remove_media("corpus", "audio/c.wav", verbose=False)
    bring(copy, tmp_path / "c.git", "1.0.0", "1.1.0")
    for version in ("1.0.0", "1.1.0"):
        assert_same(copy, tmp_path / "c.git", version)


def test_what_is_not_there_is_said(theirs: Theirs, tmp_path: Path) -> None:
    """No such folder, dataset or version."""
    for origin in (Origin("corpus", theirs.host, "other"), Origin("other", theirs.host, "repo")):
        with pytest.raises(UnknownDatasetError):
            import_audb(Import(origin, Wish(str(tmp_path / "c.git"))), config.current())
    with pytest.raises(UnknownVersionError, match=r"has no version 9\.0\.0 \(it has 1\.0\.0, 1\.1\.0"):
        bring(theirs, tmp_path / "c.git", "9.0.0")
    assert not (tmp_path / "c.git").exists()


def test_the_command_says_what_came(theirs: Theirs, tmp_path: Path) -> None:
    """A line for each version, and which were there already."""
    bring(theirs, tmp_path / "srv" / "c.git", "1.0.0")
    place, versions = ("--from", f"{theirs.host}/repo", "--to", "srv/c.git"), ("--versions", "1.0.0,1.1.0")
    done = Repo(tmp_path).run("audiodvc", "import-audb", "corpus", *place, *versions)
    assert [line[:12] for line in done.stdout.splitlines()] == ["corpus 1.1.0"], done.stderr
    assert "1 version here already: 1.0.0" in done.stderr
