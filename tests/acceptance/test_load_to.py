"""A dataset in a folder of one's own, moved from version to version in place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import audformat
import polars as pl
import pytest

from audiodvc.errors import AudiodvcError, RefusedError, UsageError
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.progress import Advance
from audiodvc.resolve import config, export
from audiodvc.resolve.get import Request
from audiodvc.resolve.load import load_to
from tests.builder import MakeRepo, Repo, RepoFactory, tone

A, B, C = "audio/a.wav", "audio/b.wav", "audio/old/c.wav"
FIRST = {A: tone(0.1), B: tone(0.2), C: tone(0.3)}
TABLE = "file,emotion\naudio/a.wav,happy\naudio/b.wav,sad\n"
HEADER = """\
name: dataset
source: made by a test
usage: other
attachments: {paper: {path: docs/paper.bib}}
schemes: {emotion: {dtype: str}}
tables: {t: {type: filewise, columns: {emotion: {scheme_id: emotion}}}}
"""


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Repo:
    """A dataset with two versions: B was replaced, C removed, and a label changed."""
    repo = RepoFactory(tmp_path_factory.mktemp("load-to"), repo_template)()
    table, paper = f"{TABLE}{C},\n", {"docs/paper.bib": "@article{}\n"}
    repo.commit(header=HEADER, tables={"t": table}, media=FIRST, files=paper, tag="v1.0.0")
    repo.push()
    (repo.path / C).unlink()
    (repo.path / B).unlink()
    repo.commit(tables={"t": TABLE.replace("sad", "angry")}, media={B: tone(0.4)}, tag="v1.1.0")
    repo.push()
    return repo


@pytest.fixture
def moved(repo: Repo, tmp_path: Path) -> Path:
    """A folder that holds the first version."""
    to(repo, tmp_path / "mine", "1.0.0")
    return tmp_path / "mine"


def to(repo: Repo, folder: Path, version: str | None = None, **more: object) -> audformat.Database:
    """Bring a version into a folder."""
    cache = more.pop("cache_root", repo.path.parent / "cache")
    return load_to(folder, str(repo.path), version=version, cache_root=cache, verbose=False, **more)  # type: ignore[arg-type] # any of them


def contents(folder: Path) -> dict[str, bytes]:
    """All files of the dataset in a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: data for name, data in named.items() if not name.startswith(".")}


def published(repo: Repo, version: str) -> dict[str, bytes]:
    """What a version consists of, by git, and by what was tracked."""
    texts = ("db.yaml", "db.t.csv", "docs/paper.bib")
    media = FIRST if version == "1.0.0" else {A: FIRST[A], B: tone(0.4)}
    return {**media, **{name: repo.git("show", f"v{version}:{name}").encode() for name in texts}}


def test_a_folder_holds_a_version_as_it_was_published(repo: Repo, tmp_path: Path) -> None:
    """Every file, each its owner's alone and free to be changed; and the cache keeps its own."""
    db = to(repo, tmp_path / "new" / "mine", "1.0.0")
    folder = tmp_path / "new" / "mine"
    assert contents(folder) == published(repo, "1.0.0")
    for name in contents(folder):
        seen = (folder / name).lstat()
        assert (seen.st_mode & 0o777, seen.st_nlink) == (0o644, 1), name
    assert db.meta.pop("audiodvc")["root"] == str(folder)
    assert db == audformat.Database.load(str(folder))
    assert db.attachments["paper"].files == ["docs/paper.bib"]
    assert list(db.files) == sorted(FIRST)


@pytest.mark.parametrize("cached", [True, False])
def test_a_folder_moves_up_and_down(repo: Repo, moved: Path, tmp_path: Path, *, cached: bool) -> None:
    """To the files of the other version, and back; what is the same in both is not touched."""
    cache = {} if cached else {"cache_root": tmp_path / "other"}
    same = written(moved)[moved / A]
    for version in ("1.1.0", "1.0.0"):
        db = to(repo, moved, version, **cache)
        assert contents(moved) == published(repo, version)
        assert db.meta["audiodvc"]["version"] == version
    assert written(moved)[moved / A] == same


def written(folder: Path) -> dict[Path, tuple[int, int]]:
    """What writing would change of all below a folder, and reading does not."""
    return {path: (path.stat().st_ino, path.stat().st_ctime_ns) for path in folder.rglob("*")}


