"""`add`: media become DVC objects, with a pointer and a media index in git."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters import audio, cache, dvc, dvc_lock, git
from audiodvc.adapters.pool import Pool
from audiodvc.errors import MediaError
from audiodvc.model import layout, mediaindex
from audiodvc.model.mediaindex import Media
from audiodvc.progress import Progress
from audiodvc.project import pointers, stages
from audiodvc.project.dataset import Dataset
from audiodvc.project.ingest import Ingested, Wanted, ingest, link, settle, workers
from audiodvc.project.units import Unit, directory, refuse_bad_names, refuse_broken, refuse_never_pulled, scan
from audiodvc.words import counted

# DVC's state is a database: a thousand files in one transaction cost what ten cost alone.
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Tracked:
    """What came of one media folder or file."""

    path: str
    added: int
    changed: int
    removed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` did."""

    tracked: tuple[Tracked, ...]
    staged: tuple[str, ...]
    notes: tuple[str, ...] = ()


def add(  # noqa: PLR0913 - one parameter for each option
    dataset: Dataset,
    targets: Sequence[Path],
    progress: Progress,
    *,
    waiting: Callable[[], object] | None = None,
    allow_broken: bool = False,
    drop_missing: bool = False,
) -> Added:
    """Track media: only new and changed files are read, and nothing is written before all are known good."""
    with ExitStack() as stack:
        stack.enter_context(dvc_lock.locked(dataset.dvc_root, waiting))
        stages.expected(dataset)  # a dvc.yaml that cannot be edited is said before anything is done
        units = scan(dataset, targets)
        # Workers start while names are checked and DVC is imported, when there is surely work for them.
        pool = workers(stack, sum(max(0, len(unit.entries) - len(unit.old)) for unit in units))
        gone = pointers.left_behind(dataset)
        refuse_bad_names(dataset, units, gone)
        workspace = stack.enter_context(dataset.workspace())
        store = _Store(workspace, cache.present(workspace.objects), pool)
        refuse_never_pulled(units, store.present, drop_missing=drop_missing)
        for unit in units:
            _read(dataset, unit, store, progress)
        refuse_broken(units, allow_broken=allow_broken)
        for unit in units:
            _link(unit, workspace, progress)
        texts = [_texts(dataset, unit, workspace) for unit in units]
        for unit, (index, pointer) in zip(units, texts, strict=True):
            _write(dataset, unit, index, pointer)
            _remember_link(dataset, unit, workspace)
        forgotten = [pointers.forget(dataset, path) for path in gone]
        stages.sync(dataset)
        staged = tuple(_stage(dataset, [unit.path for unit in units], gone))
        return Added(tuple(map(_summary, units)), staged, (*forgotten, *_notes(units)))


# Reading and writing


@dataclass(frozen=True, slots=True)
class _Store:
    """Where objects go: DVC's repository, the objects that are there, and who brings them."""

    workspace: dvc.Workspace
    present: set[str]
    pool: Pool | None


def _read(dataset: Dataset, unit: Unit, store: _Store, progress: Progress) -> None:
    """Read every file that the index does not know as it is."""
    workspace = store.workspace
    unit.entries = workspace.unignored(unit.entries)
    if not unit.entries and not unit.kept:
        raise MediaError(f".dvcignore keeps DVC from all that is in {unit.path}")
    known = workspace.known(list(unit.entries.values()))
    known = {path: md5 for path, md5 in known.items() if md5 in store.present}
    wanted = [
        Wanted(name, entry, known.get(entry.path, ""))
        for name, entry in unit.entries.items()
        if name not in unit.old or known.get(entry.path) != unit.old[name].md5
    ]
    if not wanted:
        return
    workspace.prepare_cache()
    unit.link = workspace.link(str(dataset.root / unit.path))
    with progress(f"reading {unit.path}", len(wanted)) as advance, ExitStack() as stack:
        pool = store.pool or workers(stack, len(wanted))
        told: list[Ingested] = []
        for chunk in ingest(workspace.objects, unit.link, wanted, pool):
            told += chunk
            advance(len(chunk))
            if len(told) >= _REMEMBERED:
                _remember(unit, workspace, told)
        _remember(unit, workspace, told)


