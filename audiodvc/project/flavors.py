"""The flavors of a dataset: named in the settings, built by a stage, and what there is of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from audiodvc.adapters import git, stock
from audiodvc.errors import AudiodvcError, FormatError, MediaError, UsageError
from audiodvc.model import built, layout, mediaindex, settings, stages, yamledit
from audiodvc.model.built import Built
from audiodvc.model.flavor import Flavor
from audiodvc.model.settings import Settings
from audiodvc.model.yamledit import Entry
from audiodvc.project import stages as written
from audiodvc.project.building import sources
from audiodvc.project.dataset import Dataset

State = Literal["current", "stale", "not built"]
IGNORE = f"{stages.FLAVORS}/.gitignore"

# A build that failed leaves media that DVC has not yet told git to ignore.
_IGNORED = ("/*", "!/.gitignore", f"!/*{layout.INDEX}")


@dataclass(frozen=True, slots=True)
class Row:
    """A flavor that the settings name, and what there is of it."""

    name: str
    flavor: Flavor
    state: State
    files: int | None


@dataclass(frozen=True, slots=True)
class Changed:
    """What adding or removing a flavor did: the files that were written, all of them staged."""

    name: str
    staged: tuple[str, ...]
    is_new: bool = True


def wanted(dataset: Dataset, name: str) -> Flavor:
    """What the settings say of a flavor."""
    said = _settings(dataset)
    if name not in said.flavors:
        known = ", ".join(said.flavors) or "none"
        raise UsageError(f"{layout.SETTINGS} names no flavor '{name}'", hint=f"it names {known}")
    return said.flavors[name]


def add(dataset: Dataset, name: str, flavor: Flavor, *, force: bool = False) -> Changed:
    """Write a flavor into the settings and its stage into dvc.yaml; nothing is built."""
    _refuse(dataset, name, flavor)
    said = _settings(dataset)
    old = said.flavors.get(name)
    if old not in (None, flavor) and not force:
        raise AudiodvcError(
            f"there is a flavor '{name}' already, which is {shown(old)}", hint="--force makes it another one"
        )
    twin = next((other for other in said.flavors if other != name and other.lower() == name.lower()), None)
    if twin:
        raise UsageError(f"'{name}' and '{twin}' would be one folder where letter case does not count")
    sources.pieces(sources.listed(dataset), name, flavor)  # refuses what cannot be
    text = _text(dataset)
    if old != flavor:
        entry = Entry(stages.FLAVORS, name, built.fields_of(flavor), inline=True)
        text = yamledit.put(text, layout.SETTINGS, entry)
    return Changed(name, _write(dataset, text, {}), is_new=old != flavor)


def remove(dataset: Dataset, name: str) -> Changed:
    """Take a flavor out of settings, dvc.yaml and dvc.lock, with its index and its media in this folder."""
    known = written.flavors(dataset.read(layout.SETTINGS) or b"")
    if name not in known:
        hint = f"it names {', '.join(sorted(known)) or 'none'}"
        raise UsageError(f"{layout.SETTINGS} names no flavor '{name}'", hint=hint)
    text = yamledit.drop(_text(dataset), layout.SETTINGS, stages.FLAVORS, name)
    lock = (dataset.read(layout.LOCK) or b"").decode()
    later = {layout.LOCK: yamledit.drop(lock, layout.LOCK, "stages", stages.stage_of(name))} if lock else {}
    folder = stages.folder_of(name)
    stock.remove_folder(str(dataset.place(folder)))
    dataset.place(f"{folder}{layout.INDEX}").unlink(missing_ok=True)
    gone = git.tracked(dataset.root, [folder + layout.INDEX])
    return Changed(name, (*_write(dataset, text, later), *_stage(dataset, gone)))


def listed(dataset: Dataset) -> list[Row]:
    """The flavors that the settings name."""
    lock = built.built(dataset.read(layout.LOCK) or b"")
    return [
        _row(dataset, name, flavor, lock.get(name)) for name, flavor in _settings(dataset).flavors.items()
    ]


def shown(flavor: Flavor | None) -> str:
    """A flavor in words, as options are written."""
    fields = built.fields_of(flavor) if flavor else {}
    return ", ".join(f"{name} {_value(value)}" for name, value in fields.items()) or "as the original"


def _value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value).lower()


def _refuse(dataset: Dataset, name: str, flavor: Flavor) -> None:
    if not settings.is_name(name) or name.startswith("-"):
        raise UsageError(f"'{name}' is no name for a flavor: it has A-Z a-z 0-9 _ - and begins with no -")
    if flavor == Flavor():
        raise UsageError("a flavor that leaves all as it is", hint="give at least one option, as --mixdown")
    fault = settings.unfit(flavor)
    if fault:
        raise UsageError(fault)
    if stages.taken(_stages(dataset), [name]):
        raise AudiodvcError(
            f"{layout.STAGES} has a stage of your own where that of flavors goes", hint="rename it"
        )
    if (dataset.root / f"{stages.FLAVORS}{layout.POINTER}").exists():
        raise MediaError(f"{stages.FLAVORS} is a media folder", hint="rename it: flavors are kept there")


def _stages(dataset: Dataset) -> str:
    return (dataset.read(layout.STAGES) or b"").decode("utf-8", "replace")


def _settings(dataset: Dataset) -> Settings:
    said = settings.parse(dataset.read(layout.SETTINGS) or b"")
    if said.findings:
        told = [f"{layout.SETTINGS}:{one.line}:{one.column}: {one.message}" for one in said.findings]
        raise FormatError(f"{layout.SETTINGS} cannot be understood", details=told)
    return said


def _text(dataset: Dataset) -> str:
    return (dataset.read(layout.SETTINGS) or b"").decode()


def _write(dataset: Dataset, text: str, later: Mapping[str, str]) -> tuple[str, ...]:
    """Write settings, and what follows from them; all of it is made before anything is written."""
    said = text.encode()
    texts = {
        layout.SETTINGS: said,
        layout.STAGES: written.expected(dataset, said),
        IGNORE: _ignore(dataset),
        **{name: one.encode() for name, one in later.items()},
    }
    for name, data in texts.items():
        dataset.write(name, data)
    return _stage(dataset, texts)


def _stage(dataset: Dataset, names: Iterable[str]) -> tuple[str, ...]:
    staged = sorted(names)
    if staged:
        git.add(dataset.root, staged)
    return tuple(staged)


def _ignore(dataset: Dataset) -> bytes:
    old = (dataset.read(IGNORE) or b"").decode("utf-8", "surrogateescape")
    lines = old.splitlines()
    if [line for line in lines if line in _IGNORED] == list(_IGNORED):
        return old.encode("utf-8", "surrogateescape")
    kept = [line for line in lines if line not in _IGNORED]
    return "".join(f"{line}\n" for line in (*_IGNORED, *kept)).encode("utf-8", "surrogateescape")


def _row(dataset: Dataset, name: str, flavor: Flavor, last: Built | None) -> Row:
    index = dataset.read(stages.folder_of(name) + layout.INDEX)
    if last is None or index is None:
        return Row(name, flavor, "not built", None)
    files = len(mediaindex.parse_flavor(index, last.index))
    now = {path: _md5(dataset.read(path) or b"") for path in dataset.media_indexes}
    return Row(name, flavor, "current" if (last.flavor, dict(last.deps)) == (flavor, now) else "stale", files)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
