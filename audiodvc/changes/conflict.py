"""What two sides of a merge disagree about: as values, and as the block of lines that stands for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["cell", "row", "column", "table", "media", "header", "text"]
Value = str | Mapping[str, str] | None
"""A cell, a row, or None where a side has nothing."""

MARKER_SIZE = 7
OURS, BASE, THEIRS = "ours", "base", "theirs"
CHANGED = "changed"
"""What is said of the side that has a table, column or file, where the other one took it out."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that both sides changed, each in its way; `key` is the level and text of where it is."""

    path: str
    kind: Kind
    key: tuple[tuple[str, str], ...] = ()
    field: str | None = None
    base: Value = None
    ours: Value = None
    theirs: Value = None


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of either side, in which all else is merged, and the conflicts that they stand for."""

    conflicts: tuple[Conflict, ...]
    base: bytes
    ours: bytes
    theirs: bytes

    def text(self, size: int = MARKER_SIZE) -> bytes:
        """The block as git writes it for `diff3`."""
        begin, middle, split, end = (mark * size for mark in "<|=>")
        return b"".join(
            (
                f"{begin} {OURS}\n".encode(),
                self.ours,
                f"{middle} {BASE}\n".encode(),
                self.base,
                f"{split}\n".encode(),
                self.theirs,
                f"{end} {THEIRS}\n".encode(),
            )
        )


@dataclass(frozen=True, slots=True)
class Merged:
    """The text of both sides, with a block for each place where they disagree.

    Where the sides could not be merged in meaning `is_left` is true, there is no text, and the conflicts
    say why: the lines of the texts are all that can be merged.
    """

    text: bytes
    conflicts: tuple[Conflict, ...] = ()
    blocks: tuple[Block, ...] = ()
    is_left: bool = False

    def sized(self, size: int) -> bytes:
        """The text with markers of another size, which git asks for where it merges ancestors."""
        return (
            self.text if size == MARKER_SIZE else settled(self.text, self.blocks, lambda one: one.text(size))
        )

    def named(self, path: str) -> Merged:
        """The same, with another path in its conflicts."""
        blocks = tuple(replace(block, conflicts=_named(block.conflicts, path)) for block in self.blocks)
        return replace(self, conflicts=_named(self.conflicts, path), blocks=blocks)


def parted(text: bytes, blocks: Iterable[Block]) -> list[bytes | Block]:
    """A text cut at those of its blocks that are known; one that somebody has edited is not."""
    known = {block.text(): block for block in blocks}
    found, at = list[bytes | Block](), 0
    for match in _BLOCK.finditer(text):
        if match[0] in known:
            found += [text[at : match.start()], known[match[0]]]
            at = match.end()
    return [*found, text[at:]]


_BLOCK = re.compile(rb"^<{7} ours\n(?:(?!<{7} )[^\n]*\n)*?>{7} theirs\n", re.MULTILINE)


def settled(text: bytes, blocks: Iterable[Block], lines: Callable[[Block], bytes]) -> bytes:
    """The text with other lines in the place of these blocks."""
    return b"".join(lines(part) if isinstance(part, Block) else part for part in parted(text, blocks))


def left(path: str, why: str) -> Merged:
    """Texts that cannot be merged in meaning."""
    return Merged(b"", (Conflict(path, "text", field=why),), is_left=True)


def _named(conflicts: tuple[Conflict, ...], path: str) -> tuple[Conflict, ...]:
    return tuple(replace(one, path=path) for one in conflicts)
