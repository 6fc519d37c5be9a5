"""Processes that load, stream and hold on to what they have, and check every file of it.

Run as a program with a file that says what to load and what has to come of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import soundfile

Wish = Mapping[str, Any]


class Task(NamedTuple):
    """What to load, how often by how many, and what has to come of it."""

    source: str
    processes: int
    loads: int
    versions: Mapping[str, Mapping[str, str]]
    """The files of each version and their md5."""
    flavors: Mapping[str, Wish]
    """Flavors by a name; `plain` changes nothing."""
    sounds: Mapping[str, Mapping[str, str]]
    """What an original, by its md5, sounds like in a flavor."""
    pause: float


def sound(path: str | Path) -> str:
    """What a file sounds like, as text."""
    samples, rate = soundfile.read(path, always_2d=True)
    return f"{rate} {samples.shape} {hashlib.md5(samples.tobytes(), usedforsecurity=False).hexdigest()}"


def check(task: Task, version: str, flavor: str, paths: Iterable[str]) -> int:
    """Hold that files have what they should; how many there are."""
    wanted = {Path(file).with_suffix("").as_posix(): md5 for file, md5 in task.versions[version].items()}
    number = 0
    for path in paths:
        md5 = wanted["/".join(Path(path).with_suffix("").parts[-2:])]
        if flavor == "plain":
            assert hashlib.md5(Path(path).read_bytes(), usedforsecurity=False).hexdigest() == md5, path
        else:
            assert sound(path) == task.sounds[flavor][md5], path
        number += 1
    return number


def main() -> None:
    """Let processes load; exit 1 if one has failed."""
    task = Task(**json.loads(Path(sys.argv[1]).read_text()))
    for name in ("audformat", "pandas", "audiodvc.resolve.load", "audiodvc.resolve.stream"):
        import_module(name)
    children = []
    for number in range(task.processes):
        child = os.fork()
        if not child:
            _become(task, number)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    sys.exit(int(any(codes)))


def _become(task: Task, number: int) -> None:
    from audiodvc.adapters import forked

    # The libraries were imported and not used: to them this process is as good as a new one.
    forked._PROCESS = os.getpid()  # noqa: SLF001 - as above
    try:
        drawn = random.Random(number)  # noqa: S311 - an order, no secret
        wishes = [(version, flavor) for version in task.versions for flavor in task.flavors]
        for place in range(task.loads):
            version, flavor = drawn.choice(wishes)
            way = (_load, _stream, _part)[(number + place) % 3]
            way(task, version, flavor)
    except BaseException:  # noqa: BLE001 - told, and the exit code says the rest
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def _load(task: Task, version: str, flavor: str) -> None:
    """All of a version, which is whole as long as somebody has it."""
    import audiodvc

    db = audiodvc.load(task.source, version=version, verbose=False, **task.flavors[flavor])
    assert db is not None
    for _ in range(2):
        assert check(task, version, flavor, db.files) == len(task.versions[version])
        assert len(db["files"].df) == len(task.versions[version])
        time.sleep(task.pause)


def _stream(task: Task, version: str, flavor: str) -> None:
    """A table in batches; what was handed out stays."""
    import audiodvc

    batches = audiodvc.stream(
        task.source, "files", version=version, batch_size=2, verbose=False, **task.flavors[flavor]
    )
    seen: list[str] = []
    for batch in batches:
        seen.extend(batch.index)
        check(task, version, flavor, seen)
        time.sleep(task.pause / 4)
    assert len(seen) == len(task.versions[version])


def _part(task: Task, version: str, flavor: str) -> None:
    """Some files of a version."""
    import audiodvc

    db = audiodvc.load(task.source, version=version, media="[0-3]", verbose=False, **task.flavors[flavor])
    assert db is not None
    time.sleep(task.pause)
    assert check(task, version, flavor, db.files)


if __name__ == "__main__":
    main()
