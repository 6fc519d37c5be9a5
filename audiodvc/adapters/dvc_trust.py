"""Whose options and credentials a remote gets: those of a user go only where that user's own settings point.

DVC merges the options of all remotes of one name, so that a repository that calls its own server by the name
of a user's remote is sent that user's password. Here a name counts for nothing, and a place for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from audiodvc.errors import RefusedError
from audiodvc.words import redact

Options = Mapping[str, object]

KINDS = ("s3", "gs", "azure", "ssh", "http", "https", "webdav", "webdavs", "hdfs", "webhdfs", "oss")

# A host or bucket, and perhaps a user and a port. It can become a word of a command of the user's own ssh
# configuration, so that it must look like nothing else.
_HOST = re.compile(r"([^@/]+@)?([A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])?(:[0-9]{1,5})?")
_PORTS = {"http": 80, "webdav": 80, "https": 443, "webdavs": 443, "ssh": 22}

# What would ask somebody, for a program must not stop and wait.
_ASKING = ("ask_password", "ask_passphrase")
# Files that name programs to run. They are fine in the configuration of a user; `config.local` lies in the
# folder of a repository, which somebody else may have packed.
_PROGRAMS = ("configpath", "credentialpath", "bearer_token_command", "proxy_command")
_SIGNING = ("access_key_id", "profile", "configpath", "credentialpath", "allow_anonymous_login")
_LONGEST = 300
_NO_HOST = "?"
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")

_SECRETS = frozenset(
    "password passphrase access_key_id secret_access_key session_token sse_customer_key token sas_token "
    "account_key connection_string client_secret oss_key_id oss_key_secret custom_auth_header".split()
)


@dataclass(frozen=True, slots=True)
class Given:
    """What a repository says of a remote: its name, its url, and the options that may be believed."""

    name: str
    url: str
    options: Mapping[str, str] = field(default_factory=dict)


class Own(NamedTuple):
    """A remote of the user's own configuration."""

    name: str
    options: Options


class Granted(NamedTuple):
    """The options that a remote gets, and whether it must not see who asks."""

    options: dict[str, object]
    anonymous: bool
    withheld: str
    """What the user should know about options that were not used, if any were."""


def grant(given: Given, own: Sequence[Own], environment: Mapping[str, str]) -> Granted:
    """Decide what a remote is told; later ones of the user's own remotes win over earlier ones."""
    same = [one for one in own if _is_same(given, one.options)]
    chosen = [one for one in same if one.name == given.name] or same[:1]
    if chosen:
        options = {key: value for one in chosen for key, value in one.options.items()}
        return Granted({**given.options, **options, "url": given.url}, anonymous=False, withheld="")
    endpoint = given.options.get("endpointurl")
    known = _known_endpoints((one.options for one in own), environment)
    foreign = endpoint is not None and _origin(endpoint) not in known
    withheld = _withheld(given, own)
    if foreign and not withheld:
        withheld = (
            f"your credentials were not sent to {_bare(str(endpoint))}, which only the repository names"
        )
    return Granted({**given.options, "url": given.url}, foreign, withheld)


def own_options(options: Options, *, local: bool) -> dict[str, object]:
    """What may be used of a user's own settings; of those that lie in a repository's folder less."""
    unfit = _ASKING + _PROGRAMS if local else _ASKING
    return {key: value for key, value in options.items() if key not in unfit}


def secrets(options: Options) -> list[object]:
    """The values among options that nobody may see."""
    given = [value for key, value in options.items() if key in _SECRETS and value]
    return [*given, *filter(None, [_split(str(options.get("url") or "")).password])]


def is_signed(options: Options) -> bool:
    """Whether options say who asks, or that nobody does."""
    return any(options.get(key) for key in _SIGNING)


def kind(url: str) -> str:
    """The kind of a remote; an address that is none of a host is refused."""
    scheme = url.partition("://")[0].lower()
    if scheme in KINDS and _HOST.fullmatch(_split(url).netloc):
        return scheme
    what = "an address that is none" if scheme in KINDS else "of a kind that cannot be read"
    raise RefusedError(
        f"the remote {shown(url)} is {what}", hint=f"known are {', '.join(KINDS)}, and folders"
    )


def refuse_secret(url: str) -> None:
    """Refuse a url that lets somebody in, where all who have the repository would read it."""
    if redact(url) != url:
        raise RefusedError(
            f"the remote {shown(url)} has credentials in its url, and .dvc/config is for all to read",
            hint="leave them out; `dvc remote add --global` and `dvc remote modify --global` keep yours",
        )


def shown(url: str) -> str:
    """A url as a message may show it: without user, password and query."""
    parts = _split(url)
    return _printable(f"{parts.scheme}://{_bare(url)}{parts.path}")


def safe(text: str, secrets: Iterable[object] = ()) -> str:
    """Words of a server or library as a message may show them."""
    for secret in secrets:
        if secret:
            text = text.replace(str(secret), "***")
    # Of a url no more than its host, without a user.
    text = re.sub(r"(\w://)([^/@\s'\"]*@)?([^/?#\s'\"]*)[^\s'\"]*", r"\1\3", text)
    return _printable(" ".join(text.split()))[:_LONGEST]


def _withheld(given: Given, own: Sequence[Own]) -> str:
    """What the user should know of settings that have the name of a remote, and are not for it."""
    namesakes = [one for one in own if one.name == given.name]
    if not namesakes:
        return ""
    if any("url" in one.options for one in namesakes):
        return f"your own settings for '{given.name}' are for another place, and were not used"
    place = f"dvc remote modify --local {given.name} url {shown(given.url)}"
    return f"your own settings for '{given.name}' do not say for which url they are: `{place}`"


def _is_same(given: Given, own: Options) -> bool:
    url = own.get("url")
    if not isinstance(url, str) or "://" not in url:
        return False
    here, there = _place(given.url, given.options), _place(url, own)
    if here is None or here[:2] != (there or ())[:2]:
        return False
    endpoint, port = given.options.get("endpointurl"), here[2]
    if endpoint is not None and _origin(endpoint) != _origin(str(own.get("endpointurl") or "")):
        return False
    return port is None or there is None or port == (there[2] or _PORTS.get(here[0]))


def _place(url: str, options: Options) -> tuple[str, str, int | None] | None:
    """Kind, host or bucket, and port of a remote."""
    parts = _split(url)
    host = parts.netloc.rpartition("@")[2]
    name, separator, digits = host.rpartition(":")
    if not (separator and digits.isdigit()):
        name, digits = host, str(options.get("port") or "")
    if not name:
        return None
    scheme = parts.scheme.lower()
    default = _PORTS.get(scheme) if scheme != "ssh" else None
    return scheme, name.lower(), int(digits) if digits.isdigit() else default


def _known_endpoints(own: Iterable[Options], environment: Mapping[str, str]) -> set[str]:
    """The servers for which the user's environment has its credentials."""
    named = [options.get("endpointurl") for options in own]
    named += [environment.get(name) for name in _ENDPOINTS]
    return {_origin(str(url)) for url in named if url}


def _origin(url: str) -> str:
    parts = _split(url)
    scheme = parts.scheme.lower()
    host = parts.netloc.rpartition("@")[2].lower()
    default = f":{_PORTS.get(scheme)}"
    return f"{scheme}://{host.removesuffix(default)}"


def _bare(url: str) -> str:
    return _split(url).netloc.rpartition("@")[2]


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        # As with a bracket that is not closed.
        return SplitResult("", _NO_HOST, "", "", "")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
