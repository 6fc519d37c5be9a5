"""Who works through many files: processes or a cluster, where a file that kills its worker is one loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from audiodvc.adapters.pool import Died

Item = TypeVar("Item")
Result = TypeVar("Result")


class Crew(Protocol):
    """Who works: processes of this machine, or a cluster."""

    def map(
        self, work: Callable[[Item], Result], items: Iterable[Item]
    ) -> Iterator[tuple[Item, Result | Died]]:
        """Each item with its result, in the order in which they are done."""


def careful(
    pool: Crew, work: Callable[[Sequence[Item]], Sequence[Result]], shares: Iterable[Sequence[Item]]
) -> Iterator[tuple[Item, Result | Died]]:
    """Each file of each share with its result; a crash is the one file's that caused it."""
    crashed: list[Item] = []
    for share, done in pool.map(work, shares):
        if isinstance(done, Died):
            crashed += share
        else:
            yield from zip(share, done, strict=True)
    for (file,), done in pool.map(work, [[file] for file in crashed]):
        yield file, done if isinstance(done, Died) else done[0]