def _remember(unit: Unit, workspace: dvc.Workspace, told: list[Ingested]) -> None:
    unit.done |= {file.name: file for file in told}
    workspace.remember((file.entry, file.md5) for file in told if file.md5)
    told.clear()


def _link(unit: Unit, workspace: dvc.Workspace, progress: Progress) -> None:
    """Only now that all is known good do the user's files become links."""
    if unit.link not in cache.LINKS:
        return
    with progress(f"linking {unit.path}", len(unit.done)) as advance:
        told: list[Ingested] = []
        for file in link(workspace.objects, unit.link, list(unit.done.values())):
            told.append(file)
            advance(1)
        _remember(unit, workspace, told)


def _texts(dataset: Dataset, unit: Unit, workspace: dvc.Workspace) -> tuple[bytes, bytes]:
    """The media index and the pointer as they will be."""
    index = mediaindex.dump(unit.rows.values())
    pointer = _pointer(unit, unit.rows, git.blob_id(dataset.root, index), workspace)
    executable = not unit.is_folder and bool(unit.entries[unit.path].mode & 0o111)
    return index, workspace.pointer_text(dataset.root / f"{unit.path}.dvc", pointer, executable=executable)


def _write(dataset: Dataset, unit: Unit, index: bytes, pointer: bytes) -> None:
    # The index goes first: a pointer without its index is a dataset that nobody can check.
    dataset.write(unit.index, index)
    dataset.write(f"{unit.path}.dvc", pointer)
    _ignore(dataset, unit.path)


def _remember_link(dataset: Dataset, unit: Unit, workspace: dvc.Workspace) -> None:
    if not unit.parts:
        now = settle(unit.entries, unit.done.values())
        workspace.remember_link(str(dataset.root / unit.path), now.values())


def _pointer(unit: Unit, rows: dict[str, Media], index: str, workspace: dvc.Workspace) -> dvc.Pointer:
    name = unit.path.rpartition("/")[2]
    size = mediaindex.total_size(rows.values())
    if not unit.is_folder:
        return dvc.Pointer(name, rows[unit.path].md5, size, index=index)
    made = directory(unit.path, rows)
    workspace.put_directory(made.name, made.data)
    return dvc.Pointer(name, made.name, size, len(rows), index)


def _ignore(dataset: Dataset, path: str) -> None:
    if git.is_ignored(dataset.root, path):
        return
    name = path.rpartition("/")[2]
    old = dataset.read(_ignore_file(path)) or b""
    separator = b"" if not old or old.endswith(b"\n") else b"\n"
    pattern = "".join(f"\\{letter}" if letter in "\\*?[]!# " else letter for letter in name)
    dataset.write(_ignore_file(path), old + separator + f"/{pattern}\n".encode())


def _ignore_file(path: str) -> str:
    folder = path.rpartition("/")[0]
    return f"{folder}/.gitignore" if folder else ".gitignore"


def _stage(dataset: Dataset, tracked: Iterable[str], gone: Iterable[str]) -> list[str]:
    names = {layout.STAGES, *_texts_of(tracked), *_texts_of(gone)}
    here = {name for name in names if (dataset.root / name).is_file()}
    removed = names.intersection(_texts_of(gone)) - here
    staged = sorted([*here, *(git.tracked(dataset.root, sorted(removed)) if removed else ())])
    git.add(dataset.root, staged)
    return staged


def _texts_of(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        yield from (path + layout.POINTER, path + layout.INDEX, _ignore_file(path))


# What is said of it


def _summary(unit: Unit) -> Tracked:
    rows = unit.rows
    added = len(rows.keys() - unit.old.keys())
    changed = sum(name in unit.old and unit.old[name].md5 != media.md5 for name, media in rows.items())
    removed = len(unit.old.keys() - rows.keys())
    return Tracked(unit.path, added, changed, removed, len(rows) - added - changed)


def _notes(units: Iterable[Unit]) -> Iterator[str]:
    films = sum(audio.is_video(name) for unit in units for name in unit.done)
    if films and not audio.video_available():
        them = "it" if films == 1 else "them"
        yield f"{counted(films, 'video file')} not probed: install audiodvc[video] and add {them} again"
