"""The stages of dvc.yaml, kept in step with the files that they depend on."""

from __future__ import annotations

from audiodvc.errors import FormatError
from audiodvc.model import header, layout, pointer, settings, stages
from audiodvc.project.dataset import Dataset


def sync(dataset: Dataset) -> bool:
    """Write dvc.yaml as the dataset's files ask for; True if that changed it."""
    text = expected(dataset)
    return bool(text) and dataset.write(layout.STAGES, text)


def taken(dataset: Dataset) -> tuple[str, ...]:
    """The names of our stages that a stage of the user's own has."""
    return stages.taken(_text(dataset), flavors(dataset.read(layout.SETTINGS) or b""))


def in_step(dataset: Dataset) -> bool:
    """Whether dvc.yaml names the files that there are."""
    return (dataset.read(layout.STAGES) or b"") == expected(dataset)


def outputs(dataset: Dataset) -> set[str]:
    """What stages make, by name from the root: as dvc.yaml says, and as it was when they last ran."""
    ran = pointer.stage_outputs(dataset.read(layout.LOCK) or b"")
    return stages.outputs(_text(dataset)) | {out.path for outs in ran.values() for out in outs}


def expected(dataset: Dataset, said: bytes | None = None) -> bytes:
    """The text of dvc.yaml that fits the files of the dataset; as it is while the header cannot be read.

    `said` are settings that are still to be written.
    """
    old = _text(dataset)
    parsed = header.parse(dataset.read(layout.HEADER) or b"")
    if not parsed.data:
        return old.encode("utf-8")
    # A table that is not declared may be a draft, which no commit will have.
    tables = [name for name in dataset.tables if layout.table_id(name) in parsed.tables]
    names = flavors(dataset.read(layout.SETTINGS) or b"" if said is None else said)
    # Those that are still to be built count, so that labels are checked after them.
    made = [stages.folder_of(name) + layout.INDEX for name in names]
    sources = dataset.media_indexes
    deps = stages.deps_of(tables, [*sources, *made])
    return stages.write(old, deps, names, sources).encode("utf-8")


def flavors(data: bytes) -> list[str]:
    """The flavors that settings name; those that cannot be understood are named too."""
    said = settings.parse(data).document.data
    named = said.get(stages.FLAVORS) if isinstance(said, dict) else None
    return sorted(name for name in named if settings.is_name(name)) if isinstance(named, dict) else []


def _text(dataset: Dataset) -> str:
    try:
        return (dataset.read(layout.STAGES) or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{layout.STAGES} is not UTF-8", hint="save it as UTF-8") from error
