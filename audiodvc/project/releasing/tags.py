"""The tags that are versions of a dataset, and what the next one is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
    return among(
        folder,
        refs,
        lambda: _datasets(dataset),
        lambda commit: git.has(dataset.top, commit, f"{folder}/{layout.HEADER}"),
    )


def among(
    folder: str,
    refs: Mapping[str, str],
    datasets: Callable[[], Sequence[str]],
    has: Callable[[str], bool],
) -> Tags:
    """The versions of the dataset in a folder of a repository, which is the top where it is empty.

    `datasets` are all folders with one, each with a slash; `has` whether a commit has the dataset.
    """
    found = {name: ref.removeprefix(REFS) for name, ref in revision.tags(folder, refs).items()}
    newest = semantic.latest(found)
    if newest is None:
        return Tags({}, _first_beginning(folder, datasets))
    beginning = found[newest].removesuffix(newest)
    if not _is_sure(folder, beginning) and not (
        ("@" in beginning or len(datasets()) == 1) and has(refs[REFS + found[newest]])
    ):
        return Tags({}, _first_beginning(folder, datasets))
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


def _is_sure(folder: str, beginning: str) -> bool:
    """Whether tags that begin like this can be of the dataset in the folder alone."""
    return not folder or ("/" in folder and beginning.startswith(f"{folder}@"))


def _first_beginning(folder: str, datasets: Callable[[], Sequence[str]]) -> str:
    """The last part of the folder, or all of it where another dataset's folder has the same last part."""
    if not folder:
        return ""
    others = {other.rstrip("/") for other in datasets()} - {folder}
    is_ambiguous = _last_part(folder) in map(_last_part, others)
    return f"{folder if is_ambiguous else _last_part(folder)}@"


def _datasets(dataset: Dataset) -> list[str]:
    return hooks.datasets(git.tree_entries(dataset.top, "HEAD"))
