"""A selection: which tables, media and attachments someone wants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from audiodvc.errors import SelectionError

Wanted = str | tuple[str, ...] | None
"""None is all, a str a regular expression, a tuple exactly these."""

Selected = str | Iterable[str] | None
"""A choice as a person gives it; a list may be of any kind that can be iterated."""

_NOUNS: Mapping[str, str] = MappingProxyType(
    {"tables": "table", "media": "media file", "attachments": "attachment"}
)
_SHOWN = 20
"""Names that a message lists."""


@dataclass(frozen=True, slots=True, init=False)
class Selection:
    """Which tables, media and attachments; `only_metadata` leaves media and attachments out."""

    tables: Wanted
    media: Wanted
    attachments: Wanted
    only_metadata: bool

    def __init__(
        self,
        tables: Selected = None,
        media: Selected = None,
        attachments: Selected = None,
        *,
        only_metadata: bool = False,
    ) -> None:
        put = object.__setattr__
        put(self, "tables", wanted(tables, "tables"))
        put(self, "media", wanted(media, "media"))
        put(self, "attachments", wanted(attachments, "attachments"))
        put(self, "only_metadata", bool(only_metadata))


def wanted(selected: Selected, field: str) -> Wanted:
    """A choice as a value; what is neither None, a str nor a list of str is an error."""
    if selected is None or isinstance(selected, str):
        # An array's own kind of text does not compare, hash or print as one everywhere.
        return None if selected is None else str(selected)
    if isinstance(selected, bytes | bytearray) or not isinstance(selected, Iterable):
        raise SelectionError(f"{field}: {selected!r} is neither a regular expression nor a list")
    names = list(selected)
    odd = [name for name in names if not isinstance(name, str)]
    if odd:
        raise SelectionError(f"{field}: {odd[0]!r} is no name", hint="a list holds names as text")
    return tuple(str(name) for name in names)


def choose(names: Sequence[str], selected: Selected, field: str, dataset: str, version: str) -> list[str]:
    """Those of the names that are selected: all, by regular expression, or exactly, in the order asked for.

    An empty text selects nothing, as an empty list does. What selects nothing else is an error.
    """
    chosen, what = wanted(selected, field), _NOUNS.get(field, field)
    if chosen is None:
        return list(names)
    where = f"{dataset} {version}".rstrip()
    if isinstance(chosen, str):
        return _matching(names, chosen, what, where) if chosen else []
    known = frozenset(names)
    unknown = [name for name in dict.fromkeys(chosen) if name not in known]
    if unknown:
        raise _none_such(unknown, names, what, where)
    return list(dict.fromkeys(chosen))


def _matching(names: Sequence[str], expression: str, what: str, where: str) -> list[str]:
    try:
        matches = re.compile(expression).search
    except (re.error, OverflowError, RecursionError) as error:
        raise SelectionError(
            f"{what} of {where}: {expression!r} is no regular expression: {error}",
            hint="give a list to select by name",
        ) from error
    found = [name for name in names if matches(name)]
    if not found:
        raise SelectionError(
            f"no {what} of {where} matches {expression!r}",
            hint=_available(names),
        )
    return found


def _none_such(unknown: Sequence[str], names: Sequence[str], what: str, where: str) -> SelectionError:
    if len(unknown) == 1:
        return SelectionError(f"there is no {what} {unknown[0]!r} in {where}", hint=_available(names))
    more = [f"and {len(unknown) - _SHOWN} more"] if len(unknown) > _SHOWN else []
    return SelectionError(
        f"{len(unknown)} of the selected are no {what} of {where}",
        hint=_available(names),
        details=[*(repr(name) for name in unknown[:_SHOWN]), *more],
    )


def _available(names: Sequence[str]) -> str:
    if not names:
        return "it has none"
    return f"it has {', '.join(names)}" if len(names) <= _SHOWN else f"it has {len(names):,} others"
