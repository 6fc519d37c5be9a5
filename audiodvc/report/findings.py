"""Findings as text for people and programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audiodvc.finding import Finding
    from audiodvc.project.validate import Validated

_SHOWN = 20


def text(done: Validated) -> str:
    """Findings grouped by file, with a summary at the end."""
    lines = [line for _, group in groupby(done.findings, _path) for line in _file(list(group))]
    return "\n".join([*lines, _summary(done)])


FORMATS: Mapping[str, Callable[[Validated], str]] = {"text": text}


def line(finding: Finding) -> str:
    """A finding as a compiler would say it, so that editors find the place."""
    return f"{finding.path}:{finding.line}:{finding.column}: {finding.code} {finding.message}"


def _file(found: list[Finding]) -> Iterator[str]:
    """The findings of a file: of each code so many, and how many more there are."""
    totals, shown = Counter(finding.code for finding in found), Counter[str]()
    for finding in found:
        shown[finding.code] += 1
        if shown[finding.code] <= _SHOWN:
            yield line(finding)
    for code, total in totals.items():
        if total > _SHOWN:
            yield f"{found[0].path}: {code} {total - _SHOWN:,} more"


def _summary(done: Validated) -> str:
    return f"{done.errors:,} errors, {done.warnings:,} warnings in {done.files:,} files, {done.rows:,} rows"


def _path(finding: Finding) -> str:
    return finding.path
