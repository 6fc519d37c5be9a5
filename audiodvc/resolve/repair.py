"""Damaged files of a cache taken out, and brought or made again for the datasets that need them.

What is to be brought again is written down before anything is taken out: a repair that is killed is ended by
the next one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from audiodvc.adapters import disk, shared, stock
from audiodvc.errors import AudiodvcError
from audiodvc.model import layout
from audiodvc.model.flavor import Flavor
from audiodvc.model.selection import Selection
from audiodvc.progress import Progress
from audiodvc.resolve import checks, get, holdings, materialize
from audiodvc.resolve.config import Config
from audiodvc.resolve.get import Request
from audiodvc.resolve.holdings import Held
from audiodvc.resolve.materialize import LISTED, STATE, Flavored, Identity

Inode = tuple[int, int]

_BEGUN = ".mending.json"


@dataclass(frozen=True, slots=True)
class Again:
    """How things are brought again."""

    config: Config
    progress: Progress
    workers: int

    def bring(self, one: _Wanted) -> None:
        """Make a materialization what it was."""
        said = one.identity
        is_named = any(other.may_have(said.name) for other in self.config.repositories)
        text = said.name if is_named else said.source
        rev = None if said.version else said.commit
        request = Request(text, said.version, rev, self.workers, progress=self.progress)
        chosen = Selection() if one.media is None else Selection(media=one.media, attachments=[])
        get.get(request, self.config, chosen, one.flavor)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A materialization as it was: with all its media, or with these."""

    identity: Identity
    flavor: Flavor
    media: list[str] | None


@dataclass(frozen=True, slots=True)
class _Lost:
    """A materialization with damage: the media it had, and the paths that lead to what is damaged."""

    made: Flavored
    media: list[str]
    paths: list[str]


@dataclass(frozen=True, slots=True)
class _Broken:
    """A version with damage; one whose own texts are damaged is written anew, with its materializations."""

    held: Held
    paths: list[str]
    lost: list[_Lost]
    is_rewritten: bool = False


def begun(root: Path) -> Path | None:
    """Where it stands what a repair that was not ended has still to bring; None if there is none."""
    path = root / _BEGUN
    return path if path.exists() else None


def repair(damaged: Collection[str], again: Again) -> list[str]:
    """Take damaged files out, and bring them again where a dataset needs them; what could not be, and why."""
    root = again.config.cache_root
    bad = frozenset(damaged) - {str(root / _BEGUN)}
    inodes = frozenset(inode for path in bad if (inode := stock.inode(path)))
    found = [_broken(held, bad, inodes) for held in holdings.held(root)]
    broken = [one for one in found if one.lost or one.paths or one.is_rewritten]
    wanted = [*_left(root), *chain.from_iterable(map(_wanted, broken))]
    _note(root, wanted)
    for one in broken:
        _take_out(one)
    stock.remove(bad)
    problems = list(_mended(wanted, again))
    stock.remove([str(root / _BEGUN)])
    return problems


def _note(root: Path, wanted: Sequence[_Wanted]) -> None:
    noted = [
        {
            "identity": asdict(one.identity),
            "flavor": one.flavor.parameters,
            "media": one.media,
        }
        for one in wanted
    ]
    shared.write(root / _BEGUN, json.dumps(noted).encode())


def _left(root: Path) -> Iterator[_Wanted]:
    """What an earlier repair was to bring, as far as it is in the cache at all."""
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        for one in json.loads(disk.read(root / _BEGUN) or b"[]"):
            identity, flavor = Identity(**one["identity"]), Flavor(**one["flavor"])
            if (root / identity.name / identity.place).is_dir():
                yield _Wanted(identity, flavor, one["media"])


def _wanted(one: _Broken) -> Iterator[_Wanted]:
    for lost in one.lost:
        media = None if lost.made.complete else lost.media
        yield _Wanted(one.held.state.identity, lost.made.flavor, media)


def _broken(held: Held, bad: frozenset[str], inodes: frozenset[Inode]) -> _Broken:
    def leads(path: str) -> bool:
        return path in bad or stock.inode(path) in inodes

    states = [one.state for one in held.made if one.state is not None]
    names = [layout.HEADER, LISTED, *(f"db.{name}.csv" for name in held.state.tables)]
    if any(f"{held.folder}/{name}" in bad for name in names):
        is_listed = f"{held.folder}/{LISTED}" not in bad
        media = {
            one.folder: [file.name for file in checks.files(held, one)] if is_listed else [] for one in states
        }
        kept = [one for one in states if one.complete or media[one.folder]]
        return _Broken(held, [], [_Lost(one, media[one.folder], []) for one in kept], is_rewritten=True)
    listed = [file for files in held.state.attachments.values() for file in files]
    lost = [_lost(held, one, leads, [*names, *listed]) for one in states]
    beside = [f"{held.folder}/{file}" for file in listed]
    return _Broken(held, [path for path in beside if leads(path)], [one for one in lost if one.paths])


def _lost(held: Held, made: Flavored, leads: Callable[[str], bool], texts: Sequence[str]) -> _Lost:
    media = checks.files(held, made)
    paths = [*(file.path for file in media), *(f"{made.folder}/{name}" for name in texts if name != LISTED)]
    return _Lost(made, [file.name for file in media], [path for path in paths if leads(path)])


def _take_out(one: _Broken) -> None:
    """What is not whole says so first."""
    for lost in one.lost:
        materialize.finish(lost.made, complete=False)
    if one.is_rewritten:
        stock.remove([f"{one.held.folder}/{STATE}"])
    stock.remove([*one.paths, *chain.from_iterable(lost.paths for lost in one.lost)])


def _mended(wanted: Sequence[_Wanted], again: Again) -> Iterator[str]:
    for one in wanted:
        try:
            again.bring(one)
        except AudiodvcError as error:
            yield f"{one.identity.name} {one.identity.place}: {error.what}"
