"""`remove_media`: an erasure without a clone, by a commit on top of the default branch."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from audiodvc.adapters import deliveries, draft, terminal
from audiodvc.adapters.draft import Draft
from audiodvc.adapters.mirror import Mirror
from audiodvc.errors import AudiodvcError, RemoteError, UnknownVersionError
from audiodvc.model import erased, header, layout, remoteconfig, spec, stages
from audiodvc.model.erased import Erasure
from audiodvc.progress import Progress
from audiodvc.project import dataset, erase
from audiodvc.project import stages as written
from audiodvc.project.erase import Wish
from audiodvc.project.erasing import disposal, folders, history, receipts, redaction, trace
from audiodvc.project.erasing.disposal import Cached, Going
from audiodvc.project.erasing.history import History
from audiodvc.project.erasing.receipt import Place, Receipt, State
from audiodvc.project.erasing.receipts import Told
from audiodvc.project.erasing.redaction import Redaction
from audiodvc.project.erasing.trace import Trace
from audiodvc.resolve import config as settings
from audiodvc.resolve import fetch, source
from audiodvc.resolve.config import Config
from audiodvc.resolve.fetch import Storage, Stores
from audiodvc.resolve.source import Source

_REASON = "removed with audiodvc.remove_media"


def remove_media(
    name: str | os.PathLike[str], files: str | Iterable[str], *, verbose: bool = False
) -> Receipt:
    """Take media out of every version of a dataset, its remotes and the cache, as `audiodvc erase` does.

    `name` is a configured name, a URL or a path; of a working copy it is that which is changed and pushed.
    A file that was removed before is no error, one that no version has is. Raises a RemoteError if something
    could not be deleted, after all else was; a later call tries again.
    """
    names = (files,) if isinstance(files, str) else tuple(dict.fromkeys(files))
    config = settings.current()
    found = source.find(name, config)
    wish = Wish(names, _REASON, datetime.now(UTC).date())
    progress = terminal.bar if verbose else terminal.silence
    root = Path(found.address.url, found.address.folder)
    if found.address.is_local and (Path(found.address.url) / ".git").exists():
        done = erase.erase(dataset.find(root), wish, config, progress)
    else:
        done = _Elsewhere(found, config, wish, progress).done()
    _refuse_incomplete(found, done)
    return done


@dataclass(frozen=True)
class _Elsewhere:
    """A repository in which something is erased without a clone."""

    source: Source
    config: Config
    wish: Wish
    progress: Progress
    notes: list[str] = field(default_factory=list)

    def done(self) -> Receipt:
        """Commit and push the list, and delete what it names."""
        with self.progress("reading the history", None):
            traced = self._trace(self._lists, self.wish.files)
        trace.refuse_unknown(self.wish.files, traced, erased.keys([self._list]))
        made = self._redaction(traced)
        commit = self._pushed(made) if made.texts else None
        lists = {**self._lists, self._prefix: made.texts.get(layout.ERASED) or self._list}
        places = list(self._places(self._trace(lists), lists[self._prefix]))
        state: State = "complete" if all(place.is_clean for place in places) else "incomplete"
        told = Told(self.source.address.shown, state, self.wish.today, self.wish.reason, (*self.notes,))
        receipt = receipts.receipt(told, traced, made, commit, places)
        return receipts.keep(self._mirror.folder / receipts.FOLDER, receipt)

    @cached_property
    def _mirror(self) -> Mirror:
        return source.mirror(self.source, self.config)

    @property
    def _prefix(self) -> str:
        folder = self.source.address.folder
        return f"{folder}/" if folder else ""

    @cached_property
    def _refs(self) -> Mapping[str, str]:
        refs = self._mirror.refs()
        if "HEAD" not in refs:
            raise UnknownVersionError(f"{self.source.address.shown} has no commit yet")
        kept = {ref: commit for ref, commit in refs.items() if ref.startswith(("refs/heads/", "refs/tags/"))}
        return {**kept, "HEAD": refs["HEAD"]}

    @cached_property
    def _history(self) -> History:
        self._mirror.bring({commit: ref for ref, commit in self._refs.items()})
        return history.of_mirror(self._mirror, self._refs)

    @cached_property
    def _entries(self) -> Mapping[str, tuple[str, str]]:
        _ = self._history
        return self._mirror.entries(self._refs["HEAD"])

    def _read(self, path: str) -> bytes | None:
        """A text of the newest commit, by its path from the top."""
        blob = self._entries.get(path, ("", ""))[1]
        return self._mirror.read([blob])[blob] if blob else None

    @cached_property
    def _lists(self) -> Mapping[str, bytes]:
        return redaction.lists(self._read, {*self._history.datasets, self._prefix})

    @property
    def _list(self) -> bytes:
        return self._lists.get(self._prefix, b"")

    @cached_property
    def _storages(self) -> list[folders.Named]:
        """What the repository says of remotes now, and what it said before."""
        own = [path for path in self._entries if f"/{path}".endswith(f"/{history.CONFIG}")]
        above = [path for path in own if self._prefix.startswith(path.removesuffix(history.CONFIG))]
        name = max(above, key=len, default=history.CONFIG)
        local = self._mirror.is_local
        place = f"{self.source.address.url}/{name.removesuffix('/config')}" if local else None
        now = remoteconfig.parse(self._read(name) or b"")
        return [folders.Named(Storage(now, place)), *folders.former(self._history, name, place)]

    def _trace(self, lists: Mapping[str, bytes], files: Sequence[str] = ()) -> Trace:
        objects = fetch.objects_of(str(self.config.cache_root))
        with folders.Lister(objects, self._storages, self.config) as ls:
            return trace.trace(self._history, self._prefix, files, lists, ls)

    def _redaction(self, traced: Trace) -> Redaction:
        """What becomes of the texts of the newest commit."""
        prefix, today = self._prefix, self.wish.today.isoformat()
        names = layout.own(path[len(prefix) :] for path in self._entries if path.startswith(prefix))
        known = [(file, md5) for file, md5 in erased.keys([self._list]).rows() if file in self.wish.files]
        had = [*known, *((one.file, one.md5) for one in traced.had)]
        erasures = [Erasure(file, md5, today, self.wish.reason) for file, md5 in had]
        made = redaction.redact(names, self._own, erasures)
        if layout.STAGES in names and any(name.endswith(layout.INDEX) for name in made.gone):
            made.texts[layout.STAGES] = self._stages([name for name in names if name not in made.gone])
        return made

    def _own(self, name: str) -> bytes:
        """A text of the dataset, by its path from the root."""
        return self._read(self._prefix + name) or b""

    def _stages(self, names: Sequence[str]) -> bytes:
        """The stages of a dataset that has these files."""
        parsed = header.parse(self._own(layout.HEADER))
        tables = [name for name in names if layout.table_id(name) in parsed.tables]
        flavors = written.flavors(self._own(layout.SETTINGS))
        built = [stages.folder_of(name) + layout.INDEX for name in flavors]
        indexes = [name for name in names if name.endswith(layout.INDEX) and name not in built]
        sources = [name for name in indexes if spec.of_index(self._own(name)) == spec.INDEX]
        deps = stages.deps_of(tables, [*sources, *built])
        return stages.write(self._own(layout.STAGES).decode(), deps, flavors, sources).encode()

    def _pushed(self, made: Redaction) -> str:
        """Bring new lists of folders to their remotes, and then the commit to the default branch."""
        base, ref = self._refs["HEAD"], self._mirror.default()
        self._deliver(made)
        work = Draft(self._mirror, base)
        for path, text in made.texts.items():
            if text is None:
                work.remove(self._prefix + path)
            else:
                work.put(self._prefix + path, text)
        what = self.wish.files[0] if len(self.wish.files) == 1 else f"{len(self.wish.files):,} recordings"
        commit = work.commit(f"Erase {what}")
        draft.push(self._mirror, {ref: commit}, {ref: base})
        self._mirror.refs()
        return commit

    def _deliver(self, made: Redaction) -> None:
        """Bring new lists of folders to their remotes; where that is refused the erasure counts as well."""
        with Stores(self._storages[0].storage, self.config) as stores:
            for name, (data, remote) in made.folders.items():
                try:
                    deliveries.deliver(stores.store(remote), {name: data})
                except AudiodvcError as error:
                    self.notes.append(f"a list of files, object {name}, is not in its remote: {error.what}")

    def _places(self, traced: Trace, listed: bytes) -> Iterator[Place]:
        going = Going.of(traced)
        yield from disposal.remotes(self._storages, self.config, going, self.progress, really=True)
        cached = Cached(disposal.mirrors([self.source.address.shown]), self._prefix, (listed,))
        yield from disposal.own_caches(self.config, cached, going, really=True)


def _refuse_incomplete(found: Source, done: Receipt) -> None:
    """Raise an error that names what is left."""
    places = [place for place in done.places if not place.is_clean]
    left = list(done.notes)
    left += [f"{place.name}: {place.problem}" for place in places if place.problem]
    left += [
        f"{place.name}: {one.md5} of {one.file}: {one.why}"
        for place in places
        for one in place.objects
        if one.outcome == "failed"
    ]
    if places:
        raise RemoteError(
            f"{found.name} has no version with these files any more, but some objects could not be deleted",
            hint=f"the receipt is {done.path}",
            details=left,
        )
