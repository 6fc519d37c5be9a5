"""A flavor in a person's hands: it converts one file."""

from __future__ import annotations

import copy
import inspect
import os
import pickle
import stat
from pathlib import Path
from typing import Any

import pytest
import soundfile

from audiodvc.errors import ConversionError
from audiodvc.model import flavor as model
from audiodvc.resolve.flavor import Flavor
from tests.builder import tone


@pytest.mark.parametrize(
    ("name", "data", "asked", "new", "expected"),
    [
        ("a.wav", tone(0.1, channels=3), {"mixdown": True}, "b.wav", (16000, 1, "PCM_16")),
        ("a.wav", tone(0.1, channels=2), {"channels": [0, 2]}, "b.wav", (16000, 2, "PCM_16")),
        ("a.wav", tone(0.1), {"bit_depth": 32}, "b.wav", (16000, 1, "PCM_32")),
        ("a.wav", tone(0.1), {"format": "flac", "bit_depth": 24}, "b.flac", (16000, 1, "PCM_24")),
        ("a.mp3", tone(0.1, format="mp3"), {"format": "wav"}, "b.wav", (16000, 1, "PCM_16")),
        ("a.WAV", tone(0.1), {"format": "wav", "sampling_rate": 8000}, "b.wav", (8000, 1, "PCM_16")),
    ],
)
def test_a_file_is_converted(  # noqa: PLR0913, PLR0917 - a file, a wish, and what comes of it
    tmp_path: Path, name: str, data: bytes, asked: dict[str, Any], new: str, expected: tuple[int, int, str]
) -> None:
    """Into a file that is the person's own, with nothing left beside it."""
    (tmp_path / name).write_bytes(data)
    Flavor(**asked)(str(tmp_path / name), tmp_path / new)
    info = soundfile.info(tmp_path / new)
    assert (info.samplerate, info.channels, info.subtype) == expected
    assert os.access(tmp_path / new, os.W_OK)
    assert stat.S_IMODE((tmp_path / new).stat().st_mode) == stat.S_IMODE((tmp_path / name).stat().st_mode)
    assert {path.name for path in tmp_path.iterdir()} == {name, new}


def test_a_file_that_is_as_asked_is_copied(tmp_path: Path) -> None:
    """Byte by byte; onto itself it stays."""
    (tmp_path / "a.wav").write_bytes(tone(0.1))
    flavor = Flavor(sampling_rate=16000, mixdown=True)
    flavor(tmp_path / "a.wav", tmp_path / "b.wav")
    flavor(tmp_path / "b.wav", tmp_path / "b.wav")
    assert (tmp_path / "b.wav").read_bytes() == tone(0.1)


def test_a_file_can_be_converted_onto_itself(tmp_path: Path) -> None:
    """It is replaced when the new one is whole."""
    path = tmp_path / "a.wav"
    path.write_bytes(tone(0.1))
    Flavor(sampling_rate=8000)(path, path)
    assert soundfile.info(path).samplerate == 8000


def test_what_is_known_of_the_source_is_believed(tmp_path: Path) -> None:
    """As its index is."""
    (tmp_path / "a.wav").write_bytes(tone(0.1))
    Flavor(bit_depth=24)(tmp_path / "a.wav", tmp_path / "b.wav", src_bit_depth=24)
    assert (tmp_path / "b.wav").read_bytes() == tone(0.1)


def test_what_is_no_sound_is_copied(tmp_path: Path) -> None:
    """Under the extension that it has."""
    (tmp_path / "a.txt").write_text("hello")
    Flavor(format="wav", sampling_rate=8000)(tmp_path / "a.txt", tmp_path / "b.txt")
    assert (tmp_path / "b.txt").read_text() == "hello"


@pytest.mark.parametrize(
    ("name", "asked", "new", "error", "words"),
    [
        ("a.wav", {"format": "flac"}, "b.wav", ValueError, r"b\.wav does not end in \.flac"),
        ("a.wav", {}, "b.flac", ValueError, r"b\.flac does not end in \.wav"),
        ("a.mp3", {"bit_depth": 24}, "b.mp3", RuntimeError, "mp3 cannot be written: give `format`"),
        ("a.mp3", {"channels": [0, 0]}, "b.mp3", RuntimeError, "mp3 cannot be written: give `format`"),
        ("a.wav", {"bit_depth": 32, "format": "flac"}, "b.flac", RuntimeError, "flac has at most 24 bit"),
        ("broken.wav", {"bit_depth": 24}, "b.wav", ConversionError, "broken.wav: format not recognised"),
        ("none.wav", {"bit_depth": 24}, "b.wav", FileNotFoundError, "none.wav"),
    ],
)
def test_what_cannot_be_is_an_error(  # noqa: PLR0913, PLR0917 - a file, a wish, and what is said to it
    tmp_path: Path, name: str, asked: dict[str, Any], new: str, error: type[Exception], words: str
) -> None:
    """With nothing written."""
    (tmp_path / "a.wav").write_bytes(tone(0.1))
    (tmp_path / "a.mp3").write_bytes(tone(0.1))
    (tmp_path / "broken.wav").write_bytes(b"broken, as it is")
    with pytest.raises(error, match=words):
        Flavor(**asked)(tmp_path / name, tmp_path / new)
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp3", "a.wav", "broken.wav"}


def test_it_is_the_same_wish_as_in_settings() -> None:
    """Where it came from, and where it travels, makes no difference."""
    mine, written = Flavor(channels=[0], format="wav"), model.Flavor(channels=[0], format="wav")
    assert mine == written
    assert {mine, written} == {mine}
    assert mine != Flavor(channels=[0])
    assert mine != "wav"
    for travelled in (pickle.loads(pickle.dumps(mine)), copy.deepcopy(mine)):  # noqa: S301 - our own bytes
        assert travelled == mine
        assert isinstance(travelled, Flavor)


def test_it_is_called_as_in_audb() -> None:
    """With the same parameters, by the same names."""
    audb = pytest.importorskip("audb")
    for name in ("__init__", "__call__"):
        ours, theirs = (inspect.signature(getattr(one, name)).parameters for one in (Flavor, audb.Flavor))
        assert [(one.name, one.kind, one.default is one.empty) for one in ours.values()] == [
            (one.name, one.kind, one.default is one.empty) for one in theirs.values()
        ]
    flavor, other = Flavor(sampling_rate=8000), audb.Flavor(sampling_rate=8000)
    assert flavor.path("emodb", "1.4.1") == other.path("emodb", "1.4.1")
