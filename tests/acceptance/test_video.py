"""Video among the media: probed with the extra `video`, tracked without it."""

from __future__ import annotations

import csv
from pathlib import Path

import av
import numpy as np
import pytest

from tests.builder import MakeRepo, Repo

WITHOUT = "import sys; sys.modules['av'] = None; from audiodvc.cli.main import main; main()"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A dataset with a film of two seconds, with stereo sound at 16 kHz."""
    made = make_repo()
    made.write(header="name: dataset\nsource: a test\nusage: other\n")
    (made.path / "video").mkdir()
    film(made.path / "video/film.mp4")
    return made


def film(path: Path) -> None:
    """Two seconds of black with silence."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=10)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=16000, layout="stereo")
        for _ in range(20):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            container.mux(picture.encode(frame))
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 32000), np.float32), format="fltp", layout="stereo")
        silence.sample_rate = 16000
        container.mux(sound.encode(silence))
        container.mux(picture.encode())
        container.mux(sound.encode())


def row(repo: Repo) -> dict[str, str]:
    """The line of the film in the media index."""
    with (repo.path / "video.media.csv").open(newline="") as file:
        return next(csv.DictReader(file))


def test_audio_track_of_a_video_is_probed(repo: Repo) -> None:
    """Format, channels, rate and duration are those of its sound."""
    repo.audiodvc("add", "video")
    line = row(repo)
    fields = ("format", "channels", "sampling_rate", "bit_depth")
    assert [line[name] for name in fields] == ["mp4", "2", "16000", ""]
    assert float(line["duration"]) == pytest.approx(2.0, abs=0.2)


def test_without_the_extra_video_is_tracked_and_that_is_said(repo: Repo) -> None:
    """The film is media all the same; a note says what would tell more about it."""
    done = repo.run("python", "-c", WITHOUT, "add", "video")
    assert done.returncode == 0, done.stderr
    assert "audiodvc[video]" in done.stderr
    assert [row(repo)[name] for name in ("format", "channels", "duration")] == ["mp4", "", ""]


def test_film_that_is_none_is_refused(repo: Repo) -> None:
    """A file that only is called a film is named."""
    (repo.path / "video/other.mp4").write_bytes(b"no film")
    done = repo.run("audiodvc", "add", "video")
    assert done.returncode == 3
    assert "video/other.mp4" in done.stderr
