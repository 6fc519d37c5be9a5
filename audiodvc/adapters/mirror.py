"""Repositories to read from: bare mirrors of those elsewhere, and those of this machine as they are.

A mirror holds packs of commits that were asked for, each without its history and large files. What is
new is fetched in a folder of its own and moved in when it is whole, so that a killed fetch leaves
nothing, and git never finds a setting by which it would fetch by itself. Of a repository on this machine
nothing is copied: its objects are read under a configuration of ours.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from audiodvc.adapters import bare, disk, git, locks, shared, transport
from audiodvc.adapters.bare import Limit, Reader
from audiodvc.adapters.process import run
from audiodvc.adapters.transport import REMOTE, Server
from audiodvc.errors import DeniedError, GitError, UnknownVersionError
from audiodvc.words import redact

SMALL = "blob:limit=1m"
"""Which files come with a commit; larger ones are asked for by name."""

PATIENCE = 90.0  # git itself gives an http server up after 60
"""Seconds after which a server is given up that says and sends nothing."""

_KEPT, _HEADS = "refs/audiodvc", "refs/heads/"
_LAST = 16  # commits that a server is told we have: the next version is most like the last ones
_FETCH = ("fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--stdin")


@dataclass(frozen=True, slots=True)
class Mirror:
    """The repository at a URL or path, read through a folder of the cache."""

    folder: Path
    url: str
    is_local: bool
    shown: str = ""
    objects: Path | None = None
    """Where a repository of this machine has its objects, if that is known already."""

    def refs(self) -> dict[str, str]:
        """Every ref of the repository and the commit it leads to, `HEAD` too, as they are now."""
        bare.make(self.folder)
        words = ["ls-remote", "--symref", REMOTE]
        with bare.private(self.folder) as place:
            seen = _listed(transport.ask(self.server, place, words, timeout=PATIENCE))
        bare.make(self.folder, next(iter(seen.refs.values()), ""))
        text = json.dumps({"default": seen.default, "refs": seen.refs}, indent=0)
        with bare.written(self.folder):
            shared.write(self.folder / "refs.json", text.encode())
        return seen.refs

    def remembered(self) -> dict[str, str]:
        """The refs as they were when the repository was last asked; nobody is asked now."""
        return self._remembered().refs

    def default(self) -> str:
        """The ref of the default branch, or `HEAD`, as of the last time that the repository was asked."""
        return self._remembered().default

    def has(self, commit: str) -> bool:
        """Whether a commit can be read without asking anybody."""
        if not self.is_local:
            return bare.is_id(commit) and os.path.exists(self.folder / _KEPT / commit)
        return os.path.isdir(self.url) and self.reader(commit).kinds([commit]) == {commit: "commit"}

    def bring(self, wants: Mapping[str, str]) -> None:
        """Make commits readable, in one fetch; each with a ref by which old servers give it, or empty."""
        bare.check(wants)
        if self.is_local:
            self._require(list(wants))
            return
        if all(self.has(commit) for commit in wants):
            return
        with self.alone():
            missing = {commit: ref for commit, ref in wants.items() if not self.has(commit)}
            if missing:
                self._fetch_commits(missing)

    def newest(self, wants: Mapping[str, str] = MappingProxyType({})) -> str:
        """Bring commits, and with them the newest one of the default branch; its name, if there is one."""
        known = self.remembered().get("HEAD", "")
        try:
            self.bring({known: "HEAD", **wants} if known else wants)
        except UnknownVersionError:
            newest = self.refs().get("HEAD", "")
            if newest == known:
                raise
            self.bring({newest: "HEAD", **wants} if newest else wants)  # the known one was thrown away
            return newest
        return known

    def keep(self, commit: str) -> None:
        """Remember that a commit is here."""
        with bare.written(self.folder):
            shared.write(self.folder / _KEPT / commit, f"{commit}\n".encode())

    def commits(self, beginning: str) -> list[str]:
        """The commits that are here whose names begin so."""
        if self.is_local:
            return self.reader().commits(beginning)
        return sorted(name for name in bare.names(self.folder / _KEPT) if name.startswith(beginning))

    def history(self, beginning: str) -> list[str]:
        """The commits of all branches and tags whose names begin so; their names alone are fetched."""
        if self.is_local:
            return self.commits(beginning)
        with self.alone(), self.workshop(next(iter(self.remembered().values()), ""), alone=True) as place:
            specs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
            self._fetch(place, specs, "--filter=tree:0")
            return Reader(self.folder, place / "objects").commits(beginning)

    @contextmanager
    def past(self, commit: str, ref: str) -> Iterator[Reader]:
        """All commits of branches and tags, and one more, while the block lasts; without what files hold."""
        if self.is_local:
            yield self.reader(commit)
            return
        specs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        with self.alone(), self.workshop(commit, alone=True) as place:
            self._fetch(place, [*specs, f"+{ref or commit}:refs/new/{commit}"], "--filter=blob:none")
            yield Reader(self.folder, place / "objects")

    def entries(self, commit: str, folder: str = "") -> dict[str, tuple[str, str]]:
        """Path below a folder -> mode and blob; nothing where the commit has no such folder."""
        bare.check([commit])
        tree = f"{commit}:{folder}" if folder else commit
        done = self.reader(commit).run(["ls-tree", "-r", "-z", "--full-tree", tree])
        if done.code:
            if folder and self.reader(commit).kinds([commit]) == {commit: "commit"}:
                return {}
            raise self._missing([commit])
        lines = (os.fsdecode(line).partition("\t") for line in done.stdout.split(b"\0") if line)
        return {path: (fields[:6], fields.rpartition(" ")[2]) for fields, _, path in lines}

    def read(self, blobs: Iterable[str], *, limit: Limit = None) -> dict[str, bytes]:
        """The contents of blobs; those that are not here come in one fetch. One over the limit is refused."""
        wanted = list(dict.fromkeys(blobs))
        bare.check(wanted)
        found = dict(self.reader(next(iter(wanted), "")).contents(wanted, limit))
        missing = [blob for blob in wanted if blob not in found]
        if missing and not self.is_local:
            self._fetch_blobs(missing)
            found.update(self.reader().contents(missing, limit))
            missing = [blob for blob in missing if blob not in found]
        if missing:
            raise self._missing(missing)
        return found

    def contents(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """The contents of blobs one after the other; those that are not here come in one fetch before."""
        wanted = list(dict.fromkeys(blobs))
        bare.check(wanted)
        reader = self.reader(next(iter(wanted), ""))
        missing = set(wanted) - reader.kinds(wanted).keys()
        if missing and not self.is_local:
            self._fetch_blobs(sorted(missing))
        left = set(wanted)
        for blob, content in reader.contents(wanted, None):
            left.discard(blob)
            yield blob, content
        if left:
            raise self._missing(sorted(left))

    @property
    def server(self) -> Server:
        """Where git asks, and how messages call it."""
        return Server(self.url, self.shown or redact(self.url))

    def _remembered(self) -> _Refs:
        data = disk.read(self.folder / "refs.json") or b""
        try:
            seen = json.loads(data)
            return _Refs(dict(seen["refs"]), str(seen["default"]))
        except (ValueError, LookupError, TypeError):  # none yet, or what a power cut left of it
            return _Refs({}, "HEAD")

    def _require(self, commits: list[str]) -> None:
        kinds = self.reader().kinds(commits)
        missing = [commit for commit in commits if kinds.get(commit) != "commit"]
        if missing:
            raise UnknownVersionError(f"{self.server.shown} has no commit {', '.join(missing)}")

    def _missing(self, names: Sequence[str]) -> GitError:
        hint = "it is not whole: `git fetch --refetch` there, or use the address it was cloned from"
        return GitError(
            f"{len(names)} of the objects that {self.server.shown} names are not there",
            hint=hint if self.is_local else "`git fsck` in the repository tells more",
            details=names[:20],
        )

    # -- reading ---------------------------------------------------------------------------------

    def reader(self, sample: str = "") -> Reader:
        """What reads the objects; the sample is the name of one of them."""
        bare.make(self.folder, sample)
        return Reader(self.folder, self._objects() if self.is_local else self.folder / "objects")

    def _objects(self) -> Path:
        """Where a repository of this machine has its objects, if git trusts its owner."""
        if self.objects is not None:
            return self.objects
        found = _asked(Path(self.url), "--path-format=absolute", "--git-path", "objects")
        return Path(found)

    # -- fetching --------------------------------------------------------------------------------

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While nobody else fetches into this mirror; what a killed fetch left is removed."""
        bare.make(self.folder)
        with locks.locked(f"{self.folder}.lock"):
            for name in bare.names(self.folder):
                if name.startswith("new-"):
                    shutil.rmtree(self.folder / name, ignore_errors=True)
            yield

    @contextmanager
    def workshop(
        self,
        sample: str,
        *,
        haves: Sequence[str] = (),
        alone: bool = False,
        objects: Path | None = None,
    ) -> Iterator[Path]:
        """A repository for one fetch or push, which sees the objects of the mirror, or other ones."""
        place = self.folder / f"new-{secrets.token_hex(6)}"
        with bare.written(self.folder):
            try:
                with bare.workshop(place, sample) as made:
                    if not alone:
                        shared.make(place / "objects" / "info")
                        known = objects or self.folder / "objects"
                        bare.write(place / "objects" / "info" / "alternates", f"{known}\n")
                    if haves:
                        refs = "".join(f"{commit} {_KEPT}/{commit}\n" for commit in haves)
                        bare.write(made / "shallow", "".join(f"{commit}\n" for commit in haves))
                        bare.write(made / "packed-refs", refs)
                    yield made
            finally:
                shutil.rmtree(place, ignore_errors=True)

    def _fetch_commits(self, wants: Mapping[str, str]) -> None:
        """By their names, else by refs; without history, else with it."""
        shallow = ("--depth=1", f"--filter={SMALL}")
        by_name = [f"{commit}:refs/new/{commit}" for commit in wants]
        by_ref = [f"+{ref or commit}:refs/new/{commit}" for commit, ref in wants.items()]
        try:
            self._fetch_whole(wants, by_name, *shallow)
        except UnknownVersionError:
            if not any(wants.values()):
                raise
            self._fetch_whole(wants, by_ref, *shallow)
        except GitError as error:
            if not any("dumb http" in line for line in error.details):
                raise
            self._fetch_whole(wants, by_ref)

    def _fetch_whole(self, wants: Mapping[str, str], specs: Sequence[str], *options: str) -> None:
        """Keep commits once all of them are here."""
        # Each try in a new folder: from a filtered one that failed git goes on by fetching one by one.
        with self.workshop(next(iter(wants)), haves=self._latest() if options else ()) as place:
            self._fetch(place, specs, *options)
            kinds = Reader(self.folder, place / "objects").kinds(wants)
            missing = [commit for commit in wants if kinds.get(commit) != "commit"]
            if missing:
                raise UnknownVersionError(
                    f"{self.server.shown} has no commit {', '.join(missing)}",
                    hint="if a tag or branch was moved just now, try again",
                )
            bare.move_objects(place / "objects", self.folder / "objects")
        for commit in wants:
            self.keep(commit)

    def _fetch_blobs(self, blobs: Sequence[str]) -> None:
        with self.alone():
            kinds = self.reader().kinds(blobs)
            missing = [blob for blob in blobs if blob not in kinds]
            if missing:
                with self.workshop(missing[0]) as place:
                    try:
                        self._fetch(place, missing, "--filter=blob:none")
                    except UnknownVersionError as error:
                        raise self._missing(missing) from error
                    bare.move_objects(place / "objects", self.folder / "objects")

    def _fetch(self, place: Path, specs: Iterable[str], *options: str) -> None:
        stdin = "".join(f"{spec}\n" for spec in specs).encode(errors="surrogateescape")
        transport.ask(self.server, place, [*_FETCH, *options, REMOTE], stdin=stdin, timeout=PATIENCE)

    def _latest(self) -> list[str]:
        """The commits that came last."""
        kept = [self.folder / _KEPT / name for name in bare.names(self.folder / _KEPT) if bare.is_id(name)]
        return [path.name for path in sorted(kept, key=os.path.getmtime)[-_LAST:]]


