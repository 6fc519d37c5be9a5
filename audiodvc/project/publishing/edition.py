"""The files of a repository as a published version has them: what is written, and what goes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from audiodvc.changes import diff, entry
from audiodvc.errors import PublishError
from audiodvc.model import changelog, header, layout, paths, scaffold, stages
from audiodvc.model.snapshot import FileKind, Snapshot, take
from audiodvc.project.publishing.predecessor import Order, State
from audiodvc.project.stages import flavors

_ATTRIBUTES, _IGNORE = ".gitattributes", ".gitignore"
CONFIG = ".dvc/config"
_DVC: Mapping[str, bytes] = {
    ".dvc/.gitignore": b"/config.local\n/tmp\n/cache\n",
    ".dvcignore": (
        b"# Add patterns of files dvc should ignore, which could improve\n"
        b"# the performance. Learn more at\n"
        b"# https://dvc.org/doc/user-guide/dvcignore\n"
    ),
}


@dataclass(frozen=True, slots=True)
class Edition:
    """The texts of a version by path, what of the repository stays as it is, and what DVC tracks."""

    name: str
    texts: Mapping[str, bytes]
    kept: Collection[str]
    tracked: tuple[str, ...]


def changes(new: Edition, tip: State, config: bytes) -> dict[str, bytes | None]:
    """What to write over a commit, by path from the dataset; None for what goes.

    `config` is the text of DVC's configuration, if there is none yet.
    """
    _refuse_mixed(new, tip)
    around = {_ATTRIBUTES, layout.STAGES, layout.SETTINGS, changelog.PATH, *_ignore_files(new.tracked)}
    old = tip.read(around)
    texts = {**new.texts, **dict(_scaffold(new.name, tip, config)), **dict(_ignored(new.tracked, old))}
    texts[_ATTRIBUTES] = _attributes(old.get(_ATTRIBUTES, b""))
    said = old.get(layout.SETTINGS, b"")
    texts[layout.STAGES] = _stages(new, old.get(layout.STAGES, b""), said)
    gone = dict.fromkeys(_gone(new, tip))
    return {**gone, **texts}


def with_entry(
    found: Mapping[str, bytes | None], old: State, tip: State, order: Order, today: date
) -> dict[str, bytes | None]:
    """The same with an entry in the changelog, if there is one."""
    text = found.get(changelog.PATH) or tip.read([changelog.PATH]).get(changelog.PATH)
    if text is None:
        return dict(found)
    said = text.decode("utf-8", "surrogateescape")
    if changelog.has(said, order.version):
        return dict(found)
    after = _after(found, tip, today)
    before = _before(old, today) if old.commit else None
    told = entry.first(after) if before is None else entry.of(diff.diff(before, after), before, after)
    told = told or {"Changed": [f"Nothing since {order.previous}"]}
    new = changelog.put(said, order.version, today.isoformat(), told)
    return {**found, changelog.PATH: new.encode("utf-8", "surrogateescape")}


def repository_files(folder: str, branch: str, audiodvc: str, entries: Collection[str]) -> dict[str, bytes]:
    """The files at the top of the repository that are not there yet."""
    files = scaffold.repository_files(folder, audiodvc, branch)
    return {path: text.encode() for path, text in files.items() if path not in entries}


# -- texts -----------------------------------------------------------------------------------------


def _scaffold(name: str, tip: State, config: bytes) -> Iterator[tuple[str, bytes]]:
    for path, text in scaffold.files(name).items():
        if path != layout.HEADER and path not in tip.entries:
            yield path, text.encode()
    if config:
        yield CONFIG, config
        yield from ((path, data) for path, data in _DVC.items() if path not in tip.entries)


def _attributes(old: bytes) -> bytes:
    return scaffold.attributes(old.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _stages(new: Edition, old: bytes, settings: bytes) -> bytes:
    names = flavors(settings)
    tables = [path for path in new.texts if layout.table_id(path)]
    indexes = [path for path in new.texts if path.endswith(layout.INDEX)]
    made = [stages.folder_of(name) + layout.INDEX for name in names]
    deps = stages.deps_of(tables, [*indexes, *made])
    return stages.write(old.decode(), deps, names, indexes).encode()


def _ignored(tracked: Collection[str], old: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Ignore files with a line for everything that DVC tracks."""
    for file in _ignore_files(tracked):
        folder = file.removesuffix(_IGNORE)
        names = [path[len(folder) :] for path in tracked if path.rpartition("/")[0] == folder.rstrip("/")]
        text = old.get(file, b"")
        text += b"\n" if text and not text.endswith(b"\n") else b""
        present = set(text.splitlines())
        lines = [b"/" + _pattern(name) for name in names]
        yield file, text + b"".join(line + b"\n" for line in lines if line not in present)


def _ignore_files(tracked: Collection[str]) -> list[str]:
    return sorted({f"{path.rpartition('/')[0]}/{_IGNORE}".lstrip("/") for path in tracked})


def _pattern(name: str) -> bytes:
    return "".join(f"\\{letter}" if letter in "\\*?[]!# " else letter for letter in name).encode()


# -- what goes -------------------------------------------------------------------------------------


def _gone(new: Edition, tip: State) -> Iterator[str]:
    """The dataset's own files that the version has no more."""
    old = tip.texts.get(layout.HEADER, b"")
    places = set(_attachments(old)) | set(_attachments(new.texts[layout.HEADER]))
    for path in layout.own(tip.entries):
        is_index = path.endswith(layout.INDEX) and not path.startswith("flavors/")
        is_text = bool(layout.table_id(path)) or layout.is_pointer(path) or is_index
        is_attached = not layout.is_own(path) and not path.endswith(_IGNORE) and paths.is_within(path, places)
        if (is_text or is_attached) and path not in new.texts and path not in new.kept:
            yield path


def _attachments(text: bytes) -> list[str]:
    return list(header.parse(text).attachments.values())


def _refuse_mixed(new: Edition, tip: State) -> None:
    """DVC does not track what git has, and a checkout of its folder would remove what it does not list."""
    mixed = [
        path
        for path in tip.entries
        if paths.is_within(path, new.tracked)
        and path not in new.texts
        and not path.endswith((_IGNORE, layout.POINTER))
    ]
    mixed = [path for path in mixed if not layout.is_own(path) and not _was_attached(path, tip)]
    if mixed:
        raise PublishError(
            "git has files in a folder of media",
            hint="remove or move them in the repository",
            details=mixed[:20],
        )


def _was_attached(path: str, tip: State) -> bool:
    return paths.is_within(path, _attachments(tip.texts.get(layout.HEADER, b"")))


# -- the changelog ---------------------------------------------------------------------------------


def _before(old: State, today: date) -> Snapshot:
    return take(_kinds(old.entries), partial(_text, {}, old), today)


def _after(found: Mapping[str, bytes | None], tip: State, today: date) -> Snapshot:
    files: dict[str, FileKind] = {
        path: kind for path, kind in _kinds(tip.entries).items() if found.get(path, b"") is not None
    }
    files |= {path: "file" for path, data in found.items() if data is not None}
    return take(files, partial(_text, found, tip), today)


def _text(found: Mapping[str, bytes | None], tip: State, path: str) -> bytes:
    return found.get(path) or tip.texts.get(path) or tip.read([path]).get(path, b"")


def _kinds(entries: Mapping[str, tuple[str, str]]) -> dict[str, FileKind]:
    return dict.fromkeys(layout.own(entries), "file")
