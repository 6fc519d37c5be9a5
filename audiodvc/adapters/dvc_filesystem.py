"""DVC's file systems, opened with what a remote may know, and nothing that DVC would add by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from netrc import NetrcParseError, netrc
from typing import Any
from urllib.parse import urlsplit

from audiodvc.adapters import dvc_streams, dvc_trust
from audiodvc.adapters.dvc_trust import Given, Granted
from audiodvc.errors import RemoteError

_EXTRAS = {"s3": "s3", "gs": "gs", "azure": "azure", "ssh": "ssh", "webdav": "webdav", "webdavs": "webdav"}
# Seconds; DVC's own are a minute or more, many times over.
_PATIENCE = {"connect_timeout": 20, "read_timeout": 30}
_NOBODY = "anon"  # gcsfs takes this for no token at all


def opened(given: Given, granted: Granted) -> tuple[Any, str]:
    """DVC's file system for a remote, and the place of the objects in it."""
    from dvc.fs import RemoteMissingDepsError, get_cloud_fs

    kind = dvc_trust.kind(given.url)
    try:
        with _kept_environment():
            patience = _PATIENCE if kind in ("http", "https", "s3") else {}
            cls, conf, root = get_cloud_fs({}, **{**patience, **granted.options})
            fs = cls(**conf)
            _tune(fs, kind, granted)
            _ = fs.fs  # opens it
    except (ImportError, RemoteMissingDepsError):
        extra = _EXTRAS.get(kind)
        need = f"pip install 'audiodvc[{extra}]'" if extra else f"pip install 'dvc[{kind}]'"
        raise RemoteError(f"the remote '{given.name}' needs what reads {kind}://", hint=need) from None
    except Exception as error:  # noqa: BLE001 - every library has its own
        words = dvc_trust.safe(f"{type(error).__name__}: {error}", dvc_trust.secrets(granted.options))
        where = f"the remote '{given.name}' ({dvc_trust.shown(given.url)})"
        raise RemoteError(f"{where} cannot be opened: {words}", hint=granted.withheld) from None
    return fs, root


def guard(fs: Any, url: str) -> None:  # noqa: ANN401 - DVC has no types
    """Keep from a server what DVC would by itself let it have of the user's."""
    kind = url.partition("://")[0].lower()
    if kind in ("http", "https") and _is_told_to_everybody(url):
        fs.fs_args["client_kwargs"]["trust_env"] = False
    elif kind == "ssh":
        # DVC lets the host that it logs in to use the user's keys.
        fs.fs_args["agent_forwarding"] = False


def _tune(fs: Any, kind: str, granted: Granted) -> None:  # noqa: ANN401 - DVC has no types
    """What DVC does not let a configuration say, or what is safer here."""
    guard(fs, str(granted.options["url"]))
    if kind in ("http", "https"):
        fs.SESSION_RETRIES = 1  # tries are counted in one place
        return
    arguments = fs.fs_args
    if kind == "s3":
        config = arguments.setdefault("config_kwargs", {})
        config["max_pool_connections"] = dvc_streams.IN_FLIGHT
        config["retries"] = {"max_attempts": 1, "mode": "standard"}
        if granted.anonymous or not (dvc_trust.is_signed(granted.options) or _has_credentials()):
            arguments["anon"] = True
        fs.fs.retries = 1
    elif kind == "gs" and granted.anonymous:
        arguments["token"] = _NOBODY
    elif kind == "ssh":
        # DVC asks for passwords.
        arguments.pop("client_factory", None)


def _is_told_to_everybody(url: str) -> bool:
    """Whether the user's netrc has a password for all hosts, and none for this one; aiohttp would send it."""
    try:
        hosts = netrc(os.environ.get("NETRC")).hosts
    except (OSError, NetrcParseError):
        return False
    return "default" in hosts and urlsplit(url).hostname not in hosts


def _has_credentials() -> bool:
    """Whether AWS would know who asks."""
    import botocore.session  # type: ignore[import-untyped,unused-ignore] # it has no types

    return botocore.session.Session().get_credentials() is not None


@contextmanager
def _kept_environment() -> Iterator[None]:
    """Undo what DVC sets: it hands the files of one remote to all through the environment."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
