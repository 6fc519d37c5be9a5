"""A dataset's repository, read at a commit: its plan, its attachments, and what it says of its remotes."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from audiodvc.adapters import bare, disk
from audiodvc.adapters.dvc_remote import Store
from audiodvc.adapters.mirror import Mirror
from audiodvc.errors import FormatError, NotADatasetError, RefusedError, RemoteError
from audiodvc.model import layout, remoteconfig
from audiodvc.model.address import Address
from audiodvc.model.remoteconfig import RemoteConfig
from audiodvc.resolve import plan, source
from audiodvc.resolve.config import Config
from audiodvc.resolve.fetch import Storage, Stores
from audiodvc.resolve.plan import List, Plan, Tree
from audiodvc.resolve.revision import Revision
from audiodvc.resolve.source import Source

Entries = Mapping[str, tuple[str, str]]

_CONFIG, _OWN_CONFIG = "config", "config.local"
_DVC = ".dvc"

_log = logging.getLogger("audiodvc")


class Commit:
    """A commit of a source's repository, brought when it is made."""

    def __init__(self, found: Source, config: Config, revision: Revision) -> None:
        self._mirror: Mirror = source.mirror(found, config)
        self._address, self.revision = found.address, revision
        self._shown = f"{found.name} {revision.place} ({found.address.shown})"
        # It knows what was erased since.
        self._newest = self._mirror.newest({revision.commit: revision.ref})

    def storage(self) -> Storage:
        """The remotes as the commit names them, and what the user set beside a repository of this machine."""
        entries = self._mirror.entries(self.revision.commit)
        limit = plan.MAX_YAML
        return storage_of(self._address, entries, lambda blob: self._mirror.read([blob], limit=limit)[blob])

    def plan(self, list_folder: List) -> Plan:
        """What the dataset consists of, without what was erased of it since."""
        entries = self._mirror.entries(self.revision.commit, self._address.folder)
        names = plan.wanted(entries)
        try:
            limit = plan.limits({name: entries[name] for name in names})
            contents = self._mirror.read((entries[name][1] for name in names), limit=limit)
            tree = Tree(entries, {name: contents[entries[name][1]] for name in names})
            return plan.plan(tree, list_folder, list(self._erased(tree)))
        except bare.TooLargeError as error:
            name = next((name for name in names if entries[name][1] == error.blob), layout.ERASED)
            raise RefusedError(f"{self._shown}: {name} is {error.what}", hint=error.hint) from error
        except (FormatError, NotADatasetError, RefusedError, RemoteError) as error:
            hint = error.hint or "nothing was written; tell those who keep the dataset"
            raise type(error)(f"{self._shown}: {error.what}", hint=hint, details=error.details) from error

    def contents(self, names: Iterable[str]) -> dict[str, bytes]:
        """The bytes of files of the dataset that are in git."""
        entries = self._mirror.entries(self.revision.commit, self._address.folder)
        blobs = {name: entries[name][1] for name in names}
        read = self._mirror.read(blobs.values())
        return {name: read[blob] for name, blob in blobs.items()}

    def texts(self, names: Iterable[str]) -> dict[str, bytes]:
        """The bytes of those files of the dataset that are in git as files."""
        entries = self._mirror.entries(self.revision.commit, self._address.folder)
        return self.contents(name for name in names if entries.get(name, ("",))[0].startswith("100"))

    def _erased(self, tree: Tree) -> Iterator[bytes]:
        """The erasures that the commit knows, and those that the newest one knows."""
        if layout.ERASED in tree.texts:
            yield tree.texts[layout.ERASED]
        if self._newest and self._newest != self.revision.commit:
            entries = self._mirror.entries(self._newest, self._address.folder)
            mode, blob = entries.get(layout.ERASED, ("", ""))
            if mode.startswith("100"):
                yield self._mirror.read([blob], limit=plan.limits(entries))[blob]


class Remotes(Stores):
    """The remotes of a commit; the repository is asked when something is not in the cache."""

    def __init__(self, ask: Callable[[], Commit], config: Config) -> None:
        super().__init__(Storage(RemoteConfig()), config)
        self._ask = ask
        self.learned: dict[object, Any] = {}
        """What was looked up of the commit and its remotes, which a stream asks for batch by batch."""

    @cached_property
    def commit(self) -> Commit:
        """The commit, brought."""
        commit = self._ask()
        self.storage = commit.storage()
        return commit

    def store(self, name: str) -> Store:
        """The remote of this name; the default one if it is empty."""
        _ = self.commit
        return super().store(name)


def storage_of(address: Address, entries: Entries, read: Callable[[str], bytes]) -> Storage:
    """The remotes that the files of a commit name, and what the user set beside a local repository."""
    folder = next((place for place in _above(address.folder) if _has_config(entries, place)), "")
    place = f"{folder}/{_DVC}".lstrip("/")
    mode, blob = entries.get(f"{place}/{_CONFIG}", ("", ""))
    if mode and not mode.startswith("100"):
        remotes = RemoteConfig(fault="is a link")
    else:
        remotes = remoteconfig.parse(read(blob)) if blob else RemoteConfig()
    _tell(f"{place}/{_CONFIG}", remotes)
    if not address.is_local:
        return Storage(remotes)
    # Credentials that name no url were given for the one which the work tree names, as DVC takes it.
    here = Path(address.url, place)
    own, trusted = (remoteconfig.parse(_mine(here / name)) for name in (_OWN_CONFIG, _CONFIG))
    return Storage(remotes, str(here), own, trusted)


def _tell(path: str, remotes: RemoteConfig) -> None:
    """Say what of a configuration that somebody else wrote does not count."""
    if remotes.fault:
        _log.warning("%s %s, and is left out", path, remotes.fault)
    if remotes.ignored:
        _log.warning("%s: left out are the settings %s", path, ", ".join(remotes.ignored))


def _above(folder: str) -> Iterator[str]:
    """A folder of the repository, and those above it."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _has_config(entries: Entries, folder: str) -> bool:
    return f"{folder}/{_DVC}/{_CONFIG}".lstrip("/") in entries


def _mine(path: Path) -> bytes:
    """A file that the user wrote; one of somebody else counts for nothing."""
    try:
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return b""
    except OSError:
        return b""
    return disk.read(path) or b""
