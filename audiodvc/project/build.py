"""`flavor build`: the media of a flavor, of which only those are converted that were not before."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters import cache, disk, dvc_exchange, git, links, stock
from audiodvc.adapters.arrivals import Failure, Want
from audiodvc.errors import FormatError, ObjectError
from audiodvc.model import built, layout, mediaindex, stages
from audiodvc.model.built import Built
from audiodvc.model.flavor import Flavor
from audiodvc.model.mediaindex import Converted, Media
from audiodvc.progress import Progress
from audiodvc.project import flavors
from audiodvc.project.building import conversions, sources
from audiodvc.project.building.conversions import Executor
from audiodvc.project.building.flavorwork import Task
from audiodvc.project.building.sources import Piece
from audiodvc.project.dataset import Dataset
from audiodvc.words import counted

Known = tuple[tuple[str, str], Media]
"""The md5 of a source and the format of what came of it, and what that is."""

_LINKS = ("hardlink", "reflink", "copy")
_MOST_TOLD = 20

# From here on DVC takes longer to hash a flavor than we to tell it what we know.
_WORTH_TELLING = 2**29


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a build: so many files, of which some were converted now, and some are as their source."""

    name: str
    files: int
    converted: int
    same: int
    left_out: int


def build(dataset: Dataset, name: str, progress: Progress, executor: Executor) -> Report:
    """Make the media and the index of a flavor, as the settings say what it is."""
    flavor = flavors.wanted(dataset, name)
    listed = sources.listed(dataset)
    pieces, left_out = sources.pieces(listed, name, flavor)
    with _undone(dataset, name):
        files, converted = _built(dataset, name, flavor, pieces, progress, executor)
        _write(dataset, name, flavor, files)
    return Report(name, len(files), converted, sum(not piece.target for piece in pieces), left_out)


def _built(  # noqa: PLR0913, PLR0917 - each is its own thing
    dataset: Dataset,
    name: str,
    flavor: Flavor,
    pieces: Sequence[Piece],
    progress: Progress,
    executor: Executor,
) -> tuple[list[Converted], int]:
    """The files of a flavor, in their places, and how many conversions that took."""
    place = _Place(dataset, dvc_exchange.objects_of(dataset.dvc_root), progress)
    known = {piece.key: media for piece, media in _known(place, name, flavor, pieces)}
    new = {piece.key: piece for piece in pieces if piece.target and piece.key not in known}
    tasks = place.tasks(new.values(), is_far=executor.is_far)
    with conversions.started(tasks, flavor, place.objects, dataset, executor) as converted:
        kept = [_line(piece, known) for piece in pieces if piece.key not in new]
        place.link(kept, {piece.source.md5 for piece in pieces if piece.old})
        made: dict[tuple[str, str], Media] = {}
        try:
            converted(progress, made)
        except BaseException:
            # What was converted is in the cache: the next build need not do it again.
            done = [Converted(media, source) for (source, _), media in made.items()]
            disk.write(_note(dataset, flavor), mediaindex.dump_flavor([*kept, *done]))
            raise
        added = [_line(piece, made) for piece in pieces if piece.key in new]
        place.link(added, set())
    return sorted([*kept, *added]), len(new)


class _Place:
    """A working copy, its cache, and the remote that is asked for what the cache lacks."""

    def __init__(self, dataset: Dataset, objects: str, progress: Progress) -> None:
        self.dataset, self.objects, self._progress = dataset, objects, progress

    def tasks(self, pieces: Iterable[Piece], *, is_far: bool) -> list[Task]:
        """What has to be converted, with what it is made of in the cache unless that happens elsewhere."""
        listed = list(pieces)
        if not is_far:
            self.fetch([(piece.source.md5, piece.old, piece.source.file) for piece in listed])
        return [
            Task(
                piece.source.file,
                piece.source.md5,
                self.path(piece.source.md5, old=piece.old),
                piece.old,
                piece.target,
            )
            for piece in listed
        ]

    def path(self, md5: str, *, old: bool = False) -> str:
        """Where an object lies, or would."""
        is_apart = old and cache.is_apart(self.objects, md5)
        return cache.path_of(cache.old_place(self.objects) if is_apart else self.objects, md5)

    def fetch(self, wanted: Sequence[tuple[str, bool, str]]) -> None:
        """Bring objects, each with the file that it is, or say which could not be brought."""
        failed = {one.md5: one for one in self.brought((md5, old) for md5, old, _ in wanted)}
        told = [f"{file}: object {md5} {failed[md5].message}" for md5, _, file in wanted if md5 in failed]
        if told:
            more = [f"… and {len(told) - _MOST_TOLD} more"] if len(told) > _MOST_TOLD else []
            raise ObjectError(
                f"{counted(len(failed), 'object')} neither in the cache nor in the remote",
                hint="`dvc push` from a clone that has them",
                details=[*told[:_MOST_TOLD], *more],
            )

    def brought(self, wanted: Iterable[tuple[str, bool]]) -> list[Failure]:
        """Bring objects into the cache; those that could not be."""
        wants = [Want(md5, old) for md5, old in wanted]
        there = cache.present_of(self.objects, [want.md5 for want in wants])
        missing = [want for want in wants if want.md5 not in there and not self._is_apart(want)]
        if not missing:
            return []
        remote = dvc_exchange.default_remote(self.dataset.dvc_root)
        if remote is None:
            return [
                Failure(want.md5, "missing", "is not in the cache, and there is no remote")
                for want in missing
            ]
        with (
            closing(remote.store()) as store,
            self._progress(f"fetching from {remote.name}", len(missing)) as advance,
        ):
            return store.fetch(missing, self.objects, advance, os.cpu_count() or 1)

    def link(self, files: Sequence[Converted], olds: set[str]) -> None:
        """Put files into their places, from the cache or through it."""
        self.fetch([(one.media.md5, one.media.md5 in olds, one.media.file) for one in files])
        sources = ((one.media.md5, f"{self.dataset.root}/{one.media.file}") for one in files)
        links.place(((self.path(md5, old=md5 in olds), path) for md5, path in sources), _LINKS)

    def _is_apart(self, want: Want) -> bool:
        return want.old and cache.is_apart(self.objects, want.md5)


