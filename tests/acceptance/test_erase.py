"""Recordings that are taken out of every version, on real git, DVC and S3."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import audiodvc
from audiodvc.adapters.terminal import silence
from audiodvc.cli import main
from audiodvc.errors import ConflictError, GitError, MediaError, RemoteError, SelectionError
from audiodvc.project import dataset as datasets
from audiodvc.project import erase as erasing
from audiodvc.project.add import add
from audiodvc.project.erase import Wish
from audiodvc.project.erasing.receipt import Receipt
from audiodvc.project.validate import validate
from audiodvc.resolve import config, erasures, gc
from audiodvc.resolve.gc import Aim
from audiodvc.resolve.load import load, load_to
from tests import page, schema
from tests.builder import MakeRepo, Repo, RepoFactory, default_header, tone
from tests.flavors import put_programs
from tests.servers import git_daemon
from tests.servers_media import serve_http, serve_s3, store

A, B, B2, C, D = (tone(0.05, pitch=pitch) for pitch in (300, 400, 450, 500, 600))
FIRST = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\naudio/c.wav,calm\n"
PARTS = "file,start,end,word\naudio/b.wav,0 days 00:00:00.000000000,0 days 00:00:00.010000000,yes\n"
PEOPLE = "person,file\nada,audio/b.wav\n"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "erase-a-recording.md"
VERSIONS: Mapping[str, Mapping[str, bytes]] = {
    "1.0.0": {"audio/a.wav": A, "audio/b.wav": B, "audio/c.wav": C},
    "1.1.0": {"audio/a.wav": A, "audio/b.wav": B2, "audio/c.wav": C, "audio/d.wav": D},
    "2.0.0": {"audio/a.wav": A, "audio/b.wav": B2, "audio/e.wav": C, "audio/d.wav": D},
    "3.0.0": {"audio/b.wav": B2, "audio/e.wav": C, "audio/d.wav": D},
    "3.0.1": {"audio/b.wav": B2, "audio/e.wav": C, "audio/d.wav": D},
}
"""A file is added and one changed, one renamed, one removed; at last a label is mended."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """The dataset with five versions, in a clone, in a bare repository, and in its remote."""
    folder = tmp_path_factory.mktemp("made")
    repo = RepoFactory(folder, repo_template)()
    old: Mapping[str, bytes] = {}
    for version, media in VERSIONS.items():
        changed = {name: data for name, data in media.items() if old.get(name) != data}
        gone = dict.fromkeys(old.keys() - media.keys())
        mood = "file,mood\n" + "".join(f"{name},{label(version, name)}\n" for name in sorted(media))
        tables = {"mood": mood, "parts": PARTS, "people": PEOPLE}
        repo.write(tables=tables, media={**changed, **gone})
        add(datasets.find(repo.path), [repo.path / "audio"], silence)
        repo.commit(tag=f"v{version}")
        old = media
    repo.push()
    repo.git("init", "--quiet", "--bare", "--initial-branch=main", str(folder / "origin.git"))
    repo.git("remote", "add", "origin", str(folder / "origin.git"))
    repo.git("push", "--quiet", "--tags", "--set-upstream", "origin", "main")
    return folder


def label(version: str, name: str) -> str:
    """The label of a file in a version."""
    return "mended" if version == "3.0.1" and name == "audio/d.wav" else "calm"


@pytest.fixture
def repo(made: Path, tmp_path: Path) -> Repo:
    """A copy of all of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    repo = Repo(tmp_path / "dataset")
    repo.git("remote", "set-url", "origin", str(tmp_path / "origin.git"))
    return repo


