"""The dataset around a folder: where its files are, and their names from its root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters import disk, dvc, git
from audiodvc.errors import AudiodvcError, NotADatasetError, UsageError
from audiodvc.model import layout, spec


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder with a header, in a git work tree and a DVC repository."""

    root: Path
    top: Path

    @property
    def dvc_root(self) -> Path:
        """The DVC repository that holds the media."""
        root = dvc.find_root(self.root, self.top)
        if root is None:
            raise AudiodvcError(f"{self.root} lies in no DVC repository", hint="run `audiodvc init`")
        return root

    @property
    def prefix(self) -> str:
        """The folder by its name from the top, with a slash; empty for the top itself."""
        way = self.root.relative_to(self.top).as_posix()
        return "" if way == "." else f"{way}/"

    @property
    def tables(self) -> list[str]:
        """The table files in the folder."""
        return sorted(path.name for path in self.root.glob("db.*.csv") if path.is_file())

    @property
    def indexes(self) -> list[str]:
        """The media indexes, by their names from the root."""
        found = layout.own(git.listed(self.root, f"*{layout.INDEX}", f"*/{layout.HEADER}"))
        return [name for name in found if name.endswith(layout.INDEX) and (self.root / name).is_file()]

    @property
    def media_indexes(self) -> list[str]:
        """The indexes of media folders and files."""
        return [name for name in self.indexes if not self._is_made(name)]

    @property
    def flavor_indexes(self) -> list[str]:
        """The indexes of flavors."""
        return [name for name in self.indexes if self._is_made(name)]

    @property
    def pointers(self) -> list[str]:
        """The pointers of media folders and files, by their names from the root."""
        found = layout.own(git.listed(self.root, f"*{layout.POINTER}", f"*/{layout.HEADER}"))
        return [name for name in found if layout.is_pointer(name)]

    def place(self, name: str) -> Path:
        """Where a file of the dataset is; refused where a link leads elsewhere."""
        disk.refuse_link(self.top, self.root / name)
        return self.root / name

    def read(self, name: str) -> bytes | None:
        """The bytes of a file of the dataset; None if there is none."""
        return disk.read(self.place(name))

    def write(self, name: str, data: bytes) -> bool:
        """Replace a file of the dataset in one step; True if that changed it."""
        return disk.write(self.place(name), data)

    def refuse_changed(self, name: str, known: bytes | None) -> None:
        """Refuse to replace a file that is not any more what was read: what is new in it would be lost."""
        if (self.read(name) or b"") != (known or b""):
            raise AudiodvcError(f"{name} was changed meanwhile, and stays so", hint="run it again")

    def _is_made(self, index: str) -> bool:
        # Only those are read, since an index may be large.
        return index.startswith("flavors/") and spec.of_index(self.read(index) or b"") == spec.FLAVOR_INDEX

    def relative(self, path: Path) -> str:
        """A path by its name from the root."""
        # `..` is taken out by name, and a link at the end stays one: it is for `add` to refuse.
        full = Path(os.path.normpath(Path.cwd() / path))
        place = full.parent.resolve() / full.name
        try:
            name = place.relative_to(self.root).as_posix()
        except ValueError:
            raise UsageError(f"{path} is not in the dataset {self.root}") from None
        if name == ".":
            raise UsageError(f"{path} is the dataset itself", hint="name the folders and files to track")
        return name

    @contextmanager
    def workspace(self) -> Iterator[dvc.Workspace]:
        """The DVC repository, opened and closed again."""
        opened = dvc.Workspace(self.dvc_root)
        try:
            yield opened
        finally:
            opened.close()


def find(start: Path, revision: str | None = None) -> Dataset:
    """The dataset that a folder lies in, now or at a revision (in git's index, if that is empty)."""
    folder = start.resolve()
    if not folder.is_dir():
        raise NotADatasetError(f"{start}: no such folder")
    top = git.top(folder)
    if top is None:
        raise NotADatasetError(f"{folder} lies in no git repository", hint="run `audiodvc init`")
    top = top.resolve()
    commit = git.resolve(top, revision) if revision else revision
    places = [place for place in (folder, *folder.parents) if place == top or top in place.parents]
    for place in places:
        if _has_header(place, commit):
            return Dataset(place, top)
    what = f"no {layout.HEADER} in {folder} or above it"
    if revision:
        raise NotADatasetError(f"{what} at {revision}")
    if revision is None and any(git.has(place, "", layout.HEADER) for place in places):
        raise NotADatasetError(f"{what}, though git has one", hint=f"`git restore {layout.HEADER}`")
    raise NotADatasetError(what, hint="`audiodvc init` makes a dataset")


def _has_header(place: Path, revision: str | None) -> bool:
    return (place / layout.HEADER).is_file() if revision is None else git.has(place, revision, layout.HEADER)