def settled(mirror: Mirror) -> Mirror:
    """The same for many looks in a short time: git is asked once where the objects are."""
    return replace(mirror, objects=mirror.reader().objects) if mirror.is_local else mirror


def prefix(folder: Path) -> str:
    """The path of a folder of this machine in its work tree; empty at the top and in a bare repository."""
    return _asked(folder, "--show-prefix")


class _Refs(NamedTuple):
    refs: dict[str, str]
    default: str


def _asked(folder: Path, *words: str) -> str:
    """What git says of the repository around a folder, if it trusts the owner."""
    server = Server(str(folder), str(folder))
    if not folder.is_dir():
        raise transport.failure(server, "does not appear to be a git repository")
    try:
        done = run(["git", "rev-parse", *words], cwd=folder, env={**git.environment(), "LC_ALL": "C"})
    except PermissionError as error:
        raise DeniedError(f"{folder} may not be entered", hint="ask its owner") from error
    if done.code:
        raise transport.failure(server, done.complaint)
    return os.fsdecode(done.stdout[:-1])


def _listed(output: bytes) -> _Refs:
    """What `git ls-remote --symref` says; the commit of an annotated tag instead of the tag."""
    refs: dict[str, str] = {}
    default = "HEAD"
    for line in output.splitlines():
        value, _, name = os.fsdecode(line).partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            default = value.removeprefix("ref: ")
        elif bare.is_id(value):
            refs[name.removesuffix("^{}")] = value
    usual = git.usual_branch(ref.removeprefix(_HEADS) for ref in refs if ref.startswith(_HEADS))
    if "HEAD" not in refs and usual:
        # A bare repository that was made with another first branch than the one that was pushed.
        default = f"{_HEADS}{usual}"
        refs["HEAD"] = refs[default]
    return _Refs(refs, default)
