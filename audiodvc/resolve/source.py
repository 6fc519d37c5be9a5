"""What a person calls a dataset: a configured name, a URL or a path -> where git finds it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters.mirror import Mirror, prefix
from audiodvc.errors import AudiodvcError, DeniedError, UnknownDatasetError
from audiodvc.model import address, layout, userconfig
from audiodvc.model.address import Address
from audiodvc.model.userconfig import Repository
from audiodvc.resolve.config import Config
from audiodvc.words import redact

# Folders of the cache itself.
_TAKEN = ("flavored", "git", "objects")


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset: its name in the cache, where its repository is, and which configured one that is."""

    name: str
    address: Address
    repository: Repository | None = None


def find(text: str | os.PathLike[str], config: Config) -> Source:
    """The source that a name, URL or path means; git is asked only where several repositories may have it."""
    text = os.fspath(text)
    candidates = (
        [one for one in config.repositories if one.may_have(text)] if userconfig.is_name(text) else []
    )
    if candidates:
        return _known(text, candidates, config) or _first(text, candidates, config)
    found = _located(text)
    if found is None:
        raise _unknown(text, config)
    return Source(found.name, found)


def mirror(source: Source, config: Config) -> Mirror:
    """The mirror of a source's repository, made when it is first used."""
    where = source.address
    folder = config.cache_root / "git" / f"{where.mirror}.git"
    return Mirror(folder, where.url, where.is_local, where.shown.partition("#")[0])


def _named(name: str, repository: Repository) -> Source:
    found = _located(repository.address_of(name))
    if found is None:
        raise UnknownDatasetError(
            f"there is no folder {repository.address_of(name)}",
            hint=f"the settings name it in `git` of '{repository.name}'",
        )
    return Source(found.name if name in _TAKEN else name, found, repository)


def _known(name: str, candidates: Sequence[Repository], config: Config) -> Source | None:
    """The only repository that may have a dataset, or the first of which a cache has a version."""
    if len(candidates) == 1:
        return _named(name, candidates[0])
    seen = set(_seen(name, config))
    for repository in candidates if seen else ():
        with suppress(AudiodvcError):
            source = _named(name, repository)
            if source.address.shown in seen:
                return source
    return None


def _seen(name: str, config: Config) -> Iterator[str]:
    """Where the versions come from that the caches have under a name."""
    for root in filter(None, (config.shared_cache_root, config.cache_root)):
        for state in root.glob(f"{name}/*/{layout.STATE}"):
            with suppress(OSError, ValueError, LookupError, TypeError):
                yield str(json.loads(state.read_bytes())["source"])


def _first(name: str, candidates: Sequence[Repository], config: Config) -> Source:
    """The first repository that has a dataset; who was found to have it once is not asked again."""
    problem: AudiodvcError | None = None
    for repository in candidates:
        # An OfflineError ends it: another one must not take the place of one that is away today.
        try:
            source = _named(name, repository)
            known = mirror(source, config)
            if name in repository.datasets or known.remembered() or known.refs():
                return source
        except UnknownDatasetError:
            continue
        except DeniedError as error:
            problem = problem or error
    raise problem or UnknownDatasetError(
        f"no configured repository has a dataset '{name}'",
        hint="`audiodvc available` lists what there is",
        details=[redact(one.address_of(name)) for one in candidates],
    )


def _unknown(text: str, config: Config) -> UnknownDatasetError:
    listed = sorted({name for one in config.repositories for name in one.datasets or (one.name,)})
    known = f"configured are {', '.join(listed[:20])}" if listed else "no repositories are configured"
    return UnknownDatasetError(
        f"there is no dataset '{text}'", hint=f"{known}; a URL or path can stand here too"
    )


def _located(text: str) -> Address | None:
    """The address with a path made absolute, and split into repository and folder by git; None for a word."""
    found = address.local(text) if _is_folder(text) else address.parse(text)
    if not found.is_local:
        return found
    place = _absolute(found.url)
    if not place.is_dir():
        if not address.is_address(text):
            return None
        raise UnknownDatasetError(f"there is no folder {found.url}", hint="check the path")
    below = prefix(place)
    top = str(place)[: len(str(place)) - len(below)] if below else str(place)
    return address.local(top.rstrip("/") or "/", "/".join(filter(None, (below.strip("/"), found.folder))))


def _is_folder(text: str) -> bool:
    """Whether a text is a path as it stands, though it may have a `#` or `:` in it."""
    odd = not text or text.startswith("-") or any(letter < " " for letter in text)
    return not odd and _absolute(text).is_dir()


def _absolute(path: str) -> Path:
    try:
        return Path(path).expanduser().resolve()
    except (OSError, RuntimeError):  # a loop of links, or the home of nobody
        return Path(path).absolute()
