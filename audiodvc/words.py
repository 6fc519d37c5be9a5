"""Words for people: that fit their number, and give no secret away."""

from __future__ import annotations

import re

# From 999.5 on it would be rounded to the next unit.
_NEXT_UNIT, _WHOLE = 999.5, 99.95


def counted(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def sized(count: float) -> str:
    """A number of bytes, as short as people say it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < _NEXT_UNIT:
            return f"{count:.0f} {unit}" if unit == "B" or count >= _WHOLE else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def lasting(seconds: float) -> str:
    """A time, in the two units that matter of it."""
    total = round(seconds)
    hours, rest = divmod(total, 3600)
    if hours:
        return f"{hours:,} h {rest // 60} min"
    return f"{rest // 60} min {rest % 60} s" if rest >= 60 else f"{seconds:.3g} s"  # noqa: PLR2004 - a minute


def redact(text: str) -> str:
    """A text without the user names and passwords of the URLs in it."""
    return re.sub(r"(?<=://)[^/\s]*@", "", text)
