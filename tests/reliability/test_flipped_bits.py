"""A bit that a disk has flipped, in any file of a cache."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from audiodvc.adapters.terminal import silence
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Request, get
from audiodvc.resolve.load import load
from audiodvc.resolve.repair import Again
from audiodvc.resolve.verify import Verified, examine
from tests.builder import Repo, RepoFactory, tone
from tests.reliability.tally import count, rounds

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
TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
FLAVOR = Flavor(sampling_rate=8000, format="flac")
# Locks are empty, and what is known of a repository is asked for again when it matters.
ASIDE = (".lock", "refs.json", "HEAD", "config")


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Repo:
    """A dataset with attachments in git and in DVC."""
    repo = RepoFactory(tmp_path_factory.mktemp("flipped"), repo_template)()
    media = {f"audio/{name}.wav": tone(0.05, pitch=pitch) for name, pitch in (("a", 300), ("b", 400))}
    files = {"docs/paper.bib": "@article{}\n"}
    repo.commit(
        header=HEADER,
        tables={"mood": TABLE},
        media={**media, "extra/notes.txt": b"notes"},
        files=files,
        tag="v1.0.0",
    )
    repo.push()
    return repo


@pytest.mark.parametrize("link", ["hardlink", "symlink", "copy"])
def test_a_flipped_bit_in_any_file_is_found_and_repaired(repo: Repo, tmp_path: Path, link: str) -> None:
    """Object, conversion, table, list or state: after the repair every file is what it was."""
    settings = _filled(repo, tmp_path / "cache", link)
    expected = _contents(settings.cache_root)
    assert _check(settings).damages == ()
    _copy(tmp_path / "cache", tmp_path / "kept")
    drawn = random.Random(link)  # noqa: S311 - files and bits, no secrets
    for name in _names(expected, drawn, rounds(4, 70)):
        bit = _flip(settings.cache_root / name, drawn)
        done = _check(settings, mend=True)
        assert done.damages, f"bit {bit} of {name}"
        assert done.is_whole, f"bit {bit} of {name}: {done}"
        now = _contents(settings.cache_root)
        changed = {one for one in {*now, *expected} if now.get(one) != expected.get(one)}
        assert not [one for one in changed if one in now or not _is_spare(one, link)], f"bit {bit} of {name}"
        _copy(tmp_path / "kept", tmp_path / "cache")
        count("faults", "a bit flipped in any file of a cache, found and repaired")
    assert _check(settings).damages == ()


@pytest.mark.parametrize("part", ["version", "flavor"])
def test_a_state_that_cannot_be_mended_is_taken_out_and_said(repo: Repo, tmp_path: Path, part: str) -> None:
    """It is made again by whoever wants the dataset; what it says is not believed."""
    settings = _filled(repo, tmp_path / "cache", "hardlink")
    expected = _contents(settings.cache_root)
    (state,) = settings.cache_root.glob(
        "dataset-*/1.0.0/.audiodvc.json" if part == "version" else f"*/*/{FLAVOR.short_id}/.audiodvc.json"
    )
    state.write_bytes(state.read_bytes().replace(b"1.0.0", b"2.0.0"))
    done = _check(settings, mend=True)
    assert [(one.path, one.repaired) for one in done.damages] == [(str(state), False)]
    assert not done.is_whole
    assert not state.exists()
    _fill(repo, settings)
    assert _contents(settings.cache_root) == expected


def _is_spare(name: str, link: str) -> bool:
    """What comes again when it is wanted: a table in another form, and that of which all have copies."""
    return name.endswith("db.mood.parquet") or (link == "copy" and name.startswith(("objects/", "flavored/")))


def _filled(repo: Repo, cache: Path, link: str) -> Config:
    settings = Config(cache, links=(link,))
    _fill(repo, settings)
    return settings


def _fill(repo: Repo, settings: Config) -> None:
    """The dataset as it is and in a flavor, its table read once."""
    for flavor in (Flavor(), FLAVOR):
        get(Request(str(repo.path), "1.0.0"), settings, Selection(), flavor)
    database = load(str(repo.path), version="1.0.0", cache_root=settings.cache_root, verbose=False)
    assert database is not None
    assert len(database["mood"].df) == 2


def _names(expected: Mapping[str, bytes], drawn: random.Random, number: int) -> list[str]:
    """Files of every kind, and again from the beginning if more are wanted."""
    names = sorted(name for name, data in expected.items() if data)
    drawn.shuffle(names)
    return (names * (1 + number // len(names)))[:number]


def _flip(path: Path, drawn: random.Random) -> int:
    """Change one bit, as a broken disk does, and leave all else as it is."""
    path = path.resolve()
    seen, data = path.stat(), bytearray(path.read_bytes())
    bit = drawn.randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.write(data)
    path.chmod(seen.st_mode)
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    return bit


def _check(settings: Config, *, mend: bool = False) -> Verified:
    return examine(settings, None, None, Again(settings, silence, 1), mend=mend)


def _contents(cache: Path) -> dict[str, bytes]:
    paths = (path for path in sorted(cache.rglob("*")) if path.is_file() and not path.name.endswith(ASIDE))
    return {path.relative_to(cache).as_posix(): path.read_bytes() for path in paths}


def _copy(source: Path, target: Path) -> None:
    """A cache whose links of one file stay links of one file, in the place of another."""
    subprocess.run(["rm", "-rf", str(target)], check=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
