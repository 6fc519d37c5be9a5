"""The project settings, and how strictly they are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.model.flavor import Flavor
from audiodvc.model.settings import LINKS, Choice, parse

WHOLE = """\
flavors:
  mono-16k: {channels: [0], sampling_rate: 16000, format: wav}
  as-is: {}
validate:
  select: [AT004]            # rules that are off unless asked for
  ignore: [AP003]
  tables: {emotion.raw: {ignore: [AT004]}}
  groups: [speaker]
links: [hardlink, copy]
"""


def found(text: str) -> list[tuple[int, int, str]]:
    """Line, column and message of every finding, all of which have one code."""
    settings = parse(text)
    assert {finding.code for finding in settings.findings} <= {"AC001"}
    return [(finding.line, finding.column, finding.message) for finding in settings.findings]


def test_settings_that_are_right_have_no_findings() -> None:
    """All keys at once."""
    settings = parse(WHOLE)
    assert settings.findings == ()
    assert settings.flavors == {
        "mono-16k": Flavor(channels=[0], sampling_rate=16000, format="wav"),
        "as-is": Flavor(),
    }
    assert settings.rules == Choice(select=("AT004",), ignore=("AP003",))
    assert settings.tables == {"emotion.raw": Choice(ignore=("AT004",))}
    assert settings.groups == ("speaker",)
    assert settings.links == ("hardlink", "copy")
    assert settings.place("validate", "groups") == (8, 11)


@pytest.mark.parametrize("text", ["", "# nothing\n", "flavors: {}\n", "validate:\n"])
def test_what_is_not_set_has_defaults(text: str) -> None:
    """An empty file is as good as none."""
    settings = parse(text)
    assert settings.findings == ()
    assert (settings.flavors, settings.rules, settings.tables) == ({}, Choice(), {})
    assert (settings.groups, settings.links) == ((), LINKS)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("flavor: {}\n", (1, 1, "unknown key 'flavor' (did you mean 'flavors'?)")),
        ("validate:\n  grups: [a]\n", (2, 3, "unknown key 'grups' (did you mean 'groups'?)")),
        ("validate: {tables: {a: {groups: []}}}\n", (1, 25, "unknown key 'groups'")),
        ("- a\n", (1, 1, "the content is not a mapping")),
        ("flavors:\n", (1, 9, "'flavors' is not a mapping (write {} for none)")),
        ("flavors: [a]\n", (1, 10, "'flavors' is not a mapping")),
        ("flavors: {1: {}}\n", (1, 11, "key '1' is not a text")),
        ("flavors:\n  a: 16000\n", (2, 6, "'a' is not a mapping")),
        (
            "flavors:\n  mono 16k: {}\n",
            (2, 3, "flavor name 'mono 16k' has other characters than A-Z a-z 0-9 _ -"),
        ),
        ("flavors: {a: {channel: 0}}\n", (1, 15, "unknown key 'channel' (did you mean 'channels'?)")),
        ("flavors: {a: {bit_depth: 8}}\n", (1, 26, "bit_depth: 8 is not one of 16, 24, 32")),
        ("flavors: {a: {channels: []}}\n", (1, 25, "channels: select at least one, or None for all")),
        (
            "flavors: {a: {format: flac, bit_depth: 32}}\n",
            (1, 40, "bit_depth: flac has no 32 bit (at most 24)"),
        ),
        (
            "flavors: {a: {format: flac, sampling_rate: 700000}}\n",
            (1, 14, "sampling_rate: 700000 is not between 1 and 655350 Hz"),
        ),
        ("validate: []\n", (1, 11, "'validate' is not a mapping")),
        ("validate: {groups: speaker}\n", (1, 20, "'groups' is not a list")),
        ("validate: {groups: [1]}\n", (1, 21, "'1' in 'groups' is not a text")),
        (
            "validate: {ignore: [at004]}\n",
            (1, 21, "unknown name 'at004' in 'ignore' (did you mean 'AT004'?)"),
        ),
        ("validate: {ignore: [AM001]}\n", (1, 21, "rule AM001 can't be ignored")),
        ("validate: {tables: {a: {ignore: [AK001]}}}\n", (1, 34, "rule AK001 can't be ignored")),
        ("links: [softlink]\n", (1, 9, "unknown name 'softlink' in 'links' (did you mean 'symlink'?)")),
        ("links: []\nlinks: []\n", (2, 1, "key 'links' is given twice (first on line 1)")),
    ],
)
def test_what_is_not_understood_is_found_at_its_place(text: str, finding: tuple[int, int, str]) -> None:
    """One fault, one finding."""
    assert found(text) == [finding]


def test_yaml_that_is_broken_is_one_finding() -> None:
    """At the place where the parser gave up."""
    assert [(line, column) for line, column, _ in found("flavors: {\n")] == [(2, 1)]


def test_merge_markers_are_told_as_such() -> None:
    """And nothing else of the file."""
    text = "<<<<<<< ours\nflavours: {}\n=======\nx\n>>>>>>> theirs\n"
    assert [(finding.code, finding.line) for finding in parse(text).findings] == [
        ("AM001", 1),
        ("AM001", 3),
        ("AM001", 5),
    ]


def test_what_is_right_is_kept_beside_what_is_wrong() -> None:
    """A fault in one flavor does not take the others away."""
    settings = parse("flavors: {a: {bit_depth: 8}, b: {bit_depth: 16}}\nvalidate: {ignore: [AM001, AP003]}\n")
    assert settings.flavors == {"b": Flavor(bit_depth=16)}
    assert settings.rules.ignore == ("AP003",)


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_no_text_makes_the_parser_raise(data: bytes | str) -> None:
    """Faults are findings."""
    parse(data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.sampled_from(["flavors", "AT004", "a"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["flavors", "validate", "links", "tables", "a", "ignore"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_shape_makes_the_parser_raise(data: object) -> None:
    """Of whatever type a value is."""
    parse(repr(data).replace("None", "null"))
