"""`audiodvc demo` makes a dataset from nothing, where nobody has set anything up."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import audformat
import pytest
import soundfile

from audiodvc.model import demo
from tests.builder import tone

IDENTITY = ("HOME", "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")


@dataclass(frozen=True)
class Told:
    """A demo after it was told."""

    folder: Path
    text: str
    foreign: Path


def run(folder: Path, *words: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run a program with some variables changed, or taken away."""
    return subprocess.run(
        words, cwd=folder, env=environment(changes), capture_output=True, text=True, check=False
    )


def audiodvc(folder: Path, *words: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run audiodvc."""
    return run(folder, sys.executable, "-m", "audiodvc", *words, **changes)


def environment(changes: dict[str, str | None]) -> dict[str, str]:
    """The environment of the tests, changed."""
    merged: dict[str, str | None] = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A demo without home and identity, by someone with another DVC remote and cache of their own."""
    place = tmp_path_factory.mktemp("demo")
    foreign = place / "foreign"
    (place / "dvc-global").mkdir()
    (place / "dvc-global" / "config").write_text(
        f"[core]\nremote = mine\n[cache]\ndir = {foreign}\n['remote \"mine\"']\nurl = {foreign}\n"
    )
    nobody = dict.fromkeys(IDENTITY)
    theirs = {"DVC_GLOBAL_CONFIG_DIR": str(place / "dvc-global"), "DVC_SITE_CACHE_DIR": str(place / "site")}
    done = audiodvc(place, "demo", **nobody, **theirs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    return Told(place / "audiodvc-demo", done.stdout, foreign)


def test_all_it_makes_lies_in_its_folder(told: Told) -> None:
    """The dataset, its storage and a clone; nothing in the user's own storage."""
    names = [".dvc-site-cache", "clone", "emodemo", "emodemo.media"]
    assert sorted(path.name for path in told.folder.iterdir()) == names
    assert sorted(path.name for path in told.folder.parent.iterdir()) == ["audiodvc-demo", "dvc-global"]
    assert not told.foreign.exists()


def test_last_line_is_the_folder(told: Told) -> None:
    """So that a script finds it."""
    assert told.text.splitlines()[-1] == str(told.folder)


def test_each_chapter_has_a_heading_a_command_its_output_and_a_remark(told: Told) -> None:
    """Commands stand after a dollar, what they said is indented."""
    headings = [line[:3] for line in told.text.splitlines() if line[:1].isdigit()]
    assert headings == ["1. ", "2. ", "3. ", "4. ", "5. ", "6. ", "7. ", "8. ", "9. "]
    for command in ("audiodvc init", "audiodvc add", "audiodvc fmt", "git commit", "dvc push", "git clone"):
        assert f"\n$ {command}" in told.text
    assert "\n    audio  60 added\n" in told.text
    assert "\x1b" not in told.text


def test_told_folders_are_those_where_the_commands_run(told: Told) -> None:
    """Each change of folder is told once, as one would type it."""
    changes = [line for line in told.text.splitlines() if line.startswith("$ cd ")]
    assert changes == [f"$ cd {name}" for name in ("audiodvc-demo", "emodemo", "..", "clone", "..", "clone")]


def test_dataset_is_committed_whole(told: Told) -> None:
    """Nothing is left to add in the dataset or in the clone, and git has no sound."""
    for name in ("emodemo", "clone"):
        assert run(told.folder / name, "git", "status", "--porcelain").stdout == ""
    files = run(told.folder / "emodemo", "git", "ls-files").stdout.split()
    assert "docs/recording.md" in files
    assert not [file for file in files if file.endswith(".wav")]


def test_clone_has_the_same_bytes_and_nothing_to_say(told: Told) -> None:
    """What was pushed is what was pulled."""
    for one in demo.utterances():
        assert (told.folder / "clone" / one.file).read_bytes() == (
            told.folder / "emodemo" / one.file
        ).read_bytes()
    # As someone calls it who has not set where DVC keeps its notes on files.
    seen = audiodvc(told.folder / "clone", "status", DVC_SITE_CACHE_DIR=None)
    assert "audio: 60 files, as in the index" in seen.stdout
    assert "has every object" in seen.stdout
    assert audiodvc(told.folder / "clone", "fmt", "--check").returncode == 0


def test_sound_is_mono_16_khz_16_bit_and_as_long_as_said(told: Told) -> None:
    """As the header says of the microphone."""
    for one in demo.utterances():
        info = soundfile.info(told.folder / "emodemo" / one.file)
        assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
        assert info.frames == one.duration * 16


def test_audformat_loads_the_folder(told: Told) -> None:
    """Header, tables, splits and attachment are what audformat takes them for."""
    db = audformat.Database.load(str(told.folder / "clone"))
    assert list(db.tables) == ["emotion.dev", "emotion.test", "emotion.train", "files", "segments"]
    assert [len(db[name]) for name in (*db.tables, "speaker")] == [10, 10, 40, 60, 120, 6]
    assert {name: db[f"emotion.{name}"].split_id for name in db.splits} == {
        n: n for n in ("train", "dev", "test")
    }
    assert list(db.attachments["recording"].files) == ["docs/recording.md"]
    for name in (*db.tables, "speaker"):
        # What does not fit its scheme, audformat reads as missing.
        assert not db[name].df.isna().to_numpy().any(), name


def test_audformat_reads_the_values_that_were_written(told: Told) -> None:
    """Labels, numbers, times, and the ages of the speakers by way of the misc table."""
    db = audformat.Database.load(str(told.folder / "emodemo"))
    spoken = demo.utterances()
    emotions = db.get("emotion")
    assert emotions["emotion"].to_dict() == {one.file: one.emotion for one in spoken}
    ages = db["files"].get(map={"speaker": "age"})["age"]
    assert ages.to_dict() == {one.file: one.speaker.age for one in spoken}
    ends = db["segments"].df.reset_index().groupby("file")["end"].max()
    assert {file: round(end.total_seconds() * 1000) for file, end in ends.items()} == {
        one.file: one.parts[-1][-1] for one in spoken
    }


def test_wrong_label_was_refused_and_the_right_one_committed(told: Told) -> None:
    """One label of the clone differs from those of the dataset, and it is one that the header knows."""
    assert "AS002 label 'hapiness' is not in scheme 'emotion' (did you mean 'happiness'?)" in told.text
    assert f"    emotion.dev  1 label changed  anger -> {demo.HEARD} 1\n" in told.text
    theirs = audformat.Database.load(str(told.folder / "emodemo")).get("emotion")["emotion"]
    mended = audformat.Database.load(str(told.folder / "clone")).get("emotion")["emotion"]
    assert mended[mended != theirs].to_dict() == {demo.MISHEARD: demo.HEARD}


def test_versions_are_tags_with_what_changed(told: Told) -> None:
    """The correction is a patch, and the changelog says which label became which."""
    assert run(told.folder / "emodemo", "git", "tag").stdout == "v1.0.0\n"
    assert run(told.folder / "clone", "git", "tag").stdout == "v1.0.0\nv1.0.1\n"
    assert "\n    1.0.1 (patch since 1.0.0)\n" in told.text
    line = f"in table `{demo.MISHEARD_TABLE.removeprefix('db.').removesuffix('.csv')}`: "
    assert line in (told.folder / "clone" / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.usefixtures("warm_python")
def test_quiet_demo_says_where_it_is_and_makes_the_same_dataset(told: Told, tmp_path: Path) -> None:
    """In a folder that is empty, below a git repository that is not touched."""
    run(tmp_path, "git", "init", "--quiet")
    (tmp_path / "an empty one").mkdir()
    done = audiodvc(tmp_path, "--quiet", "demo", "an empty one")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / 'an empty one'}\n"
    made = tmp_path / "an empty one" / "emodemo"
    for name in ("audio.media.csv", "db.segments.csv", "db.yaml"):
        assert (made / name).read_bytes() == (told.folder / "emodemo" / name).read_bytes()
    assert run(tmp_path, "git", "ls-files").stdout == ""


@pytest.mark.parametrize("occupied", ["folder", "file", "link"])
def test_place_that_is_taken_is_left_alone(tmp_path: Path, occupied: str) -> None:
    """One line on standard error, exit 3, nothing made."""
    place = tmp_path / "place"
    if occupied == "folder":
        place.mkdir()
        (place / "a.wav").write_bytes(tone(0.1))
    elif occupied == "file":
        place.write_text("mine")
    else:
        place.symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    done = audiodvc(tmp_path, "demo", "place")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        "audiodvc: place exists and is not an empty folder "
        "(remove it, or name another folder: audiodvc demo DIR)\n"
    )
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("warm_python")
def test_demo_stops_at_a_command_that_fails_and_shows_what_it_said(tmp_path: Path) -> None:
    """Here a hook of the user's own refuses the commit."""
    hook = tmp_path / "hooks" / "pre-commit"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho 'not on a Sunday' >&2\nexit 1\n")
    hook.chmod(0o755)
    (tmp_path / "config").write_text(f"[core]\nhooksPath = {hook.parent}\n")
    done = audiodvc(tmp_path, "demo", GIT_CONFIG_GLOBAL=str(tmp_path / "config"))
    assert done.returncode == 3
    assert done.stdout.splitlines()[-1].startswith("$ git commit")
    assert "git commit" in done.stderr
    assert "  not on a Sunday\n" in done.stderr


def test_a_terminal_has_colours(tmp_path: Path) -> None:
    """Headings are bold; the story ends at once, since there is no git."""
    assert "\x1b[1m1. A folder" in _on_terminal(tmp_path, {})


def test_a_terminal_that_wants_no_colours_has_none(tmp_path: Path) -> None:
    """NO_COLOR is heard."""
    text = _on_terminal(tmp_path, {"NO_COLOR": "1"})
    assert "1. A folder" in text
    assert "\x1b" not in text


def _on_terminal(folder: Path, changes: dict[str, str | None]) -> str:
    """What the demo prints on a terminal where no program can be found."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "audiodvc", "demo"],
            cwd=folder,
            env=environment({**changes, "PATH": str(folder)}),
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert (done.returncode, "git is not installed" in done.stderr) == (3, True)
    finally:
        os.close(theirs)
    try:
        return b"".join(_until_closed(ours)).decode()
    finally:
        os.close(ours)


def _until_closed(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other end is closed, macOS sends nothing
            return
        if not data:
            return
        yield data
