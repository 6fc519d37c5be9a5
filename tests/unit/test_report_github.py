"""Findings as annotations and summary of a step on GitHub."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.finding import Finding
from audiodvc.project.validate import Validated
from audiodvc.report.github import SUMMARY_ROOM, commands, summary
from audiodvc.report.look import Look

LABEL = Finding("db.emotion.csv", 17, 10, "AS002", "label 'hapy' is not in 'emotion'")
HEADER = Finding("db.yaml", 3, 1, "AH014", "the dataset expired on 2020-01-01", "warning")


def done(*found: Finding) -> Validated:
    """What `validate` would give for these findings."""
    return Validated(found, 5, 120)


def unescaped(text: str) -> str:
    """What a runner makes of an escaped text."""
    for code, character in {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}.items():
        text = text.replace(code, character)
    return text


def test_each_finding_is_a_command() -> None:
    """Errors come first, paths start at the top of the repository."""
    assert commands(done(HEADER, LABEL), Look("speech/")).splitlines() == [
        "::error file=speech/db.emotion.csv,line=17,col=10,title=AS002::label 'hapy' is not in 'emotion'",
        "::warning file=speech/db.yaml,line=3,col=1,title=AH014::the dataset expired on 2020-01-01",
        "1 error, 1 warning in 5 files, 120 rows",
    ]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("100% a:b,c", "100%25 a:b,c"),
        ("a\r\nb", "a%0D%0Ab"),
        ("%0A", "%250A"),
        ("\n::error::x", "%0A::error::x"),
    ],
)
def test_a_message_cannot_end_its_command(message: str, said: str) -> None:
    """A line end would begin another command; colons and commas are free."""
    assert commands(done(replace(LABEL, message=message)), Look()).splitlines()[0].endswith(f"AS002::{said}")


def test_a_path_cannot_end_its_property() -> None:
    """Colons and commas part properties."""
    first = commands(done(replace(LABEL, path="a%,b:c\n.csv")), Look()).splitlines()[0]
    assert first.startswith("::error file=a%25%2Cb%3Ac%0A.csv,line=17,")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_runner_reads_what_was_said(path: str, message: str) -> None:
    """One line, with path and message as they were."""
    first, last = commands(done(replace(LABEL, path=path, message=message)), Look()).split("\n")
    found = re.fullmatch(r"::error file=([^,:]*),line=17,col=10,title=AS002::(.*)", first, re.DOTALL)
    assert found
    assert (unescaped(found[1]), unescaped(found[2])) == (path, message)
    assert last == "1 error in 5 files, 120 rows"


def test_the_last_annotation_of_a_kind_says_how_many_are_left_out() -> None:
    """GitHub drops the eleventh without a word."""
    many = [*[LABEL] * 10, *[HEADER] * 1012]
    *lines, _ = commands(done(*many), Look()).splitlines()
    errors, warnings = lines[:10], lines[10:]
    assert not any("more" in line for line in errors)
    assert len(warnings) == 10
    assert warnings[-1].endswith("%0A1,002 more warnings: see the summary of this step")
    assert commands(done(*[LABEL] * 11), Look()).count("1 more error:") == 1


def test_summary_lists_all_findings() -> None:
    """Also those that no annotation shows."""
    page = summary(done(*[LABEL] * 30, HEADER), Look())
    assert page.startswith("**30 errors, 1 warning** in 5 files, 120 rows\n\n| place |")
    assert page.count("| db.emotion.csv:17:10 | AS002 | error | label 'hapy' is not in 'emotion' |\n") == 30
    assert page.endswith("| db.yaml:3:1 | AH014 | warning | the dataset expired on 2020-01-01 |\n")


def test_summary_of_nothing_is_short() -> None:
    """No empty table."""
    assert summary(done(), Look("speech/")) == "### speech\n\n**no findings** in 5 files, 120 rows\n\n"


def test_a_message_is_no_markdown() -> None:
    """Cells of a table of findings hold what was said."""
    row = summary(done(replace(LABEL, message="a|b `c` <img> *d*\n[e](f)")), Look()).splitlines()[-1]
    assert row.endswith(r"| a\|b \`c\` \<img\> \*d\*\\n\[e\]\(f\) |")


@given(st.integers(500, 5000), st.integers(0, 60))
def test_a_summary_fits_its_room(room: int, count: int) -> None:
    """GitHub shows nothing of one that is too long; what is left out is counted."""
    page = summary(done(*[LABEL] * count), Look(), room)
    left = re.search(r"and ([\d,]+) more", page)
    assert len(page.encode()) <= room
    assert page.count("| AS002 |") + (int(left[1]) if left else 0) == count


def test_a_hundred_thousand_findings_fit() -> None:
    """One mebibyte for a step."""
    assert len(summary(done(*[replace(LABEL, message="é" * 80)] * 100_000), Look()).encode()) <= SUMMARY_ROOM
