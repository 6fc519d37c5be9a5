"""`demo`: a small dataset from nothing, as a story of chapters whose commands are really run."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from audiodvc.adapters import audio, disk, dvc_config, git
from audiodvc.adapters.process import run
from audiodvc.errors import AudiodvcError
from audiodvc.model import demo as content
from audiodvc.model import demo_voice

_LINES = 12
_CLONE = "clone"
_SITE = ".dvc-site-cache"


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a chapter."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command, as one would type it, and the folder in which it is run next."""

    text: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Output:
    """What the command said, shortened if it was long."""

    text: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What came of it, in a sentence."""

    text: str


Step = Heading | Command | Output | Remark


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the story: its title, and its steps, given the folder of the demo."""

    title: str
    steps: Callable[[Path], Iterator[Step]]


def demo(folder: Path) -> Iterator[Step]:
    """Tell the story, step by step as it happens, in a folder that is empty or not there yet."""
    _refuse_occupied(folder)
    place: Path | None = None
    for step in _steps(folder):
        if isinstance(step, Command) and step.folder != place:
            yield Command(f"cd {shlex.quote(_way(place, step.folder))}", step.folder)
            place = step.folder
        yield step


def _steps(folder: Path) -> Iterator[Step]:
    for number, chapter in enumerate(CHAPTERS, 1):
        yield Heading(f"{number}. {chapter.title}")
        yield from chapter.steps(folder)


def _way(place: Path | None, target: Path) -> str:
    return os.path.relpath(target, place) if place else str(target)


def _refuse_occupied(folder: Path) -> None:
    if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
        hint = "remove it, or name another folder: audiodvc demo DIR"
        raise AudiodvcError(f"{folder} exists and is not an empty folder", hint=hint)


# The chapters


def _begin(folder: Path) -> Iterator[Step]:
    _make(folder / content.NAME)
    yield Remark(
        f"In {content.NAME} lie 60 utterances of six voices, made just now, and what people said of them: "
        "a header, db.yaml, and tables, db.*.csv."
    )
    yield from _run(folder, f"git init --quiet --initial-branch=main {content.NAME}")
    _identify(folder / content.NAME, "Ada")
    yield from _run(folder, f"audiodvc init {content.NAME}")
    _keep_site(folder / content.NAME)
    yield Remark("Header and tables are as they were; all around them is new.")


def _track(folder: Path) -> Iterator[Step]:
    yield from _run(folder / content.NAME, "audiodvc add audio")
    yield from _run(folder / content.NAME, "git diff --cached --stat -- audio.dvc audio.media.csv")
    yield Remark("git has a pointer and an index, one line of text per file; the bytes are in DVC's cache.")


def _format(folder: Path) -> Iterator[Step]:
    yield from _run(folder / content.NAME, "audiodvc fmt --diff", code=1, lines=30)
    yield from _run(folder / content.NAME, "audiodvc fmt")
    yield Remark("Two rows moved to their place, and no value changed: from now on a diff shows labels only.")


def _commit(folder: Path) -> Iterator[Step]:
    yield from _run(folder / content.NAME, "git add --all")
    yield from _run(folder / content.NAME, "audiodvc status", lines=30)
    yield from _run(folder / content.NAME, 'git commit --message "Sixty utterances, four emotions"', lines=2)
    yield Remark("The commit holds text only.")


def _push(folder: Path) -> Iterator[Step]:
    yield from _run(folder / content.NAME, "dvc push")
    yield from _run(folder / content.NAME, "audiodvc status")
    yield Remark(f"Here that is {content.NAME}.media beside it; any server or cloud that DVC knows would do.")


def _release(folder: Path) -> Iterator[Step]:
    yield from _run(folder / content.NAME, "audiodvc release", lines=30)
    yield Remark("A version is a tag: from now on anyone can load exactly this, by its number.")


def _clone(folder: Path) -> Iterator[Step]:
    yield from _run(folder, f"git clone --quiet {content.NAME} {_CLONE}")
    _identify(folder / _CLONE, "Bo")
    _keep_site(folder / _CLONE)
    yield from _run(folder / _CLONE, "dvc pull", lines=6)
    yield from _run(folder / _CLONE, "audiodvc status")
    yield from _run(folder, f"git diff --no-index --stat {content.NAME}/audio {_CLONE}/audio")
    yield Remark("git finds no difference between the two folders of sound.")