def md5(data: bytes) -> str:
    """The name of an object."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def erase(repo: Repo, *files: str, cache: Path | None = None, **more: Any) -> Receipt:  # noqa: ANN401
    """Erase files of a clone."""
    found = datasets.find(repo.path)
    names = erasing.relative(found, [repo.path / file for file in files])
    wish = Wish(names, more.pop("reason", "consent withdrawn"), date(2024, 5, 6), **more)
    return erasing.erase(found, wish, config.current(cache or repo.path.parent / "no-cache"), silence)


def faults(repo: Repo, revision: str | None = None) -> list[str]:
    """The errors of a dataset, the remote being asked."""
    found = validate(datasets.find(repo.path), silence, revision=revision, ask_remote=True).findings
    return [one.code for one in found if one.severity == "error"]


def stored(repo: Repo) -> set[str]:
    """The objects of the remote."""
    root = repo.path.parent / f"{repo.path.name}.media" / "files" / "md5"
    return {path.parent.name + path.name for path in root.glob("*/*")}


def loaded(source: Path, version: str, cache: Path, **more: Any) -> tuple[dict[str, bytes], list[str]]:  # noqa: ANN401
    """The media of a version with their bytes, and the files of its table."""
    db = load(str(source), version=version, full_path=False, cache_root=cache, verbose=False, **more)
    assert db is not None
    root = Path(db.meta["audiodvc"]["root"])
    return (
        {path.relative_to(root).as_posix(): path.read_bytes() for path in root.glob("audio/*")},
        sorted(db["mood"].df.index),
    )


def without(version: str, *files: str) -> dict[str, bytes]:
    """The media of a version but for some."""
    return {name: data for name, data in VERSIONS[version].items() if name not in files}


def test_no_version_has_the_file_any_more(repo: Repo, tmp_path: Path, cache: Path) -> None:
    """Neither its bytes of now nor those of before; all else is as it was, in every version."""
    before = stored(repo)
    done = erase(repo, "audio/b.wav")
    assert done.state == "complete"
    assert [(one.file, one.md5) for one in done.files] == sorted(("audio/b.wav", md5(x)) for x in (B, B2))
    assert before - stored(repo) == {md5(B), md5(B2)}
    for version in VERSIONS:
        media, rows = loaded(tmp_path / "origin.git", version, cache)
        assert media == without(version, "audio/b.wav"), version
        assert rows == sorted(media), version
        _, all_rows = loaded(tmp_path / "origin.git", version, cache, removed_media=True)
        assert all_rows == sorted(VERSIONS[version]), version


def test_the_working_copy_loses_rows_and_lines_and_nothing_else(repo: Repo) -> None:
    """Pointer and index are those that `add` writes; misc tables keep their rows."""
    before = {path.name: path.read_text() for path in repo.path.glob("db.*")}
    done = erase(repo, "audio/b.wav")
    assert done.rows == {"mood": 1, "parts": 1}
    assert repo.git("status", "--short") == ""
    assert not (repo.path / "audio" / "b.wav").exists()
    after = {path.name: path.read_text() for path in repo.path.glob("db.*")}
    assert after["db.mood.csv"] == before["db.mood.csv"].replace("audio/b.wav,calm\n", "")
    assert after["db.parts.csv"] == "file,start,end,word\n"
    assert after["db.people.csv"] == before["db.people.csv"]
    add(datasets.find(repo.path), [repo.path / "audio"], silence)
    assert repo.git("status", "--short") == ""
    lines = (repo.path / "erased.csv").read_text().splitlines()
    assert lines == [
        "file,md5,date,reason",
        *sorted(f"audio/b.wav,{md5(data)},2024-05-06,consent withdrawn" for data in (B, B2)),
    ]
    assert faults(repo) == []


def test_a_file_that_only_old_versions_have_goes(repo: Repo, tmp_path: Path, cache: Path) -> None:
    """No text but the list changes."""
    done = erase(repo, "audio/a.wav")
    assert (done.state, done.changed, dict(done.rows)) == ("complete", ("erased.csv",), {})
    assert done.files[0].versions == ("v1.0.0", "v1.1.0", "v2.0.0")
    assert md5(A) not in stored(repo)
    assert loaded(tmp_path / "origin.git", "1.1.0", cache)[0] == without("1.1.0", "audio/a.wav")


def test_bytes_that_another_file_has_stay(repo: Repo, tmp_path: Path, cache: Path) -> None:
    """A renamed file was erased under its old name only, and that is said."""
    done = erase(repo, "audio/c.wav")
    assert done.files[0].others == ("audio/e.wav",)
    assert {one.outcome for place in done.places for one in place.objects} == {"kept"}
    assert md5(C) in stored(repo)
    assert loaded(tmp_path / "origin.git", "1.0.0", cache)[0] == without("1.0.0", "audio/c.wav")
    assert loaded(tmp_path / "origin.git", "2.0.0", cache)[0] == VERSIONS["2.0.0"]
    both = erase(repo, "audio/e.wav")
    assert both.files[0].others == ()
    assert md5(C) not in stored(repo)


def test_an_unknown_file_is_an_error_and_nothing_is_done(repo: Repo) -> None:
    """All unknown ones are named."""
    before, head = stored(repo), repo.git("rev-parse", "HEAD")
    with pytest.raises(SelectionError, match="nope"):
        erase(repo, "audio/b.wav", "audio/nope.wav")
    assert (stored(repo), repo.git("rev-parse", "HEAD"), repo.git("status", "--short")) == (before, head, "")


def test_a_file_that_was_erased_before_is_no_error(repo: Repo) -> None:
    """Nothing is left to do."""
    erase(repo, "audio/b.wav")
    head = repo.git("rev-parse", "HEAD")
    again = erase(repo, "audio/b.wav")
    assert (again.state, again.commit) == ("complete", None)
    assert repo.git("rev-parse", "HEAD") == head


FLAVOR: dict[str, Any] = {"sampling_rate": 8000, "format": "flac"}


def test_a_cache_loses_the_file_at_the_next_online_use(repo: Repo, tmp_path: Path, cache: Path) -> None:
    """Versions and flavors that are complete lose it too, and their other files are not touched."""
    origin = tmp_path / "origin.git"
    for version in ("1.0.0", "3.0.0"):
        loaded(origin, version, cache)
        load(str(origin), version=version, cache_root=cache, verbose=False, **FLAVOR)
    before = {path: path.stat().st_ino for path in cache.rglob("audio/*") if path.stem != "b"}
    erase(repo, "audio/b.wav")
    assert "audio/b.wav" in loaded(origin, "1.0.0", cache)[0], "complete: nobody is asked"
    loaded(origin, "2.0.0", cache)
    assert [path for path in cache.rglob("*") if path.is_file() and path.read_bytes() in (B, B2)] == []
    assert [path.name for path in cache.rglob("audio/b.*")] == []
    assert [path for path in cache.glob("flavored/*/*/*") if path.stem in (md5(B)[2:], md5(B2)[2:])] == []
    assert {path: path.stat().st_ino for path in before} == before
    media, rows = loaded(origin, "1.0.0", cache)
    assert media == without("1.0.0", "audio/b.wav")
    assert rows == sorted(media)
    table = next(cache.glob("origin*/1.0.0/*/db.mood.csv")).read_text()
    assert "audio/b" not in table


def test_gc_asks_what_was_erased(repo: Repo, tmp_path: Path, cache: Path) -> None:
    """Nobody has to load anything for it."""
    loaded(tmp_path / "origin.git", "1.0.0", cache)
    erase(repo, "audio/b.wav")
    gc.gc(cache, Aim(), silence, now=time.time(), remove=True)
    assert [path for path in cache.rglob("*") if path.is_file() and path.read_bytes() in (B, B2)] == []
    assert loaded(tmp_path / "origin.git", "1.0.0", cache)[0] == without("1.0.0", "audio/b.wav")


@pytest.mark.parametrize("url", ["{}/origin.git", "../origin.git", "short:origin.git"])
def test_ones_own_cache_is_cleared_at_once(repo: Repo, tmp_path: Path, cache: Path, url: str) -> None:
    """What was loaded from the same repository, however git is told of it; others keep the same bytes."""
    repo.git("config", f"url.{tmp_path}/.insteadOf", "short:")
    repo.git("remote", "set-url", "origin", url.format(tmp_path))
    other = shutil.copytree(tmp_path / "origin.git", tmp_path / "fork.git")
    loaded(tmp_path / "origin.git", "1.0.0", cache)
    loaded(other, "1.1.0", cache)
    done = erase(repo, "audio/b.wav", cache=cache)
    (place,) = [place for place in done.places if place.name == "audiodvc"]
    assert {(one.md5, one.outcome) for one in place.objects} == {(md5(B), "deleted"), (md5(B2), "kept")}
    assert loaded(tmp_path / "origin.git", "1.0.0", cache)[0] == without("1.0.0", "audio/b.wav")


def test_a_folder_of_ones_own_loses_the_file(repo: Repo, tmp_path: Path, cache: Path) -> None:
    """`load_to` moves it to what the version is now: without the file and its rows."""
    origin, mine = str(tmp_path / "origin.git"), tmp_path / "mine"
    load_to(mine, origin, version="1.0.0", cache_root=cache, verbose=False)
    erase(repo, "audio/b.wav", cache=cache)
    db = load_to(mine, origin, version="1.0.0", cache_root=cache, verbose=False)
    assert sorted(path.name for path in (mine / "audio").iterdir()) == ["a.wav", "c.wav"]
    assert "audio/b.wav" not in (mine / "db.mood.csv").read_text()
    assert list(db["mood"].df.index) == ["audio/a.wav", "audio/c.wav"]


def test_all_that_tells_of_a_version_knows(repo: Repo, tmp_path: Path, cache: Path) -> None:
    """`dependencies`, `info`, `stream` and `view`."""
    origin = str(tmp_path / "origin.git")
    at: dict[str, Any] = {"version": "1.0.0", "cache_root": cache, "verbose": False}
    erase(repo, "audio/b.wav")
    known = audiodvc.dependencies(origin, **at)
    assert known.removed_media == ["audio/b.wav"]
    (batch,) = audiodvc.stream(origin, "mood", full_path=False, **at)
    assert list(batch.index) == ["audio/a.wav", "audio/c.wav"]
    seen = audiodvc.view(origin, "mood", full_path=False, **at)
    assert [one.row["file"] for one in seen] == ["audio/a.wav", "audio/c.wav"]
    files = audiodvc.info.files(origin, version="1.0.0", cache_root=cache)
    assert list(files) == ["audio/a.wav", "audio/c.wav"]
    with pytest.raises(ValueError, match=r"audio/b\.wav"):
        audiodvc.load_media(origin, "audio/b.wav", **at)


def test_without_a_push_nothing_is_deleted_and_a_later_call_goes_on(repo: Repo) -> None:
    """It knows from the list what is to be done, in another clone as well."""
    before = stored(repo)
    done = erase(repo, "audio/b.wav", share=False)
    assert (done.state, done.places, stored(repo)) == ("committed", (), before)
    assert repo.git("rev-list", "--count", "origin/main..main").strip() == "1"
    later = erase(repo)
    assert (later.state, later.commit) == ("complete", None)
    assert before - stored(repo) == {md5(B), md5(B2)}
    assert repo.git("rev-list", "--count", "origin/main..main").strip() == "0"
    assert {name for name in stored(repo) if name.endswith(".dir")} > {
        name for name in before if name.endswith(".dir")
    }


def test_in_a_branch_deletion_waits_for_the_default_one(repo: Repo) -> None:
    """Others load what the default branch says, so that objects stay until it has the list."""
    before = stored(repo)
    repo.git("switch", "--quiet", "--create", "erasure")
    done = erase(repo, "audio/b.wav")
    assert done.state == "pushed"
    assert any("main of origin" in note for note in done.notes)
    assert stored(repo) >= before
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "erasure")
    assert erase(repo).state == "complete"
    assert before - stored(repo) == {md5(B), md5(B2)}


def test_a_dry_run_says_it_and_does_nothing(repo: Repo, tmp_path: Path) -> None:
    """Neither here nor elsewhere."""
    before = tree(tmp_path)
    done = erase(repo, "audio/b.wav", dry_run=True)
    assert (done.state, dict(done.rows), done.path) == ("planned", {"mood": 1, "parts": 1}, "")
    assert {one.outcome for place in done.places for one in place.objects} == {"present"}
    assert tree(tmp_path) == before


def tree(folder: Path) -> dict[Path, int]:
    """Every file below a folder and when it was written, but for what git and DVC note for themselves."""
    files = [path for path in folder.rglob("*") if path.is_file() and "tmp" not in path.parts]
    return {path: path.stat().st_mtime_ns for path in files if path.name != "index"}


@pytest.mark.parametrize("change", ["db.mood.csv", "erased.csv", "audio/b.wav"])
def test_only_what_would_change_has_to_be_clean(repo: Repo, change: str) -> None:
    """Work that is elsewhere is not touched, and not committed."""
    (repo.path / "notes.txt").write_text("mine")
    (repo.path / "db.people.csv").write_text(PEOPLE + "bob,\n")
    repo.git("add", "notes.txt")
    erase(repo, "audio/a.wav")
    assert repo.git("status", "--short").split() == ["M", "db.people.csv", "A", "notes.txt"]
    path = repo.path / change
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(MediaError, match=change):
        erase(repo, "audio/b.wav")
    assert md5(B) in stored(repo)


def test_the_same_path_comes_back_with_other_bytes(repo: Repo, tmp_path: Path, cache: Path) -> None:
    """It is a new recording; those of before stay erased."""
    erase(repo, "audio/b.wav")
    table = (repo.path / "db.mood.csv").read_text().replace("audio/d", "audio/b.wav,new\naudio/d")
    repo.commit(tables={"mood": table}, media={"audio/b.wav": tone(0.05, pitch=700)}, tag="v4.0.0")
    repo.push()
    repo.git("push", "--quiet", "--tags", "origin", "main")
    media, rows = loaded(tmp_path / "origin.git", "4.0.0", cache)
    assert media["audio/b.wav"] == tone(0.05, pitch=700)
    assert "audio/b.wav" in rows
    assert loaded(tmp_path / "origin.git", "3.0.0", cache)[0] == without("3.0.0", "audio/b.wav")
    assert erase(repo).state == "complete"
    assert (repo.path / "audio" / "b.wav").exists()
    assert faults(repo) == []


def test_a_remote_that_may_not_be_written_is_in_the_receipt(repo: Repo) -> None:
    """The list is pushed all the same; a later call deletes what is left."""
    own = repo.path / ".dvc" / "config.local"
    own.write_text(OWN.format("nowhere", "/nonexistent/remote"))
    done = erase(repo, "audio/b.wav")
    assert done.state == "incomplete"
    assert {name: why for name, why in failures(done).items() if why} == {
        "nowhere": {"there is no such folder"}
    }
    assert erase(repo).state == "incomplete"
    with serve_http(repo.path.parent / "dataset.media") as server:
        store(server.root, B)
        own.write_text(OWN.format("web", f"{server.url}"))
        (repo.path / ".dvc" / "config").write_text("")
        assert failures(erase(repo))["web"] == {"a remote of this kind deletes nothing"}
    (repo.path.parent / "s3" / "media").mkdir(parents=True)
    with serve_s3(repo.path.parent / "s3", key="name,secret") as server:
        key = "    access_key_id = name\n    secret_access_key = wrong\n"
        own.write_text(OWN.format("locked", "s3://media") + f"    endpointurl = {server.endpoint}\n{key}")
        done = erase(repo)
        assert failures(done)["locked"] == {"you may not delete there"}
    kept = json.loads(Path(done.path).read_text())
    assert list(schema.faults(kept, schema.documented("audiodvc.erase/v1"))) == []
    own.unlink()
    repo.git("restore", ".dvc/config")
    assert erase(repo).state == "complete"
    assert md5(B) not in stored(repo)


OWN = "['remote \"{}\"']\n    url = {}\n"


def failures(done: Receipt) -> dict[str, set[str]]:
    """Why something could not be deleted from each place."""
    return {
        place.name: {one.why for one in place.objects if one.outcome == "failed"} for place in done.places
    }


def test_the_command_ends_as_the_receipt_says(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, for people and for programs."""

    def call(*words: str) -> int:
        return main.run(["-C", str(repo.path), "erase", *words])

    assert call("audio/d.wav") == 2
    assert call("audio", "--reason", "x") == 2
    assert call("audio/d.wav", "--reason", "x", "--dry-run") == 0
    assert "nothing was changed" in capsys.readouterr().out
    assert call("audio/b.wav", "--reason", "consent withdrawn", "--format", "json") == 0
    receipt = json.loads(capsys.readouterr().out)
    assert list(schema.faults(receipt, schema.documented("audiodvc.erase/v1"))) == []
    assert json.loads(Path(receipt["path"]).read_text()) == receipt
    (repo.path / ".dvc" / "config.local").write_text(OWN.format("nowhere", "/nonexistent/remote"))
    assert call() == 1
    assert "there is no such folder" in capsys.readouterr().out


