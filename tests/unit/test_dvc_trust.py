"""Options and credentials of a user go where the user's own settings point, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.adapters.dvc_trust import Given, Own, grant, kind, own_options, safe, shown
from audiodvc.errors import RefusedError

SECRET = {"password": "very-secret", "access_key_id": "AKIAMINE"}


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (Given("a", "s3://bucket/x"), {"url": "s3://bucket/y"}),
        (Given("a", "s3://bucket"), {"url": "s3://bucket", "endpointurl": "https://minio.example.org"}),
        (
            Given("a", "s3://bucket", {"endpointurl": "https://MINIO.example.org:443/"}),
            {"url": "s3://bucket", "endpointurl": "https://minio.example.org"},
        ),
        (Given("a", "https://host/x"), {"url": "https://host:443/y"}),
        (Given("a", "https://them@host/x"), {"url": "https://me@HOST/y"}),
        (Given("a", "ssh://host/x"), {"url": "ssh://host", "port": 2222}),
        (Given("a", "ssh://host:22/x"), {"url": "ssh://host"}),
        (Given("a", "ssh://host/x", {"port": "2222"}), {"url": "ssh://host:2222/x"}),
    ],
)
def test_the_same_place_gets_the_users_options(theirs: Given, mine: dict[str, object]) -> None:
    """Whatever its name and its path."""
    granted = grant(theirs, [Own("other", {**mine, **SECRET})], {})
    assert set(SECRET.items()) <= set(granted.options.items())
    assert granted.options["url"] == theirs.url
    assert not granted.anonymous


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (Given("a", "s3://other"), {"url": "s3://bucket"}),
        (Given("a", "gs://bucket"), {"url": "s3://bucket"}),
        (Given("a", "s3://bucket", {"endpointurl": "https://evil.example.org"}), {"url": "s3://bucket"}),
        (
            Given("a", "s3://bucket", {"endpointurl": "http://minio.example.org"}),
            {"url": "s3://bucket", "endpointurl": "https://minio.example.org"},
        ),
        (Given("a", "http://host/x"), {"url": "https://host/x"}),
        (Given("a", "https://host:8443/x"), {"url": "https://host/x"}),
        (Given("a", "https://host.evil.example.org/x"), {"url": "https://host/x"}),
        (Given("a", "https://host@evil.example.org/x"), {"url": "https://host/x"}),
        (Given("a", "ssh://host/x", {"port": "2222"}), {"url": "ssh://host"}),
        (Given("a", "ssh://host:2222/x"), {"url": "ssh://host", "port": 22}),
        (Given("a", "s3://bucket"), {}),
        (Given("a", "s3://bucket"), {"url": "/local"}),
    ],
)
def test_another_place_gets_nothing(theirs: Given, mine: dict[str, object]) -> None:
    """Even if it has the name of the user's remote."""
    granted = grant(theirs, [Own("a", {**mine, **SECRET})], {})
    assert not set(SECRET) & set(granted.options)
    assert "secret" not in granted.withheld
    assert "your own settings for 'a'" in granted.withheld


def test_later_settings_of_the_same_name_win() -> None:
    """As DVC lets `config.local` win over the global configuration."""
    own = [
        Own("b", {"url": "s3://bucket", "profile": "b"}),
        Own("a", {"url": "s3://bucket", "profile": "global", "region": "x"}),
        Own("a", {"url": "s3://bucket", "profile": "local"}),
    ]
    granted = grant(Given("a", "s3://bucket"), own, {})
    assert (granted.options["profile"], granted.options["region"]) == ("local", "x")


@pytest.mark.parametrize(
    ("environment", "own", "anonymous"),
    [
        ({}, [], True),
        ({"AWS_ENDPOINT_URL": "https://server.example.org"}, [], False),
        ({"AWS_ENDPOINT_URL_S3": "https://server.example.org:443/"}, [], False),
        ({"AWS_ENDPOINT_URL": "https://other.example.org"}, [], True),
        ({}, [Own("x", {"url": "s3://another", "endpointurl": "https://server.example.org"})], False),
    ],
)
def test_the_environment_is_for_servers_that_the_user_names(
    environment: dict[str, str], own: list[Own], *, anonymous: bool
) -> None:
    """A server that only the repository names must not see who asks."""
    theirs = Given("a", "s3://bucket", {"endpointurl": "https://server.example.org"})
    assert grant(theirs, own, environment).anonymous is anonymous


def test_the_environment_is_for_amazon() -> None:
    """Without a server of its own a bucket is Amazon's, as for every other tool."""
    assert not grant(Given("a", "s3://bucket"), [], {}).anonymous


def test_nothing_that_asks_or_runs_is_used() -> None:
    """A program does not stop for a password, and a repository's folder names no program."""
    options = {"ask_password": True, "configpath": "x", "user": "me"}
    assert own_options(options, local=False) == {"configpath": "x", "user": "me"}
    assert own_options(options, local=True) == {"user": "me"}


@pytest.mark.parametrize(
    "url", ["s3://bucket-1.x_y", "ssh://me@host:22/x", "https://[::1]:80/x", "gs://b", "hdfs:///x", "S3://b"]
)
def test_an_address_has_a_kind(url: str) -> None:
    """Which is one of those that DVC can read without asking anybody."""
    assert kind(url) == url.partition(":")[0].lower()


@pytest.mark.parametrize(
    "url",
    ["ssh://-x/y", "http://a b/", "http://a;b/", "http://[1", "gdrive://x", "memory://x", "://", "dvc://x"],
)
def test_an_odd_address_is_refused(url: str) -> None:
    """DVC takes an unknown scheme for a path of this machine."""
    with pytest.raises(RefusedError):
        kind(url)


@given(st.text("aä0%[]:.-_~", max_size=30), st.text("abc123:%!$", min_size=6, max_size=20))
def test_no_url_is_shown_with_its_credentials(user: str, password: str) -> None:
    """Nor with the query that may be one."""
    url = f"https://{user}:{password}@host/path?token={password}"
    assert password not in shown(url)
    assert password not in safe(f"cannot connect to '{url}'")
    assert password not in safe(f"bad password {password}", [password])


@given(st.text(max_size=1000))
def test_words_of_others_are_shown_on_one_line(text: str) -> None:
    """And not without end."""
    assert safe(text).isprintable()
    assert len(safe(text)) <= 300
