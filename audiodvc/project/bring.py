"""The hooks after a checkout or merge: media follow the commit, where they were here before it.

A branch of somebody else is as easily checked out as one's own. So nothing is brought that DVC would have to
be trusted with: only what a media index lists, file by file, at paths below its own folder, and only with
the DVC configuration that `install` saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from audiodvc.adapters import dvc, git
from audiodvc.errors import AudiodvcError, FormatError, RemoteError
from audiodvc.model import layout, mediaindex, paths, pointer
from audiodvc.progress import Progress
from audiodvc.project import install
from audiodvc.project.dataset import Dataset
from audiodvc.words import counted


@dataclass(frozen=True, slots=True)
class _Unit:
    """A media folder or file whose pointer changed, and the objects that it needs."""

    dataset: Dataset
    path: str
    objects: frozenset[str]

    @property
    def name(self) -> str:
        """Its pointer from the top of the work tree, as one would type it."""
        return (self.dataset.root / f"{self.path}{layout.POINTER}").relative_to(self.dataset.top).as_posix()


def bring(top: Path, older: str, progress: Progress) -> Iterator[str]:
    """Bring the media of the commit that is checked out now; what came of it, a line each."""
    if git.commit_of(top, older) is None:
        return  # a new worktree or an orphan branch: nothing was here
    changed = git.changed_names(top, older)
    pointers = [name for name in changed if name.endswith(layout.POINTER) and not name.startswith(".dvc/")]
    located = [(name, found) for name in pointers if (found := _located(top, name))]
    wanted = [
        found for name, found in located if _is_wanted(*found, is_new=git.show(top, older, name) is None)
    ]
    for root, group in groupby(wanted, key=lambda found: found[0].dvc_root):
        yield from _brought(root, list(group), progress)


def _located(top: Path, name: str) -> tuple[Dataset, str] | None:
    """The dataset of a pointer that is there, and the path that it tracks."""
    full = top / name.removesuffix(layout.POINTER)
    place = next((folder for folder in full.parents if (folder / layout.HEADER).is_file()), None)
    if not (top / name).is_file() or place is None or (place != top and top not in place.parents):
        return None
    dataset = Dataset(place, top)
    return (dataset, full.relative_to(place).as_posix()) if dvc.find_root(place, top) else None


def _is_wanted(dataset: Dataset, path: str, *, is_new: bool) -> bool:
    """Whether its media were here, or it is new beside others that are: else the clone does without."""
    indexes = [index.removesuffix(layout.INDEX) for index in dataset.indexes if is_new]
    return (dataset.root / path).exists() or any((dataset.root / index).exists() for index in indexes)


def _brought(root: Path, found: Sequence[tuple[Dataset, str]], progress: Progress) -> Iterator[str]:
    top = found[0][0].top
    if not install.is_trusted(top, root):
        config = (root / ".dvc" / "config").relative_to(top).as_posix()
        yield f"{config} is not as `audiodvc install` saw it: look at it, install again, and `dvc pull`"
        return
    units = {place: _unit(*place) for place in found}
    for (_, path), unit in units.items():
        if unit is None:
            yield f"{path}{layout.POINTER} is not what its media index says: see to it before `dvc checkout`"
    sound = [unit for unit in units.values() if unit]
    if sound:
        with sound[0].dataset.workspace() as workspace:
            yield from _fetched(workspace, sound, progress)
            for unit in sound:
                yield from _checked_out(workspace, unit)


def _unit(dataset: Dataset, path: str) -> _Unit | None:
    """A media folder whose pointer is nothing but the sum of its index, whose paths are sound."""
    text = dataset.read(f"{path}{layout.POINTER}") or b""
    out = pointer.parse(text, f"{path}{layout.POINTER}") if pointer.is_plain(text) else None
    rows = _rows(dataset, f"{path}{layout.INDEX}")
    if out is None or rows is None or out.path != path or not _are_sound(dataset, rows):
        return None
    if out.is_folder:
        names = [(file.removeprefix(f"{path}/"), md5) for file, md5 in rows]
        whole = all(file.startswith(f"{path}/") for file, _ in rows)
        agrees = whole and mediaindex.directory_object(names).name == out.md5
    else:
        agrees = rows == [(path, out.md5)]
    objects = frozenset(out.object(md5) for md5 in (out.md5, *(md5 for _, md5 in rows)))
    return _Unit(dataset, path, objects) if agrees else None


def _are_sound(dataset: Dataset, rows: Sequence[tuple[str, str]]) -> bool:
    files = [file for file, _ in rows]
    if any(map(paths.fault, files)) or not all(paths.valid_md5(md5) for _, md5 in rows):
        return False
    # Nothing is written through a link that git may have put in the way.
    folders = {place for file in {file.rpartition("/")[0] for file in files} for place in _above(file)}
    return not paths.collisions(files) and not any((dataset.root / place).is_symlink() for place in folders)


def _above(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _rows(dataset: Dataset, name: str) -> list[tuple[str, str]] | None:
    try:
        return [(media.file, media.md5) for media in mediaindex.parse(dataset.read(name) or b"", name)]
    except FormatError:
        return None


def _fetched(workspace: dvc.Workspace, units: Sequence[_Unit], progress: Progress) -> Iterator[str]:
    """Bring what the cache lacks from the remote, as far as it can be asked and has it."""
    missing = {name for unit in units for name in unit.objects if not workspace.has(name)}
    remote = workspace.default_remote
    if not missing or remote is None:
        return
    try:
        with progress(f"listing {remote.name}", None):
            there = missing & workspace.remote_objects(remote)
        with progress(f"fetching from {remote.name}", len(there)) as advance:
            workspace.fetch(remote, there, advance)
    except RemoteError as error:
        yield error.what


def _checked_out(workspace: dvc.Workspace, unit: _Unit) -> Iterator[str]:
    lacking = sum(not workspace.has(name) for name in unit.objects)
    if lacking:
        yield f"{unit.name}: {counted(lacking, 'object')} not to be had now; try `dvc pull {unit.name}` later"
        return
    try:
        workspace.checkout(unit.dataset.root / f"{unit.path}{layout.POINTER}")
    except AudiodvcError as error:
        first = error.what.splitlines()[0] if error.what else "DVC refused"
        yield f"{unit.name}: {first} (see `dvc status`, then `dvc checkout {unit.name}`)"
    else:
        yield f"{unit.name}: the media of this commit are here"
