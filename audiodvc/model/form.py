"""What tables and YAML call a fault that any text can have."""

from __future__ import annotations

BOM = "\ufeff"
"""A byte-order mark as a character."""

MARKER = r"((?:<{7}|>{7}|\|{7})(?= |\r?$)|={7}(?=\r?$))"
"""What a merge leaves at the begin of a line."""

RETURNS = "lines end in CRLF or CR, not in LF"
MARKED = "begins with a byte-order mark"
UNENDED = "no newline at the end"


def conflict(marker: str) -> str:
    """What to say of a line that a merge left."""
    return f"merge-conflict marker {marker}"


def undecodable(byte: int) -> str:
    """What to say of the first byte that is not UTF-8."""
    return f"not UTF-8 (byte 0x{byte:02x})"
