"""`install` and `uninstall`: the git hooks and drivers of a clone, beside those that were there.

Where `pre-commit install` has put its script, ours takes the place that pre-commit hands on to: it stays in
front whichever of the two is installed again, and each can be taken out alone.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters import disk, dvc_settings, git
from audiodvc.errors import AudiodvcError
from audiodvc.model import layout, precommit, remoteconfig, scaffold
from audiodvc.project import drivers, mergedriver

HOOKS = ("pre-commit", "pre-merge-commit", "pre-push", "post-checkout", "post-merge", "post-rewrite")
BEFORE = ".before-audiodvc"
PYTHON = "audiodvc.python"

_LEGACY = ".legacy"  # where `pre-commit install` puts a hook that was there, which it then calls
_EDITED = ".edited"
_MARK = b"# audiodvc hook:"
_SEAL = b"# As audiodvc wrote it: "
_MODE = 0o755
_CONFIG = ".dvc/config"
# Settings of a remote that name a file: a commit that changes that file would run what it says.
_NAMES_A_FILE = re.compile(rb"(?mi)^[ \t]*[a-z_]*(path|file|command)[ \t]*=")


@dataclass(frozen=True, slots=True)
class Installed:
    """The hooks that are in a clone now, those just written, and those that were there and still run."""

    folder: Path
    hooks: tuple[str, ...]
    written: tuple[str, ...]
    chained: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Uninstalled:
    """The hooks taken out of a clone, and those put back to where they were."""

    folder: Path
    removed: tuple[str, ...]
    restored: tuple[str, ...]
    notes: tuple[str, ...] = ()


def install(folder: Path) -> Installed:
    """Let git run audiodvc in this clone and its worktrees; a second time changes nothing."""
    top = _top(folder)
    hooks = _own_folder(top)
    left = set(_left_to_precommit(top, hooks))
    wanted = [name for name in HOOKS if name not in left or _is_ours(hooks / f"{name}{_LEGACY}")]
    for name in wanted:
        _refuse_unclear(hooks, name)
    notes = [f"pre-commit runs audiodvc at {name} already" for name in sorted(left)]
    notes += [note for name in wanted for note in _settled(hooks, name)]
    written = [name for name in wanted if _put(hooks, name)]
    git.set_setting(top, PYTHON, sys.executable)
    storages = list(_storages(top))
    notes += [note for name, text in storages for note in _folders(top, name, text)]
    blobs = sorted({git.blob_id(top, text) for _, text in storages})
    git.set_setting(top, dvc_settings.STORAGE, " ".join(blobs) or None)
    drivers.install(top)
    mergedriver.install(top)
    notes += [f"{name} has lines that are new: commit it" for name in _attributed(top)]
    chained = [name for name in wanted if os.path.lexists(hooks / f"{name}{BEFORE}")]
    return Installed(hooks, tuple(wanted), tuple(written), tuple(chained), tuple(notes))


def uninstall(folder: Path) -> Uninstalled:
    """Take out what `install` put in, and put back what was there."""
    top = _top(folder)
    hooks = git.hooks_folder(top)
    removed, restored, notes = [], [], []
    for name in HOOKS:
        ours = [path for path in (hooks / name, hooks / f"{name}{_LEGACY}") if _is_ours(path)]
        for path in ours:
            notes += _kept(path)
            path.unlink(missing_ok=True)
        removed += [name] if ours else []
        before = hooks / f"{name}{BEFORE}"
        place = _place_of_earlier(hooks, name, ours)
        if os.path.lexists(before) and place is not None:
            before.rename(place)
            restored.append(name)
        elif _is_precommits(before) and _is_precommits(hooks / name):
            before.unlink()  # `pre-commit install` has put it in front again
        elif os.path.lexists(before):
            notes.append(f"{before} stays there, since {hooks / name} is not audiodvc's")
    git.set_setting(top, PYTHON, None)
    git.set_setting(top, dvc_settings.STORAGE, None)
    drivers.uninstall(top)
    mergedriver.uninstall(top)
    return Uninstalled(hooks, tuple(removed), tuple(restored), tuple(notes))


def lacking(top: Path) -> list[str]:
    """The hooks that neither `install` nor pre-commit has put into this clone."""
    hooks = git.hooks_folder(top)
    left = _left_to_precommit(top, hooks)
    return [name for name in HOOKS if name not in left and not is_installed(hooks, name)]


def is_installed(hooks: Path, name: str) -> bool:
    """Whether git runs our script, by itself or because pre-commit hands on to it."""
    place = _place(hooks, name)
    circle = _is_precommits(hooks / name) and _is_precommits(hooks / f"{name}{BEFORE}")
    # A script of ours from before it knew of such a circle makes pre-commit refuse every commit.
    return _is_ours(place) and os.access(place, os.X_OK) and not (circle and _content(place) != _script(name))


def folder_of(top: Path) -> Path:
    """The folder that git takes hooks from."""
    return git.hooks_folder(top)


def is_trusted(top: Path, root: Path) -> bool:
    """Whether DVC's configuration is as it was when `install` was called, and asks for no file."""
    text = disk.read(root / _CONFIG) or b""
    known = (git.setting(top, dvc_settings.STORAGE) or "").split()
    return git.blob_id(top, text) in known and not _NAMES_A_FILE.search(text)


