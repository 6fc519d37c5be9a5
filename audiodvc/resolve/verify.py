"""Whether a cache holds what it should: every object, conversion, table and link, and how it is mended."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

import polars as pl

from audiodvc.adapters import cache, presence, stock, terminal
from audiodvc.adapters.pool import Died, Pool
from audiodvc.errors import AudiodvcError, UnknownDatasetError
from audiodvc.model import userconfig
from audiodvc.resolve import checks, config, fetch, holdings, materialize, proof, source, state
from audiodvc.resolve.anywhere import anywhere
from audiodvc.resolve.checks import ALTERED, Fault, Places
from audiodvc.resolve.config import Config
from audiodvc.resolve.holdings import Held
from audiodvc.resolve.materialize import LISTED, STATE, Flavored
from audiodvc.resolve.proof import Hashed, Remade
from audiodvc.resolve.repair import Again, begun
from audiodvc.resolve.repair import repair as mended
from audiodvc.words import counted

Proof = TypeVar("Proof", Hashed, Remade)

# A share is small enough that a bar moves, and large enough that sending it costs nothing.
_SHARE = 50
# Fewer files than this are mostly read sooner than a worker has started.
_FEW = 500
_CRASHED = "the audio library crashed on it, or on one of those beside it"


class Damage(NamedTuple):
    """A file of the cache that is not what it should be, and whether that is mended by now."""

    path: str
    message: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at; `unchecked` tells what could not be held against anything, and why."""

    cache_root: str
    files: int
    damages: tuple[Damage, ...]
    unchecked: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is damaged any more."""
        return not self.problems and all(one.repaired for one in self.damages)


@anywhere
def verify(  # noqa: PLR0913 - what every call of the API has
    name: str | None = None,
    *,
    version: str | None = None,
    cache_root: str | os.PathLike[str] | None = None,
    repair: bool = False,
    num_workers: int | None = 1,
    verbose: bool = True,
) -> list[Damage]:
    """Every damaged file of the cache, or of one dataset in it; `repair` brings them again.

    Objects are held against their md5, tables against the commit, and conversions are made again.
    """
    settings = config.current(cache_root)
    workers = num_workers or os.cpu_count() or 1
    progress = terminal.bar if verbose else terminal.silence
    return list(examine(settings, name, version, Again(settings, progress, workers), mend=repair).damages)


def examine(settings: Config, text: str | None, version: str | None, again: Again, *, mend: bool) -> Verified:
    """Check a cache, or what it has of one dataset, and mend it if that is asked for."""
    root = settings.cache_root
    with ExitStack() as stack:
        if os.access(root, os.W_OK):  # who cannot write is no hindrance to `gc`
            stack.enter_context(presence.bringing(root))
        where = _where(settings, text, version)
        states = list(_states(root, *where, mend=mend))
        found = list(holdings.held(root, *where))
        if text is not None and not found and not states:
            raise _unknown(root, text, version)
        check = _Check(settings, again)
        check.look(found, whole=text is None)
        damages = sorted(check.damages())
    if left := begun(root):
        damages.append(Damage(str(left), "a repair was not ended, and datasets lack what it took out"))
    problems = tuple(mended([one.path for one in damages], again)) if mend and damages else ()
    if mend:
        damages = [_after(one, problems) for one in damages]
    damages = [*states, *damages]
    return Verified(str(root), check.files, tuple(damages), tuple(check.unchecked), problems)


def _after(one: Damage, problems: Sequence[str]) -> Damage:
    return one._replace(repaired=not problems or stock.exists(one.path))


def _where(settings: Config, text: str | None, version: str | None) -> tuple[str, str]:
    """The names in the cache, as patterns, of the dataset and the version that are meant."""
    if text is None:
        return "*", "*"
    is_known = userconfig.is_name(text) and (settings.cache_root / text).is_dir()
    name = text if is_known else source.find(text, settings).name
    return escape(name), escape(version.removeprefix("v")) if version else "*"


def _unknown(root: Path, text: str, version: str | None) -> UnknownDatasetError:
    place = f" {version}" if version else ""
    return UnknownDatasetError(f"{text}{place} is not in {root}", hint="`audiodvc cached` lists what is")


def _states(root: Path, name: str, place: str, *, mend: bool) -> Iterator[Damage]:
    """What folders say of themselves and is damaged; one that says nothing is made again when wanted."""
    for folder in (*root.glob(f"{name}/{place}/"), *root.glob(f"{name}/{place}/*/")):
        if state.is_damaged(folder):
            path = f"{folder}/{STATE}"
            restored = mend and state.restore(folder)
            if mend and not restored:
                stock.remove([path])
            yield Damage(path, ALTERED, restored)


class _Check:
    """What was found in a cache: faults at once, and what has to be read for the others."""

    def __init__(self, settings: Config, again: Again) -> None:
        self._settings, self._again, self._places = settings, again, Places(settings)
        self._faults: list[Fault] = []
        self._hashed: dict[str, Hashed] = {}
        self._remade: dict[str, Remade] = {}
        self.unchecked: list[str] = []

    @property
    def files(self) -> int:
        """How many files are looked at."""
        return len(self._hashed) + len(self._remade)

    def look(self, found: Sequence[Held], *, whole: bool) -> None:
        """List what there is of these versions; of the whole cache also objects that none of them has."""
        with self._again.progress("looking", None):
            for held in found:
                self._version(held)
            if whole:
                for name, files in holdings.stock_of(self._settings.cache_root, 0).objects.items():
                    self._add(Hashed(file.path, name) for file in files)

    def damages(self) -> Iterator[Damage]:
        """Read all that was listed; what is not as it should be."""
        yield from (Damage(*fault) for fault in self._faults)
        bad = dict(_each("hashing", proof.hashed, list(self._hashed.values()), self._again))
        yield from (Damage(path, why) for path, why in bad.items())
        remade = [one for one in self._remade.values() if one.source and one.source not in bad]
        if len(remade) < len(self._remade):
            count = counted(len(self._remade) - len(remade), "conversion")
            self.unchecked.append(f"{count}: the original is not here, or is damaged")
        with TemporaryDirectory(prefix="audiodvc-") as scratch:
            work = partial(proof.remade, scratch)
            yield from (Damage(*one) for one in _each("converting again", work, remade, self._again))

    def _version(self, held: Held) -> None:
        said = held.state.identity
        found = checks.texts(held, self._settings)
        if found is None:
            self.unchecked.append(f"the texts of {said.name} {said.place}: {said.source} is not at hand")
        self._faults += found or []
        try:
            self._add(checks.attached(held))
            listed = held.listed()["md5"].unique()
        except (OSError, pl.exceptions.PolarsError, AudiodvcError):
            self._faults.append(Fault(f"{held.folder}/{LISTED}", "cannot be read"))
            return
        for place in (path for md5 in listed for path in self._places.objects(md5) if stock.exists(path)):
            self._add([Hashed(place, "".join(place.rsplit("/", 2)[1:]))])
        if not materialize.is_listed(held.state):
            self._faults.append(Fault(f"{held.folder}/{LISTED}", ALTERED))
        if not found:
            self._faults += checks.copies(held)
        for made in held.made:
            if made.state is not None:
                self._made(held, made.state)

    def _made(self, held: Held, made: Flavored) -> None:
        files = checks.files(held, made)
        names = [file for some in held.state.attachments.values() for file in some] if made.complete else []
        expected = [*(one.path for one in files), *(f"{made.folder}/{name}" for name in names)]
        self._faults += [Fault(path, "is not there") for path in expected if not stock.exists(path)]
        self._faults += checks.flavored_texts(held, made)
        for one in checks.proofs(files, made.flavor, self._places):
            if stock.exists(one.path):
                self._add([one])

    def _add(self, proofs: Iterable[Hashed | Remade]) -> None:
        old = cache.old_place(fetch.objects_of(str(self._settings.cache_root)))
        for one in proofs:
            if isinstance(one, Remade):
                self._remade[one.path] = one
            else:
                apart = one.path == cache.path_of(old, one.md5)
                self._hashed[one.path] = one._replace(md5=one.md5.removesuffix(".dir"), old=one.old or apart)


def _each(
    what: str, work: Callable[[Sequence[Proof]], list[str]], proofs: Sequence[Proof], again: Again
) -> Iterator[tuple[str, str]]:
    """The path of each file with which something is wrong, and what."""
    shares = [proofs[start : start + _SHARE] for start in range(0, len(proofs), _SHARE)]
    with again.progress(what, len(proofs)) as advance, ExitStack() as stack:
        done: Iterable[tuple[Sequence[Proof], list[str] | Died]]
        if work is proof.hashed and len(proofs) < _FEW:
            done = ((share, work(share)) for share in shares)
        else:
            pool = stack.enter_context(Pool(min(again.workers, len(shares))))
            done = pool.map(work, shares)
        for share, said in done:
            told = [_CRASHED] * len(share) if isinstance(said, Died) else said
            yield from ((one.path, why) for one, why in zip(share, told, strict=True) if why)
            advance(len(share))
