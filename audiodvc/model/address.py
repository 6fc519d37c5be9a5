"""Addresses of repositories: what git may be given, and how a person and the cache call it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import unquote

from audiodvc.errors import RefusedError
from audiodvc.model import paths
from audiodvc.words import redact

SCHEMES = ("https", "http", "ssh", "git", "file")

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)(.*)", re.DOTALL)
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.-]*::")
_SCP = re.compile(r"(\[[^/\]]*\]|[^/:\[]*):(.*)", re.DOTALL)
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s\\/\[\]@:?#]+)(?::\d*)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LOCAL_HOSTS = ("", "localhost")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a dataset is: what git is given, the dataset's folder there, and the address without secrets."""

    url: str
    folder: str
    shown: str
    is_local: bool

    @property
    def label(self) -> str:
        """A short name for people: the last part of the folder or of the repository."""
        repository = _plain(self.shown.partition("#")[0])
        last = re.split(r"[/:]", self.folder or repository)[-1]
        return re.sub(r"[^A-Za-z0-9._-]", "_", last).lstrip(".-") or "dataset"

    @property
    def name(self) -> str:
        """The name in the cache: the label, and what keeps a fork apart from its origin."""
        key = f"{self._repository}#{self.folder}" if self.folder else self._repository
        return f"{self.label}-{_md5(key)[:8]}"

    @property
    def mirror(self) -> str:
        """The id of the repository's mirror, which the datasets of one repository share."""
        label = Address(self.url, "", self.shown, self.is_local).label
        return f"{label}-{_md5(self._repository)[:16]}"

    @property
    def _repository(self) -> str:
        return _plain(self.shown.partition("#")[0] if not self.is_local else self.url)


def is_address(text: str) -> bool:
    """Whether a text is a URL or a path, rather than a name from the configuration."""
    return any(mark in text for mark in "/:\\") or text.startswith(("~", ".", "-"))


def parse(text: str) -> Address:
    """The address that a text is, `URL#folder` too; a path is left as it is written."""
    _refuse_words(text)
    if text.lower().startswith("file://"):
        return _file(text)
    found = _URL.match(text)
    if found:
        return _remote(text, *found.groups())
    scp = _SCP.match(text)
    if scp:
        return _secure_copy(text, *scp.groups())
    path, folder = _split(text)
    return local(path, folder)


def local(path: str, folder: str = "") -> Address:
    """The address of a repository on this machine."""
    return Address(path, folder, _with_folder(path, folder), is_local=True)


def _refuse_words(text: str) -> None:
    if not text.strip():
        raise RefusedError("an empty text is no address", hint="give a name, a URL or a path")
    if _CONTROL.search(text):
        shown = redact(_CONTROL.sub("?", text))
        raise RefusedError(f"{shown}: an address can't have control characters")
    if text.startswith("-"):
        raise RefusedError(f"{redact(text)}: an address can't begin with '-'", hint="write ./ before a path")
    if _HELPER.match(text):
        raise RefusedError(
            f"{redact(text)}: addresses that start another program are refused",
            hint=f"use {', '.join(SCHEMES)} or a path",
        )


def _file(text: str) -> Address:
    where, folder = _split(text)
    host, slash, path = where[len("file://") :].partition("/")
    if host.lower() not in _LOCAL_HOSTS or not slash:
        raise RefusedError(f"{text}: names no folder of this machine", hint="write file:///folder")
    path = unquote(slash + path)
    if _CONTROL.search(path):
        raise RefusedError(f"{text}: an address can't have control characters")
    return local(path, folder)


def _remote(text: str, scheme: str, authority: str, rest: str) -> Address:
    shown = redact(text)
    if scheme.lower() not in SCHEMES:
        raise RefusedError(f"{shown}: git is not asked by {scheme}://", hint=f"use {', '.join(SCHEMES)}")
    path, folder = _split(rest)
    user, _, host = authority.rpartition("@")
    if (
        not _HOST.fullmatch(host)
        or re.search(r"[\s\\]", user)
        or host.startswith("-")
        or user.startswith("-")
        or path.startswith("/-")
    ):
        raise RefusedError(f"{shown}: names no server that can be asked")
    if not path.strip("/"):
        raise RefusedError(f"{shown}: names no repository of the server")
    if "?" in path and scheme.lower() in ("http", "https"):
        # git would append to it, so that no server finds what it stands for.
        raise RefusedError(f"{shown}: an address has no query", hint="give a token as the password of a user")
    # The account of ssh is part of where a repository is; that of http is only how to get in.
    account = f"{user.partition(':')[0]}@" if user and scheme.lower() == "ssh" else ""
    place = f"{scheme.lower()}://{account}{host.lower()}{path}"
    return Address(f"{scheme}://{authority}{path}", folder, _with_folder(place, folder), is_local=False)


def _secure_copy(text: str, server: str, rest: str) -> Address:
    path, folder = _split(rest)
    user, _, host = server.rpartition("@")
    account = user.partition(":")[0]
    if not host or host.startswith("-") or user.startswith("-") or not path or path.startswith("-"):
        raise RefusedError(f"{redact(text)}: names no repository of a server")
    place = f"{account}@{host.lower()}:{path}" if user else f"{host.lower()}:{path}"
    return Address(f"{server}:{path}", folder, _with_folder(place, folder), is_local=False)


def _split(text: str) -> tuple[str, str]:
    """The folder of a dataset stands behind the first `#`."""
    repository, mark, folder = text.partition("#")
    folder = folder.rstrip("/")
    if mark and folder:
        fault = paths.fault(folder)
        if fault or folder.startswith("-"):
            reason = fault or "begins with '-'"
            raise RefusedError(f"{redact(text)}: the folder behind '#' {reason}")
    return repository, folder


def _with_folder(place: str, folder: str) -> str:
    return f"{place}#{folder}" if folder else place


def _plain(place: str) -> str:
    """The place without what makes no difference to git."""
    return place.rstrip("/").removesuffix("/.git").removesuffix(".git").rstrip("/")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()
