"""`doctor`: whether this clone has all that it needs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from audiodvc.adapters import audio, disk, dvc, dvc_settings, git, shared
from audiodvc.errors import AudiodvcError
from audiodvc.model import header, layout, mediaindex, scaffold, settings
from audiodvc.model.yamltext import Codes, read
from audiodvc.project import drivers, install, mergedriver, pointers, stages
from audiodvc.project.dataset import Dataset
from audiodvc.resolve import config
from audiodvc.words import counted

Outcome = Literal["ok", "warning", "error"]

_OLDEST_GIT = (2, 30)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `hint` says what mends it."""

    outcome: Outcome
    subject: str
    message: str
    hint: str = ""


def doctor(dataset: Dataset) -> list[Check]:
    """Look at everything; a check that cannot be made is itself an error."""
    checks: list[Callable[[Dataset], Iterator[Check]]] = [
        _tools, _identity, _hooks, _drivers, _header, _settings, _attributes, _ignored, _stages, _pointers,
        _storage, _locks, _cache, _video,
    ]  # fmt: skip
    return [outcome for check in checks for outcome in _safely(check, dataset)]


def _safely(check: Callable[[Dataset], Iterator[Check]], dataset: Dataset) -> list[Check]:
    try:
        return list(check(dataset))
    except AudiodvcError as error:
        return [Check("error", check.__name__.strip("_"), error.what, error.hint)]
    except OSError as error:
        what = f"{error.filename}: {disk.reason(error)}"
        return [Check("error", check.__name__.strip("_"), what, disk.advice(error))]


def _tools(dataset: Dataset) -> Iterator[Check]:
    found = git.version(dataset.root)
    numbers = tuple(int(part) for part in found.split(".")[:2])
    if numbers < _OLDEST_GIT:
        yield Check("error", "git", f"{found} is too old", "install git 2.30 or newer")
    else:
        yield Check("ok", "git", found)
    yield Check("ok", "dvc", version("dvc"))


def _identity(dataset: Dataset) -> Iterator[Check]:
    lacking = [name for name in ("user.name", "user.email") if not git.setting(dataset.root, name)]
    if lacking and not os.environ.get("GIT_AUTHOR_NAME"):
        message = f"{' and '.join(lacking)} not set"
        yield Check("warning", "git", message, "git config --global user.name NAME")


def _header(dataset: Dataset) -> Iterator[Check]:
    parsed = header.parse(dataset.read(layout.HEADER) or b"")
    for finding in parsed.findings:
        yield Check("error", layout.HEADER, f"line {finding.line}: {finding.message}")
    if not parsed.findings:
        yield Check("ok", layout.HEADER, counted(len(parsed.tables), "table"))


def _settings(dataset: Dataset) -> Iterator[Check]:
    data = dataset.read(layout.SETTINGS)
    if data is None:
        yield Check("error", layout.SETTINGS, "missing", "`audiodvc init` writes it")
        return
    for finding in settings.parse(data).findings:
        yield Check("error", layout.SETTINGS, f"line {finding.line}: {finding.message}")


def _attributes(dataset: Dataset) -> Iterator[Check]:
    text = (dataset.read(".gitattributes") or b"").decode("utf-8", "replace")
    if scaffold.attributes(text) != text:
        message = "lines of audiodvc are missing"
        yield Check("warning", ".gitattributes", message, "`audiodvc init` adds them")


def _ignored(dataset: Dataset) -> Iterator[Check]:
    """Labels that git leaves out; what it tracks already no ignore file keeps out."""
    beside = {name.removesuffix(layout.POINTER) + layout.INDEX for name in dataset.pointers}
    names = {layout.HEADER, *dataset.tables, *(name for name in beside if (dataset.root / name).is_file())}
    for name in sorted(names - set(git.tracked(dataset.root, sorted(names)))):
        if git.is_ignored(dataset.root, name):
            hint = f"`git check-ignore --verbose {name}` says by which line"
            yield Check("warning", name, "is ignored by git", hint)


def _hooks(dataset: Dataset) -> Iterator[Check]:
    lacking = install.lacking(dataset.top)
    if lacking:
        message = f"{', '.join(lacking)} not installed: git checks nothing"
        yield Check("warning", "hooks", message, "`audiodvc install` lets it")
    else:
        yield Check("ok", "hooks", "git checks what is committed, merged and pushed")


def _drivers(dataset: Dataset) -> Iterator[Check]:
    if mergedriver.is_installed(dataset.top):
        yield Check("ok", "merge driver", "git merges tables by row and cell")
    else:
        message = f"{_absence(dataset, mergedriver.DRIVER)}: git merges tables as text, without a word"
        yield Check("warning", "merge driver", message, "`audiodvc install` lets it merge rows and cells")
    if drivers.is_installed(dataset.top):
        yield Check("ok", "diff driver", "git shows tables row by row")
    else:
        message = f"{_absence(dataset, drivers.TEXTCONV)}: git shows tables as text"
        yield Check("warning", "diff driver", message, "`audiodvc install` lets it show rows")


def _absence(dataset: Dataset, setting: str) -> str:
    """Why a driver does not run; a virtual environment that was moved leaves one that cannot be started."""
    known = git.setting(dataset.top, setting)
    return "not installed" if known is None else "that of another audiodvc, which may be gone"


