"""The hook before a push: labels are checked, media go first, and what the remote lacks is named."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters import dvc, git
from audiodvc.finding import Finding
from audiodvc.model import layout, paths, pointer
from audiodvc.model.sheet import Sheet
from audiodvc.model.snapshot import Snapshot
from audiodvc.progress import Progress
from audiodvc.project import absent, hooks, tree, validate
from audiodvc.project.dataset import Dataset
from audiodvc.project.hooks import Checked, Entries
from audiodvc.project.validate import Validated
from audiodvc.rules import storage

RELEASED = "AUDIODVC_RELEASED"
"""The variable that names a commit and, after a blank, the dataset in it that `release` has seen to."""

_TAGS = "refs/tags/"
_NOTHING = "0" * 40
_NAMING = (layout.INDEX, layout.POINTER, layout.LOCK, layout.STAGES, layout.ERASED)


@dataclass(frozen=True, slots=True)
class Ref:
    """A branch or tag that is being pushed: its names here and there, what it is, and what it was."""

    local: str
    object: str
    remote: str
    known: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was found, and how many objects went to the remote before git's own push."""

    checked: tuple[Checked, ...] = ()
    objects: int = 0
    notes: tuple[str, ...] = ()
    present: frozenset[str] | None = None
    """What the remote has in the end, where that was asked."""

    @property
    def errors(self) -> int:
        """How many findings keep git from pushing."""
        return sum(one.validated.errors for one in self.checked)


@dataclass(frozen=True, slots=True)
class _Tip:
    """A commit about to be pushed, and the last ones before it that the other side has."""

    ref: Ref
    commit: str
    is_new: bool
    known: tuple[str, ...]

    @property
    def is_tag(self) -> bool:
        return self.ref.remote.startswith(_TAGS)


def refs(text: str) -> list[Ref]:
    """What git tells the hook on its standard input."""
    return [Ref(*line.rsplit(" ", 3)) for line in text.splitlines() if line.count(" ") >= len("123")]


def remote_of_precommit() -> str | None:
    """The name of the remote that pre-commit tells."""
    return os.environ.get("PRE_COMMIT_REMOTE_NAME")


def refs_of_precommit() -> list[Ref]:
    """The one that pre-commit tells; the object that it was stays unknown."""
    local, remote = os.environ.get("PRE_COMMIT_LOCAL_BRANCH"), os.environ.get("PRE_COMMIT_REMOTE_BRANCH")
    if not local:
        return []
    return [Ref(local, os.environ.get("PRE_COMMIT_TO_REF") or local, remote or local, _NOTHING)]


def before_push(top: Path, remote: str, pushed: Iterable[Ref], progress: Progress) -> Pushed:
    """Check each tip, bring its media to their remote, and find what that then lacks."""
    places = list(_places(top, remote, pushed))
    checked = [one for place in _once(places) if place.is_changed for one in place.check(progress)]
    done = Pushed(tuple(checked))
    if done.errors:
        return done  # git's push is refused: nothing needs to go ahead of it
    for prefix in sorted({place.prefix for place in places}):
        media = _media([place for place in places if place.prefix == prefix], progress)
        done = Pushed(
            (*done.checked, *media.checked), done.objects + media.objects, (*done.notes, *media.notes)
        )
    return done


def bring(dataset: Dataset, commit: str, progress: Progress) -> Pushed:
    """Bring all media that a commit needs to the remote, and list what that has in the end."""
    tip = _Tip(Ref("this version", commit, f"{_TAGS}{commit}", _NOTHING), commit, is_new=True, known=())
    entries = git.tree_entries(dataset.top, commit)
    return _media([_Place(dataset.top, dataset.prefix, tip, entries)], progress, again=True)


def _places(top: Path, remote: str, pushed: Iterable[Ref]) -> Iterator[_Place]:
    done = os.environ.get(RELEASED)
    for ref in pushed:
        for tip in _tip(top, remote, ref):
            entries = git.tree_entries(top, tip.commit)
            meant = _meant(ref, hooks.datasets(entries))
            yield from (_Place(top, one, tip, entries) for one in meant if f"{tip.commit} {one}" != done)


