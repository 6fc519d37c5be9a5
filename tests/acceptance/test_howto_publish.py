"""The pages on publishing and on coming from audb, run as they stand there."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import audiodvc
from tests import page
from tests.acceptance.submissions import git, loaded
from tests.builder import tone

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache of the test."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(tmp_path / "cache"))


def record(folder: Path, *names: str) -> None:
    """Recordings in the folder of the page."""
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        (folder / "audio" / name).write_bytes(tone(0.1, pitch=300 + 100 * number))


def test_a_folder_is_published_twice(tmp_path: Path) -> None:
    """What the page shows is what is said, and what others load."""
    record(tmp_path / "moods", "one.wav", "two.wav")
    text = (PAGES / "publish-a-folder.md").read_text("utf-8")
    said = page.perform(page.session(text), tmp_path, tmp_path / "bin")
    shown = [
        line.replace("/home/me", str(tmp_path)) for line in text.splitlines() if line.startswith("moods 1.0")
    ]
    assert said.splitlines() == shown
    db = loaded(tmp_path / "srv" / "moods.git")
    assert db["moods"].df["mood"].tolist() == ["tense", "tense"]
    changed = git(tmp_path / "srv" / "moods.git", "diff", "--name-only", "v1.0.0", "v1.0.1").split()
    assert changed == ["CHANGELOG.md", "db.moods.csv"]


def test_a_dataset_comes_from_audb(tmp_path: Path) -> None:
    """Both versions, in their order."""
    audb = pytest.importorskip("audb")
    import audformat

    db = audformat.Database("moods", source="recorded by us", usage="research")
    repository = audb.Repository("data-public", str(tmp_path / "srv" / "audb"), "file-system")
    (tmp_path / "srv" / "audb" / "data-public").mkdir(parents=True)
    before = audb.config.REPOSITORIES
    audb.config.REPOSITORIES = [repository]
    with warnings.catch_warnings(action="ignore"):
        for version, names in (
            ("1.0.0", ("one.wav", "two.wav")),
            ("1.1.0", ("one.wav", "two.wav", "three.wav")),
        ):
            record(tmp_path / "moods", *names)
            db["moods"] = audformat.Table(audformat.filewise_index([f"audio/{name}" for name in names]))
            db.save(str(tmp_path / "moods"))
            audb.publish(str(tmp_path / "moods"), version, repository, verbose=False)
    audb.config.REPOSITORIES = before
    text = (PAGES / "import-from-audb.md").read_text("utf-8")
    said = page.perform(page.session(text), tmp_path, tmp_path / "bin")
    shown = [
        line.replace("/home/me", str(tmp_path)) for line in text.splitlines() if line.startswith("moods 1.")
    ]
    assert said.splitlines()[:2] == shown
    assert audiodvc.versions(str(tmp_path / "srv" / "moods.git")) == ["1.0.0", "1.1.0"]