def _attributed(top: Path) -> Iterator[str]:
    """Let datasets say which files are for the drivers; those whose words lacked something.

    A dataset without attributes gets none, since others may add the same file: this clone knows them anyway.
    """
    headers = (top / name for name in git.listed(top, layout.HEADER, f"*/{layout.HEADER}"))
    for folder in (header.parent for header in headers if header.is_file()):
        path = folder / ".gitattributes"
        disk.refuse_link(top, path)
        old = (disk.read(path) or b"").decode("utf-8", "surrogateescape")
        if old and disk.write(path, scaffold.attributes(old).encode("utf-8", "surrogateescape")):
            yield path.relative_to(top).as_posix()


def _storages(top: Path) -> Iterator[tuple[str, bytes]]:
    """The configurations of DVC, as they are now."""
    for name in (name for name in git.listed(top, f"*{_CONFIG}") if name.endswith(_CONFIG)):
        disk.refuse_link(top, top / name)
        yield name, disk.read(top / name) or b""


def _folders(top: Path, name: str, text: bytes) -> Iterator[str]:
    """What a configuration from elsewhere may do from now on, since it is known."""
    if dvc_settings.is_from_elsewhere(top):
        for remote, options in remoteconfig.parse(text).remotes.items():
            if "://" not in options["url"]:
                yield f"{name} lets media of '{remote}' go to a folder of this machine, {options['url']}"


def _top(folder: Path) -> Path:
    top = git.top(folder)
    if top is None:
        raise AudiodvcError(f"{folder.absolute()} lies in no git repository", hint="run `audiodvc init`")
    return top.resolve()


def _own_folder(top: Path) -> Path:
    """The folder for hooks; refused if all repositories of the user have it in common."""
    hooks, scope = git.hooks_folder(top), git.scope(top, "core.hooksPath")
    if scope not in (None, "local", "worktree"):
        raise AudiodvcError(
            f"the hooks of all your repositories are in {hooks}, as your {scope} git configuration says",
            hint="`git config --local core.hooksPath .git/hooks` gives this clone its own",
        )
    return hooks


def _left_to_precommit(top: Path, hooks: Path) -> Iterator[str]:
    """The git hooks where pre-commit runs audiodvc."""
    covered = precommit.covered(disk.read(top / precommit.PATH) or b"")
    for name in HOOKS:
        # Of all that a push holds, pre-commit tells its hooks the first branch or tag only, and nothing
        # of a tag whose commit the remote has: our own script stays in front of it.
        if name in covered and name != "pre-push" and _is_precommits(hooks / name):
            yield name


def _place(hooks: Path, name: str) -> Path:
    """Where our script is, or would be: git starts it, or pre-commit does."""
    return hooks / (f"{name}{_LEGACY}" if _is_precommits(hooks / name) else name)


def _place_of_earlier(hooks: Path, name: str, ours: Sequence[Path]) -> Path | None:
    """Where a hook goes back to that ours has called; None if something else is there now."""
    place = _place(hooks, name)
    if place == hooks / name:
        return None if os.path.lexists(place) else place
    is_twice = _is_precommits(hooks / f"{name}{BEFORE}")
    return place if place in ours and not is_twice else None


def _refuse_unclear(hooks: Path, name: str) -> None:
    place, before = _place(hooks, name), hooks / f"{name}{BEFORE}"
    if not os.path.lexists(place) or _is_ours(place) or not os.path.lexists(before):
        return
    if place == hooks / name or not _is_precommits(before):
        raise AudiodvcError(
            f"there are two earlier hooks, {place} and {before.name}",
            hint="make one of the two, or remove one",
        )


def _settled(hooks: Path, name: str) -> list[str]:
    """Bring pre-commit's script to the front if it waits behind ours; keep what was written into ours."""
    place, before = _place(hooks, name), hooks / f"{name}{BEFORE}"
    notes = _kept(place)
    if _is_precommits(before):
        before.replace(hooks / name)
    return notes


def _kept(path: Path) -> list[str]:
    """Move a script of ours aside that has changed since it was written; says so."""
    if not _is_ours(path) or _is_sealed(_content(path)):
        return []
    names = (f"{path.name}{_EDITED}{number or ''}" for number in itertools.count())
    free = next(place for name in names if not os.path.lexists(place := path.with_name(name)))
    path.rename(free)
    return [f"{path.name} was edited by someone else: it is {free} now, and runs no more"]


def _put(hooks: Path, name: str) -> bool:
    """Write a hook; True if that changed anything."""
    hook, text = _place(hooks, name), _script(name)
    if os.path.lexists(hook) and not _is_ours(hook):
        hook.rename(hooks / f"{name}{BEFORE}")
    changed = disk.write(hook, text)
    if not os.access(hook, os.X_OK):
        hook.chmod(stat.S_IMODE(hook.stat().st_mode) | _MODE)
        changed = True
    return changed


def _script(name: str) -> bytes:
    """The text of a hook: below the package where it was installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "hooks", package.parent / "hooks"):
        text = disk.read(folder / name)
        if text is not None and _MARK in text:
            return _sealed(text)
    raise AudiodvcError(f"the hooks of audiodvc are not beside {package}", hint="install audiodvc again")


def _sealed(text: bytes) -> bytes:
    return text + _SEAL + hashlib.sha256(text).hexdigest().encode() + b"\n"


def _is_sealed(text: bytes) -> bool:
    return _sealed(text.rpartition(_SEAL)[0]) == text


def _is_ours(path: Path) -> bool:
    return _MARK in _content(path)


def _is_precommits(path: Path) -> bool:
    return precommit.is_own_script(_content(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
