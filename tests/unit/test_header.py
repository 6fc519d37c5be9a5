"""The header: places, views, form."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.errors import FormatError
from audiodvc.model.header import ColumnEntry, canonical, dump, parse
from audiodvc.model.spec import Spec

TEXT = """\
name: emodb
source: https://example.org
usage: unrestricted
expires: 2030-01-01
attachments:
  paper: {path: docs/paper.bib}
media:
  mic: {type: audio, sampling_rate: 16000}
raters:
  gold: {type: human}
schemes:
  emotion:
    dtype: str
    labels: [anger, neutral]
  age: {dtype: int, minimum: 0, maximum: 120}
  plain: {}
  speaker: {dtype: int, labels: speaker}
  speaker-too: {labels: speaker}
  gender:
    labels:
      f: {name: female}
      m:
splits:
  train: {type: train}
  test:
tables:
  emotion:
    type: filewise
    split_id: train
    media_id: mic
    columns:
      emotion: {scheme_id: emotion, rater_id: gold}
      age: {scheme_id: age}
      free: {}
      lost: {scheme_id: nothing}
      empty:
  turns:
    type: segmented
    columns: {speaker: {scheme_id: speaker}, again: {scheme_id: speaker-too}, gender: {scheme_id: gender}}
  files: {}
misc_tables:
  speaker:
    levels: {id: int}
    columns: {age: {scheme_id: age}}
  pairs: {levels: {a: str, when: date}}
"""

SEGMENT = (("file", "str"), ("start", "time"), ("end", "time"))


def test_a_header_gives_its_data_and_no_findings() -> None:
    """Values are those of YAML."""
    header = parse(TEXT.encode())
    assert header.findings == ()
    assert header.data == yaml.safe_load(TEXT)
    assert header.data["expires"] == dt.date(2030, 1, 1)
    assert (header.name, header.path, header.text) == ("emodb", "db.yaml", TEXT)


def test_tables_come_in_the_order_of_the_header_misc_tables_last() -> None:
    """Which is the order in which splits are compared."""
    header = parse(TEXT)
    assert list(header.tables) == ["emotion", "turns", "files", "speaker", "pairs"]
    assert [table.kind for table in header.tables.values()] == [
        "filewise",
        "segmented",
        "filewise",
        "misc",
        "misc",
    ]
    assert header.declared == tuple(header.tables)


def test_a_table_names_its_columns_split_and_media() -> None:
    """As text; whether they exist is a rule's question."""
    table = parse(TEXT).tables["emotion"]
    assert (table.split_id, table.media_id) == ("train", "mic")
    assert list(table.columns) == ["emotion", "age", "free", "lost", "empty"]
    assert table.columns["emotion"] == ColumnEntry("emotion", "emotion", "gold")
    assert table.columns["empty"] == ColumnEntry("empty", None, None)


@pytest.mark.parametrize(
    ("table", "spec"),
    [
        (
            "emotion",
            Spec(
                "emotion",
                "filewise",
                (("file", "str"),),
                (
                    ("emotion", "str"),
                    ("age", "int"),
                    ("free", "object"),
                    ("lost", "object"),
                    ("empty", "object"),
                ),
            ),
        ),
        (
            "turns",
            Spec("turns", "segmented", SEGMENT, (("speaker", "int"), ("again", "int"), ("gender", "str"))),
        ),
        ("files", Spec("files", "filewise", (("file", "str"),))),
        ("speaker", Spec("speaker", "misc", (("id", "int"),), (("age", "int"),))),
        ("pairs", Spec("pairs", "misc", (("a", "str"), ("when", "date")))),
    ],
)
def test_a_spec_has_the_dtypes_of_the_schemes(table: str, spec: Spec) -> None:
    """A misc table lends its level's dtype; a column without a known scheme is text."""
    assert parse(TEXT).spec(table) == spec


def test_schemes_have_labels_in_three_forms() -> None:
    """A list, a mapping to fields, or a misc table."""
    schemes = parse(TEXT).schemes
    assert schemes["emotion"].labels == ("anger", "neutral")
    assert schemes["gender"].labels == {"f": {"name": "female"}, "m": None}
    assert schemes["speaker"].labels == "speaker"
    assert (schemes["age"].minimum, schemes["age"].maximum, schemes["age"].labels) == (0, 120, None)


def test_other_sections_are_as_they_stand() -> None:
    """Without what is empty."""
    header = parse(TEXT)
    assert header.attachments == {"paper": "docs/paper.bib"}
    assert header.media == {"mic": {"type": "audio", "sampling_rate": 16000}}
    assert header.raters == {"gold": {"type": "human"}}
    assert header.splits == {"train": {"type": "train"}, "test": {}}


def test_a_value_that_is_missing_has_the_place_of_what_lacks_it() -> None:
    """Its key, if asked for."""
    header = parse(TEXT)
    assert header.place("schemes", "age", "minimum") == (15, 30)
    assert header.place("schemes", "age", "labels", key=True) == (15, 3)
    assert header.place("schemes", "emotion", "labels", 1) == (14, 21)


def test_dtypes_are_those_that_audformat_loads() -> None:
    """A scheme that does not say its dtype is str to the loader, even with numbers for labels."""
    audformat = pytest.importorskip("audformat")
    text = dump(
        {
            "name": "x",
            "source": "x",
            "usage": "other",
            "schemes": {
                "a": {"labels": [1, 2]},
                "b": {},
                "c": {"dtype": "float"},
                "d": {"labels": {"x": {}}},
            },
        }
    )
    database = audformat.Database.load_header_from_yaml(yaml.safe_load(text))
    ours = {name: scheme.dtype for name, scheme in parse(text).schemes.items()}
    assert ours == {name: scheme.dtype for name, scheme in database.schemes.items()}


