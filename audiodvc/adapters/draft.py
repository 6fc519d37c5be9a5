"""Commits made without a work tree, and pushed: all refs of a push change together, or none does.

What a commit leaves as it was need not be here: of a mirror only the trees are read. Hooks run on servers
alone; those of a repository on this machine are not ours to run.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from audiodvc.adapters import bare, disk, git, shared, transport
from audiodvc.adapters.bare import Reader
from audiodvc.adapters.mirror import Mirror
from audiodvc.adapters.process import Completed, run
from audiodvc.adapters.transport import REMOTE
from audiodvc.errors import AudiodvcError, ConflictError, DeniedError, GitError, RefusedError
from audiodvc.words import redact

_PLACE = "refs/draft"
# One pack, which the push then sends as it is: as single objects all would be compressed three times. The
# names of objects, which indexes consist of, are as large at any level.
_PACKED = ("-c", "fastimport.unpackLimit=0", "-c", "core.compression=1")
_CRASHED = "fast_import_crash_*"
_IMPORT = (*_PACKED, "fast-import", "--quiet", "--done", "--depth=0")
_MODES = ("100644", "100755")
_IDENTITY = re.compile(r".*> \d+ [+-]\d{4}")
_AUTHOR = re.compile(r"[^<>\n\0]*<[^<>\n\0]+>")
_RECEIVE = f"git -c core.hooksPath={os.devnull} -c receive.autogc=false receive-pack"


class Draft:
    """A commit on top of another one, or the first of all; nobody sees it before it is pushed."""

    def __init__(self, mirror: Mirror, base: str | None) -> None:
        if base is not None:
            bare.check([base])
        self._mirror, self._base = mirror, base
        self._changes: dict[str, tuple[str, bytes] | None] = {}

    def put(self, path: str, data: bytes, mode: str = "100644") -> None:
        """Let a file have these bytes; the path is that from the top of the repository."""
        if mode not in _MODES:
            raise RefusedError(f"'{mode}' is no mode of a file", hint=f"use {' or '.join(_MODES)}")
        self._changes[_sound(path)] = mode, data

    def remove(self, path: str) -> None:
        """Let a file or folder be gone; one that is not there is no matter."""
        self._changes[_sound(path)] = None

    def refuse_nameless(self) -> None:
        """Raise an error now if git would not know who makes a commit of this."""
        _ = self._committer, self._author

    def commit(self, message: str, when: datetime | None = None, author: str | None = None) -> str:
        """Make the commit, by whom git says that we are; its name."""
        if self._base is None:
            self._refuse_other_names()
        committer = _at(self._committer, when)
        writer = _at(self._author, when) if author is None else _written_by(author, committer)
        ref = f"{_PLACE}/{secrets.token_hex(8)}"
        stream = b"".join(self._stream(ref, f"author {writer}\ncommitter {committer}\n", message))
        try:
            done = self._imported(stream)
        finally:
            for left in (ref, *(path.name for path in self._mirror.folder.glob(_CRASHED))):
                with suppress(FileNotFoundError):
                    os.unlink(self._mirror.folder / left)
        return done.stdout.decode().strip()

    def tag(self, name: str, commit: str, message: str, when: datetime | None = None) -> str:
        """Make an annotated tag of a commit; the name of its object."""
        bare.check([commit])
        tagger = _at(self._committer, when)
        text = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger}\n\n{message.rstrip()}\n"
        done = self._run(["mktag"], text.encode(), commit)
        if done.code:
            raise _failed(self._mirror, f"the tag {name} could not be made", done)
        return done.stdout.decode().strip()

    def _refuse_other_names(self) -> None:
        """A repository without a commit does not show how it names objects; a server says so itself."""
        if self._mirror.is_local and git.object_format(Path(self._mirror.url)) != "sha1":
            shown = self._mirror.server.shown
            raise GitError(f"{shown} has no commit yet, and no SHA-1", hint="make its first commit with git")

    @cached_property
    def _committer(self) -> str:
        return _identity(self._mirror, "COMMITTER")

    @cached_property
    def _author(self) -> str:
        return _identity(self._mirror, "AUTHOR")

    @cached_property
    def _shared(self) -> str | None:
        """Of the settings of a repository only the one on who may write counts."""
        mirror = self._mirror
        if mirror.is_local:
            return git.setting(Path(mirror.url), "core.sharedRepository")
        mode = shared.file_mode(mirror.folder / "objects")
        return None if mode is None else f"0{mode:o}"

    def _imported(self, stream: bytes) -> Completed:
        """What git makes of a stream; its pack is handed over when it is whole.

        One that was not ended, on a full disk, has a name that the next try would have to give to its own.
        """
        reader = self._mirror.reader(self._base or "")
        place = reader.objects / f"tmp_objdir-audiodvc-{secrets.token_hex(6)}"
        try:
            shared.make(place / "info")
            bare.write(place / "info" / "alternates", f"{reader.objects}\n")
            done = replace(reader, objects=place).run([*self._sharing, *_IMPORT], stream)
            if done.code:
                raise _failed(self._mirror, "no commit could be made", done)
            bare.move_objects(place, reader.objects, mode=None)
        except OSError as error:
            what = f"{reader.objects} cannot be written: {disk.reason(error)}"
            raise GitError(what, hint="run it again when that is mended") from error
        finally:
            shutil.rmtree(place, ignore_errors=True)
        return done

    def _run(self, words: Sequence[str], stdin: bytes, sample: str) -> Completed:
        """Run git where the repository's objects are."""
        return self._mirror.reader(sample).run([*self._sharing, *words], stdin)

    @property
    def _sharing(self) -> list[str]:
        return ["-c", f"core.sharedRepository={self._shared}"] if self._shared else []

    def _stream(self, ref: str, people: str, message: str) -> Iterator[bytes]:
        yield f"feature done\ncommit {ref}\nmark :1\n{people}".encode()
        yield _data(f"{message}\n".encode() if not message.endswith("\n") else message.encode())
        if self._base is not None:
            yield f"from {self._base}\n".encode()
        # What is removed goes first: a file may take the place of a folder.
        for path, change in self._changes.items():
            if change is None:
                yield b"D " + _quoted(path) + b"\n"
        for path, change in self._changes.items():
            if change is not None:
                yield f"M {change[0]} inline ".encode() + _quoted(path) + b"\n"
                yield _data(change[1])
        yield b"\nget-mark :1\ndone\n"


