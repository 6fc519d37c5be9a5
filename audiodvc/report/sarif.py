"""Findings in SARIF 2.1.0, the form that code scanners exchange."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from audiodvc.codes import CODES, OFF
from audiodvc.report import reference
from audiodvc.report.look import Look, encodable

if TYPE_CHECKING:
    from audiodvc.finding import Finding
    from audiodvc.project.validate import Validated

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_VERSION = "2.1.0"


def log(done: Validated, look: Look) -> str:
    """A log with one run: the table of all rules, and a result for each finding."""
    driver = {"name": "audiodvc", **({"version": look.version} if look.version else {}), "rules": _rules()}
    run = {
        "tool": {"driver": driver},
        # What stands before the last slash is the category, which GitHub takes once for a commit:
        # two datasets of one repository need two.
        "automationDetails": {"id": f"audiodvc/{look.prefix}"},
        "columnKind": "unicodeCodePoints",
        "results": list(_results(done, look)),
    }
    return encodable(json.dumps({"$schema": _SCHEMA, "version": _VERSION, "runs": [run]}, ensure_ascii=False))


def _rules() -> list[dict[str, object]]:
    return [_rule(code) for code in CODES]


def _rule(code: str) -> dict[str, object]:
    page = reference.page(code)
    return {
        "id": code,
        "shortDescription": {"text": page.summary},
        "help": {"text": page.text, "markdown": page.text},
        "defaultConfiguration": {"level": CODES[code], "enabled": code not in OFF},
    }


def _results(done: Validated, look: Look) -> Iterator[dict[str, object]]:
    places, seen = {code: place for place, code in enumerate(CODES)}, Counter[str]()
    for finding in done.findings:
        identity = _identity(finding, look)
        seen[identity] += 1
        mark = f"{identity}:{seen[identity]}"
        yield {
            "ruleId": finding.code,
            "ruleIndex": places[finding.code],
            "level": finding.severity,
            "message": {"text": finding.message},
            "locations": [{"physicalLocation": _location(finding, look)}],
            # GitHub looks at the second name only, and would put a hash of the lines that follow there,
            # which every moved row changes.
            "partialFingerprints": {"audiodvc/v1": mark, "primaryLocationLineHash": mark},
        }


def _location(finding: Finding, look: Look) -> dict[str, object]:
    uri = quote(look.prefix + finding.path, errors="surrogateescape")
    return {
        "artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": finding.line, "startColumn": finding.column},
    }


def _identity(finding: Finding, look: Look) -> str:
    """What a finding is about, wherever its row stands; what has no key is told apart by its message."""
    what = [finding.code, look.prefix + finding.path, finding.table, finding.key, finding.field]
    if not finding.key:
        what.append(finding.message)
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]
