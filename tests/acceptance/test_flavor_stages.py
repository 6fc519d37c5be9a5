"""Flavors and the check of labels as stages: built, pushed and compared by plain DVC."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import soundfile

from audiodvc.adapters import audio
from audiodvc.model.flavor import Flavor
from tests import flavors, schema
from tests.builder import Repo


@pytest.fixture
def repo(with_flavors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A copy of the dataset with flavors, and of its remote."""
    shutil.copytree(with_flavors, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("bin"))
    flavors.put_programs(tmp_path / "bin", monkeypatch)
    return Repo(tmp_path / "dataset")


def test_plain_dvc_builds_a_flavor_and_git_has_its_index(repo: Repo, tmp_path: Path) -> None:
    """The sound is what the resolver would make; git has the indexes, and nothing else of a flavor."""
    mono = flavors.index(repo, "mono")
    assert list(mono) == ["audio/a.wav", "audio/b.wav", "audio/c.flac"]
    sources = {
        name: hashlib.md5(data, usedforsecurity=False).hexdigest() for name, data in flavors.MEDIA.items()
    }
    assert {name: row["source_md5"] for name, row in mono.items()} == {name: sources[name] for name in mono}
    assert mono["audio/b.wav"]["md5"] == sources["audio/b.wav"]
    place = repo.path / "flavors" / "mono" / "audio" / "a.wav"
    audio.convert(
        str(repo.path / "audio" / "a.wav"),
        str(tmp_path / "a"),
        Flavor(channels=0, sampling_rate=16000),
        "wav",
    )
    assert place.read_bytes() == (tmp_path / "a").read_bytes()
    assert mono["audio/a.wav"]["md5"] == hashlib.md5(place.read_bytes(), usedforsecurity=False).hexdigest()
    assert list(flavors.index(repo, "low")) == ["audio/a.flac", "audio/b.flac", "audio/c.flac"]
    assert soundfile.info(repo.path / "flavors" / "low" / "audio" / "c.flac").samplerate == 8000
    tracked = repo.git("ls-files", "flavors", "validation.json").split()
    assert tracked == [
        "flavors/.gitignore",
        "flavors/low.media.csv",
        "flavors/mono.media.csv",
        "validation.json",
    ]
    assert repo.git("status", "--short") == ""


def test_all_that_was_built_is_pushed(repo: Repo) -> None:
    """By `dvc push` alone."""
    there = flavors.objects(repo.path.parent / "dataset.media")
    for name in ("mono", "low"):
        assert {row["md5"] for row in flavors.index(repo, name).values()} <= there


def test_the_check_writes_what_dvc_metrics_shows(repo: Repo) -> None:
    """Findings by code, rows and hours, in the documented form."""
    told = json.loads((repo.path / "validation.json").read_text())
    assert list(schema.faults(told, schema.documented("audiodvc.metrics/v1"))) == []
    assert told["findings"] == {"AR003": 1}
    assert (told["errors"], told["warnings"], told["rows"], told["files"]) == (0, 1, 3, 4)
    assert told["hours"] == pytest.approx(0.7 / 3600, abs=1e-6)


def test_changed_settings_rebuild_one_flavor_and_a_wrong_label_shows_in_the_metrics(repo: Repo) -> None:
    """The other flavor is left alone, the check runs to its end, and `dvc metrics diff` tells."""
    repo.audiodvc("flavor", "add", "low", "--format", "flac", "--sampling-rate", "11025", "--force")
    table = repo.path / "db.mood.csv"
    table.write_text(table.read_text().replace("audio/b.wav", "audio/bb.wav"))
    said = repo.dvc("repro")
    assert "Stage 'flavor@mono' didn't change, skipping" in said
    assert "low: 3 files, 3 converted, 0 kept, 0 as they are" in said
    assert soundfile.info(repo.path / "flavors" / "low" / "audio" / "c.flac").samplerate == 11025
    changed = json.loads(repo.dvc("metrics", "diff", "--json"))["validation.json"]
    assert changed["errors"] == {"old": 0, "new": 1, "diff": 1}
    assert changed["findings.AR002"]["new"] == 1


def test_a_clone_without_media_builds_what_changed(repo: Repo) -> None:
    """One source comes from the remote, into the cache; the rest of the flavor comes as it was built."""
    repo.write(media={"audio/a.wav": flavors.NEW})
    repo.audiodvc("add", "audio")
    repo.git("commit", "--quiet", "--all", "--message", "Another a")
    repo.push()
    clone = repo.clone("clone")
    assert "mono: 3 files, 1 converted, 1 kept, 1 as they are; 1 file left out" in clone.dvc(
        "repro", "flavor@mono"
    )
    assert not (clone.path / "audio").exists()
    sources = {row["source_md5"] for row in flavors.index(clone, "mono").values()}
    made = {row["md5"] for row in flavors.index(clone, "mono").values()}
    changed = hashlib.md5(flavors.NEW, usedforsecurity=False).hexdigest()
    singles = {name for name in flavors.objects(clone.path / ".dvc" / "cache") if not name.endswith(".dir")}
    # DVC keeps the text of an index there as well.
    kept = hashlib.md5(
        (clone.path / "flavors/mono.media.csv").read_bytes(), usedforsecurity=False
    ).hexdigest()
    assert singles - {kept} == {*made, changed}
    assert changed in sources


def test_after_a_build_that_failed_nothing_slips_into_git(repo: Repo) -> None:
    """And the next one, when what was lacking is there, goes through."""
    repo.write(media={"audio/a.wav": flavors.NEW})
    repo.audiodvc("add", "audio")
    md5 = hashlib.md5(flavors.NEW, usedforsecurity=False).hexdigest()
    place = repo.path / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    aside = place.rename(repo.path.parent / "aside")
    done = repo.run("dvc", "repro", "flavor@mono")
    assert done.returncode != 0
    assert f"audio/a.wav: object {md5} is not there" in done.stderr
    repo.git("add", "--all")
    staged = set(repo.git("diff", "--cached", "--name-only").split())
    assert staged == {"audio.dvc", "audio.media.csv"}
    aside.rename(place)
    assert "mono: 3 files, 1 converted, 1 kept" in repo.dvc("repro", "flavor@mono")
