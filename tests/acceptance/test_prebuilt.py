"""A flavor that was built with a version is taken from its remote, or made, with the same result."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

import audiodvc
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.resolve import config
from audiodvc.resolve.get import Ready, Request, get
from audiodvc.resolve.verify import verify
from tests import flavors
from tests.builder import Repo

MONO = Flavor(channels=0, sampling_rate=16000)


@pytest.fixture
def repo(with_flavors: Path, tmp_path: Path) -> Repo:
    """A copy of the dataset with flavors, and of its remote."""
    shutil.copytree(with_flavors, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("bin"))
    return Repo(tmp_path / "dataset")


@pytest.fixture(autouse=True)
def _told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="audiodvc")


def bring(
    repo: Repo, cache: str, flavor: Flavor = MONO, chosen: Selection | None = None, version: str = "1.0.0"
) -> Ready:
    """What the resolver makes of a version."""
    request = Request(str(repo.path), version, patience=60)
    return get(request, config.current(repo.path.parent / cache), chosen or Selection(), flavor)


def media(ready: Ready) -> Mapping[str, bytes]:
    """The media of a materialization."""
    folder = ready.root / "audio"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def remote(repo: Repo, md5: str) -> Path:
    """Where the remote has an object."""
    return repo.path.parent / "dataset.media" / "files" / "md5" / md5[:2] / md5[2:]


def forget_flavors(repo: Repo) -> None:
    """Let a remote have the originals only."""
    for name in ("mono", "low"):
        for row in flavors.index(repo, name).values():
            if row["md5"] != row["source_md5"]:
                remote(repo, row["md5"]).unlink(missing_ok=True)
    for path in (repo.path.parent / "dataset.media").glob("files/md5/*/*.dir"):
        path.unlink()


def said(caplog: pytest.LogCaptureFixture) -> str:
    """What was told, without the name of the cache's folder."""
    return "\n".join(record.getMessage() for record in caplog.records)


