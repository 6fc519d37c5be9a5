"""`init`: a folder becomes a dataset; what is there already stays as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters import disk, dvc, git
from audiodvc.errors import AudiodvcError
from audiodvc.model import layout, scaffold
from audiodvc.project import install, stages
from audiodvc.project.dataset import Dataset

_ATTRIBUTES = ".gitattributes"
_REMOTE = "storage"


@dataclass(frozen=True, slots=True)
class Made:
    """What `init` made, by name from the root of the dataset, and what it left alone."""

    root: Path
    remote: dvc.Remote | None
    written: tuple[str, ...]
    notes: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()


def init(folder: Path, version: str, *, remote: str | None = None, name: str | None = None) -> Made:
    """Make a dataset of a folder; `version` is that of audiodvc which its workflow installs."""
    folder.mkdir(parents=True, exist_ok=True)
    root = folder.resolve()
    top = _repository(root)
    dataset = Dataset(root, top)
    if dvc.find_root(root, top) is None:
        dvc.init(root)
    config = dataset.dvc_root / ".dvc" / "config"
    before = disk.read(config)
    with dataset.workspace() as workspace:
        storage = _storage(dataset, workspace, remote)
    written = list(_write(dataset, name or root.name, version))
    if disk.read(config) != before:
        written.append(_from_root(dataset, config))
    git.add(root, written)
    hooks, refused = _hooks(top)
    return Made(root, storage, tuple(sorted(written)), (*_notes(dataset, written), *refused), hooks)


def _hooks(top: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The hooks that the clone has now, and why not if it can't have them."""
    try:
        return install.install(top).written, ()
    except AudiodvcError as error:
        return (), (f"git's hooks are not installed: {error}",)


def _repository(root: Path) -> Path:
    top = git.top(root)
    if top is None:
        git.init(root)
        return root
    if git.is_ignored(root, layout.HEADER):
        raise AudiodvcError(f"{root} is ignored by the git repository {top}", hint="change its .gitignore")
    return top.resolve()


def _storage(dataset: Dataset, workspace: dvc.Workspace, url: str | None) -> dvc.Remote | None:
    """The remote that `dvc push` will use, made where there is none."""
    present = workspace.default_remote
    wanted = None if url is None else url if "://" in url else str(Path(url).absolute())
    if present is not None and wanted in (None, present.url):
        return present
    if present is not None:
        raise AudiodvcError(
            f"the DVC remote '{present.name}' is {present.url} already",
            hint=f"`dvc remote modify {present.name} url {url}` changes it",
        )
    if wanted is None and workspace.remotes:
        return None
    # Where the user's own words are relative, or there are none, clones look from where they are.
    relative = url is None or not ("://" in url or Path(url).is_absolute())
    return workspace.add_remote(_REMOTE, wanted or _embedded(dataset.top), relative=relative)


def _embedded(top: Path) -> str:
    """A folder beside the repository, which clones beside it share."""
    folder = top.parent / f"{top.name}.media"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise AudiodvcError(
            f"no storage can be made at {folder}: {disk.reason(error)}",
            hint="name one with --remote",
        ) from error
    return str(folder)


def _write(dataset: Dataset, name: str, version: str) -> Iterator[str]:
    for path, text in scaffold.files(name).items():
        if not (dataset.root / path).exists() and dataset.write(path, text.encode()):
            yield path
    attributes = (dataset.read(_ATTRIBUTES) or b"").decode("utf-8", "surrogateescape")
    if dataset.write(_ATTRIBUTES, scaffold.attributes(attributes).encode("utf-8", "surrogateescape")):
        yield _ATTRIBUTES
    if stages.sync(dataset):
        yield layout.STAGES
    for path, text in scaffold.repository_files(_folder(dataset), version).items():
        if not (dataset.top / path).exists() and disk.write(dataset.top / path, text.encode()):
            yield _from_root(dataset, dataset.top / path)


def _from_root(dataset: Dataset, path: Path) -> str:
    return Path(os.path.relpath(path, dataset.root)).as_posix()


def _folder(dataset: Dataset) -> str:
    return "" if dataset.root == dataset.top else dataset.root.relative_to(dataset.top).as_posix()


def _notes(dataset: Dataset, written: list[str]) -> Iterator[str]:
    if not any(path.endswith(".pre-commit-config.yaml") for path in written):
        text = disk.read(dataset.top / ".pre-commit-config.yaml") or b""
        if b"audiodvc" not in text:
            yield ".pre-commit-config.yaml was there already: see docs/how-to/hooks.md for the hooks to add"
