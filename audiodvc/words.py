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
    """A text without what lets somebody in: its URLs have no password, no query, and no user but for ssh."""
    text = _ACCOUNT.sub(_known_user, text)
    return _QUERY.sub(r"\1?***", _BROKEN_ACCOUNT.sub(r"\1", text))


_ACCOUNT = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/\s]*)@")
# As where a slash of a password was not written as %2F; a port is none.
_BROKEN_ACCOUNT = re.compile(r"(://)[^\s/?#@]*:(?!\d+(?:[/?#]|\b))[^\s]*@")
_QUERY = re.compile(r"(://[^\s?'\"`<>]*)\?[^\s'\"`<>)]+")


def _known_user(found: re.Match[str]) -> str:
    """Of ssh a user is part of where something is; for others it may be a token."""
    scheme, user = found[1], found[2].partition(":")[0]
    return f"{scheme}://{user}@" if scheme.lower().endswith("ssh") and user else f"{scheme}://"
