"""The world that conftest.py makes, and the builder of datasets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
import soundfile

from tests.builder import MakeRepo, default_header, tone
from tests.guard.sitecustomize import NetworkForbidden

TABLES = {
    "emotion": "file,emotion,age\naudio/a.wav,happy,31\n",
    "words": "file,start,end,word\naudio/a.wav,0 days 00:00:00.000000000,0 days 00:00:01.000000000,yes\n",
    "speaker": "speaker,height\nada,1.7\n",
}
# An address of the block for documentation: nobody is there, and nothing is sent.
CONNECT = "import socket; socket.create_connection(('192.0.2.1', 9), timeout=1)"


def test_a_test_cannot_reach_another_machine() -> None:
    """A connection out of the process of the tests raises at once."""
    with socket.socket() as connection, pytest.raises(NetworkForbidden):
        connection.connect(("192.0.2.1", 9))


def test_a_child_process_cannot_reach_another_machine() -> None:
    """A Python that a test starts is guarded too."""
    done = subprocess.run([sys.executable, "-c", CONNECT], capture_output=True, text=True, check=False)
    assert "NetworkForbidden" in done.stderr


def test_loopback_can_be_reached() -> None:
    """Servers of the tests themselves are no other machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_the_default_cache_cannot_be_made() -> None:
    """A test that forgot to say where its cache is fails."""
    with pytest.raises(NotADirectoryError):
        Path(os.environ["AUDIODVC_CACHE_ROOT"]).mkdir(parents=True)


def test_the_settings_of_the_user_are_not_seen(make_repo: MakeRepo) -> None:
    """The repository's own configuration is all that git reads."""
    scopes = make_repo().git("config", "--list", "--show-scope").splitlines()
    assert {line.split()[0] for line in scopes} == {"local"}


def test_a_commit_holds_what_was_given(make_repo: MakeRepo) -> None:
    """Tables, header and files are in git, under the tag."""
    repo = make_repo()
    commit = repo.commit(tables=TABLES, files={"docs/paper.bib": "@misc{}\n"}, tag="v1.0.0")
    files = repo.git("ls-tree", "-r", "--name-only", "v1.0.0").split()
    assert {"db.yaml", "db.emotion.csv", "audiodvc.yaml", "docs/paper.bib", ".dvc/config"} < set(files)
    assert repo.git("rev-parse", "v1.0.0").strip() == commit


def test_a_header_follows_the_tables_until_a_test_has_its_own(make_repo: MakeRepo) -> None:
    """The default header is written anew with each table, an own header stays."""
    repo = make_repo()
    repo.write(tables={"speaker": TABLES["speaker"]})
    repo.write(tables={"emotion": TABLES["emotion"]})
    assert (repo.path / "db.yaml").read_text() == default_header(
        {k: TABLES[k] for k in ("emotion", "speaker")}
    )
    repo.write(header="name: mine\n")
    repo.write(tables={"words": TABLES["words"]})
    assert (repo.path / "db.yaml").read_text() == "name: mine\n"


def test_none_removes(make_repo: MakeRepo) -> None:
    """A table given as None is gone from the next commit."""
    repo = make_repo()
    repo.commit(tables=TABLES)
    repo.commit(tables={"words": None})
    assert repo.git("ls-files", "db.*.csv").split() == ["db.emotion.csv", "db.speaker.csv"]


def test_media_are_tracked_by_dvc_and_can_be_had_in_a_clone(make_repo: MakeRepo) -> None:
    """The builder adds media as a user does; a clone gets them from the remote beside it."""
    repo = make_repo()
    repo.commit(media={"audio/a.wav": tone(0.1), "audio/b.flac": tone(0.1, format="flac")})
    repo.dvc("push", "--quiet")
    clone = repo.clone("clone")
    clone.dvc("pull", "--quiet")
    assert (clone.path / "audio" / "a.wav").read_bytes() == tone(0.1)


def test_audformat_loads_a_dataset_with_the_default_header(make_repo: MakeRepo) -> None:
    """The guessed header is one that audformat takes, with levels, columns and dtypes."""
    import audformat

    repo = make_repo()
    repo.write(tables=TABLES)
    db = audformat.Database.load(str(repo.path))
    assert {name: list(db[name].df.columns) for name in (*db.tables, *db.misc_tables)} == {
        "emotion": ["emotion", "age"],
        "words": ["word"],
        "speaker": ["height"],
    }
    assert {name: scheme.dtype for name, scheme in db.schemes.items()} == {
        "emotion": "str",
        "age": "int",
        "word": "str",
        "height": "float",
    }


@pytest.mark.parametrize(
    ("format", "channels", "rate"), [("wav", 1, 16000), ("flac", 2, 8000), ("mp3", 1, 16000)]
)
def test_a_tone_is_the_audio_that_was_asked_for(format: str, channels: int, rate: int) -> None:
    """Format, channels, rate and length of the bytes are the arguments."""
    found = soundfile.info(BytesIO(tone(0.5, rate=rate, channels=channels, format=format)))
    assert (found.format.lower(), found.channels, found.samplerate) == (format, channels, rate)
    assert found.duration == pytest.approx(0.5)
