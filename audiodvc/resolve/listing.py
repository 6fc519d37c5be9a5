"""What there is: versions and datasets in repositories, materializations in the cache."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from audiodvc.adapters import disk, threads
from audiodvc.errors import AudiodvcError, OfflineError, UnknownDatasetError
from audiodvc.model import address, layout, userconfig
from audiodvc.model import version as semantic
from audiodvc.model.flavor import Flavor, Number
from audiodvc.model.userconfig import DATASET, Repository
from audiodvc.resolve import config, revision
from audiodvc.resolve import source as sources
from audiodvc.resolve.config import Config
from audiodvc.resolve.materialize import Flavored
from audiodvc.resolve.source import Source

if TYPE_CHECKING:
    import pandas as pd

Root = str | os.PathLike[str]
Channels = Number | Iterable[Number] | None

_COLUMNS = ("backend", "host", "repository", "version")
_CACHED = {
    "name": "str",
    "flavor_id": "str",
    "version": "str",
    "complete": "bool",
    "bit_depth": "object",
    "channels": "object",
    "format": "object",
    "mixdown": "bool",
    "sampling_rate": "object",
}


class Listed(NamedTuple):
    """A dataset in a repository, and its versions from low to high."""

    name: str
    repository: Repository
    versions: tuple[str, ...]

    @property
    def latest(self) -> str:
        """The highest version; one that is no pre-release, if there is one."""
        return max(self.versions, key=_rank)


@dataclass(frozen=True, slots=True)
class Survey:
    """The datasets of some repositories, and what could not be learned, by repository."""

    datasets: tuple[Listed, ...]
    problems: tuple[tuple[str, str], ...]


def versions(name: str) -> list[str]:
    """The versions of a dataset from low to high; none if there is no such dataset."""
    return revision.versions(name, config.current())


def latest_version(name: str) -> str:
    """The highest version of a dataset that is no pre-release."""
    return revision.latest_version(name, config.current())


def repository(name: str, version: str) -> Repository:
    """The repository that has a version of a dataset; of a URL or path one that leads there."""
    settings = config.current()
    found = sources.find(name, settings)
    revision.find(found, settings, version=version)
    return found.repository or Repository(found.address.label, found.address.shown)


def available(
    *,
    only_latest: bool = False,
    num_workers: int = 1,
    repositories: Repository | Sequence[Repository] | None = None,
) -> pd.DataFrame:
    """The versions of all datasets in the configured repositories, or in those that are given.

    Listed are the `datasets` of a repository, or those that are found where it is a folder. What cannot
    be reached is missing, and a warning names it.
    """
    import pandas as pd

    settings = config.current()
    chosen = [repositories] if isinstance(repositories, Repository) else repositories
    found = survey(settings, settings.repositories if chosen is None else chosen, num_workers)
    if found.problems:
        details = "".join(f"\n  {where}: {why}" for where, why in found.problems)
        warnings.warn(f"not all repositories could be listed:{details}", UserWarning, stacklevel=2)
    rows = [
        (one.name, one.repository.backend, one.repository.host, one.repository.name, version)
        for one in found.datasets
        for version in ([one.latest] if only_latest else one.versions)
    ]
    return pd.DataFrame(rows, columns=["name", *_COLUMNS], dtype="str").set_index("name")


def exists(  # noqa: PLR0913 - audb's parameters
    name: str,
    *,
    version: str | None = None,
    bit_depth: Number | None = None,
    channels: Channels = None,
    format: str | None = None,
    mixdown: bool = False,
    sampling_rate: Number | None = None,
    cache_root: Root | None = None,
    rev: str | None = None,
) -> bool:
    """Whether a dataset is in the cache in this very flavor, with all or some of its media.

    A repository is only asked for the latest version and for a revision that is neither a version nor a
    whole commit.
    """
    flavor = Flavor(
        bit_depth=bit_depth, channels=channels, format=format, mixdown=mixdown, sampling_rate=sampling_rate
    )
    settings = config.current(cache_root)
    if version is not None and rev is None and semantic.order(version) is None:
        return False
    try:
        source = sources.find(name, settings)
    except UnknownDatasetError:
        if version is None:
            raise
        return False
    place, commit = _place(source, settings, version, rev)
    roots = [root for root in (settings.shared_cache_root, settings.cache_root) if root is not None]
    found = [Flavored.read(root / source.name / place / flavor.short_id) for root in roots]
    return any(one is not None and one.identity.commit.startswith(commit) for one in found)


def cached(cache_root: Root | None = None, *, name: str | None = None, shared: bool = False) -> pd.DataFrame:
    """The materializations in a cache: that of the user, or the shared one; of all datasets or of one."""
    import pandas as pd

    root = config.current(cache_root).cache_root if cache_root else Path(default_cache_root(shared=shared))
    found = list(materializations(root, name))
    frame = pd.DataFrame([_cells(one) for one in found], columns=list(_CACHED), dtype=object)
    frame.index = pd.Index([str(one.folder) for one in found], dtype="str")
    return frame.astype({column: kind for column, kind in _CACHED.items() if kind != "object"})


def flavor_path(  # noqa: PLR0913 - audb's parameters
    name: str,
    version: str,
    *,
    bit_depth: Number | None = None,
    channels: Channels = None,
    format: str | None = None,
    mixdown: bool = False,
    sampling_rate: Number | None = None,
) -> str:
    """The folder of a dataset in a flavor, relative to the cache."""
    flavor = Flavor(
        bit_depth=bit_depth, channels=channels, format=format, mixdown=mixdown, sampling_rate=sampling_rate
    )
    place = version.removeprefix("v") if semantic.order(version) else version
    return flavor.path(_folder(name, config.current()), place)


def default_cache_root(shared: bool = False) -> str:  # noqa: FBT001, FBT002 - audb's signature
    """The folder of the user's cache, or of the shared one, which is the user's where none is set."""
    settings = config.current()
    root = settings.shared_cache_root if shared else None
    return str(root or settings.cache_root)


# ---------------------------------------------------------------------------
# the same without pandas


def survey(settings: Config, repositories: Sequence[Repository], workers: int = 1) -> Survey:
    """All datasets with versions in these repositories; what cannot be reached does not hide the others."""
    asking = _Asking(settings)
    pairs = [(one, name) for one in repositories for name in asking.names(one)]
    found = threads.each(lambda pair: asking.versions(*pair), pairs, workers)
    datasets = [
        Listed(name, one, tuple(known)) for (one, name), known in zip(pairs, found, strict=True) if known
    ]
    return Survey(tuple(sorted(datasets, key=lambda one: one.name)), tuple(asking.problems))


def materializations(root: Path, name: str | None = None) -> Iterator[Flavored]:
    """What is in a cache, complete or not, sorted by name and folder; no header is read."""
    wanted = None if name is None else _folder(name, config.current())
    for place in sorted(root.glob("*/*/*/")):
        if wanted not in (None, place.parts[-3]):
            continue
        # What begins with a dot was left by a process that did not come to its end.
        is_whole = not any(part.startswith(".") for part in place.relative_to(root).parts)
        found = Flavored.read(place) if is_whole else None
        if found is not None:
            yield found


@dataclass(frozen=True, slots=True)
class _Asking:
    """Asks repositories, and remembers what went wrong."""

    settings: Config
    problems: list[tuple[str, str]] = field(default_factory=list)
    away: set[str] = field(default_factory=set)

    def names(self, repository: Repository) -> list[str]:
        """The datasets that a repository may have."""
        if repository.datasets:
            return list(repository.datasets)
        if DATASET not in repository.git:
            return [repository.name]
        try:
            where = address.parse(repository.git)
            if where.is_local and DATASET in where.url:
                return sorted(_in_folder(where.url))
            self._problem(repository, "a server does not tell what it has: list its `datasets`")
        except AudiodvcError as error:
            self._problem(repository, error.what)
        except OSError as error:
            self._problem(repository, f"{error.filename}: {disk.reason(error)}")
        return []

    def versions(self, repository: Repository, name: str) -> list[str]:
        """The versions of a dataset; none, and a problem, if the repository does not say."""
        if repository.git in self.away:
            return []
        try:
            return self._versions(repository, name)
        except OfflineError as error:
            # Others of the same server would be waited for in vain.
            if repository.git not in self.away:
                self.away.add(repository.git)
                self._problem(repository, error.what)
        except AudiodvcError as error:
            self._problem(repository, error.what)
        return []

    def _versions(self, repository: Repository, name: str) -> list[str]:
        source = sources.find(name, replace(self.settings, repositories=(repository,)))
        mirror = sources.mirror(source, self.settings)
        refs = mirror.refs()
        known = revision.tags(source.address.folder, refs)
        if known and source.address.is_local:
            # A folder of repositories may have others, whose tags look the same.
            highest = refs[known[max(known, key=_rank)]]
            if layout.HEADER not in mirror.entries(highest, source.address.folder):
                return []
        return revision.sorted_versions(source, refs)

    def _problem(self, repository: Repository, why: str) -> None:
        self.problems.append((repository.name, why))


def _in_folder(template: str) -> Iterator[str]:
    """The names of the repositories whose paths a template fits."""
    before, _, after = template.partition(DATASET)
    folder, slash, start = before.rpartition("/")
    end = after.partition("/")[0]
    for path in Path(folder + slash or ".").expanduser().iterdir():
        name = path.name.removeprefix(start).removesuffix(end)
        if f"{start}{name}{end}" != path.name or not userconfig.is_name(name):
            continue
        with suppress(OSError):
            place = Path(template.replace(DATASET, name)).expanduser()
            if any((place / mark).exists() for mark in (".git", "HEAD", layout.HEADER)):
                yield name


def _folder(name: str, settings: Config) -> str:
    """The folder of a dataset in a cache, which has the name itself unless that is a URL or path."""
    candidates = sum(one.may_have(name) for one in settings.repositories)
    # Which of several has it is no matter here, and would have to be asked.
    is_certain = candidates == 1 or not userconfig.is_name(name)
    if not is_certain and not _is_path(name, candidates):
        return name
    try:
        return sources.find(name, settings).name
    except UnknownDatasetError:
        return name


def _place(source: Source, settings: Config, version: str | None, rev: str | None) -> tuple[str, str]:
    """The folder of a version or revision, and the beginning of its commit where that is known."""
    asked = version if rev is None else rev
    if asked is not None and (version is None or rev is None):
        if semantic.order(asked):
            return asked.removeprefix("v"), ""
        if semantic.is_commit(asked):
            return asked[:12], asked
    found = revision.find(source, settings, version=version, rev=rev)
    return found.place, found.commit


def _rank(name: str) -> tuple[bool, semantic.Order]:
    order = semantic.order(name)
    assert order is not None, name  # noqa: S101 - it is among those that have an order
    return order[3], order


def _is_path(name: str, candidates: int) -> bool:
    return not candidates and Path(name).is_dir()


def _cells(one: Flavored) -> tuple[object, ...]:
    flavor = one.flavor
    return (
        one.identity.name,
        flavor.short_id,
        one.identity.place,
        one.complete,
        flavor.bit_depth,
        flavor.channels,
        flavor.format,
        flavor.mixdown,
        flavor.sampling_rate,
    )
