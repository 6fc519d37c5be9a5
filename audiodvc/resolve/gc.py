"""Make room in a cache: what nobody uses goes, and datasets that were not used for long or are too many.

Whoever brings something into a cache keeps `gc` waiting, and the other way round, so that nothing is
taken away between the moment when it was found there and the moment when it is linked. What a process
has open stays, whatever is asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from audiodvc.adapters import locks, opened, presence, stock
from audiodvc.adapters.stock import Stored
from audiodvc.errors import LockTimeoutError, RefusedError
from audiodvc.model import address
from audiodvc.progress import Progress
from audiodvc.resolve import erasures, holdings
from audiodvc.resolve.holdings import Conversion, Held, Made, Stock

if TYPE_CHECKING:
    import polars as pl

PATIENCE = 10.0
"""Seconds to wait for those who are bringing something."""

_HOUR, _DAY = 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Aim:
    """What goes beside what nobody uses: what was not used for so many seconds, what is too much, or all.

    `unknown` are objects that no version in the cache lists; DVC repositories that share it may need them.
    """

    older_than: float | None = None
    max_size: int | None = None
    everything: bool = False
    unknown: bool = False

    @property
    def is_more(self) -> bool:
        """Whether datasets go, too."""
        return self.everything or self.older_than is not None or self.max_size is not None


class Going(NamedTuple):
    """A materialization that goes; without a flavor a version and its texts."""

    folder: Path
    name: str
    place: str
    flavor: str
    used: float
    size: int


class Amount(NamedTuple):
    """So many files, and their bytes."""

    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """What goes; `unknown` are objects that stay only because no version tells of them.

    `open` is what stays because a process has it open, if something is to go beside what nobody uses.
    """

    root: Path
    datasets: tuple[Going, ...]
    open: tuple[Going, ...]
    objects: Amount
    conversions: Amount
    mirrors: Amount
    left: Amount
    unknown: Amount
    before: int
    removed: bool

    @property
    def freed(self) -> int:
        """How many bytes."""
        amounts = (self.objects, self.conversions, self.mirrors, self.left)
        return sum(one.size for one in self.datasets) + sum(one.size for one in amounts)


def gc(root: Path, aim: Aim, progress: Progress, *, now: float, remove: bool) -> Sweep:
    """Find what goes, and with `remove` take it out."""
    if not remove:
        return _sweep(_planned(root, aim, progress, now), removed=False)
    with progress("asking what was erased", None):
        erasures.heed_all(root)
    with presence.clearing(root, PATIENCE):
        while True:
            going = _planned(root, aim, progress, now)
            with opened.alone(str(unit.folder) for unit in going.unused.units) as others:
                if not others:  # who opened one since it was planned is heeded in the next plan
                    done = _sweep(going, removed=True)
                    _take_out(going, progress)
                    return done


@dataclass(frozen=True, slots=True)
class _Unit:
    """A materialization, or a version with what it has beside its materializations."""

    held: Held
    made: Made | None
    size: int

    @property
    def folder(self) -> Path:
        return self.made.folder if self.made else self.held.folder

    @property
    def used(self) -> float:
        return self.made.used if self.made else self.held.used

    def going(self) -> Going:
        said = self.held.state.identity
        flavor = self.made.flavor if self.made else ""
        return Going(self.folder, said.name, said.place, flavor, self.used, self.size)


class _Unused(NamedTuple):
    """What nobody uses once some units are gone."""

    units: list[_Unit]
    objects: list[Stored]
    conversions: list[Stored]

    @property
    def size(self) -> int:
        return sum(one.size for part in self for one in part)


@dataclass(frozen=True, slots=True)
class _Plan:
    """All that goes out of a stock, and what would go if it were asked for."""

    seen: Stock
    unused: _Unused
    mirrors: list[Path]
    unknown: list[Stored]
    open: list[_Unit]
    before: int


def _planned(root: Path, aim: Aim, progress: Progress, now: float) -> _Plan:
    with progress("looking", None):
        seen = holdings.stock_of(root, now)
        choice = _Choice(seen, now)
        before = _size(seen, [*choice.units, *choice.open])
    unused = choice.without(choice.count(aim, before))
    known = choice.known
    unknown = [file for name, files in seen.objects.items() if name not in known for file in files]
    if aim.unknown:
        unused.objects.extend(file for file in unknown if file.links == 1 and now - file.time > _HOUR)
        unknown = []
    held = choice.open if aim.is_more else []
    return _Plan(seen, unused, list(_mirrors(seen, unused.units, aim, now)), unknown, held, before)


# ---------------------------------------------------------------------------
# what goes


class _Choice:
    """Materializations and versions in the order in which they would go, the least recently used first.

    A version comes after its materializations, so that none of them is left without it. What is `open`
    stays, and its version.
    """

    def __init__(self, seen: Stock, now: float) -> None:
        self._seen, self._now = seen, now
        self._listed = {one.folder: one.listed() for one in seen.held}
        units = [unit for one in seen.held for unit in _units(one)]
        held = [unit.folder for unit in units if opened.is_open(unit.folder)]
        stay = {*held, *(folder.parent for folder in held)}
        self.open = [unit for unit in units if unit.folder in stay]
        self.units = sorted(
            (unit for unit in units if unit.folder not in stay),
            key=lambda unit: (unit.used, unit.made is None),
        )

    @property
    def known(self) -> frozenset[str]:
        """The objects of all versions."""
        return frozenset(chain.from_iterable(listed["md5"] for listed in self._listed.values()))

    def count(self, aim: Aim, before: int) -> int:
        """How many of the units are due."""
        if aim.everything:
            return len(self.units)
        due = 0
        if aim.older_than is not None:
            due = bisect_left(self.units, self._now - aim.older_than, key=lambda unit: unit.used)
        if aim.max_size is not None:
            most = aim.max_size
            counts = range(due, len(self.units))
            due += bisect_left(counts, 1, key=lambda count: before - self.without(count).size <= most)
        return min(due, len(self.units))

    def without(self, count: int) -> _Unused:
        """What nobody uses without the first of the units."""
        gone = self.units[:count]
        folders = {unit.folder for unit in gone}
        objects: set[str] = set()
        conversions: set[Conversion] = set()
        for one in self._seen.held:
            flavors = [made.flavor for made in one.made if made.folder not in folders]
            if one.folder not in folders:
                objects.update(self._used(one, flavors))
            for flavor in flavors:
                conversions.update((flavor, md5) for md5 in self._listed[one.folder]["md5"])
        return _Unused(
            gone,
            [file for name in self.known - objects for file in self._seen.objects.get(name, ())],
            [
                file
                for key, files in self._seen.conversions.items()
                if key not in conversions
                for file in files
            ],
        )

    def _used(self, held: Held, flavors: Sequence[str]) -> pl.Series:
        """The objects of a version: all that it lists, but only attachments if it had no flavor for a day."""
        listed = self._listed[held.folder]
        is_idle = not flavors and self._now - held.used > _DAY
        return (listed.filter("attached") if is_idle else listed)["md5"]


def _units(held: Held) -> Iterator[_Unit]:
    own: Counter[str] = Counter()
    flavors = {one.flavor for one in held.made}
    for file in stock.stored(str(held.folder)):
        first, slash, _ = file.path[len(str(held.folder)) + 1 :].partition("/")
        # Texts are linked from a version into its flavors, and media from the objects into both.
        own[first if slash and first in flavors else ""] += file.size if file.links == 1 or not slash else 0
    yield from (_Unit(held, one, own[one.flavor]) for one in held.made)
    yield _Unit(held, None, own[""])


def _mirrors(seen: Stock, gone: Sequence[_Unit], aim: Aim, now: float) -> Iterator[Path]:
    """Mirrors of repositories of which no version is left."""
    folders = {unit.folder for unit in gone}
    used = {_mirror(one) for one in seen.held if one.folder not in folders}
    for path in seen.mirrors:
        is_new = now - max(stock.time_of(str(path)), stock.time_of(f"{path}/refs.json")) < _DAY
        if path.stem not in used and (aim.everything or not is_new):
            yield path


def _mirror(held: Held) -> str:
    try:
        return address.parse(held.state.identity.source).mirror
    except RefusedError:
        return ""


def _size(seen: Stock, units: Iterable[_Unit]) -> int:
    """The bytes of a cache."""
    files = chain(seen.objects.values(), seen.conversions.values())
    elsewhere = (*seen.mirrors, *seen.left)
    return (
        sum(file.size for one in files for file in one)
        + sum(unit.size for unit in units)
        + sum(file.size for path in elsewhere for file in stock.stored(str(path)))
    )


def _sweep(plan: _Plan, *, removed: bool) -> Sweep:
    unused = plan.unused
    return Sweep(
        root=plan.seen.root,
        datasets=tuple(unit.going() for unit in unused.units),
        open=tuple(unit.going() for unit in plan.open),
        objects=_amount(unused.objects),
        conversions=_amount(unused.conversions),
        mirrors=_amount(chain.from_iterable(stock.stored(str(path)) for path in plan.mirrors)),
        left=_amount(chain.from_iterable(stock.stored(str(path)) for path in plan.seen.left)),
        unknown=_amount(plan.unknown),
        before=plan.before,
        removed=removed,
    )


def _amount(files: Iterable[Stored]) -> Amount:
    sizes = [file.size for file in files]
    return Amount(len(sizes), sum(sizes))


# ---------------------------------------------------------------------------
# taking it out


def _take_out(plan: _Plan, progress: Progress) -> None:
    """First materializations, then what they used, then versions: a kill leaves no object unknown."""
    root, units = plan.seen.root, plan.unused.units
    files = [file.path for file in (*plan.unused.objects, *plan.unused.conversions)]
    with progress("removing", len(units) + len(files)) as advance:
        for unit in sorted(units, key=lambda unit: unit.made is None):
            if unit.made is None and files:
                stock.remove(files, advance)
                files = []
            stock.remove_folder(str(unit.folder))
            advance(1)
        stock.remove(files, advance)
    for path in plan.seen.left:
        stock.remove_folder(str(path)) if path.is_dir() else stock.remove([str(path)])
    for path in plan.mirrors:
        with suppress(LockTimeoutError), locks.locked(f"{path}.lock", 0):
            stock.remove_folder(str(path))
    for name in ("objects", "flavored"):
        stock.remove_empty(str(root / name))
    for folder in {unit.held.folder.parent for unit in units}:
        _remove_locks(folder)


def _remove_locks(folder: Path) -> None:
    """Remove the locks of versions that are gone, and the folder of a dataset that has none left."""
    places = [path.name for path in folder.glob("*/")]
    for lock in folder.glob("*.lock"):
        if not any(lock.name.startswith(f"{place}.") for place in places) and (
            lock.stem != "objects" or not places
        ):
            lock.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
