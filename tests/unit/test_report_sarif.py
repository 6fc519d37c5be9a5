"""Findings in SARIF 2.1.0."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from audiodvc.codes import CODES
from audiodvc.finding import Finding
from audiodvc.project.validate import Validated
from audiodvc.report.look import Look
from audiodvc.report.sarif import log

LABEL = Finding(
    "db.emotion.csv",
    17,
    10,
    "AS002",
    "label 'hapy' is not in scheme 'emotion'",
    table="emotion",
    key=(("file", "audio/a.wav"),),
    field="emotion",
    value="hapy",
)
HEADER = Finding("db.yaml", 3, 1, "AH014", "the dataset expired on 2020-01-01", "warning")


def run(*found: Finding, look: Look | None = None) -> dict[str, Any]:
    """The only run of the log."""
    written = json.loads(log(Validated(found, 5, 120), look or Look(version="1.2.3")))
    assert written["version"] == "2.1.0"
    assert written["$schema"].endswith("sarif-2.1.0.json")
    (only,) = written["runs"]
    assert isinstance(only, dict)
    return only


def marks(*found: Finding, look: Look | None = None) -> list[str]:
    """The fingerprints of findings."""
    return [result["partialFingerprints"]["audiodvc/v1"] for result in run(*found, look=look)["results"]]


def test_the_table_of_rules_has_every_code_once() -> None:
    """In the order of the reference, each with words and a level."""
    driver = run()["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("audiodvc", "1.2.3")
    assert [rule["id"] for rule in driver["rules"]] == list(CODES)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] == CODES[rule["id"]]


def test_a_rule_describes_itself_by_its_docstring() -> None:
    """First line short, the rest as help."""
    rule = next(rule for rule in run()["tool"]["driver"]["rules"] if rule["id"] == "AK001")
    assert "key" in rule["shortDescription"]["text"]
    assert "Bad:" in rule["help"]["markdown"]


def test_a_result_points_to_its_rule_and_its_place() -> None:
    """Every result is covered by the table of rules."""
    only = run(LABEL, HEADER, look=Look("speech/"))
    rules = only["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in only["results"]] == ["AS002", "AH014"]
    first = only["results"][0]
    assert (first["ruleId"], first["level"], first["message"]["text"]) == ("AS002", "error", LABEL.message)
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "speech/db.emotion.csv", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 17, "startColumn": 10},
            }
        }
    ]


def test_columns_are_counted_in_characters() -> None:
    """SARIF's own default would be UTF-16."""
    assert run()["columnKind"] == "unicodeCodePoints"


def test_a_path_is_a_uri() -> None:
    """Blanks, percent signs and bytes that are no UTF-8 are written as hexadecimal digits."""
    result = run(replace(LABEL, path="a b%é\udc80?#.csv"))["results"][0]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%20b%25%C3%A9%80%3F%23.csv"


def test_fingerprints_survive_moved_rows_and_other_values() -> None:
    """The same cell of the same row is the same finding, wherever it stands."""
    other = replace(LABEL, key=(("file", "audio/b.wav"),), line=18)
    first = marks(LABEL, other)
    moved = marks(
        replace(other, line=2), replace(LABEL, line=400, column=3, value="hapi", message="label 'hapi'")
    )
    assert set(first) == set(moved)
    assert len(set(first)) == 2


def test_fingerprints_tell_findings_apart() -> None:
    """By code, file, table, key, field, dataset, and by the message where there is no key."""
    others = [
        replace(LABEL, code="AS003"),
        replace(LABEL, table="other"),
        replace(LABEL, table=None),
        replace(LABEL, table=None, path="audio.media.csv"),
        replace(LABEL, key=(("file", "audio/b.wav"),)),
        replace(LABEL, field="age"),
        HEADER,
        replace(HEADER, message="another"),
    ]
    assert len({*marks(LABEL, *others), *marks(LABEL, look=Look("speech/"))}) == len(others) + 2


def test_equal_findings_are_numbered() -> None:
    """Three rows with one key are three results."""
    assert [mark.rpartition(":")[2] for mark in marks(LABEL, LABEL, LABEL)] == ["1", "2", "3"]


def test_github_gets_the_same_fingerprint_under_the_name_that_it_looks_at() -> None:
    """Otherwise it would make one of the lines that follow."""
    prints = run(LABEL)["results"][0]["partialFingerprints"]
    assert prints["primaryLocationLineHash"] == prints["audiodvc/v1"]


def test_two_datasets_of_a_repository_have_two_categories() -> None:
    """What stands before the last slash is the category."""
    categories = {
        run(look=Look(prefix))["automationDetails"]["id"].rpartition("/")[0] for prefix in ("", "a/", "b/c/")
    }
    assert categories == {"audiodvc", "audiodvc/a", "audiodvc/b/c"}
