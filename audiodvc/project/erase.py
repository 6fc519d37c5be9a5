"""`erase`: recordings out of every version, remote and cache; their rows out of what comes from now on.

First the list of erasures is pushed, so that nobody looks for what is about to go, and then objects are
deleted. What is to be deleted follows from that list and the history alone: whoever runs it again, in this
clone or another one, goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from audiodvc.adapters import cache, disk, dvc_lock, git, record
from audiodvc.errors import AudiodvcError, ConflictError, GitError, MediaError, UsageError
from audiodvc.model import erased, layout
from audiodvc.model.erased import Erasure
from audiodvc.progress import Progress
from audiodvc.project import stages
from audiodvc.project.dataset import Dataset
from audiodvc.project.erasing import disposal, folders, history, receipts, redaction, trace
from audiodvc.project.erasing.disposal import Cached, Going
from audiodvc.project.erasing.history import History
from audiodvc.project.erasing.receipt import Place, Receipt, State
from audiodvc.project.erasing.receipts import Told
from audiodvc.project.erasing.redaction import Redaction
from audiodvc.project.erasing.trace import Trace
from audiodvc.resolve.config import Config
from audiodvc.words import counted

AGAIN = "run `audiodvc erase` once more"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: files by their names from the root, and why; `share` pushes and deletes as well."""

    files: tuple[str, ...]
    reason: str
    today: date
    share: bool = True
    dry_run: bool = False


def erase(dataset: Dataset, wish: Wish, config: Config, progress: Progress) -> Receipt:
    """Take files out of all versions, or go on with what is not done yet; what came of it."""
    reason = " ".join(wish.reason.split())
    if wish.files and not reason:
        raise UsageError("an erasure needs a reason", hint="--reason 'consent withdrawn'")
    clone = _Clone(dataset, config, progress, wish)
    made = clone.redaction(reason)
    if wish.dry_run:
        return clone.receipt("planned", made, None, reason, clone.places(clone.traced, "HEAD", really=False))
    with dvc_lock.locked(dataset.dvc_root):
        commit = clone.commit(made) if made.texts else None
    # Not with the lock: hooks of DVC's want it before a push.
    done = clone.finished(made, commit, reason) if wish.share else None
    folder = git.common_folder(dataset.top) / receipts.FOLDER
    return receipts.keep(folder, done or clone.receipt("committed", made, commit, reason))


