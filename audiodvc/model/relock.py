"""The text of `dvc.lock` with another object for a path of a stage, and all else byte for byte as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Locked:
    """What `dvc.lock` says of a path: its object, and where it says them size and number of files."""

    md5: str
    size: int
    nfiles: int | None = None


def relocked(text: str, stage: str, changes: Mapping[str, tuple[str, Locked]]) -> str:
    """Change paths of a stage that have a certain md5: path -> that md5, and what is to stand there."""
    found = re.search(rf"(?m)^  {re.escape(stage)}:\n(?:(?: {{4}}.*)?\n)*", text)
    if found is None:
        return text
    block = found[0]
    for path, (old, new) in changes.items():
        entry = re.compile(rf"(?m)^    - path: {re.escape(path)}\n(?: {{6}}.*\n)*")
        block = entry.sub(lambda one, old=old, new=new: _changed(one[0], old, new), block)  # type: ignore[misc]
    return text[: found.start()] + block + text[found.end() :]


def _changed(entry: str, old: str, new: Locked) -> str:
    if not re.search(rf"(?m)^      md5: '?{re.escape(old)}'?$", entry):
        return entry
    values = (("md5", new.md5), ("size", new.size), ("nfiles", new.nfiles))
    for key, value in values:
        if value is not None:
            entry = re.sub(rf"(?m)^(      {key}:) .*$", rf"\g<1> {_scalar(str(value))}", entry)
    return entry


def _scalar(text: str) -> str:
    """An md5 that YAML would take for a number stands in quotes, as DVC writes it."""
    return f"'{text}'" if re.fullmatch(r"[0-9]{32}|[0-9]+e[0-9]+", text) else text