def test_folders_that_are_empty_now_go(repo: Repo, moved: Path) -> None:
    """Those of files that only the old version had."""
    to(repo, moved)
    assert not (moved / "audio" / "old").exists()
    assert sorted(path.name for path in moved.iterdir() if path.name[0] != ".") == [
        "audio", "db.t.csv", "db.yaml", "docs"
    ]  # fmt: skip


def test_files_of_ones_own_stay(repo: Repo, moved: Path) -> None:
    """What neither version knows, and what only the old one had but was changed since."""
    (moved / "audio" / "mine.wav").write_bytes(b"mine")
    (moved / C).write_bytes(b"changed")
    to(repo, moved)
    mine = {"audio/mine.wav": b"mine", C: b"changed"}
    assert contents(moved) == {**published(repo, "1.1.0"), **mine}


def test_what_differs_is_replaced(repo: Repo, moved: Path) -> None:
    """Changed, missing, linked or read-only: everything is as it was published, and a file of one's own."""
    elsewhere = moved.parent / "elsewhere.wav"
    elsewhere.write_bytes(FIRST[B])
    (moved / A).write_bytes(b"changed")
    (moved / B).unlink()
    (moved / B).symlink_to(elsewhere)
    (moved / C).chmod(0o444)
    (moved / "db.t.csv").write_text(TABLE)
    (moved / "docs" / "paper.bib").unlink()
    to(repo, moved, "1.0.0")
    assert contents(moved) == published(repo, "1.0.0")
    assert not (moved / B).is_symlink()
    assert (moved / C).stat().st_mode & 0o200
    assert elsewhere.read_bytes() == FIRST[B]


def test_only_what_is_missing_is_brought(repo: Repo, moved: Path, tmp_path: Path) -> None:
    """Media that are in the folder are asked for nowhere: a remote may have lost them."""
    store = repo.path.parent / "dataset.media"
    names = [line.split(",")[1] for line in (repo.path / "audio.media.csv").read_text().splitlines()[1:]]
    lost = next(store.rglob(names[0][2:]))
    lost.rename(tmp_path / "lost")
    to(repo, moved, "1.1.0", cache_root=tmp_path / "other")
    (tmp_path / "lost").rename(lost)
    assert contents(moved) == published(repo, "1.1.0")


def test_a_folder_that_is_right_is_left_alone(repo: Repo, moved: Path) -> None:
    """Nothing is written, not even the note."""
    before = written(moved)
    to(repo, moved, "1.0.0")
    assert written(moved) == before


def test_metadata_alone(repo: Repo, tmp_path: Path) -> None:
    """Header and tables, and in a folder that has media these stay."""
    folder = tmp_path / "mine"
    db = to(repo, folder, "1.0.0", only_metadata=True)
    assert sorted(contents(folder)) == ["db.t.csv", "db.yaml"]
    assert db.meta["audiodvc"]["complete"] is False
    to(repo, folder, "1.0.0")
    to(repo, folder, "1.1.0", only_metadata=True)
    assert contents(folder)["db.t.csv"] == published(repo, "1.1.0")["db.t.csv"]
    assert {A, B, C} <= set(contents(folder))
    to(repo, folder, "1.1.0")
    assert contents(folder) == published(repo, "1.1.0")


def test_a_table_in_another_form_does_not_hide_the_text(repo: Repo, moved: Path) -> None:
    """A loader takes parquet before text: what was saved of another version goes."""
    audformat.Database.load(str(moved)).save(str(moved))
    assert (moved / "db.t.parquet").exists()
    to(repo, moved, "1.1.0")
    assert audformat.Database.load(str(moved))["t"].df["emotion"].iloc[1] == "angry"


def test_the_note_says_what_a_folder_holds(repo: Repo, moved: Path) -> None:
    """For `publish`: the version that changes are made to."""
    note = json.loads((moved / ".audiodvc.json").read_text())
    assert note == {
        "schema": "audiodvc.folder/v1",
        "name": note["name"],
        "source": str(repo.path),
        "version": "1.0.0",
        "commit": repo.git("rev-parse", "v1.0.0").strip(),
        "finished": True,
    }
    listed = pl.read_parquet(moved / ".media.parquet")
    assert set(listed["file"]) == set(published(repo, "1.0.0"))


