"""The rules of the header: whatever passes loads, and nothing makes a rule fail."""

from __future__ import annotations

import copy
import datetime as dt
import math
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.finding import Finding
from audiodvc.model import snapshot
from audiodvc.model.header import parse
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules import header as rules
from audiodvc.rules.attachments import ah015
from audiodvc.rules.languages import ah009
from audiodvc.rules.paths import ar001
from audiodvc.rules.references import ah006, ah013
from audiodvc.rules.schemes import ah007

TODAY = dt.date(2024, 6, 1)
WHOLE = """\
name: whole
source: a test
usage: research
expires: 2030-01-01
languages: [deu, eng]
license: CC0-1.0
attachments:
  notes: {path: notes.txt, description: some notes}
  paper: {path: docs}
media:
  mic: {type: audio, format: wav, sampling_rate: 16000, channels: 1, bit_depth: 16}
  film: {type: video, video_fps: 25, video_resolution: [800, 600]}
raters:
  anna: {type: human}
schemes:
  answer: {dtype: str, labels: [happy, sad]}
  city: {dtype: str, labels: {ulm: {people: 120000}, bonn: beautiful}}
  level: {dtype: int, labels: [1, 2]}
  share: {dtype: float, minimum: 0, maximum: 1}
  ratio: {dtype: float, labels: [0, 0.5]}
  day: {dtype: date, labels: [2020-01-01 00:00:00]}
  length: {dtype: time}
  speaker: {dtype: int, labels: people}
  right: {dtype: bool}
splits:
  train: {type: train}
tables:
  turns:
    type: segmented
    split_id: train
    media_id: mic
    columns:
      answer: {scheme_id: answer, rater_id: anna}
      share: {scheme_id: share}
      ratio: {scheme_id: ratio}
      speaker: {scheme_id: speaker}
      free: {}
  files:
    type: filewise
    media_id: film
    columns: {day: {scheme_id: day}, length: {scheme_id: length}, right: {scheme_id: right}}
misc_tables:
  people: {levels: {id: int}, columns: {city: {scheme_id: city}}}
  pairs: {levels: {a: str, b: date}, columns: {level: {scheme_id: level}}}
"""
ODD = st.sampled_from(
    [
        *(
            None,
            True,
            False,
            0,
            1,
            -3,
            2**70,
            0.5,
            math.nan,
            math.inf,
            "",
            "x",
            "nothing",
            "_df",
            "/a",
            "a b",
        ),
        *(dt.date(2020, 1, 1), dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),  # noqa: DTZ001
        *([], [1], ["a", None], [["a"]], ["happy", "happy"], {}, {"a": 1}, {1: 2, "b": 3}, {"type": "train"}),
        *(
            "str",
            "int",
            "date",
            "time",
            "object",
            "segmented",
            "answer",
            "people",
            "pairs",
            "turns",
            "docs/b",
        ),
    ]
)
KEYS = st.sampled_from(
    [
        "id",
        "file",
        "start",
        "_df",
        "_id",
        "meta",
        "dtype",
        "type",
        "labels",
        "minimum",
        "people",
        "a/b",
        1,
        "1",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_header_without_findings_loads(data: st.DataObject) -> None:
    """A sound header, changed at up to three places, is refused by a rule or read by audformat."""
    content = yaml.safe_load(WHOLE)
    for _ in range(data.draw(st.integers(0, 3))):
        _change(content, data)
    text = yaml.safe_dump(content, sort_keys=False)
    taken = take(text)
    if not found(taken):
        load(text, {one: sheet.data for one, sheet in taken.tables.items()})


@given(
    st.recursive(ODD, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20),
    st.sampled_from([*yaml.safe_load(WHOLE), "anything"]),
)
def test_no_shape_makes_a_rule_fail(value: object, key: str) -> None:
    """What stands under a key of the header may be anything."""
    content = {**yaml.safe_load(WHOLE), key: value}
    assert all(finding.line >= 1 and finding.column >= 1 for finding in found(take(yaml.safe_dump(content))))


def test_a_finding_says_where_in_the_header_it_is() -> None:
    """The path of keys tells findings of one code apart, and the table lets settings ignore them."""
    text = WHOLE.replace("type: human", "type: humen").replace("rater_id: anna", "rater_id: hanna")
    assert [(one.code, one.table, one.field) for one in found(take(text)) if one.code != "AH013"] == [
        ("AH004", None, "raters.anna.type"),
        ("AH006", "turns", "tables.turns.columns.answer.rater_id"),
    ]


def test_a_message_stays_one_line() -> None:
    """A value may hold line breaks, control characters, or a whole book."""
    text = 'name: a\nsource: b\nusage: "x\\ny\\0' + "z" * 100 + '"\n'
    (finding,) = found(take(text))
    assert finding.message.startswith("'usage' cannot be 'x\\ny\\x00zzz")
    assert len(finding.message) < 150


@pytest.mark.parametrize("broken", ["- a\n", "", "a: [\n", "<<<<<<< a\n", "name: a\n\xff"])
def test_nothing_follows_from_a_header_that_cannot_be_read(broken: str) -> None:
    """No table is then said to be undeclared."""
    data = broken.encode("latin-1")
    taken = snapshot.take({"db.yaml": "file", "db.a.csv": "file"}, lambda _: data, TODAY)
    assert {finding.code for finding in found(taken)} <= {"AH001"}


@pytest.mark.parametrize("text", ["tables: [a]\n", "misc_tables: 3\n"])
def test_nothing_is_missed_in_a_section_that_is_no_mapping(text: str) -> None:
    """That it is none is said once; no scheme counts as unused, and no table as undeclared."""
    head = "name: a\nsource: b\nusage: other\nschemes:\n  s: {dtype: str}\n"
    assert [finding.code for finding in found(take(head + text, {"db.b.csv": b"file\n"}))] == ["AH005"]


@pytest.mark.parametrize(
    ("dtype", "label", "cell"),
    [
        ("str", "happy", "happy"),
        ("str", "yes", "yes"),
        ("str", "'yes'", "yes"),
        ("str", "1", "1"),
        ("object", "a", "a"),
        ("int", "1", "1"),
        ("int", "'1'", "1"),
        ("int", "-9223372036854775808", "-9223372036854775808"),
        ("int", "9223372036854775808", ""),
        ("float", "1", "1.0"),
        ("float", "1.5", "1.5"),
        ("float", ".inf", "inf"),
        ("float", ".nan", "nan"),
        ("float", "'1.5'", "1.5"),
        ("bool", "true", "True"),
        ("time", "0 days 00:00:01.500000000", "0 days 00:00:01.500000000"),
        ("time", "1.5s", "0 days 00:00:01.500000000"),
        ("date", "2020-01-01 00:00:00", "2020-01-01"),
        ("date", "2020-01-01 10:20:30", "2020-01-01 10:20:30"),
        ("date", "2020-01-01", "2020-01-01"),
        ("date", "'2020-01-01'", "2020-01-01"),
        ("date", "2020-01-01T00:00:00Z", "2020-01-01"),
        ("str", "~", ""),
    ],
)
def test_labels_are_those_that_a_loader_matches_with_cells(dtype: str, label: str, cell: str) -> None:
    """A label passes exactly if audformat finds it in a cell of canonical form."""
    # The other label is of the dtype in any case, so that the loader looks at more than one.
    other = {"int": "7", "float": "7.5", "date": "1999-01-01 00:00:00", "bool": "false"}.get(dtype, "other")
    other = "0 days 00:00:07.000000000" if dtype == "time" else other
    head = "name: a\nsource: b\nusage: other\n"
    schemes = f"schemes:\n  s: {{dtype: {dtype}, labels: [{other}, {label}]}}\n"
    text = f"{head}{schemes}tables:\n  t: {{type: filewise, columns: {{s: {{scheme_id: s}}}}}}\n"
    passes = not list(ah007(take(text)))
    assert passes == _matched(text, f"file,s\na.wav,{cell}\n".encode())


def test_labels_of_another_misc_table_are_refused_as_audformat_does() -> None:
    """A misc table that gives labels has no column with labels of a misc table, its own included."""
    text = WHOLE.replace("city: {scheme_id: city}", "city: {scheme_id: speaker}")
    (finding,) = ah007(take(text))
    assert "the labels of its column 'city' come from a misc table too" in finding.message
    with pytest.raises(Exception, match=r"uses labels from a misc table|Bad key 'speaker'"):
        load(text, {})


def test_a_table_that_gives_labels_is_told_from_nothing() -> None:
    """Only misc tables can, and that the id is there makes no difference."""
    (finding,) = ah006(take(WHOLE.replace("labels: people", "labels: files")))
    assert finding.message.endswith("names no misc table: 'files' (it is a table, not a misc table)")


def test_a_scheme_of_labels_alone_counts_as_used_by_columns_only() -> None:
    """A misc table is no user of the scheme that takes labels from it."""
    (finding,) = ah013(take(WHOLE.replace("speaker: {scheme_id: speaker}", "speaker: {}")))
    assert finding.message == "scheme 'speaker' is used by no column"


@pytest.mark.parametrize(
    ("language", "meant"),
    [
        ("de", "deu"),
        ("DE", "deu"),
        ("ger", "deu"),
        ("German", "deu"),
        ("german ", "deu"),
        ("Germna", "deu"),
        ("DEU", "deu"),
        ("de_AT", "deu"),
        ("en-US", "eng"),
        ("English (US)", "eng"),
        ("iw", "heb"),
        ("mandarin", "cmn"),
        ("", None),
        ("12", None),
        ("ber", None),
    ],
)
def test_the_language_that_was_meant_is_suggested(language: str, meant: str | None) -> None:
    """Names and codes of other parts of the standard, in any case, lead to the code."""
    (finding,) = ah009(take(yaml.safe_dump({"languages": [language]})))
    hint = f" (did you mean '{meant}'?)" if meant else ""
    assert finding.message == f"language '{language}' is not in ISO 639-3{hint}"


NAMES = st.lists(st.sampled_from(["a", "b", "a.b", "ab"]), min_size=1, max_size=3).map("/".join)


@given(st.lists(NAMES, unique=True), NAMES)
def test_an_attachment_holds_media_if_it_is_the_file_or_a_folder_above(files: list[str], path: str) -> None:
    """Found at once for all attachments, the same as file by file."""
    head = f"attachments: {{x: {{path: '{path}'}}, y: {{path: other}}}}\ntables: {{t: {{type: filewise}}}}\n"
    rows = "".join(f"{file}\n" for file in files)
    taken = take(head, {"db.t.csv": f"file\n{rows}".encode(), "other": b"", path: b""})
    holds = any(f"{file}/".startswith(f"{path}/") for file in files)
    assert [finding.field for finding in ah015(taken)] == ["attachments.x.path"] * holds


def take(text: str, files: Mapping[str, bytes] | None = None) -> Snapshot:
    """A snapshot of a header with empty tables, attachments, and what else is given."""
    header = parse(text)
    tables = {f"db.{one}.csv": f"{','.join(header.spec(one).names)}\n".encode() for one in header.tables}
    content = {**tables, "notes.txt": b"", "docs/b": b"", **(files or {}), "db.yaml": text.encode()}
    return snapshot.take(dict.fromkeys(content, "file"), content.__getitem__, TODAY)


def found(taken: Snapshot) -> list[Finding]:
    """What the rules of the header find, with the one that looks at the paths of attachments."""
    return sorted(finding for rule in (*rules.RULES, ar001) for finding in rule(taken))


def load(text: str, tables: Mapping[str, bytes]) -> Any:  # noqa: ANN401  (audformat has no types)
    """The database that audformat makes of a header and tables, all of it read."""
    import audformat

    with tempfile.TemporaryDirectory() as folder:
        for name, content in {
            "db.yaml": text.encode(),
            **{f"db.{k}.csv": v for k, v in tables.items()},
        }.items():
            Path(folder, name).write_bytes(content)
        database = audformat.Database.load(folder, load_data=True)
        str(database)
        return database


def _matched(text: str, rows: bytes) -> bool:
    try:
        return not load(text, {"t": rows})["t"].df["s"].isna().any()
    except (OverflowError, ValueError, Warning):
        return False


def _change(content: object, data: st.DataObject) -> None:
    """Replace, remove or add something somewhere."""
    path = data.draw(st.sampled_from(list(_paths(content))))
    holder: Any = content
    for part in path[:-1]:
        holder = holder[part]
    what = data.draw(st.sampled_from(["replace", "replace", "remove", "add"]))
    if what == "replace":
        holder[path[-1]] = copy.deepcopy(data.draw(ODD))
    elif what == "remove":
        del holder[path[-1]]
    elif isinstance(holder, dict):
        holder[data.draw(KEYS)] = copy.deepcopy(data.draw(ODD))


def _paths(content: object, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content if isinstance(content, list) else ())
    )
    for step, inner in steps:
        yield (*above, step)
        yield from _paths(inner, (*above, step))
