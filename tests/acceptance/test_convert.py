"""Conversions: the samples, the files in the cache, and what happens to files that cannot be converted."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile
import soxr
from numpy.typing import NDArray

from audiodvc.adapters import audio
from audiodvc.adapters.terminal import silence
from audiodvc.errors import ConversionError
from audiodvc.model.flavor import Flavor
from audiodvc.resolve import convert
from audiodvc.resolve.config import Config
from tests.builder import tone

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000, 7919]
SUBTYPES = [
    ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"), ("WAV", "ULAW"), ("WAVEX", "PCM_16"), ("FLAC", "PCM_S8"), ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"), ("AIFF", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"),
]  # fmt: skip
DEPTHS = {"PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 32}

Samples = NDArray[np.float32]


@pytest.mark.parametrize(("container", "subtype"), SUBTYPES)
@pytest.mark.parametrize("format_", ["wav", "flac"])
def test_every_format_and_bit_depth_is_read(
    tmp_path: Path, container: str, subtype: str, format_: str
) -> None:
    """And written with its own bit depth, as far as there is one between 16 and what the format has."""
    source = sound(tmp_path, noise(4801, 2), 48000, container, subtype)
    check(source, Flavor(format=format_, sampling_rate=16000), format_)


@pytest.mark.parametrize("depth", [16, 24, 32])
@pytest.mark.parametrize("format_", ["wav", "flac"])
def test_a_bit_depth_that_is_asked_for_is_written(tmp_path: Path, depth: int, format_: str) -> None:
    """But for the one that flac does not have."""
    if (depth, format_) != (32, "flac"):
        check(sound(tmp_path, noise(1000), 8000), Flavor(bit_depth=depth), format_)


@pytest.mark.parametrize("old", RATES)
@pytest.mark.parametrize("new", RATES)
def test_every_rate_is_resampled(tmp_path: Path, old: int, new: int) -> None:
    """Up and down, by whole and by odd ratios."""
    check(sound(tmp_path, noise(5001), old), Flavor(sampling_rate=new, bit_depth=24), "wav")


@pytest.mark.parametrize(
    "channels", [None, 0, 1, -1, [1, 0], [0, 0], [-1, 0, 2], [7], [-7, 3], [0, 1, 2, 3, 4, 5], [4, 4, 4]]
)
@pytest.mark.parametrize("mixdown", [{}, {"mixdown": True}])
@pytest.mark.parametrize("there", [1, 2, 5, 9])
def test_channels_are_repeated_then_selected_then_mixed(
    tmp_path: Path, channels: int | list[int] | None, mixdown: dict[str, Any], there: int
) -> None:
    """Before anything is resampled."""
    source = sound(tmp_path, noise(3000, there), 16000, "WAV", "PCM_24")
    check(source, Flavor(channels=channels, **mixdown, sampling_rate=8000), "wav")


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 17])
@pytest.mark.parametrize("new", [None, 8000, 16000, 44100])
def test_a_very_short_file_is_converted(tmp_path: Path, frames: int, new: int | None) -> None:
    """One without any samples, too."""
    source = sound(tmp_path, noise(frames, 2), 16000)
    check(source, Flavor(mixdown=True, sampling_rate=new), "wav")


def test_flac_without_samples_is_refused(tmp_path: Path) -> None:
    """There is no such file."""
    source = sound(tmp_path, noise(0), 16000)
    with pytest.raises(ConversionError, match="flac cannot hold a file without samples"):
        audio.convert(str(source), str(tmp_path / "new"), Flavor(), "flac")


@pytest.mark.parametrize(
    ("frames", "channels", "container", "subtype"),
    [
        (2**20 + 1, 1, "WAV", "PCM_16"),
        (2**21, 1, "WAV", "PCM_24"),
        (2**20 + 3, 2, "FLAC", "PCM_16"),
        (2**20 // 9 + 1, 9, "WAV", "FLOAT"),
        (2**20 * 3 + 7, 1, "MP3", "MPEG_LAYER_III"),
        (2**20 + 7, 2, "MP3", "MPEG_LAYER_III"),
        (2**20 + 7, 2, "OGG", "OPUS"),
        (2**20 + 7, 2, "OGG", "VORBIS"),
    ],
)
@pytest.mark.parametrize("asked", [{"sampling_rate": 16000}, {"sampling_rate": 48000}, {"mixdown": True}])
def test_a_long_file_is_what_it_is_in_one_go(  # noqa: PLR0913, PLR0917 - each is a property of a file
    tmp_path: Path, frames: int, channels: int, container: str, subtype: str, asked: Mapping[str, Any]
) -> None:
    """It is converted block by block, and nobody can tell."""
    source = tmp_path / "source"
    source.write_bytes(long_one(frames, channels, container, subtype))
    check(source, Flavor(**asked), "wav")
    if channels <= 8:
        check(source, Flavor(**asked), "flac")


@cache
def long_one(frames: int, channels: int, container: str, subtype: str) -> bytes:
    """A file of noise; encoding it takes longer than all that is done with it."""
    with TemporaryDirectory() as folder:
        rate = 44100 if subtype != "OPUS" else 24000
        return sound(Path(folder), noise(frames, channels), rate, container, subtype).read_bytes()


def test_half_an_hour_of_stereo_takes_little_memory(tmp_path: Path) -> None:
    """The samples alone would be 0.7 GB."""
    size = 1800 * 48000 * 4
    told = (16, 1, 2, 48000, 48000 * 4, 4, 16, b"data", size)
    with (tmp_path / "old").open("wb") as file:
        file.write(struct.pack("<4sI8sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVEfmt ", *told))
        file.truncate(44 + size)  # silence, which takes no room on the disk
    work = (
        "import sys; from audiodvc.adapters import audio; from audiodvc.model.flavor import Flavor\n"
        "audio.convert(sys.argv[1], sys.argv[2], Flavor(channels=[1, 0], sampling_rate=16000), 'wav')"
    )
    # A process begins with the memory of the one that started it: here, with that of a small one.
    measure = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', *sys.argv[1:]], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    words = [sys.executable, "-c", measure, work, str(tmp_path / "old"), str(tmp_path / "new")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert soundfile.info(tmp_path / "new").frames == 1800 * 16000
    assert int(done.stdout) * (1 if sys.platform == "darwin" else 1024) < 200e6


@pytest.mark.parametrize("format_", ["wav", "flac"])
@pytest.mark.parametrize("lacking", [100, 10_000, 1_000_000])
def test_a_full_disk_is_told_as_such(tmp_path: Path, lacking: int, format_: str) -> None:
    """At whatever byte it is full, and even where libsndfile does not notice."""
    source, new = sound(tmp_path, noise(9000), 8000), tmp_path / "new"
    audio.convert(str(source), str(new), Flavor(bit_depth=24), format_)
    room = max(0, new.stat().st_size - lacking)
    new.unlink()
    code = (
        "import resource, sys\n"
        "from audiodvc.adapters import audio; from audiodvc.model.flavor import Flavor\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
        f"audio.convert(sys.argv[1], sys.argv[2], Flavor(bit_depth=24), {format_!r})\n"
    )
    words = [sys.executable, "-c", code, str(source), str(new)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "could not be written whole: is the disk full?" in done.stderr


@dataclass(frozen=True)
class Dataset:
    """Objects in a cache, and the lines of their index."""

    folder: Path
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def config(self) -> Config:
        """A cache beside the objects."""
        return Config(cache_root=self.folder / "cache")

    @property
    def rows(self) -> pl.DataFrame:
        """The media, as they stand in a version folder."""
        return pl.DataFrame(self.lines, schema=SCHEMA)

    def add(self, file: str, data: bytes, *, indexed: bool = True) -> str:
        """Put a file into the dataset; the md5 of its object."""
        md5 = hashlib.md5(data).hexdigest()  # noqa: S324 - the name of an object
        path = self.locate(md5)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.lines.append({"file": file, "md5": md5})
        if indexed:
            self.lines[-1] |= audio.probe(str(path), file)._asdict()
        return md5

    def locate(self, md5: str) -> Path:
        """Where an object lies."""
        return self.folder / "objects" / md5[:2] / md5[2:]

    def convert(self, config: Config | None = None, workers: int = 2, **asked: Any) -> dict[str, Path | None]:  # noqa: ANN401
        """Where each file lies in a flavor, by its name there."""
        made = convert.convert(
            self.rows, Flavor(**asked), config or self.config, self.locate, silence, workers
        )
        return {name: path and Path(path) for name, path in made.select("destination", "path").iter_rows()}

    def conversions(self) -> list[str]:
        """What lies among the conversions, with what is left over."""
        folder = self.config.cache_root / "flavored"
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


SCHEMA = {
    "file": pl.String, "md5": pl.String, "format": pl.String, "channels": pl.Int64,
    "sampling_rate": pl.Int64, "bit_depth": pl.Int64, "duration": pl.Float64,
}  # fmt: skip


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """A dataset without any file yet."""
    return Dataset(tmp_path)


def test_conversions_lie_by_the_md5_of_their_source(dataset: Dataset) -> None:
    """Each once, however many files have the same content, and nobody can write to them."""
    one = dataset.add("a.wav", tone(0.1))
    assert dataset.add("b/c.wav", tone(0.1)) == one
    other = dataset.add("b/d.flac", tone(0.1, format="flac"))
    made = dataset.convert(sampling_rate=8000)
    folder = dataset.config.cache_root / "flavored" / "4de1fe49"
    expected = folder / one[:2] / f"{one[2:]}.wav"
    assert made == {
        "a.wav": expected,
        "b/c.wav": expected,
        "b/d.flac": folder / other[:2] / f"{other[2:]}.flac",
    }
    assert stat.S_IMODE(expected.stat().st_mode) == 0o444
    assert soundfile.info(expected).samplerate == 8000
    assert len(dataset.conversions()) == 2


def test_what_is_as_asked_is_the_object(dataset: Dataset) -> None:
    """Under the name that the format gives it; what is no sound keeps its own."""
    dataset.add("a.wav", tone(0.1))
    dataset.add("b.wave", tone(0.2))
    dataset.add("c.txt", b"hello")
    dataset.add("d.wav", b"broken", indexed=False)
    dataset.lines[-1]["format"] = "wav"
    made = dataset.convert(format="wav", sampling_rate=16000, mixdown=True)
    assert made == {"a.wav": None, "b.wav": None, "c.txt": None, "d.wav": None}
    assert dataset.conversions() == []


def test_a_flavor_without_wishes_looks_at_nothing(dataset: Dataset) -> None:
    """Neither at objects nor at the index."""
    dataset.lines.append({"file": "a.mp3", "md5": "0" * 32})
    assert dataset.convert() == {"a.mp3": None}


def test_what_is_there_is_not_made_again(dataset: Dataset) -> None:
    """Its object is not even looked for."""
    gone = dataset.locate(dataset.add("a.wav", tone(0.1)))
    made = dataset.convert(sampling_rate=8000)
    gone.unlink()
    dataset.add("b.wav", tone(0.2))
    assert dataset.convert(sampling_rate=8000).items() >= made.items()


def test_many_that_are_there_are_found_by_listing(dataset: Dataset) -> None:
    """Not by a question for each."""
    for number in range(600):
        dataset.add(f"{number}.wav", tone(0.001, pitch=100 + number))
    made = dataset.convert(sampling_rate=8000)
    for line in dataset.lines:
        dataset.locate(line["md5"]).unlink()
    assert dataset.convert(sampling_rate=8000) == made


def test_the_shared_cache_is_looked_at_first(dataset: Dataset, tmp_path: Path) -> None:
    """What it has is used from there; what it lacks comes into the user's own."""
    dataset.add("a.wav", tone(0.1))
    shared = dataset.convert(sampling_rate=8000)["a.wav"]
    dataset.add("b.wav", tone(0.2))
    both = Config(cache_root=tmp_path / "own", shared_cache_root=dataset.config.cache_root)
    made = dataset.convert(both, sampling_rate=8000)
    assert made["a.wav"] == shared
    assert made["b.wav"] is not None
    assert made["b.wav"].is_relative_to(tmp_path / "own")