def _stages(dataset: Dataset) -> Iterator[Check]:
    if not stages.in_step(dataset):
        message = "does not name the files that there are"
        yield Check("warning", "dvc.yaml", message, "`audiodvc fmt` writes it")
    for name in stages.taken(dataset):
        yield Check("warning", "dvc.yaml", f"has a stage '{name}' of its own", "rename it, so that ours fits")


def _pointers(dataset: Dataset) -> Iterator[Check]:
    indexed = {name.removesuffix(layout.INDEX) for name in dataset.indexes}
    # git lists a pointer that was removed until that is staged.
    there = [name for name in dataset.pointers if (dataset.root / name).is_file()]
    for path in pointers.unpointed(dataset):
        yield _unpointed(dataset, path)
    for path in sorted(name.removesuffix(layout.POINTER) for name in there):
        yield _pointer(dataset, path, is_indexed=path in indexed)


def _unpointed(dataset: Dataset, path: str) -> Check:
    name = f"{path}{layout.INDEX}"
    if (dataset.root / path).exists():
        hint = f"`audiodvc add {path}` writes it, `git rm {name}` leaves {path} to you"
        return Check("error", name, "has no pointer", hint)
    hint = f"moved: `audiodvc add` its new place; removed: `git rm {name}`; else `git restore {path}.dvc`"
    return Check("error", name, f"has no pointer, and {path} is not here", hint)


def _pointer(dataset: Dataset, path: str, *, is_indexed: bool) -> Check:
    name = f"{path}{layout.POINTER}"
    pointer = pointers.read(dataset, name)
    if pointer is not None and is_indexed:
        return _agreement(dataset, path, pointer)
    if pointer is not None:
        return Check("error", name, "has no media index", f"`audiodvc add {path}` writes it")
    if not _is_import(dataset, name):
        what, hint = pointers.misnamed(dataset, path) or (pointers.STRANGE, "")
        return Check("error", name, what, hint)
    if is_indexed:
        message = "is an import, and has a media index that nothing keeps up to date"
        return Check("warning", name, message, f"`git rm --cached {path}{layout.INDEX}`, and remove it")
    return Check("ok", name, "is an import, which `dvc update` brings up to date")


def _is_import(dataset: Dataset, name: str) -> bool:
    data = read(dataset.read(name) or b"", name, Codes("", "")).data
    return isinstance(data, dict) and bool(data.get("deps"))


def _agreement(dataset: Dataset, path: str, pointer: dvc.Pointer) -> Check:
    name = f"{path}{layout.INDEX}"
    rows = mediaindex.parse(dataset.read(name) or b"", name)
    made = mediaindex.directory_object((media.file[len(path) + 1 :], media.md5) for media in rows)
    expected = [made.name] if pointer.md5.endswith(".dir") else [media.md5 for media in rows]
    if expected != [pointer.md5]:
        hint = f"`audiodvc add {path}` mends it"
        return Check("error", f"{path}.dvc", "pointer and media index disagree", hint)
    message = f"{counted(len(rows), 'file')}, pointer and media index agree"
    return Check("ok", f"{path}.dvc", message)


def _storage(dataset: Dataset) -> Iterator[Check]:
    if left_out := dvc_settings.left_out(dataset.dvc_root):
        message = f"settings that a repository may not make, and nobody goes by: {', '.join(left_out)}"
        yield Check("warning", ".dvc/config", message, dvc_settings.MINE)
    with dataset.workspace() as workspace:
        remote = workspace.default_remote
        links = ", ".join(workspace.link_types)
    if remote is None:
        yield Check("warning", "remote", "there is no default remote", "dvc remote add --default NAME URL")
    elif remote.is_local and not Path(remote.url).is_dir():
        yield Check("warning", "remote", f"{remote.url} does not exist", "mount it, or `dvc push` makes it")
    else:
        yield Check("ok", "remote", f"{remote.name}: {remote.shown}")
    yield Check("ok", "cache", f"links: {links}")


def _locks(dataset: Dataset) -> Iterator[Check]:
    held = disk.read(dataset.dvc_root / ".dvc" / "tmp" / "rwlock")
    dead = sorted(owner for owner in _owners(held or b"{}") if not disk.alive(owner))
    if dead:
        yield Check(
            "warning",
            ".dvc/tmp/rwlock",
            f"names process {dead[0]}, which has died: `dvc add` and `dvc status` will refuse",
            "remove the file",
        )


def _cache(dataset: Dataset) -> Iterator[Check]:
    """Whether a cache that a group shares is open to all of the group."""
    del dataset
    root = config.current().cache_root
    closed = shared.closed(root, "*", "*/*", "objects/files/md5/*", "flavored/*/*")
    if closed:
        message = f"{counted(len(closed), 'folder')} in {root} are closed to the group that shares it"
        yield Check("warning", "shared cache", message, f"find {root} -type d -exec chmod g+rwxs {{}} +")
    elif shared.file_mode(root) is not None:
        yield Check("ok", "shared cache", f"{root} is open to its group")


def _owners(text: bytes) -> set[int]:
    try:
        data = json.loads(text)
        return {int(info["pid"]) for entry in data.values() for info in _infos(entry)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return set()


def _infos(entry: dict[str, object]) -> Iterator[dict[str, str]]:
    for held in entry.values():
        yield from held if isinstance(held, list) else [held] if isinstance(held, dict) else []


def _video(dataset: Dataset) -> Iterator[Check]:
    del dataset
    if audio.video_available():
        yield Check("ok", "video", f"PyAV {_installed('av')}")


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"
