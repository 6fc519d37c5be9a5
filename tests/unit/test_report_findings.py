"""Findings as text and as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.finding import Finding, Fix
from audiodvc.project.validate import Validated
from audiodvc.report.findings import FORMATS, as_json, line, text
from audiodvc.report.look import Look
from tests.schema import documented, faults

LABEL = Finding(
    "db.emotion.csv",
    17,
    10,
    "AS002",
    "label 'hapy' is not in scheme 'emotion' (did you mean 'happy'?)",
    table="emotion",
    key=(("file", "audio/a.wav"),),
    field="emotion",
    value="hapy",
    fix=Fix("replace by the nearest label", "happy"),
)
HEADER = Finding("db.yaml", 3, 1, "AH014", "the dataset expired on 2020-01-01", "warning")
# Half a surrogate pair is a byte of a file name that is not UTF-8.
STRANGE = replace(LABEL, path="db.\udc80\n.csv", message="a\x1b[31m\nb\x85c\u202ed")

findings = st.builds(
    Finding,
    path=st.text(min_size=1),
    line=st.integers(1),
    column=st.integers(1),
    code=st.sampled_from(["AS002", "AH014", "AK001"]),
    message=st.text(),
    severity=st.sampled_from(["error", "warning"]),
    table=st.none() | st.text(),
    key=st.lists(st.tuples(st.text(), st.text()), unique_by=lambda level: level[0]).map(tuple),
    field=st.none() | st.text(),
    value=st.none() | st.text(),
    fix=st.none() | st.builds(Fix, st.text(), st.none() | st.text(), st.booleans()),
)


def done(*found: Finding, files: int = 5, rows: int = 120) -> Validated:
    """What `validate` would give for these findings."""
    return Validated(found, files, rows)


def test_text_has_a_line_for_each_finding_and_the_summary_last() -> None:
    """The place is one that editors and terminals find."""
    assert text(done(LABEL, HEADER), Look()).splitlines() == [
        "db.emotion.csv:17:10: AS002 label 'hapy' is not in scheme 'emotion' (did you mean 'happy'?)",
        "db.yaml:3:1: AH014 the dataset expired on 2020-01-01",
        "1 error, 1 warning in 5 files, 120 rows",
    ]


@pytest.mark.parametrize(
    ("validated", "summary"),
    [
        (done(), "no findings in 5 files, 120 rows"),
        (done(files=1, rows=1), "no findings in 1 file, 1 row"),
        (done(rows=1880261), "no findings in 5 files, 1,880,261 rows"),
        (done(HEADER), "1 warning in 5 files, 120 rows"),
        (done(LABEL, LABEL, rows=0), "2 errors in 5 files, 0 rows"),
    ],
)
def test_summary_counts_what_there_is(validated: Validated, summary: str) -> None:
    """One of a thing is not many, and what is not there is not said."""
    assert text(validated, Look()).splitlines()[-1] == summary


def test_past_twenty_of_a_code_in_a_file_text_says_how_many_more() -> None:
    """Other codes and other files are shown nevertheless."""
    many = [replace(LABEL, line=number) for number in range(2, 23)]
    lines = text(done(*many, replace(LABEL, code="AS003"), HEADER), Look()).splitlines()
    assert sum("AS002 label" in one for one in lines) == 20
    assert "db.emotion.csv: AS002 1 more" in lines
    assert sum("AS003" in one or "AH014" in one for one in lines) == 2


def test_paths_stand_behind_the_prefix() -> None:
    """What a reader can open from where they are."""
    assert line(HEADER, Look("../speech/")).startswith("../speech/db.yaml:3:1: ")
    assert json.loads(as_json(done(HEADER), Look("speech/")))["findings"][0]["path"] == "speech/db.yaml"


def test_a_finding_is_one_line_that_does_nothing_to_a_terminal() -> None:
    """Labels and file names come from anyone."""
    assert line(STRANGE) == r"db.\udc80\n.csv:17:10: AS002 a\x1b[31m\nb\x85c\u202ed"


def test_colours_change_nothing_but_colours() -> None:
    """Without their codes the text is the same."""
    coloured = text(done(LABEL, HEADER), Look(colour=True))
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text(done(LABEL, HEADER), Look())
    assert "\x1b[31mAS002\x1b[0m" in coloured
    assert "\x1b[33mAH014\x1b[0m" in coloured


def test_json_has_every_field() -> None:
    """Programs need not parse a message."""
    assert json.loads(as_json(done(LABEL, HEADER), Look())) == {
        "schema": "audiodvc.validate/v1",
        "summary": {"errors": 1, "warnings": 1, "files": 5, "rows": 120},
        "findings": [
            {
                "code": "AS002",
                "severity": "error",
                "path": "db.emotion.csv",
                "line": 17,
                "column": 10,
                "message": LABEL.message,
                "table": "emotion",
                "key": {"file": "audio/a.wav"},
                "field": "emotion",
                "value": "hapy",
                "fix": {"description": "replace by the nearest label", "value": "happy", "safe": False},
            },
            {
                "code": "AH014",
                "severity": "warning",
                "path": "db.yaml",
                "line": 3,
                "column": 1,
                "message": HEADER.message,
                "table": None,
                "key": {},
                "field": None,
                "value": None,
                "fix": None,
            },
        ],
    }


@given(st.lists(findings))
def test_json_is_as_documented(found: list[Finding]) -> None:
    """Whatever is found, the schema of the docs holds, and no text is lost."""
    report = json.loads(as_json(done(*found), Look()))
    assert list(faults(report, documented("audiodvc.validate/v1"))) == []
    assert [one["message"] for one in report["findings"]] == [one.message for one in found]


def test_json_keeps_a_file_name_that_is_not_utf_8() -> None:
    """It comes back as Python has it."""
    assert json.loads(as_json(done(STRANGE), Look()))["findings"][0]["path"] == STRANGE.path


@pytest.mark.parametrize("form", FORMATS)
@given(found=st.lists(findings), prefix=st.sampled_from(["", "a/", "../"]))
def test_every_format_can_be_written_to_a_file(form: str, found: list[Finding], prefix: str) -> None:
    """UTF-8 can say all of it."""
    FORMATS[form](done(*found), Look(prefix)).encode("utf-8")
