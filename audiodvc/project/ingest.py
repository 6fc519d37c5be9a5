"""Media files on their way into the cache: hashed, probed and linked, by workers when there are many."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from typing import NamedTuple

from audiodvc.adapters import audio, cache, disk, dvc
from audiodvc.adapters.disk import Entry
from audiodvc.adapters.pool import Died, Pool
from audiodvc.errors import AudiodvcError, MediaError

# Below this many files to read, starting workers costs more than they save: 0.2 s, in which one
# process reads 2,000 small files.
WORTH_WORKERS = 2_000
_CHUNK_FILES = 64
_CHUNK_BYTES = 32 * 2**20


class Wanted(NamedTuple):
    """A file to read: its name, where it is, and its md5 if its object is in the cache already.

    One that still has the md5 `old` is known, and no more is read of it.
    """

    name: str
    entry: Entry
    md5: str = ""
    old: str = ""


class Ingested(NamedTuple):
    """A file after it was read; `md5` is empty if it could not be, `problem` says why."""

    name: str
    entry: Entry
    md5: str
    probe: audio.Probe
    problem: str = ""


class _Task(NamedTuple):
    objects: str
    link: str
    files: list[Wanted]


def ingest(objects: str, link: str, wanted: Iterable[Wanted], pool: Pool | None) -> Iterator[list[Ingested]]:
    """Bring files into the cache and read their headers, a chunk at a time in any order.

    Without a cache, an empty text, they are hashed where they are.
    """
    tasks = _tasks(objects, link, wanted)
    if pool is None:
        yield from map(work, tasks)
        return
    crashed: list[_Task] = []
    for task, done in pool.map(work, tasks):
        if isinstance(done, Died):
            crashed.append(task)
        else:
            yield done
    if crashed:
        yield list(_one_by_one(pool, crashed))


def link(objects: str, kind: str, done: Iterable[Ingested]) -> Iterator[Ingested]:
    """Let files become links to their objects, where DVC is configured so; the files as they are then."""
    for file in done:
        if kind in cache.LINKS:
            _refuse_other(file)
            kept = cache.adopt(objects, file.entry.path, file.md5, kind)
            yield file._replace(entry=disk.entry(file.entry.path, kept.file))


def _refuse_other(file: Ingested) -> None:
    """Refuse to make an object of what is not any more what was hashed."""
    now, then = disk.look(file.entry.path), file.entry
    if (now.size, now.mtime, now.inode) != (then.size, then.mtime, then.inode):
        raise MediaError(f"{then.path} was changed while it was added, and stays so", hint="run it again")


def workers(stack: ExitStack, files: int) -> Pool | None:
    """Workers for so many files, if there are enough of them to be worth it."""
    return stack.enter_context(Pool(min(8, os.cpu_count() or 1))) if files >= WORTH_WORKERS else None


def work(task: _Task) -> list[Ingested]:
    """What a worker does with its share."""
    copy = dvc.reflink if task.link == "reflink" else None
    return [_one(file, task.objects, task.link, copy) for file in task.files]


def _tasks(objects: str, link: str, wanted: Iterable[Wanted]) -> Iterator[_Task]:
    task, size = _Task(objects, link, []), 0
    for file in wanted:
        if len(task.files) == _CHUNK_FILES or size > _CHUNK_BYTES:
            yield task
            task, size = _Task(objects, link, []), 0
        task.files.append(file)
        size += file.entry.size
    yield task


def _one_by_one(pool: Pool, crashed: Iterable[_Task]) -> Iterator[Ingested]:
    # One of these files takes its worker down with it: alone, each tells whether it was the one.
    shares = [task._replace(files=[file]) for task in crashed for file in task.files]
    for share, done in pool.map(work, shares):
        if isinstance(done, Died):
            yield _failed(share.files[0], "the audio library crashed on it")
        else:
            yield from done


def _one(file: Wanted, objects: str, link: str, copy: cache.Copy | None) -> Ingested:
    path, problem = file.entry.path, ""
    try:
        if file.old and cache.md5_of(path) == file.old:
            return Ingested(file.name, file.entry, file.old, audio.Probe(""))
        probe = audio.probe(path)
    except audio.BrokenAudioError as error:
        probe, problem = audio.Probe(audio.extension(path)), str(error)
    except OSError as error:
        return _failed(file, disk.reason(error))
    if file.md5:
        return Ingested(file.name, file.entry, file.md5, probe, problem)
    try:
        kept = cache.keep(objects, path, link, copy) if objects else cache.seen(path)
    except OSError as error:
        if objects and str(error.filename).startswith(f"{objects}/"):
            raise _unwritable(objects, error) from error  # the next one could not be kept either
        return _failed(file, disk.reason(error))
    return Ingested(file.name, disk.entry(path, kept.file), kept.md5, probe, problem)


def _unwritable(objects: str, error: OSError) -> AudiodvcError:
    return AudiodvcError(f"{objects} cannot be written: {disk.reason(error)}", hint=disk.advice(error))


def _failed(file: Wanted, problem: str) -> Ingested:
    return Ingested(file.name, file.entry, "", audio.Probe(""), problem)


def settle(entries: Mapping[str, Entry], done: Iterable[Ingested]) -> dict[str, Entry]:
    """The files as they are now: a link that took a file's place has an inode of its own."""
    return {**entries, **{file.name: file.entry for file in done}}
