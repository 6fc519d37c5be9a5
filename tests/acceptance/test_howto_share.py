"""The page on sharing a cache, run as it stands there."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from tests import page
from tests.builder import MakeRepo, tone

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "share-a-cache.md"


def test_a_cache_is_shared_as_the_page_says(
    make_repo: MakeRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One fills it, another one reads it, and one that was closed is opened."""
    repo = make_repo("voices")
    repo.commit(
        tables={"mood": "file,mood\naudio/a.wav,calm\n"}, media={"audio/a.wav": tone(0.1)}, tag="v1.0.0"
    )
    repo.push()
    monkeypatch.delenv("AUDIODVC_SHARED_CACHE_ROOT")
    work = tmp_path / "work"
    work.mkdir()
    said = page.perform(page.session(PAGE.read_text("utf-8")), work, tmp_path / "bin").splitlines()
    modes = [line.split()[0] for line in said if line.startswith("2")]
    assert len(modes) > 1
    assert set(modes) == {"2775"}
    first, last = (line for line in said if line.endswith(f"/1.0.0/{ORIGINAL}"))
    assert first == last
    assert first.startswith(f"{work}/team/")
    assert not (work / "mine").exists()
    for path in (work / "team").rglob("*"):
        bits = stat.S_IMODE(os.lstat(path).st_mode)
        assert path.is_symlink() or bits & stat.S_IRGRP


ORIGINAL = "d3b62a9b"
