"""The tags that are versions of a dataset, and what the next one is called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audiodvc.adapters import git, record
from audiodvc.errors import AudiodvcError
from audiodvc.model import layout
from audiodvc.model import version as semantic
from audiodvc.project import hooks
from audiodvc.project.dataset import Dataset
from audiodvc.resolve import revision

REFS = "refs/tags/"


@dataclass(frozen=True, slots=True)
class Tags:
    """Versions without `v`, each with its tag; `beginning` and `mark` stand in front of the next one."""

    known: Mapping[str, str]
    beginning: str = ""
    mark: str = "v"

    def named(self, version: str) -> str:
        """The tag of a version, there already or not."""
        return self.known.get(version) or f"{self.beginning}{self.mark}{version}"

    def last(self, among: Iterable[str]) -> str | None:
        """The highest version whose tag is one of these refs."""
        refs = set(among)
        return semantic.latest(name for name, tag in self.known.items() if REFS + tag in refs)

    def last_final(self, among: Iterable[str]) -> str | None:
        """The same, pre-releases left out."""
        final = {name: tag for name, tag in self.known.items() if not semantic.is_early(name)}
        return Tags(final).last(among)


def find(dataset: Dataset, refs: Mapping[str, str]) -> Tags:
    """The versions of a dataset among refs, each with its commit: those that loaders see."""
    folder = _folder(dataset)
    found = {name: ref.removeprefix(REFS) for name, ref in revision.tags(folder, refs).items()}
    newest = semantic.latest(found)
    if newest is None or not _is_own(dataset, found[newest].removesuffix(newest), refs[REFS + found[newest]]):
        return Tags({}, _first_beginning(dataset))
    beginning = found[newest].removesuffix(newest)
    mark = "v" if beginning.endswith("v") else ""
    return Tags(found, beginning.removesuffix("v"), mark)


def refuse_unfit(dataset: Dataset, tag: str) -> None:
    """Raise an error if git would not take this name for a tag."""
    if not record.is_ref(dataset.top, REFS + tag):
        what = f"'{tag}' cannot be the name of a tag"
        raise AudiodvcError(what, hint="rename the folder of the dataset: its tags begin with that name")


def _folder(dataset: Dataset) -> str:
    return dataset.prefix.rstrip("/")


def _last_part(folder: str) -> str:
    return folder.rpartition("/")[2]


def _is_own(dataset: Dataset, beginning: str, commit: str) -> bool:
    """Whether the newest tag that was found for a folder is of the dataset in it, and not of another one."""
    folder = _folder(dataset)
    if not folder or ("/" in folder and beginning.startswith(f"{folder}@")):
        return True
    return ("@" in beginning or len(_datasets(dataset)) == 1) and git.has(
        dataset.top, commit, f"{folder}/{layout.HEADER}"
    )


def _first_beginning(dataset: Dataset) -> str:
    folder = _folder(dataset)
    if not folder:
        return ""
    return f"{folder if _is_ambiguous(dataset) else _last_part(folder)}@"


def _is_ambiguous(dataset: Dataset) -> bool:
    """Whether another folder with a dataset has the same last part."""
    mine = _last_part(_folder(dataset))
    return sum(_last_part(folder.rstrip("/")) == mine for folder in _datasets(dataset)) > 1


def _datasets(dataset: Dataset) -> list[str]:
    return hooks.datasets(git.tree_entries(dataset.top, "HEAD"))
