"""Flavors named and forgotten: what `audiodvc flavor` writes, lists and refuses."""

from __future__ import annotations

import json
import shutil
from contextlib import chdir, redirect_stderr
from io import StringIO
from pathlib import Path

import pytest

from audiodvc.cli.main import run
from tests import flavors, schema
from tests.builder import MakeRepo, Repo, tone


@pytest.fixture
def repo(with_flavors: Path, tmp_path: Path) -> Repo:
    """A copy of the dataset with flavors, and of its remote."""
    shutil.copytree(with_flavors, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("bin"))
    return Repo(tmp_path / "dataset")


def refused(repo: Repo, *words: str) -> tuple[int, str]:
    """The exit code and the complaint of a call, made in this process."""
    said = StringIO()
    with chdir(repo.path), redirect_stderr(said):
        code = run(words)
    return code, said.getvalue()


def test_a_flavor_is_written_and_staged(make_repo: MakeRepo) -> None:
    """Settings with their comments, a stage, and what keeps media out of git before DVC does."""
    repo = make_repo()
    repo.commit(
        media={"audio/a.wav": tone(0.1)},
        files={"audiodvc.yaml": "# ours\nflavors: {} # none yet\n"},
        header=HEADER,
    )
    said = repo.audiodvc("flavor", "add", "mono-16k", "--channels", "0", "--sampling-rate", "16000")
    assert said == "mono-16k: staged audiodvc.yaml, dvc.yaml, flavors/.gitignore; `dvc repro` builds it\n"
    lines = "# ours\nflavors: # none yet\n  mono-16k: {channels: [0], sampling_rate: 16000}\n"
    assert (repo.path / "audiodvc.yaml").read_text() == lines
    assert repo.git("diff", "--name-only") == ""
    assert "flavors/mono-16k.media.csv" in (repo.path / "dvc.yaml").read_text()
    ignored = [
        repo.run("git", "check-ignore", "-q", f"flavors/{name}").returncode
        for name in ("x/a.wav", "x.media.csv")
    ]
    assert ignored == [0, 1]
    assert repo.audiodvc(
        "flavor", "add", "mono-16k", "--channels", "0", "--sampling-rate", "16000"
    ).strip() == ("mono-16k is there already")
    assert "warning  dvc.yaml" not in repo.audiodvc("doctor")


HEADER = "name: dataset\nsource: made by a test\nusage: unrestricted\n"
BAD = [
    (("-x", "--mixdown"), 2, "No such option"),
    (("a/b", "--mixdown"), 2, "is no name for a flavor"),
    (("Mono", "--mixdown"), 2, "'Mono' and 'mono' would be one folder"),
    (("new",), 2, "leaves all as it is"),
    (("new", "--bit-depth", "32", "--format", "flac"), 2, "flac has no 32 bit"),
    (("new", "--bit-depth", "17"), 2, "17 is not one of 16, 24, 32"),
    (("new", "--channels", "x"), 2, "'x' is not a whole number"),
    (("new", "--sampling-rate", "800000"), 3, "audio/c.flac: flac has at most 655350 Hz"),
    (("mono", "--mixdown"), 3, "a flavor 'mono' already, which is channels 0, sampling_rate 16000 (--force"),
]


def test_what_cannot_be_is_refused_and_nothing_is_written(repo: Repo) -> None:
    """Names, wishes, and wishes that do not fit the media that there are."""
    for words, code, message in BAD:
        done, complaint = refused(repo, "flavor", "add", *words)
        assert (done, message in complaint) == (code, True), (words, complaint)
    assert repo.git("status", "--short") == ""


def test_a_stage_or_a_media_folder_in_the_way_is_refused(repo: Repo) -> None:
    """A stage of the user's own with the name of ours, and settings that cannot be understood."""
    (repo.path / "audiodvc.yaml").write_text("flavors: {mono: {rate: 1}}\n")
    done = repo.run("audiodvc", "flavor", "add", "new", "--mixdown")
    assert (done.returncode, "audiodvc.yaml:1:18: unknown key 'rate'" in done.stderr) == (3, True), (
        done.stderr
    )
    repo.git("checkout", "--quiet", ".")
    (repo.path / "dvc.yaml").write_text("stages:\n  flavor:\n    cmd: make ice\n")
    code, complaint = refused(repo, "flavor", "add", "new", "--mixdown")
    assert (code, "a stage of your own" in complaint) == (3, True)
    assert "has a stage 'flavor' of its own" in repo.audiodvc("doctor")


def test_flavors_are_listed_with_their_state(repo: Repo) -> None:
    """For people, and in the documented form for programs."""
    assert repo.audiodvc("flavor", "list").splitlines() == [
        "mono  current, 3 files  channels 0, sampling_rate 16000",
        "low   current, 3 files  format flac, sampling_rate 8000",
    ]
    repo.audiodvc("flavor", "add", "new", "--bit-depth", "16", "--mixdown")
    repo.audiodvc("flavor", "add", "low", "--format", "wav", "--force")
    told = json.loads(repo.audiodvc("flavor", "list", "--format", "json"))
    assert list(schema.faults(told, schema.documented("audiodvc.flavors/v1"))) == []
    states = {one["name"]: (one["state"], one["files"]) for one in told["flavors"]}
    assert states == {"mono": ("current", 3), "low": ("stale", 3), "new": ("not built", None)}
    (repo.path / "audio" / "new.wav").write_bytes(flavors.NEW)
    repo.audiodvc("add", "audio")
    assert "mono  stale, 3 files" in repo.audiodvc("flavor", "list")


def test_a_flavor_that_is_removed_leaves_nothing_behind(repo: Repo) -> None:
    """Neither in settings, stages and lock, nor in the folder; and a dataset that is valid."""
    repo.audiodvc("flavor", "remove", "low")
    assert (repo.path / "audiodvc.yaml").read_text() == flavors.SETTINGS.rpartition("  low")[0]
    assert "low" not in (repo.path / "dvc.yaml").read_text()
    assert "flavor@low" not in (repo.path / "dvc.lock").read_text()
    assert sorted(path.name for path in (repo.path / "flavors").iterdir()) == [
        ".gitignore",
        "mono",
        "mono.media.csv",
    ]
    assert repo.git("diff", "--name-only") == ""
    assert "AD0" not in repo.audiodvc("validate")
    repo.audiodvc("flavor", "remove", "mono")
    assert "flavor" not in (repo.path / "dvc.yaml").read_text()
    assert repo.audiodvc("flavor", "list") == "no flavors\n"
    assert refused(repo, "flavor", "remove", "mono")[0] == 2


def test_media_that_come_and_go_keep_the_stages_in_step(repo: Repo) -> None:
    """Flavors are made of every media folder."""
    (repo.path / "more").mkdir()
    (repo.path / "more" / "m.wav").write_bytes(flavors.NEW)
    repo.audiodvc("add", "more")
    text = (repo.path / "dvc.yaml").read_text()
    assert text.count("- more.media.csv") == 2
    (repo.path / "audiodvc.yaml").write_text("flavors: {}\n")
    assert "`audiodvc fmt` writes it" in repo.audiodvc("doctor")
    repo.audiodvc("fmt")
    assert (repo.path / "dvc.yaml").read_text().count("- more.media.csv") == 1
