"""From a source to a folder that is ready, on real repositories and remotes."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import audformat
import pytest

from audiodvc.adapters import locks
from audiodvc.errors import (
    AudiodvcError,
    FormatError,
    LockTimeoutError,
    ObjectError,
    RefusedError,
    UnknownVersionError,
)
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.resolve import config, revision, state
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Ready, Request, attachments, get
from audiodvc.resolve.materialize import LISTED, STATE
from tests.builder import MakeRepo, Repo, RepoFactory, tone

A, B, C = (tone(0.05, pitch=pitch) for pitch in (300, 400, 500))
TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
PLAIN = """\
name: dataset
source: test
usage: unrestricted
attachments: {docs: {path: docs}}
tables: {t: {type: filewise, columns: {x: {}}}}
"""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A dataset with two files and one version, whose objects are in its remote beside it."""
    folder = tmp_path_factory.mktemp("made")
    repo = RepoFactory(folder, repo_template)()
    repo.commit(tables={"mood": TABLE}, media={"audio/a.wav": A, "audio/b.wav": B}, tag="v1.0.0")
    repo.push()
    return folder


def bring(  # noqa: PLR0913 - what a call can ask for
    source: Repo | str,
    cache: Path,
    *,
    version: str | None = None,
    rev: str | None = None,
    chosen: Selection | None = None,
    flavor: Flavor | None = None,
    settings: Config | None = None,
    patience: float = 60,
) -> Ready:
    """What the resolver makes of a source."""
    text = str(source.path) if isinstance(source, Repo) else source
    request = Request(text, version, rev, patience=patience)
    return get(request, settings or config.current(cache), chosen or Selection(), flavor or Flavor())


def contents(folder: Path) -> Mapping[str, bytes]:
    """Every file below a folder but its state."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != STATE
    }


def same_as_pull(repo: Repo, ready: Ready, tag: str) -> bool:
    """Whether the folder has the same header, tables and media as a clone after `dvc pull`."""
    clone = repo.clone(f"pulled-{tag}")
    clone.git("checkout", "--quiet", tag)
    clone.dvc("pull", "--quiet")
    names = [name for name in contents(ready.root) if not name.startswith(".")]
    return all((clone.path / name).read_bytes() == contents(ready.root)[name] for name in names)


def test_a_version_becomes_a_folder_that_audformat_reads(repo: Repo, cache: Path) -> None:
    """Header, tables and media are there, the same as after clone and `dvc pull`."""
    ready = bring(repo, cache, version="1.0.0")
    assert sorted(contents(ready.root)) == ["audio/a.wav", "audio/b.wav", "db.mood.csv", "db.yaml"]
    assert same_as_pull(repo, ready, "v1.0.0")
    database = audformat.Database.load(str(ready.root))
    assert database["mood"].df["mood"].to_list() == ["calm", "wild"]
    assert ready.flavored.complete


def test_what_is_complete_asks_nobody(repo: Repo, cache: Path) -> None:
    """Without the repository's objects and its remote, and in a cache that cannot be written, it is there."""
    first = bring(repo, cache, version="1.0.0")
    repo.hide()
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*")}
    again = bring(repo, cache, version="v1.0.0")
    assert again.root == first.root
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*")} == before


def test_media_are_read_only_links_to_objects(repo: Repo, cache: Path) -> None:
    """Nothing is stored twice, and nobody changes an object by its link."""
    ready = bring(repo, cache, version="1.0.0")
    md5 = hashlib.md5(A, usedforsecurity=False).hexdigest()
    place = cache / "objects" / "files" / "md5" / md5[:2] / md5[2:]
    assert (ready.root / "audio" / "a.wav").samefile(place)
    assert place.stat().st_mode & 0o222 == 0


