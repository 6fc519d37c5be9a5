"""A dataset, and odd folders for it in which all has to work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from tests.builder import Repo, RepoFactory, tone

HEADER = """\
name: dataset
source: made by a test
usage: unrestricted
languages: [eng]
schemes:
  mood: {dtype: str, labels: [calm, wild]}
  age: {dtype: int}
tables:
  mood: {type: segmented, columns: {mood: {scheme_id: mood}}}
  files: {type: filewise, columns: {mood: {scheme_id: mood}}}
misc_tables:
  speaker: {levels: {speaker: str}, columns: {age: {scheme_id: age}}}
"""
TABLES = {
    "mood": (
        "file,start,end,mood\n"
        "audio/a.wav,0 days 00:00:00.000000000,0 days 00:00:00.100000000,calm\n"
        "audio/a.wav,0 days 00:00:00.100000000,0 days 00:00:00.200000000,wild\n"
        "audio/b.wav,0 days 00:00:00.000000000,0 days 00:00:00.100000000,calm\n"
    ),
    "files": "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n",
    "speaker": "speaker,age\nann,30\nbob,40\n",
}
MEDIA = {"audio/a.wav": tone(0.2), "audio/b.wav": tone(0.1, pitch=300)}
TABLE = "db.files.csv"

Change = Callable[[Path], Path | None]
"""Makes a dataset odd; the folder to call from, where that is not the dataset's own."""


def make(folder: Path, template: Path) -> Path:
    """The sound dataset, below a folder: two versions, of which the second has one row changed, pushed."""
    repo = RepoFactory(folder, template)()
    settings = "flavors:\n  mono: {channels: [0], sampling_rate: 8000}\n"
    repo.commit(
        header=HEADER, tables=TABLES, media=MEDIA, files={"audiodvc.yaml": settings, "docs/a.txt": "a\n"}
    )
    repo.audiodvc("flavor", "add", "low", "--sampling-rate", "4000")
    repo.commit(tag="v1.0.0")
    repo.commit(tables={"files": edited("calm", "wild")}, tag="v1.1.0")
    repo.git("branch", "other", "HEAD~1")
    repo.push()
    return repo.path


def edited(old: str, new: str) -> str:
    """The table of files with something else in it."""
    return TABLES["files"].replace(old, new)


def git(root: Path, *words: str) -> str:
    """Run git, which must succeed."""
    return Repo(root).git(*words)


def commit(root: Path, message: str = "Change") -> None:
    """Commit all that is tracked."""
    git(root, "commit", "--quiet", "--all", "--no-verify", "--message", message)


def _plain(root: Path) -> None:
    del root


def renamed(name: str, root: Path) -> Path:
    """The dataset in a folder of another name."""
    root.rename(root.with_name(name))
    return root.with_name(name)


def _detached(root: Path) -> None:
    git(root, "checkout", "--quiet", "--detach")


def _worktree(root: Path) -> Path:
    # Two in one: what is no ASCII may fail on its way through `.git` in a worktree.
    git(root, "worktree", "add", "--quiet", "-b", "beside", "../dicht dabei, ünï 数")
    return root.with_name("dicht dabei, ünï 数")


def _submodule(root: Path) -> Path:
    outer = root.with_name("outer")
    outer.mkdir()
    git(outer, "init", "--quiet", "--initial-branch=main")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(root), "inner")
    git(outer, "commit", "--quiet", "--message", "Have an inner one")
    _point_to_remote(outer / "inner")
    return outer / "inner"


def _point_to_remote(root: Path) -> None:
    """Let a clone that lies elsewhere find the remote."""
    remote = next(place for place in root.parents if (place / "dataset.media").is_dir()) / "dataset.media"
    local = f"['remote \"storage\"']\n    url = {remote}\n"
    (root / ".dvc" / "config.local").write_text(local)


def _clone(name: str, *options: str) -> Change:
    def change(root: Path) -> Path:
        target = root.with_name(name)
        git(root, "config", "uploadpack.allowFilter", "true")
        git(root, "clone", "--quiet", *options, root.as_uri(), str(target))
        return target

    return change


def _sparse(root: Path) -> None:
    git(root, "sparse-checkout", "set", "--no-cone", "/*", "!/docs/", "!/.github/")


def _subfolder(root: Path) -> Path:
    """The dataset as a folder of a repository with other things in it."""
    inner = root / "data" / "set"
    inner.mkdir(parents=True)
    for name in ("db.yaml", "audiodvc.yaml", "dvc.yaml", "docs", "audio.dvc", "audio.media.csv"):
        (root / name).rename(inner / name)
    for path in (*root.glob("db.*.csv"), root / "audio"):
        path.rename(inner / path.name)
    (inner / ".gitignore").write_text("/audio\n")
    for name in (".gitignore", "flavors/.gitignore"):
        (root / name).unlink(missing_ok=True)
    (root / "README.md").write_text("Many things.\n")
    git(root, "add", "--all")
    commit(root, "Move the dataset into a folder")
    return inner


def _symlinked(root: Path) -> Path:
    link = root.with_name("link")
    link.symlink_to(root, target_is_directory=True)
    return link


LEGITIMATE: Mapping[str, Change] = MappingProxyType(
    {
        "a sound dataset": _plain,
        "a detached HEAD": _detached,
        "a worktree": _worktree,
        "a submodule": _submodule,
        "a shallow clone": _clone("shallow", "--depth=1"),
        "a partial clone": _clone("partial", "--filter=blob:none"),
        "a sparse checkout": _sparse,
        "a folder of a monorepo": _subfolder,
        "a linked folder": _symlinked,
        "a path with spaces and letters beyond ASCII": partial(renamed, "mein Datensatz ünï 数"),
        "a path that begins with a dash": partial(renamed, "-rf"),
        "a path of quotes and wildcards": partial(renamed, "it's \"[a]*?$HOME`x`;&"),
    }
)
