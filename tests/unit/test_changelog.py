"""Where an entry goes in a changelog, and that nothing else in it changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.model import changelog

ENTRY = {"Added": ["one", "two"], "Removed": ["three"]}
BODY = "### Added\n\n- one\n- two\n\n### Removed\n\n- three\n"
HEADING = "## [1.1.0] - 2024-01-31\n"

LINES = st.sampled_from(
    [
        "# Changelog",
        "## [Unreleased]",
        "## Unreleased",
        "## [1.0.0] - 2023-12-24",
        "## v0.9.0",
        "### Added",
        "### Fixed",
        "- mine",
        "* mine",
        "words",
        "```",
        "~~~~",
        "<!-- no",
        "-->",
        "[1.0.0]: https://example.org",
        "",
        "",
        "\u2028\x0b",
    ]
)
TEXTS = st.builds(
    lambda lines, ends, last: ends.join(lines) + (ends if last else ""),
    st.lists(LINES, max_size=14),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


def put(text: str) -> str:
    """The text with the entry of all tests."""
    return changelog.put(text, "1.1.0", "2024-01-31", ENTRY)


def test_a_changelog_is_begun_with_its_first_entry() -> None:
    """With a title, as `init` writes it."""
    first = "# Changelog\n\nWhat changed in each version of this dataset.\n\n"
    assert put("") == first + HEADING + "\n" + BODY


def test_the_newest_entry_stands_first() -> None:
    """In front of the one before, and below what is said of all."""
    before = "# Changelog\n\nWords.\n\n"
    after = "## [1.0.0] - 2023-12-24\n\n- first\n"
    assert put(before + after) == before + HEADING + "\n" + BODY + "\n" + after


def test_notes_are_moved_by_a_heading_in_front_of_them() -> None:
    """Items go to the end of a list of the same kind, in its own style; other kinds follow."""
    notes = "\nNote.\n\n### Added\n\n* mine\n\n### Fixed\n- a\n"
    text = f"# C\n\n## [Unreleased]\n{notes}\n## [1.0.0]\n"
    mixed = "\nNote.\n\n### Added\n\n* mine\n* one\n* two\n\n### Fixed\n- a\n\n### Removed\n\n- three\n"
    assert put(text) == f"# C\n\n## [Unreleased]\n\n{HEADING}{mixed}\n## [1.0.0]\n"


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("## [Unreleased]\n## v1.0.0\n", "## v1.1.0 - 2024-01-31"),
        ("## Unreleased\n", "## 1.1.0 - 2024-01-31"),
        ("# 1.0.0 (2020-01-01)\n", "# 1.1.0 - 2024-01-31"),
        ("### [v1.0.0](https://example.org)\n", "### [v1.1.0] - 2024-01-31"),
        ("```\n## 1.0.0\n```\n", "## [1.1.0] - 2024-01-31"),
    ],
)
def test_a_heading_is_like_those_before(text: str, heading: str) -> None:
    """Level, brackets and `v` are those of the entry before."""
    assert heading in put(text).splitlines()


def test_links_stay_at_the_end() -> None:
    """Definitions that end a text are below every entry."""
    assert put("# C\n\n[1.0.0]: x\n") == f"# C\n\n{HEADING}\n{BODY}\n[1.0.0]: x\n"


@pytest.mark.parametrize(
    "text",
    [
        "<!--\n## [1.1.0]\n-->\n",
        "```\n## 1.1.0\n",
        "#### 1.1.0\n",
        "## 1.1.0.1\n",
        "## 1.1\n",
        "1.1.0\n---\n",
    ],
)
def test_what_is_no_heading_of_a_version(text: str) -> None:
    """Code, comments, small headings and other numbers."""
    assert not changelog.has(text, "1.1.0")


def test_notes_on_what_is_unreleased() -> None:
    """Only what stands below that heading."""
    assert changelog.has_notes("## [Unreleased]\n\n- note\n\n## 1.0.0\n")
    assert not changelog.has_notes("## [Unreleased]\n\n## 1.0.0\n\n- note\n")
    assert not changelog.has_notes("## 1.0.0\n\n- note\n")


@given(TEXTS)
def test_lines_are_added_and_nothing_else(text: str) -> None:
    """What was there is there in its order, with its ends of lines."""
    after = iter(put(text).split("\n"))
    lines = text.split("\n")
    assert all(any(line in (one, one.removesuffix("\r")) for one in after) for line in lines[:-1])
    assert ("\r\n" in text) <= ("\r\n" in put(text))


@given(TEXTS)
def test_an_entry_is_found_again(text: str) -> None:
    """Unless the text ends within a block of code or a comment, in which nothing is a heading."""
    after = put(text)
    open_end = not changelog.has(f"{text}\n## 9.9.9\n", "9.9.9")
    assert open_end or changelog.has(after, "1.1.0")
    if changelog.has(after, "1.1.0") and not changelog.has(text, "1.1.0"):
        assert changelog.date(after, "1.1.0") == "2024-01-31"
        assert "- one" in changelog.body(after, "1.1.0") or "* one" in changelog.body(after, "1.1.0")
        assert changelog.newest(after) == "1.1.0"
        assert not changelog.has_notes(after)
