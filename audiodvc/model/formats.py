"""Formats of sound and film: which extensions name them, and which extension may hold which."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EXTENSIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "wav": frozenset({"wav", "wave", "bwf", "rf64"}),
        "flac": frozenset({"flac"}),
        "mp3": frozenset({"mp3"}),
        "ogg": frozenset({"ogg", "oga", "ogv", "ogx"}),
        "opus": frozenset({"opus", "ogg", "oga"}),
        "aiff": frozenset({"aiff", "aif", "aifc"}),
    }
)
"""The formats of sound that are told by their content, with the extensions that a file of each may have."""

SOUND = frozenset("wav flac mp3 ogg oga opus aif aiff aifc".split())
"""Extensions of sound; a file with one of them that cannot be opened is broken."""

VIDEO = frozenset("mp4 m4v m4a mov mkv webm avi aac wma wmv mpg mpeg 3gp".split())
"""Extensions of what needs the extra `video` to be opened."""

_MORE_SOUND = frozenset("wave au snd caf w64 amr ac3 ape alac mka mp2 sph".split())

AUDIBLE = SOUND | VIDEO | _MORE_SOUND
"""Extensions of files that belong into DVC, whether they can be opened or not."""


def fits(content: str, extension: str) -> bool:
    """Whether a file with this content may have this extension; without one it promises nothing."""
    if content in EXTENSIONS and extension:
        return extension in EXTENSIONS[content]
    return not content or extension not in SOUND


def same(content: str, wanted: str) -> bool:
    """Whether a content is of the format that a person asked for, by whatever name they call it."""
    name = wanted.lower().removeprefix(".")
    return content == name or name in EXTENSIONS.get(content, ())