def test_media_are_removed_without_a_clone(
    repo: Repo, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit on the default branch of a bare repository does what `erase` does in a clone."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(cache))
    origin, before = str(tmp_path / "origin.git"), stored(repo)
    loaded(tmp_path / "origin.git", "1.0.0", cache)
    done = audiodvc.remove_media(origin, ["audio/b.wav", "audio/a.wav"])
    assert done.state == "complete"
    assert before - stored(repo) == {md5(A), md5(B), md5(B2)}
    for version in VERSIONS:
        media, rows = loaded(tmp_path / "origin.git", version, cache)
        assert media == without(version, "audio/b.wav", "audio/a.wav")
        assert rows == sorted(media)
    repo.git("pull", "--quiet")
    repo.dvc("pull", "--quiet")
    assert not (repo.path / "audio" / "b.wav").exists()
    add(datasets.find(repo.path), [repo.path / "audio"], silence)
    assert repo.git("status", "--short") == ""
    assert audiodvc.remove_media(origin, "audio/b.wav").commit is None
    with pytest.raises(ValueError, match="nope"):
        audiodvc.remove_media(origin, "audio/nope.wav")


def test_media_of_a_server_are_removed(
    made: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over git's own protocol, and from S3; what was there is gone from both places that DVC has."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(cache))
    repo = Repo(shutil.copytree(made / "dataset", tmp_path / "dataset"))
    bucket = tmp_path / "s3" / "media"
    shutil.copytree(made / "dataset.media", bucket)
    store(bucket, B, old=True)
    (tmp_path / "served").mkdir()
    with serve_s3(tmp_path / "s3") as s3, git_daemon(tmp_path / "served", writable=True) as server:
        text = "[core]\n    remote = storage\n" + OWN.format("storage", "s3://media")
        repo.commit(files={".dvc/config": f"{text}    endpointurl = {s3.endpoint}\n"}, tag="v3.0.2")
        repo.git("clone", "--quiet", "--bare", str(repo.path), str(tmp_path / "served" / "origin.git"))
        source = f"{server}/origin.git"
        done = audiodvc.remove_media(source, "audio/b.wav")
        assert {place.name for place in done.places if place.problem} == {"storage"}, "the former one"
        (place,) = [place for place in done.places if place.where.startswith("s3://")]
        assert {(one.md5, one.outcome) for one in place.objects} == {(md5(x), "deleted") for x in (B, B2)}
        db = load(source, full_path=False, verbose=False)
        assert db is not None
        assert list(db.files) == ["audio/d.wav", "audio/e.wav"]
    assert [path for path in bucket.rglob("*") if path.is_file() and path.read_bytes() in (B, B2)] == []


def test_a_working_copy_is_changed_and_pushed(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`remove_media` of a path with a work tree is `erase` there."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(cache))
    assert audiodvc.remove_media(str(repo.path), "audio/b.wav").state == "complete"
    assert not (repo.path / "audio" / "b.wav").exists()
    assert repo.git("rev-list", "--count", "origin/main..main").strip() == "0"


def test_a_dataset_without_a_git_remote_is_its_own_default(repo: Repo, cache: Path) -> None:
    """There is nobody to push to."""
    repo.git("remote", "remove", "origin")
    done = erase(repo, "audio/b.wav")
    assert done.state == "complete"
    assert md5(B) not in stored(repo)
    assert loaded(repo.path, "1.0.0", cache)[0] == without("1.0.0", "audio/b.wav")


def test_commits_of_others_come_first(repo: Repo) -> None:
    """Who is behind is told so before anything is written."""
    other = repo.clone("other")
    other.git("remote", "set-url", "origin", str(repo.path.parent / "origin.git"))
    other.git("commit", "--quiet", "--allow-empty", "--message", "theirs")
    other.git("push", "--quiet", "origin", "main")
    with pytest.raises(ConflictError, match="git pull"):
        erase(repo, "audio/b.wav")
    assert repo.git("status", "--short") == ""


def test_what_plain_dvc_tracks_is_found(make_repo: MakeRepo, cache: Path) -> None:
    """Single files, and folders of old versions that had no index yet; their lists are read."""
    repo = make_repo()
    table = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\none.wav,calm\n"
    media = {"audio/a.wav": A, "audio/b.wav": B, "one.wav": C}
    repo.write(tables={"mood": table}, files=media)
    repo.dvc("add", "--quiet", "audio", "one.wav")
    repo.commit(tag="v1.0.0")
    repo.push()
    with pytest.raises(MediaError, match="audiodvc add"):
        erase(repo, "audio/b.wav")
    repo.audiodvc("add", "audio")
    repo.commit(tag="v1.1.0")
    repo.push()
    shutil.rmtree(repo.path / ".dvc" / "cache")
    done = erase(repo, "audio/b.wav", "one.wav")
    assert done.state == "complete"
    assert {md5(B), md5(C)} & stored(repo) == set()
    assert not (repo.path / "one.wav.dvc").exists()
    for version in ("1.0.0", "1.1.0"):
        assert loaded(repo.path, version, cache) == ({"audio/a.wav": A}, ["audio/a.wav"])


def test_datasets_of_one_repository_share_bytes(make_repo: MakeRepo) -> None:
    """What another dataset of the repository has stays until that one erases it too."""
    repo = make_repo()
    table = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
    texts = {
        "db.mood.csv": table,
        "db.yaml": default_header({"mood": table}),
        "audiodvc.yaml": "flavors: {}\n",
    }
    for name in ("one", "two"):
        files = {**{file: text.encode() for file, text in texts.items()}, "audio/a.wav": A, "audio/b.wav": B}
        for file, data in files.items():
            path = repo.path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        repo.audiodvc("-C", name, "add", "audio")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "two datasets")
    repo.git("tag", "one@v1.0.0")
    repo.push()
    first = erase(Repo(repo.path / "one"), "audio/b.wav")
    assert first.files[0].others == ("two/audio/b.wav",)
    assert (repo.path / "two" / "audio" / "b.wav").exists()
    assert md5(B) in stored(repo)
    assert erase(Repo(repo.path / "two"), "audio/b.wav").files[0].others == ()
    assert md5(B) not in stored(repo)


def test_what_was_made_in_a_flavor_goes_too(
    repo: Repo, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the remote, from the index of the flavor and from its folder; nothing is to be built anew."""
    put_programs(tmp_path / "bin", monkeypatch)
    before = stored(repo)
    repo.audiodvc("flavor", "add", "small", "--sampling-rate", "8000")
    repo.dvc("repro", "--quiet", "flavor@small")
    repo.commit(tag="v4.0.0")
    repo.push()
    repo.git("push", "--quiet", "--tags", "origin", "main")
    flavored = repo.path / "flavors" / "small" / "audio" / "b.wav"
    made = md5(flavored.read_bytes())
    assert made in stored(repo) - before
    done = erase(repo, "audio/b.wav")
    assert done.state == "complete"
    assert {made, md5(B), md5(B2)} & stored(repo) == set()
    assert not flavored.exists()
    assert "audio/b.wav" not in (repo.path / "flavors" / "small.media.csv").read_text()
    assert faults(repo) == []
    db = load(
        str(repo.path), version="4.0.0", full_path=False, cache_root=cache, verbose=False, sampling_rate=8000
    )
    assert db is not None
    assert list(db.files) == ["audio/d.wav", "audio/e.wav"]


def test_the_page_on_erasing_says_what_happens(repo: Repo) -> None:
    """Its commands, as they stand there."""
    before = stored(repo)
    text = PAGE.read_text("utf-8")
    done = page.run(page.script(page.session(text)), repo.path, repo.path.parent / "bin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was changed" in done.stdout
    assert before - stored(repo) == {md5(B), md5(B2)}
    assert list((repo.path / ".git" / "audiodvc" / "erasures").iterdir())


def test_hooks_and_checks_ask_for_nothing_that_was_erased(repo: Repo, tmp_path: Path) -> None:
    """Neither when it is erased, nor when a tag of before is pushed to another repository."""
    repo.audiodvc("install")
    assert erase(repo, "audio/b.wav").state == "complete"
    assert {md5(B), md5(B2)} & stored(repo) == set()
    repo.git("init", "--quiet", "--bare", str(tmp_path / "second.git"))
    repo.git("remote", "add", "second", str(tmp_path / "second.git"))
    repo.git("push", "--quiet", "second", "v1.0.0")
    assert md5(B) not in stored(repo)
    assert "AD004" not in faults(repo, "v1.0.0")


def test_a_push_that_is_refused_deletes_nothing(repo: Repo) -> None:
    """What the server says is told, and the next call goes on."""
    hook = repo.path.parent / "origin.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    before = stored(repo)
    with pytest.raises(GitError, match="not today"):
        erase(repo, "audio/b.wav")
    assert stored(repo) >= before
    hook.unlink()
    assert erase(repo).state == "complete"


@pytest.mark.parametrize("way", ["erase", "remove_media"])
def test_a_folder_that_is_empty_then_is_no_media_folder_any_more(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Pointer and index go, and the stages no longer wait for them."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(cache))
    repo.commit(media={"more/x.wav": tone(0.05, pitch=800)})
    repo.push()
    repo.git("push", "--quiet", "origin", "main")
    if way == "erase":
        erase(repo, "more/x.wav")
    else:
        audiodvc.remove_media(str(repo.path.parent / "origin.git"), "more/x.wav")
        repo.git("pull", "--quiet")
    assert {"more.dvc", "more.media.csv"} & set(repo.git("ls-files").split()) == set()
    assert "more.media.csv" not in (repo.path / "dvc.yaml").read_text()
    assert repo.git("status", "--short") == ""
    assert faults(repo) == []


def test_a_list_deletes_nothing_but_what_its_dataset_has(repo: Repo, tmp_path: Path, cache: Path) -> None:
    """Neither objects of others, nor what a name that is none would lead to."""
    victim = cache / "objects" / "files" / "md5" / md5(D)[:2] / md5(D)[2:]
    loaded(tmp_path / "origin.git", "1.0.0", cache)
    victim.parent.mkdir(exist_ok=True)
    victim.write_bytes(D)
    (cache / "mine").write_text("mine")
    others = store(tmp_path / "dataset.media", b"of somebody else")
    names = (md5(D), others, "../../../../mine", "*", "..")
    lines = [f"audio/a.wav,{name},2024-01-02,x\n" for name in names]
    repo.commit(files={"erased.csv": "file,md5,date,reason\n" + "".join(lines)}, tag="v9.0.0")
    repo.git("push", "--quiet", "--tags", "origin", "main")
    before = tree(cache)
    loaded(tmp_path / "origin.git", "9.0.0", cache)
    after = tree(cache)
    assert {path for path in before if path not in after and path.suffix != ".lock"} == set()
    assert erase(repo).state == "complete"
    assert (cache / "mine").exists()
    assert victim.exists()
    assert {others, md5(D)} <= stored(repo)


def test_a_folder_with_a_remote_of_its_own_loses_it_there(repo: Repo, tmp_path: Path, cache: Path) -> None:
    """What the pointer names; the new list of files goes to the same place."""
    (tmp_path / "dataset.media").rename(tmp_path / "other.media")
    settings, pointer = repo.path / ".dvc" / "config", repo.path / "audio.dvc"
    settings.write_text(settings.read_text() + OWN.format("other", "../../other.media"))
    pointer.write_text(pointer.read_text().replace("  path: audio\n", "  path: audio\n  remote: other\n"))
    repo.commit(tag="v5.0.0")
    repo.git("push", "--quiet", "--tags", "origin", "main")
    erase(repo, "audio/b.wav")
    left = {path.parent.name + path.name for path in (tmp_path / "other.media").glob("files/md5/*/*")}
    assert {md5(B), md5(B2)} & left == set()
    assert f"{md5_of(pointer)}" in left
    assert loaded(tmp_path / "origin.git", "5.0.0", cache)[0] == without("3.0.1", "audio/b.wav")


def md5_of(pointer: Path) -> str:
    """The object that a pointer names."""
    return next(line.split()[-1] for line in pointer.read_text().splitlines() if "md5: " in line)


def test_a_repository_that_names_no_default_branch_has_one_all_the_same(
    repo: Repo, tmp_path: Path, cache: Path
) -> None:
    """As one that was made for `master`, and has only `main`."""
    (tmp_path / "origin.git" / "HEAD").write_text("ref: refs/heads/master\n")
    assert erase(repo, "audio/b.wav").state == "complete"
    assert loaded(tmp_path / "origin.git", "1.0.0", cache)[0] == without("1.0.0", "audio/b.wav")


def test_what_a_killed_process_has_left_in_a_cache_goes_later(
    repo: Repo, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are noted before their lines go."""
    loaded(tmp_path / "origin.git", "1.0.0", cache)
    erase(repo, "audio/b.wav")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasures, "drop", killed)
        with pytest.raises(KeyboardInterrupt):
            loaded(tmp_path / "origin.git", "2.0.0", cache)
    assert any(path.is_file() and path.read_bytes() == B for path in cache.rglob("*"))
    loaded(tmp_path / "origin.git", "2.0.0", cache)
    assert [path for path in cache.rglob("*") if path.is_file() and path.read_bytes() == B] == []
    assert audiodvc.verify(str(tmp_path / "origin.git"), cache_root=cache, verbose=False) == []


def test_a_clone_without_media_is_enough(repo: Repo, tmp_path: Path) -> None:
    """Lists of files follow from the indexes, and nothing is fetched."""
    clone = repo.clone("clone")
    clone.git("remote", "set-url", "origin", str(tmp_path / "origin.git"))
    settings = (repo.path / ".dvc" / "config").read_text()
    assert "../../dataset.media" in settings
    done = erase(clone, "audio/b.wav", "audio/a.wav")
    assert done.state == "complete"
    assert {md5(A), md5(B), md5(B2)} & stored(repo) == set()
    assert md5_of(clone.path / "audio.dvc") in stored(repo)


def test_a_later_call_pushes_nothing_of_somebody_elses_business(repo: Repo) -> None:
    """Where the list is known to all, the branch stays as it is."""
    erase(repo, "audio/b.wav")
    repo.git("commit", "--quiet", "--allow-empty", "--message", "not ready")
    assert erase(repo).state == "complete"
    assert repo.git("rev-list", "--count", "origin/main..main").strip() == "1"


def test_what_is_staged_counts_as_a_change(repo: Repo) -> None:
    """It would be lost with the commit."""
    table = repo.path / "db.mood.csv"
    before = table.read_text()
    table.write_text(before.replace("calm", "wild", 1))
    repo.git("add", "db.mood.csv")
    table.write_text(before)
    with pytest.raises(MediaError, match=r"db\.mood\.csv"):
        erase(repo, "audio/b.wav")


def test_what_cannot_be_deleted_without_a_clone_is_an_error_that_names_it(
    repo: Repo, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After all else: the list is pushed, and every version is without the file."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(cache))
    (tmp_path / "dataset.media").rename(tmp_path / "away")
    (tmp_path / "dataset.media").write_text("no folder")
    with pytest.raises(RemoteError, match="no such folder"):
        audiodvc.remove_media(str(tmp_path / "origin.git"), "audio/b.wav")
    (tmp_path / "dataset.media").unlink()
    (tmp_path / "away").rename(tmp_path / "dataset.media")
    assert loaded(tmp_path / "origin.git", "1.0.0", cache)[0] == without("1.0.0", "audio/b.wav")
    assert md5(B) in stored(repo)
    assert audiodvc.remove_media(str(tmp_path / "origin.git"), "audio/b.wav").state == "complete"
    assert md5(B) not in stored(repo)


def test_bytes_of_commits_between_versions_and_of_other_branches_go(repo: Repo) -> None:
    """No tag leads to either, but both may have been pushed."""
    between, beside = tone(0.05, pitch=910), tone(0.05, pitch=920)
    for data, branch in ((between, "main"), (beside, "draft")):
        repo.git("switch", "--quiet", *(["--create"] if branch != "main" else []), branch)
        repo.write(media={"audio/b.wav": data})
        add(datasets.find(repo.path), [repo.path / "audio"], silence)
        repo.commit(message="another take")
    repo.push()
    repo.git("switch", "--quiet", "main")
    repo.git("revert", "--no-edit", "HEAD")
    repo.write(media={"audio/b.wav": B2})
    repo.git("push", "--quiet", "origin", "main", "draft")
    assert {md5(between), md5(beside)} <= stored(repo)
    done = erase(repo, "audio/b.wav")
    assert {one.md5: one.versions for one in done.files}[md5(beside)] == ("draft",)
    assert {md5(between), md5(beside), md5(B), md5(B2)} & stored(repo) == set()
