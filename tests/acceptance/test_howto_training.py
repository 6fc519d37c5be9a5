"""The page on training, whose Python runs as it stands there; PyTorch is not needed for it."""

from __future__ import annotations

import ast
import gc
from pathlib import Path
from typing import TYPE_CHECKING

import audiodvc
from tests import page
from tests.acceptance.recordings import make

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "train-with-pytorch.md"


def test_the_page_on_training_runs(
    tmp_path: Path, repo_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each block of `python` in turn; those of `py`, which need PyTorch, are Python at least."""
    make(tmp_path, repo_template, "voices")
    here = audiodvc.Repository("here", str(tmp_path / "{dataset}"))
    monkeypatch.setattr(audiodvc.config, "REPOSITORIES", [here])
    monkeypatch.setattr(audiodvc.config, "CACHE_ROOT", tmp_path / "cache")
    monkeypatch.setenv("AUDIODVC_CONFIG", str(tmp_path / "config.yaml"))
    (tmp_path / "config.yaml").touch()
    names: dict[str, object] = {}
    blocks = page.session(PAGE.read_text("utf-8"))
    assert {block.kind for block in blocks} == {"python", "py"}
    for block in blocks:
        code = compile(ast.parse(block.text), str(PAGE), "exec")
        if block.kind == "python":
            exec(code, names)  # noqa: S102 - our own page
    names.clear()
    gc.collect()