def test_files_without_an_index_are_looked_into(dataset: Dataset) -> None:
    """By their content and name, since objects have no extension."""
    dataset.add("a.wav", tone(0.1), indexed=False)
    dataset.add("b.mp3", tone(0.1, format="mp3"), indexed=False)
    dataset.add("c.txt", b"hello", indexed=False)
    dataset.add("d.wav", b"broken", indexed=False)
    dataset.add("e.wav", tone(0.1, rate=8000), indexed=False)
    made = dataset.convert(format="wav", sampling_rate=8000)
    assert {name: path is not None for name, path in made.items()} == {
        "a.wav": True, "b.wav": True, "c.txt": False, "d.wav": False, "e.wav": False,
    }  # fmt: skip


def test_measuring_fills_what_is_unknown(dataset: Dataset) -> None:
    """And leaves alone what the index says."""
    dataset.add("a.wav", tone(0.5), indexed=False)
    dataset.add("b.mp3", tone(0.5, format="mp3"))
    rows = convert.measured(dataset.rows, dataset.locate, silence)
    assert rows.drop("md5").rows() == [
        ("a.wav", "wav", 1, 16000, 16, 0.5),
        ("b.mp3", "mp3", 1, 16000, None, 0.5),
    ]
    assert rows.columns == dataset.rows.columns