def _meant(ref: Ref, prefixes: Sequence[str]) -> Sequence[str]:
    """The datasets of which a ref promises something: a tag `name@v1.0.0` is of those of that name."""
    name, at, _ = ref.remote.removeprefix(_TAGS).rpartition("@")
    own = [one for one in prefixes if f"/{one}".endswith(f"/{name}/")]
    return own if at and own and ref.remote.startswith(_TAGS) else prefixes


def _once(places: Iterable[_Place]) -> Iterable[_Place]:
    """A branch and a tag at its tip are looked at once."""
    return {(place.tip.commit, place.prefix): place for place in places}.values()


def _tip(top: Path, remote: str, ref: Ref) -> Iterator[_Tip]:
    commit = git.commit_of(top, ref.object) if ref.object.strip("0") else None
    if commit is None:
        return  # a branch that is deleted there, or a tag of something else
    known = [ref.known] if ref.known.strip("0") and git.commit_of(top, ref.known) else []
    is_new, before = git.unknown_to(top, remote, commit, known)
    tip = _Tip(ref, commit, is_new, tuple(before))
    if is_new or tip.is_tag:
        yield tip


@dataclass(frozen=True, slots=True)
class _Place:
    """A dataset at a tip; `prefix` is its folder from the top, with a slash."""

    top: Path
    prefix: str
    tip: _Tip
    entries: Entries

    @property
    def is_changed(self) -> bool:
        """Whether the new commits change it."""
        own, *before = (
            git.tree_id(self.top, commit, self.prefix.rstrip("/"))
            for commit in (self.tip.commit, *self.tip.known)
        )
        return self.tip.is_new and own not in before

    def check(self, progress: Progress) -> Iterator[Checked]:
        """What is wrong with it, if anything is."""
        validated = hooks.check(self.top, self.prefix, self.entries, progress)
        if validated.findings:
            yield Checked(self.prefix, validated)


@dataclass(frozen=True, slots=True)
class _Needs:
    """The objects that must be in the remote, each with what is said if it is not, and where they stand."""

    place: _Place
    found: Mapping[str, Finding]
    bare: frozenset[str]
    """The folders among them whose files no index names."""
    gone: frozenset[str]
    """What was erased since."""
    files: int
    rows: int


def _needs(place: _Place) -> _Needs:
    """Of a branch only what its new commits bring: what was lacking before is nobody's fault now."""
    top, tip = place.top, place.tip
    mine = hooks.below(place.entries, place.prefix)
    known = [] if tip.is_tag else [git.tree_entries(top, commit) for commit in tip.known]
    old = [hooks.below(entries, place.prefix) for entries in known]
    same = {path for path, entry in mine.items() if any(other.get(path) == entry for other in old)}
    taken = _take(place, mine, same)
    gone = absent.objects(top, place.prefix, taken)
    found = {name: finding for name, finding in _objects(taken, mine) if name not in gone}
    for entries in old:
        changed = {path for path in entries if path not in mine or path in same}
        for name, _ in _objects(_take(place, entries, changed), entries):
            found.pop(name, None)
    rows = sum(sheet.height for sheet in taken.indexes.values())
    folders = [out for out in storage.stored(taken, mine) if out.is_folder]
    bare = {out.object(out.md5) for out in folders if out.path + layout.INDEX not in mine}
    files = len(taken.indexes) + len(taken.outputs)
    return _Needs(place, found, frozenset(bare & found.keys()), gone, files, rows)


def _take(place: _Place, entries: Entries, without: Iterable[str]) -> Snapshot:
    """The files that name objects, but for those that are the same on both sides."""
    skipped = set(without) - {layout.ERASED, layout.STAGES}  # which say what others mean
    named = {path: entry for path, entry in entries.items() if path.endswith(_NAMING) and path not in skipped}
    return validate.take(Dataset(place.top / place.prefix, place.top), tree.of_entries(place.top, named))


