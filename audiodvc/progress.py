"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

Advance = Callable[[int], object]
"""Called with the number of steps just done."""

Progress = Callable[[str, int | None], AbstractContextManager[Advance]]
"""Opens a bar: what is being done, and how many steps it takes if that is known."""
