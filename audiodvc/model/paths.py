"""Paths of media: what makes one unfit for another system, and which two are one there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import NamedTuple

# Nearly every path is one of these, and is known to be sound in a tenth of the time.
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")

_FAULT = re.compile(
    r"(?P<empty>^$)"
    r"|(?P<url>^[A-Za-z][A-Za-z0-9+.-]*://)"
    r"|(?P<drive>^[A-Za-z]:)"
    r"|(?P<absolute>^/)"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
    r"|(?P<surrogate>[\ud800-\udfff])"
    r"|(?P<backslash>\\)"
    r"|(?P<colon>:)"
    r"|(?P<trailing>/$)"
    r"|(?P<hollow>//)"
    r"|(?P<parent>(?<![^/])\.\.(?![^/]))"
    r"|(?P<current>(?<![^/])\.(?![^/]))"
    r"|(?P<blank>(?<![^/])\s|\s(?![^/]))"
)

_REASON = {
    "empty": "is empty",
    "url": "is a URL",
    "drive": "begins with a drive",
    "absolute": "is absolute",
    "control": "has a control character",
    "surrogate": "has a character that is no text",
    "backslash": "has a backslash",
    "colon": "has a colon",
    "trailing": "ends with a slash",
    "hollow": "has an empty part",
    "parent": "has a part '..'",
    "current": "has a part '.'",
    "blank": "has a blank at the end of a part",
}

_LONGEST = 200
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")


def fault(path: str) -> str | None:
    """Why a path is not portable, as the rest of a sentence that begins with the path."""
    if _PLAIN.fullmatch(path):
        return None
    found = _FAULT.search(path)
    return _REASON[found.lastgroup or "empty"] if found else None


def leaves(path: str) -> bool:
    """Whether a path may lead out of the folder that it is in, or is no path at all."""
    if _PLAIN.fullmatch(path):
        return False
    return any(found.lastgroup in _LEAVING for found in _FAULT.finditer(path))


def are_plain(paths: Iterable[str]) -> bool:
    """Whether all of these paths are sound, and made of letters that are nothing special to anybody."""
    # An empty path or part makes two slashes of one, so that the whole is as plain as each.
    found = list(paths)
    return not found or _PLAIN.fullmatch("/".join(found)) is not None


_LEAVING = frozenset(("empty", "absolute", "control", "trailing", "hollow", "parent", "current"))


def valid_md5(text: str) -> bool:
    """Whether a text names an object: 32 lower-case hex digits, for a folder with `.dir`."""
    return _MD5.fullmatch(text) is not None


def is_within(name: str, places: Collection[str]) -> bool:
    """Whether a name is one of these paths, or below it."""
    if not places:
        return False
    while name:
        if name in places:
            return True
        name = name.rpartition("/")[0]
    return False


def shown(text: str) -> str:
    """A path or another cell as a message shows it: in quotes, on one line, and not endless."""
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    if not short.isprintable():
        short = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in short)
    return f"'{short}'"


def collisions(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs, earlier and later, that are one path where letter case or Unicode form do not count.

    Folders count: `A/x` and `a/y` end in one folder there, whose contents then have
    other paths than those that were recorded. Such a pair is told once for each
    spelling of a folder, at the first path that uses it.
    """
    seen = _Seen({}, {}, {""})
    found: dict[tuple[str, str], None] = {}
    for path in paths:
        key = folded(path)
        twin = seen.files.setdefault(key, path)
        spelling, below = seen.folders.get(key, (path, path))
        other = _other_folder(path, seen)
        if twin != path:
            found[twin, path] = None
        elif spelling != path:
            found[below, path] = None
        elif other is not None:
            found[other, path] = None
    return list(found)


def folded(path: str) -> str:
    """The path as a system sees it for which letter case and Unicode form do not count."""
    if path.isascii():
        low = path.lower()
        return path if low == path else low
    decomposed = unicodedata.normalize("NFD", path)
    return unicodedata.normalize("NFD", decomposed.casefold())


class _Seen(NamedTuple):
    """What was seen first under a folded path, and every spelling of a folder."""

    files: dict[str, str]
    folders: dict[str, tuple[str, str]]
    spellings: set[str]


def _other_folder(path: str, seen: _Seen) -> str | None:
    """The first path that has something above `path`, whose spelling is new, in another spelling."""
    other = None
    folder = path.rpartition("/")[0]
    while folder not in seen.spellings:
        seen.spellings.add(folder)
        key = folded(folder)
        spelling, first = seen.folders.setdefault(key, (folder, path))
        file = seen.files.get(key, folder)
        if spelling != folder:
            other = first
        elif file != folder:
            other = file
        folder = folder.rpartition("/")[0]
    return other
