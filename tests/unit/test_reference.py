"""The pages of the reference that are made from the code."""

from __future__ import annotations

import inspect
import os
import re
from itertools import pairwise
from pathlib import Path

import pytest

from audiodvc.cli.main import VERBS
from audiodvc.cli.reference import PAGES, command_line_page, write
from audiodvc.codes import CODES
from audiodvc.report.reference import page, rules_page
from audiodvc.rules.catalogue import RULES

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_the_one_that_the_code_makes(name: str) -> None:
    """`make docs` writes it."""
    assert (REFERENCE / name).read_text("utf-8") == PAGES[name]()


def test_pages_are_written_into_a_folder(tmp_path: Path) -> None:
    """All of them, and nothing else."""
    write(tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(PAGES)


def test_every_rule_has_a_row_and_a_section() -> None:
    """In the order of the codes."""
    text = rules_page()
    codes = [code for code in CODES if code in RULES]
    assert re.findall(r"(?m)^\| \[(\w+)\]", text) == codes
    assert re.findall(r"(?m)^## (\w+)$", text) == codes
    assert "\n\n\n" not in text


@pytest.mark.parametrize("code", RULES)
def test_a_rule_says_what_it_finds_and_shows_it(code: str) -> None:
    """A short first line, why it matters, a bad and a good example."""
    found = page(code)
    assert len(found.summary) < 110
    assert found.summary.endswith(".")
    assert re.search(r"(?m)^Bad\b.*:\n\n    \S", found.text)
    assert re.search(r"(?m)^Good\b.*:\n\n    \S", found.text)
    assert not re.match(r"Bad\b", found.text)


@pytest.mark.parametrize("code", RULES)
def test_a_docstring_is_markdown(code: str) -> None:
    """Its indented blocks are set off by blank lines, or they would be running text."""
    lines = inspect.cleandoc(RULES[code].__doc__ or "").splitlines()
    for before, after in pairwise(lines):
        assert not (after.startswith("    ") and before and not before.startswith(" ")), after


def test_every_verb_has_a_section_with_its_options() -> None:
    """Whatever the width of the terminal."""
    text = command_line_page()
    assert set(re.findall(r"(?m)^## (\S+)$", text)) <= {"audiodvc", *VERBS}
    assert "\n## validate\n\n    audiodvc validate [OPTIONS]\n" in text
    assert "\n- `--format [text|json|github|sarif]`: " in text
    assert "\n- `-C DIR`: " in text


def test_the_page_does_not_depend_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the same everywhere."""
    wide = command_line_page()
    monkeypatch.setitem(os.environ, "COLUMNS", "20")
    assert command_line_page() == wide
