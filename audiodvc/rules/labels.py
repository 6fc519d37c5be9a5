"""What cells a scheme's labels allow, and which label was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from types import MappingProxyType

from audiodvc.finding import Fix
from audiodvc.model import scalar
from audiodvc.model.header import SchemeEntry
from audiodvc.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of a scheme as canonical cells; `table` is the misc table that has them, if one does.

    `others` are labels that are not of the dtype, in every way that YAML may have read them from:
    AH007 says what is wrong with them, and cells that name one are not faults of their own.
    """

    scheme: str
    dtype: str
    texts: tuple[str, ...]
    values: frozenset[object]
    others: frozenset[str] = frozenset()
    table: str | None = None

    def allow(self, text: str) -> bool:
        """Whether a canonical cell is a label, or one that AH007 speaks of."""
        return _value(text, self.dtype) in self.values or text in self.others


def of(scheme: SchemeEntry, snapshot: Snapshot) -> Labels | None:
    """The labels of a scheme; None if it has none, or they are in a table that cannot be read."""
    if scheme.labels is None:
        return None
    if isinstance(scheme.labels, str):
        return _from_table(scheme, scheme.labels, snapshot)
    words: list[str] = []
    others: list[str] = []
    for label in scheme.labels:
        (words if _fits(label, scheme.dtype) else others).extend(_words(label))
    return _labels(scheme, words, others)


def proposals(texts: Iterable[str], labels: Labels) -> Mapping[str, tuple[str, Fix | None]]:
    """For each cell that is no label what to say about it, and the label that would mend it."""
    folded: dict[str, list[str]] = {}
    for label in labels.texts:
        folded.setdefault(label.casefold(), []).append(label)
    left = _COMPARED
    found = {}
    for text in texts:
        same = folded.get(text.casefold(), [])
        near = same
        if not same and left > 0:
            near = get_close_matches(text, labels.texts, n=1)
            left -= len(labels.texts)
        found[text] = _said(text, labels, near[:1], safe=len(same) == 1)
    return found


# Looking for the nearest of very many labels takes seconds for each cell. Beyond so many
# comparisons, about half a second of them, a finding names no label.
_COMPARED = 100_000

# What may have stood in the header where YAML read a word as something else than text.
_SPELLED: Mapping[object, tuple[str, ...]] = MappingProxyType(
    {
        True: ("True", "true", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"),
        False: ("False", "false", "FALSE", "no", "No", "NO", "off", "Off", "OFF"),
        None: ("null", "Null", "NULL", "~"),
    }
)
_MOST_BITS = 64


def _from_table(scheme: SchemeEntry, identifier: str, snapshot: Snapshot) -> Labels | None:
    entry = snapshot.header.tables.get(identifier)
    sheet = snapshot.declared.get(identifier)
    if entry is None or entry.kind != "misc" or len(entry.levels) != 1 or sheet is None:
        return None
    level = entry.levels[0][0]
    if sheet.table.lossy or not sheet.has(level):
        return None
    return _labels(scheme, sheet.canonical(level).unique(maintain_order=True).to_list(), (), identifier)


def _labels(
    scheme: SchemeEntry, words: Iterable[str], others: Iterable[str], table: str | None = None
) -> Labels:
    cells = (scalar.canonical_cell(word, scheme.dtype) for word in words)
    texts = tuple(dict.fromkeys(cell for cell in cells if cell))
    values = frozenset(_value(text, scheme.dtype) for text in texts)
    return Labels(scheme.id, scheme.dtype, texts, values, frozenset(others), table)


def _words(label: object) -> tuple[str, ...]:
    """A label of the header as it would stand in a cell."""
    if isinstance(label, bool | None):
        return _SPELLED[label]
    if isinstance(label, int) and label.bit_length() > _MOST_BITS:
        return ()
    return (str(label),) if isinstance(label, str | int | float | date) else ()


def _fits(label: object, dtype: str) -> bool:
    if isinstance(label, bool | None):
        return label is not None and dtype == "bool"
    return all(scalar.canonical_cell(word, dtype) for word in _words(label))


def _value(text: str, dtype: str) -> object:
    """What to compare: `-0.0` and `0.0` are one label, and so is one moment in two zones."""
    return scalar.value(text, dtype) if dtype in {"float", "date"} else text


def _said(text: str, labels: Labels, near: list[str], *, safe: bool) -> tuple[str, Fix | None]:
    where = f", whose labels are the keys of '{labels.table}'" if labels.table else ""
    meant = f" (did you mean '{near[0]}'?)" if near else ""
    fix = Fix(f"write '{near[0]}'", near[0], safe=safe) if near else None
    return f"label '{text}' is not in scheme '{labels.scheme}'{where}{meant}", fix
