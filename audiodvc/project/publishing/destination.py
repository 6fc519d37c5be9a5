"""Where a dataset is published: the repository that has it, or one that is still to be made."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from audiodvc.adapters import git
from audiodvc.adapters.mirror import Mirror, settled
from audiodvc.errors import ConflictError, PublishError, UnknownDatasetError, VersionError
from audiodvc.model import address, userconfig
from audiodvc.model.address import Address
from audiodvc.model.userconfig import Repository
from audiodvc.resolve import revision
from audiodvc.resolve import source as sources
from audiodvc.resolve.config import Config
from audiodvc.resolve.source import Source

_FIRST_BRANCH = "refs/heads/main"
# A folder this young may be of somebody who has made it and does not hold it yet.
_YOUNG = 1.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user says of the place: a name, URL or path, a repository, and where new media go."""

    source: str | None = None
    repository: Repository | str | None = None
    media: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """A repository as it is now; `media` is where the objects of a dataset go that it does not have yet."""

    source: Source
    mirror: Mirror
    media: str
    refs: Mapping[str, str]
    branch: str

    @property
    def tip(self) -> str | None:
        """The last commit of the default branch."""
        return self.refs.get(self.branch)


@contextmanager
def opened(wish: Wish, name: str, config: Config) -> Iterator[Destination]:
    """The repository for a dataset of a name; one that is new is there for others when the block is done."""
    found, media, place = _found(wish, name, config)
    _sweep(found)
    if place is None:
        mirror = settled(sources.mirror(found, config))
        refs = mirror.refs()
        yield Destination(found, mirror, media, refs, _branch(mirror, refs))
        return
    with _made(place) as folder:
        mirror = settled(replace(sources.mirror(found, config), url=str(folder)))
        yield Destination(found, mirror, media, {}, _FIRST_BRANCH)


def versions_at(wish: Wish, name: str, config: Config) -> list[str]:
    """The versions that a dataset has where it would be published; none where there is none yet."""
    found, _, place = _found(wish, name, config)
    _sweep(found)
    return [] if place is not None else revision.versions(found, config)


# -- which one -------------------------------------------------------------------------------------


def _found(wish: Wish, name: str, config: Config) -> tuple[Source, str, Path | None]:
    """The source, where media go, and the folder that is to become a repository."""
    text, repository = _named(wish, name, config)
    media = wish.media or (repository.media_of(name) if repository else "")
    try:
        found = sources.find(text, config)
    except UnknownDatasetError:
        place = _new(text, config, repository, name)
        if place is None:
            raise
        known = Source(name if repository in config.repositories else place.name, place, repository)
        return known, media or _beside(place), Path(place.url)
    return found, media or _beside(found.address), None


def _named(wish: Wish, name: str, config: Config) -> tuple[str, Repository | None]:
    """The name, URL or path to look for, and the configured repository that it is of, if it is one."""
    if isinstance(wish.repository, Repository):
        _refuse_odd_name(name)
        return wish.repository.address_of(name), wish.repository
    if wish.repository is not None:
        return _in_repository(wish, wish.repository, name, config)
    text = name if wish.source is None else wish.source
    candidates = [one for one in config.repositories if userconfig.is_name(text) and one.may_have(text)]
    if candidates and text != name:
        raise VersionError(
            f"the dataset is called '{name}' in its header, not '{text}'", hint="both must agree"
        )
    if wish.source is None and not candidates:
        raise VersionError(
            f"no configured repository can have a dataset '{name}'",
            hint="say where to publish it: `repository`",
        )
    return text, candidates[0] if candidates else None


def _in_repository(wish: Wish, label: str, name: str, config: Config) -> tuple[str, Repository | None]:
    """A repository by its name; for programs a URL or path, too."""
    one = next((one for one in config.repositories if one.name == label), None)
    if one is not None:
        _refuse_odd_name(name)
        if wish.source not in (None, name):
            raise VersionError(f"the dataset is called '{name}' in its header, not '{wish.source}'")
        return one.address_of(name), one
    if wish.source is None and address.is_address(label):
        return label, None
    names = ", ".join(one.name for one in config.repositories) or "none"
    raise VersionError(f"there is no repository '{label}'", hint=f"configured are: {names}")


def _refuse_odd_name(name: str) -> None:
    """The name becomes a part of a path or URL."""
    if not userconfig.is_name(name):
        raise VersionError(f"'{name}' is no name that a repository can have", hint="use A-Z a-z 0-9 . _ -")


def _new(text: str, config: Config, repository: Repository | None, name: str) -> Address | None:
    """The path of a repository that can be made; None where something is, or that is on a server."""
    if repository is not None and repository in config.repositories:
        text = repository.address_of(name)
    elif not address.is_address(text):
        return None
    found = address.parse(text)
    if not found.is_local or found.folder:
        return None
    place = Path(os.path.abspath(Path(found.url).expanduser()))  # noqa: PTH100 - pathlib leaves `..` in it
    is_free = not os.path.lexists(place) or (place.is_dir() and not any(place.iterdir()))
    return address.local(str(place)) if is_free else None


def _beside(place: Address) -> str:
    """Where media go if nobody says: a folder beside the repository."""
    path = place.url.rstrip("/")
    return f"{path.removesuffix('.git')}.media" if place.is_local else ""


def _branch(mirror: Mirror, refs: Mapping[str, str]) -> str:
    """The default branch, which need not have a commit yet."""
    found = mirror.default()
    if found.startswith("refs/"):
        return found
    name = git.branch(Path(mirror.url)) if mirror.is_local else None
    if refs and not name:
        raise PublishError(
            f"{mirror.server.shown} has no default branch", hint="let its HEAD lead to a branch, as main"
        )
    return f"refs/heads/{name}" if name else _FIRST_BRANCH


# -- a new one -------------------------------------------------------------------------------------


@contextmanager
def _made(place: Path) -> Iterator[Path]:
    """A bare repository that takes its place when it is whole."""
    new = [one for one in place.parents if not one.exists()]
    place.parent.mkdir(parents=True, exist_ok=True)
    folder = place.with_name(f".{place.name}.{secrets.token_hex(6)}.tmp")
    held = None
    try:
        folder.mkdir()
        held = _claim(folder)
        git.init_bare(folder)
        yield folder
        try:
            folder.rename(place)
        except OSError as error:
            raise ConflictError(
                f"somebody else made {place} just now; nothing of this is in it", hint="look at what they did"
            ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)
        with suppress(OSError):
            for one in new:
                one.rmdir()


def _claim(folder: Path) -> int | None:
    """Hold a folder until the process ends, however it ends; None where somebody holds it."""
    if sys.platform == "win32":
        return None
    import fcntl

    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return None
    return held


def _sweep(found: Source) -> None:
    """Remove what somebody left who was killed while a repository was made here."""
    if not found.address.is_local:
        return
    place = Path(found.address.url)
    left = re.compile(rf"\.{re.escape(place.name)}\.[0-9a-f]{{12}}\.tmp")
    with suppress(OSError), os.scandir(place.parent) as items:
        for item in items:
            if left.fullmatch(item.name) and time.time() - item.stat().st_mtime > _YOUNG:
                held = _claim(Path(item.path))
                if held is not None:
                    shutil.rmtree(item.path, ignore_errors=True)
                    os.close(held)
