"""The first session of the README, run as it stands there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests import page
from tests.builder import tone

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_first_session_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command succeeds, the clone has labels and recordings, and the version can be loaded."""
    _recordings(tmp_path / "recordings")
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(tmp_path / "cache"))
    monkeypatch.setenv("AUDIODVC_SHARED_CACHE_ROOT", "")
    said = page.perform(page.session(README.read_text("utf-8")), tmp_path, tmp_path / "bin")
    folder = Path(next(line for line in said.splitlines() if line.startswith(str(tmp_path / "cache"))))
    assert (folder / "audio" / "cat.wav").read_bytes() == (tmp_path / "recordings" / "cat.wav").read_bytes()
    clone = tmp_path / "elsewhere"
    assert (clone / "audio" / "cat.wav").read_bytes() == (tmp_path / "recordings" / "cat.wav").read_bytes()
    assert (clone / "db.animal.csv").read_text() == "file,animal\naudio/cat.wav,cat\naudio/dog.wav,dog\n"


@pytest.mark.parametrize("command", ["make demo", "make test"])
def test_the_readme_names_targets_that_exist(command: str) -> None:
    """The two commands that a newcomer is told are targets of the Makefile."""
    assert command in README.read_text("utf-8")
    assert f"\n{command.split()[1]}:" in (README.parent / "Makefile").read_text("utf-8")


def test_the_readme_without_make_tells_the_demo_in_the_same_folder() -> None:
    """What the Makefile does is what the README says that it does."""
    line = "audiodvc demo demo\n"
    assert f".venv/bin/{line}" in README.read_text("utf-8")
    assert f"$(BIN)/{line}" in (README.parent / "Makefile").read_text("utf-8")


def test_the_readme_names_the_extras_that_there_are() -> None:
    """All but those for who works on audiodvc itself."""
    project = tomllib.loads((README.parent / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].keys() - {"test", "bench"}
    told = README.read_text("utf-8").partition("Extras add")[2].partition(", as in")[0]
    assert set(re.findall(r"`(\w+)`", told)) == extras


def test_a_page_becomes_a_script() -> None:
    """Commands are run, files written, and all else of the page is left out."""
    text = "```console\n$ not run\n```\n<!-- session -->\n```console\n$ a b\nshown\n```\n"
    text += "<!-- file: x.csv -->\n```csv\nfile\n```\n<!-- end of session -->\n```console\n$ not run\n```\n"
    assert page.script(page.session(text)) == "set -e\na b\nprintf %s 'file\n' > x.csv\n"


def _recordings(folder: Path) -> None:
    folder.mkdir()
    (folder / "cat.wav").write_bytes(tone(0.5, pitch=660))
    (folder / "dog.wav").write_bytes(tone(0.5, pitch=220))
