"""All rules by their codes, and which of them settings apply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from audiodvc.codes import ALWAYS, CODES, OFF
from audiodvc.finding import Finding
from audiodvc.model.settings import Settings
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules import (
    audio,
    cells,
    flavors,
    form,
    header,
    keys,
    paths,
    segments,
    settings,
    splits,
    storage,
)

Rule = Callable[[Snapshot], Iterable[Finding]]

_FAMILIES = (
    header.RULES,
    settings.RULES,
    form.RULES,
    keys.RULES,
    cells.RULES,
    paths.RULES,
    segments.RULES,
    audio.RULES,
    storage.RULES,
    flavors.RULES,
    splits.RULES,
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.__name__.upper(): rule for family in _FAMILIES for rule in family}
)
"""Every rule by its code, in the order of the reference."""


def check(snapshot: Snapshot) -> list[Finding]:
    """All findings of a dataset, in the order of their places."""
    return sorted(found for code, rule in RULES.items() for found in _apply(code, rule, snapshot))


def _apply(code: str, rule: Rule, snapshot: Snapshot) -> Iterator[Finding]:
    if not _may_apply(code, snapshot.settings):
        return
    for finding in rule(snapshot):
        if _applies(code, finding.table, snapshot.settings):
            yield replace(finding, severity=CODES[code]) if CODES[code] != finding.severity else finding


def _may_apply(code: str, settings: Settings) -> bool:
    tables = settings.tables.values()
    return _applies(code, None, settings) or any(code in choice.select for choice in tables)


def _applies(code: str, table: str | None, settings: Settings) -> bool:
    """Whether settings apply a rule to a table; what is said of the table comes first."""
    if code in ALWAYS:
        return True
    choice = settings.tables.get(table) if table is not None else None
    if choice is not None and code in (*choice.select, *choice.ignore):
        return code not in choice.ignore
    return code not in settings.rules.ignore and (code not in OFF or code in settings.rules.select)
