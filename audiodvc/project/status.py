"""`status`: labels, media, remote and version, without reading any media file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from audiodvc.adapters import disk, dvc, git
from audiodvc.errors import RemoteError
from audiodvc.model import layout, mediaindex, version
from audiodvc.model.mediaindex import Media
from audiodvc.progress import Progress
from audiodvc.project.dataset import Dataset


@dataclass(frozen=True, slots=True)
class FileState:
    """A text file of the dataset that differs from the last commit."""

    path: str
    staged: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class MediaState:
    """A media folder, against its index. `unread` files may have changed: `add` will read them."""

    path: str
    files: int
    new: int = 0
    changed: int = 0
    unread: int = 0
    absent: int = 0


@dataclass(frozen=True, slots=True)
class RemoteState:
    """The default remote; `missing` objects are not there yet, None if it was not asked."""

    name: str
    url: str
    missing: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What is changed, staged and not pushed."""

    branch: str | None
    version: str | None
    since: int
    ahead: int
    behind: int
    files: tuple[FileState, ...]
    media: tuple[MediaState, ...]
    remote: RemoteState | None


def status(dataset: Dataset, progress: Progress, *, ask_remote: bool = False) -> Status:
    """Look at the dataset; a remote that is a folder is always asked, another on request."""
    commit = git.head(dataset.root)
    tag = version.latest(git.tags(dataset.root, merged="HEAD")) if commit else None
    indexes = {name: mediaindex.parse(dataset.read(name) or b"", name) for name in dataset.indexes}
    with dataset.workspace() as workspace:
        media = [_media(dataset, workspace, name, rows) for name, rows in indexes.items()]
        remote = _remote(workspace, _objects(indexes), progress, ask_remote=ask_remote)
    ahead, behind = git.ahead_behind(dataset.root) or (0, 0)
    return Status(
        branch=git.branch(dataset.root),
        version=tag,
        since=git.distance(dataset.root, tag) if tag else 0,
        ahead=ahead,
        behind=behind,
        files=tuple(_files(dataset)),
        media=tuple(media),
        remote=remote,
    )


def _files(dataset: Dataset) -> Iterator[FileState]:
    for path, letters in sorted(git.changes(dataset.root).items()):
        yield FileState(path, letters[0] not in " ?", letters[1] != " ")


def _media(dataset: Dataset, workspace: dvc.Workspace, index: str, rows: list[Media]) -> MediaState:
    path = index.removesuffix(layout.INDEX)
    start = len(str(dataset.root)) + 1
    full = dataset.root / path
    entries = list(disk.walk(str(full))) if full.is_dir() else [disk.look(str(full))]
    entries = [entry for entry in entries if not entry.problem]
    here = {entry.path[start:]: entry for entry in entries}
    known = workspace.known(entries)
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
    if not (remote.is_local or ask_remote):
        return RemoteState(remote.name, remote.url)
    try:
        with progress(f"listing {remote.name}", None):
            missing = set(objects) - workspace.remote_objects(remote)
    except RemoteError as error:
        return RemoteState(remote.name, remote.url, problem=error.what)
    return RemoteState(remote.name, remote.url, len(missing))