def test_files_that_cannot_be_are_named_before_anything_is_made(dataset: Dataset) -> None:
    """With what to do."""
    dataset.add("a.wav", tone(0.1))
    dataset.add("b.mp3", tone(0.1, format="mp3"))
    with pytest.raises(ConversionError, match="1 file cannot be what is asked for") as caught:
        dataset.convert(sampling_rate=8000)
    assert caught.value.details == ("b.mp3: mp3 cannot be written: give `format`, flac or wav",)
    assert dataset.conversions() == []


def test_files_that_would_get_one_name_are_named(dataset: Dataset) -> None:
    """None of them can take the other's place."""
    for file in ("a.wav", "a.flac", "b.wav"):
        dataset.add(file, tone(0.1))
    with pytest.raises(ConversionError, match="2 files would not keep names of their own") as caught:
        dataset.convert(format="flac")
    assert caught.value.details == ("a.wav, a.flac would all be a.flac",)
    assert dataset.conversions() == []


def test_broken_files_are_named_after_all_others_are_made(dataset: Dataset) -> None:
    """The first twenty of them."""
    for number in range(25):
        dataset.add(f"{number:02}.wav", b"RIFF, or so %d" % number, indexed=False)
        dataset.lines[-1] |= {"format": "wav", "channels": 1, "sampling_rate": 44100, "bit_depth": 16}
    good = dataset.add("good.wav", tone(0.1))
    dataset.locate(dataset.lines[7]["md5"]).unlink()
    with pytest.raises(ConversionError, match="25 files cannot be converted") as caught:
        dataset.convert(sampling_rate=8000)
    assert len(caught.value.details) == 21
    assert caught.value.details[0] == "00.wav: format not recognised"
    assert caught.value.details[7] == "07.wav: its object: no such file or directory"
    assert caught.value.details[20] == "… and 5 more"
    assert dataset.conversions() == [f"4de1fe49/{good[:2]}/{good[2:]}.wav"]


