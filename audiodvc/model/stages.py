"""The stages of `dvc.yaml` that are ours, put into a file that is the user's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath
from typing import Any

from audiodvc.model import yamledit
from audiodvc.model.yamledit import Entry

PATH = "dvc.yaml"
METRICS = "validation.json"
"""What the stage `validate` writes, for `dvc metrics`."""
FLAVORS = "flavors"
"""The folder of the flavors, and the section of the settings that says what they are."""

_SECTION, _MARK, _FLAVOR = "stages", "audiodvc", "flavor"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of ours: its name, and what it says; `meta` in it says that it is ours to rewrite."""

    name: str
    content: Mapping[str, object]


def deps_of(
    tables: Iterable[str],
    indexes: Iterable[str],
    *,
    header: str = "db.yaml",
    settings: str = "audiodvc.yaml",
) -> tuple[str, ...]:
    """What the stage `validate` reads: the paths of header, settings, all tables and media indexes."""
    return tuple(sorted({header, settings, *tables, *indexes}))


def folder_of(flavor: str) -> str:
    """Where the media of a flavor are, from the root of the dataset."""
    return f"{FLAVORS}/{flavor}"


def stage_of(flavor: str) -> str:
    """What DVC calls the stage that makes a flavor."""
    return f"{_FLAVOR}@{flavor}"


def stages(
    deps: Iterable[str], flavors: Sequence[str] = (), sources: Iterable[str] = ()
) -> tuple[Stage, ...]:
    """Our stages, of a dataset whose header, settings, tables and indexes are `deps`.

    Each of the `flavors` is made of the media that the indexes in `sources` list.
    """
    check = Stage("validate", _validate(sorted(set(deps))))
    return (check, Stage(_FLAVOR, _flavor(flavors, sorted(set(sources))))) if flavors else (check,)


def write(
    old_text: str, deps: Sequence[str], flavors: Sequence[str] = (), sources: Sequence[str] = ()
) -> str:
    """The text of `dvc.yaml` with our stages up to date, and all else byte for byte as it was.

    A stage of the user's own that has the name of one of ours stays too; `taken` names it.
    Raises a FormatError if the text cannot be read, or has no place for a stage.
    """
    text = old_text
    for stage in stages(deps, flavors, sources):
        text = put(text, stage)
    if not flavors and _ours(_stages(text).get(_FLAVOR)):
        text = yamledit.drop(text, PATH, _SECTION, _FLAVOR)
    return text


def outputs(text: str) -> set[str]:
    """The paths that stages make, as far as the text says them plainly."""
    stages = [stage for stage in _stages(text).values() if isinstance(stage, dict)]
    return {normpath(f"{one.get('wdir') or '.'}/{path}") for stage in stages for one, path in _outs(stage)}


def taken(text: str, flavors: Sequence[str] = ()) -> tuple[str, ...]:
    """The names of our stages that the user has given to stages of their own."""
    present = _stages(text)
    return tuple(stage.name for stage in stages((), flavors) if not _is_free(present, stage.name))


def put(text: str, stage: Stage) -> str:
    """The text with one stage of ours in it, unless its name is taken."""
    present = _stages(text)
    if not _is_free(present, stage.name) or present.get(stage.name) == stage.content:
        return text
    return yamledit.put(text, PATH, Entry(_SECTION, stage.name, stage.content))


def _validate(deps: Sequence[str]) -> dict[str, object]:
    return {
        "cmd": f"audiodvc validate --metrics {METRICS}",
        "desc": "Check the labels and media of this dataset",
        "deps": _literal(deps),
        "metrics": [{METRICS: {"cache": False}}],
        "meta": {_MARK: "validate"},
    }


def _flavor(flavors: Sequence[str], sources: Sequence[str]) -> dict[str, object]:
    """One stage for each flavor, of which only those run again whose own settings changed."""
    folder = folder_of("${item}")
    do = {
        "cmd": "audiodvc flavor build ${item}",
        "desc": "Convert the media of this dataset",
        "deps": _literal(sources),
        "params": [{"audiodvc.yaml": [f"{FLAVORS}.${{item}}"]}],
        "outs": [folder, {f"{folder}.media.csv": {"cache": False}}],
        "meta": {_MARK: _FLAVOR},
    }
    # Names, not `${flavors}`: with that DVC could read no stage at all where a file of parameters of the
    # user's own has a key of this name, or the settings have none.
    return {"foreach": list(flavors), "do": do}


def _literal(paths: Sequence[str]) -> list[str]:
    return [path.replace("${", "\\${") for path in paths]


def _stages(text: str) -> dict[Any, Any]:
    return yamledit.section(yamledit.load(text, PATH), _SECTION, PATH)


def _outs(stage: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Each output with what says it; of a stage for several items those of each."""
    items, do = stage.get("foreach"), stage.get("do")
    if isinstance(items, list) and isinstance(do, dict):
        for one, path in _outs(do):
            yield from ((one, path.replace("${item}", str(item))) for item in items)
        return
    for kind in ("outs", "metrics", "plots"):
        listed = stage.get(kind)
        for out in listed if isinstance(listed, list) else ():
            named = next(iter(out), None) if isinstance(out, dict) else out
            if isinstance(named, str):
                yield stage, named


def _is_free(present: Mapping[Any, Any], name: str) -> bool:
    """Whether a stage may be written by us: it is not there, or bears our mark."""
    return name not in present or _ours(present[name])


def _ours(stage: object) -> bool:
    if not isinstance(stage, dict):
        return False
    do = stage.get("do")
    meta = (do if isinstance(do, dict) else stage).get("meta")
    return isinstance(meta, dict) and _MARK in meta
