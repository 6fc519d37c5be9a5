"""The lines that two texts do not share: of large tables with few changes nothing else is to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Rest(NamedTuple):
    """What is left of two tables without the rows that both have, and how many rows these are."""

    old: bytes
    new: bytes
    shared: int


def rest(a: bytes, b: bytes) -> Rest | None:
    """The first line, and the rows that are in one text only; None where a line may not be a row.

    Equal lines are equal rows whatever they say and wherever they stand, if no cell is in quotes. They are
    told apart in a fifth of the time that it takes to read them as rows.
    """
    head = a.partition(b"\n")[0]
    if b.partition(b"\n")[0] != head or not (_is_plain(a) and _is_plain(b)):
        return None
    ours, theirs = _rows(a), _rows(b)
    gone, come = _apart(ours, theirs)
    shared = set(gone).intersection(come)
    gone, come = ([line for line in lines if line not in shared] for lines in (gone, come))
    # Of a line that stands several times it would have to be told which one is gone.
    if shared and not (_are_single(shared, ours) and _are_single(shared, theirs)):
        return None
    if not (_are_single(gone, ours) and _are_single(come, theirs)):
        return None
    return Rest(_text(head, gone), _text(head, come), len(theirs) - len(come))


def _is_plain(text: bytes) -> bool:
    return b'"' not in text and b"\r" not in text


def _rows(text: bytes) -> list[bytes]:
    return text.removesuffix(b"\n").split(b"\n")[1:]


def _apart(a: Sequence[bytes], b: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The lines beside those that follow each other in both, as sorted rows with few changes do."""
    gone, come = list[bytes](), list[bytes]()
    i = j = 0
    while i < len(a) and j < len(b):
        run = _run(a, b, i, j)
        i, j = i + run, j + run
        step = _step(a, b, i, j)
        if step is None:
            break
        gone += a[i : i + step[0]]
        come += b[j : j + step[1]]
        i, j = i + step[0], j + step[1]
    return gone + list(a[i:]), come + list(b[j:])


_SHORTEST, _FARTHEST = 64, 32


def _run(a: Sequence[bytes], b: Sequence[bytes], i: int, j: int) -> int:
    """How many lines are the same from here on."""
    whole = min(len(a) - i, len(b) - j)
    same, size = 0, _SHORTEST
    while same < whole and a[i + same : i + same + size] == b[j + same : j + same + size]:
        same, size = same + size, 2 * size
    if same >= whole:
        return whole
    end = min(same + size, whole)
    pairs = zip(a[i + same : i + end], b[j + same : j + end], strict=False)
    return same + next((at for at, (x, y) in enumerate(pairs) if x != y), end - same)


def _step(a: Sequence[bytes], b: Sequence[bytes], i: int, j: int) -> tuple[int, int] | None:
    """How many lines to leave out on either side until both go on alike; None if that is too far away."""
    if i == len(a) or j == len(b):
        return None
    for far in range(1, _FARTHEST):
        for left, right in _ways(far):
            if i + left < len(a) and j + right < len(b) and a[i + left] == b[j + right]:
                return left, right
    return None


def _ways(far: int) -> Iterator[tuple[int, int]]:
    """Both sides first: most changes are of a cell."""
    yield far, far
    for near in range(far):
        yield near, far
        yield far, near


def _are_single(some: Iterable[bytes], lines: Iterable[bytes]) -> bool:
    """Whether each of some lines, which are among all, stands there once."""
    few = list(some)
    wanted = set(few)
    if len(wanted) < len(few):
        return False
    return not few or sum(line in wanted for line in lines) == len(few)


def _text(head: bytes, rows: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in (head, *rows))
