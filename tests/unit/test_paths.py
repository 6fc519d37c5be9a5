"""Paths that travel between systems, and those that do not."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.model.paths import are_plain, collisions, fault, leaves, valid_md5

PART = st.text(alphabet="aA.é -_", min_size=1, max_size=4)
PATH = st.lists(PART, min_size=1, max_size=3).map("/".join)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "is empty"),
        ("/a.wav", "is absolute"),
        ("//host/a.wav", "is absolute"),
        ("audio//a.wav", "has an empty part"),
        ("audio/", "ends with a slash"),
        ("./a.wav", "has a part '.'"),
        ("audio/./a.wav", "has a part '.'"),
        ("..", "has a part '..'"),
        ("audio/../a.wav", "has a part '..'"),
        ("audio/..", "has a part '..'"),
        ("audio\\a.wav", "has a backslash"),
        ("C:/a.wav", "begins with a drive"),
        ("audio/10:30.wav", "has a colon"),
        ("https://host/a.wav", "is a URL"),
        ("file:///a.wav", "is a URL"),
        (" a.wav", "has a blank at the end of a part"),
        ("a.wav ", "has a blank at the end of a part"),
        ("audio /a.wav", "has a blank at the end of a part"),
        ("audio/\u00a0a.wav", "has a blank at the end of a part"),
        ("a\x00.wav", "has a control character"),
        ("a\n.wav", "has a control character"),
        ("a.wav\n", "has a control character"),
        ("a\x85.wav", "has a control character"),
        ("a\udc80.wav", "has a character that is no text"),
    ],
)
def test_a_path_that_would_not_travel_is_told_why(path: str, reason: str) -> None:
    """Each kind of fault has its own words."""
    assert fault(path) == reason


@pytest.mark.parametrize(
    "path", ["a.wav", "audio/a b.wav", "audio/Größe.wav", "..a/b..", "a/...", ".hidden", "a~b#c,d;e.wav"]
)
def test_a_portable_path_has_no_fault(path: str) -> None:
    """Blanks inside a part, dots in a name and other scripts travel."""
    assert fault(path) is None


@given(PATH)
def test_a_path_without_fault_has_only_plain_parts(path: str) -> None:
    """What passes can be joined to a folder and stays in it."""
    plain = all(part not in ("", ".", "..") and part == part.strip() for part in path.split("/"))
    assert (fault(path) is None) == plain


def test_two_paths_that_differ_in_case_collide() -> None:
    """The pair is the earlier path and the later one."""
    assert collisions(["audio/A.wav", "audio/b.wav", "audio/a.wav"]) == [("audio/A.wav", "audio/a.wav")]


def test_two_paths_that_differ_in_unicode_form_collide() -> None:
    """One composed letter and a letter with its accent are one name on some systems."""
    composed, decomposed = "audio/é.wav", "audio/e\u0301.wav"
    assert collisions([composed, decomposed]) == [(composed, decomposed)]


def test_a_path_given_twice_is_no_collision() -> None:
    """The same path is the same file."""
    assert collisions(["a.wav", "a.wav"]) == []


def test_two_spellings_of_a_folder_collide_once() -> None:
    """A folder with thousands of files is one fault."""
    paths = ["A/x.wav", "a/y.wav", "a/z.wav", "A/w.wav"]
    assert collisions(paths) == [("A/x.wav", "a/y.wav")]


def test_files_below_two_spellings_of_a_folder_collide_each() -> None:
    """Where the whole path collides, that is what is told."""
    paths = ["A/x.wav", "A/y.wav", "a/x.wav", "a/y.wav"]
    assert collisions(paths) == [("A/x.wav", "a/x.wav"), ("A/y.wav", "a/y.wav")]


@pytest.mark.parametrize("paths", [["b", "B/c.wav"], ["B/c.wav", "b"]])
def test_a_file_collides_with_a_folder_of_another_spelling(paths: list[str]) -> None:
    """In either order."""
    assert collisions(paths) == [tuple(paths)]


@given(st.lists(PATH, unique=True, max_size=8))
def test_paths_collide_when_a_folded_prefix_has_two_spellings(paths: list[str]) -> None:
    """There is a collision exactly where folding makes two files or folders one."""
    prefixes = {path[: cut.start()] for path in paths for cut in re.finditer("/|$", path)}
    folded = {unicodedata.normalize("NFD", prefix).casefold() for prefix in prefixes}
    assert bool(collisions(paths)) == (len(folded) < len(prefixes))


@given(st.lists(PATH, unique=True, max_size=8))
def test_a_collision_names_paths_that_were_given_earlier_first(paths: list[str]) -> None:
    """So that a finding can stand at the later one."""
    for earlier, later in collisions(paths):
        assert paths.index(earlier) < paths.index(later)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("d41d8cd98f00b204e9800998ecf8427e", True),
        ("d41d8cd98f00b204e9800998ecf8427e.dir", True),
        ("D41D8CD98F00B204E9800998ECF8427E", False),
        ("d41d8cd98f00b204e9800998ecf8427", False),
        ("d41d8cd98f00b204e9800998ecf8427e\n", False),
        ("../../d41d8cd98f00b204e9800998ecf8427e", False),
        ("", False),
    ],
)
def test_an_object_name_is_an_md5(text: str, *, valid: bool) -> None:
    """Nothing but 32 lower-case hex digits can become a path in a cache."""
    assert valid_md5(text) is valid


@pytest.mark.parametrize(
    ("path", "is_out"),
    [
        ("audio/a.wav", False),
        ("audio/a b:c.wav", False),
        ("audio/..a/b..wav", False),
        ("", True),
        ("/etc/passwd", True),
        ("audio/../../x", True),
        ("x://../y", True),
        ("a/./b", True),
        ("a//b", True),
        ("a/", True),
        ("a\0b", True),
    ],
)
def test_a_path_leaves_its_folder_or_is_only_odd(path: str, *, is_out: bool) -> None:
    """What is only odd may be in an index since long ago."""
    assert leaves(path) is is_out


@given(st.lists(st.text("ab./- \n", max_size=4), min_size=1, max_size=4))
def test_paths_are_plain_together_if_each_is(names: list[str]) -> None:
    """One look at all of them is enough."""
    assert not are_plain(names) or not any(map(leaves, names))