def test_a_folder_with_other_files_in_the_way_is_refused(repo: Repo, tmp_path: Path) -> None:
    """Nothing in it is changed; other files that are in nobody's way do not matter."""
    mine = {"audio/a.wav": b"mine", "notes.txt": b"mine"}
    for name, data in mine.items():
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_bytes(data)
    with pytest.raises(AudiodvcError, match="has other files where its own belong"):
        to(repo, tmp_path / "mine")
    assert contents(tmp_path / "mine") == mine
    (tmp_path / "mine" / A).unlink()
    to(repo, tmp_path / "mine")
    assert contents(tmp_path / "mine") == {**published(repo, "1.1.0"), "notes.txt": b"mine"}


def test_a_folder_in_the_place_of_a_file_is_refused(repo: Repo, moved: Path) -> None:
    """Said before anything is changed."""
    (moved / B).unlink()
    (moved / B).mkdir()
    with pytest.raises(AudiodvcError, match="has other files"):
        to(repo, moved, "1.1.0")
    assert (moved / "db.t.csv").read_bytes() == published(repo, "1.0.0")["db.t.csv"]


def test_a_working_copy_and_the_cache_are_refused(repo: Repo) -> None:
    """The one belongs to git, the other to us."""
    with pytest.raises(UsageError, match="working copy"):
        to(repo, repo.path)
    with pytest.raises(UsageError, match="in the cache"):
        to(repo, repo.path.parent / "cache" / "mine")


def test_nothing_is_put_where_it_would_act(make_repo: MakeRepo, tmp_path: Path) -> None:
    """A dataset may not bring hooks into a folder that is somebody's repository."""
    repo = make_repo()
    repo.commit(
        tables={"t": "file\nx/.GIT/hooks/post-checkout.wav\n"},
        media={"x/.GIT/hooks/post-checkout.wav": tone(0.1)},
    )
    repo.push()
    with pytest.raises(RefusedError, match=r"would obey it: 'x/\.GIT/hooks/post-checkout\.wav'"):
        to(repo, tmp_path / "mine", rev="main")
    assert not (tmp_path / "mine" / "x").exists()


@pytest.mark.parametrize("after", range(5))
def test_a_move_that_was_broken_off_is_gone_on_with(repo: Repo, moved: Path, after: int) -> None:
    """Without its header nobody takes the folder for a dataset; the next move brings it to its end."""
    left = [after]

    @contextmanager
    def breaking(what: str, total: int | None) -> Iterator[Advance]:
        del total

        def advance(count: int) -> None:
            if what == "writing":
                left[0] -= count
                if left[0] < 0:
                    raise KeyboardInterrupt

        yield advance

    request = Request(str(repo.path), "1.1.0", progress=breaking)
    settings = config.current(repo.path.parent / "cache")
    try:
        export.export(request, settings, moved, Selection(), Flavor())
    except KeyboardInterrupt:
        assert after < 3
    assert (moved / "db.yaml").exists() == (after >= 3 or after == 2)
    to(repo, moved, "1.0.0")
    assert contents(moved) == published(repo, "1.0.0")
    assert not (moved / ".audiodvc.tmp").exists()


def test_a_folder_can_hold_a_flavor_of_a_selection(repo: Repo, tmp_path: Path) -> None:
    """What `get --to` brings: tables say what their files are called."""
    folder = tmp_path / "mine"
    settings = config.current(repo.path.parent / "cache")
    request = Request(str(repo.path), "1.1.0")
    for _ in range(2):
        export.export(request, settings, folder, Selection(media=[A]), Flavor(format="flac"))
    assert sorted(contents(folder)) == ["audio/a.flac", "db.t.csv", "db.yaml", "docs/paper.bib"]
    assert list(audformat.Database.load(str(folder)).files) == ["audio/a.flac", "audio/b.flac"]
    export.export(request, settings, folder, Selection(), Flavor())
    assert contents(folder) == published(repo, "1.1.0")


def test_a_folder_that_lost_its_note_is_taken_as_it_is(repo: Repo, moved: Path) -> None:
    """What is known of the new version is put right; nothing is known of the old."""
    (moved / ".audiodvc.json").unlink()
    to(repo, moved, "1.1.0")
    assert contents(moved) == {**published(repo, "1.1.0"), C: FIRST[C]}
    shutil.rmtree(moved / "audio")
    (moved / ".media.parquet").write_bytes(b"broken")
    to(repo, moved, "1.1.0")
    assert contents(moved) == published(repo, "1.1.0")
