"""What importing audiodvc costs."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import audiodvc
from tests.builder import MakeRepo, tone

HEAVY = ("audformat", "click", "dvc", "pandas", "polars", "soundfile")


def test_importing_audiodvc_imports_no_heavy_library() -> None:
    """`import audiodvc` is free: each heavy library waits until a call needs it."""
    code = f"import audiodvc, sys; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_looking_at_audiodvc_imports_no_heavy_library() -> None:
    """`dir`, its version and its settings are as free as the import."""
    code = (
        "import audiodvc, sys; dir(audiodvc), audiodvc.__version__, audiodvc.config, audiodvc.Repository;"
        f"print(*sorted(set({HEAVY}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", audiodvc.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    """By attribute, and in `dir`."""
    assert getattr(audiodvc, name) is not None
    assert name in dir(audiodvc)


def test_type_checkers_see_what_python_gives() -> None:
    """Each import for type checkers is the object that the name leads to, and none is missing."""
    seen = dict(_seen(ast.parse(Path(audiodvc.__file__).read_text("utf-8"))))
    assert sorted([*seen, "__version__"]) == sorted(audiodvc.__all__)
    for name, module in seen.items():
        home = importlib.import_module(module)
        value = getattr(home, name) if hasattr(home, name) else importlib.import_module(f"{module}.{name}")
        assert getattr(audiodvc, name) is value, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    """As of any module."""
    with pytest.raises(AttributeError, match="'audiodvc' has no attribute 'nope'"):
        audiodvc.nope  # type: ignore[attr-defined]  # noqa: B018 - it must not exist


def _seen(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Name and module of each import that waits for a type checker."""
    blocks = [
        node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
    ]
    for node in (one for block in blocks for one in ast.walk(block)):
        if isinstance(node, ast.ImportFrom):
            yield from ((alias.name, str(node.module)) for alias in node.names)


def test_a_staged_check_imports_neither_pandas_nor_dvc(make_repo: MakeRepo) -> None:
    """A commit waits for it: no loader, no DVC, no audio library."""
    repo = make_repo()
    table = "file,start,end,emotion\na.wav,0 days 00:00:00.000000000,,happy\n"
    repo.commit(tables={"emotion": table}, media={"a.wav": tone(1)})
    code = (
        "import sys; from audiodvc.cli.main import run; code = run(['validate', '--staged']);"
        f"print(code, *sorted(set({(*HEAVY, 'numpy')}) & set(sys.modules)))"
    )
    done = repo.run("python", "-c", code)
    assert done.stdout.splitlines()[-1] == "0 click polars", done.stdout + done.stderr


def test_get_imports_neither_pandas_nor_dvc_for_a_local_remote(make_repo: MakeRepo, tmp_path: Path) -> None:
    """A script waits for it, and half of its time would be imports."""
    repo = make_repo()
    repo.commit(
        tables={"mood": "file,mood\naudio/a.wav,calm\n"}, media={"audio/a.wav": tone(0.1)}, tag="v1.0.0"
    )
    repo.push()
    words = ["get", ".", "--workers", "1", "--cache-root", str(tmp_path / "cache")]
    code = (
        f"import sys; from audiodvc.cli.main import run; code = run({words});"
        f"print(code, *sorted(set({(*HEAVY, 'numpy', 'fsspec')}) & set(sys.modules)))"
    )
    done = repo.run("python", "-c", code)
    assert done.stdout.splitlines()[-1] == "0 click polars", done.stdout + done.stderr
