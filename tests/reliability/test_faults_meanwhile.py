"""Somebody else at work at the same moment: what is new is never lost, and the next try does all of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from audiodvc.adapters.terminal import silence
from audiodvc.errors import AudiodvcError
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.progress import Advance, Progress
from audiodvc.project import dataset as datasets
from audiodvc.project.add import add
from audiodvc.project.choice import Choice
from audiodvc.project.dataset import Dataset
from audiodvc.project.erase import Wish, erase
from audiodvc.project.fix import fix
from audiodvc.project.fmt import fmt
from audiodvc.project.publish import Offer, hand_in
from audiodvc.project.publishing import destination
from audiodvc.project.release import release
from audiodvc.project.settle import settle
from audiodvc.resolve import config
from audiodvc.resolve.get import Ready, Request, get
from audiodvc.resolve.load import load
from audiodvc.resolve.stream import stream
from tests.builder import Repo
from tests.reliability import room
from tests.reliability.room import NEW, TABLE, UNTIDY, A, B, md5
from tests.reliability.tally import count

MINE = "file,mood\naudio/a.wav,typed just now\naudio/b.wav,wild\n"


def during(what: str, work: Callable[[], object], *, at_end: bool = False) -> Progress:
    """Let something happen once, while something else is done: when it begins, or when it has ended."""
    left = [work]

    @contextmanager
    def progress(doing: str, total: int | None) -> Iterator[Advance]:
        del total
        if doing.startswith(what) and left and not at_end:
            left.pop()()
        yield lambda _: None
        if doing.startswith(what) and left and at_end:
            left.pop()()

    return progress


def typed(repo: Repo, text: str = MINE) -> Callable[[], object]:
    """A person who edits the table."""
    return lambda: (repo.path / "db.mood.csv").write_text(text)


def test_fmt_leaves_what_was_typed_meanwhile(repo: Repo) -> None:
    """Between reading a table and writing it."""
    found = datasets.find(repo.path)
    typed(repo, UNTIDY)()
    with pytest.raises(AudiodvcError, match=r"db\.mood\.csv was changed meanwhile, and stays so"):
        fmt(found, during("formatting", typed(repo), at_end=True))
    assert found.read("db.mood.csv") == MINE.encode()
    fmt(found, silence)
    assert found.read("db.mood.csv") == MINE.encode()
    count("faults", "a table edited while `fmt` reads it")


def test_fix_leaves_what_was_typed_meanwhile(repo: Repo) -> None:
    """Between finding faults and mending them."""
    found = datasets.find(repo.path)
    typed(repo, f"{TABLE}audio/b.wav,wild\n")()
    with pytest.raises(AudiodvcError, match="was changed meanwhile"):
        fix(found, during("mending", typed(repo, f"{MINE}audio/b.wav,wild\n"), at_end=True))
    fix(found, silence)
    assert found.read("db.mood.csv") == MINE.encode()
    count("faults", "a table edited while `validate --fix` reads it")


def test_resolve_leaves_what_was_typed_meanwhile(repo: Repo) -> None:
    """Who settles a conflict by hand at the same moment is not overruled."""
    room.conflict(repo)
    found = datasets.find(repo.path)
    with pytest.raises(AudiodvcError, match="was changed meanwhile"):
        settle(found, during("settling", typed(repo)), Choice("theirs"))
    assert found.read("db.mood.csv") == MINE.encode()
    settle(found, silence, Choice("theirs"))
    assert found.read("db.mood.csv") == MINE.encode()
    assert not repo.git("ls-files", "--unmerged")
    count("faults", "a table edited while `resolve` reads it")


def test_release_leaves_what_was_typed_meanwhile(repo: Repo) -> None:
    """Pushing media may take hours, in which somebody writes the changelog."""
    room.next_commit(repo)
    found, text = datasets.find(repo.path), "# Changelog\n\n## [Unreleased]\n\nTyped just now.\n"
    write = during("pushing", lambda: (repo.path / "CHANGELOG.md").write_text(text))
    with pytest.raises(AudiodvcError, match=r"CHANGELOG\.md was changed while media were pushed"):
        release(found, "1.1.0", write)
    assert found.read("CHANGELOG.md") == text.encode()
    assert "v1.1.0" not in repo.git("tag")
    repo.git("add", "CHANGELOG.md")
    repo.git("commit", "--quiet", "--message", "Say why")
    release(found, "1.1.0", silence)
    assert "Typed just now." in repo.git("show", "v1.1.0:CHANGELOG.md")
    count("faults", "a changelog edited while `release` pushes media")


def test_erase_leaves_what_was_typed_meanwhile(repo: Repo, cache: Path) -> None:
    """While the history is read; nothing is erased then."""
    found = datasets.find(repo.path)
    wish = Wish(("audio/b.wav",), "asked for", date(2024, 5, 6))
    with pytest.raises(AudiodvcError, match="are not as they were committed"):
        erase(found, wish, config.current(cache), during("reading the history", typed(repo)))
    assert found.read("db.mood.csv") == MINE.encode()
    assert (repo.path / "audio/b.wav").read_bytes() == B
    repo.git("restore", "db.mood.csv")
    assert erase(found, wish, config.current(cache), silence).state == "complete"
    count("faults", "a table edited while `erase` reads the history")


@pytest.mark.parametrize("kind", ["copy", "hardlink", "symlink"])
def test_add_makes_no_object_of_a_recording_that_came_later(repo: Repo, kind: str) -> None:
    """A media folder that is replaced between hashing and linking keeps what is new in it."""
    repo.dvc("config", "--local", "cache.type", kind) if kind != "copy" else None
    found = datasets.find(repo.path)
    (repo.path / "audio/new.wav").write_bytes(NEW)

    def replace() -> None:
        shutil.move(repo.path / "audio", repo.path.parent / "before")
        (repo.path / "audio").mkdir()
        for name in ("a.wav", "b.wav", "new.wav"):
            (repo.path / "audio" / name).write_bytes(NEW[:-2] + b"zz")

    _refuse_silence(lambda: _added(found, during("reading audio", replace, at_end=True)), "audio")
    assert (repo.path / "audio/new.wav").read_bytes() == NEW[:-2] + b"zz"
    _refuse_wrong(repo.path / ".dvc/cache/files/md5")
    _added(found, silence)
    assert md5(NEW[:-2] + b"zz").encode() in (found.read("audio.media.csv") or b"")
    _refuse_wrong(repo.path / ".dvc/cache/files/md5")
    count("faults", "a media folder replaced while `add` reads it")


@pytest.mark.parametrize("moment", ["reading the dataset", "fetching", "linking"])
def test_a_tag_that_is_moved_during_get_never_mixes_versions(repo: Repo, cache: Path, moment: str) -> None:
    """Whichever commit it is, all of the folder is of that one; the next who asks gets the new one."""

    def move() -> None:
        room.next_commit(repo)
        repo.push()
        repo.git("tag", "--force", "v1.0.0")

    first = _got(repo, cache, during(moment, move))
    files = {"audio/a.wav": A, "audio/b.wav": B}
    assert _files(first) in (files, {**files, "audio/new.wav": NEW})
    assert len((first.root / "db.mood.csv").read_text().splitlines()) == len(_files(first)) + 1
    assert _files(_got(repo, cache.with_name("other"), silence)) == {**files, "audio/new.wav": NEW}
    count("faults", "a tag moved during `get`")


@pytest.mark.parametrize("moment", ["reading the dataset", "fetching", "linking"])
def test_a_cache_that_is_deleted_under_a_load_is_made_again(repo: Repo, cache: Path, moment: str) -> None:
    """The load may fail, with the place in its message; the next one has all."""
    removing = during(moment, lambda: shutil.rmtree(cache))
    _refuse_silence(lambda: _got(repo, cache, removing), str(cache))
    assert _files(_got(repo, cache, silence)) == {"audio/a.wav": A, "audio/b.wav": B}
    count("faults", "a cache deleted under a running load")


def test_a_cache_that_is_deleted_under_a_stream_is_made_again(repo: Repo, cache: Path) -> None:
    """The stream may end with an error that says where; another one has all."""

    def begun() -> Iterator[Path]:
        batches = stream(
            str(repo.path), "mood", version="1.0.0", batch_size=1, cache_root=cache, verbose=False
        )
        for batch in batches:
            yield from map(Path, batch.index)

    first = begun()
    assert next(first).read_bytes() == A
    cache.rename(cache.with_name("gone"))  # all at once, since somebody is writing to it
    _refuse_silence(lambda: [path.read_bytes() for path in first], str(cache))
    assert [path.read_bytes() for path in begun()] == [A, B]
    count("faults", "a cache deleted under a running stream")


def test_a_cache_that_is_deleted_after_a_load_is_said(repo: Repo, cache: Path) -> None:
    """Tables are read when they are first used: then the message names what is gone."""

    def loaded() -> Any:  # noqa: ANN401 - there is a database, as long as nobody waits for a lock
        return load(str(repo.path), version="1.0.0", cache_root=cache, verbose=False)

    db = loaded()
    shutil.rmtree(cache)
    with pytest.raises((AudiodvcError, OSError), match=r"db\.mood\.csv"):
        _ = db["mood"].df
    assert len(loaded()["mood"].df) == 2
    count("faults", "a cache deleted before a table was read")


@pytest.mark.parametrize("moment", ["reading", "sending"])
def test_a_remote_that_is_gone_under_a_publish_makes_no_version(
    repo: Repo, cache: Path, moment: str, tmp_path: Path
) -> None:
    """A disk that is not mounted any more: no version is seen whose media nobody has."""
    media, away = tmp_path / "dataset.media", tmp_path / "away"
    room.submission(repo)
    offer = Offer(tmp_path / "submission", "1.1.0", destination.Wish(repository=str(tmp_path / "origin.git")))
    settings = config.current(cache)
    with pytest.raises((AudiodvcError, OSError), match=r"dataset\.media"):
        hand_in(
            Offer(offer.folder, "1.1.0", offer.wish, progress=during(moment, lambda: media.rename(away))),
            settings,
        )
    assert "v1.1.0" not in Repo(tmp_path / "origin.git").git("tag")
    shutil.rmtree(media, ignore_errors=True)
    away.rename(media)
    hand_in(offer, settings)
    found = _got(Repo(tmp_path / "origin.git"), cache, silence, "1.1.0")
    assert _files(found) == {"audio/a.wav": A, "audio/b.wav": B, "audio/new.wav": NEW}
    count("faults", "a remote gone under a publish")


def _refuse_silence(work: Callable[[], object], place: str) -> None:
    """Do some work, that may end with an error if that names the place."""
    said = place
    try:
        work()
    except (AudiodvcError, OSError) as error:
        said = str(error)
    assert place in said


def _added(found: Dataset, progress: Progress) -> None:
    add(found, [found.root / "audio"], progress)


def _got(repo: Repo, cache: Path, progress: Progress, version: str = "1.0.0") -> Ready:
    request = Request(str(repo.path), version, progress=progress)
    return get(request, config.current(cache), Selection(), Flavor())


def _files(ready: Ready) -> dict[str, bytes]:
    paths = ready.root.rglob("*.wav")
    return {path.relative_to(ready.root).as_posix(): path.read_bytes() for path in paths}


def _refuse_wrong(objects: Path) -> None:
    for path in objects.glob("*/*"):
        assert md5(path.read_bytes()) == path.parent.name + path.name.removesuffix(".dir"), path
