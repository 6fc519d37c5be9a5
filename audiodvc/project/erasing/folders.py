"""The lists of files that DVC keeps for folders, and the remotes that a dataset has or had."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from audiodvc.adapters import cache, deliveries, disk, dvc_remote, dvc_settings, git
from audiodvc.errors import AudiodvcError
from audiodvc.model import layout, pointer, remoteconfig
from audiodvc.model.pointer import Output
from audiodvc.model.remoteconfig import RemoteConfig
from audiodvc.project.dataset import Dataset
from audiodvc.project.erasing.history import CONFIG, History
from audiodvc.resolve.config import Config
from audiodvc.resolve.fetch import Storage, Stores

_OWN = "config.local"


class Named(NamedTuple):
    """Remotes that a `.dvc/config` names, now or in earlier versions only."""

    storage: Storage
    former: bool = False


class Lister:
    """Reads lists of files: from a cache, or from the first remote that has them."""

    def __init__(self, objects: str, places: Sequence[Named], config: Config) -> None:
        self._objects = objects
        self._stores = [Stores(place.storage, config) for place in places]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stores in self._stores:
            stores.__exit__(kind, error, trace)

    def __call__(self, output: Output, is_needed: bool) -> list[tuple[str, str]] | None:  # noqa: FBT001 - a Callable
        """Path and md5 of the files of a folder; None if no remote gives its list."""
        data = dvc_remote.kept(self._objects, output.md5)
        if data is None and is_needed:
            data = next(self._asked(output), None)
        try:
            return None if data is None else [(one["relpath"], one["md5"]) for one in json.loads(data)]
        except (ValueError, TypeError, KeyError, RecursionError):
            return None

    def _asked(self, output: Output) -> Iterator[bytes]:
        for stores in self._stores:
            try:
                store = stores.store(output.remote)
                yield dvc_remote.read_directory(store, output.md5, old=output.is_old)
            except AudiodvcError:
                continue


def storages(dataset: Dataset, past: History) -> list[Named]:
    """What `.dvc/config` says of remotes now, with what the user says beside it; then what it said before."""
    folder = dataset.dvc_root / ".dvc"
    name = (folder.parent.relative_to(dataset.top) / CONFIG).as_posix()
    text = disk.read(folder / "config") or b""
    with_folders = dvc_settings.may_name_folders(folder.parent, text)
    now = _believed(text, with_folders=with_folders)
    own = remoteconfig.parse(disk.read(folder / _OWN) or b"")
    found = [Named(Storage(now, str(folder), own, trusted=now))]
    if own.remotes:
        found.append(Named(Storage(now, str(folder))))
    return [*found, *former(past, name, str(folder), with_folders=with_folders)]


def former(past: History, name: str, folder: str | None, *, with_folders: bool = True) -> list[Named]:
    """What a `.dvc/config` of this name said of remotes in earlier versions."""
    found = past.texts(lambda path: path == name)
    said = (_believed(data, with_folders=with_folders) for _, _, data in found)
    return [Named(Storage(one, folder), former=True) for one in said]


def _believed(text: bytes, *, with_folders: bool) -> RemoteConfig:
    """What a configuration says of remotes; without those that are folders, where it may name none."""
    said = remoteconfig.parse(text)
    far = {name: options for name, options in said.remotes.items() if "://" in options["url"]}
    return said if with_folders else replace(said, remotes=far)


def deliver(dataset: Dataset, objects: str, places: Sequence[Named], config: Config) -> list[str]:
    """Bring the lists of files that the last commit names to their remotes; what could not be, as notes."""
    notes = []
    entries = git.tree_entries(dataset.root, "HEAD")
    with Stores(places[0].storage, config) as stores:
        for output in _folders(dataset, layout.own(entries)):
            path = cache.path_of(objects, output.md5)
            if Path(path).is_file():
                try:
                    deliveries.deliver(stores.store(output.remote), {output.md5: path})
                except AudiodvcError as error:
                    notes.append(f"the list of files of {output.path} is not in its remote: {error.what}")
    return notes


def _folders(dataset: Dataset, names: Sequence[str]) -> Iterator[Output]:
    """The folders that pointers and flavors of the last commit track."""
    for name in names:
        if layout.is_pointer(name) or name == layout.LOCK:
            data = git.show(dataset.top, "HEAD", dataset.prefix + name) or b""
            stages = pointer.stage_outputs(data) if name == layout.LOCK else {}
            outs = [out for stage, outs in stages.items() if stage.startswith("flavor@") for out in outs]
            yield from (out for out in (*outs, *_pointed(data, name)) if out.is_folder)


def _pointed(data: bytes, name: str) -> list[Output]:
    outs = pointer.outputs(data, name) if layout.is_pointer(name) else ()
    return [out for out in outs if not out.is_import]
