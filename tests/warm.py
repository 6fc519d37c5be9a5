"""A Python that has imported everything, once, and forks for each program that a test starts.

A program of ours or of DVC then costs what it does, and not half a second of start-up. Each is a process
of its own, with its own folder, environment, standard files and end; all that it shares with the others
is that modules are read already. Where that is not to be had, a test gets a real one.
"""

from __future__ import annotations

import atexit
import gc
import marshal
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from types import ModuleType
from typing import IO, TYPE_CHECKING, NamedTuple, NoReturn

import audiodvc
from tests.guard.call import ask

if TYPE_CHECKING:
    import pytest

PROJECT = Path(__file__).resolve().parent.parent

# What programs import in their time. A name that is missing here, or gone from DVC, costs time only.
_MODULES = """
    audformat configobj filelock iso639 networkx pandas platformdirs polars psutil pyarrow soundfile soxr
    tqdm dulwich.ignore dulwich.index dulwich.trailers dulwich.worktree fsspec.implementations.memory
    ruamel.yaml ruamel.yaml.mergevalue pre_commit.main pre_commit.resources dvc._debug dvc.analytics
    dvc.cachemgr dvc.cli.parser dvc.data_cloud dvc.dirs dvc.dvcfile dvc.lock dvc.output dvc.repo.add
    dvc.repo.artifacts dvc.repo.brancher dvc.repo.checkout dvc.repo.commit dvc.repo.datasets
    dvc.repo.experiments dvc.repo.fetch dvc.repo.graph dvc.repo.index dvc.repo.metrics dvc.repo.open_repo
    dvc.repo.params dvc.repo.plots dvc.repo.push dvc.repo.reproduce dvc.repo.stage dvc.repo.status
    dvc.repo.trie dvc.repo.worktree dvc.stage.cache dvc.types dvc.ui dvc.utils.strictyaml
    dvc_data.hashfile.db.local dvc_data.hashfile.transfer dvc_data.index.fetch dvc_data.index.push
    dvc_render
""".split()
# A Python that was started with other settings of these is another Python.
_OF_THE_INTERPRETER = ("PYTHON", "LC_", "LANG", "LD_", "POLARS_")
_OURS = "AUDIODVC_TEST_PYTHON"
# Programs at once; more are real ones.
_MANY = 32
# Elsewhere a fork of a process that has imported these libraries is not safe.
_POSSIBLE = sys.platform == "linux"


class Warm:
    """The process that forks; it is started when it is first asked."""

    def __init__(self, folder: Path) -> None:
        """Its socket, and the program that asks it, go into the folder."""
        self.python = folder / "python"
        self._socket = folder / "socket"
        self._mine = os.getpid()
        self._process: subprocess.Popen[bytes] | None = None
        call = PROJECT / "tests" / "guard" / "call.py"
        _program(self.python, f'"{sys.executable}" -I -S "{call}" "{self._socket}" "{sys.executable}"')

    def run(
        self, words: Sequence[str], folder: Path, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str] | None:
        """What `subprocess.run` gives for Python with these words; None if it has to be a real one."""
        # A fork of the tests may have a user, limits or mounts that this one has not.
        if os.getpid() != self._mine:
            return None
        self.start()
        with TemporaryFile() as given, TemporaryFile() as said, TemporaryFile() as complained:
            given.write((stdin or "").encode())
            given.seek(0)
            files = (0 if stdin is None else given.fileno(), said.fileno(), complained.fileno())
            code = ask(str(self._socket), [*words], str(folder), {**os.environ}, files)
            if code is None:
                return None
            return subprocess.CompletedProcess([*words], code, _text(said), _text(complained))

    def start(self) -> None:
        """Let it import everything, unless it has; who asks waits."""
        if self._process:
            return
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self._socket))
            listener.listen(64)
            words = [sys.executable, "-m", "tests.warm", str(listener.fileno())]
            self._process = subprocess.Popen(
                words, cwd=PROJECT, stdin=subprocess.PIPE, pass_fds=[listener.fileno()]
            )

    def stop(self) -> None:
        """Let it end."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait()


class _Shared:
    """The one of this run of the tests, if there is one."""

    warm: Warm | None = None


@contextmanager
def opened() -> Iterator[None]:
    """Let the tests have one."""
    # The path of a socket may have a hundred characters, fewer than that of a test's folder.
    with TemporaryDirectory(prefix="warm-") as folder:
        _Shared.warm = Warm(Path(folder)) if _POSSIBLE else None
        try:
            yield
        finally:
            if _Shared.warm:
                _Shared.warm.stop()
            _Shared.warm = None


def run(
    words: Sequence[str], folder: Path, stdin: str | None = None
) -> subprocess.CompletedProcess[str] | None:
    """What `subprocess.run` gives for Python with these words; None if it has to be a real one."""
    return _Shared.warm.run(words, folder, stdin) if _Shared.warm else None


def python() -> str:
    """The path of a program that is Python, for scripts; whoever kills it kills what it stands for."""
    if not _Shared.warm:
        return sys.executable
    _Shared.warm.start()
    return str(_Shared.warm.python)


def stand_in(patch: pytest.MonkeyPatch) -> None:
    """Let this Python be the one that a test, and what it starts, takes for that of the tests."""
    path = python()
    patch.setattr(sys, "executable", path)
    patch.setenv(_OURS, path)


def _program(path: Path, command: str) -> None:
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(0o755)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n").replace("\r", "\n")


def main() -> None:
    """Fork for each program that is asked for, until whoever started this process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listener = socket.socket(fileno=int(sys.argv[1]))
    ours = [found.name for found in pkgutil.walk_packages(audiodvc.__path__, "audiodvc.")]
    for name in (*_MODULES, *ours):
        if not name.endswith(".__main__"):
            with suppress(ImportError):
                import_module(name)
    # What is there now is never garbage, so that no child touches it.
    gc.collect()
    gc.freeze()
    _serve(listener)


