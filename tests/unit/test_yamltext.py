"""YAML as data with places, and what is wrong with a text."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.finding import Place
from audiodvc.model.yamltext import Codes, Document, read
from audiodvc.model.yamltree import MAX_DEPTH, Fault, build

SOUP = st.text(alphabet="ab1:-|>+, \t\n\r'\"[]{}#&*?<=~.é", max_size=40)
"""Text that is YAML often enough."""


def document(data: bytes | str) -> Document:
    """The text, read with codes that tell its faults apart."""
    return read(data, "x.yaml", Codes(broken="BROKEN", repeated="TWICE"))


def found(data: bytes | str) -> list[tuple[str, int, int]]:
    """Code, line and column of all findings but those about the last newline."""
    findings = document(data).findings
    return [(f.code, f.line, f.column) for f in findings if f.message != "no newline at the end"]


@settings(max_examples=200)
@given(SOUP)
def test_data_are_those_of_the_safe_loader(text: str) -> None:
    """Where both read a text, both read the same; what we refuse beyond that is not text of a dataset."""
    try:
        theirs = yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        with pytest.raises(Fault):
            build(text)
        return
    try:
        ours = build(text).data
    except Fault as fault:
        assert "stands within" in fault.message  # noqa: PT017  (not every text has a fault)
    else:
        assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    "text",
    [
        "a: [yes, no, on, 0o7, 010, 0x1F, 1_000, 1e3, 1.5, .inf, ~, null, 190:20:30]",
        "a: 2020-01-01\nb: 2020-01-01 10:20:30\nc: 2020-01-01T10:20:30.5+02:00",
        "a: !!str 1\nb: !!int '2'\nc: !!float 1\nd: !!map {}\ne: !!seq []\nf: ! g",
        "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {y: 4, <<: [{z: 1, x: 5}, *a]}",
        "a: &a 1\n*a : 2\nb: |\n  x\n\n  y\nc: >-\n  x\n  y\n",
        "? a\n: b\n'c d': \"e\\n\"\n",
    ],
)
def test_values_are_those_of_yaml_1_1(text: str) -> None:
    """As audformat's loader reads them."""
    assert document(text + "\n").data == yaml.safe_load(text)


PLACES = """\
a: 1
b: &b
  c: 2
  d:
  - x
  - [y]
  e: {f: 3}
g: *b
h: { yes: no }
é: ü
"""


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), (1, 1), (1, 1)),
        (("a",), (1, 4), (1, 1)),
        (("b",), (2, 4), (2, 1)),
        (("b", "c"), (3, 6), (3, 3)),
        (("b", "d", 0), (5, 5), (5, 5)),
        (("b", "d", 1, 0), (6, 6), (6, 6)),
        (("b", "e", "f"), (7, 10), (7, 7)),
        (("b", "e", "missing"), (7, 6), (7, 3)),
        (("missing", "x"), (1, 1), (1, 1)),
        (("a", "x", "y"), (1, 4), (1, 1)),
        (("g",), (8, 4), (8, 1)),
        (("g", "c"), (3, 6), (3, 3)),
        (("h", True), (9, 11), (9, 6)),
        (("é",), (10, 4), (10, 1)),
    ],
)
def test_every_key_and_value_has_its_place(
    path: tuple[str | int, ...], value: tuple[int, int], key: tuple[int, int]
) -> None:
    """What is not there has the place of the nearest above it that is."""
    for text in (PLACES, "\ufeff" + PLACES, PLACES.replace("\n", "\r\n")):
        assert document(text).place(*path) == value
        assert document(text).place(*path, key=True) == key