class _Clone:
    """A clone in which something is erased."""

    def __init__(self, dataset: Dataset, config: Config, progress: Progress, wish: Wish) -> None:
        self.dataset, self.config, self.progress, self.wish = dataset, config, progress, wish
        self.notes: list[str] = []
        self._branch = _refuse_unready(dataset, wish)
        self._remote = record.remote_for(dataset.top, self._branch)
        self._default = ""
        if wish.share and not wish.dry_run and self._remote:
            with progress(f"asking {self._remote}", None):
                self._default = _fetched(dataset, self._remote)
            self._refuse_behind()
        with progress("reading the history", None):
            self._history: History = history.of_clone(dataset.top)
            self.traced: Trace = self._trace("HEAD", wish.files)
        before = erased.keys([self._own_list("HEAD")])
        self._before = before.rows()
        trace.refuse_unknown(wish.files, self.traced, before)

    # What there is

    @cached_property
    def _names(self) -> list[str]:
        """The dataset's own files in the last commit."""
        return layout.own(git.tree_entries(self.dataset.root, "HEAD"))

    def _read(self, name: str) -> bytes:
        return git.show(self.dataset.top, "HEAD", self.dataset.prefix + name) or b""

    def _lists(self, revision: str) -> Mapping[str, bytes]:
        prefixes = {*self._history.datasets, self.dataset.prefix}
        return redaction.lists(lambda path: git.show(self.dataset.top, revision, path), prefixes)

    def _own_list(self, revision: str) -> bytes:
        return git.show(self.dataset.top, revision, self.dataset.prefix + layout.ERASED) or b""

    def _trace(self, revision: str, files: Sequence[str] = ()) -> Trace:
        with folders.Lister(self._objects, self.storages, self.config) as ls:
            return trace.trace(self._history, self.dataset.prefix, files, self._lists(revision), ls)

    @cached_property
    def _objects(self) -> str:
        """The folder of the clone's cache that holds objects."""
        with self.dataset.workspace() as workspace:
            return workspace.objects

    @cached_property
    def storages(self) -> list[folders.Named]:
        """All remotes that the dataset has or had."""
        return folders.storages(self.dataset, self._history)

    def redaction(self, reason: str) -> Redaction:
        """What becomes of the texts of the last commit."""
        if not self.wish.files:
            return Redaction()
        today = self.wish.today.isoformat()
        old = [Erasure(file, md5, today, reason) for file, md5 in self._before if file in self.wish.files]
        new = [Erasure(one.file, one.md5, today, reason) for one in self.traced.had]
        return redaction.redact(self._names, self._read, [*old, *new])

    # What is changed

    def commit(self, made: Redaction) -> str:
        """Write what changes, and commit that alone."""
        self._refuse_dirty(made)
        if made.folders:
            with self.dataset.workspace() as workspace:
                for name, (data, _) in made.folders.items():
                    workspace.put_directory(name, data)
        written = _in_order(made.texts)
        for name, text in written:
            if text is None:
                self.dataset.place(name).unlink(missing_ok=True)
            elif name != layout.ERASED or not self._is_begun(self.dataset.read(name)):
                self.dataset.write(name, text)
        self._unlink(made)
        names = [name for name, _ in written]
        names += self._stages(made)
        git.add(self.dataset.root, [name for name in names if (self.dataset.root / name).exists()])
        return git.commit_only(self.dataset.root, names, self._message(made))

    def _stages(self, made: Redaction) -> list[str]:
        """Take out of the stages what no index names any more; a file that was changed before stays."""
        is_due = any(name.endswith(layout.INDEX) for name in made.gone)
        if not is_due or layout.STAGES not in self._names or self._changed(layout.STAGES, {}):
            return []
        return [layout.STAGES] if stages.sync(self.dataset) else []

    def _unlink(self, made: Redaction) -> None:
        """Remove files from the work tree that have erased bytes, or were made from some."""
        gone = {*made.made, *((one.file, one.md5) for one in self.traced.had if one.file in made.media)}
        for file in {file for file, _ in gone}:
            path = self._media(file)
            if path.is_file() and (file, cache.md5_of(str(path))) in gone:
                path.unlink()

    def _media(self, file: str) -> Path:
        """Where a recording is, which may itself be a link into the cache; refused behind another link."""
        path = self.dataset.root / file
        disk.refuse_link(self.dataset.top, path.parent)
        return path

    def _message(self, made: Redaction) -> str:
        files = self.wish.files
        what = files[0] if len(files) == 1 else counted(len(files), "recording")
        rows = [f"{counted(count, 'row')} of {name}" for name, count in made.rows.items()]
        return f"Erase {what}\n\n{'Gone: ' if rows else ''}{', '.join(rows)}".strip()

    # What is pushed and deleted

    def finished(self, made: Redaction, commit: str | None, reason: str) -> Receipt:
        """Push the list, and delete what the default branch then says is erased."""
        self.notes += folders.deliver(self.dataset, self._objects, self.storages, self.config)
        newest = self._push(commit)
        there = erased.keys([self._own_list(newest)])
        known = {*self._before, *((one.file, one.md5) for one in self.traced.had)}
        traced = self.traced if set(there.rows()) == known else self._trace(newest)
        places = self.places(traced, newest, really=True) if there.height else []
        state: State = "complete" if all(place.is_clean for place in places) else "incomplete"
        if self._is_waiting(newest):
            where = f"the default branch {self._default} of {self._remote}"
            self.notes.append(f"nothing more is deleted before {where} has the list: merge it, and {AGAIN}")
            state = "pushed"
        return self.receipt(state, made, commit, reason, places)

    def _push(self, commit: str | None) -> str:
        """Push the branch, if others lack what it says; the revision whose list counts for everybody."""
        top = self.dataset.top
        if self._remote is None:
            self.notes.append("there is no git remote: only this repository has the list")
            return "HEAD"
        tip = git.commit_of(top, f"refs/remotes/{self._remote}/{self._branch}")
        if tip != git.head(top) and (commit or self._is_waiting(self._newest)):
            with self.progress(f"pushing to {self._remote}", None):
                self._send()
        return self._newest

    @property
    def _newest(self) -> str:
        return f"refs/remotes/{self._remote}/{self._default or self._branch}"

    def _is_waiting(self, revision: str) -> bool:
        """Whether the last commit has erased what a revision does not list."""
        mine, there = (erased.keys([self._own_list(one)]) for one in ("HEAD", revision))
        return bool(mine.join(there, on=["file", "md5"], how="anti").height)

    def _send(self) -> None:
        top, remote = self.dataset.top, self._remote or ""
        try:
            record.push(top, remote, [f"refs/heads/{self._branch}"], {})
        except GitError as error:
            raise GitError(
                f"the erasure is committed, and could not be pushed to {remote}, so that nothing was deleted",
                hint=f"see what it says, and {AGAIN}",
                details=error.details,
            ) from error
        self._default = git.fetch(top, remote)

    def places(self, traced: Trace, revision: str, *, really: bool) -> list[Place]:
        """Delete what a revision lists from remotes and caches, or only look what there is."""
        going = Going.of(traced)
        found = list(disposal.remotes(self.storages, self.config, going, self.progress, really=really))
        found += disposal.cache(Path(self._objects).parents[1], ".dvc/cache", going, really=really)
        top = self.dataset.top
        urls = [str(top), *([record.url_of(top, self._remote)] if self._remote else [])]
        cached = Cached(disposal.mirrors(urls), self.dataset.prefix, (self._own_list(revision),))
        return [*found, *disposal.own_caches(self.config, cached, going, really=really)]

    def receipt(
        self,
        state: State,
        made: Redaction,
        commit: str | None,
        reason: str,
        places: Iterable[Place] = (),
    ) -> Receipt:
        """What came of it."""
        told = Told(str(self.dataset.root), state, self.wish.today, reason, (*self.notes,))
        return receipts.receipt(told, self.traced, made, commit, places)

    # What is refused

    def _refuse_behind(self) -> None:
        tip = git.commit_of(self.dataset.top, f"refs/remotes/{self._remote}/{self._branch}")
        if tip is not None and not record.contains(self.dataset.top, "HEAD", tip):
            raise ConflictError(
                f"{self._remote} has commits of {self._branch} that are not here",
                hint=f"`git pull --rebase {self._remote} {self._branch}`, and {AGAIN}",
            )

    def _refuse_dirty(self, made: Redaction) -> None:
        """Only what would be changed must be as it was committed, or as an interrupted run has left it."""
        dirty = [name for name in made.texts if self._changed(name, made.texts)]
        gone = {(one.file, one.md5) for one in self.traced.had}
        for file in made.media:
            path = self._media(file)
            if path.is_file() and (file, cache.md5_of(str(path))) not in gone:
                dirty.append(file)
        if dirty:
            raise MediaError(
                f"{counted(len(dirty), 'file')} would be changed and are not as they were committed",
                hint="commit or undo your changes there; nothing was erased",
                details=sorted(dirty),
            )

    def _changed(self, name: str, texts: Mapping[str, bytes | None]) -> bool:
        """Whether a file, or what is staged of it, is neither as it was committed nor as it is to be."""
        path = self.dataset.prefix + name
        good = [git.show(self.dataset.top, "HEAD", path), *([texts[name]] if name in texts else [])]
        now = [self.dataset.read(name), git.show(self.dataset.top, "", path)]
        return any(one not in good and not (name == layout.ERASED and self._is_begun(one)) for one in now)

    def _is_begun(self, text: bytes | None) -> bool:
        """Whether this is the list as an interrupted run wrote it, perhaps yesterday."""
        old, now = set(self._before), set(erased.keys([text or b""]).rows())
        return now - old == {(one.file, one.md5) for one in self.traced.had} - old and old < now