def _serve(listener: socket.socket) -> None:
    ended, wake = socket.socketpair()
    wake.settimeout(0)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    waiting: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([listener, ended, sys.stdin, *waiting.values()], [], [])
        if ended in ready:
            ended.recv(4096)
            _tell(waiting)
        if listener in ready:
            with suppress(ConnectionError):
                _take(listener.accept()[0], waiting)
        elif sys.stdin in ready:
            return
        _end_the_forsaken(ready, waiting)


def _tell(waiting: dict[int, socket.socket]) -> None:
    """Tell those whose programs have ended how they did."""
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            with waiting.pop(found[0]) as connection, suppress(OSError):
                connection.sendall(marshal.dumps(os.waitstatus_to_exitcode(found[1])))


def _end_the_forsaken(ready: list[object], waiting: dict[int, socket.socket]) -> None:
    """Kill the programs of those who were killed while they waited: they say nothing else than that."""
    for child, connection in waiting.items():
        if connection in ready and connection.fileno() >= 0:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


def _take(connection: socket.socket, waiting: dict[int, socket.socket]) -> None:
    """Fork for the program that is asked for, or say that this is not the Python for it."""
    size, files, _, _ = socket.recv_fds(connection, 8, 3)
    with connection.makefile("rb") as reader:
        data = reader.read(expected := int.from_bytes(size, "little"))
    if not expected or len(data) < expected:  # who asked was killed
        connection.close()
    elif len(waiting) >= _MANY or not (order := Order(*marshal.loads(data))).is_for_us():  # noqa: S302
        with connection:
            connection.sendall(marshal.dumps(None))
    elif child := os.fork():
        waiting[child] = connection
    else:
        for other in (connection, *waiting.values()):
            other.close()
        _become(order, files)
    for file in files:
        os.close(file)


class Order(NamedTuple):
    """What Python should do, and where."""

    words: list[str]
    folder: str
    env: dict[str, str]
    umask: int

    def is_for_us(self) -> bool:
        """Whether this Python does what a new one would: run a module, with the settings that we have.

        What a program of the tests does, after `-c`, may be about Python itself, but a hook's `-P -c` is not.
        """
        own, wanted = (
            {name: value for name, value in env.items() if name.startswith(_OF_THE_INTERPRETER)}
            for env in (os.environ, self.env)
        )
        return own == wanted and (self.words[0].startswith("-m") or self.words[:1] == ["-P"])


def _become(order: Order, files: Sequence[int]) -> NoReturn:
    """Be the program, and end as it does."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, file in enumerate(files):
            os.dup2(file, number)
        os.closerange(3, 1024)
        os.environ.clear()
        os.environ.update(order.env)
        time.tzset()
        os.umask(order.umask)
        os.chdir(order.folder)
        sys.executable = order.env.get(_OURS, sys.executable)
        code = _run(order.words)
    finally:
        for last in (atexit._run_exitfuncs, sys.stdout.flush, sys.stderr.flush):  # noqa: SLF001 - as Python does
            with suppress(Exception):
                last()
        os._exit(code)


def _run(words: list[str]) -> int:
    if words[0] == "-P":
        del words[0], sys.path[0]
    else:
        sys.path[0] = str(Path.cwd())
    kind, first, rest = words[0][:2], *((words[0][2:], words[1:]) if words[0][2:] else (words[1], words[2:]))
    sys.argv[:] = [kind, *rest]
    try:
        if kind == "-m":
            runpy.run_module(first, run_name="__main__", alter_sys=True)
        else:
            sys.modules["__main__"] = ModuleType("__main__")
            exec(first, vars(sys.modules["__main__"]))  # noqa: S102 - what Python is for
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 - as Python does
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


if __name__ == "__main__":
    main()
