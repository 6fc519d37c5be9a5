"""Entries put into a YAML text of somebody, and taken out again."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.errors import FormatError
from audiodvc.model.yamledit import Entry, drop, put

MONO = Entry("flavors", "mono", {"channels": [0], "sampling_rate": 8000}, inline=True)
LINE = "  mono: {channels: [0], sampling_rate: 8000}\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "flavors:\n" + LINE),
        ("# settings\nflavors: {}\nlinks: [copy]\n", "# settings\nflavors:\n" + LINE + "links: [copy]\n"),
        ("flavors: {} # none\n", "flavors: # none\n" + LINE),
        (
            "flavors: {a: {channels: [1]}}\n",
            "flavors: {mono: {channels: [0], sampling_rate: 8000}, a: {channels: [1]}}\n",
        ),
        (
            "flavors:\n  a: {channels: [1]} # left\n# end\n",
            "flavors:\n  a: {channels: [1]} # left\n" + LINE + "# end\n",
        ),
        ("flavors:\n  mono: # old\n    channels: [1]\n  a: {}\n", "flavors:\n" + LINE + "  a: {}\n"),
        ("flavors:\n  mono: {channels: [1]} # ours\n", "flavors:\n" + LINE[:-1] + " # ours\n"),
        ("validate: {ignore: [AP003]}\n", "validate: {ignore: [AP003]}\nflavors:\n" + LINE),
    ],
)
def test_an_entry_is_one_line(old: str, new: str) -> None:
    """All else stays, comments too."""
    assert put(old, "audiodvc.yaml", MONO) == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a: 1\n", "a: 1\n"),
        ("flavors:\n" + LINE + "links: [copy]\n", "flavors: {}\nlinks: [copy]\n"),
        ("flavors: {mono: {}} # x\n", "flavors: {} # x\n"),
        ("flavors: {mono: {}, a: {}}\n", "flavors: {a: {}}\n"),
        ("flavors: {a: {}, mono: {}}\n", "flavors: {a: {}}\n"),
        (
            "flavors:\n  a: {} # a\n" + LINE + "  # of mono?\n  b: {}\n",
            "flavors:\n  a: {} # a\n  # of mono?\n  b: {}\n",
        ),
        ("flavors:\n  mono:\n    channels: [0]\n    # one\n  b: {}\n", "flavors:\n  b: {}\n"),
    ],
)
def test_an_entry_goes_with_its_lines(old: str, new: str) -> None:
    """And nothing else does."""
    assert drop(old, "audiodvc.yaml", "flavors", "mono") == new


@pytest.mark.parametrize("text", ["flavors: [a]\n", "- a\n", "flavors: {mono: &a {}, b: *a}\n"])
def test_what_cannot_be_changed_safely_is_refused(text: str) -> None:
    """Here a list, and what another entry refers to."""
    with pytest.raises(FormatError, match="cannot be changed"):
        drop(text, "audiodvc.yaml", "flavors", "mono")


@given(
    names=st.lists(st.sampled_from(["a", "b", "mono", "1", "null"]), unique=True),
    content=st.dictionaries(st.sampled_from("xyz"), st.lists(st.integers(0, 3), max_size=2), max_size=2),
    style=st.sampled_from([None, True, False]),
    inline=st.booleans(),
)
def test_what_is_put_in_and_taken_out_leaves_what_was_said(
    names: list[str],
    content: dict[str, list[int]],
    style: bool | None,  # noqa: FBT001
    inline: bool,  # noqa: FBT001
) -> None:
    """In any style, at any place."""
    data = {"links": ["copy"], "flavors": {name: {"x": [1]} for name in names}}
    old = yaml.safe_dump(data, default_flow_style=style)
    new = put(old, "f", Entry("flavors", "mono", content, inline))
    assert yaml.safe_load(new) == {**data, "flavors": {**data["flavors"], "mono": content}}  # type: ignore[dict-item]
    less = yaml.safe_load(drop(new, "f", "flavors", "mono"))
    assert less == {**data, "flavors": {name: {"x": [1]} for name in names if name != "mono"}}
