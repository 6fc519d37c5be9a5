"""Of the configuration of a fetched repository only the place of its objects counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.errors import RefusedError
from audiodvc.model import remoteconfig
from audiodvc.model.remoteconfig import LIMIT, Remote, RemoteConfig, find, parse

TEXT = b"""\
[core]
    remote = Storage
    autostage = true
    site_cache_dir = /tmp/x
['remote "Storage"']
    url = s3://bucket/data
    EndpointURL = https://minio.example.org:9000
    region = eu-central-1
    profile = work
    configpath = aws.ini
    verify = true
['remote "ssh"']
    url = ssh://host/data
    port = 2222
    user = me
    password = very-secret
[cache]
    dir = /home/me
"""


def test_few_keys_count() -> None:
    """Names are in lower case, as DVC reads them; a value keeps its letters."""
    read = parse(TEXT)
    assert read.default == "storage"
    assert read.remotes == {
        "storage": {
            "url": "s3://bucket/data",
            "endpointurl": "https://minio.example.org:9000",
            "region": "eu-central-1",
        },
        "ssh": {"url": "ssh://host/data", "port": "2222", "user": "me"},
    }


def test_what_is_ignored_is_named_without_its_value() -> None:
    """What changes nothing in what is fetched is not worth a word."""
    read = parse(TEXT)
    assert read.ignored == (
        "core.site_cache_dir",
        "remote.storage.profile",
        "remote.storage.configpath",
        "remote.ssh.password",
        "cache.dir",
    )
    assert "very-secret" not in str(read)


@pytest.mark.parametrize(
    "line",
    [
        "region = x.evil.example.org/#",
        "port = 22;x",
        "user = -oProxyCommand=x",
        "user = a b",
        "endpointurl = ftp://host",
        "endpointurl = https://me:secret@host",
        "endpointurl = https://host/?x=1",
        "url = -x",
        "url = a, b",
        "url = ''",
    ],
)
def test_an_odd_value_counts_for_nothing(line: str) -> None:
    """Each becomes a part of an address or a command."""
    key = line.partition(" ")[0]
    other = "" if key == "url" else "    url = s3://bucket\n"
    read = parse(f"['remote \"a\"']\n{other}    {line}\n".encode())
    assert key not in read.remotes.get("a", {})
    assert read.ignored == (f"remote.a.{key}",)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"\xff", "is no UTF-8"),
        (b"[core\n  remote = very-secret", "cannot be read: line 1"),
        (b"#" * (LIMIT + 1), "has more than 1,048,576 bytes"),
    ],
)
def test_a_broken_text_has_no_remotes(text: bytes, fault: str) -> None:
    """And says why, without quoting it."""
    assert parse(text) == RemoteConfig(fault=fault)


def test_the_number_of_remotes_is_bounded() -> None:
    """A thousand are more than anybody has."""
    text = "".join(f"['remote \"{number}\"']\n    url = x\n" for number in range(1200))
    assert len(parse(text.encode()).remotes) == 1000


@given(
    st.one_of(
        st.binary(max_size=200), st.text(alphabet="[]'\"=#,\n\t abremote{}%$\\", max_size=80).map(str.encode)
    )
)
def test_no_text_is_an_error(text: bytes) -> None:
    """Whatever a repository holds, it is read or has a fault."""
    read = parse(text)
    assert all("url" in remote and set(remote) <= set(remoteconfig.KEYS) for remote in read.remotes.values())
    assert all(name.isprintable() for name in read.ignored)


def test_a_remote_may_be_a_part_of_another() -> None:
    """It gets that one's url and options, and its own win."""
    read = parse(
        b"['remote \"base\"']\n    url = ssh://host/data/\n    port = 22\n    user = a\n"
        b"['remote \"part\"']\n    url = remote://Base/x/y/\n    user = b\n"
        b"['remote \"whole\"']\n    url = remote://part\n"
    )
    assert find(read, "Part") == Remote("part", "ssh://host/data/x/y", {"port": "22", "user": "b"})
    assert find(read, "whole") == Remote("whole", "ssh://host/data/x/y", {"port": "22", "user": "b"})
    assert find(read, "none") is None


@pytest.mark.parametrize("url", ["remote://none/x", "remote://a/x", "remote://b", "remote://"])
def test_a_part_of_nothing_is_refused(url: str) -> None:
    """Nor is a circle followed for ever."""
    read = parse(f"['remote \"a\"']\n    url = {url}\n['remote \"b\"']\n    url = remote://a\n".encode())
    with pytest.raises(RefusedError):
        find(read, "a")