@pytest.mark.parametrize(
    ("data", "findings"),
    [
        ("", [("AH001", 1, 1, "the header is empty")]),
        ("# nothing\n", [("AH001", 1, 1, "the header is empty")]),
        ("- a\n", [("AH001", 1, 1, "the header is not a mapping")]),
        ("name: a\nname: b\n", [("AH002", 2, 1, "key 'name' is given twice (first on line 1)")]),
        (
            "name: [\n",
            [("AH001", 2, 1, "not valid YAML: did not find expected node content while parsing a flow node")],
        ),
        ("a: !!python/name:os.system\n", [("AH001", 1, 4, "tag '!!python/name:os.system' is not allowed")]),
        (b"\xff", [("AF001", 1, 1, "not UTF-8 (byte 0xff)")]),
        (
            b"\xef\xbb\xbfname: a\r\n",
            [
                ("AF001", 1, 1, "begins with a byte-order mark"),
                ("AF002", 1, 8, "lines end in CRLF or CR, not in LF"),
            ],
        ),
        ("<<<<<<< ours\n", [("AM001", 1, 1, "merge-conflict marker <<<<<<<")]),
    ],
)
def test_a_header_that_is_broken_says_where(
    data: bytes | str, findings: list[tuple[str, int, int, str]]
) -> None:
    """One fault, one finding."""
    assert [(f.code, f.line, f.column, f.message) for f in parse(data).findings] == findings


SHAPE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["filewise", "misc", "str", "a", "date"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "tables",
                    "misc_tables",
                    "schemes",
                    "columns",
                    "levels",
                    "labels",
                    "dtype",
                    "type",
                    "scheme_id",
                    "a",
                ]
            )
            | st.integers(),
            inner,
            max_size=3,
        )
    ),
    max_leaves=15,
)


@given(SHAPE)
def test_views_leave_out_what_they_do_not_understand(shape: object) -> None:
    """A malformed header has views, and a spec of every table in them."""
    entry = {"a": shape, 1: shape}
    header = parse(dump({"tables": entry, "misc_tables": entry, "schemes": entry, "attachments": entry}))
    assert set(header.tables) <= set(header.declared)
    for table in header.tables:
        assert header.spec(table).levels
    header = parse(yaml.safe_dump(shape))
    assert all(header.spec(table).levels for table in header.tables)


@pytest.mark.parametrize(
    "tables",
    [
        "tables: {a: {type: sliced}}",
        "tables: {a: []}",
        "misc_tables: {a: {}}",
        "misc_tables: {a: {levels: [x]}}",
        "tables: {1: {type: filewise}}",
    ],
)
def test_a_table_whose_key_is_not_known_has_no_view(tables: str) -> None:
    """Nothing can be said of its rows; rules say what is wrong with its entry."""
    assert parse(tables + "\n").tables == {}


def test_a_table_of_an_unknown_kind_is_declared_all_the_same() -> None:
    """Its file is no stray."""
    assert parse("tables: {a: {type: sliced}}\n").declared == ("a",)


def test_canonical_form_leaves_keys_comments_and_style_alone() -> None:
    """Line ends, blanks at them and the last newline are settled."""
    text = "\ufeff# c  \r\nusage:   other\r\nname: 'x' \r\nlanguages: [ deu,eng ]"
    assert canonical(text) == "# c\nusage:   other\nname: 'x'\nlanguages: [ deu,eng ]\n"
    assert canonical(TEXT) == TEXT


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "a: 1\na: 2\n", "<<<<<<< ours\n"])
def test_what_is_no_header_is_not_formatted(text: str) -> None:
    """The error says what `validate` would."""
    with pytest.raises(FormatError) as caught:
        canonical(text)
    assert caught.value.details


def test_a_new_header_is_what_audformat_would_write() -> None:
    """Order, style and line breaks are the same, so that either can write the other's file."""
    testing = pytest.importorskip("audformat.testing")
    database = testing.create_db()
    assert dump(database.to_dict()) == database.dump()
    assert dump(yaml.safe_load(database.dump())) == database.dump()


def test_a_new_header_orders_keys_but_not_columns_or_labels() -> None:
    """Ids are sorted; columns stand as in the table, and labels as they were given."""
    data: dict[str, Any] = {
        "zoo": 1,
        "misc_tables": {
            "m": {"columns": {"z": {}, "a": {"rater_id": "r", "scheme_id": "s"}}, "levels": {"l": "str"}}
        },
        "schemes": {"t": {"labels": ["z", "a"], "dtype": "str"}, "s": {"own": 1, "dtype": "str"}},
        "usage": "other",
        "name": "x",
    }
    assert dump(data) == (
        "name: x\n"
        "usage: other\n"
        "schemes:\n"
        "  s: {dtype: str, own: 1}\n"
        "  t:\n"
        "    dtype: str\n"
        "    labels: [z, a]\n"
        "misc_tables:\n"
        "  m:\n"
        "    levels: {l: str}\n"
        "    columns:\n"
        "      z: {}\n"
        "      a: {scheme_id: s, rater_id: r}\n"
        "zoo: 1\n"
    )


@given(st.dictionaries(st.sampled_from(["name", "tables", "schemes", "media", "zoo"]), SHAPE, min_size=1))
def test_a_new_header_says_its_data_in_canonical_form(data: dict[str, object]) -> None:
    """Data, text, data; and nothing for `fmt` to do."""
    text = dump(data)
    assert parse(text).data == data
    assert canonical(text) == text
