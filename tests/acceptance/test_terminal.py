"""What reaches the terminal does nothing to it, whatever files are called."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from tests.builder import MakeRepo, Repo, tone

EVIL = "\x1b]0;pwn\x07"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A dataset with a header only."""
    made = make_repo()
    made.write(files={"db.yaml": "name: dataset\nusage: unrestricted\n"})
    return made


def test_error_names_a_file_without_its_control_characters(repo: Repo) -> None:
    """A title of a terminal is not changed by `add`."""
    repo.write(media={f"audio/{EVIL}.wav": tone(0.2)})
    done = repo.run("audiodvc", "add", "audio")
    assert done.returncode == 3
    assert "  audio/\\x1b]0;pwn\\x07.wav: " in done.stderr
    assert "\x1b" not in done.stderr


def test_error_is_one_line_whatever_the_name(repo: Repo) -> None:
    """A newline in a name does not begin another error."""
    done = repo.run("audiodvc", "add", "a\nb")
    assert done.returncode == 3
    assert done.stderr == "audiodvc: a\\nb does not exist (check the name)\n"


def test_folder_of_a_call_is_named_without_control_characters(repo: Repo) -> None:
    """It may have been completed by the shell."""
    done = repo.run("audiodvc", "-C", EVIL, "status")
    assert done.returncode == 3
    assert "\x1b" not in done.stderr


def test_words_of_a_call_are_named_without_control_characters(repo: Repo) -> None:
    """Such as those that a shell makes of `*`."""
    done = repo.run("audiodvc", "add", f"--{EVIL}")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\\x1b" in done.stderr


def test_note_names_a_table_without_its_control_characters(repo: Repo) -> None:
    """Standard error is a terminal as well."""
    repo.write(files={f"db.{EVIL}\n.csv": "x\n1\n"})
    done = repo.run("audiodvc", "fmt")
    assert done.returncode == 0
    assert "db.\\x1b]0;pwn\\x07\\n.csv: " in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_diff_is_a_patch_for_programs_and_harmless_on_a_terminal(repo: Repo) -> None:
    """The cells of someone else's table are no better than their names."""
    header = (
        "name: dataset\nusage: unrestricted\nschemes: {said: {dtype: str}}\n"
        "tables: {a: {type: filewise, columns: {said: {scheme_id: said}}}}\n"
    )
    repo.write(files={"db.yaml": header, "db.a.csv": f"file,said\r\na.wav,{EVIL}\r\n"})
    done = subprocess.run(
        [sys.executable, "-m", "audiodvc", "fmt", "--diff"], cwd=repo.path, capture_output=True, check=False
    )
    assert f"-file,said\r\n-a.wav,{EVIL}\r\n".encode() in done.stdout
    shown = on_terminal(repo, "fmt", "--diff")
    assert b"-file,said\\r\r\n-a.wav,\\x1b]0;pwn\\x07\\r\r\n" in shown
    assert b"\x1b]" not in shown


def test_colours_of_findings_reach_a_terminal(repo: Repo) -> None:
    """Ours are not taken for those of a name."""
    repo.write(files={"db.yaml": "name: [\n"})
    assert b"\x1b[31mAH001\x1b[0m" in on_terminal(repo, "validate")


def on_terminal(repo: Repo, *words: str) -> bytes:
    """What a call shows on a terminal, which ends lines with CR and LF."""
    ours, theirs = pty.openpty()
    program = [sys.executable, "-m", "audiodvc", *words]
    environment = {**os.environ, "TERM": "xterm"}
    shown = b""
    with subprocess.Popen(program, cwd=repo.path, stdout=theirs, stderr=theirs, env=environment):
        os.close(theirs)
        while data := _read(ours):
            shown += data
    os.close(ours)
    return shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the last writer is gone
        return b""