@pytest.mark.parametrize("kind", ["hardlink", "symlink", "copy"])
def test_links_are_of_the_kind_that_is_asked_for(repo: Repo, cache: Path, kind: str) -> None:
    """The folder can be shipped whatever the kind."""
    settings = Config(cache, links=(kind,))
    ready = bring(repo, cache, version="1.0.0", settings=settings)
    file = ready.root / "audio" / "a.wav"
    assert file.is_symlink() == (kind == "symlink")
    assert (file.stat().st_nlink > 1) == (kind == "hardlink")
    subprocess.run(["cp", "-rL", str(ready.root), str(cache / "shipped")], check=True)
    assert (cache / "shipped" / "audio" / "a.wav").read_bytes() == A


def test_the_next_version_fetches_only_what_is_new(repo: Repo, cache: Path, tmp_path: Path) -> None:
    """Objects that are here are not asked for again."""
    bring(repo, cache, version="1.0.0")
    table = "file,mood\naudio/a.wav,calm\naudio/c.wav,wild\n"
    repo.commit(tables={"mood": table}, media={"audio/b.wav": None, "audio/c.wav": C}, tag="v1.1.0")
    repo.push()
    md5 = hashlib.md5(A, usedforsecurity=False).hexdigest()
    (tmp_path / "dataset.media" / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    ready = bring(repo, cache)
    assert ready.version.identity.version == "1.1.0"
    assert sorted(contents(ready.root)) == ["audio/a.wav", "audio/c.wav", "db.mood.csv", "db.yaml"]


def test_a_moved_tag_is_noticed_online_and_said(
    repo: Repo, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is complete is taken as it is; whoever has to go online gets what the tag is now."""
    old = bring(repo, cache, version="1.0.0", chosen=Selection(media=["audio/a.wav"]))
    assert old.media == ("audio/a.wav",)
    new = "file,mood\naudio/a.wav,wild\naudio/c.wav,wild\n"
    repo.commit(tables={"mood": new}, media={"audio/b.wav": None, "audio/c.wav": C})
    repo.git("tag", "--force", "v1.0.0")
    repo.push()
    with caplog.at_level(logging.WARNING, "audiodvc"):
        ready = bring(repo, cache, version="1.0.0")
    assert "was moved" in caplog.text
    assert (ready.root / "db.mood.csv").read_text() == new
    assert sorted(contents(ready.root)) == ["audio/a.wav", "audio/c.wav", "db.mood.csv", "db.yaml"]


def test_a_moved_tag_waits_for_those_who_bring_the_old_one(repo: Repo, cache: Path) -> None:
    """Else they would put files of one commit into the folder of the other."""
    version = bring(repo, cache, version="1.0.0").version
    repo.commit(tables={"mood": TABLE.replace("wild", "calm")})
    repo.git("tag", "--force", "v1.0.0")
    with (
        locks.locked(f"{version.folder}.{Flavor(format='flac').short_id}.lock"),
        pytest.raises(LockTimeoutError),
    ):
        bring(repo, cache, patience=0.1)
    said = json.loads((version.folder / STATE).read_text())
    assert said["commit"] == version.identity.commit
    assert bring(repo, cache).version.identity.commit != version.identity.commit


def test_a_link_that_leads_nowhere_is_made_anew(repo: Repo, cache: Path, tmp_path: Path) -> None:
    """As when somebody has removed objects of a shared cache."""
    bring(repo, tmp_path / "full", version="1.0.0")
    shared = tmp_path / "shared"
    shutil.copytree(tmp_path / "full" / "objects", shared / "objects")
    chosen = Selection(media=["audio/a.wav"])
    settings = Config(cache, shared, links=("symlink",))
    ready = bring(repo, cache, version="1.0.0", settings=settings, chosen=chosen)
    shutil.rmtree(shared / "objects")
    assert not (ready.root / "audio" / "a.wav").exists()
    bring(repo, cache, version="1.0.0", settings=settings, chosen=chosen)
    assert (ready.root / "audio" / "a.wav").read_bytes() == A


def test_a_commit_can_be_had_when_the_newest_one_is_gone(repo: Repo, cache: Path) -> None:
    """As after a forced push: what the repository once said of its branches does not matter for it."""
    commit = repo.git("rev-parse", "HEAD").strip()
    repo.commit(tables={"mood": TABLE.replace("wild", "calm")})
    text = str(repo.path)
    assert revision.versions(text, config.current(cache)) == ["1.0.0"]
    repo.git("reset", "--quiet", "--hard", commit)
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")
    assert bring(repo, cache, rev=commit).version.identity.commit == commit


def test_what_a_broken_disk_left_is_not_believed(repo: Repo, cache: Path) -> None:
    """A state that says too little is none; what else cannot be read is told with what mends it."""
    ready = bring(repo, cache, version="1.0.0")
    for folder in (ready.version.folder, ready.root):
        schema = json.loads((folder / STATE).read_text())["schema"]
        state.write(folder, {"schema": schema})
        assert contents(bring(repo, cache, version="1.0.0").root)["audio/a.wav"] == A
    (ready.version.folder / LISTED).chmod(0o644)
    (ready.version.folder / LISTED).write_bytes(b"")
    with pytest.raises(AudiodvcError, match="verify --repair"):
        bring(repo, cache, version="1.0.0", flavor=Flavor(format="flac"))


def test_a_branch_follows_its_tip(repo: Repo, cache: Path) -> None:
    """Each commit of it has a folder of its own."""
    first = bring(repo, cache, rev="main")
    repo.commit(tables={"mood": TABLE.replace("wild", "calm")})
    second = bring(repo, cache, rev="main")
    assert first.root != second.root
    assert second.version.identity.version is None
    assert second.root.parent.name == repo.git("rev-parse", "HEAD")[:12]


def test_a_selection_brings_no_more(repo: Repo, cache: Path) -> None:
    """Of two files the one that was asked for; asked for again, nobody is asked."""
    ready = bring(repo, cache, version="1.0.0", chosen=Selection(media="b"))
    assert not (ready.root / "audio" / "a.wav").exists()
    assert not ready.flavored.complete
    repo.hide()
    assert bring(repo, cache, version="1.0.0", chosen=Selection(media="b")).media == ("audio/b.wav",)


def test_tables_select_their_media(make_repo: MakeRepo, cache: Path) -> None:
    """Only the files of the tables that are wanted come."""
    repo = make_repo()
    tables = {
        "one": "file,x\naudio/a.wav,1\n",
        "two": "file,start,end,y\naudio/b.wav,0 days,0 days 00:00:00.01,2\n",
    }
    repo.commit(tables=tables, media={"audio/a.wav": A, "audio/b.wav": B}, tag="v1.0.0")
    repo.push()
    assert bring(repo, cache, chosen=Selection(tables=["two"])).media == ("audio/b.wav",)
    assert bring(repo, cache, chosen=Selection(tables=[])).media == ()
    with pytest.raises(ValueError, match="three"):
        bring(repo, cache, chosen=Selection(tables=["three"]))


def test_only_metadata_needs_no_remote(repo: Repo, cache: Path, tmp_path: Path) -> None:
    """Header and tables come with git."""
    (tmp_path / "dataset.media").rename(tmp_path / "no-media")
    ready = bring(repo, cache, version="1.0.0", chosen=Selection(only_metadata=True))
    assert sorted(contents(ready.root)) == ["db.mood.csv", "db.yaml"]


def test_a_flavor_is_made_from_the_objects_that_are_here(repo: Repo, cache: Path) -> None:
    """Neither repository nor remote is needed, and tables name the new files."""
    bring(repo, cache, version="1.0.0")
    repo.hide()
    ready = bring(repo, cache, version="1.0.0", flavor=Flavor(format="flac", sampling_rate=8000))
    assert sorted(contents(ready.root)) == ["audio/a.flac", "audio/b.flac", "db.mood.csv", "db.yaml"]
    assert (ready.root / "db.mood.csv").read_text() == TABLE.replace(".wav", ".flac")
    assert ready.root.name == Flavor(format="flac", sampling_rate=8000).short_id
    assert audformat.Database.load(str(ready.root)).files.to_list() == ["audio/a.flac", "audio/b.flac"]


def test_a_missing_object_is_named_after_all_others_came(repo: Repo, cache: Path, tmp_path: Path) -> None:
    """The message has the file, the object and the remote; the next try needs only what was missing."""
    md5 = hashlib.md5(A, usedforsecurity=False).hexdigest()
    place = tmp_path / "dataset.media" / "files" / "md5" / md5[:2] / md5[2:]
    place.rename(tmp_path / "away")
    with pytest.raises(ObjectError) as caught:
        bring(repo, cache, version="1.0.0")
    assert all(word in str(caught.value) for word in ("audio/a.wav", md5, "storage"))
    other = hashlib.md5(B, usedforsecurity=False).hexdigest()
    assert (cache / "objects" / "files" / "md5" / other[:2] / other[2:]).exists()
    (tmp_path / "away").rename(place)
    assert bring(repo, cache, version="1.0.0").flavored.complete


def test_a_shared_cache_is_looked_at_first(repo: Repo, tmp_path: Path) -> None:
    """What others brought is used where it is, whole datasets and single objects."""
    shared, own = tmp_path / "shared", tmp_path / "own"
    ready = bring(repo, shared, version="1.0.0")
    both = Config(own, shared_cache_root=shared)
    assert bring(repo, own, version="1.0.0", settings=both).root == ready.root
    (tmp_path / "dataset.media").rename(tmp_path / "no-media")
    flavored = bring(repo, own, version="1.0.0", settings=both, flavor=Flavor(bit_depth=24))
    assert own in flavored.root.parents
    assert not (own / "objects").exists()


@pytest.mark.parametrize("tag", ["speech@v1.0.0", "sets/speech@v1.0.0"])
def test_a_dataset_in_a_folder_of_a_repository(make_repo: MakeRepo, cache: Path, tag: str) -> None:
    """`URL#folder`, with tags of its own, and the DVC repository above it."""
    repo = make_repo()
    inner = repo.path / "sets" / "speech"
    inner.mkdir(parents=True)
    (inner / "db.yaml").write_text("name: speech\nsource: here\nusage: unrestricted\n")
    (inner / "audiodvc.yaml").write_text("flavors: {}\n")
    (inner / "audio").mkdir()
    (inner / "audio" / "a.wav").write_bytes(A)
    repo.audiodvc("-C", "sets/speech", "add", str(inner / "audio"))
    repo.commit(tag=tag)
    repo.git("tag", "v9.0.0")
    repo.push()
    ready = bring(f"file://{repo.path}#sets/speech", cache)
    assert ready.version.identity.version == "1.0.0"
    assert sorted(contents(ready.root)) == ["audio/a.wav", "db.yaml"]
    assert bring(str(inner), cache).root == ready.root


def test_repositories_of_plain_dvc_resolve(
    make_repo: MakeRepo, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """No index: directory objects, single files, outputs of stages, and flavors of all of them."""
    repo = make_repo()
    repo.write(header=PLAIN, files={"docs/paper.bib": "@article{}\n"})
    files = {"audio/a.wav": A, "audio/deep/b.wav": B, "single.wav": C}
    for name, data in files.items():
        path = repo.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    repo.dvc("add", "--quiet", "audio", "single.wav")
    copy = "mkdir made && cp single.wav made/d.wav && cp single.wav docs/e.wav && cp single.wav kept.wav"
    outs = ["--outs", "made", "--outs", "docs/e.wav", "--outs-no-cache", "kept.wav"]
    repo.dvc("stage", "add", "--quiet", "--run", "--name", "make", "--deps", "single.wav", *outs, copy)
    rows = "".join(f"{name},1\n" for name in (*files, "made/d.wav", "kept.wav"))
    repo.write(tables={"t": f"file,x\n{rows}"})
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--no-verify", "--message", "all")
    repo.git("tag", "1.0.0")
    repo.push()
    found = {name: data for name, data in contents(bring(repo, cache).root).items() if name.endswith(".wav")}
    assert found == {**files, "made/d.wav": C, "docs/e.wav": C}
    assert "kept.wav is an import or not stored" in caplog.text
    flavored = bring(repo, cache, flavor=Flavor(format="flac"))
    assert "single.flac" in contents(flavored.root)
    assert "single.flac,1" in (flavored.root / "db.t.csv").read_text()


def test_a_pointer_that_lists_its_files_resolves(repo: Repo, cache: Path) -> None:
    """As DVC writes it for remotes that version their files; a size that cannot be is none."""
    rows = json.loads(_directory_object(repo))
    files = "".join(f"  - md5: {row['md5']}\n    relpath: {row['relpath']}\n" for row in rows)
    text = f"outs:\n- hash: md5\n  path: audio\n  size: {10**30}\n  files:\n{files}"
    (repo.path / "audio.media.csv").unlink()
    repo.commit(files={"audio.dvc": text}, tag="v2.0.0")
    assert contents(bring(repo, cache).root)["audio/a.wav"] == A


def test_attachments_come_from_git_and_from_dvc(make_repo: MakeRepo, cache: Path) -> None:
    """Each as a file, in the folder of the version and in that of a flavor; media they are not."""
    repo = make_repo()
    header = """
name: dataset
source: test
usage: unrestricted
attachments:
  paper: {path: docs/paper.bib}
  extra: {path: extra}
"""
    files = {"docs/paper.bib": "@article{}\n"}
    repo.commit(
        header=header, files=files, media={"extra/notes.txt": b"notes", "audio/a.wav": A}, tag="v1.0.0"
    )
    repo.push()
    ready = bring(repo, cache)
    assert {"docs/paper.bib", "extra/notes.txt"} <= contents(ready.root).keys()
    assert ready.version.media["file"].to_list() == ["audio/a.wav"]
    other = cache / "other"
    version, names = attachments(
        Request(str(repo.path)), config.current(other), Selection(attachments=["extra"])
    )
    assert names == ("extra/notes.txt",)
    assert (version.folder / "extra" / "notes.txt").read_bytes() == b"notes"
    assert not (version.folder / "docs").exists()


def test_erased_files_and_their_rows_are_left_out_of_old_versions(repo: Repo, cache: Path) -> None:
    """The erasures of the newest commit count; the same path with other bytes is not meant."""
    md5 = hashlib.md5(A, usedforsecurity=False).hexdigest()
    erased = (
        f"file,md5,date,reason\naudio/a.wav,{md5},2024-05-01,asked\naudio/b.wav,{'0' * 32},2024-05-01,asked\n"
    )
    repo.commit(files={"erased.csv": erased})
    ready = bring(repo, cache, version="1.0.0")
    assert sorted(contents(ready.root)) == ["audio/b.wav", "db.mood.csv", "db.yaml"]
    assert (ready.root / "db.mood.csv").read_text() == "file,mood\naudio/b.wav,wild\n"
    assert ready.version.erased == ("audio/a.wav",)


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({"audio.media.csv": "file,md5\n"}, FormatError),
        ({"audio.dvc": "outs:\n- path: audio\n  hash: md5\n  md5: ../../x\n"}, RefusedError),
        ({"audio.dvc": "outs: 3\n"}, FormatError),
        ({"db.yaml": "- 1\n"}, FormatError),
        ({"db.mood.csv": "file,mood\n../../etc/passwd,calm\n"}, RefusedError),
        ({"b.dvc": f"outs:\n- path: ../b.wav\n  hash: md5\n  md5: {'a' * 32}\n"}, RefusedError),
        ({"b.dvc": f"outs:\n- path: /b.wav\n  hash: md5\n  md5: {'a' * 32}\n"}, RefusedError),
        ({"b.dvc": f"outs:\n- path: db.mood.pkl\n  hash: md5\n  md5: {'a' * 32}\n"}, RefusedError),
        ({"b.dvc": f"outs:\n- path: Audio/a.wav\n  hash: md5\n  md5: {'a' * 32}\n"}, RefusedError),
        ({"b.dvc": f"outs:\n- path: audio/a.wav\n  hash: md5\n  md5: {'a' * 32}\n"}, RefusedError),
        ({"b.dvc": f"outs:\n- path: .audiodvc.json\n  hash: md5\n  md5: {'a' * 32}\n"}, RefusedError),
    ],
)
def test_an_unsound_dataset_is_refused_before_anything_is_written(
    repo: Repo, cache: Path, files: dict[str, str], error: type[AudiodvcError]
) -> None:
    """The whole of it, with nothing in the cache but the repository itself."""
    repo.commit(files=files, tag="v2.0.0")
    with pytest.raises(error):
        bring(repo, cache)
    assert not list(cache.rglob("*.wav"))
    assert not (cache / "objects").exists()


def test_an_attachment_that_is_a_link_is_refused(make_repo: MakeRepo, cache: Path) -> None:
    """Git would write whatever the link leads to."""
    repo = make_repo()
    (repo.path / "docs").symlink_to("/etc/passwd")
    header = "name: d\nsource: s\nusage: unrestricted\nattachments:\n  a: {path: docs}\n"
    repo.commit(header=header, tag="v1.0.0")
    with pytest.raises(RefusedError, match="symbolic link"):
        bring(repo, cache)


def test_an_unknown_version_is_said_with_those_that_there_are(repo: Repo, cache: Path) -> None:
    """And it is what audb raises, too."""
    with pytest.raises(UnknownVersionError, match=r"1\.0\.0") as caught:
        bring(repo, cache, version="3.0.0")
    assert isinstance(caught.value, RuntimeError)


def test_waiting_for_another_process_ends(repo: Repo, cache: Path) -> None:
    """After the patience that was asked for."""
    bring(repo, cache, version="1.0.0", chosen=Selection(only_metadata=True))
    folder = next(path for path in cache.iterdir() if path.name.startswith("dataset-"))
    lock = folder / f"1.0.0.{Flavor().short_id}.lock"
    words = [sys.executable, "-c", HOLDER, str(lock)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(LockTimeoutError):
            bring(repo, cache, version="1.0.0", patience=0.1)
        holder.kill()
    assert bring(repo, cache, version="1.0.0").flavored.complete


HOLDER = """
import sys
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""
CHILD = """
import sys
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.resolve import config
from audiodvc.resolve.get import Request, get
request, settings = Request(sys.argv[1], "1.0.0"), config.current(sys.argv[2])
ready = get(request, settings, Selection(), Flavor(sampling_rate=8000))
print(ready.root)
"""


def _child(repo: Repo, cache: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", CHILD, str(repo.path), str(cache)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_two_processes_do_the_work_once(make_repo: MakeRepo, cache: Path) -> None:
    """Both end with the same folder, and nothing is left beside it."""
    repo = _many(make_repo)
    children = [_child(repo, cache) for _ in range(2)]
    ended = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0, 0], ended
    assert ended[0][0] == ended[1][0]
    assert not [path for path in cache.rglob("*") if path.name.endswith(".tmp")]


def _many(make_repo: MakeRepo) -> Repo:
    repo = make_repo()
    media = {f"audio/{number:03d}.wav": tone(0.05, pitch=200 + number) for number in range(150)}
    table = "file,x\n" + "".join(f"{name},1\n" for name in media)
    repo.commit(tables={"t": table}, media=media, tag="v1.0.0")
    repo.push()
    return repo


def _directory_object(repo: Repo) -> bytes:
    text = (repo.path / "audio.dvc").read_text()
    md5 = text.split("md5: ")[1].split()[0]
    return Path(os.fspath(repo.path), ".dvc", "cache", "files", "md5", md5[:2], md5[2:]).read_bytes()