def _objects(taken: Snapshot, in_git: Container[str]) -> Iterator[tuple[str, Finding]]:
    """The objects that a dataset names."""
    for out in storage.stored(taken, in_git):
        if paths.valid_md5(out.md5):
            what = f"the list of files in {out.path} is" if out.is_folder else f"the bytes of {out.path} are"
            yield out.object(out.md5), _lacking(out.source, *out.place, what)
    old = storage.old_indexes(taken)
    for sheet in taken.indexes.values():
        for line, file, md5 in _rows(sheet):
            if paths.valid_md5(md5):
                name = pointer.old_name(md5) if sheet.path in old else md5
                yield name, _lacking(sheet.path, line, 1, f"the bytes of {file} are")


def _rows(sheet: Sheet) -> Iterator[tuple[int, str, str]]:
    if sheet.has("file", "md5"):
        yield from zip(sheet.table.lines, sheet.text("file"), sheet.text("md5"), strict=True)


def _lacking(path: str, line: int, column: int, what: str) -> Finding:
    return Finding(path, line, column, "AD004", f"{what} neither in the remote nor in this clone's cache")


def _media(places: Sequence[_Place], progress: Progress, *, again: bool = False) -> Pushed:
    """Bring the media of one dataset, at all of its tips, to the remote, and list it `again` if asked to."""
    needs = [need for place in places if (need := _needs(place)).found]
    wanted = {name: finding for need in needs for name, finding in need.found.items()}
    dataset = Dataset(places[0].top / places[0].prefix, places[0].top)
    if not wanted:
        return Pushed()
    if dvc.find_root(dataset.root, dataset.top) is None:
        return _without_remote(needs, "no DVC repository")
    with dataset.workspace() as workspace:
        remote = workspace.default_remote
        if remote is None:
            return _without_remote(needs, "no default DVC remote")
        with progress(f"listing {remote.name}", None):
            present = workspace.remote_objects(remote)
        for folder in {name for need in needs for name in need.bare} - present:
            listed = workspace.listed(folder) - frozenset().union(*(need.gone for need in needs))
            wanted |= dict.fromkeys(listed - wanted.keys(), wanted[folder])
        missing = wanted.keys() - present
        here = [name for name in missing if workspace.has(name)]
        lacking = sorted({wanted[name] for name in missing.difference(here)})
        # Where its list is, DVC takes it that all of a folder is.
        here = [name for name in here if not (lacking and name.endswith(".dir"))]
        with progress(f"pushing to {remote.name}", len(here)) as advance:
            workspace.push(remote, here, advance)
        if again and here:
            with progress(f"listing {remote.name}", None):
                present = workspace.remote_objects(remote)
    return Pushed(_checked(needs, lacking), len(here), present=frozenset(present))


def _without_remote(needs: Sequence[_Needs], why: str) -> Pushed:
    """A branch may go without its media, said so; a tag is a promise that they can be had."""
    prefix = needs[0].place.prefix
    lacking = [
        f"there is {why} to hold the {len(need.found):,} objects of {tip.ref.local.removeprefix(_TAGS)}"
        for need in needs
        if (tip := need.place.tip).is_tag
    ]
    if lacking:
        return Pushed(_checked(needs, [Finding(".dvc/config", 1, 1, "AD004", text) for text in lacking]))
    return Pushed(notes=(f"there is {why}, so media stay here{f' ({prefix})' if prefix else ''}",))


def _checked(needs: Sequence[_Needs], findings: Sequence[Finding]) -> tuple[Checked, ...]:
    """What is lacking, and how much names objects; of several tips what the largest has."""
    if not findings:
        return ()
    files, rows = max(need.files for need in needs), max(need.rows for need in needs)
    return (Checked(needs[0].place.prefix, Validated(tuple(findings), files, rows)),)
