"""A disk that is full, or that nobody may write to, under every verb: nothing is lost, and then it works."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from tests.reliability import lab
from tests.reliability.lab import Disk, Lab
from tests.reliability.room import DEEDS, Deed, Room
from tests.reliability.tally import count, rounds

_PAGE = 4096
_SPACE = rounds([0, 2], [0, 1, 2, 4, 8, 16, 32])

# What others of the deeds meet as well, and what takes long for other reasons than a disk.
_SLOW = ("load", "get in a flavor")
MESSES = [
    pytest.param(deed.name, place, id=f"{deed.name}, {place}")
    for deed in DEEDS
    if deed.name not in rounds(_SLOW, ())
    for place in deed.places[: rounds(1, 9)]
]
SMALL = rounds(("add", "release"), ("add", "fmt", "get", "release"))

CLOSED = [
    ("add", "dataset/.dvc/cache/files/md5"),
    ("release", "dataset.media/files/md5"),
    ("publish", "origin.git/refs/tags"),
    ("get", "cache"),
    ("fmt", "dataset"),
    ("release", "dataset/.git/objects"),
    ("erase", "dataset"),
    ("publish", "dataset.media/files/md5"),
    ("install", "dataset/.git/hooks"),
]


@pytest.fixture(scope="module")
def in_lab() -> Iterator[Lab]:
    """A process that forks for each fault."""
    with lab.opened() as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a room is to be."""
    (tmp_path / "room").mkdir()
    return tmp_path / "room"


@pytest.mark.parametrize(("name", "place"), MESSES)
def test_a_full_disk_loses_nothing(made: Path, in_lab: Lab, folder: Path, name: str, place: str) -> None:
    """Without room for bytes, for files, or for writing at all; with room again the verb does its work."""
    for fault, number in in_lab(full, made, folder, name, place).items():
        if number:
            count("faults", f"{fault} under `{name}`", number)


@pytest.mark.parametrize("name", SMALL)
def test_a_limit_of_the_size_of_files_loses_nothing(made: Path, in_lab: Lab, folder: Path, name: str) -> None:
    """As with a full disk, for all that a verb writes and starts."""
    count("faults", f"files that may not grow under `{name}`", in_lab(limited, made, folder, name))


@pytest.mark.parametrize(("name", "place"), rounds(CLOSED[:4], CLOSED))
def test_no_permission_loses_nothing(made: Path, in_lab: Lab, folder: Path, name: str, place: str) -> None:
    """Of a folder that somebody else keeps closed; opened again, the verb does its work."""
    in_lab(closed, made, folder, name, place)
    count("faults", f"no permission under `{name}`")


def full(made: Path, folder: Path, name: str, place: str) -> dict[str, int]:
    """Do a deed on a disk that is read-only, then on one that is too small, and at last with enough room."""
    lab.private_mounts()
    lab.blank(str(folder))
    here, deed = begun(made, folder, name)
    disk = Disk(str(folder / place))
    faults = _Faults(here, deed)
    survived = {
        "a read-only disk": faults.tried(lambda _: disk.close(), [0]),
        "no room for files": faults.tried(disk.leave_files, [0]),
        "a full disk": faults.tried(disk.leave, [level * _PAGE for level in _SPACE]),
    }
    disk.wide()
    faults.mended()
    return survived


def limited(made: Path, folder: Path, name: str) -> int:
    """Do a deed that may write no large file, and then any."""
    faults = _Faults(*begun(made, folder, name))
    survived = sum(faults.failed(lab.largest_file(size)) for size in rounds([40], [0, 40, 200, 3000, 20_000]))
    faults.mended()
    return survived


def closed(made: Path, folder: Path, name: str, place: str) -> None:
    """Do a deed as somebody who may not write to a folder, and then as one who may."""
    lab.obey_modes()
    here, deed = begun(made, folder, name)
    mode = (folder / place).stat().st_mode
    _change(folder / place, 0o555)
    faults = _Faults(here, deed)
    assert faults.failed(nullcontext())
    _change(folder / place, mode)
    faults.mended()


def begun(made: Path, folder: Path, name: str) -> tuple[Room, Deed]:
    """A room of a fork's own, ready for a deed."""
    shutil.copytree(made, folder, dirs_exist_ok=True, symlinks=True)
    here, deed = Room(folder), next(deed for deed in DEEDS if deed.name == name)
    here.enter()
    deed.before(here)
    return here, deed


class _Faults:
    """What comes of a deed while something is wrong, and what in the end."""

    def __init__(self, here: Room, deed: Deed) -> None:
        self._room, self._deed = here, deed
        self._old = here.kept()
        self._states: list[dict[str, object]] = []
        self.is_done = False

    def tried(self, narrow: Callable[[int], None], levels: list[int]) -> int:
        """How many tries failed as they should, before one that had room enough."""
        survived = 0
        for level in levels:
            if self.is_done:
                break
            narrow(level)
            survived += self.failed(nullcontext())
        return survived

    def failed(self, fault: AbstractContextManager[None]) -> bool:
        """Whether the deed could not be done; then it said so, once and clearly, and left no halves."""
        with fault:
            said = self._deed.do(self._room)
        if said.code == 0:
            self.is_done = True
            return False
        assert said.code in (3, self._deed.code), said
        assert said.err.count("audiodvc: ") == 1 or self._deed.code == said.code, said.err
        assert any(place in said.err for place in (str(self._room.path), "git", ".ours.")), said.err
        assert any(word in said.err.lower() for word in _REASONS), said.err
        self._states.append(self._room.kept())
        self._room.refuse_halves(but=self._deed.broken)
        return True

    def mended(self) -> None:
        """Now it can be done, and nothing was lost on the way: all was always as before, or as it is now."""
        if not self.is_done:
            said = self._deed.do(self._room)
            assert said.code == 0, said.err
        new = self._room.kept()
        for state in self._states:
            for name in state.keys() | self._old.keys():
                assert state.get(name) in (self._old.get(name), new.get(name)), f"{name}: {state.get(name)!r}"
        self._deed.after(self._room)
        self._room.refuse_halves()


_REASONS = (
    "no space left",
    "read-only",
    "disk",
    "permission denied",
    "insufficient permission",
    "too large",
    "couldn't write",
    "unable to create",
    "unpacker error",
    "sigxfsz",
    "signal 25",
)


def _change(folder: Path, mode: int) -> None:
    for place, _, _ in os.walk(folder):
        Path(place).chmod(mode)
