"""The user's settings, and how strictly they are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.model.settings import LINKS
from audiodvc.model.userconfig import Repository, UserConfig, is_name, parse

WHOLE = """\
cache_root: ~/cache
shared_cache_root: /data/shared
allow_local_remotes: true
links: [hardlink, copy]
repositories:
  - name: audeering
    git: https://github.com/audeering/{dataset}.git
    media: s3://bucket/{dataset}
    datasets: [emodb, crema-d]
  - name: mine
    git: ../data/{dataset}
"""


def found(text: str) -> list[tuple[int, int, str]]:
    """Line, column and message of every finding."""
    return [(one.line, one.column, one.message) for one in parse(text, "config.yaml").findings]


def test_settings_that_are_right_have_no_findings() -> None:
    """All keys at once."""
    assert parse(WHOLE, "config.yaml") == UserConfig(
        cache_root="~/cache",
        shared_cache_root="/data/shared",
        repositories=(
            Repository(
                "audeering",
                "https://github.com/audeering/{dataset}.git",
                "s3://bucket/{dataset}",
                ("emodb", "crema-d"),
            ),
            Repository("mine", "../data/{dataset}"),
        ),
        allow_local_remotes=True,
        links=("hardlink", "copy"),
    )


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "repositories:\n", "cache_root:\nlinks:\n", "cache_root: ''"]
)
def test_what_is_not_set_has_defaults(text: str) -> None:
    """An empty file is as good as none."""
    assert parse(text, "config.yaml") == UserConfig()
    assert parse(text, "config.yaml").links == LINKS


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("cacheroot: x\n", (1, 1, "unknown key 'cacheroot' (did you mean 'cache_root'?)")),
        ("cache_root: 5\n", (1, 13, "'cache_root' is not a text")),
        ("allow_local_remotes: 1\n", (1, 22, "'allow_local_remotes' is neither true nor false")),
        ("links: copy\n", (1, 8, "'links' is not a list")),
        ("links: [clone]\n", (1, 9, "unknown link 'clone' (one of reflink, hardlink, symlink, copy)")),
        ("- a\n", (1, 1, "the content is not a mapping")),
        ("repositories: {}\n", (1, 15, "'repositories' is not a list")),
        ("repositories:\n- x\n", (2, 3, "an item of 'repositories' is not a mapping")),
        ("repositories:\n- git: /x\n", (2, 3, "a repository needs a 'name'")),
        ("repositories:\n- name: a\n  git: /x\n  url: b\n", (4, 3, "unknown key 'url'")),
        ("repositories:\n- name: a\n  git: [x]\n", (3, 8, "'git' is not a text")),
        (
            "repositories:\n- name: a\n  git: /x\n  datasets: [a/b]\n",
            (4, 14, "'a/b' is no name of a dataset (A-Z a-z 0-9 . _ -)"),
        ),
        (
            "repositories:\n- {name: a, git: /x}\n- {name: a, git: /y}\n",
            (3, 10, "repository 'a' is named twice"),
        ),
        (
            "repositories:\n- {name: a, git: /x, datasets: [a, b]}\n",
            (2, 32, "'git' has no {dataset}, so there can be one dataset only"),
        ),
        ("cache_root: a\ncache_root: b\n", (2, 1, "key 'cache_root' is given twice (first on line 1)")),
    ],
)
def test_a_fault_is_found_at_its_place(text: str, finding: tuple[int, int, str]) -> None:
    """One finding, with line and column."""
    assert found(text) == [finding]


@pytest.mark.parametrize("git", ["ext::sh", "-x", "s3://bucket/x", "https://h/x#../y"])
def test_a_refused_address_is_a_fault(git: str) -> None:
    """Before anybody asks for a dataset."""
    (line, column, _message), *others = found(f"repositories:\n- name: a\n  git: '{git}'\n")
    assert (line, column, others) == (3, 8, [])


@pytest.mark.parametrize("text", ["cache_root: [", "a: &a [*a]\n", "\x00", "<<<<<<< x\n"])
def test_a_broken_file_is_one_finding_or_more(text: str) -> None:
    """Never an exception."""
    assert found(text)


@given(st.binary() | st.text().map(lambda text: text.encode(errors="replace")))
def test_whatever_the_file_is_it_can_be_parsed(data: bytes) -> None:
    """Any bytes are settings or findings."""
    parsed = parse(data, "config.yaml")
    assert all(one.line >= 1 and one.column >= 1 for one in parsed.findings)


@pytest.mark.parametrize("text", ["cache_root: a", "cache_root: a\r\n"])
def test_how_lines_end_does_not_matter(text: str) -> None:
    """The file is in no repository."""
    assert parse(text, "config.yaml").findings == ()


def test_a_repository_says_where_a_dataset_is() -> None:
    """The name takes the place of {dataset}, in git and in media."""
    many = Repository("all", "https://h/{dataset}/{dataset}.git", "s3://b/{dataset}")
    assert many.address_of("emodb") == "https://h/emodb/emodb.git"
    assert many.media_of("emodb") == "s3://b/emodb"
    assert Repository("all", "https://h/x").media_of("emodb") == ""


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        (Repository("all", "/x/{dataset}"), {"emodb", "all"}),
        (Repository("all", "/x/{dataset}", datasets=("emodb",)), {"emodb"}),
        (Repository("all", "/x/y"), {"all"}),
        (Repository("all", "/x/y", datasets=("emodb",)), {"emodb"}),
    ],
)
def test_a_repository_may_have_some_datasets(repository: Repository, expected: set[str]) -> None:
    """Those that it lists, else all if it has a place for their names, else the one called like it."""
    assert {name for name in ("emodb", "all") if repository.may_have(name)} == expected


def test_a_repository_is_a_value() -> None:
    """A list of datasets does not keep it from being compared and hashed."""
    one = Repository("all", "/x/{dataset}", datasets=["a"])
    assert one == Repository("all", "/x/{dataset}", datasets=("a",))
    assert Repository("all", "/x/{dataset}", datasets="emodb").datasets == ("emodb",)
    assert len({one, Repository("all", "/x/{dataset}", datasets=("a",))}) == 1


def test_a_repository_is_said_in_the_words_of_audb() -> None:
    """A folder with a repository for each dataset; the words that are listed lead back."""
    one = Repository("mine", "/data", "file-system")
    assert one == Repository(name="mine", host=Path("/data"), backend="file-system")
    assert one == Repository("mine", "/data/mine/{dataset}")
    assert (one.host, one.backend, one.media) == ("/data", "file-system", "")
    other = Repository("theirs", "https://user:secret@h/{dataset}.git")
    assert (other.host, other.backend) == ("https://h/{dataset}.git", "git")
    assert Repository(other.name, other.host, other.backend).git == "https://h/{dataset}.git"
    assert replace(one, git="/elsewhere") == Repository("mine", "/elsewhere")


@pytest.mark.parametrize(
    "words", [("audb-public", "s3.example.org", "s3"), ("a", "h", "artifactory"), ("a",)]
)
def test_what_audb_keeps_is_no_repository(words: tuple[str, ...]) -> None:
    """Said at once, not when a dataset is not found."""
    with pytest.raises(ValueError, match="`git` has to be a URL or path"):
        Repository(*words)


def test_a_backend_is_no_place_for_media() -> None:
    """In the settings file its words stand alone."""
    assert found("repositories:\n- {name: a, git: /x, media: s3}\n") == [
        (2, 29, "'s3' is neither a URL nor a path")
    ]


@pytest.mark.parametrize("name", ["emodb", "crema-d", "a.b", "_a", "1"])
def test_names_of_datasets(name: str) -> None:
    """What can be a folder on every system."""
    assert is_name(name)


@pytest.mark.parametrize("name", ["", "-a", ".a", "..", "a/b", "a b", "ä", "a:b", "a\n", "a#b"])
def test_no_names_of_datasets(name: str) -> None:
    """What could be a path, an option or an address."""
    assert not is_name(name)
