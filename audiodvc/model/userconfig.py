"""The user's settings `config.yaml`, read strictly: what is not known is a finding."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from audiodvc.errors import RefusedError
from audiodvc.finding import Finding
from audiodvc.model import address
from audiodvc.model.settings import LINKS
from audiodvc.model.yamltext import Codes, Document, read
from audiodvc.words import redact

DATASET = "{dataset}"

_FOLDER = "file-system"
_BACKENDS = (_FOLDER, "git", "artifactory", "minio", "s3")
"""What audb has as the third word of a repository, and what `available` lists."""

_CODE = "AC001"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_KEYS = ("cache_root", "shared_cache_root", "repositories", "allow_local_remotes", "links")
_FIELDS = ("name", "git", "media", "datasets")
_Path = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Repository:
    """Where datasets are: git addresses and media, in which `{dataset}` stands for a dataset's name.

    What audb is told, `(name, host, "file-system")`, means the folder `host/name` with a git repository for
    each dataset.
    """

    name: str
    git: str
    media: str
    datasets: tuple[str, ...]

    def __init__(  # noqa: PLR0913 - those of audb too
        self,
        name: str,
        git: str | os.PathLike[str] = "",
        media: str = "",
        datasets: Iterable[str] = (),
        *,
        host: str | os.PathLike[str] = "",
        backend: str = "",
    ) -> None:
        if media in _BACKENDS:  # audb's order
            git, media, host, backend = "", "", git or host, media
        place = _address_in(name, os.fspath(host), backend) if backend or host else os.fspath(git)
        if not place:
            raise ValueError(f"repository {name!r}: `git` has to be a URL or path")
        put = object.__setattr__
        put(self, "name", name)
        put(self, "git", place)
        put(self, "media", media)
        # A list is what people write; a value that is compared and hashed has a tuple.
        put(self, "datasets", (datasets,) if isinstance(datasets, str) else tuple(datasets))

    def __repr__(self) -> str:
        fields = (
            f"{self.name!r}, {redact(self.git)!r}, media={redact(self.media)!r}, datasets={self.datasets!r}"
        )
        return f"Repository({fields})"

    @property
    def backend(self) -> str:
        """What audb calls the kind of a repository: `file-system` for a folder with its name, else `git`."""
        return "git" if self.host == redact(self.git) else _FOLDER

    @property
    def host(self) -> str:
        """Where the repository is, without credentials; of a `file-system` the folder above it."""
        below = f"/{self.name}/{DATASET}"
        is_folder = self.git.endswith(below) and ":" not in self.git
        return self.git.removesuffix(below) or "/" if is_folder else redact(self.git)

    def may_have(self, dataset: str) -> bool:
        """Whether a dataset can be in this repository, as far as that can be told without asking git."""
        if self.datasets:
            return dataset in self.datasets
        return DATASET in self.git or dataset == self.name

    def address_of(self, dataset: str) -> str:
        """The git address of a dataset."""
        return self.git.replace(DATASET, dataset)

    def media_of(self, dataset: str) -> str:
        """Where the media of a new dataset go; empty if that is not said."""
        return self.media.replace(DATASET, dataset)


@dataclass(frozen=True, slots=True)
class UserConfig:
    """What a user set; what cannot be understood is left out, and is among the findings."""

    cache_root: str | None = None
    shared_cache_root: str | None = None
    repositories: tuple[Repository, ...] = ()
    allow_local_remotes: bool = False
    links: tuple[str, ...] = LINKS
    findings: tuple[Finding, ...] = ()


def _address_in(name: str, host: str, backend: str) -> str:
    """The git address that audb's words mean."""
    if backend == _FOLDER:
        return f"{host.rstrip('/')}/{name}/{DATASET}"
    if backend in ("", "git"):
        return host
    raise ValueError(
        f"repository {name!r}: what audb keeps in {backend!r} is not read: "
        f"`git` has to be a URL or path, with {DATASET} for the name of a dataset"
    )


def is_name(text: str) -> bool:
    """Whether a dataset can be called so: it is the name of a folder too."""
    return _NAME.fullmatch(text) is not None