@pytest.mark.parametrize(
    ("data", "findings"),
    [
        ("a: 1\na: 2\n", [("TWICE", 2, 1)]),
        ("a: {b: 1, 'b': 2}\na: 3\n", [("TWICE", 1, 11), ("TWICE", 2, 1)]),
        ("1: a\n1.0: b\n", [("TWICE", 2, 1)]),
        ("a: [1\nb: 2\n", [("BROKEN", 2, 2)]),
        ("a: 'b\n", [("BROKEN", 2, 1)]),
        ("a: b: c\n", [("BROKEN", 1, 5)]),
        ("a: 1\n---\nb: 1\n", [("BROKEN", 2, 1)]),
        ("é: \x01\n", [("BROKEN", 1, 4)]),
        ("a: *b\n", [("BROKEN", 1, 4)]),
        ("a: &a [*a]\n", [("BROKEN", 1, 8)]),
        ("? [a]\n: b\n", [("BROKEN", 1, 3)]),
        ("a:\n  2020-13-45\n", [("BROKEN", 2, 3)]),
        ("a: !!int x\n", [("BROKEN", 1, 4)]),
        ("a: !!bool x\n", [("BROKEN", 1, 4)]),
        ("a: !!timestamp x\n", [("BROKEN", 1, 4)]),
        ("a: !!python/object/apply:os.getcwd []\n", [("BROKEN", 1, 4)]),
        ("a: !!set {b}\n", [("BROKEN", 1, 4)]),
        ("a: !!map []\n", [("BROKEN", 1, 4)]),
        ("a: !own b\n", [("BROKEN", 1, 4)]),
        ("a: {<<: 1}\n", [("BROKEN", 1, 9)]),
        ("a: <<\n", [("BROKEN", 1, 4)]),
        ("a: =\n", [("BROKEN", 1, 4)]),
        ("a: " + "1:" * 1000 + "1\n", [("BROKEN", 1, 4)]),
        ("a: " + "9" * 900 + "\n", []),
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH + "\n", []),
        ("[" * 100_000, [("BROKEN", 1, MAX_DEPTH + 1)]),
        ("- " * 100_000, [("BROKEN", 1, 2 * MAX_DEPTH + 1)]),
        (b"a: \xff\n", [("AF001", 1, 4)]),
        ("é: \n".encode() + b"\xc3\n", [("AF001", 2, 1)]),
        ("a: 1\n".encode("utf-16"), [("AF001", 1, 1)]),
        ("a: \udc80\n", [("AF001", 1, 4)]),
        (b"\xef\xbb\xbfa: 1\n", [("AF001", 1, 1)]),
        ("a: 1\r\nb: 2\r\n", [("AF002", 1, 5)]),
        ("# a\n<<<<<<< ours\n", [("AM001", 2, 1)]),
        ("a: |\n  <<<<<<< ours\n", []),
        ("=======\n", []),
    ],
)
def test_a_fault_is_one_finding_at_its_place(data: bytes | str, findings: list[tuple[str, int, int]]) -> None:
    """Whatever the fault is, nothing is raised."""
    assert found(data) == findings


def test_a_text_without_newline_at_its_end_is_found_there() -> None:
    """Behind the last character."""
    (finding,) = document("a: 1\nb: 2").findings
    assert (finding.code, finding.line, finding.column) == ("AF002", 2, 5)


def test_nothing_else_is_said_of_a_text_with_merge_markers() -> None:
    """Each marker once."""
    text = "a: 1\n<<<<<<< ours\na: [\n||||||| base\n=======\r\n>>>>>>> theirs"
    assert found(text) == [("AM001", line, 1) for line in (2, 4, 5, 6)]


def test_aliases_cannot_make_a_small_text_large() -> None:
    """Nested ones would grow tenfold with every line."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert found("\n".join(lines) + "\n")[0][:2] == ("BROKEN", 6)


def test_aliases_cannot_nest_deeper_than_text() -> None:
    """Each line nests a little deeper than the one before."""
    lines = ["a0: &a0 x", *(f"a{n}: &a{n} [[[*a{n - 1}]]]" for n in range(1, 50))]
    assert [finding[0] for finding in found("\n".join(lines) + "\n")] == ["BROKEN"]


def test_a_text_that_is_too_large_is_not_parsed() -> None:
    """64 MiB are more than any header."""
    assert found(b"#" * (64 * 1024 * 1024) + b"\n") == [("BROKEN", 1, 1)]


@given(st.binary(max_size=80) | st.text(max_size=80) | SOUP)
def test_no_text_makes_the_reader_raise(data: bytes | str) -> None:
    """A document that is broken says why."""
    read_back = document(data)
    assert not read_back.broken or read_back.findings
    assert all(Place(1, 1) <= Place(f.line, f.column) for f in read_back.findings)
