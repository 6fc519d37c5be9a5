"""`add`: media become DVC objects, with a pointer and a media index in git."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from audiodvc.adapters import audio, cache, disk, dvc, git
from audiodvc.adapters.disk import Entry
from audiodvc.adapters.pool import Pool
from audiodvc.errors import MediaError
from audiodvc.model import layout, mediaindex, paths
from audiodvc.model.mediaindex import Media
from audiodvc.progress import Progress
from audiodvc.project import stages
from audiodvc.project.dataset import Dataset
from audiodvc.project.ingest import Ingested, Wanted, ingest, link, settle, workers

_NAMED = 20
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


@dataclass
class _Unit:
    """A media folder (or single file): what is asked for in it, what its index says, what is there."""

    path: str
    is_folder: bool = True
    parts: list[str] = field(default_factory=list)
    old: dict[str, Media] = field(default_factory=dict)
    pointer: dvc.Pointer | None = None
    entries: dict[str, Entry] = field(default_factory=dict)
    done: dict[str, Ingested] = field(default_factory=dict)
    link: str = "copy"

    @property
    def index(self) -> str:
        return self.path + layout.INDEX

    @property
    def kept(self) -> dict[str, Media]:
        """The lines of the index that this call leaves alone."""
        if not self.parts:
            return {}
        return {
            name: media
            for name, media in self.old.items()
            if not any(_within(name, part) for part in self.parts)
        }

    @cached_property
    def rows(self) -> dict[str, Media]:
        """The lines of the index as it will be, asked for once all files are read."""
        found = {
            name: _media(self.done[name]) if name in self.done else self.old[name] for name in self.entries
        }
        return self.kept | found


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
        stack.enter_context(dvc.locked(dataset.dvc_root, waiting))
        stages.expected(dataset)  # a dvc.yaml that cannot be edited is said before anything is done
        units = [_scan(dataset, unit) for unit in _units(dataset, targets)]
        # Workers start while names are checked and DVC is imported, when there is surely work for them.
        pool = workers(stack, sum(max(0, len(unit.entries) - len(unit.old)) for unit in units))
        _refuse_bad_names(dataset, units)
        workspace = stack.enter_context(dataset.workspace())
        store = _Store(workspace, cache.present(workspace.objects), pool)
        _refuse_never_pulled(units, store.present, drop_missing=drop_missing)
        for unit in units:
            _read(dataset, unit, store, progress)
        _refuse_broken(units, allow_broken=allow_broken)
        for unit in units:
            _link(unit, workspace, progress)
        texts = [_texts(dataset, unit, workspace) for unit in units]
        for unit, (index, pointer) in zip(units, texts, strict=True):
            _write(dataset, unit, index, pointer)
            _remember_link(dataset, unit, workspace)
        stages.sync(dataset)
        staged = tuple(_stage(dataset, units))
        return Added(tuple(map(_summary, units)), staged, tuple(_notes(units)))


# What is to be added


def _units(dataset: Dataset, targets: Sequence[Path]) -> list[_Unit]:
    units: dict[str, _Unit] = {}
    for name in map(dataset.relative, targets):
        owner = _owner(dataset, name) or name
        whole = owner in units and not units[owner].parts
        unit = units.setdefault(owner, _Unit(owner))
        if owner == name:
            unit.parts = []
        elif not whole:
            unit.parts.append(name)
    for unit in units.values():
        _refuse_untrackable(dataset, unit)
    return list(units.values())


def _owner(dataset: Dataset, name: str) -> str | None:
    """The media folder that a path lies in, the path itself included."""
    pieces = name.split("/")
    above = ["/".join(pieces[:count]) for count in range(1, len(pieces) + 1)]
    return next((path for path in above if (dataset.root / f"{path}.dvc").is_file()), None)


def _scan(dataset: Dataset, unit: _Unit) -> _Unit:
    pointer = dataset.root / f"{unit.path}.dvc"
    unit.pointer = dvc.read_pointer(pointer)
    if unit.pointer is None and pointer.exists():
        raise MediaError(
            f"{unit.path}.dvc is not a pointer as `dvc add` writes it",
            hint="an import is brought up to date by `dvc update`",
        )
    index = dataset.read(unit.index)
    if index is not None:
        unit.old = {media.file: media for media in mediaindex.parse(index, unit.index)}
    if unit.parts and not _agree(unit):
        # The index is not what the pointer says, so the rest of the folder can't be taken from it.
        unit.parts = []
    unit.is_folder = bool(unit.parts) or (dataset.root / unit.path).is_dir()
    start = len(str(dataset.root)) + 1
    for part in unit.parts or [unit.path]:
        unit.entries |= {entry.path[start:]: entry for entry in _entries(dataset, unit, part)}
    if not unit.entries and not unit.kept:
        raise MediaError(f"{unit.path} holds no files")
    return unit


def _agree(unit: _Unit) -> bool:
    return unit.pointer is not None and unit.pointer.md5 == _directory(unit.path, unit.old).name


def _entries(dataset: Dataset, unit: _Unit, part: str) -> Iterable[Entry]:
    full = dataset.root / part
    if full.is_dir() and not full.is_symlink():
        return disk.walk(str(full))
    if full.exists() or full.is_symlink():
        return [disk.look(str(full))]
    if part in unit.parts and any(_within(name, part) for name in unit.old):
        return []
    raise MediaError(f"{part} does not exist", hint=_how_to_get(dataset, unit))


def _how_to_get(dataset: Dataset, unit: _Unit) -> str:
    pointer = f"{unit.path}.dvc"
    return f"`dvc pull {pointer}` brings it" if (dataset.root / pointer).is_file() else "check the name"


# What is refused


def _refuse_untrackable(dataset: Dataset, unit: _Unit) -> None:
    if unit.path.split("/")[0] in {".git", ".dvc"} or layout.is_own(unit.path):
        raise MediaError(f"{unit.path} belongs to the dataset's own files, which git keeps")
    inner = git.listed(dataset.root, f"{unit.path}/*.dvc")
    if inner:
        raise MediaError(f"inside {unit.path} are files with a pointer of their own", details=inner)
    here = git.tracked(dataset.root, [unit.path])
    if here:
        raise MediaError(
            f"{unit.path} is tracked by git ({len(here)} files)",
            hint=f"`git rm -r --cached {unit.path}`, then add it again",
        )
    made = [out for out in stages.outputs(dataset) if _within(out, unit.path) or _within(unit.path, out)]
    if made:
        raise MediaError(f"{unit.path} is made by a stage of {layout.STAGES}, so DVC tracks it already")


def _refuse_bad_names(dataset: Dataset, units: Sequence[_Unit]) -> None:
    problems = [
        f"{name}: {fault}"
        for unit in units
        for name, entry in unit.entries.items()
        if (fault := entry.problem or (_fault(name, entry) if name not in unit.old else None))
    ]
    if any(unit.entries.keys() - unit.old.keys() for unit in units):
        problems += [
            f"{one} and {two}: the names differ only in letter case or Unicode form"
            for one, two in paths.collisions(sorted(_all_names(dataset, units)))
        ]
    if problems:
        details = map(_printable, sorted(problems))
        raise MediaError(_cannot(len(problems)), details=details, hint="nothing was added")


def _all_names(dataset: Dataset, units: Iterable[_Unit]) -> set[str]:
    """Every media file of the dataset as it will be, those of other media folders too."""
    names = {name for unit in units for name in (*unit.entries, *unit.kept)}
    for index in set(dataset.indexes) - {unit.index for unit in units}:
        names |= {media.file for media in mediaindex.parse(dataset.read(index) or b"", index)}
    return names


def _fault(name: str, entry: Entry) -> str | None:
    if name.endswith("/.dvcignore"):
        return "DVC allows no .dvcignore inside a media folder"
    if ".git" in name.split("/"):
        return "belongs to a git repository inside the media folder"
    return paths.fault(name) or (None if disk.is_readable(entry) else "permission denied")


def _refuse_never_pulled(units: Iterable[_Unit], present: set[str], *, drop_missing: bool) -> None:
    absent = [
        name
        for unit in units
        for name, media in unit.old.items()
        if name not in unit.entries and name not in unit.kept and media.md5 not in present
    ]
    if absent and not drop_missing:
        raise MediaError(
            f"{len(absent)} files of the index are neither in the folder nor in the cache: never pulled",
            hint="`dvc pull`, or name only what to add; --drop-missing takes them out of the dataset",
            details=_some(absent),
        )


def _refuse_broken(units: Iterable[_Unit], *, allow_broken: bool) -> None:
    broken = [
        f"{file.name}: {file.problem}"
        for unit in units
        for file in unit.done.values()
        if file.problem and not (allow_broken and file.md5)
    ]
    opened = all(file.md5 for unit in units for file in unit.done.values())
    if broken:
        more = "; --allow-broken tracks audio that cannot be opened" if opened else ""
        raise MediaError(_cannot(len(broken)), details=sorted(broken), hint=f"nothing was added{more}")


# Reading and writing


@dataclass(frozen=True, slots=True)
class _Store:
    """Where objects go: DVC's repository, the objects that are there, and who brings them."""

    workspace: dvc.Workspace
    present: set[str]
    pool: Pool | None


