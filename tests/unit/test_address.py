"""Addresses: what git may be given, what messages show, and what keeps two repositories apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.errors import RefusedError
from audiodvc.model.address import Address, is_address, local, parse


@pytest.mark.parametrize(
    ("text", "url", "folder", "shown"),
    [
        ("https://example.org/a/x.git", "https://example.org/a/x.git", "", "https://example.org/a/x.git"),
        ("http://example.org:80/x", "http://example.org:80/x", "", "http://example.org:80/x"),
        ("HTTPS://Example.org/x", "HTTPS://Example.org/x", "", "https://example.org/x"),
        ("https://ada:pw@example.org/x", "https://ada:pw@example.org/x", "", "https://example.org/x"),
        ("https://a:b@c@example.org/x", "https://a:b@c@example.org/x", "", "https://example.org/x"),
        ("ssh://git@example.org/x.git", "ssh://git@example.org/x.git", "", "ssh://git@example.org/x.git"),
        ("ssh://git:pw@example.org/x", "ssh://git:pw@example.org/x", "", "ssh://git@example.org/x"),
        ("git://[::1]:9418/x", "git://[::1]:9418/x", "", "git://[::1]:9418/x"),
        ("git@example.org:a/x.git", "git@example.org:a/x.git", "", "git@example.org:a/x.git"),
        ("example.org:x", "example.org:x", "", "example.org:x"),
        ("git@example.org:x.git#sets/a", "git@example.org:x.git", "sets/a", "git@example.org:x.git#sets/a"),
        ("https://example.org/m#sets/a/", "https://example.org/m", "sets/a", "https://example.org/m#sets/a"),
        ("https://example.org/m#", "https://example.org/m", "", "https://example.org/m"),
    ],
)
def test_an_address_elsewhere(text: str, url: str, folder: str, shown: str) -> None:
    """Git gets it as it was written; people see it without what opens the door."""
    assert parse(text) == Address(url, folder, shown, is_local=False)


@pytest.mark.parametrize(
    ("text", "path", "folder"),
    [
        ("/data/x", "/data/x", ""),
        ("./x", "./x", ""),
        ("../a:b", "../a:b", ""),
        ("~/x#sub", "~/x", "sub"),
        ("file:///data/x.git", "/data/x.git", ""),
        ("file://localhost/data/a%20b#sub", "/data/a b", "sub"),
        ("FILE:///x", "/x", ""),
    ],
)
def test_an_address_of_this_machine(text: str, path: str, folder: str) -> None:
    """A path, which a file URL becomes."""
    assert parse(text) == local(path, folder)
    assert parse(text).is_local


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "-x",
        "--upload-pack=touch x",
        "ext::sh -c touch",
        "fd::17",
        "transport-helper::https://example.org/x",
        "https://example.org/x\n",
        "https://example.org/\x00x",
        "/data/\x1bx",
        "s3://bucket/x",
        "ftp://example.org/x",
        "git+ssh://example.org/x",
        "https:///x",
        "https://example.org",
        "https://example.org/",
        "https://ada@/x",
        "https://exa mple.org/x",
        "https://example.org\\@other.org/x",
        "ssh://-oProxyCommand=touch/x",
        "ssh://-x@example.org/x",
        "ssh://example.org/-x",
        "git@-oProxyCommand=touch:x",
        "example.org:-x",
        "example.org:",
        ":x",
        "file://example.org/x",
        "file://x",
        "file:///data/%0Ax",
        "https://example.org/x#../y",
        "https://example.org/x#/y",
        "https://example.org/x#a//b",
        "https://example.org/x#-a",
        "https://example.org/x#a:b",
        "https://example.org/x#a#b\\c",
    ],
)
def test_what_git_is_not_given(text: str) -> None:
    """What starts a program, is an option to one, or leads nowhere."""
    with pytest.raises(RefusedError):
        parse(text)


@pytest.mark.parametrize("scheme", ["https", "s3", "ssh", "ext::https", "-https"])
@pytest.mark.parametrize("rest", ["host/x\n", "host/-x", "host", "host/x#../y", "-host/x"])
def test_a_refusal_shows_no_password(scheme: str, rest: str) -> None:
    """Whatever is wrong with the address."""
    with pytest.raises(RefusedError) as caught:
        parse(f"{scheme}://ada:s3cr3t@{rest}" if rest != "-host/x" else f"{scheme}://ada:s3cr3t@-host/x\t")
    assert "s3cr3t" not in str(caught.value)


@given(st.text())
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    """Nothing else happens, and what is accepted can be no option to git."""
    try:
        found = parse(text)
    except RefusedError:
        return
    assert not found.url.startswith("-")
    assert not any(letter < " " for letter in found.url)
    assert found.name.encode()
    assert "/" not in found.name
    assert not found.name.startswith((".", "-"))


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/a/x",
        "https://example.org/a/x/",
        "https://example.org/a/x.git",
        "https://example.org/a/x.git/",
        "https://EXAMPLE.org/a/x",
        "https://token@example.org/a/x",
        "HTTPS://ada:pw@example.org/a/x.git",
    ],
)
def test_one_repository_has_one_name(text: str) -> None:
    """However its address is written, and whoever asks."""
    assert parse(text).name == parse("https://example.org/a/x").name
    assert parse(text).mirror == parse("https://example.org/a/x").mirror
    assert parse(text).name.startswith("x-")


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/b/x",
        "https://example.org:81/a/x",
        "https://other.org/a/x",
        "http://example.org/a/x",
        "https://example.org/a/x#sub/x",
        "git@example.org:a/x",
        "/a/x",
    ],
)
def test_a_fork_has_another_name(text: str) -> None:
    """So that it never mixes with its origin."""
    assert parse(text).name != parse("https://example.org/a/x").name


def test_datasets_of_one_repository_share_its_mirror() -> None:
    """Under names of their own, after their folders."""
    one, other = parse("https://example.org/m.git#sets/a"), parse("https://example.org/m#sets/b")
    assert (one.label, other.label) == ("a", "b")
    assert one.name != other.name
    assert one.mirror == other.mirror
    assert one.mirror.startswith("m-")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("/data/.hidden", "hidden"),
        ("/data/a b", "a_b"),
        ("/", "dataset"),
        ("git@h:x.git", "x"),
        ("/x/.git", "x"),
    ],
)
def test_a_label_is_fit_for_a_folder(text: str, label: str) -> None:
    """Letters, digits, dots, underscores and hyphens."""
    assert parse(text).label == label


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("emodb", False),
        ("emodb-1.x", False),
        ("a/b", True),
        (".", True),
        ("~x", True),
        ("h:x", True),
        ("-x", True),
    ],
)
def test_names_are_told_from_addresses(text: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """A word is a name."""
    assert is_address(text) is expected