def tag(mirror: Mirror, name: str, commit: str, message: str, when: datetime | None = None) -> str:
    """Make an annotated tag; the name of its object, which a push lets a ref lead to."""
    return Draft(mirror, None).tag(name, commit, message, when)


def push(mirror: Mirror, updates: Mapping[str, str], expected: Mapping[str, str | None]) -> None:
    """Let refs lead to commits or tags, all or none; each must be as `expected`, None where there is none.

    Who was overtaken by somebody else gets a ConflictError, and nothing has changed.
    """
    bare.check(updates.values())
    bare.check(value for value in expected.values() if value is not None)
    words = ["push", "--porcelain", "--atomic", "--no-thin", "--no-verify", "--no-follow-tags"]
    words += ["--no-signed", "--no-recurse-submodules"]
    words += [f"--receive-pack={_RECEIVE}"] if mirror.is_local else []
    words += [f"--force-with-lease={ref}:{expected.get(ref) or ''}" for ref in updates]
    words += [REMOTE, *(f"{value}:{ref}" for ref, value in updates.items())]
    with mirror.alone(), _departure(mirror, updates) as place:
        done = transport.attempt(mirror.server, place, words)
        if done.code:
            raise _refusal(mirror, done)
        if not mirror.is_local:
            _keep(mirror, Reader(mirror.folder, place / "objects"), updates.values())


# -- making objects --------------------------------------------------------------------------------


def _identity(mirror: Mirror, role: str) -> str:
    """Who we are, as git has it, and the time of now."""
    words = ["var", f"GIT_{role}_IDENT"]
    if mirror.is_local:
        done = run(["git", *words], cwd=Path(mirror.url), env={**git.environment(), "LC_ALL": "C"})
    else:
        done = mirror.reader().run(words)
    said = done.stdout.decode(errors="replace").strip()
    if done.code or not _IDENTITY.fullmatch(said):
        raise GitError(
            "git does not know who you are, and every commit says who made it",
            hint="`git config --global user.name NAME` and `git config --global user.email MAIL`",
        )
    return said