def _read(dataset: Dataset, unit: _Unit, store: _Store, progress: Progress) -> None:
    """Read every file that the index does not know as it is."""
    workspace = store.workspace
    if workspace.ignores_something({entry.path.rpartition("/")[0] for entry in unit.entries.values()}):
        unit.entries = {name: e for name, e in unit.entries.items() if not workspace.ignores(e.path)}
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


def _remember(unit: _Unit, workspace: dvc.Workspace, told: list[Ingested]) -> None:
    unit.done |= {file.name: file for file in told}
    workspace.remember((file.entry, file.md5) for file in told if file.md5)
    told.clear()


def _link(unit: _Unit, workspace: dvc.Workspace, progress: Progress) -> None:
    """Only now that all is known good do the user's files become links."""
    if unit.link not in cache.LINKS:
        return
    with progress(f"linking {unit.path}", len(unit.done)) as advance:
        told: list[Ingested] = []
        for file in link(workspace.objects, unit.link, list(unit.done.values())):
            told.append(file)
            advance(1)
        _remember(unit, workspace, told)


def _texts(dataset: Dataset, unit: _Unit, workspace: dvc.Workspace) -> tuple[bytes, bytes]:
    """The media index and the pointer as they will be."""
    index = mediaindex.dump(unit.rows.values())
    pointer = _pointer(unit, unit.rows, git.blob_id(dataset.root, index), workspace)
    executable = not unit.is_folder and bool(unit.entries[unit.path].mode & 0o111)
    return index, workspace.pointer_text(dataset.root / f"{unit.path}.dvc", pointer, executable=executable)


