"""Versions: their order, which are pre-releases, and which number rises from one to another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.model import version

ORDERED = (
    "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 1.10.0"
)


def test_the_order_is_that_of_semantic_versions() -> None:
    """The example of the specification, and numbers as numbers; `v` and build data mean nothing."""
    names = ORDERED.split()
    assert sorted(set(names), key=_rank) == names
    assert version.latest([f"v{name}" for name in names]) == "v1.10.0"
    assert version.order("v1.0.0") == version.order("1.0.0+build.7")


@pytest.mark.parametrize("name", ["1.0", "01.0.0", "1.0.0-", "1.0.0-01", "vv1.0.0", "1.0.0 ", "one", ""])
def test_what_is_no_version(name: str) -> None:
    """It has no order."""
    assert version.order(name) is None


@pytest.mark.parametrize(
    ("name", "early"), [("1.0.0", False), ("1.0.0-rc.1", True), ("1.0.0+a-b", False), ("1.0.0-a+b", True)]
)
def test_pre_releases(name: str, early: bool) -> None:  # noqa: FBT001 - what is expected
    """A hyphen in the build data makes none."""
    assert version.is_early(name) == early


@given(st.tuples(*[st.integers(0, 3)] * 3), st.tuples(*[st.integers(0, 3)] * 3))
def test_the_first_number_that_differs_is_the_one_that_rises(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    """None of them does where they are the same."""
    rise = version.rise(*(".".join(map(str, numbers)) for numbers in (one, other)))
    differ = [a != b for a, b in zip(one, other, strict=True)]
    assert rise == next((name for name, is_it in zip(version.LEVELS, differ, strict=True) if is_it), None)


def _rank(name: str) -> version.Order:
    found = version.order(name)
    assert found is not None
    return found
