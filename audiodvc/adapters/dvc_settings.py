"""The settings of a DVC repository in a work tree, of which somebody else may have written a part.

`.dvc/config` comes with a clone, so that of it only the place of the objects counts, as for a dataset that is
fetched, and how files hang together with the cache. `config.local` is the user's own, as `.git/config` is,
unless git has brought it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from audiodvc.adapters import disk, dvc_trust, git
from audiodvc.adapters.dvc_trust import Given, Own
from audiodvc.errors import AudiodvcError, RefusedError
from audiodvc.model import remoteconfig
from audiodvc.model.remoteconfig import RemoteConfig

if TYPE_CHECKING:
    from dvc.config import Config
    from dvc.repo import Repo

_log = logging.getLogger(__name__)

STORAGE = "audiodvc.storage"
"""The setting of a clone that names the configurations which `audiodvc install` has seen."""

_FOLDER = ".dvc"
_CONFIG, _LOCAL = f"{_FOLDER}/config", f"{_FOLDER}/config.local"
_OWN_ONLY = tuple(f"{_FOLDER}/{name}/" for name in ("cache", "tmp"))
_STRANGE_MODES = {"120000": "a symbolic link", "160000": "a repository of its own"}

# What a repository may say beside its remotes: none of it names a file, a program or a server.
_KEPT: Mapping[str, tuple[str, ...]] = {
    "core": ("remote", "analytics", "autostage", "check_update", "checksum_jobs", "no_scm"),
    "cache": ("type", "protected", "shared", "slow_link_warning", "verify"),
}
_KEPT_OF_REMOTES = ("checksum_jobs", "jobs", "no_traverse", "verify", "version_aware", "worktree")
_OTHER_KINDS = ("gdrive",)
_FOLDERS = ("file", "local")
MINE = (
    "`dvc config --local` and `dvc remote modify --local` are your own; "
    "a folder of this machine counts once you have looked and called `audiodvc install`"
)


class Settings(NamedTuple):
    """What DVC is to go by in a repository, and the names of settings that were left out."""

    config: Config
    left_out: tuple[str, ...]


def read(root: Path) -> Settings:
    """The settings of a DVC repository; what cannot be believed is left out, and said."""
    found = _read(root)
    if found.left_out:
        _say(f"{root / _CONFIG}: left out are the settings {', '.join(found.left_out)} ({MINE})")
    return found


@cache
def _say(text: str) -> None:
    """Say something once, however often a repository is opened."""
    _log.warning("%s", text)


def opened(root: Path) -> Repo:
    """A DVC repository that goes by these settings, and no others."""
    from dvc.repo import Repo

    class Believing(Repo):  # type: ignore[misc] # DVC has no types
        config = read(root).config

    return Believing(str(root))


def left_out(root: Path) -> tuple[str, ...]:
    """The settings of a repository that count for nothing."""
    return _read(root).left_out


def _read(root: Path) -> Settings:
    from dvc.config import Config, ConfigError

    modes = refuse_planted(root)
    text = disk.read(root / _CONFIG) or b""
    try:
        config = Config(str(root / _FOLDER), validate=False)
        levels = {level: config.load_one(level) for level in config.LEVELS if level in config.files}
        theirs, said = levels["repo"], remoteconfig.parse(text)
        is_planted = _LOCAL in modes
        if is_planted:
            levels["local"] = {}
        merged = _merged({**levels, "repo": _kept(theirs)})
        merged["remote"] = dict(_remotes(root, text, said, levels))
        config.clear()
        config.update(Config.validate(merged))
    except (ConfigError, OSError) as error:
        what = f"the DVC configuration of {root} cannot be read: {error}"
        raise AudiodvcError(what, hint="`dvc config --list` has to work there") from error
    lost = [f"remote.{name}" for name in said.remotes if name not in merged["remote"]]
    known = {f"{section}.{key}" for section, keys in _KEPT.items() for key in keys}
    names = [*(name for name in said.ignored if name not in known), *lost]
    if said.fault:
        names.append(f"of all remotes, since it {said.fault}")
    if is_planted:
        names.append(f"of all {_LOCAL}, which git tracks")
    return Settings(config, tuple(names))


def refuse_planted(root: Path) -> Mapping[str, str]:
    """Refuse what git has brought to where only a clone's own files belong; the modes of the others."""
    modes = git.modes(root, _FOLDER)
    for name, mode in modes.items():
        what = _STRANGE_MODES.get(mode, "")
        if what or name.startswith(_OWN_ONLY):
            raise RefusedError(
                f"git has brought {name}{f', which is {what}' if what else ''} into {root}, "
                "where DVC would write",
                hint=f"`git rm --cached {name}` and remove it, or do not work in this repository",
            )
    return modes


