"""The versions of a dataset, as its repository has them now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from audiodvc.resolve import revision, source
from audiodvc.resolve.config import Config


class Release(NamedTuple):
    """A version, the tag that names it, and the commit that the tag leads to."""

    version: str
    tag: str
    commit: str


@dataclass(frozen=True, slots=True)
class Released:
    """The versions of a dataset from low to high; the address is without secrets."""

    name: str
    source: str
    releases: tuple[Release, ...]


def released(text: str, config: Config) -> Released:
    """Ask the repository of a source which versions there are."""
    found = source.find(text, config)
    refs = source.mirror(found, config).refs()
    known = revision.tags(found.address.folder, refs)
    releases = (
        Release(name, known[name].removeprefix("refs/tags/"), refs[known[name]])
        for name in revision.sorted_versions(found, refs)
    )
    return Released(found.name, found.address.shown, tuple(releases))
