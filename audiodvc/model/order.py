"""In which order the rows of a table are handed out, in which batches, and to whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from random import Random


@dataclass(frozen=True, slots=True)
class Order:
    """Rows are shuffled `buffer` at a time, not at all if it is 0, and cut into batches of `size`.

    Batches are dealt to `count` parts like cards, so that parts that are read in turn give the whole.
    """

    size: int
    buffer: int = 0
    seed: int = 0
    drawn: bool = False
    """Whether nobody chose the seed, so that others do not have the same."""
    index: int = 0
    count: int = 1

    def batches(self, rows: int) -> Iterator[Sequence[int]]:
        """The rows of each batch of this part."""
        starts = range(0, rows, self.size)
        mine = range(self.index, len(starts), self.count)
        if not self.buffer:
            return (range(starts[one], min(starts[one] + self.size, rows)) for one in mine)
        places = self._shuffled(rows)
        cut = (list(islice(places, self.size)) for _ in starts)
        return islice(cut, self.index, None, self.count)

    def part(self, index: int, count: int) -> Order:
        """The order of one part of what this order hands out."""
        if count < 1 or not 0 <= index < count:
            raise ValueError(f"there is no part {index} of {count}: parts are counted from 0")
        if self.buffer and self.drawn:
            raise ValueError("parts of a table that is shuffled need a seed: give all of them the same")
        return replace(self, index=self.index + self.count * index, count=self.count * count)

    def _shuffled(self, rows: int) -> Iterator[int]:
        # Python's own generator gives the same order in every release and on every machine.
        random = Random(self.seed)  # noqa: S311 - no secret
        for start in range(0, rows, self.buffer):
            block = list(range(start, min(start + self.buffer, rows)))
            random.shuffle(block)
            yield from block


def order(size: int, buffer: int, *, shuffle: bool, seed: int | None) -> Order:
    """The order that somebody asks for; without a seed it is another one each time."""
    for name, value in (("batch_size", size), ("buffer_size", buffer)):
        if value < 1:
            raise ValueError(f"{name} is {value}: it has to be at least 1")
    drawn = Random().getrandbits(63) if seed is None else seed  # noqa: S311 - no secret
    return Order(size, buffer if shuffle else 0, drawn, drawn=seed is None)
