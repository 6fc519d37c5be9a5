"""Versions: git tags that are semantic versions, with or without `v`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

_NUMBER = r"(?:0|[1-9]\d*)"
_PART = rf"(?:{_NUMBER}|\d*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"v?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_PART}(?:\.{_PART})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

Level = Literal["major", "minor", "patch"]
"""One of the three numbers of a version."""

LEVELS: tuple[Level, ...] = ("major", "minor", "patch")

Order = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]


def order(tag: str) -> Order | None:
    """What versions are sorted by; None for a tag that is none. A pre-release comes before its release."""
    found = _VERSION.fullmatch(tag)
    if found is None:
        return None
    major, minor, patch, pre = found.groups()
    parts = tuple(_identifier(part) for part in (pre or "").split(".") if part)
    return int(major), int(minor), int(patch), pre is None, parts


def latest(tags: Iterable[str]) -> str | None:
    """The highest version among tags."""
    ranked = [(rank, tag) for tag in tags if (rank := order(tag)) is not None]
    return max(ranked)[1] if ranked else None


def is_early(name: str) -> bool:
    """Whether a version is a pre-release."""
    return "-" in name.partition("+")[0]


def rise(lower: str, higher: str) -> Level | None:
    """Which of the three numbers of a version is the first that is higher; None where they are the same."""
    one, other = order(lower), order(higher)
    if one is None or other is None:
        return None
    return next((name for at, name in enumerate(LEVELS) if one[at] != other[at]), None)


def is_commit(text: str) -> bool:
    """Whether a text is the whole name of a commit."""
    return _COMMIT.fullmatch(text) is not None


def _identifier(part: str) -> tuple[bool, int, str]:
    # Numbers are compared as numbers and come before words.
    return (False, int(part), part) if part.isdigit() else (True, 0, part)
