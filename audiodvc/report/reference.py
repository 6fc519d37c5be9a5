"""The reference of the rules, made from their docstrings."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import NamedTuple

from audiodvc.codes import ALWAYS, CODES, OFF
from audiodvc.rules.catalogue import RULES

_HEAD = """\
# Rules

<!-- Made by `make docs` from the docstrings of the rules: change those. -->

What `audiodvc validate` finds. An error makes it exit with 1, a warning only with `--strict`. `audiodvc.yaml`
says which rules a dataset goes without, in all tables or in one, and selects those that are off otherwise:

    validate:
      select: [AT004]
      ignore: [AP003]
      tables: {emotion.raw: {ignore: [AS004]}}
"""


class Page(NamedTuple):
    """What a rule says of itself: in one line, and all the rest as markdown."""

    summary: str
    text: str


def rules_page() -> str:
    """All rules: a table of their codes, then a section for each."""
    codes = [code for code in CODES if code in RULES]
    table = ["| code | finds | severity |", "|---|---|---|", *map(_row, codes)]
    return "\n".join([_HEAD, *table, *(line for code in codes for line in _section(code))]) + "\n"


def page(code: str) -> Page:
    """The page of a rule; its code alone where it has none."""
    doc = inspect.cleandoc(RULES[code].__doc__ or "") if code in RULES else ""
    summary, _, text = doc.partition("\n\n")
    summary = " ".join(summary.split()) or code
    return Page(summary, text or summary)


def _row(code: str) -> str:
    summary = page(code).summary.removesuffix(".").replace("|", "\\|")
    return f"| [{code}](#{code.lower()}) | {summary} | {CODES[code]} |"


def _section(code: str) -> Iterator[str]:
    found = page(code)
    yield f"\n## {code}\n"
    yield f"**{found.summary}**\n"
    yield f"{_standing(code)}\n"
    yield found.text


def _standing(code: str) -> str:
    kind = "An error" if CODES[code] == "error" else "A warning"
    if code in ALWAYS:
        return f"{kind} that no setting can ignore."
    return f"{kind}, off unless selected." if code in OFF else f"{kind}."
