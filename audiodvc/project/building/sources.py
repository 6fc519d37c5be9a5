"""What flavors are made of: the media of the dataset, and what becomes of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from posixpath import splitext
from typing import NamedTuple

from audiodvc.errors import ConversionError, FormatError, MediaError
from audiodvc.model import formats, header, layout, mediaindex, paths, pointer, stages
from audiodvc.model.conversion import Decision, Sound, decide, is_sound
from audiodvc.model.flavor import Flavor
from audiodvc.model.mediaindex import Media
from audiodvc.project import pointers
from audiodvc.project.dataset import Dataset
from audiodvc.words import counted

_NAMED = 20


class Piece(NamedTuple):
    """A file of a flavor: its path there, what it is made of, and the format that it is converted to."""

    file: str
    source: Media
    old: bool
    target: str

    @property
    def key(self) -> tuple[str, str]:
        """What a conversion follows from, the flavor aside."""
        return self.source.md5, self.target


def listed(dataset: Dataset) -> list[tuple[Media, bool]]:
    """The media that a flavor is made of, attachments aside, and whether DVC 2 put them into the cache."""
    bare = pointers.unindexed(dataset)
    if bare:
        raise MediaError(f"{bare[0]} has no media index", hint=f"`audiodvc add {bare[0]}` writes it")
    parsed = header.parse(dataset.read(layout.HEADER) or b"")
    attached = [path.rstrip("/") for path in parsed.attachments.values()]
    found: list[tuple[Media, bool]] = []
    for index in dataset.media_indexes:
        rows = mediaindex.parse(dataset.read(index) or b"", index)
        unit = index.removesuffix(layout.INDEX) + layout.POINTER
        output = pointer.parse(dataset.read(unit) or b"", unit)
        is_old = output is not None and output.is_old
        found += [
            (media, is_old) for media in rows if not (attached and paths.is_within(media.file, attached))
        ]
    return found


def pieces(listed: Sequence[tuple[Media, bool]], name: str, flavor: Flavor) -> tuple[list[Piece], int]:
    """What becomes of each file, and how many are no sound that can be converted.

    As `resolve.convert.plan` says; without polars, whose import takes a tenth of the time of a build.
    """
    folder = stages.folder_of(name)
    kinds: dict[tuple[str, ...], tuple[Decision, bool]] = {}
    made: list[Piece] = []
    refused: list[str] = []
    for media, old in listed:
        if not (media.format in formats.EXTENSIONS and media.channels):
            continue
        extension = splitext(media.file)[1][1:].lower()
        kind = (media.format, media.channels, media.sampling_rate, media.bit_depth, extension)
        decision, has_rate = kinds.get(kind) or kinds.setdefault(kind, _decided(flavor, kind))
        if decision.refusal:
            refused.append(f"{media.file}: {decision.refusal}")
        file = flavor.destination(media.file) if has_rate else media.file
        made.append(Piece(f"{folder}/{file}", media, old, decision.target))
    _refuse(refused, "cannot be what is asked for")
    _refuse(list(_collisions(made)), "would not keep names of their own")
    return made, len(listed) - len(made)


def _decided(flavor: Flavor, kind: Sequence[str]) -> tuple[Decision, bool]:
    try:
        numbers = [int(text) if text else None for text in kind[1:-1]]
    except ValueError as error:
        hint = "`audiodvc validate` says where"
        raise FormatError("a media index has a number that is none", hint=hint) from error
    sound = Sound(kind[0], *numbers)
    return decide(flavor, sound, kind[-1]), is_sound(sound)


def _collisions(made: Sequence[Piece]) -> Iterator[str]:
    names = Counter(piece.file for piece in made)
    if len(names) < len(made):
        yield from (f"{one.source.file} would be {one.file}" for one in made if names[one.file] > 1)


def _refuse(files: Sequence[str], why: str) -> None:
    if files:
        more = [f"… and {len(files) - _NAMED} more"] if len(files) > _NAMED else []
        raise ConversionError(f"{counted(len(files), 'file')} {why}", details=[*files[:_NAMED], *more])
