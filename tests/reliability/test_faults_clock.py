"""A clock that was set back, or ahead: what is new is seen, and nothing is believed for its time alone."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import audiodvc
from audiodvc.adapters.terminal import silence
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.project import dataset as datasets
from audiodvc.project.erase import Wish, erase
from audiodvc.resolve import config
from audiodvc.resolve.gc import Aim, gc
from audiodvc.resolve.get import Ready, Request, get
from audiodvc.resolve.load import load
from audiodvc.resolve.materialize import STATE
from tests.builder import Repo
from tests.reliability.room import NEW, TABLE, A, md5
from tests.reliability.tally import count

if TYPE_CHECKING:
    import pytest

_YEAR = 365 * 86_400.0


def set_back(path: Path, seconds: float = _YEAR) -> None:
    """Let a file be written so long ago; in the future, if that is negative."""
    os.utime(path, (time.time() - seconds,) * 2)


def got(repo: Repo, cache: Path) -> Ready:
    """The version 1.0.0 in a cache."""
    return get(Request(str(repo.path), "1.0.0"), config.current(cache), Selection(), Flavor())


def test_media_of_the_same_size_and_an_earlier_time_are_seen(repo: Repo) -> None:
    """By `status`, by `add`, and in what `add` writes."""
    repo.audiodvc("add", "audio")  # all that is there is known
    path = repo.path / "audio/a.wav"
    path.unlink()
    path.write_bytes(NEW)
    assert len(NEW) == len(A)
    set_back(path)
    assert "audio" in repo.audiodvc("status")
    repo.audiodvc("add", "audio")
    assert md5(NEW) in (repo.path / "audio.media.csv").read_text()
    count("faults", "a clock set back under `add` and `status`")


def test_tables_of_the_same_size_and_an_earlier_time_are_seen(repo: Repo) -> None:
    """By `status` and `diff`, though git goes by times."""
    repo.git("status")
    path = repo.path / "db.mood.csv"
    path.write_text(TABLE.replace("calm", "glad"))
    set_back(path)
    assert "db.mood.csv" in repo.audiodvc("status")
    done = repo.run("audiodvc", "diff", "--stat")
    assert done.returncode == 1
    count("faults", "a clock set back under `diff`")


def test_what_was_used_in_the_future_goes_when_it_is_old(repo: Repo, cache: Path) -> None:
    """A load while the clock was years ahead would else keep a dataset for years, whoever uses it then."""
    ready = got(repo, cache)
    for path in (ready.root / STATE, ready.version.folder / STATE):
        set_back(path, -9 * _YEAR)
    got(repo, cache)
    assert abs((ready.root / STATE).stat().st_mtime - time.time()) < _YEAR
    now = time.time()
    assert not gc(cache, Aim(older_than=_YEAR), silence, now=now, remove=True).datasets
    gone = gc(cache, Aim(older_than=_YEAR), silence, now=now + 2 * _YEAR, remove=True).datasets
    assert ready.root in {one.folder for one in gone}
    count("faults", "a clock ahead under `load`")


def test_gc_takes_nothing_for_old_when_the_clock_was_set_back(repo: Repo, cache: Path) -> None:
    """All that is there is from the future then; what is half done too, and may still be at work."""
    ready = got(repo, cache)
    half = ready.root.parent / ".1.0.0.abcd.tmp"
    half.mkdir()
    gone = gc(cache, Aim(older_than=60), silence, now=time.time() - _YEAR, remove=True)
    assert not gone.datasets
    assert half.exists()
    assert (ready.root / "audio/a.wav").read_bytes() == A
    count("faults", "a clock set back under `gc`")


def test_an_erasure_is_seen_in_tables_although_the_clock_was_set_back(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy of a table that a load reads is from the future then, and does not count."""
    monkeypatch.setattr(audiodvc.config, "CACHE_ROOT", str(cache))

    def files() -> list[str]:
        db = load(str(repo.path), version="1.0.0", full_path=False, verbose=False)
        assert db is not None
        return sorted(db["mood"].df.index)

    assert files() == ["audio/a.wav", "audio/b.wav"]
    for path in cache.rglob("*.parquet"):
        set_back(path, -_YEAR)
    wish = Wish(("audio/b.wav",), "asked for", date(2024, 5, 6))
    erase(datasets.find(repo.path), wish, config.current(cache), silence)
    assert files() == ["audio/a.wav"]
    count("faults", "a clock set back under `erase`")


def test_history_is_read_by_its_order_not_its_dates(
    repo: Repo, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each commit a day before the last one: blame, versions, a release and an erasure are right."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(cache))
    for number in range(1, 13):
        (repo.path / "db.mood.csv").write_text(TABLE.replace("calm", f"calm{number}"))
        day = f"2023-01-{28 - number}T00:00:00+00:00"
        dated = ("-c", f"user.name=Day {number}", "commit", "--quiet", "--no-verify", "--all")
        done = repo.run(
            "env", f"GIT_COMMITTER_DATE={day}", f"GIT_AUTHOR_DATE={day}", f"GIT_AUTHOR_NAME=Day {number}",
            "git", *dated, "--message", f"Day {number}",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert "Day 12" in repo.audiodvc("blame", "mood", "audio/a.wav", "--column", "mood")
    repo.audiodvc("release", "1.1.0", "--push")
    assert repo.audiodvc("versions").split()[:2] == ["1.0.0", "1.1.0"]
    assert "calm12" in (got_latest(repo, cache) / "db.mood.csv").read_text()
    wish = Wish(("audio/b.wav",), "asked for", date(2024, 5, 6))
    assert erase(datasets.find(repo.path), wish, config.current(cache), silence).state == "complete"
    count("faults", "commits whose dates go backwards")


def test_a_release_after_one_of_tomorrow_is_still_the_next(repo: Repo) -> None:
    """Its entry in the changelog stands first, whatever dates say."""
    text = "# Changelog\n\n## [1.0.0] - 2999-01-01\n\nThe first.\n"
    repo.commit(files={"CHANGELOG.md": text})
    (repo.path / "db.mood.csv").write_text(TABLE.replace("calm", "glad"))
    repo.commit()
    repo.audiodvc("release", "1.1.0")
    changelog = repo.git("show", "v1.1.0:CHANGELOG.md")
    assert changelog.index("## [1.1.0]") < changelog.index("## [1.0.0]")
    count("faults", "a clock set back under `release`")


def got_latest(repo: Repo, cache: Path) -> Path:
    """The folder of the latest version."""
    return get(Request(str(repo.path)), config.current(cache), Selection(), Flavor()).root