def _known(
    place: _Place, name: str, flavor: Flavor, pieces: Sequence[Piece]
) -> Iterator[tuple[Piece, Media]]:
    """The conversions that were made before, and whose objects can be had."""
    made = dict(_earlier(place, name, flavor))
    found = [(piece, made[piece.key]) for piece in pieces if piece.target and piece.key in made]
    gone = {one.md5 for one in place.brought((media.md5, False) for _, media in found)}
    yield from ((piece, media) for piece, media in found if media.md5 not in gone)


def _earlier(place: _Place, name: str, flavor: Flavor) -> Iterator[Known]:
    """The conversions of the last commit, and of the last build of such a flavor in this clone."""
    dataset = place.dataset
    index = stages.folder_of(name) + layout.INDEX
    lock = git.show(dataset.root, "HEAD", f"./{layout.LOCK}") or b""
    committed = git.show(dataset.root, "HEAD", f"./{index}")
    yield from _believed(built.built(lock).get(name), flavor, committed)
    note = disk.read(_note(dataset, flavor))
    if note and note != committed:
        yield from _listed(note, index)


def _believed(last: Built | None, flavor: Flavor, index: bytes | None) -> Iterator[Known]:
    """What an index says that was made when the settings were what they are today, and DVC saw the same."""
    if last is None or last.flavor != flavor or index is None:
        return
    known = list(_listed(index, last.index))
    start = len(last.output.path) + 1
    made = mediaindex.directory_object((media.file[start:], media.md5) for _, media in known)
    if made.name == last.output.md5:
        yield from known


def _listed(index: bytes, path: str) -> Iterator[Known]:
    """The files of an index, each by what it follows from; of one that cannot be read none."""
    try:
        files = mediaindex.parse_flavor(index, path)
    except FormatError:
        return
    for one in files:
        yield (one.source, one.media.format), one.media


def _line(piece: Piece, made: Mapping[tuple[str, str], Media]) -> Converted:
    """The line of a file in the index."""
    media = made[piece.key] if piece.target else piece.source
    return Converted(media._replace(file=piece.file), piece.source.md5)


@contextmanager
def _undone(dataset: Dataset, name: str) -> Iterator[None]:
    """The folder of a flavor has nothing in it at first, and nothing again if something goes wrong."""
    folder, index = dataset.place(stages.folder_of(name)), stages.folder_of(name) + layout.INDEX
    stock.remove_folder(str(folder))
    folder.mkdir(parents=True)
    try:
        yield
    except BaseException:
        stock.remove_folder(str(folder))
        # DVC has removed it, and the next commit would as well.
        old = git.show(dataset.root, "HEAD", f"./{index}")
        if old is not None and dataset.read(index) is None:
            dataset.write(index, old)
        raise


def _write(dataset: Dataset, name: str, flavor: Flavor, files: Sequence[Converted]) -> None:
    """Write the index, when all that it lists is there."""
    if sum(int(one.media.size) for one in files) > _WORTH_TELLING:
        _tell(dataset, files)
    index = mediaindex.dump_flavor(files)
    dataset.write(stages.folder_of(name) + layout.INDEX, index)
    disk.write(_note(dataset, flavor), index)


def _note(dataset: Dataset, flavor: Flavor) -> Path:
    """What this clone has converted: DVC removes the index before the next build."""
    return dataset.dvc_root / ".dvc" / "tmp" / "audiodvc" / f"{flavor.id}{layout.INDEX}"


def _tell(dataset: Dataset, files: Sequence[Converted]) -> None:
    """Spare DVC the hashing."""
    with dataset.workspace() as workspace:
        workspace.remember((disk.look(f"{dataset.root}/{one.media.file}"), one.media.md5) for one in files)
