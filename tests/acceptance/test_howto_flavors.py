"""The page on flavors, run as it stands there."""

from __future__ import annotations

from pathlib import Path

from tests import flavors, page
from tests.builder import MakeRepo

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "share-a-flavor.md"


def test_a_flavor_is_named_built_pushed_and_loaded(make_repo: MakeRepo) -> None:
    """Whoever asks for it gets it from the remote."""
    repo = make_repo()
    repo.commit(tables={"mood": flavors.TABLE}, media=flavors.MEDIA)
    done = page.run(page.script(page.session(PAGE.read_text("utf-8"))), repo.path, repo.path.parent / "bin")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1.0.0: flavor mono-16k: 2 files as built with it" in done.stderr
    root = Path(done.stdout.splitlines()[-1])
    assert (root / "audio/a.wav").read_bytes() == (repo.path / "flavors/mono-16k/audio/a.wav").read_bytes()
    assert repo.git("status", "--short") == ""
    assert len(flavors.objects(repo.path.parent / "cache" / "objects")) == 2