def _merged(levels: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """All levels in one, as DVC takes them, but for the remotes."""
    merged: dict[str, Any] = {}
    for conf in levels.values():
        for section, values in conf.items():
            if section != "remote":
                merged.setdefault(section, {}).update(values)
    return merged


def _kept(theirs: Mapping[str, Any]) -> dict[str, Any]:
    """What counts of a repository's own settings."""
    return {
        section: {key: value for key, value in theirs.get(section, {}).items() if key in keys}
        for section, keys in _KEPT.items()
    }


def _remotes(
    root: Path, text: bytes, said: RemoteConfig, levels: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[str, dict[str, object]]]:
    """Every remote, each with the options that are for its place."""
    folder = root / _FOLDER
    everywhere: dict[str, dict[str, object]] = {}
    for level in ("system", "global"):
        for name, options in levels.get(level, {}).get("remote", {}).items():
            everywhere.setdefault(name, {}).update(options)
    here: Mapping[str, dict[str, object]] = levels.get("local", {}).get("remote", {})
    theirs = levels["repo"].get("remote", {})
    own = [Own(name, options) for name, options in everywhere.items()]
    for name, options in here.items():
        mine = everywhere.get(name, {})
        place = {} if "url" in options else mine if "url" in mine else said.remotes.get(name, {})
        own.append(Own(name, {**place, **options}))
    for name in (*everywhere, *here):
        if name not in said.remotes:
            yield name, {**everywhere.get(name, {}), **here.get(name, {})}
    with_folders = may_name_folders(root, text)
    for name in said.remotes:
        url = here.get(name, {}).get("url") or _url(folder, said, name, with_folders=with_folders)
        if url is not None:
            neutral = {key: value for key, value in theirs[name].items() if key in _KEPT_OF_REMOTES}
            options, withheld = _granted(str(url), said, name, own, here.get(name, {}))
            if withheld:
                _say(f"{root / _CONFIG}: {withheld}")
            yield name, {**neutral, **options}


def may_name_folders(root: Path, text: bytes) -> bool:
    """Whether a repository may say which folder of this machine has its objects.

    One that came from elsewhere may once `audiodvc install` has seen its configuration.
    """
    return (
        not is_from_elsewhere(root) or git.blob_id(root, text) in (git.setting(root, STORAGE) or "").split()
    )


def is_from_elsewhere(root: Path) -> bool:
    """Whether what is in a clone may have come from another machine."""
    return any(map(_is_elsewhere, git.remote_urls(root)))


def _is_elsewhere(url: str) -> bool:
    """Whether git asks another machine for what is at a url."""
    scheme, separator, _ = url.partition("://")
    if separator:
        return scheme.lower() != "file"
    return ":" in url.partition("/")[0]


def _url(folder: Path, said: RemoteConfig, name: str, *, with_folders: bool) -> str | None:
    """The place that a repository names, a folder by its full name; None if it is one to stay away from."""
    try:
        remote = remoteconfig.find(said, name)
        if remote is None:
            return None
        scheme, separator, rest = remote.url.partition("://")
        path = rest if separator else remote.url
        if not separator or scheme.lower() in _FOLDERS:
            if not with_folders:
                return None
            return os.path.normpath(folder / os.path.expanduser(path))
        if scheme.lower() not in _OTHER_KINDS:
            dvc_trust.kind(remote.url)
    except RefusedError:
        return None
    return remote.url


def _granted(
    url: str, said: RemoteConfig, name: str, own: list[Own], here: Mapping[str, object]
) -> tuple[dict[str, object], str]:
    """The options of a remote, and what the user should know about others."""
    if "://" not in url:
        return {**here, "url": url}, ""
    remote = remoteconfig.find(said, name)
    given = Given(name, url, remote.options if remote else {})
    granted = dvc_trust.grant(given, own, os.environ)
    if granted.anonymous and url.startswith(("s3://", "gs://")):
        return {**granted.options, "allow_anonymous_login": True}, granted.withheld
    return granted.options, granted.withheld
