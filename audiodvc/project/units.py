"""Media folders and files that someone asks to track: what there is of each, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from audiodvc.adapters import disk, dvc, git
from audiodvc.adapters.disk import Entry
from audiodvc.errors import MediaError
from audiodvc.model import layout, mediaindex, paths
from audiodvc.model.mediaindex import Media
from audiodvc.project import pointers, stages
from audiodvc.project.dataset import Dataset
from audiodvc.project.ingest import Ingested
from audiodvc.words import counted

_NAMED = 20


@dataclass
class Unit:
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
        """The name of its media index."""
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


def scan(dataset: Dataset, targets: Sequence[Path]) -> list[Unit]:
    """The media folders and files that some paths are or lie in, as they are now."""
    try:
        str(dataset.root).encode()
    except UnicodeEncodeError as error:
        what = f"{str(dataset.root)!a} is not UTF-8, as DVC's notes on files have to be"
        raise MediaError(what, hint="rename the folder") from error
    units: dict[str, Unit] = {}
    for name in map(dataset.relative, targets):
        owner = _owner(dataset, name) or name
        whole = owner in units and not units[owner].parts
        unit = units.setdefault(owner, Unit(owner))
        if owner == name:
            unit.parts = []
        elif not whole:
            unit.parts.append(name)
    for unit in units.values():
        _refuse_untrackable(dataset, unit)
    return [_seen(dataset, unit) for unit in units.values()]


def _owner(dataset: Dataset, name: str) -> str | None:
    """The media folder that a path lies in, the path itself included."""
    pieces = name.split("/")
    above = ["/".join(pieces[:count]) for count in range(1, len(pieces) + 1)]
    return next((path for path in above if (dataset.root / f"{path}.dvc").is_file()), None)


def _seen(dataset: Dataset, unit: Unit) -> Unit:
    unit.pointer = pointers.read(dataset, f"{unit.path}.dvc")
    if unit.pointer is None and dataset.read(f"{unit.path}.dvc") is not None:
        import_hint = "an import is brought up to date by `dvc update`"
        what, hint = pointers.misnamed(dataset, unit.path) or (pointers.STRANGE, import_hint)
        raise MediaError(f"{unit.path}.dvc {what}", hint=hint)
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


def _agree(unit: Unit) -> bool:
    return unit.pointer is not None and unit.pointer.md5 == directory(unit.path, unit.old).name


def _entries(dataset: Dataset, unit: Unit, part: str) -> Iterable[Entry]:
    full = dataset.root / part
    if full.is_dir() and not full.is_symlink():
        return disk.walk(str(full))
    if full.exists() or full.is_symlink():
        return [disk.look(str(full))]
    if part in unit.parts and any(_within(name, part) for name in unit.old):
        return []
    raise MediaError(f"{part} does not exist", hint=_how_to_get(dataset, unit))


def _how_to_get(dataset: Dataset, unit: Unit) -> str:
    pointer = f"{unit.path}.dvc"
    if (dataset.root / pointer).is_file():
        return f"`dvc pull {pointer}` brings it"
    if unit.old:
        return f"its pointer is gone, too: was it moved? Add its new place, or `git restore {pointer}`"
    return "check the name"


def _refuse_untrackable(dataset: Dataset, unit: Unit) -> None:
    if unit.path.split("/")[0] in {".git", ".dvc"} or layout.is_own(unit.path):
        raise MediaError(f"{unit.path} belongs to the dataset's own files, which git keeps")
    inner = git.listed(dataset.root, f"{unit.path}/*.dvc")
    if inner:
        raise MediaError(f"inside {unit.path} are files with a pointer of their own", details=inner)
    here = git.tracked(dataset.root, [unit.path])
    if here:
        raise MediaError(
            f"{unit.path} is tracked by git ({counted(len(here), 'file')})",
            hint=f"`git rm -r --cached {unit.path}`, then add it again",
        )
    made = [out for out in stages.outputs(dataset) if _within(out, unit.path) or _within(unit.path, out)]
    if made:
        raise MediaError(f"{unit.path} is made by a stage of {layout.STAGES}, so DVC tracks it already")


def refuse_bad_names(dataset: Dataset, units: Sequence[Unit], gone: Iterable[str]) -> None:
    """Refuse names that some system cannot hold, and files that cannot be read; all are named at once."""
    problems = [
        f"{name}: {fault}"
        for unit in units
        for name, entry in unit.entries.items()
        if (fault := entry.problem or (_fault(name, entry) if name not in unit.old else None))
    ]
    if any(unit.entries.keys() - unit.old.keys() for unit in units):
        problems += [
            f"{one} and {two}: one name to systems that ignore case or normalize Unicode"
            for one, two in paths.collisions(sorted(_all_names(dataset, units, gone)))
        ]
    if problems:
        details = map(_printable, sorted(problems))
        raise MediaError(_cannot(len(problems)), details=details, hint="nothing was added")


def _all_names(dataset: Dataset, units: Iterable[Unit], gone: Iterable[str]) -> set[str]:
    """Every media file of the dataset as it will be, those of other media folders too."""
    names = {name for unit in units for name in (*unit.entries, *unit.kept)}
    done = {path + layout.INDEX for path in gone} | {unit.index for unit in units}
    for index in set(dataset.media_indexes) - done:
        names |= {media.file for media in mediaindex.parse(dataset.read(index) or b"", index)}
    return names


def _fault(name: str, entry: Entry) -> str | None:
    if name.endswith("/.dvcignore"):
        return "DVC allows no .dvcignore inside a media folder"
    if ".git" in name.split("/"):
        return "belongs to a git repository inside the media folder"
    return paths.fault(name) or (None if disk.is_readable(entry) else "permission denied")


def refuse_never_pulled(units: Iterable[Unit], present: set[str], *, drop_missing: bool) -> None:
    """Refuse to take out of an index what this clone never had."""
    absent = [
        name
        for unit in units
        for name, media in unit.old.items()
        if name not in unit.entries and name not in unit.kept and media.md5 not in present
    ]
    if absent and not drop_missing:
        raise MediaError(
            f"never pulled, so neither in the folder nor in the cache: {counted(len(absent), 'file')}",
            hint="`dvc pull`, or name only what to add; --drop-missing takes them out of the dataset",
            details=_some(absent),
        )


def refuse_broken(units: Iterable[Unit], *, allow_broken: bool) -> None:
    """Refuse what could not be read; with `allow_broken` only what has no bytes."""
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


def directory(path: str, rows: dict[str, Media]) -> mediaindex.DirectoryObject:
    """The directory object of a folder with these files."""
    return mediaindex.directory_object((name[len(path) + 1 :], media.md5) for name, media in rows.items())


def _media(file: Ingested) -> Media:
    return mediaindex.line(file.name, file.md5, file.entry.size, file.probe)


def _within(file: str, part: str) -> bool:
    return file == part or file.startswith(f"{part}/")


def _cannot(count: int) -> str:
    return f"{counted(count, 'file')} cannot be tracked"


def _some(names: Sequence[str]) -> list[str]:
    more = [f"… and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return [*names[:_NAMED], *more]


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
