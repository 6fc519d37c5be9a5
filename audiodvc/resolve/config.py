"""Settings as they are at the moment of a call: argument, attribute, environment, file, default."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audiodvc.adapters import disk
from audiodvc.errors import ConfigError
from audiodvc.model import address, userconfig
from audiodvc.model.settings import LINKS
from audiodvc.model.userconfig import Repository, UserConfig

PATH = "~/.config/audiodvc/config.yaml"
CACHE = "~/.cache/audiodvc"


class Overrides:
    """What a program sets for itself; None leaves it to the environment and the file, "" switches it off."""

    __slots__ = ("CACHE_ROOT", "REPOSITORIES", "SHARED_CACHE_ROOT")

    def __init__(self) -> None:
        self.CACHE_ROOT: str | os.PathLike[str] | None = None
        self.SHARED_CACHE_ROOT: str | os.PathLike[str] | None = None
        self.REPOSITORIES: Sequence[Repository] | None = None


config = Overrides()


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
    repositories = user.repositories if config.REPOSITORIES is None else tuple(config.REPOSITORIES)
    return Config(
        cache_root=_expanded(cache_root) or _cache_root(user),
        shared_cache_root=None if cache_root else _shared_cache_root(user),
        repositories=repositories,
        allow_local_remotes=user.allow_local_remotes,
        links=user.links,
    )


def path() -> Path:
    """Where the user's settings are, or would be."""
    return _expanded(os.environ.get("AUDIODVC_CONFIG")) or Path(PATH).expanduser()


def _cache_root(user: UserConfig) -> Path:
    set_here = _expanded(config.CACHE_ROOT) or _expanded(os.environ.get("AUDIODVC_CACHE_ROOT"))
    return set_here or _expanded(user.cache_root) or Path(CACHE).expanduser()


def _shared_cache_root(user: UserConfig) -> Path | None:
    for value in (config.SHARED_CACHE_ROOT, os.environ.get("AUDIODVC_SHARED_CACHE_ROOT")):
        if value is not None:
            return _expanded(value)
    return _expanded(user.shared_cache_root)


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