def parse(data: bytes | str, path: str) -> UserConfig:
    """The settings in a text; whatever the text is, its faults are findings."""
    document = read(data, path, Codes(broken=_CODE, repeated=_CODE))
    # How lines end is no concern of ours: this file is in nobody's repository.
    faults = [one for one in document.findings if document.broken or one.code == _CODE]
    check = _Check(document, faults)
    top = check.section(document.data, (), _KEYS)
    return UserConfig(
        cache_root=check.text(top.get("cache_root"), ("cache_root",)) or None,
        shared_cache_root=check.text(top.get("shared_cache_root"), ("shared_cache_root",)) or None,
        repositories=tuple(_repositories(check, top.get("repositories"))),
        allow_local_remotes=check.flag(top.get("allow_local_remotes"), ("allow_local_remotes",)),
        links=_links(check, top.get("links")) or LINKS,
        findings=tuple(sorted(check.findings)),
    )


def _repositories(check: _Check, value: object) -> Iterator[Repository]:
    names: set[str] = set()
    for index, one in enumerate(check.items(value, ("repositories",))):
        path = ("repositories", index)
        before = len(check.findings)
        fields = check.section(one, path, _FIELDS)
        name, git, media = (check.text(fields.get(key), (*path, key)) for key in ("name", "git", "media"))
        datasets = tuple(_datasets(check, fields.get("datasets"), (*path, "datasets")))
        if len(check.findings) == before:
            _check_repository(check, path, name, git)
            if media in _BACKENDS:
                check.fault((*path, "media"), f"'{media}' is neither a URL nor a path")
            if len(datasets) > 1 and DATASET not in git:
                what = f"'git' has no {DATASET}, so there can be one dataset only"
                check.fault((*path, "datasets"), what)
        if name in names:
            check.fault((*path, "name"), f"repository '{name}' is named twice")
        names.add(name)
        if len(check.findings) == before:
            yield Repository(name, git, media, datasets)


def _check_repository(check: _Check, path: _Path, name: str, git: str) -> None:
    if not name:
        check.fault(path, "a repository needs a 'name'")
    if not git:
        check.fault(path, "a repository needs 'git': a URL or path, with {dataset} for the dataset's name")
        return
    try:
        address.parse(git.replace(DATASET, "dataset"))
    except RefusedError as error:
        check.fault((*path, "git"), str(error))


def _datasets(check: _Check, value: object, path: _Path) -> Iterator[str]:
    for index, one in enumerate(check.items(value, path)):
        if isinstance(one, str) and is_name(one):
            yield one
        else:
            check.fault((*path, index), f"'{one}' is no name of a dataset (A-Z a-z 0-9 . _ -)")


def _links(check: _Check, value: object) -> tuple[str, ...]:
    chosen: list[str] = []
    for index, one in enumerate(check.items(value, ("links",))):
        if isinstance(one, str) and one in LINKS:
            chosen.append(one)
        else:
            check.fault(("links", index), f"unknown link '{one}' (one of {', '.join(LINKS)})")
    return tuple(chosen)


@dataclass(frozen=True, slots=True)
class _Check:
    """Reads values of a document, and keeps what is wrong with them."""

    document: Document
    findings: list[Finding] = field(default_factory=list)

    def fault(self, path: _Path, message: str, *, key: bool = False) -> None:
        place = self.document.place(*path, key=key)
        self.findings.append(self.document.finding(_CODE, message, place))

    def section(self, value: object, path: _Path, known: Collection[str]) -> dict[str, object]:
        """The entries of a mapping whose keys are known."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.fault(path, f"{_subject(path)} is not a mapping")
            return {}
        for key in value:
            if key not in known:
                near = get_close_matches(str(key), known, n=1)
                meant = f" (did you mean '{near[0]}'?)" if near else ""
                self.fault((*path, key), f"unknown key '{key}'{meant}", key=True)
        return {key: value[key] for key in known if key in value}

    def text(self, value: object, path: _Path) -> str:
        if value is not None and not isinstance(value, str):
            self.fault(path, f"{_subject(path)} is not a text")
        return value if isinstance(value, str) else ""

    def flag(self, value: object, path: _Path) -> bool:
        if value is not None and not isinstance(value, bool):
            self.fault(path, f"{_subject(path)} is neither true nor false")
        return value is True

    def items(self, value: object, path: _Path) -> list[object]:
        if value is not None and not isinstance(value, list):
            self.fault(path, f"{_subject(path)} is not a list")
        return value if isinstance(value, list) else []


def _subject(path: _Path) -> str:
    if path and isinstance(path[-1], int):
        return f"an item of '{path[-2]}'"
    return f"'{path[-1]}'" if path else "the content"
