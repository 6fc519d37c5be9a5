"""Where faults are made: one fork for each, with mounts, limits and a user of its own, that nobody else sees.

A process that has imported everything waits for work and forks for it: a tenth of the time of starting
Python, and whatever the work does to its environment, its mounts or its user ends with it.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import resource
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, cast

import pytest

from audiodvc.cli.main import VERBS

_NEW_NAMES, _NEW_USERS = 0x00020000, 0x10000000  # CLONE_NEWNS, CLONE_NEWUSER
_READ_ONLY, _AGAIN, _WHOLE_TREE, _PRIVATE = 0x1, 0x20, 0x4000, 0x40000  # MS_RDONLY, REMOUNT, REC, PRIVATE
_PAGE = 4096
_CAPABILITIES, _DROP = 0x20080522, 24  # _LINUX_CAPABILITY_VERSION_3, PR_CAPBSET_DROP
_ABOVE_MODES = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH

Lab = Callable[..., Any]
"""Does `work(*words)` in a fork, `work` being a function of a module, and gives what came of it."""


class CannotHereError(Exception):
    """The machine does not let us."""


@contextmanager
def opened() -> Iterator[Lab]:
    """A process that forks for each piece of work."""
    boot = "from tests.reliability.lab import serve; serve()"
    with subprocess.Popen(
        [sys.executable, "-c", boot], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        questions, answers = cast("tuple[IO[bytes], IO[bytes]]", (process.stdin, process.stdout))

        def ask(work: Callable[..., object], *words: object) -> object:
            pickle.dump((work, words), questions)
            questions.flush()
            kind, value = pickle.load(answers)  # noqa: S301 - written by our own process
            if kind == "skip":
                pytest.skip(value)
            assert kind == "done", value
            return value

        try:
            yield ask
        finally:
            questions.close()


def serve() -> None:
    """Fork for each piece of work that is asked for."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _import_all()
    while True:
        try:
            work, words = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the tests
        except EOFError:
            return
        ours, theirs = os.pipe()
        child = os.fork()
        if not child:
            _do(work, words, theirs)
        os.close(theirs)
        with os.fdopen(ours, "rb") as told:
            answer = told.read()
        os.waitpid(child, 0)
        answers.write(answer or pickle.dumps(("died", f"{work.__name__}{words} has died")))
        answers.flush()


def private_mounts() -> None:
    """From now on what is mounted here is seen by nobody else."""
    me, mine = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NAMES | (_NEW_USERS if me else 0)):
        raise CannotHereError(f"no mounts of one's own: {os.strerror(ctypes.get_errno())}")
    if me:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {me} 1"), ("gid_map", f"0 {mine} 1")):
            Path(f"/proc/self/{name}").write_text(text, encoding="ascii")
    _mount("none", "/", "", _WHOLE_TREE | _PRIVATE, "")


class Disk:
    """A small disk at a folder, with what the folder held."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        kept = f"{folder}.kept"
        shutil.move(folder, kept)
        Path(folder).mkdir()
        _mount("tmpfs", folder, "tmpfs", 0, "size=64m")
        subprocess.run(["cp", "-a", f"{kept}/.", folder], check=True)
        shutil.rmtree(kept)
        self.wide()

    def leave(self, room: int) -> None:
        """Let so many bytes be free from now on, in whole pages."""
        now = os.statvfs(self.folder)
        used = (now.f_blocks - now.f_bfree) * now.f_frsize
        self._limit(f"size={max(_PAGE, used + room // _PAGE * _PAGE)},nr_inodes=100000")

    def leave_files(self, room: int) -> None:
        """Let so many files be made from now on."""
        self._limit("size=64m,nr_inodes=100000")
        now = os.statvfs(self.folder)
        self._limit(f"size=64m,nr_inodes={now.f_files - now.f_ffree + room}")

    def close(self) -> None:
        """Let nobody write to it."""
        self._limit("", _READ_ONLY)

    def wide(self) -> None:
        """Make room again."""
        self._limit("size=64m,nr_inodes=100000")

    def _limit(self, data: str, flags: int = 0) -> None:
        _mount("tmpfs", self.folder, "tmpfs", _AGAIN | flags, data)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may get larger: what a quota does, without a mount."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def obey_modes() -> None:
    """Be stopped by the modes of files from now on, and all that is started here, even as root."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    held = (ctypes.c_uint32 * 6)()
    if os.getuid() == 0 and not libc.capget(header, held):
        for one in _ABOVE_MODES:
            libc.prctl(_DROP, one, 0, 0, 0)
            held[0] &= ~(1 << one)
            held[1] &= ~(1 << one)
        if libc.capset(header, held):
            raise CannotHereError(f"root stays above modes: {os.strerror(ctypes.get_errno())}")


def blank(folder: str) -> None:
    """A disk in memory, which is gone with the fork, for what a fault is tried on."""
    _mount("tmpfs", folder, "tmpfs", 0, "size=256m,mode=755")


def _mount(source: str, target: str, kind: str, flags: int, data: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()):
        raise CannotHereError(f"{target} cannot be mounted: {os.strerror(ctypes.get_errno())}")


def _do(work: Callable[..., object], words: tuple[object, ...], theirs: int) -> None:
    try:
        try:
            answer = "done", work(*words)
        except CannotHereError as error:
            answer = "skip", str(error)
        except BaseException:  # noqa: BLE001 - told to the test
            answer = "failed", traceback.format_exc()
        with os.fdopen(theirs, "wb") as told:
            told.write(pickle.dumps(answer))
    finally:
        os._exit(0)


def _import_all() -> None:
    for verb in VERBS:
        import_module(f"audiodvc.cli.{verb.replace('-', '_')}")
    for name in ("audiodvc.resolve.load", "audformat", "dvc.repo", "dvc.dvcfile", "soundfile"):
        import_module(name)