def test_a_crash_of_the_decoder_is_an_error_of_that_file(dataset: Dataset) -> None:
    """All others are made: here, whoever opens the file is killed."""
    for number in range(20):
        dataset.add(f"{number:02}.wav", tone(0.01, pitch=100 + number))
    bad = dataset.locate(dataset.lines[7]["md5"])
    bad.unlink()
    os.mkfifo(bad)
    killer = threading.Thread(target=kill_readers, args=(bad, 2), daemon=True)
    killer.start()
    with pytest.raises(ConversionError, match="1 file cannot be converted") as caught:
        dataset.convert(workers=1, sampling_rate=8000)
    killer.join()
    assert caught.value.details == ("07.wav: the audio library crashed on it",)
    made = [name for name in dataset.conversions() if name.endswith(".wav")]
    assert len(made) == 19


def test_ctrl_c_leaves_only_whole_files(dataset: Dataset) -> None:
    """And the next call makes the rest."""
    for number in range(400):
        dataset.add(f"{number}.wav", tone(0.1, rate=48000, pitch=100 + number))
    dataset.rows.write_parquet(dataset.folder / "rows.parquet")
    code = (
        "import os, signal, sys; from contextlib import contextmanager; from pathlib import Path\n"
        "import polars; from audiodvc.model.flavor import Flavor\n"
        "from audiodvc.resolve import convert; from audiodvc.resolve.config import Config\n"
        "@contextmanager\n"
        "def progress(what, total): yield lambda steps: os.kill(os.getpid(), signal.SIGINT)\n"
        "folder = Path(sys.argv[1]); rows = polars.read_parquet(folder / 'rows.parquet')\n"
        "locate = lambda md5: folder / 'objects' / md5[:2] / md5[2:]\n"
        "convert.convert(rows, Flavor(sampling_rate=44100), Config(folder / 'cache'), locate, progress, 2)"
    )
    words = [sys.executable, "-c", code, str(dataset.folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "KeyboardInterrupt"
    there = dataset.conversions()
    assert 0 < len(there) < 400
    made = dataset.convert(sampling_rate=44100)
    assert {soundfile.info(path).frames for path in made.values() if path} == {4410}
    assert len([name for name in dataset.conversions() if name.endswith(".wav")]) == 400


def kill_readers(pipe: Path, times: int) -> None:
    """Kill the workers of this process, each time that one has opened a pipe."""
    for _ in range(times):
        with pipe.open("wb", buffering=0) as writer, suppress(BrokenPipeError):
            for worker in workers():
                os.kill(worker, signal.SIGKILL)
            while True:  # until nobody reads any more
                writer.write(bytes(2**16))


def workers() -> list[int]:
    """The worker processes that this process has."""
    words = ["ps", "-ww", "-axo", "pid=,ppid=,args="]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    processes = [line.split(maxsplit=2) for line in shown.splitlines()]
    mine = [(int(one), what) for one, parent, what in processes if int(parent) == os.getpid()]
    return [process for process, what in mine if "audiodvc.adapters.pool" in what]


def check(source: Path, flavor: Flavor, format_: str) -> None:
    """Hold a conversion against soundfile and soxr, with all samples in memory at once: byte by byte."""
    new, expected = source.with_name(f"{source.name}.new"), source.with_name(f"{source.name}.expected")
    new.unlink(missing_ok=True)
    audio.convert(str(source), str(new), flavor, format_)
    samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
    if flavor.channels is not None:
        needed = max(samples.shape[1], *(one + 1 if one >= 0 else -one for one in flavor.channels))
        repeated = np.concatenate([samples] * needed, axis=1)[:, :needed]
        samples = repeated[:, flavor.channels]
    if flavor.mixdown:
        samples = np.mean(samples, axis=1, keepdims=True)
    if flavor.sampling_rate is not None and flavor.sampling_rate != rate:
        samples, rate = soxr.resample(samples, rate, flavor.sampling_rate, quality="HQ"), flavor.sampling_rate
    depth = flavor.bit_depth or DEPTHS.get(soundfile.info(source).subtype, 16)
    subtype = f"PCM_{min(depth, 24) if format_ == 'flac' else depth}"
    soundfile.write(expected, samples, rate, subtype=subtype, format=format_)
    assert new.read_bytes() == expected.read_bytes()


def noise(frames: int, channels: int = 1) -> Samples:
    """Samples that reach a little further than a file can hold."""
    generator = np.random.default_rng(frames + channels)
    return generator.uniform(-1.05, 1.05, (frames, channels)).astype(np.float32)


def sound(folder: Path, samples: Samples, rate: int, container: str = "WAV", subtype: str = "PCM_16") -> Path:
    """A file without an extension, as objects are; in blocks, because libsndfile crashes on long Vorbis."""
    path = folder / "source"
    with soundfile.SoundFile(path, "w", rate, samples.shape[1], subtype, format=container) as file:
        for start in range(0, len(samples), 2**16):
            file.write(samples[start : start + 2**16])
    return path
