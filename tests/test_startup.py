"""What importing audiodvc costs."""

from __future__ import annotations

import subprocess
import sys

from tests.builder import MakeRepo, tone

HEAVY = ("audformat", "click", "dvc", "pandas", "polars", "soundfile")


def test_importing_audiodvc_imports_no_heavy_library() -> None:
    """`import audiodvc` is free: each heavy library waits until a call needs it."""
    code = f"import audiodvc, sys; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


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
