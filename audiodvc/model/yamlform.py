"""The form of YAML text: line ends and blanks that mean nothing, and data written anew."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import ScalarEvent

from audiodvc.model.yamltext import BOM, Codes, read
from audiodvc.model.yamltree import LOADER

_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_BLOCK = re.compile(r"([|>])([0-9]?)[+-]?([0-9]?)")


def tidy(text: str) -> str:
    """The text with LF line ends, no blanks at line ends, and one newline at its end.

    It says the same: blanks and newlines that belong to a value stay. The text has to be valid.
    """
    plain = re.sub("\r\n?", "\n", text.removeprefix(BOM))
    said = _said(plain)
    return next((tidier for tidier in _candidates(plain) if _said(tidier) == said), plain)


def dump(data: object) -> str:
    """The data in the style of audformat: in blocks, but innermost lists and mappings in flow."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=None, allow_unicode=True)
    return text


class _Dumper(_BASE):  # type: ignore[misc]
    """Writes a value twice rather than an alias that no other version of the text would have."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _said(text: str) -> object:
    document = read(text, "", Codes(broken="", repeated=""))
    return document.data, [finding.message for finding in document.findings if not finding.code]


def _candidates(text: str) -> Iterator[str]:
    """From the tidiest on: newlines at the end may belong to a block text, or be lacking in it."""
    body = _without_blanks(text)
    trimmed = body.rstrip(" \t\n")
    yield trimmed + "\n" if trimmed else ""
    yield body if body.endswith("\n") else body + "\n"
    blocks = [start for start, _, style in _scalars(text) if style in ("|", ">")]
    if blocks:
        at = blocks[-1]
        yield _without_blanks(text[:at] + _BLOCK.sub(r"\1\2\3-", text[at:], count=1) + "\n")


def _without_blanks(text: str) -> str:
    """Blanks are cut from line ends, but for those within block and quoted text."""
    kept = [_inside(text, *scalar) for scalar in _scalars(text) if scalar[2]]
    ends = [end for _, end in kept]
    lines: list[str] = []
    at = 0
    for line in text.split("\n"):
        at += len(line)
        after = bisect_left(ends, at)
        inside = after < len(kept) and kept[after][0] <= at
        lines.append(line if inside else line.rstrip(" \t"))
        at += 1
    return "\n".join(lines)


def _scalars(text: str) -> list[tuple[int, int, str]]:
    """Start, end and style of every scalar."""
    found = []
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, ScalarEvent):
            first: Any = event.start_mark
            last: Any = event.end_mark
            found.append((first.index, last.index, event.style or ""))
    return found


def _inside(text: str, start: int, end: int, style: str) -> tuple[int, int]:
    """The line ends, first and last, that lie within a scalar."""
    if style in ("|", ">"):
        # Its indicator's line is no part of it, but the end of a text without newline is.
        below = text.find("\n", start) + 1
        return below or end + 1, end
    return start, end - 1
