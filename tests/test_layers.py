"""The layers of the design, held by the source itself: parsed, never imported."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

PACKAGE = "audiodvc"
SOURCE = Path(__file__).resolve().parent.parent / PACKAGE

# From top to bottom; an import points to a lower floor or stays in its own room.
FLOORS = (
    ("__init__", "__main__", "cli", "report"),
    ("project", "resolve"),
    ("rules", "changes"),
    ("model", "adapters"),
    ("ground",),
)
GROUND = ("finding", "errors", "progress", "codes", "words")

# Arrows that do not point down, each with its reason: patterns of (who, whom).
EXCEPTIONS = (
    ("__main__", "cli*"),  # `python -m audiodvc` is the command line
    ("cli*", "report*"),  # a door prints through a reporter
    ("cli*", "__init__"),  # --version
    ("project*", "resolve*"),  # publish and release read versions
    ("adapters.audio", "model.formats"),  # which extensions are sound is said once
    ("adapters.audio", "model.conversion"),  # what a flavor makes of a file is decided once
    ("adapters.dvc_settings", "model.remoteconfig"),  # what counts of a repository's settings is said once
    ("adapters.audio", "model.flavor"),  # a conversion is told what the audio should be
)

ADAPTERS, DOORS = ("adapters.*",), ("__init__", "__main__", "cli*", "report*")
DVC = ("adapters.dvc", "adapters.dvc_*")
RESOLVE = ("resolve*",)

# Who may import a library; no module may import one that is listed with ().
OWNERS: Mapping[str, tuple[str, ...]] = {
    "dvc": DVC,
    "dvc_data": DVC,
    "dvc_objects": DVC,
    "dask": (),  # its part `distributed` does all that is wanted
    "distributed": ("adapters.dask_pool",),
    "soundfile": ("adapters.audio",),
    "soxr": ("adapters.audio",),
    "av": ("adapters.audio",),
    "click": ("cli*",),
    "tqdm": ("adapters.terminal",),
    "subprocess": ADAPTERS,
    "multiprocessing": ADAPTERS,
    "concurrent": ADAPTERS,
    "filelock": ADAPTERS,
    "yaml": ("model.*",),
    "polars": ("report*", "project*", "resolve*", "rules*", "changes*", "model*"),
    "pandas": RESOLVE,  # only where a Database is handed to a person
    "audformat": RESOLVE,
    "audb": ("project.audb_import",),  # an extra, for those who come from it
    "git": (),  # plain git through adapters/git.py instead: docs/decisions/0002-dependencies.md
}
# Imported on first need, inside a function: each costs a third of a second or more.
HEAVY = ("distributed", "audb", "dvc", "dvc_data", "dvc_objects", "pandas", "audformat", "soundfile")
NO_NOUN = ("utils", "common", "helpers", "base", "manager", "core")


@dataclass(frozen=True, slots=True)
class Import:
    """One import of a module: what it names, and whether it waits for a call or for a type checker."""

    target: str
    line: int
    in_function: bool
    for_types: bool


def test_audiodvc_keeps_its_layers() -> None:
    """No module of audiodvc breaks a rule of the layers."""
    assert faults(_sources(SOURCE)) == []


@pytest.mark.parametrize(
    ("sources", "fault"),
    [
        ({"model.table": "import audiodvc.adapters.git"}, "model.table:1: imports adapters.git"),
        ({"adapters.dvc": "from audiodvc.model import table"}, "adapters.dvc:1: imports model.table"),
        ({"adapters.dvc": "from ..model.table import parse"}, "adapters.dvc:1: imports model.table"),
        ({"rules.form": "from audiodvc import changes"}, "rules.form:1: imports changes"),
        ({"resolve.plan": "from audiodvc.project import add"}, "resolve.plan:1: imports project"),
        ({"report.text": "from audiodvc.cli import main"}, "report.text:1: imports cli"),
        ({"errors": "from audiodvc.model import table"}, "errors:1: imports model.table"),
        ({"model.table": "import audiodvc"}, "model.table:1: imports __init__"),
        ({"model.table": "if TYPE_CHECKING:\n    import audiodvc.cli"}, "model.table:2: imports cli"),
        ({"store": ""}, "store: belongs to no floor"),
        ({"model.utils": ""}, "model.utils: a module is the noun it owns"),
        ({"rules.core.keys": ""}, "rules.core.keys: a module is the noun it owns"),
        ({"project.add": "import dvc.repo"}, "project.add:1: may not use dvc"),
        (
            {"adapters.git": "def f():\n    from dvc_data import index"},
            "adapters.git:2: may not use dvc_data",
        ),
        ({"adapters.dvc": "import dvc.repo"}, "adapters.dvc:1: loads dvc before it is needed"),
        ({"adapters.cache": "def f():\n    import soxr"}, "adapters.cache:2: may not use soxr"),
        ({"project.init": "import subprocess"}, "project.init:1: may not use subprocess"),
        ({"resolve.fetch": "from concurrent import futures"}, "resolve.fetch:1: may not use concurrent"),
        ({"cli.main": "def f():\n    import polars"}, "cli.main:2: may not use polars"),
        ({"report.text": "import click"}, "report.text:1: may not use click"),
        ({"adapters.git": "import git"}, "adapters.git:1: may not use git"),
        ({"project.add": "print(1)"}, "project.add:1: only doors print"),
        (
            {"project.add": "def f():\n    from audiodvc import errors"},
            "project.add:2: imports errors inside",
        ),
        ({"project.add": "import importlib\nimportlib.import_module('x')"}, "project.add:2: hides an import"),
        ({"rules.a": "def f(:"}, "rules.a:1: is no Python"),
        (
            {"model.table": "from audiodvc.model import cells", "model.cells": "import audiodvc.model.table"},
            "cycle: model.cells, model.table",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_layer_is_found(sources: dict[str, str], fault: str) -> None:
    """Each rule of the layers can fail, and tells where."""
    found = faults(_with_targets(sources))
    assert [one for one in found if one.startswith(fault)], found


@pytest.mark.parametrize(
    "sources",
    [
        {"model.table": "from audiodvc.finding import Finding\nfrom audiodvc.model import cells"},
        {"model.cells": "import polars"},
        {"changes.merge": "from audiodvc.changes import diff\nfrom audiodvc.model import table"},
        {"project.release": "from audiodvc.resolve import plan\nfrom audiodvc.adapters import git"},
        {"adapters.audio": "from audiodvc.model import flavor\ndef f():\n    import soundfile"},
        {"adapters.dvc_state": "if TYPE_CHECKING:\n    import dvc.repo\ndef f():\n    import dvc.repo"},
        {"cli.main": "from audiodvc import __version__\nfrom audiodvc.report import text"},
        {"cli.add": "import click\nprint(1)"},
        {"cli.main": "import importlib\nimportlib.import_module('audiodvc.cli.add')"},
        {"codes": "from audiodvc.finding import Severity"},
        {"__main__": "from audiodvc.cli.main import main"},
    ],
    ids=lambda sources: next(iter(sources)),
)
def test_what_the_design_allows_is_no_fault(sources: dict[str, str]) -> None:
    """Arrows that point down or are excepted by name pass."""
    assert faults(_with_targets(sources)) == []


def faults(sources: Mapping[str, str]) -> list[str]:
    """What breaks the layers, in modules given as name without the package -> source."""
    trees: dict[str, ast.Module] = {}
    found: list[str] = []
    for module, source in sources.items():
        try:
            trees[module] = ast.parse(source)
        except SyntaxError as error:
            found.append(f"{module}:{error.lineno}: is no Python")
    imports = {module: list(_imports(module, tree, sources)) for module, tree in trees.items()}
    for module, tree in trees.items():
        found += [*_name_faults(module), *_call_faults(module, tree)]
        found += [fault for one in imports[module] for fault in _import_faults(module, one)]
    return sorted([*found, *_cycles(imports)])


def _name_faults(module: str) -> Iterator[str]:
    if _floor(module) is None:
        yield f"{module}: belongs to no floor of the design"
    if set(module.split(".")) & set(NO_NOUN):
        yield f"{module}: a module is the noun it owns or its one verb"


def _call_faults(module: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called == "print" and not _matches(module, DOORS):
            yield f"{module}:{node.lineno}: only doors print"
        if called.rpartition(".")[2] in ("import_module", "__import__") and not _matches(module, DOORS):
            yield f"{module}:{node.lineno}: hides an import from this test"


def _import_faults(module: str, one: Import) -> Iterator[str]:
    where, (library, *rest) = f"{module}:{one.line}", one.target.split(".")
    if library == PACKAGE:
        target = ".".join(rest)
        if not _allowed(module, target):
            yield f"{where}: imports {target}, which is no lower floor"
        if one.in_function:
            yield f"{where}: imports {target} inside a function"
    elif library in OWNERS and not _matches(module, OWNERS[library]):
        yield f"{where}: may not use {library}"
    elif library in HEAVY and not (one.in_function or one.for_types):
        yield f"{where}: loads {library} before it is needed"


def _allowed(module: str, target: str) -> bool:
    mine, other = _floor(module), _floor(target)
    if mine is None or other is None or mine < other or _room(module) == _room(target):
        return True
    return any(fnmatch(module, who) and fnmatch(target, whom) for who, whom in EXCEPTIONS)


def _cycles(imports: Mapping[str, list[Import]]) -> Iterator[str]:
    own = f"{PACKAGE}."
    graph = {
        module: {one.target.removeprefix(own) for one in found if one.target.startswith(own)} - {module}
        for module, found in imports.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        yield f"cycle: {', '.join(sorted(set(error.args[1])))}"


def _imports(module: str, tree: ast.Module, sources: Mapping[str, str]) -> Iterator[Import]:
    for node, in_function, for_types in _import_nodes(tree):
        for target in _targets(module, node, sources):
            yield Import(target, node.lineno, in_function, for_types)


def _import_nodes(
    node: ast.AST, *, in_function: bool = False, for_types: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node, in_function, for_types
    function = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    types = for_types or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    for child in ast.iter_child_nodes(node):
        yield from _import_nodes(child, in_function=function, for_types=types)


def _targets(module: str, node: ast.Import | ast.ImportFrom, sources: Mapping[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (_own_name(alias.name, sources) for alias in node.names)
        return
    origin = _origin(module, node, sources)
    for alias in node.names:
        yield _own_name(f"{origin}.{alias.name}", sources)


def _origin(module: str, node: ast.ImportFrom, sources: Mapping[str, str]) -> str:
    if not node.level:
        return node.module or ""
    is_package = module == "__init__" or any(name.startswith(f"{module}.") for name in sources)
    parts = [PACKAGE, *module.split(".")] if module != "__init__" else [PACKAGE]
    parents = parts[: len(parts) - node.level + is_package]
    return ".".join([*parents, *([node.module] if node.module else [])])


def _own_name(name: str, sources: Mapping[str, str]) -> str:
    """The module that a dotted name stands for; the package itself is `audiodvc.__init__`."""
    library, *parts = name.split(".")
    if library != PACKAGE:
        return name
    while parts and ".".join(parts) not in sources:
        parts.pop()
    return ".".join([PACKAGE, *(parts or ["__init__"])])


def _floor(module: str) -> int | None:
    return next((floor for floor, rooms in enumerate(FLOORS) if _room(module) in rooms), None)


def _room(module: str) -> str:
    room = module.partition(".")[0]
    return "ground" if room in GROUND else room


def _matches(module: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(module, pattern) for pattern in patterns)


def _with_targets(sources: Mapping[str, str]) -> dict[str, str]:
    """The sources in a small tree that has the modules which they import."""
    doors = "__init__ cli cli.main report report.text"
    rooms = "project project.add resolve resolve.plan changes changes.diff"
    ground = "model model.table model.cells model.flavor adapters adapters.git finding errors"
    return {**dict.fromkeys(f"{doors} {rooms} {ground}".split(), ""), **sources}


def _sources(root: Path) -> dict[str, str]:
    """Every module below a folder, a package under its own name."""
    modules = {path.relative_to(root).with_suffix("").parts: path for path in sorted(root.rglob("*.py"))}
    return {
        ".".join(name).removesuffix(".__init__"): path.read_text("utf-8") for name, path in modules.items()
    }
