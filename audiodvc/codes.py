"""The codes of all findings, each with its severity; what a code says stands with its rule."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from audiodvc.finding import Severity

_WARNINGS = frozenset({"AH013", "AH014", "AS004", "AR003", "AT004", "AA005"})

_COUNTS = {
    "AH": 15,
    "AC": 1,
    "AF": 7,
    "AM": 1,
    "AK": 2,
    "AS": 4,
    "AR": 4,
    "AT": 4,
    "AA": 5,
    "AD": 5,
    "AP": 4,
}

CODES: Mapping[str, Severity] = MappingProxyType(
    {
        code: "warning" if code in _WARNINGS else "error"
        for family, count in _COUNTS.items()
        for code in (f"{family}{number:03d}" for number in range(1, count + 1))
    }
)
"""Every code, in the order of the reference."""

OFF = frozenset({"AT004"})
"""Rules that are not applied unless settings select them."""

ALWAYS = frozenset(code for code in CODES if code.startswith(("AK", "AM")))
"""Rules that no setting can ignore."""
