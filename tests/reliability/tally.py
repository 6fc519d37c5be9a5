"""What was done to audiodvc and survived, counted where a test has seen it, for the page on reliability.

`make reliability` runs these tests with more rounds than `make test`, and writes the counts into the page.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Literal, TypeVar

Number = TypeVar("Number")

Kind = Literal["attacks", "faults", "kills", "load", "fuzz", "secrets"]

# Not ours by name: the tests take every setting of audiodvc out of the environment.
FILE = "RELIABILITY_TALLY"

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "reliability.md"


def count(kind: Kind, what: str, number: int = 1) -> None:
    """Note that something was survived; call it last, when the test has held all that it asserts."""
    if path := os.environ.get(FILE):
        with open(path, "a", encoding="utf-8") as file:  # noqa: PTH123 - one short write, whole beside others
            file.write(json.dumps([kind, what, number]) + "\n")


def rounds(few: Number, many: Number) -> Number:
    """How often to try, or what: `few` as a part of all tests, `many` where the figures are made."""
    return many if os.environ.get(FILE) else few


def main(tally: str) -> None:
    """Write what was counted into the tables of the page."""
    counted: Counter[tuple[str, str]] = Counter()
    for line in Path(tally).read_text("utf-8").splitlines():
        kind, what, number = json.loads(line)
        counted[kind, what] += number
    page = PAGE.read_text("utf-8")
    for kind in sorted({kind for kind, _ in counted}):
        page = _replaced(page, kind, {what: number for (of, what), number in counted.items() if of == kind})
    PAGE.write_text(page, "utf-8")


def _replaced(page: str, kind: str, counted: dict[str, int]) -> str:
    begin, end = f"<!-- tally: {kind} -->", "<!-- end -->"
    pattern = re.compile(rf"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        sys.exit(f"{PAGE.name} has no table for {kind}")
    rows = [f"| {what} | {number:,} |" for what, number in sorted(counted.items())]
    total = f"| **altogether** | **{sum(counted.values()):,}** |"
    table = "\n".join(["| what | times |", "|---|---:|", *rows, total])
    return pattern.sub(lambda _: f"{begin}\n{table}\n{end}", page)


if __name__ == "__main__":
    main(sys.argv[1])
