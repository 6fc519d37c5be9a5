"""`init`: a folder becomes a dataset; what is there already stays as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters import disk, dvc, dvc_config, dvc_trust, git
from audiodvc.adapters.dvc_storage import Remote
from audiodvc.errors import AudiodvcError, UsageError
from audiodvc.model import header, layout, precommit, remoteconfig, scaffold
from audiodvc.project import install, stages
from audiodvc.project.dataset import Dataset

_ATTRIBUTES = ".gitattributes"
_REMOTE = "storage"
# The check before a commit, for a configuration of pre-commit that is somebody's own.
_CHECK = (
    "- {repo: local, hooks: [{id: audiodvc-validate, name: audiodvc validate, "
    "entry: audiodvc hook pre-commit, language: system, stages: [pre-commit], "
    "always_run: true, pass_filenames: false}]}"
)


@dataclass(frozen=True, slots=True)
class Made:
    """What `init` made, by name from the root of the dataset, and what it left alone."""

    root: Path
    remote: Remote | None
    written: tuple[str, ...]
    notes: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()


def init(
    folder: Path,
    version: str,
    *,
    remote: str | None = None,
    name: str | None = None,
    start: Path = Path(),
) -> Made:
    """Make a dataset of a folder; `version` is that of audiodvc which its workflow installs.

    A relative `remote` counts from `start`.
    """
    root = folder.resolve()
    _refuse(root, remote)
    root.mkdir(parents=True, exist_ok=True)
    top = _repository(root)
    dataset = Dataset(root, top)
    if dvc.find_root(root, top) is None:
        dvc.init(root)
    config = dataset.dvc_root / ".dvc" / "config"
    before = disk.read(config)
    with dataset.workspace() as workspace:
        storage = _storage(dataset, workspace, remote, start)
    written = list(_write(dataset, name or root.name, version))
    if disk.read(config) != before:
        written.append(_from_root(dataset, config))
    git.add(root, written)
    hooks, refused = _hooks(top)
    notes = (*_notes(dataset, written), *_other_name(dataset, name), *_not_for_dvc(config), *refused)
    return Made(root, storage, tuple(sorted(written)), notes, hooks)


def _refuse(root: Path, remote: str | None) -> None:
    """Refuse what could only be half made."""
    if root.exists() and not root.is_dir():
        raise AudiodvcError(f"{root} is no folder", hint="name one, or a place where nothing is")
    if remote is not None and not remote.strip():
        raise UsageError("--remote is empty", hint="leave it out for a folder beside the repository")
    dvc_trust.refuse_secret(remote or "")
    try:
        f"{root}{remote or ''}".encode()
    except UnicodeEncodeError as error:
        named = f" or --remote {remote!a}" if remote else ""
        raise AudiodvcError(
            f"{str(root)!a}{named} is not UTF-8, as git's and DVC's files have to be",
            hint="rename the folder, or name another --remote",
        ) from error
    # Inside of a bare repository, or of `.git`, git finds no work tree and says so.
    git.top(next(place for place in (root, *root.parents) if place.is_dir()))


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
        # git does not work in a folder of another owner, which it tells now that this is a repository.
        git.top(root)
        return root
    if git.is_ignored(root, layout.HEADER):
        raise AudiodvcError(f"{root} is ignored by the git repository {top}", hint="change its .gitignore")
    return top.resolve()


def _storage(dataset: Dataset, workspace: dvc.Workspace, url: str | None, start: Path) -> Remote | None:
    """The remote that `dvc push` will use, made where there is none."""
    present = workspace.default_remote
    wanted = None if url is None else _place(url, start)
    if present is not None and wanted in (None, _place(present.url, start)):
        return present
    if present is not None:
        raise AudiodvcError(
            f"the DVC remote '{present.name}' is {present.url} already",
            hint=f"`dvc remote modify {present.name} url {url}` changes it"
            if f"{url}{present.url}".isascii()
            else "change it in .dvc/config",
        )
    told = remoteconfig.parse(disk.read(dataset.dvc_root / ".dvc" / "config") or b"")
    if wanted is None and (workspace.remotes or told.default in told.remotes):
        return None
    # Where the user's own words are relative, or there are none, clones look from where they are.
    relative = url is None or not ("://" in url or Path(url).is_absolute())
    target = wanted or _embedded(dataset.top)
    dvc_config.add_remote(dataset.dvc_root, _REMOTE, target, relative=relative)
    return Remote(_REMOTE, target)


def _place(url: str, start: Path) -> str:
    """An address as it is, a folder by its full name without `..` in it."""
    return url if "://" in url else os.path.abspath(start / url)  # noqa: PTH100 - pathlib leaves `..` in it


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
    branch = git.branch(dataset.top) or "main"
    for path, text in scaffold.repository_files(_folder(dataset), version, branch).items():
        disk.refuse_link(dataset.top, (dataset.top / path).parent)
        if not (dataset.top / path).exists() and disk.write(dataset.top / path, text.encode()):
            yield _from_root(dataset, dataset.top / path)


def _from_root(dataset: Dataset, path: Path) -> str:
    return Path(os.path.relpath(path, dataset.root)).as_posix()


def _folder(dataset: Dataset) -> str:
    return "" if dataset.root == dataset.top else dataset.root.relative_to(dataset.top).as_posix()


def _notes(dataset: Dataset, written: list[str]) -> Iterator[str]:
    if any(path.endswith(precommit.PATH) for path in written):
        return
    if b"audiodvc" not in (disk.read(dataset.top / precommit.PATH) or b""):
        yield (
            f"{precommit.PATH} was there already and stays as it is; git's own hooks check all the same.\n"
            f"To let pre-commit check too, add to its `repos`:\n{_CHECK}"
        )


def _other_name(dataset: Dataset, name: str | None) -> Iterator[str]:
    present = header.parse(dataset.read(layout.HEADER) or b"").name
    if name is not None and name != present:
        yield f"--name was not used: {layout.HEADER} is there already and calls the dataset '{present}'"


def _not_for_dvc(config: Path) -> Iterator[str]:
    # Seen with DVC 3.67: its writer fails, after it has emptied the file.
    if not (disk.read(config) or b"").isascii():
        yield f"change {config} by hand only: `dvc config` and `dvc remote` can write ASCII only"