def _refuse(folder: Path) -> Iterator[Step]:
    clone = folder / _CLONE
    yield from _run(clone, "audiodvc install", lines=2)
    yield Remark(f"Bo hears {content.HEARD} in {content.MISHEARD}, and types it in a hurry.")
    table = clone / content.MISHEARD_TABLE
    disk.write(table, content.misspelled(table.read_text(encoding="utf-8")).encode())
    commit = f'git commit --all --message "{content.MISHEARD} is {content.HEARD}"'
    yield from _run(clone, commit, code=1)
    yield Remark("No such label: the commit did not happen. Everyone who has the hooks is told the same.")
    yield from _run(clone, "audiodvc validate --fix --unsafe")
    yield from _run(clone, "audiodvc diff", code=1)
    yield from _run(clone, commit, lines=2)
    yield Remark("What differs is said in meaning: one label, and it is one that the header knows.")


def _correct(folder: Path) -> Iterator[Step]:
    yield from _run(folder / _CLONE, "audiodvc release", lines=30)
    yield from _run(folder / _CLONE, "git tag")
    yield Remark("What changed since the last version says the next number, and what the changelog tells.")


CHAPTERS = (
    Chapter("A folder with sound and labels becomes a dataset", _begin),
    Chapter("Sound goes to DVC", _track),
    Chapter("A table has one form", _format),
    Chapter("Labels go to git", _commit),
    Chapter("Sound goes to the storage", _push),
    Chapter("A commit becomes a version", _release),
    Chapter("A colleague has the same bytes", _clone),
    Chapter("A wrong label is refused, and mended", _refuse),
    Chapter("A correction becomes a version", _correct),
)
"""The story, in order; a chapter finds the folder as the one before it left it."""


# What chapters are made of


def _make(root: Path) -> None:
    """Write what one has before there is a dataset: sound, header, tables and a document."""
    spoken = content.utterances()
    (root / "audio").mkdir(parents=True)
    for one in spoken:
        audio.write(str(root / one.file), demo_voice.samples(one), demo_voice.RATE)
    tables = {f"db.{name}.csv": text for name, text in content.tables(spoken).items()}
    for name, text in {"db.yaml": content.HEADER, "docs/recording.md": content.RECORDING, **tables}.items():
        disk.write(root / name, text.encode())


def _identify(repository: Path, name: str) -> None:
    """Let this repository be committed to where git knows no one, and where it would ask for a key."""
    settings = {
        "user.name": name,
        "user.email": f"{name.lower()}@example.org",
        "commit.gpgSign": "false",
        "tag.gpgSign": "false",
    }
    for key, value in settings.items():
        _say(repository, ["git", "config", "--local", key, value], 0)


def _keep_site(repository: Path) -> None:
    """Let later commands of the user find what DVC learned of the files while the story was told."""
    dvc_config.configure(repository, "config.local", {"core": {"site_cache_dir": _site(repository)}})


def _site(folder: Path) -> str:
    """DVC's notes on files, which lie in a place of the system otherwise; `folder` may be a repository."""
    place = folder.absolute()
    return str((place.parent if (place / ".dvc").is_dir() else place) / _SITE)


def _run(folder: Path, command: str, *, code: int = 0, lines: int = _LINES) -> Iterator[Step]:
    """Run a command, which must end with this exit code, and show the first lines of what it says."""
    yield Command(command, folder)
    said = _say(folder, shlex.split(command), code)
    if said:
        more = [f"… and {len(said) - lines} more lines"] if len(said) > lines + 1 else said[lines:]
        yield Output("\n".join([*said[:lines], *more]))


def _say(folder: Path, words: Sequence[str], code: int) -> list[str]:
    program = [sys.executable, "-m", words[0]] if words[0] in ("audiodvc", "dvc") else [words[0]]
    done = run([*program, *words[1:]], cwd=folder, env=_environment(folder))
    said = (done.stdout + done.stderr).decode(errors="replace").splitlines()
    if done.code != code:
        command = shlex.join(words)
        raise AudiodvcError(f"`{command}` ended with exit code {done.code} in {folder}", details=said)
    return said


def _environment(folder: Path) -> dict[str, str]:
    env = git.environment()
    # A remote or a cache of the user's own DVC configuration would take the demo's files.
    nowhere = str(folder.absolute() / "no-configuration-of-the-user")
    # A relative entry would point elsewhere from where the command is run.
    search = [str(Path(entry).absolute()) for entry in env.get("PYTHONPATH", "").split(os.pathsep) if entry]
    return {
        **env,
        "DVC_GLOBAL_CONFIG_DIR": nowhere,
        "DVC_SYSTEM_CONFIG_DIR": nowhere,
        "DVC_SITE_CACHE_DIR": _site(folder),
        "DVC_NO_ANALYTICS": "1",
        # Keeps DVC from asking the network for newer versions of itself.
        "CI": "true",
        **({"PYTHONPATH": os.pathsep.join(search)} if search else {}),
    }
