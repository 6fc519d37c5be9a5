"""A day's work in folders that are odd, and in order: every step has to work there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from audiodvc.project.dataset import find
from tests.builder import Repo, tone
from tests.reliability import soundfolders
from tests.reliability.soundfolders import MEDIA, TABLE
from tests.reliability.tally import count, rounds

# All others are left to `make reliability`: git's hooks and drivers are processes, which take their time.
_ALWAYS = ("a worktree",)

NEW = tone(0.1, pitch=600)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """The sound dataset and its remote."""
    return soundfolders.make(tmp_path_factory.mktemp("sound"), repo_template).parent


@pytest.mark.parametrize(
    "name", [name for name in soundfolders.LEGITIMATE if name in _ALWAYS or rounds(0, 1)]
)
def test_daily_work(name: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look, format, track, check, compare, commit with hooks, merge with the driver, ask who, get."""
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", str(tmp_path / "cache"))
    shutil.copytree(made, tmp_path / "here", symlinks=True)
    root = tmp_path / "here" / "dataset"
    repo = Repo(soundfolders.LEGITIMATE[name](root) or root)
    _look(repo)
    _label(repo)
    _commit(repo)
    _merge(repo)
    _ask(repo)
    count("fuzz", f"a day's work in {name}")


def _look(repo: Repo) -> None:
    repo.audiodvc("install")
    assert "labels" in repo.audiodvc("status")
    assert "ok       merge driver" in repo.audiodvc("doctor")
    assert repo.audiodvc("fmt", "--check")
    assert repo.audiodvc("diff") == "no difference\n"


def _label(repo: Repo) -> None:
    """Change a label in another form than the canonical one, and add a recording."""
    (repo.path / TABLE).write_text("file,mood\naudio/b.wav,wild\naudio/a.wav,wild\naudio/c.wav,calm\n")
    (repo.path / "audio").mkdir(exist_ok=True)
    for file, data in {**MEDIA, "audio/c.wav": NEW}.items():
        (repo.path / file).write_bytes(data)
    assert TABLE in repo.audiodvc("fmt")
    assert "1 added" in repo.audiodvc("add", "audio")
    assert repo.audiodvc("validate")


def _commit(repo: Repo) -> None:
    """The hook refuses a wrong label, and lets the right one pass."""
    table = repo.path / TABLE
    right = table.read_text()
    table.write_text(right.replace("c.wav,calm", "c.wav,clam"))
    repo.git("add", "--all", ".")
    refused = repo.run("git", "commit", "--message", "Wrong")
    assert refused.returncode
    assert "AS002" in refused.stdout + refused.stderr
    table.write_text(right)
    repo.git("add", "--all", ".")
    repo.git("commit", "--quiet", "--message", "Label a third recording")


def _merge(repo: Repo) -> None:
    """A neighbouring row that somebody else has changed, and sorted the table."""
    _commit_aside(repo, "file,mood\naudio/b.wav,\naudio/a.wav,wild\n")
    repo.git("merge", "--quiet", "--no-edit", "side")
    assert (repo.path / TABLE).read_text() == "file,mood\naudio/a.wav,wild\naudio/b.wav,\naudio/c.wav,calm\n"
    assert repo.audiodvc("conflicts") == "no conflicts\n"


def _commit_aside(repo: Repo, text: str) -> None:
    """A branch `side` from before, on which a table is this; without a checkout, which would bring media."""
    name = f"{find(repo.path).prefix}{TABLE}"
    ours = repo.git("write-tree").strip()
    repo.git("read-tree", "HEAD~1")
    blob = repo.run("git", "hash-object", "-w", "--stdin", stdin=text).stdout.strip()
    repo.git("update-index", "--cacheinfo", f"100644,{blob},{name}")
    tree = repo.git("write-tree").strip()
    repo.git("branch", "side", repo.git("commit-tree", tree, "-p", "HEAD~1", "-m", "Label b").strip())
    repo.git("reset", "--quiet")
    assert repo.git("write-tree").strip() == ours


def _ask(repo: Repo) -> None:
    """Who it was, what differs, and all of it as a dataset that is ready."""
    told = json.loads(repo.audiodvc("blame", "files", "audio/b.wav", "--column", "mood", "--format", "json"))
    assert repo.git("rev-parse", "side").strip() in json.dumps(told)
    shutil.copytree(find(repo.path).dvc_root / ".dvc" / "cache", _remote(repo), dirs_exist_ok=True)
    folder = Path(repo.audiodvc("get", ".", "--rev", "HEAD").splitlines()[-1])
    assert {path.name for path in (folder / "audio").iterdir()} == {"a.wav", "b.wav", "c.wav"}
    assert "has every object" in repo.audiodvc("status")


def _remote(repo: Repo) -> Path:
    place = next(above for above in repo.path.parents if (above / "dataset.media").is_dir())
    return place / "dataset.media"
