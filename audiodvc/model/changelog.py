"""The changelog of a dataset, a text of its maintainers: an entry goes in, and no byte of theirs goes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from audiodvc.model import version as semantic

PATH = "CHANGELOG.md"

Entry = Mapping[str, Sequence[str]]
"""Kind of change, as in `Added` -> what changed, a line each."""

_NEW = "# Changelog\n\nWhat changed in each version of this dataset.\n"
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*")
_VERSION = re.compile(r"(\[?)(v?)(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)(?=[\]\s(:,]|$)")
_UNRELEASED = re.compile(r"(\[?)unreleased\b", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LINK = re.compile(r"\[[^\]]+\]:[ \t]*\S+")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"[ \t]*[-*+][ \t]|[ \t]{2,}\S")
_TOP = 3
"""Versions stand in headings up to this level."""


def has(text: str, version: str) -> bool:
    """Whether there is an entry of a version."""
    return any(mark.version == version for mark in _marks(_lines(text)))


def newest(text: str) -> str | None:
    """The version of the first entry, which is the last one made."""
    return next((mark.version for mark in _marks(_lines(text)) if mark.version), None)


def has_notes(text: str) -> bool:
    """Whether something stands below the heading of what is not released."""
    lines = _lines(text)
    marks = list(_marks(lines))
    first = _first(marks)
    if first is None or not first.is_unreleased:
        return False
    return any(line.strip() for line in lines[first.at + 1 : _end(lines, marks, first)])


def date(text: str, version: str) -> str | None:
    """The day in the heading of a version, as in `2024-01-31`."""
    titles = (mark.title for mark in _marks(_lines(text)) if mark.version == version)
    found = _DATE.search(next(titles, ""))
    return found[0] if found else None


def body(text: str, version: str) -> str:
    """What stands below the heading of a version, without blank lines around it; empty if there is none."""
    lines = _lines(text)
    marks = list(_marks(lines))
    found = next((mark for mark in marks if mark.version == version), None)
    if found is None:
        return ""
    inside = [line.rstrip("\r\n") for line in lines[found.at + 1 : _end(lines, marks, found)]]
    return "\n".join(inside).strip()


def put(text: str, version: str, day: str, entry: Entry) -> str:
    """The text with an entry of a version: lines are only added, and what was unreleased is in it."""
    lines = _lines(text or _NEW)
    ends = "\r\n" if lines[0].endswith("\r\n") else "\n"
    if not lines[-1].endswith("\n"):
        lines[-1] += ends
    marks = list(_marks(lines))
    heading = _heading(marks, version, day)
    added = _below_unreleased(lines, marks, heading, entry) or _alone(lines, marks, heading, entry)
    places: dict[int, list[str]] = {}
    for one in added:
        places.setdefault(one.at, []).extend(line + ends for line in one.lines)
    return "".join(
        line for at in range(len(lines) + 1) for line in (*places.get(at, ()), *lines[at : at + 1])
    )


@dataclass(frozen=True, slots=True)
class _Mark:
    """A heading: the number of its line, its level and words, and the version that it names."""

    at: int
    level: int
    title: str
    version: str | None

    @property
    def is_unreleased(self) -> bool:
        return self.level <= _TOP and _UNRELEASED.match(self.title) is not None


class _Added(NamedTuple):
    """Lines that go in front of a line."""

    at: int
    lines: list[str]


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _marks(lines: Iterable[str]) -> Iterator[_Mark]:
    """The headings of a text: what stands in a block of code or in a comment is none."""
    fence, comment = "", False
    for at, line in enumerate(lines):
        edge = _FENCE.match(line)
        if fence:
            fence = "" if edge and edge[1].startswith(fence) and not line.strip().strip(fence[0]) else fence
        elif comment or line.lstrip().startswith("<!--"):
            comment = "-->" not in line
        elif edge:
            fence = edge[1]
        elif found := _HEADING.fullmatch(line.rstrip("\r\n").removeprefix("\ufeff")):
            yield _Mark(at, len(found[1]), found[2], _named(found))


def _named(heading: re.Match[str]) -> str | None:
    found = _VERSION.match(heading[2])
    is_one = found and len(heading[1]) <= _TOP and semantic.order(found[3]) is not None
    return found[3] if found and is_one else None


def _first(marks: Iterable[_Mark]) -> _Mark | None:
    """The first entry, which may be that of what is not released."""
    return next((mark for mark in marks if mark.version or mark.is_unreleased), None)


def _end(lines: Sequence[str], marks: Iterable[_Mark], of: _Mark) -> int:
    """The line at which what stands below a heading ends."""
    later = (mark.at for mark in marks if mark.at > of.at and mark.level <= of.level)
    return next(later, _links(lines))


def _links(lines: Sequence[str]) -> int:
    """The first line of the definitions of links that end a text."""
    at = len(lines)
    while at and (not lines[at - 1].strip() or _LINK.match(lines[at - 1])):
        at -= 1
    return next((place for place in range(at, len(lines)) if _LINK.match(lines[place])), len(lines))


def _heading(marks: Iterable[_Mark], version: str, day: str) -> str:
    """A heading in the style of those that there are."""
    known = sorted((mark for mark in marks if mark.version or mark.is_unreleased), key=_is_none)
    like = known[0] if known else None
    if like is None:
        return f"## [{version}] - {day}"
    mark = "v" if like.version and like.title.lstrip("[").startswith("v") else ""
    name = f"[{mark}{version}]" if like.title.startswith("[") else f"{mark}{version}"
    return f"{'#' * like.level} {name} - {day}"


def _is_none(mark: _Mark) -> bool:
    return mark.version is None


def _below_unreleased(
    lines: Sequence[str], marks: Sequence[_Mark], heading: str, entry: Entry
) -> list[_Added]:
    """The heading in front of the notes on what was not released, and the entry among them."""
    first = _first(marks)
    if first is None or not first.is_unreleased:
        return []
    end = _end(lines, marks, first)
    inner = [mark for mark in marks if first.at < mark.at < end]
    added, rest = [_Added(first.at + 1, ["", heading])], {}
    for kind, changes in entry.items():
        own = next((mark for mark in inner if mark.title.lower() == kind.lower()), None)
        if own is None:
            rest[kind] = changes
        else:
            below = next((mark.at for mark in inner if mark.at > own.at), end)
            added.append(_into(lines, own.at, below, changes))
    last = _filled(lines, first.at, end)
    blocks = _blocks(rest, first.level + 1)
    gap = [""] if end < len(lines) and last == end else []
    return [*added, _Added(last, [*(["", *blocks] if blocks else []), *gap])]


def _into(lines: Sequence[str], at: int, end: int, changes: Sequence[str]) -> _Added:
    """Items at the end of a list that is there."""
    last = _filled(lines, at, end)
    follows = _ITEM.match(lines[last - 1]) is not None
    sign = next((line.lstrip()[0] for line in lines[at + 1 : last] if re.match(r"[-*+] ", line)), "-")
    return _Added(last, [*([] if follows else [""]), *(f"{sign} {change}" for change in changes)])


def _filled(lines: Sequence[str], at: int, end: int) -> int:
    """The line after the last one that is not blank, not before the one after `at`."""
    while end > at + 1 and not lines[end - 1].strip():
        end -= 1
    return end


def _alone(lines: Sequence[str], marks: Sequence[_Mark], heading: str, entry: Entry) -> list[_Added]:
    """An entry in front of the one before, or else at the end."""
    first = next((mark for mark in marks if mark.version), None)
    at = first.at if first else _links(lines)
    level = heading.index(" ")
    gap = [""] if at and lines[at - 1].strip() else []
    after = [""] if at < len(lines) else []
    blocks = _blocks(entry, level + 1)
    return [_Added(at, [*gap, heading, *(["", *blocks] if blocks else []), *after])]


def _blocks(entry: Entry, level: int) -> list[str]:
    """A heading for each kind, and its items, with blank lines between."""
    blocks = [
        ["", f"{'#' * level} {kind}", "", *(f"- {change}" for change in changes)]
        for kind, changes in entry.items()
    ]
    return [line for block in blocks for line in block][1:]
