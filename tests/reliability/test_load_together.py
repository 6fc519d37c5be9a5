"""Many load overlapping versions and flavors into one cache while it is cleared and checked."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from audiodvc.adapters import audio
from audiodvc.adapters.terminal import silence
from audiodvc.errors import LockTimeoutError
from audiodvc.model.flavor import Flavor
from audiodvc.resolve import config, gc
from audiodvc.resolve.gc import Aim
from audiodvc.resolve.repair import Again
from audiodvc.resolve.verify import Verified, examine
from tests.builder import Repo, RepoFactory, tone
from tests.reliability import loaders
from tests.reliability.loaders import Task
from tests.reliability.tally import count, rounds
from tests.servers import git_daemon
from tests.servers_media import Http, serve_http

PROCESSES = 8
FLAVORS: dict[str, dict[str, Any]] = {
    "plain": {},
    "low": {"sampling_rate": 8000},
    "left": {"channels": [0], "format": "flac"},
}
_OBJECT = re.compile(r".*/objects/files/md5/([0-9a-f]{2})/([0-9a-f]{30})")
_DAY = 86_400


@dataclass(slots=True)
class Removed:
    """How often this process has removed each object of a cache."""

    root: str
    times: Counter[str] = field(default_factory=Counter)

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        """Note what is removed; as an audit hook it stays for good, and so costs little."""
        if event == "os.remove" and self.root and str(args[0]).startswith(self.root):
            found = _OBJECT.fullmatch(str(args[0]))
            if found and Path(args[0]).exists():
                self.times[found[1] + found[2]] += 1


@dataclass(frozen=True, slots=True)
class Corpus:
    """A dataset on servers, with what is in it."""

    http: Http
    task: Task


@pytest.fixture
def corpus(tmp_path: Path, repo_template: Path) -> Iterator[Corpus]:
    """Three versions: of each the next has most files, one is changed, one gone and one new."""
    repo = RepoFactory(tmp_path, repo_template)()
    number = rounds(6, 30)
    media = {f"audio/{place}.wav": tone(0.05, channels=2, pitch=200 + 7 * place) for place in range(number)}
    with serve_http(tmp_path) as http, git_daemon(tmp_path) as git:
        remote = f"[core]\n    remote = storage\n['remote \"storage\"']\n    url = {http.url}/dataset.media\n"
        repo.write(files={".dvc/config": remote})
        versions: dict[str, dict[str, str]] = {}
        for version in ("1.0.0", "1.1.0", "2.0.0"):
            _commit(repo, media, version)
            versions[version] = {file: _md5(data) for file, data in media.items() if data}
            gone, changed, *_ = [file for file, data in media.items() if data]
            new = f"audio/{len(media)}.wav"
            media |= {
                gone: b"",
                changed: tone(0.06, channels=2),
                new: tone(0.07, channels=2, pitch=len(media)),
            }
        repo.push()
        made = {
            _md5(path.read_bytes()): path
            for path in (tmp_path / "dataset.media").rglob("*")
            if path.is_file()
        }
        sounds = {name: _sounds(made, versions, tmp_path, wish) for name, wish in FLAVORS.items() if wish}
        task = Task(f"{git}/dataset", PROCESSES, rounds(2, 25), versions, FLAVORS, sounds, rounds(1, 3) / 10)
        yield Corpus(http, task)


def _commit(repo: Repo, media: dict[str, bytes], version: str) -> None:
    files = sorted(file for file, data in media.items() if data)
    table = "file,mood\n" + "".join(f"{file},calm\n" for file in files)
    there = {file: data or None for file, data in media.items() if data or (repo.path / file).exists()}
    repo.commit(tables={"files": table}, media=there, tag=f"v{version}")


def _sounds(
    made: dict[str, Path], versions: dict[str, dict[str, str]], scratch: Path, wish: dict[str, Any]
) -> dict[str, str]:
    """What each file sounds like when it is converted for itself."""
    found, flavor = {}, Flavor(**wish)
    for md5 in {md5 for files in versions.values() for md5 in files.values()}:
        target = scratch / f"converted.{flavor.format or 'wav'}"
        target.unlink(missing_ok=True)
        audio.convert(str(made[md5]), str(target), flavor, flavor.format or "wav")
        found[md5] = loaders.sound(target)
    return found


def test_all_load_what_there_is_and_nothing_twice(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody fails or loses what is open; each object is fetched once, and again only if it was cleared."""
    cache, task = tmp_path / "cache", tmp_path / "task.json"
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(cache))
    monkeypatch.setattr(gc, "PATIENCE", 5.0)
    task.write_text(json.dumps(corpus.task._asdict()))
    removed = Removed(str(cache))
    sys.addaudithook(removed.hook)
    words = [sys.executable, "-W", "ignore", "-m", "tests.reliability.loaders", str(task)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as loading:
        swept, checked = _cleared(cache, loading)
        said = loading.communicate()[1]
    assert loading.returncode == 0, said
    assert said == ""
    assert checked
    assert [one.damages for one in checked] == [()] * len(checked)
    assert swept
    removed.root = ""
    there = {path.parent.name + path.name for path in (cache / "objects" / "files" / "md5").glob("*/*")}
    fetched = Counter("".join(path.split("/")[-2:]) for _, path, _ in corpus.http.requests)
    assert fetched == removed.times + Counter(there)
    assert _verified(cache).damages == ()
    count("load", "loads, streams and parts of versions in flavors, all whole", PROCESSES * corpus.task.loads)
    count("load", "`gc` of all or of the oldest meanwhile", swept)
    count("load", "`verify` of the whole cache meanwhile, no damage seen", len(checked))
    count("load", "objects fetched, each once", len(fetched))
    count("load", "objects fetched again, as `gc` had taken them out", fetched.total() - len(fetched))


def _cleared(cache: Path, loading: subprocess.Popen[str]) -> tuple[int, list[Verified]]:
    """Clear and check a cache until nobody loads into it any more: how often that was done."""
    swept, checked = 0, []
    aims = cycle([Aim(max_size=20_000), Aim(), Aim(everything=True), Aim(older_than=_DAY)])
    while loading.poll() is None:
        if not cache.exists():
            time.sleep(0.05)
            continue
        aim = next(aims)
        gc.gc(cache, aim, silence, now=time.time(), remove=False)
        try:
            gc.gc(cache, aim, silence, now=time.time() + (2 * _DAY if aim.older_than else 0), remove=True)
            swept += 1
        except LockTimeoutError:
            pass  # somebody was bringing something all the time
        checked.append(_verified(cache))
        time.sleep(0.2)
    return swept, checked


def _verified(cache: Path) -> Verified:
    settings = config.current(cache)
    return examine(settings, None, None, Again(settings, silence, 1), mend=False)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
