"""Flavors that were built: what `dvc.lock` says of them, and what was asked for then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from audiodvc.model import layout, pointer, stages
from audiodvc.model.flavor import Flavor
from audiodvc.model.pointer import Output
from audiodvc.model.settings import FLAVOR_FIELDS
from audiodvc.model.yamltext import Codes, read

_CODES = Codes("", "")


@dataclass(frozen=True, slots=True)
class Built:
    """A flavor as its stage made it: its folder, and the md5 of its index and of what it was made of."""

    name: str
    flavor: Flavor
    output: Output
    index_md5: str = ""
    deps: Mapping[str, str] = field(default_factory=dict)

    @property
    def index(self) -> str:
        """The path of its index."""
        return self.output.path + layout.INDEX


def built(lock: bytes, declared: bytes = b"") -> dict[str, Built]:
    """The flavors in a `dvc.lock`, beside a `dvc.yaml`, by name; what cannot be understood is left out."""
    root = read(lock, layout.LOCK, _CODES).data
    ran = root.get("stages") if isinstance(root, dict) else None
    outputs = pointer.stage_outputs(lock, declared)
    found: dict[str, Built] = {}
    for stage, said in ran.items() if isinstance(ran, dict) else ():
        name = stage.removeprefix(stages.stage_of("")) if isinstance(stage, str) else ""
        if not (name and stage == stages.stage_of(name) and isinstance(said, dict)):
            continue
        flavor = _flavor(said.get("params"), name)
        outs = {out.path: out for out in outputs.get(stage, ())}
        folder = outs.get(stages.folder_of(name))
        if flavor is not None and folder is not None and folder.is_folder:
            index = outs.get(folder.path + layout.INDEX)
            found[name] = Built(name, flavor, folder, index.md5 if index else "", _md5s(said.get("deps")))
    return found


def fields_of(flavor: Flavor) -> dict[str, object]:
    """What settings have to say of a flavor."""
    values = {name: getattr(flavor, name) for name in FLAVOR_FIELDS}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def _flavor(params: object, name: str) -> Flavor | None:
    """What was asked for; a stage without it could have made anything."""
    said = params.get(layout.SETTINGS) if isinstance(params, dict) else None
    fields = said.get(f"{stages.FLAVORS}.{name}") if isinstance(said, dict) else None
    if not isinstance(fields, dict) or not fields.keys() <= set(FLAVOR_FIELDS):
        return None
    try:
        return Flavor(**fields)
    except (ValueError, TypeError):
        return None


def _md5s(deps: object) -> dict[str, str]:
    entries = [dep for dep in deps if isinstance(dep, dict)] if isinstance(deps, list) else []
    return {dep["path"]: str(dep.get("md5")) for dep in entries if isinstance(dep.get("path"), str)}
