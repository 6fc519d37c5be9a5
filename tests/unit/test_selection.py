"""What is selected among names."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.errors import SelectionError
from audiodvc.model.selection import Selected, Selection, choose

NAMES = ["age", "emotion", "emotion.test", "speaker"]

names = st.lists(st.text(min_size=1, max_size=5), unique=True)


def chosen(selected: Selected, among: list[str] = NAMES) -> list[str]:
    """What a choice selects among the tables of a dataset."""
    return choose(among, selected, "tables", "emodb", "1.3.0")


def test_none_is_all() -> None:
    """Who selects nothing in particular gets everything."""
    assert chosen(None) == NAMES


def test_a_text_is_a_regular_expression_that_may_match_anywhere() -> None:
    """As `re.search` finds it, in the order of the names."""
    assert chosen("e") == ["age", "emotion", "emotion.test", "speaker"]
    assert chosen(r"^emotion\b") == ["emotion", "emotion.test"]


@pytest.mark.parametrize(
    "selected",
    [
        ["speaker", "age"],
        ("speaker", "age"),
        np.array(["speaker", "age"]),
        pd.Index(["speaker", "age"]),
        pd.Index(["speaker", "age"], dtype="string"),
        pd.Series(["speaker", "age"]),
        dict.fromkeys(["speaker", "age"]),
        ["speaker", "age", "speaker"],
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_list_of_any_kind_is_exact_and_in_its_own_order(selected: Selected) -> None:
    """A list, a tuple, an array, an index: exactly these, each once."""
    assert chosen(selected) == ["speaker", "age"]
    assert all(type(name) is str for name in chosen(selected))


@pytest.mark.parametrize("selected", [[], (), "", np.array([]), pd.Index([], dtype="string")])
def test_nothing_selects_nothing(selected: Selected) -> None:
    """An empty list, and as in audb an empty text."""
    assert chosen(selected) == []


def test_a_name_in_a_list_is_no_expression() -> None:
    """The dot of a table's name is a dot."""
    with pytest.raises(ValueError, match=re.escape("there is no table 'emotion?test' in emodb 1.3.0")):
        chosen(["emotion?test"])


def test_an_unknown_name_says_what_there_is() -> None:
    """The dataset, the version, and the names that would have worked."""
    with pytest.raises(SelectionError) as caught:
        chosen(["emotoin"])
    assert str(caught.value) == (
        "there is no table 'emotoin' in emodb 1.3.0 (it has age, emotion, emotion.test, speaker)"
    )


def test_all_unknown_names_are_told_at_once() -> None:
    """Whoever has a long list does not learn of its faults one by one."""
    with pytest.raises(SelectionError) as caught:
        chosen(["age", *(f"x{number}" for number in range(25))])
    assert caught.value.what == "25 of the selected are no table of emodb 1.3.0"
    assert caught.value.details[:2] == ("'x0'", "'x1'")
    assert caught.value.details[-1] == "and 5 more"


def test_an_expression_that_matches_nothing_is_an_error() -> None:
    """A typing error in an expression must not look like an empty dataset."""
    with pytest.raises(ValueError, match=r"no table of emodb 1\.3\.0 matches 'xyz'"):
        chosen("xyz")
    with pytest.raises(ValueError, match="it has none"):
        chosen(".*", [])


@pytest.mark.parametrize("expression", ["[", "(?P<x", "a{99999999999999999999}", "*"])
def test_a_bad_expression_is_named(expression: str) -> None:
    """With the dataset and the version, like every selection that cannot be followed."""
    with pytest.raises(ValueError, match=re.escape(f"table of emodb 1.3.0: {expression!r} is no regular")):
        chosen(expression)


@pytest.mark.parametrize("selected", [5, b"age", 1.5, object()])
def test_what_is_neither_text_nor_list_is_no_selection(selected: Selected) -> None:
    """Said when the selection is made, before anything is fetched."""
    with pytest.raises(SelectionError, match="neither a regular expression nor a list"):
        Selection(tables=selected)


def test_a_list_of_something_else_is_no_selection() -> None:
    """The odd one is named."""
    with pytest.raises(SelectionError, match="media: 3 is no name"):
        Selection(media=["a.wav", 3])  # type: ignore[list-item] # that is the point
    with pytest.raises(SelectionError, match="tables: None is no name"):
        Selection(tables=[None])  # type: ignore[list-item] # that is the point


def test_selections_are_values() -> None:
    """However the lists were given, the same choice is equal and can be a key."""
    one = Selection(tables=["a"], media=np.array(["b"]), attachments="c", only_metadata=True)
    assert one == Selection(tables=("a",), media=["b"], attachments="c", only_metadata=True)
    assert len({one, Selection(), Selection(None, None, None)}) == 2


@given(names)
def test_selecting_each_by_name_is_selecting_all(among: list[str]) -> None:
    """A list of everything selects everything."""
    assert chosen(among, among) == chosen(None, among) == among


@given(names, st.data())
def test_an_escaped_name_matches_what_contains_it(among: list[str], data: st.DataObject) -> None:
    """An expression selects those names in which it is found, and at least one."""
    if not among:
        return
    name = data.draw(st.sampled_from(among))
    assert chosen(re.escape(name), among) == [other for other in among if name in other]
