"""How findings are shown: words, paths and colours that all formats share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audiodvc.errors import AudiodvcError
from audiodvc.words import counted

if TYPE_CHECKING:
    from audiodvc.project.validate import Validated

# What a terminal obeys or hides, and what no output can encode: half a surrogate pair stands for a
# byte of a file name that is not UTF-8.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Look:
    """What stands before each path, whether there are colours, and which audiodvc is speaking."""

    prefix: str = ""
    colour: bool = False
    version: str = ""


def plain(text: str) -> str:
    """A text on one line that does nothing to a terminal: such characters as Python writes them."""
    return _UNSHOWN.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def failure(error: AudiodvcError) -> str:
    """What could not be done: a line, and one for each detail, whatever the names in them."""
    return str(AudiodvcError(plain(error.what), hint=plain(error.hint), details=map(plain, error.details)))


def encodable(text: str) -> str:
    """A text that UTF-8 can say; in JSON it still means the same."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def verdict(done: Validated) -> str:
    """How many errors and warnings there are."""
    counts = {"error": done.errors, "warning": done.warnings}
    return ", ".join(counted(count, noun) for noun, count in counts.items() if count) or "no findings"


def extent(done: Validated) -> str:
    """How much was looked at."""
    return f"in {counted(done.files, 'file')}, {counted(done.rows, 'row')}"