def test_what_was_built_is_taken_and_no_original_is_brought(
    repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    """The same files as when they are converted; it is said which of the two was done."""
    taken = bring(repo, "one")
    assert "1.0.0: flavor mono: 2 files as built with it" in said(caplog)
    mono = flavors.index(repo, "mono")
    cache = repo.path.parent / "one"
    originals = {mono["audio/b.wav"]["md5"]}
    assert flavors.objects(cache / "objects") & {r["source_md5"] for r in mono.values()} == originals
    forget_flavors(repo)
    caplog.clear()
    made = bring(repo, "two")
    assert "1.0.0: flavor mono: its remote lacks what was built, 2 files will be converted" in said(caplog)
    assert media(taken) == media(made)
    assert (taken.flavored.complete, made.flavored.complete) == (True, True)
    assert verify(cache_root=cache, verbose=False) == []


def test_a_new_extension_is_a_new_name_either_way(repo: Repo) -> None:
    """Tables are rewritten, too."""
    low = Flavor(format="flac", sampling_rate=8000)
    taken = bring(repo, "one", low)
    forget_flavors(repo)
    made = bring(repo, "two", low)
    assert sorted(media(taken)) == ["a.flac", "b.flac", "c.flac", "notes.txt"]
    assert media(taken) == media(made)
    assert (taken.root / "db.mood.csv").read_bytes() == (made.root / "db.mood.csv").read_bytes()


def test_nothing_is_brought_for_what_can_be_made_of_what_is_here(
    repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    """Originals in the cache are converted, without asking anybody."""
    bring(repo, "one", Flavor())
    forget_flavors(repo)
    caplog.clear()
    bring(repo, "one")
    assert said(caplog) == "2 files converted here"


def test_some_files_are_taken_by_themselves(repo: Repo) -> None:
    """And the rest when it is wanted."""
    part = bring(repo, "one", chosen=Selection(media=["audio/a.wav"]))
    assert list(media(part)) == ["a.wav"]
    assert sorted(media(bring(repo, "one"))) == ["a.wav", "b.wav", "c.flac", "notes.txt"]


def test_a_stream_takes_what_was_built(repo: Repo) -> None:
    """Batch by batch."""
    cache = repo.path.parent / "one"
    batches = audiodvc.stream(
        str(repo.path),
        "mood",
        version="1.0.0",
        batch_size=2,
        channels=0,
        sampling_rate=16000,
        full_path=False,
        cache_root=cache,
        verbose=False,
    )
    rows = [file for batch in batches for file in batch.index]
    assert rows == ["audio/a.wav", "audio/b.wav", "audio/c.flac"]
    assert flavors.objects(cache / "objects") == {flavors.index(repo, "mono")["audio/b.wav"]["md5"]}


def test_what_was_made_of_other_bytes_is_made_anew(repo: Repo, caplog: pytest.LogCaptureFixture) -> None:
    """A file that changed after the flavor was built."""
    repo.write(media={"audio/a.wav": flavors.NEW})
    repo.commit(media={"audio/a.wav": flavors.NEW}, tag="v1.1.0")
    repo.push()
    new = bring(repo, "one", version="1.1.0")
    assert "1.1.0: flavor mono: 1 file as built with it, 1 file will be converted" in said(caplog)
    forget_flavors(repo)
    assert media(new) == media(bring(repo, "two", version="1.1.0"))


def test_another_wish_is_not_taken_for_the_one_that_was_built(
    repo: Repo, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the settings of the working copy call it by now."""
    bring(repo, "one", Flavor(channels=0, sampling_rate=11025))
    assert "flavor" not in said(caplog)


def test_an_object_that_the_remote_has_lost_is_made_anew(repo: Repo) -> None:
    """The others are taken."""
    right = media(bring(repo, "one"))
    remote(repo, flavors.index(repo, "mono")["audio/a.wav"]["md5"]).unlink()
    assert media(bring(repo, "two")) == right


def test_wrong_bytes_are_never_taken(repo: Repo) -> None:
    """An object is held against the index of the flavor."""
    right = media(bring(repo, "one"))
    place = remote(repo, flavors.index(repo, "mono")["audio/a.wav"]["md5"])
    place.chmod(0o644)
    place.write_bytes(bytes(len(right["a.wav"])))
    assert media(bring(repo, "two")) == right
    assert verify(cache_root=repo.path.parent / "two", verbose=False) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("audiodvc.yaml", "flavors:", "flavors: ["),
        ("dvc.yaml", "stages:", "stages: ["),
        ("dvc.lock", "schema: '2.0'", "schema: ["),
        ("dvc.lock", "sampling_rate: 16000", "sampling_rate: [x]"),
        ("flavors/mono.media.csv", ",wav,", ",flac,"),
        ("flavors/mono.media.csv", "source_md5", "source"),
    ],
)
def test_texts_that_cannot_be_believed_are_passed_over(repo: Repo, file: str, old: str, new: str) -> None:
    """The flavor is made then."""
    right = media(bring(repo, "one"))
    path = repo.path / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    repo.git("commit", "--quiet", "--all", "--message", "Broken")
    repo.git("tag", "--force", "v1.0.0")
    assert media(bring(repo, "two")) == right


def test_what_one_dataset_says_of_a_file_is_not_believed_of_another(repo: Repo) -> None:
    """Nobody can put other sound into a cache under the name of somebody's file."""
    low = Flavor(format="flac", sampling_rate=8000)
    right = media(bring(repo, "one", low))
    a, c = (flavors.index(repo, "low")[f"audio/{name}.flac"]["source_md5"] for name in "ac")
    shutil.copytree(repo.path, repo.path.parent / "evil", symlinks=True)
    evil = Repo(repo.path.parent / "evil")
    index = evil.path / "flavors" / "low.media.csv"
    index.write_text(index.read_text().replace(a, "x").replace(c, a).replace("x", c))
    evil.git("commit", "--quiet", "--all", "--message", "a is c")
    evil.git("tag", "--force", "v1.0.0")
    assert media(bring(evil, "two", low))["a.flac"] == right["c.flac"]
    assert media(bring(repo, "two", low)) == right
