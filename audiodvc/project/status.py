"""`status`: labels, media, remote and version, without reading any media file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from audiodvc.adapters import disk, dvc, git
from audiodvc.errors import RemoteError
from audiodvc.model import layout, mediaindex, version
from audiodvc.model.mediaindex import Media
from audiodvc.progress import Progress
from audiodvc.project import pointers
from audiodvc.project.dataset import Dataset


@dataclass(frozen=True, slots=True)
class FileState:
    """A file that git keeps and that differs from the last commit; a path ends in / for a new folder."""

    path: str
    staged: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class MediaState:
    """A media folder, against its index. `unread` files may have changed: `add` will read them.

    It `lacks` its pointer or its index after `dvc remove`, `dvc move` or `dvc add`.
    """

    path: str
    files: int
    new: int = 0
    changed: int = 0
    unread: int = 0
    absent: int = 0
    lacks: Literal["", "pointer", "index"] = ""


@dataclass(frozen=True, slots=True)
class RemoteState:
    """The default remote; `missing` objects are not there yet, None if it was not asked."""

    name: str
    url: str
    missing: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What is changed, staged and not pushed; `labels` are the dataset's own texts, pointers among them."""

    branch: str | None
    version: str | None
    since: int
    ahead: int
    behind: int
    labels: tuple[FileState, ...]
    others: tuple[FileState, ...]
    media: tuple[MediaState, ...]
    remote: RemoteState | None


def status(dataset: Dataset, progress: Progress, *, ask_remote: bool = False) -> Status:
    """Look at the dataset; a remote that is a folder is always asked, another on request."""
    commit = git.head(dataset.root)
    tag = version.latest(git.tags(dataset.root, merged="HEAD")) if commit else None
    indexes = _indexes(dataset)
    with dataset.workspace() as workspace:
        states = list(_all_media(dataset, workspace, indexes))
        objects = _objects({**indexes, **_flavors(dataset)})
        remote = _remote(workspace, objects, progress, ask_remote=ask_remote)
    ahead, behind = git.ahead_behind(dataset.root) or (0, 0)
    files = _changes(dataset)
    return Status(
        branch=git.branch(dataset.root),
        version=tag,
        since=git.distance(dataset.root, tag) if tag else 0,
        ahead=ahead,
        behind=behind,
        labels=tuple(file for file in files if layout.is_own(file.path)),
        others=tuple(_folded(dataset, [file for file in files if not layout.is_own(file.path)])),
        media=tuple(states),
        remote=remote,
    )


def media(dataset: Dataset, workspace: dvc.Workspace) -> Iterator[MediaState]:
    """Every media folder, against its index."""
    return _all_media(dataset, workspace, _indexes(dataset))


def _indexes(dataset: Dataset) -> dict[str, list[Media]]:
    return {name: mediaindex.parse(dataset.read(name) or b"", name) for name in dataset.media_indexes}


def _flavors(dataset: Dataset) -> dict[str, list[Media]]:
    """The files of flavors, which are pushed as media are."""
    read = {name: mediaindex.parse_flavor(dataset.read(name) or b"", name) for name in dataset.flavor_indexes}
    return {name: [one.media for one in files] for name, files in read.items()}


def _changes(dataset: Dataset) -> list[FileState]:
    # git names files from the top of the work tree.
    start = len(f"{dataset.root}/") - len(f"{dataset.top}/")
    changes = {path[start:]: letters for path, letters in git.changes(dataset.root).items()}
    return [
        FileState(path, letters[0] not in " ?", letters[1] != " ")
        for path, letters in sorted(changes.items())
    ]


def _folded(dataset: Dataset, files: Iterable[FileState]) -> Iterable[FileState]:
    """The files; those of a folder in which git tracks nothing are that folder, as `git status` has it."""
    known = {folder for name in git.tracked(dataset.root, ["."]) for folder in _above(name)}
    for file in files:
        new = () if file.staged else (folder for folder in _above(file.path) if folder not in known)
        yield FileState(f"{top}/", staged=False, changed=True) if (top := next(iter(new), "")) else file


def _above(path: str) -> list[str]:
    """The folders that a file lies in, the outermost first."""
    return [folder.as_posix() for folder in reversed(Path(path).parents)][1:]


def _all_media(
    dataset: Dataset, workspace: dvc.Workspace, indexes: dict[str, list[Media]]
) -> Iterator[MediaState]:
    alone = set(pointers.unpointed(dataset))
    for name, rows in indexes.items():
        state = _media(dataset, workspace, name, rows)
        yield replace(state, lacks="pointer") if state.path in alone else state
    for path in pointers.unindexed(dataset):
        yield MediaState(path, 0, lacks="index")


def _media(dataset: Dataset, workspace: dvc.Workspace, index: str, rows: list[Media]) -> MediaState:
    path = index.removesuffix(layout.INDEX)
    start = len(str(dataset.root)) + 1
    full = dataset.root / path
    is_folder = full.is_dir() and not full.is_symlink()
    entries = disk.walk(str(full)) if is_folder else [disk.look(str(full))]
    here = workspace.unignored({entry.path[start:]: entry for entry in entries if not entry.problem})
    known = workspace.known(list(here.values()))
    old = {media.file: media for media in rows}
    both = [(here[name], media) for name, media in old.items() if name in here]
    settled = [(known.get(entry.path), media.md5) for entry, media in both]
    resized = sum(known.get(entry.path) is None and str(entry.size) != media.size for entry, media in both)
    return MediaState(
        path,
        files=len(old),
        new=len(here.keys() - old.keys()),
        changed=resized + sum(md5 not in (None, recorded) for md5, recorded in settled),
        unread=sum(md5 is None for md5, _ in settled) - resized,
        absent=len(old.keys() - here.keys()),
    )


def _objects(indexes: dict[str, list[Media]]) -> set[str]:
    """The objects that the dataset needs, the directory objects among them."""
    names = {media.md5 for rows in indexes.values() for media in rows}
    for index, rows in indexes.items():
        prefix = index.removesuffix(layout.INDEX) + "/"
        if all(media.file.startswith(prefix) for media in rows):
            names.add(mediaindex.directory_object((m.file.removeprefix(prefix), m.md5) for m in rows).name)
    return names


def _remote(
    workspace: dvc.Workspace, objects: Iterable[str], progress: Progress, *, ask_remote: bool
) -> RemoteState | None:
    remote = workspace.default_remote
    if remote is None:
        return None
    if remote.is_local and not Path(remote.url).is_dir():
        problem = "does not exist (mount it, or `dvc push` makes it)"
        return RemoteState(remote.name, remote.shown, problem=f"{remote.name}: {remote.shown} {problem}")
    if not (remote.is_local or ask_remote):
        return RemoteState(remote.name, remote.shown)
    try:
        with progress(f"listing {remote.name}", None):
            missing = set(objects) - workspace.remote_objects(remote)
    except RemoteError as error:
        return RemoteState(remote.name, remote.shown, problem=error.what)
    return RemoteState(remote.name, remote.shown, len(missing))
