"""Settings as they are at the moment of a call: argument, attribute, environment, file, default."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audiodvc.adapters import disk
from audiodvc.errors import ConfigError
from audiodvc.model import address, userconfig
from audiodvc.model.settings import LINKS
from audiodvc.model.userconfig import Repository, UserConfig

PATH = "~/.config/audiodvc/config.yaml"
CACHE = "~/.cache/audiodvc"


class _Unset(str):
    """What holds where a program set nothing."""

    __slots__ = ()


class _Folder:
    """A folder that a program may set."""

    def __init__(self, holding: Callable[[UserConfig], Path | None]) -> None:
        self.given: str | os.PathLike[str] | None = None
        self._holding = holding

    def __get__(self, owner: object, kind: type | None = None) -> str | None:
        if self.given is not None:
            return os.fspath(self.given)
        now = self._holding(_user())
        return None if now is None else _Unset(now)

    def __set__(self, owner: object, value: str | os.PathLike[str] | None) -> None:
        self.given = None if isinstance(value, _Unset) else value

    def __delete__(self, owner: object) -> None:  # as `unittest.mock` puts back what it patched
        self.given = None


class _Repositories:
    """The repositories that a program may set, or change in place."""

    def __init__(self) -> None:
        self._given: list[Repository] | None = None
        self._read: list[Repository] = []
        self._was: tuple[Repository, ...] = ()

    def of(self, user: UserConfig) -> tuple[Repository, ...]:
        """Those that hold."""
        if self._given is not None:
            return tuple(self._given)
        return user.repositories if tuple(self._read) == self._was else tuple(self._read)

    def __get__(self, owner: object, kind: type | None = None) -> list[Repository]:
        if self._given is not None:
            return self._given
        if tuple(self._read) == self._was:
            self._was = _user().repositories
            self._read[:] = self._was
        return self._read

    def __set__(self, owner: object, value: Sequence[Repository] | None) -> None:
        if value is None:
            self._read, self._was = [], ()
        if value is None or value is self._read:
            self._given = None
        else:  # a list stays the one that it is, for who changes it later
            self._given = value if isinstance(value, list) else list(value)

    def __delete__(self, owner: object) -> None:
        self.__set__(owner, None)


def _cache_root(user: UserConfig) -> Path:
    set_here = _expanded(_cache.given) or _expanded(os.environ.get("AUDIODVC_CACHE_ROOT"))
    return set_here or _expanded(user.cache_root) or Path(CACHE).expanduser()


def _shared_cache_root(user: UserConfig) -> Path | None:
    for value in (_shared.given, os.environ.get("AUDIODVC_SHARED_CACHE_ROOT")):
        if value is not None:
            return _expanded(value)
    return _expanded(user.shared_cache_root)


_cache, _shared = _Folder(_cache_root), _Folder(_shared_cache_root)
_repositories = _Repositories()


class Overrides:
    """What a program sets for itself; None leaves it to the environment and the file, "" switches it off.

    Who reads what was not set gets what holds. To set just that again, as who puts settings back does, sets
    nothing; but the list of repositories can be changed in place.
    """

    __slots__ = ()

    CACHE_ROOT, SHARED_CACHE_ROOT, REPOSITORIES = _cache, _shared, _repositories


config = Overrides()

Folder = str | os.PathLike[str] | None
Given = tuple[Folder, Folder, tuple[Repository, ...]]


def given() -> Given:
    """What was set in this process, for another one; and the repositories, set or not."""
    return _cache.given, _shared.given, _repositories.of(_user())


def give(values: Given) -> None:
    """Set what was set in another process."""
    config.CACHE_ROOT, config.SHARED_CACHE_ROOT, config.REPOSITORIES = values


@dataclass(frozen=True, slots=True)
class Config:
    """All settings, each with its value."""

    cache_root: Path
    shared_cache_root: Path | None = None
    repositories: tuple[Repository, ...] = ()
    allow_local_remotes: bool = False
    links: tuple[str, ...] = LINKS


def current(cache_root: str | os.PathLike[str] | None = None) -> Config:
    """The settings as they are now; who names a cache wants that one only, not the shared one as well."""
    user = _user()
    config = Config(
        cache_root=_expanded(cache_root) or _cache_root(user),
        shared_cache_root=None if cache_root else _shared_cache_root(user),
        repositories=_repositories.of(user),
        allow_local_remotes=user.allow_local_remotes,
        links=user.links,
    )
    for root in (config.cache_root, config.shared_cache_root):
        _refuse_odd(root)
    return config


def _refuse_odd(root: Path | None) -> None:
    """Refuse a cache whose name cannot be given to those who read its tables."""
    try:
        str(root or "").encode()
    except UnicodeEncodeError as error:
        raise ConfigError(f"the cache {str(root)!a} is not UTF-8", hint="name another folder") from error


def path() -> Path:
    """Where the user's settings are, or would be."""
    return _expanded(os.environ.get("AUDIODVC_CONFIG")) or Path(PATH).expanduser()


def _user() -> UserConfig:
    """The settings of the file; a file that the environment names has to be there."""
    file = path()
    try:
        data = disk.read(file)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {disk.reason(error)}") from error
    if data is None and os.environ.get("AUDIODVC_CONFIG"):
        raise ConfigError(f"{file}: no such file", hint="AUDIODVC_CONFIG names it")
    user = userconfig.parse(data or b"", str(file))
    if user.findings:
        details = [f"{one.path}:{one.line}:{one.column}: {one.message}" for one in user.findings]
        raise ConfigError("the settings cannot be understood", details=details)
    return _beside(user, file.parent)


def _beside(user: UserConfig, folder: Path) -> UserConfig:
    """The settings with relative paths counted from the file that holds them."""
    return replace(
        user,
        cache_root=_joined(folder, user.cache_root),
        shared_cache_root=_joined(folder, user.shared_cache_root),
        repositories=tuple(_repository_beside(one, folder) for one in user.repositories),
    )


def _repository_beside(one: Repository, folder: Path) -> Repository:
    if one.git.lower().startswith("file:") or not address.parse(one.git).is_local:
        return one
    return replace(one, git=_joined(folder, one.git) or "")


def _joined(folder: Path, value: str | None) -> str | None:
    return str(folder / _home(value)) if value else None


def _expanded(value: str | os.PathLike[str] | None) -> Path | None:
    text = os.fspath(value) if value is not None else ""
    return Path.cwd() / _home(text) if text else None


def _home(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"{text}: there is no such home folder") from error
