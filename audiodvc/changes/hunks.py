"""A text with conflicts as git leaves them, settled for one side: all else in it stays as it is."""

from __future__ import annotations

import re
from typing import Literal

from audiodvc.errors import UsageError


def settled(text: bytes, side: Literal["ours", "theirs", "base"], path: str) -> bytes:
    """The text with the lines of one side in place of every conflict."""

    def taken(found: re.Match[bytes]) -> bytes:
        lines: bytes | None = found[side]
        if lines is None:
            hint = f"`git checkout --conflict=diff3 -- {path}` writes it anew with them"
            raise UsageError(f"the lines of the base do not stand in {path}", hint=hint)
        return lines

    return _HUNK.sub(taken, text)


_LINES = rb"(?:[^\n]*\n)*?"
_HUNK = re.compile(
    rb"^<{7}(?: [^\n]*)?\r?\n(?P<ours>%s)(?:\|{7}(?: [^\n]*)?\r?\n(?P<base>%s))?"
    rb"={7}\r?\n(?P<theirs>%s)>{7}(?: [^\n]*)?(?:\r?\n|\Z)" % (_LINES, _LINES, _LINES),
    re.MULTILINE,
)
