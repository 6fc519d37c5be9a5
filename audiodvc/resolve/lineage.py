"""Since which version the files of a dataset have had their bytes, from the texts of the versions before."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import polars as pl

from audiodvc.adapters.mirror import Mirror
from audiodvc.errors import FormatError, OfflineError, RefusedError
from audiodvc.model import header, layout, mediaindex, paths, table
from audiodvc.model import version as semantic
from audiodvc.model.pointer import Output
from audiodvc.resolve import fetch, plan, revision
from audiodvc.resolve import source as sources
from audiodvc.resolve.commit import Commit
from audiodvc.resolve.config import Config
from audiodvc.resolve.fetch import Stores
from audiodvc.resolve.materialize import Identity, Version
from audiodvc.resolve.plan import MEDIA, Tree
from audiodvc.resolve.revision import Revision
from audiodvc.resolve.source import Source

# The texts of so many versions are asked for at once, and held in memory.
_AT_ONCE = 8
_TABLE = "files"
_HEADER = f"name: past\ntables:\n  {_TABLE}: {{type: filewise}}\n".encode()
_MARKS = {"file": pl.String, "mark": pl.String}

_log = logging.getLogger("audiodvc")


class Lineage(NamedTuple):
    """What only the repository says of the files of a version."""

    since: pl.DataFrame
    """`file` and the `version` since which it has had its bytes without a break."""
    attachments: Mapping[str, str]
    """The md5 of each attachment by its path; of a folder that of its directory object."""
    erased: pl.DataFrame
    """The lines of what was erased, as MEDIA says."""


def lineage(source: Source, settings: Config, version: Version) -> Lineage:
    """Look up where the present bytes of all files came, attachments and erased ones too."""
    past = _Past(source, settings, version)
    erased = past.now.media.filter(pl.col("file").is_in(list(version.erased)))
    alive, settled, current = past.marks(past.now), [], version.identity.place
    for name, state in past.before():
        here = past.marks(state)
        changed = alive.join(here, on=["file", "mark"], how="anti")
        settled.append(changed.with_columns(version=pl.lit(current)))
        alive, current = alive.join(here, on=["file", "mark"], how="semi"), name
        if alive.is_empty():
            break
    settled.append(alive.with_columns(version=pl.lit(current)))
    return Lineage(pl.concat(settled).select("file", "version"), past.attachments(), erased)


class _State(NamedTuple):
    """A commit: the blobs of its files, and what DVC tracks in it."""

    blobs: Mapping[str, str]
    media: pl.DataFrame


class _Past:
    """The states of a dataset, from that of a version back; its commits come in one fetch."""

    def __init__(self, source: Source, settings: Config, version: Version) -> None:
        self._source, self._settings, self._version = source, settings, version
        self._own = pl.concat([version.media["file"], pl.Series("file", version.erased, dtype=pl.String)])
        self._mirror: Mirror = sources.mirror(source, settings)
        refs = _refs(self._mirror)
        tags = revision.tags(source.address.folder, refs)
        self._before = [(name, refs[tags[name]]) for name in _lower(version.identity, list(tags))]
        self._bring(refs, [ref for name, ref in tags.items() if (name, refs[ref]) in self._before])
        self._places = tuple(_attachment_paths(version).values())
        self._last: tuple[object, pl.DataFrame] = (None, MEDIA.to_frame())
        entries = self._entries(version.identity.commit)
        self.now = self._state(version.identity.commit, entries, self._read([entries]))

    def before(self) -> Iterator[tuple[str, _State]]:
        """The lower versions, from high to low."""
        for start in range(0, len(self._before), _AT_ONCE):
            some = [(*one, self._entries(one[1])) for one in self._before[start : start + _AT_ONCE]]
            texts = self._read([entries for _, _, entries in some])
            for name, commit, entries in some:
                yield name, self._state(commit, entries, texts)

    def marks(self, state: _State) -> pl.DataFrame:
        """What tells whether a file is still the same: of each of the version's files that is there."""
        files = {name: state.blobs.get(name, "") for name in map("db.{}.csv".format, self._version.tables)}
        folders = {place: self._signature(place, state) for place in self._places}
        # What the version itself lacks is there as nothing, since it.
        marks = [(file, mark) for file, mark in {**files, **folders}.items() if mark or state is self.now]
        media = state.media.select("file", mark="md5")
        if state is self.now:
            media = media.filter(pl.col("file").is_in(self._own.implode()))
        return pl.concat([pl.DataFrame(marks, schema=_MARKS, orient="row"), media])

    def attachments(self) -> dict[str, str]:
        """The md5 of each attachment of the version."""
        md5s = dict(self._version.attached.select("file", "md5").iter_rows())
        names = [file for files in self._version.attachments.values() for file in files if file not in md5s]
        read = self._mirror.read(self.now.blobs[name] for name in names)
        for name in names:
            md5s[name] = hashlib.md5(read[self.now.blobs[name]], usedforsecurity=False).hexdigest()
        listed, placed = self._version.attachments, _attachment_paths(self._version)
        return {placed[name]: _md5(placed[name], listed[name], md5s) for name in placed}

    def _bring(self, refs: Mapping[str, str], tags: Sequence[str]) -> None:
        commit = self._version.identity.commit
        own = next((ref for ref, one in refs.items() if one == commit), "")
        head = {refs["HEAD"]: "HEAD"} if "HEAD" in refs else {}
        self._mirror.bring({**head, commit: own, **{refs[ref]: ref for ref in tags}})

    def _entries(self, commit: str) -> dict[str, tuple[str, str]]:
        return self._mirror.entries(commit, self._source.address.folder)

    def _read(self, several: Sequence[Mapping[str, tuple[str, str]]]) -> dict[str, bytes]:
        return self._mirror.read(
            entries[name][1] for entries in several for name in plan.wanted(entries) if _tells_media(name)
        )

    def _state(
        self, commit: str, entries: Mapping[str, tuple[str, str]], texts: Mapping[str, bytes]
    ) -> _State:
        blobs = {name: blob for name, (_, blob) in entries.items()}
        names = [name for name in plan.wanted(entries) if _tells_media(name)]
        # From one version to the next it is often the tables alone that change.
        key = [(name, blobs[name]) for name in names]
        if key != self._last[0]:
            self._last = key, self._media(commit, {name: texts[blobs[name]] for name in names})
        return _State(blobs, self._last[1])

    def _media(self, commit: str, texts: Mapping[str, bytes]) -> pl.DataFrame:
        """What DVC tracks at a commit, or nothing if that cannot be understood."""
        # Only what a table names is looked for among the outputs of stages.
        named = table.dump(["file"], pl.concat([self._own, self._version.attached["file"]]).to_frame())
        tree = Tree({}, {**texts, layout.HEADER: _HEADER, f"db.{_TABLE}.csv": named})
        try:
            return plan.plan(tree, partial(self._listed, commit)).media
        except (FormatError, RefusedError) as error:
            _log.warning("%s %s: %s", self._source.name, commit[:12], error)
            return MEDIA.to_frame()

    def _listed(self, commit: str, output: Output) -> list[tuple[str, str]]:
        at = Commit(self._source, self._settings, Revision(commit[:12], None, commit, ""))
        with Stores(at.storage(), self._settings) as stores:
            return fetch.directory_entries(stores, output.md5, old=output.is_old, remote=output.remote)

    def _signature(self, place: str, state: _State) -> str:
        """What an attachment consists of; empty if it is not there."""
        inside = (pl.col("file") == place) | pl.col("file").str.starts_with(f"{place}/")
        parts = [(name, blob) for name, blob in state.blobs.items() if paths.is_within(name, (place,))]
        parts += state.media.filter(inside).select("file", "md5").rows()
        text = "\n".join(f"{name}\0{mark}" for name, mark in sorted(parts))
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() if parts else ""


