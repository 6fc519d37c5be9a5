"""Processes that die on order: the n-th time that they write something, or after some time.

Run as a program it imports all that audiodvc needs, once, and forks a child for each order, so that a
command costs what it does and not a second of start-up.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Literal, Self

How = Literal["all", "alone", "interrupt", "terminate"]
"""SIGKILL for a process and all that it started, SIGKILL for it alone, SIGINT as Ctrl-C sends it, SIGTERM."""

_PROJECT = Path(__file__).parents[2]
# What writes, or starts a program that may. Each is noted before it is done.
_WRITES = frozenset(
    f"os.{name}" for name in "rename remove link symlink mkdir rmdir chmod utime truncate posix_spawn".split()
) | {"subprocess.Popen", "sqlite3.connect"}
_OPENED = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Death:
    """How a process dies, and when: before the `event`-th time that it writes, or after `seconds`."""

    how: How = "all"
    event: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: as `subprocess` says, with how often it wrote, how long it took, what it said."""

    code: int
    events: int
    seconds: float
    said: str
    strays: int = 0
    """How many processes that it had started outlived it for long."""


class Nursery:
    """Starts commands and lets them die."""

    def __enter__(self) -> Self:
        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self._scratch = TemporaryDirectory(prefix="doomed-")
        words = [sys.executable, "-W", "ignore", "-m", "tests.reliability.doomed", self._scratch.name]
        self._process = subprocess.Popen(
            words, cwd=_PROJECT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._scratch.cleanup()

    def run(
        self,
        words: Sequence[str],
        folder: Path,
        death: Death | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Ended:
        """Run `audiodvc`, `dvc` or any other program, and let it die if it lives that long."""
        assert self._process.stdin
        assert self._process.stdout
        order = {
            "words": words,
            "folder": str(folder),
            "env": {**(env or {})},
            "death": asdict(death or Death()),
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))


def main() -> None:
    """Take orders until there are none."""
    _import_all()
    said, counted = (f"{sys.argv[1]}/{name}" for name in ("said", "counted"))
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        begun = time.monotonic()
        child = os.fork()
        if not child:
            _become(order, said, counted)
        ended = _awaited(child, Death(**order["death"]), begun)
        told = {"events": _number(counted), "said": _text(said), **ended}
        print(json.dumps(told), flush=True)  # noqa: T201 - the answer


def _import_all() -> None:
    import audformat
    import dvc.cli
    import dvc.repo
    import pandas as pd
    import soxr

    import audiodvc

    del audformat, dvc, pd, soxr
    for found in pkgutil.walk_packages(audiodvc.__path__, "audiodvc."):
        if not found.name.endswith("__main__"):
            import_module(found.name)
    import_module("s3fs")


def _become(order: dict[str, Any], said: str, counted: str) -> None:
    """Be the process that was ordered; does not return."""
    from audiodvc.adapters import forked

    os.setsid()
    os.chdir(order["folder"])
    os.environ.update(order["env"])
    with Path(said).open("wb") as file, Path(os.devnull).open("rb") as nothing:
        for number, target in ((nothing.fileno(), 0), (file.fileno(), 1), (file.fileno(), 2)):
            os.dup2(number, target)
    program, *words = order["words"]
    if program not in ("audiodvc", "dvc"):
        os.execvp(program, [program, *words])  # noqa: S606 - as it is meant
    # The libraries were imported and not used: to them this process is as good as a new one.
    forked._PROCESS = os.getpid()  # noqa: SLF001 - as above
    sys.stdin = os.fdopen(0)
    events = _watch(Death(**order["death"]))
    code = _ran(program, words, events, counted)
    # What Python does at its end, but to take apart all that was imported, which takes half a second.
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - Python's own
    atexit._run_exitfuncs()  # noqa: SLF001 - Python's own
    sys.stdout.flush()
    os._exit(code)


def _ran(program: str, words: list[str], events: list[str], counted: str) -> int:
    from dvc.cli import main as dvc

    from audiodvc.cli.main import run

    try:
        code: int = run(words) if program == "audiodvc" else dvc(words)
    finally:
        number = len(events)
        sys.stdout.flush()
        Path(counted).write_text(str(number))
    return code


def _watch(death: Death) -> list[str]:
    """Note whenever something is about to be written, and die at the time."""
    events: list[str] = []
    own = os.getpid()

    def hook(name: str, args: tuple[Any, ...]) -> None:
        if name == "open":
            path, _, flags = args
            if not flags & _OPENED or isinstance(path, int) or os.fsdecode(path).startswith("/dev/"):
                return
        elif name not in _WRITES:
            return
        if os.getpid() != own:
            return
        events.append(f"{name} {args[0]} {args[1] if len(args) > 1 else ''}")
        if len(events) == death.event:
            _strike(own, death.how)

    sys.addaudithook(hook)
    return events


def _strike(process: int, how: How) -> None:
    with suppress(ProcessLookupError):
        if how == "all":
            os.killpg(process, signal.SIGKILL)
        elif how == "interrupt":
            os.killpg(process, signal.SIGINT)
        else:
            os.kill(process, signal.SIGKILL if how == "alone" else signal.SIGTERM)


def _awaited(child: int, death: Death, begun: float) -> dict[str, Any]:
    """Wait for a process, which dies if it is told to, and for those that it started."""
    handle = os.pidfd_open(child)
    if death.seconds and not select.select([handle], [], [], death.seconds)[0]:
        _strike(child, death.how)
    select.select([handle], [], [], None)
    os.close(handle)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seconds = time.monotonic() - begun
    end = time.monotonic() + _PATIENCE
    while left := _of_session(child):
        if death.how == "all" or time.monotonic() > end:
            for one in left:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            if death.how != "all":
                break
        time.sleep(0.005)
    return {"code": code, "seconds": seconds, "strays": len(left)}


def _of_session(session: int) -> list[int]:
    """The processes that one has started, and those that these have."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _, _, of = (process / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state != "Z":
                found.append(int(process.name))
    return found


def _text(path: str) -> str:
    return Path(path).read_text(errors="replace")


def _number(path: str) -> int:
    try:
        return int(Path(path).read_text())
    except FileNotFoundError:
        return 0
    finally:
        Path(path).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
