"""Versions: git tags that are semantic versions, with or without `v`."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBER = r"(?:0|[1-9]\d*)"
_PART = rf"(?:{_NUMBER}|\d*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"v?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_PART}(?:\.{_PART})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

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


def is_commit(text: str) -> bool:
    """Whether a text is the whole name of a commit."""
    return _COMMIT.fullmatch(text) is not None


def _identifier(part: str) -> tuple[bool, int, str]:
    # Numbers are compared as numbers and come before words.
    return (False, int(part), part) if part.isdigit() else (True, 0, part)