def _refuse_unready(dataset: Dataset, wish: Wish) -> str:
    """The branch that is checked out, if all is there that an erasure needs."""
    if git.is_shallow(dataset.top):
        hint = "`git fetch --unshallow` brings the rest"
        raise AudiodvcError("this clone is shallow, so that not all versions can be searched", hint=hint)
    busy = record.unfinished(dataset.top)
    if busy and not wish.dry_run:
        raise AudiodvcError(f"git is in the middle of {busy}", hint="finish it, or give it up")
    branch = git.branch(dataset.top)
    if branch is None and not wish.dry_run:
        raise AudiodvcError("no branch is checked out", hint="`git switch` to the default branch")
    if not wish.dry_run:
        record.refuse_nobody(dataset.top)
    return branch or ""


def _fetched(dataset: Dataset, remote: str) -> str:
    try:
        return git.fetch(dataset.top, remote)
    except GitError as error:
        raise GitError(
            f"{remote} cannot be asked for the versions that it has",
            hint=f"try again later; with --no-push the erasure is committed now, and later you {AGAIN}",
            details=error.details,
        ) from error


def _in_order(texts: Mapping[str, bytes | None]) -> list[tuple[str, bytes | None]]:
    """The list of erasures first, indexes before pointers: whoever is stopped leaves nothing misleading."""
    return sorted(texts.items(), key=lambda one: (one[0] != layout.ERASED, one[0].endswith(layout.POINTER)))


def relative(dataset: Dataset, files: Iterable[Path]) -> tuple[str, ...]:
    """Files by their names from the root of the dataset."""
    names = tuple(dict.fromkeys(dataset.relative(file) for file in files))
    found = [name for name in names if (dataset.root / name).is_dir()]
    if found:
        raise UsageError(f"{found[0]} is a folder", hint="name the recordings in it")
    return names
