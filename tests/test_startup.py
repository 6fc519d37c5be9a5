"""What importing audiodvc costs."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("audformat", "click", "dvc", "pandas", "polars", "soundfile")


def test_importing_audiodvc_imports_no_heavy_library() -> None:
    """`import audiodvc` is free: each heavy library waits until a call needs it."""
    code = f"import audiodvc, sys; print(*sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
