"""Findings as text for people and as JSON for programs; all formats by their names."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING

from audiodvc.report import github, sarif
from audiodvc.report.look import Look, encodable, extent, plain, verdict

if TYPE_CHECKING:
    from audiodvc.finding import Finding
    from audiodvc.project.validate import Validated

Format = Callable[["Validated", Look], str]

SCHEMA = "audiodvc.validate/v1"

_SHOWN = 20
_BOLD, _RED, _YELLOW, _OFF = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[0m"


def text(done: Validated, look: Look) -> str:
    """Findings grouped by file, with a summary at the end."""
    groups = groupby(done.findings, lambda finding: finding.path)
    lines = [line for _, group in groups for line in _file(list(group), look)]
    return "\n".join([*lines, f"{verdict(done)} {extent(done)}"])


def line(finding: Finding, look: Look = Look()) -> str:  # noqa: B008 - a value that cannot change
    """A finding as a compiler would say it, so that editors find the place."""
    place = f"{plain(look.prefix + finding.path)}:{finding.line}:{finding.column}:"
    if not look.colour:
        return f"{place} {finding.code} {plain(finding.message)}"
    colour = _RED if finding.severity == "error" else _YELLOW
    return f"{_BOLD}{place}{_OFF} {colour}{finding.code}{_OFF} {plain(finding.message)}"


def as_json(done: Validated, look: Look) -> str:
    """One object for programs; `docs/reference/formats.md` has its schema."""
    summary = {"errors": done.errors, "warnings": done.warnings, "files": done.files, "rows": done.rows}
    found = [record(finding, look) for finding in done.findings]
    report = {"schema": SCHEMA, "summary": summary, "findings": found}
    return encodable(json.dumps(report, ensure_ascii=False))


FORMATS: Mapping[str, Format] = MappingProxyType(
    {"text": text, "json": as_json, "github": github.commands, "sarif": sarif.log}
)
"""Every format by its name."""


def _file(found: list[Finding], look: Look) -> Iterator[str]:
    """The findings of a file: of each code so many, and how many more there are."""
    totals, shown = Counter(finding.code for finding in found), Counter[str]()
    for finding in found:
        shown[finding.code] += 1
        if shown[finding.code] <= _SHOWN:
            yield line(finding, look)
    for code, total in totals.items():
        if total > _SHOWN:
            yield f"{plain(look.prefix + found[0].path)}: {code} {total - _SHOWN:,} more"


def record(finding: Finding, look: Look = Look()) -> dict[str, object]:  # noqa: B008 - a value that cannot change
    """A finding as the schema has it."""
    fix = finding.fix
    return {
        "code": finding.code,
        "severity": finding.severity,
        "path": look.prefix + finding.path,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
        "table": finding.table,
        "key": dict(finding.key),
        "field": finding.field,
        "value": finding.value,
        "fix": fix and {"description": fix.description, "value": fix.value, "safe": fix.safe},
    }