def _write(dataset: Dataset, unit: _Unit, index: bytes, pointer: bytes) -> None:
    # The index goes first: a pointer without its index is a dataset that nobody can check.
    dataset.write(unit.index, index)
    dataset.write(f"{unit.path}.dvc", pointer)
    _ignore(dataset, unit.path)


def _remember_link(dataset: Dataset, unit: _Unit, workspace: dvc.Workspace) -> None:
    if not unit.parts:
        now = settle(unit.entries, unit.done.values())
        workspace.remember_link(str(dataset.root / unit.path), now.values())


def _pointer(unit: _Unit, rows: dict[str, Media], index: str, workspace: dvc.Workspace) -> dvc.Pointer:
    name = unit.path.rpartition("/")[2]
    size = mediaindex.total_size(rows.values())
    if not unit.is_folder:
        return dvc.Pointer(name, rows[unit.path].md5, size, index=index)
    made = _directory(unit.path, rows)
    workspace.put_directory(made.name, made.data)
    return dvc.Pointer(name, made.name, size, len(rows), index)


def _directory(path: str, rows: dict[str, Media]) -> mediaindex.DirectoryObject:
    return mediaindex.directory_object((name[len(path) + 1 :], media.md5) for name, media in rows.items())


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


def _stage(dataset: Dataset, units: Iterable[_Unit]) -> list[str]:
    names = {layout.STAGES}
    for unit in units:
        names |= {f"{unit.path}.dvc", unit.index, _ignore_file(unit.path)}
    staged = sorted(name for name in names if (dataset.root / name).is_file())
    git.add(dataset.root, staged)
    return staged


# What is said of it


def _summary(unit: _Unit) -> Tracked:
    rows = unit.rows
    added = len(rows.keys() - unit.old.keys())
    changed = sum(name in unit.old and unit.old[name].md5 != media.md5 for name, media in rows.items())
    removed = len(unit.old.keys() - rows.keys())
    return Tracked(unit.path, added, changed, removed, len(rows) - added - changed)


def _notes(units: Iterable[_Unit]) -> Iterator[str]:
    films = sum(audio.is_video(name) for unit in units for name in unit.done)
    if films and not audio.video_available():
        yield f"{films} video files were not probed: install audiodvc[video] and add them again"


def _media(file: Ingested) -> Media:
    return mediaindex.line(file.name, file.md5, file.entry.size, file.probe)


def _within(file: str, part: str) -> bool:
    return file == part or file.startswith(f"{part}/")


def _cannot(count: int) -> str:
    return f"{count} file{'s' if count > 1 else ''} cannot be tracked"


def _some(names: Sequence[str]) -> list[str]:
    more = [f"… and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return [*names[:_NAMED], *more]


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
