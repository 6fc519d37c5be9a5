"""Secrets that are planted, and all that is looked through for them."""

from __future__ import annotations

import base64
import io
import logging
import os
import pickle
import re
import shutil
import subprocess
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path

from audiodvc.cli.main import run

USER = "ada"
KINDS = (
    "address", "query", "settings", "local", "global", "netrc", "proxy", "header", "helper", "rewritten",
    "aws-key", "aws-secret", "aws-token", "environment", "own-variable",
)  # fmt: skip
_GIT = shutil.which("git") or "git"
# To its last detail the library of Amazon logs each header that it sends.
_TELLING = ("botocore", "aiobotocore")


def secret(kind: str) -> str:
    """The secret of a kind: nothing else is called so."""
    return f"hush{KINDS.index(kind):02}xyzzy"


@dataclass(slots=True)
class Watch:
    """Everything that was shown, logged, raised, sent as a word of a command; and folders to look through."""

    folders: list[Path]
    planted: set[Path] = field(default_factory=set)
    texts: list[tuple[str, str]] = field(default_factory=list)

    def verb(self, *words: str, folder: Path | None = None) -> int:
        """Run a verb of the command line in this process."""
        codes: list[int] = []
        place = ["-C", str(folder)] if folder else []
        self.call(" ".join(words), lambda: codes.append(run([*place, *words])))
        assert codes, words
        return codes[0]

    def call(self, what: str, work: Callable[[], object]) -> BaseException | None:
        """Run something; what it raised, if it did."""
        printed, complained = io.StringIO(), io.StringIO()
        raised: BaseException | None = None
        with (
            _logged() as records,
            warnings.catch_warnings(record=True) as warned,
            redirect_stdout(printed),
            redirect_stderr(complained),
        ):
            warnings.simplefilter("always")
            try:
                self.texts.append((f"{what}: result", repr(work())))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is looked through
                raised = error
                self._raised(what, error)
        self.texts.append((f"{what}: output", printed.getvalue()))
        self.texts.append((f"{what}: complaint", complained.getvalue()))
        self.texts += [(f"{what}: log of {one.name}", _formatted(one)) for one in records]
        self.texts += [(f"{what}: warning", str(one.message)) for one in warned]
        return raised

    def _raised(self, what: str, error: Exception) -> None:
        told = "".join(traceback.format_exception(error))
        self.texts += [(f"{what}: raised", text) for text in (str(error), repr(error), told)]
        with suppress(TypeError, AttributeError, pickle.PicklingError):
            self.texts.append((f"{what}: pickled", pickle.dumps(error).decode("latin-1")))

    def commands(self) -> None:
        """Note the words of all that run now, as everybody on this machine can read them."""
        self.texts += [("words of a process", words) for words in _words(os.getpid())]

    def leaks(self) -> list[str]:
        """Where a secret is found, each place once."""
        found = ((where, _FORMS.findall(text)) for where, text in {*self.texts, *self._written()})
        return sorted({f"{where}: {form}" for where, forms in found for form in forms})

    def _written(self) -> Iterator[tuple[str, str]]:
        for folder in self.folders:
            for path in sorted(folder.rglob("*")):
                yield f"name of {path}", str(path.relative_to(folder))
                if path.is_file() and not path.is_symlink() and path not in self.planted:
                    yield str(path), path.read_bytes().decode("latin-1")
                if path.name == "objects" and (path.parent / "HEAD").is_file():
                    yield f"objects of {path.parent}", _objects(path.parent)


def record_git(folder: Path, said: Path) -> str:
    """Put a git into a folder that notes its words; the PATH with it."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {said}\nexec {_GIT} "$@"\n')
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@contextmanager
def _logged() -> Iterator[list[logging.LogRecord]]:
    """What is logged meanwhile, down to the last detail."""
    records: list[logging.LogRecord] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno > logging.DEBUG or not record.name.startswith(_TELLING):
                records.append(record)

    keeper, log = Keeper(logging.DEBUG), logging.getLogger()
    level = log.level
    log.addHandler(keeper)
    log.setLevel(logging.DEBUG)
    try:
        yield records
    finally:
        log.removeHandler(keeper)
        log.setLevel(level)


def _formatted(record: logging.LogRecord) -> str:
    told = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
    return record.getMessage() + told


def _encoded(kind: str) -> str:
    """As a header of HTTP has it."""
    return base64.b64encode(f"{USER}:{secret(kind)}".encode()).decode().rstrip("=")


_FORMS = re.compile("|".join(form for kind in KINDS for form in (secret(kind), re.escape(_encoded(kind)))))


def _words(process: int) -> Iterator[str]:
    """The words of all that a process has started, and of all that these have."""
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            for child in path.read_text().split():
                yield Path(f"/proc/{child}/cmdline").read_bytes().decode("latin-1")
                yield from _words(int(child))


def _objects(folder: Path) -> str:
    """What commits, tags, trees and files of a repository say; git keeps them compressed."""
    words = [_GIT, "cat-file", "--batch-all-objects", "--batch", "--buffer"]
    done = subprocess.run(words, env={**os.environ, "GIT_DIR": str(folder)}, capture_output=True, check=False)
    return done.stdout.decode("latin-1")
