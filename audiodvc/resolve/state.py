"""The state of a folder of the cache, which ends with its own md5: a bit that was flipped is noticed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audiodvc.adapters import disk, shared
from audiodvc.model import layout

_SEALED = re.compile(rb'(.*), "seal": "([0-9a-f]{32})"\}', re.DOTALL)
# 2**15 bits take half a second.
_MOST = 2**12


def read(folder: Path) -> dict[str, Any]:
    """What a folder says of itself; nothing if that is damaged, or is no state of ours."""
    try:
        data = (folder / layout.STATE).read_bytes()
    except OSError:
        return {}
    return _unsealed(data) or {}


def write(folder: Path, state: Mapping[str, object]) -> None:
    """Write down what a folder is."""
    text = json.dumps(state)[:-1].encode()
    shared.write(folder / layout.STATE, b'%s, "seal": "%s"}' % (text, _seal(text)))


def is_damaged(folder: Path) -> bool:
    """Whether there is a state that cannot be read."""
    data = disk.read(folder / layout.STATE)
    return data is not None and _unsealed(data) is None


def restore(folder: Path) -> bool:
    """Make a damaged state what it was, if one bit of it was flipped: all are tried, if they are few."""
    path = folder / layout.STATE
    data = bytearray(disk.read(path) or b"")
    if len(data) > _MOST:
        return False
    for place in range(8 * len(data)):
        byte, bit = place // 8, 1 << place % 8
        data[byte] ^= bit
        if _unsealed(bytes(data)) is not None:
            return disk.write(path, bytes(data))
        data[byte] ^= bit
    return False


def _unsealed(data: bytes) -> dict[str, Any] | None:
    found = _SEALED.fullmatch(data)
    if found is None or _seal(found[1]) != found[2]:
        return None
    state = json.loads(found[1] + b"}")
    return state if isinstance(state, dict) else None


def _seal(text: bytes) -> bytes:
    return hashlib.md5(text, usedforsecurity=False).hexdigest().encode()