def _refs(mirror: Mirror) -> dict[str, str]:
    """The refs as they are now, or as they were when the repository could be asked."""
    try:
        return mirror.refs()
    except OfflineError:
        known = mirror.remembered()
        if not known:
            raise
        return known


def _lower(identity: Identity, names: Sequence[str]) -> list[str]:
    """The versions that come before, from high to low; before a commit without a version come all."""
    ranked = sorted(((semantic.order(name) or (), name) for name in names), reverse=True)
    if identity.version is None:
        return [name for _, name in ranked]
    own = semantic.order(identity.version) or ()
    return [name for rank, name in ranked if rank < own]


def _attachment_paths(version: Version) -> dict[str, str]:
    if not version.attachments:
        return {}
    parsed = header.parse((version.folder / layout.HEADER).read_bytes())
    return {name: parsed.attachments[name] for name in version.attachments}


def _md5(place: str, files: Sequence[str], md5s: Mapping[str, str]) -> str:
    """The md5 of an attachment, which is that of its directory object if it is a folder."""
    if list(files) == [place]:
        return md5s[place]
    if not files:
        return ""
    inside = [file[len(place) + 1 :] for file in files]
    name = mediaindex.directory_name(pl.Series(inside), pl.Series([md5s[file] for file in files]))
    return name.removesuffix(".dir")


def _tells_media(name: str) -> bool:
    """Whether a text says what DVC tracks."""
    return not layout.table_id(name) and name not in (layout.HEADER, layout.ERASED)
