"""Progress on a terminal; the only module that knows tqdm."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from audiodvc.progress import Advance

# Work that ends sooner than this shows no bar.
_DELAY = 1.0


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Advance]:
    """A bar, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    # Imported here: most calls never show a bar.
    from tqdm import tqdm

    with tqdm(desc=what, total=total, delay=_DELAY, leave=False, dynamic_ncols=True) as shown:
        yield shown.update


@contextmanager
def silence(what: str, total: int | None = None) -> Iterator[Advance]:
    """No bar."""
    del what, total
    yield lambda _: None
