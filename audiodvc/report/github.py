"""Findings as annotations and summary of a step on GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from audiodvc.report.look import Look, encodable, extent, plain, verdict
from audiodvc.words import counted

if TYPE_CHECKING:
    from audiodvc.finding import Finding
    from audiodvc.project.validate import Validated

# GitHub shows so many annotations of one kind for a step, and drops the rest without a word.
_SHOWN = 10
# It refuses a step's summary above 1 MiB as a whole; some of it is left for the last line.
SUMMARY_ROOM = 1024 * 1024
_LAST_LINE = 200

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#!|~@&$:])")


def commands(done: Validated, look: Look) -> str:
    """Workflow commands that put findings at their lines; the last of a kind says how many are left out."""
    kinds = [[one for one in done.findings if one.severity == kind] for kind in ("error", "warning")]
    lines = [line for found in kinds for line in _annotated(found, look)]
    return encodable("\n".join([*lines, f"{verdict(done)} {extent(done)}"]))


def summary(done: Validated, look: Look, room: int = SUMMARY_ROOM) -> str:
    """All findings as markdown; where they need more bytes than there is room, how many more there are."""
    head = [f"### {_cell(look.prefix.rstrip('/'))}\n"] if look.prefix else []
    head.append(f"**{verdict(done)}** {extent(done)}\n")
    if not done.findings:
        return _lines(head)
    head += ["| place | code | severity | finding |", "|---|---|---|---|"]
    rows = list(
        _fitting((_row(finding, look) for finding in done.findings), room - len(_lines(head).encode()))
    )
    left = len(done.findings) - len(rows)
    more = (
        [f"\nand {left:,} more, for which the page has no room; `audiodvc validate` says them"]
        if left
        else []
    )
    return _lines([*head, *rows, *more])


def _annotated(found: Sequence[Finding], look: Look) -> Iterator[str]:
    left = len(found) - _SHOWN
    for number, finding in enumerate(found[:_SHOWN], 1):
        more = left > 0 and number == _SHOWN
        note = f"\n{counted(left, f'more {finding.severity}')}: see the summary of this step" if more else ""
        yield _command(finding, look, note)


def _command(finding: Finding, look: Look, note: str) -> str:
    properties = {
        "file": look.prefix + finding.path,
        "line": str(finding.line),
        "col": str(finding.column),
        "title": finding.code,
    }
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{finding.severity} {said}::{_data(finding.message + note)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _row(finding: Finding, look: Look) -> str:
    place = f"{_cell(look.prefix + finding.path)}:{finding.line}:{finding.column}"
    return f"| {place} | {finding.code} | {finding.severity} | {_cell(finding.message)} |"


def _cell(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", plain(text))


def _fitting(rows: Iterator[str], room: int) -> Iterator[str]:
    room -= _LAST_LINE
    for row in rows:
        room -= len(row.encode()) + 1
        if room < 0:
            return
        yield row


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
