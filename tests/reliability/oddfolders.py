"""Folders in which audiodvc is called: no dataset, something on its way, or something broken."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from tests.builder import Repo, tone
from tests.reliability.soundfolders import LEGITIMATE, TABLE, Change, commit, edited, git, renamed

# No dataset, or none yet.


def _gone(name: str) -> Change:
    def change(root: Path) -> None:
        place = root / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()

    return change


def _deleted(root: Path) -> Path:
    shutil.rmtree(root)
    return root


def _elsewhere(root: Path) -> Path:
    place = root.with_name("elsewhere")
    place.mkdir()
    (place / "notes.txt").write_text("no dataset\n")
    return place


def _empty_git(root: Path) -> Path:
    place = _elsewhere(root)
    git(place, "init", "--quiet", "--initial-branch=main")
    return place


def _below(name: str) -> Change:
    return lambda root: root / name


def _bare(root: Path) -> Path:
    git(root, "clone", "--quiet", "--bare", str(root), str(root.with_name("bare.git")))
    return root.with_name("bare.git")


def _uncommitted(root: Path) -> None:
    shutil.rmtree(root / ".git")
    git(root, "init", "--quiet", "--initial-branch=main")


def _unborn(root: Path) -> None:
    git(root, "checkout", "--quiet", "--orphan", "new")


def _no_remote(root: Path) -> None:
    (root / ".dvc" / "config").write_text("")


def _no_identity(root: Path) -> None:
    # The environment of the tests has one, which a value of git's own does not win over.
    git(root, "config", "user.useConfigOnly", "true")
    git(root, "config", "author.email", "")


# Something is on its way.


def _both_sides(root: Path) -> None:
    """Two branches that changed one cell."""
    git(root, "checkout", "--quiet", "-B", "ours")
    (root / TABLE).write_text(edited("wild", "calm"))
    commit(root)
    git(root, "checkout", "--quiet", "-B", "theirs", "HEAD~1")
    (root / TABLE).write_text(edited("wild", ""))
    commit(root)
    git(root, "checkout", "--quiet", "ours")


def _stopped(*words: str) -> Change:
    """A command of git that stops at a conflict."""

    def change(root: Path) -> None:
        _both_sides(root)
        assert Repo(root).run("git", *words).returncode

    return change


def _bisecting(root: Path) -> None:
    git(root, "bisect", "start", "HEAD", "HEAD~2")


def _unmerged(root: Path) -> None:
    """Conflicts in the index, of which git does not know the origin any more."""
    _stopped("merge", "theirs")(root)
    (root / ".git" / "MERGE_HEAD").unlink()


def _deleted_against_changed(root: Path) -> None:
    _both_sides(root)
    git(root, "rm", "--quiet", TABLE)
    commit(root)
    assert Repo(root).run("git", "merge", "theirs").returncode


def _staged_and_changed(root: Path) -> None:
    (root / TABLE).write_text(edited("wild", "hapy"))
    git(root, "add", TABLE)
    (root / TABLE).write_text("file,mood\r\naudio/z.wav,calm\r\n")
    (root / "audio" / "c.wav").write_bytes(tone(0.1, pitch=500))
    (root / "audio" / "b.wav").unlink()


# Something is broken.


def _file(name: str, content: str | bytes) -> Change:
    def change(root: Path) -> None:
        place = root / name
        if place.is_dir():
            shutil.rmtree(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    return change


def _folder(name: str) -> Change:
    def change(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        (root / name / "inner").mkdir(parents=True)

    return change


def _loop(name: str) -> Change:
    def change(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(name)

    return change


def _fifo(name: str) -> Change:
    def change(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        os.mkfifo(root / name)

    return change


def _without_tree(root: Path) -> None:
    tree = git(root, "rev-parse", "HEAD^{tree}").strip()
    _loose(root, tree).unlink()


def _broken_blob(root: Path) -> None:
    blob = _loose(root, git(root, "rev-parse", f"HEAD:{TABLE}").strip())
    blob.chmod(0o644)
    blob.write_bytes(b"not zlib")


def _loose(root: Path, name: str) -> Path:
    return root / ".git" / "objects" / name[:2] / name[2:]


def _committed(change: Change) -> Change:
    def both(root: Path) -> None:
        change(root)
        git(root, "add", "--all")
        commit(root)

    return both


_LINES = "\n".join("<<<<<<< ours,=======,>>>>>>> theirs".split(","))

BROKEN: Mapping[str, Change] = MappingProxyType(
    {
        "a path with a newline": partial(renamed, "two\nlines"),
        "no repository": _elsewhere,
        "a folder that was deleted": _deleted,
        "a git repository without a commit": _empty_git,
        "a dataset without a commit": _uncommitted,
        "a dataset without .git": _gone(".git"),
        "a bare repository": _bare,
        "the folder .git": _below(".git"),
        "the folder .dvc": _below(".dvc"),
        "a media folder": _below("audio"),
        "an unborn branch": _unborn,
        "no .dvc": _gone(".dvc"),
        "no remote": _no_remote,
        "a remote that is gone": _file(
            ".dvc/config", "[core]\nremote = a\n['remote \"a\"']\nurl = ../gone\n"
        ),
        "a remote without an address": _file(".dvc/config", "[core]\nremote = a\n"),
        "no identity": _no_identity,
        "no media": _gone("audio"),
        "no header": _gone("db.yaml"),
        "no settings": _gone("audiodvc.yaml"),
        "no cache of DVC": _gone(".dvc/cache"),
        "a merge that stopped": _stopped("merge", "theirs"),
        "a rebase that stopped": _stopped("rebase", "theirs"),
        "a cherry-pick that stopped": _stopped("cherry-pick", "theirs"),
        "a revert that stopped": _stopped("revert", "--no-edit", "HEAD~1"),
        "a bisect": _bisecting,
        "an unmerged index": _unmerged,
        "a table deleted here and changed there": _deleted_against_changed,
        "changes of all kinds": _staged_and_changed,
        "a locked index": _file(".git/index.lock", ""),
        "a locked DVC": _file(".dvc/tmp/rwlock", "garbage"),
        "a broken .git/HEAD": _file(".git/HEAD", b"\xff\xfe\x00"),
        "no .git/HEAD": _gone(".git/HEAD"),
        "a broken index": _file(".git/index", b"DIRC garbage"),
        "an empty index": _file(".git/index", b""),
        "broken settings of git": _file(".git/config", "[core\n"),
        "a tree that is missing": _without_tree,
        "a blob that is broken": _broken_blob,
        "a branch that leads nowhere": _file(".git/refs/heads/main", "0" * 39 + "1\n"),
        "a tag that is garbage": _file(".git/refs/tags/v9.0.0", "garbage\n"),
        "a .git that leads nowhere": _file(".git", "gitdir: /nowhere\n"),
        "a .git that is garbage": _file(".git", "garbage\n"),
        "a .dvc that is a file": _file(".dvc", "garbage"),
        "a broken .dvc/config": _file(".dvc/config", "[core\nremote = \xff"),
        "binary in .dvc/config": _file(".dvc/config", b"\xff\x00"),
        "a header that is no YAML": _file("db.yaml", "name: [\n"),
        "a header that is binary": _file("db.yaml", bytes(range(256))),
        "a header that is empty": _file("db.yaml", ""),
        "a header that is a folder": _folder("db.yaml"),
        "a header that is a link to itself": _loop("db.yaml"),
        "a header that is a pipe": _fifo("db.yaml"),
        "a header that is a list": _file("db.yaml", "[1, 2]\n"),
        "a broken header in git": _committed(_file("db.yaml", "tables: [{]\n")),
        "a table with a stray quote": _file(TABLE, 'file,mood\naudio/a.wav,"calm\n'),
        "a table that is binary": _file(TABLE, bytes(range(256))),
        "a table with markers": _file(TABLE, f"file,mood\n{_LINES}\n"),
        "a table that is empty": _file(TABLE, ""),
        "a table that is a folder": _folder(TABLE),
        "a table that is a link to itself": _loop(TABLE),
        "a table that is a pipe": _fifo(TABLE),
        "a table with another key": _committed(_file(TABLE, "speaker,mood\nann,calm\n")),
        "a broken table in git": _committed(_file(TABLE, b"file,mood\n\xff\x00,\n")),
        "a media index that is garbage": _file("audio.media.csv", "garbage\n"),
        "a media index that is a folder": _folder("audio.media.csv"),
        "a broken media index in git": _committed(_file("audio.media.csv", b"file,md5\n\xff,../x\n")),
        "a pointer that is garbage": _file("audio.dvc", "outs: {\n"),
        "a pointer that is binary": _file("audio.dvc", bytes(range(256))),
        "a pointer that is a folder": _folder("audio.dvc"),
        "a broken pointer in git": _committed(_file("audio.dvc", "outs: [{md5: ../../x, path: ..}]\n")),
        "settings that are garbage": _file("audiodvc.yaml", "flavors: [\n"),
        "settings that are a folder": _folder("audiodvc.yaml"),
        "settings of the wrong type": _file("audiodvc.yaml", "flavors: {mono: 3}\nvalidate: []\n"),
        "broken settings in git": _committed(_file("audiodvc.yaml", b"\xff\x00")),
        "a dvc.yaml that is garbage": _file("dvc.yaml", "stages: [\n"),
        "a dvc.yaml that is a folder": _folder("dvc.yaml"),
        "a dvc.yaml of another shape": _file("dvc.yaml", "stages: {flavor: 3, validate: []}\n"),
        "a dvc.lock that is garbage": _file("dvc.lock", "stages: [\n"),
        "a dvc.lock of another shape": _file("dvc.lock", "schema: '2.0'\nstages: {flavor@low: [1]}\n"),
        "erasures that are garbage": _file("erased.csv", b"\xff\x00"),
        "erasures that are a folder": _folder("erased.csv"),
        "a changelog that is a folder": _folder("CHANGELOG.md"),
        "attributes that are binary": _file(".gitattributes", bytes(range(256))),
        "attributes that are a folder": _folder(".gitattributes"),
        "hooks that are a file": _file(".git/hooks", "garbage"),
        "a workflow that is a folder": _folder(".github/workflows/audiodvc.yaml"),
        "settings of pre-commit that are garbage": _file(".pre-commit-config.yaml", b"\xff: ["),
        "media that are a file": _file("audio", "no folder"),
        "a link in the media folder": _loop("audio/c.wav"),
        "a pipe in the media folder": _fifo("audio/c.wav"),
        "audio that is text": _file("audio/c.wav", "no sound"),
        "an object that is broken": lambda root: _break_objects(root / ".dvc" / "cache"),
        "a remote that is broken": lambda root: _break_objects(root.with_name("dataset.media")),
    }
)
"""Where a verb may refuse, but has to say why."""

FOLDERS: Mapping[str, Change] = MappingProxyType({**LEGITIMATE, **BROKEN})


def _break_objects(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"broken")
