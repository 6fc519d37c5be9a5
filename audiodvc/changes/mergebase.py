"""A base that git made of several ones: where the sides have merged each other before, and disagreed.

Neither side can be held against what such a base has in conflict: each of them has settled it, in the same
way or not. All other rows of the base are as good as any.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Known(NamedTuple):
    """A base without its conflicts, in which rows are as they were before, and the rows that are in conflict.

    `unclear` is a table of these rows, each as often as it stands there; empty if there are none.
    """

    text: bytes
    unclear: bytes = b""


def parted(base: bytes) -> Known:
    """What is known of a base; one whose conflicts are no rows is left as it is."""
    if b"<" * _SIZES[0] not in base:  # which is seen in no time
        return Known(base)
    blocks = [found for size in _SIZES for found in _block(size).finditer(base)]
    if not blocks or base.startswith(b"<"):
        return Known(base)
    text = base
    for block in blocks:
        text = text.replace(block[0], block["base"], 1)
    if _LEFT.search(text) or any(_LEFT.search(part) for block in blocks for part in block.groups()):
        return Known(base)
    head = text.partition(b"\n")[0]
    return Known(text, b"".join((head, b"\n", *(part for block in blocks for part in block.groups()))))


# git asks for two signs more at each step down; those of seven stand in a file because somebody left them.
_SIZES = (9, 11, 13)
_LEFT = re.compile(rb"^(<{7,}|\|{7,}|>{7,})(?: |\r?$)", re.MULTILINE)


def _block(size: int) -> re.Pattern[bytes]:
    lines = r"(?:[^\n]*\n)*?"
    ours = rf"^<{{{size}}} [^\n]*\n(?P<ours>{lines})"
    base = rf"\|{{{size}}} [^\n]*\n(?P<base>{lines})"
    theirs = rf"={{{size}}}\n(?P<theirs>{lines})>{{{size}}} [^\n]*\n"
    return re.compile(f"{ours}{base}{theirs}".encode(), re.MULTILINE)
