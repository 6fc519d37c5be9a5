"""Files of a remote on a server, as fsspec shows them: of some kinds many at a time, of others one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

from audiodvc.adapters.arrivals import Want


class Files(Protocol):
    """The file system of a remote, where many things can be done at a time."""

    def each(self, wants: Sequence[Want], work: Any) -> list[Any]:  # noqa: ANN401 - DVC has no types
        """Do something at the place of each object; what came of it, or a Failure."""


async def is_there(fs: Any, path: str) -> bool:  # noqa: ANN401 - fsspec has no types
    """Whether a server has a file."""
    try:
        if getattr(fs, "async_impl", False):
            await fs._info(path)  # noqa: SLF001 - fsspec's own name for the coroutine
        else:
            await asyncio.to_thread(fs.info, path)
    except FileNotFoundError:
        return False
    return True