def _at(identity: str, when: datetime | None) -> str:
    """The same at another time."""
    return identity if when is None else f"{identity.rsplit(' ', 2)[0]} {_time(when)}"


def _written_by(author: str, committer: str) -> str:
    if not _AUTHOR.fullmatch(author):
        raise RefusedError(f"{author!a} is no author", hint="write NAME <MAIL>")
    return f"{author} {' '.join(committer.rsplit(' ', 2)[1:])}"


def _time(when: datetime) -> str:
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return f"{int(aware.timestamp())} {aware:%z}"


def _failed(mirror: Mirror, what: str, done: Completed) -> GitError:
    lines = (line for line in done.complaint.splitlines() if "crash report" not in line)
    details = [line for line in lines if line.strip()][:20]
    return GitError(f"{mirror.server.shown}: {what}", details=details)


def _data(data: bytes) -> bytes:
    return b"data %d\n" % len(data) + data + b"\n"


def _quoted(path: str) -> bytes:
    raw = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'"' + raw.replace(b"\n", b"\\n") + b'"'


def _sound(path: str) -> str:
    if not path or "\0" in path or any(part in ("", ".", "..", ".git") for part in path.split("/")):
        raise RefusedError(f"{path!a} is no path in a repository")
    return path


# -- pushing ---------------------------------------------------------------------------------------


@contextmanager
def _departure(mirror: Mirror, updates: Mapping[str, str]) -> Iterator[Path]:
    """A repository to push from, which ends where the commits end that are here."""
    reader = mirror.reader(next(iter(updates.values()), ""))
    ends = _ends(mirror, reader)
    with mirror.workshop(next(iter(updates.values()), ""), objects=reader.objects) as place:
        if ends:
            bare.write(place / "shallow", "".join(f"{commit}\n" for commit in ends))
        yield place


def _ends(mirror: Mirror, reader: Reader) -> list[str]:
    """The commits whose parents are not here."""
    if mirror.is_local:
        return (disk.read(reader.objects.parent / "shallow") or b"").decode().split()
    return mirror.commits("")


def _keep(mirror: Mirror, reader: Reader, names: Iterable[str]) -> None:
    """Remember commits that were pushed from here: they need not be fetched."""
    kinds = reader.kinds(names)
    for name, kind in kinds.items():
        if kind == "commit":
            mirror.keep(name)


def _refusal(mirror: Mirror, done: Completed) -> AudiodvcError:
    """The error that the answer to a push tells of; git says it once for each ref."""
    shown, said = mirror.server.shown, done.stdout.decode(errors="replace")
    refused = [line.split("\t", 2)[-1] for line in said.splitlines() if line.startswith("!\t")]
    reasons = " ".join(refused)
    if not refused:
        return transport.failure(mirror.server, done.complaint)
    details = [redact(line) for line in (*refused, *done.complaint.splitlines()) if line.strip()]
    for pattern, kind, what, hint in _REFUSALS:
        if pattern.search(reasons):
            return kind(f"{shown} {what}", hint=hint, details=details[:20])
    return DeniedError(f"{shown} refuses the push", hint="its owner can tell why", details=details[:20])


_CHECKED_OUT = (
    "`git config receive.denyCurrentBranch updateInstead` there lets the folder follow; "
    "or check out another branch, or use a bare repository"
)
_REFUSALS: Sequence[tuple[re.Pattern[str], type[AudiodvcError], str, str]] = (
    (
        re.compile("stale info|fetch first|already exists|cannot lock ref|failed to (?:lock|update ref)"),
        ConflictError,
        "was changed by somebody else just now; nothing of this is in it",
        "look at what they did, and run it again",
    ),
    (
        re.compile("currently checked out"),
        AudiodvcError,
        "has the branch checked out that is to change",
        _CHECKED_OUT,
    ),
    (
        re.compile("does not support --atomic"),
        AudiodvcError,
        "cannot change several refs at once",
        "a server of git 2.4 or later can",
    ),
)
