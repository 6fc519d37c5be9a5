"""A clone of a dataset that somebody else wrote, and every verb that a maintainer runs in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import NamedTuple
from unittest.mock import patch

from audiodvc.cli.main import run
from tests.builder import Repo
from tests.reliability.hostile import SOUND, World

CODES = {0, 1, 2, 3}
"""How a verb may end: never with a bug, whatever it was given."""

LOOKS: Sequence[Sequence[str]] = (
    ("status",),
    ("status", "--remote"),
    ("doctor",),
    ("fmt", "--check", "--diff"),
    ("validate",),
    ("validate", "--staged", "--format", "github"),
    ("validate", "--rev", "HEAD", "--remote", "--format", "sarif"),
    ("diff", "v1.0.0", "HEAD"),
    ("diff", "v1.0.0", "--format", "markdown"),
    ("diff", "--staged", "--format", "json"),
    ("blame", "mood", "audio/a.wav"),
    ("conflicts",),
    ("resolve", "--ours"),
    ("flavor", "list"),
    ("textconv", "db.mood.csv"),
)
"""Verbs that only look."""

DOES: Sequence[Sequence[str]] = (
    ("install",),
    ("hook", "pre-commit"),
    ("hook", "pre-merge-commit"),
    ("hook", "fmt"),
    ("hook", "post-checkout", "@v1.0.0", "@main", "1"),
    ("hook", "post-merge"),
    ("hook", "pre-push", "origin", "url"),
    ("fmt",),
    ("validate", "--fix", "--unsafe"),
    ("add", "audio"),
    ("flavor", "add", "low", "--sampling-rate", "8000"),
    ("flavor", "build", "low"),
    ("flavor", "remove", "low"),
    ("erase", "audio/a.wav", "--reason", "asked", "--dry-run"),
    ("release", "--dry-run"),
    ("release", "3.0.0", "--push"),
    ("erase", "audio/a.wav", "--reason", "asked"),
    ("get", "."),
    ("init",),
    ("uninstall",),
)
"""Verbs that write into the clone, its cache and its remote."""


class Said(NamedTuple):
    """What a verb said, and how it ended."""

    verb: str
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone in the user's folder, with the media of the version before it was attacked."""

    repo: Repo
    world: World

    def call(self, *words: str, stdin: bytes = b"") -> Said:
        """Run a verb in this process."""
        said, pipe = TextIOWrapper(BytesIO(), "utf-8"), TextIOWrapper(BytesIO(stdin))
        with (
            chdir(self.repo.path),
            redirect_stdout(said),
            redirect_stderr(said),
            patch.object(sys, "stdin", pipe),
        ):
            code = run([self._commit(word) for word in words])
        said.flush()
        return Said(" ".join(words), code, said.buffer.getvalue().decode())

    def calls(self, verbs: Sequence[Sequence[str]]) -> Iterator[Said]:
        """Run verbs one after the other; a push tells the hook of the branch."""
        tip = self._commit("@main")
        refs = f"refs/heads/main {tip} refs/heads/main {'0' * 40}\n".encode()
        for words in verbs:
            yield self.call(*words, stdin=refs)

    def _commit(self, word: str) -> str:
        if not word.startswith("@"):
            return word
        return self.repo.git("rev-parse", f"{word[1:]}^{{commit}}").strip()


def clone(origin: Repo, world: World, *, media: bool = True) -> Clone | None:
    """A clone as `git clone` makes it, beside its remote; None where git itself refuses the commit."""
    target = origin.path.parent / "clone"
    words = ["git", "-c", "protocol.ext.allow=never", "clone", "--quiet", str(origin.path), str(target)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        return None
    if media and not os.path.lexists(target / "audio"):
        (target / "audio").mkdir()
        for name, data in SOUND.items():
            (target / name).write_bytes(data)
    return Clone(Repo(target), world)


def settings(world: World) -> Mapping[str, str]:
    """The variables under which the user works."""
    return {"AUDIODVC_CACHE_ROOT": str(world.cache), "HOME": str(world.home)}
