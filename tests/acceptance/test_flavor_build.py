"""What the stage of a flavor does: which files it converts, which it takes as they were, where it fails."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from audiodvc.adapters import disk
from audiodvc.errors import ConversionError, ObjectError, UsageError
from audiodvc.model import mediaindex
from audiodvc.project import build, dataset
from audiodvc.project.build import Report
from tests import flavors
from tests.builder import MakeRepo, Repo, tone
from tests.flavors import built


@pytest.fixture
def repo(with_flavors: Path, tmp_path: Path) -> Repo:
    """A copy of the dataset with flavors, and of its remote."""
    shutil.copytree(with_flavors, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("bin"))
    return Repo(tmp_path / "dataset")


def counts(done: Report) -> tuple[int, int, int]:
    """How many files there are, how many were converted, and how many are as their source."""
    return done.files, done.converted, done.same


def test_what_was_committed_is_not_converted_again(repo: Repo) -> None:
    """The index and the media come out the same."""
    index, media = repo.path / "flavors/mono.media.csv", repo.path / "flavors/mono"
    before = index.read_bytes(), {path.name: path.read_bytes() for path in media.rglob("*.*")}
    index.unlink()
    shutil.rmtree(media)
    assert counts(built(repo)) == (3, 0, 1)
    assert (index.read_bytes(), {path.name: path.read_bytes() for path in media.rglob("*.*")}) == before


def test_other_settings_convert_everything(repo: Repo) -> None:
    """What was made of another wish is no use, whatever the sources are."""
    settings = repo.path / "audiodvc.yaml"
    settings.write_text(settings.read_text().replace("sampling_rate: 16000", "sampling_rate: 11025"))
    assert counts(built(repo)) == (3, 3, 0)


def test_files_that_are_removed_moved_or_added_leave_the_others_alone(repo: Repo) -> None:
    """A moved file is known by its bytes."""
    audio = repo.path / "audio"
    (audio / "a.wav").rename(audio / "z.wav")
    (audio / "c.flac").unlink()
    (audio / "new.wav").write_bytes(flavors.NEW)
    repo.audiodvc("add", "audio")
    assert counts(built(repo)) == (3, 1, 1)
    assert list(flavors.index(repo, "mono")) == ["audio/b.wav", "audio/new.wav", "audio/z.wav"]


def test_two_files_with_the_same_bytes_are_converted_once(repo: Repo) -> None:
    """And a third with another extension, which becomes another file, as well."""
    for name in ("x.wav", "y.wav"):
        (repo.path / "audio" / name).write_bytes(flavors.NEW)
    repo.audiodvc("add", "audio")
    assert counts(built(repo, "low")) == (5, 1, 0)
    rows = flavors.index(repo, "low")
    assert rows["audio/x.flac"]["md5"] == rows["audio/y.flac"]["md5"]


def test_an_index_that_is_not_what_dvc_saw_is_not_believed(repo: Repo) -> None:
    """As after a merge, or when somebody edited it."""
    index = repo.path / "flavors/mono.media.csv"
    rows = flavors.index(repo, "mono")
    index.write_text(index.read_text().replace(rows["audio/a.wav"]["md5"], rows["audio/b.wav"]["md5"]))
    repo.git("commit", "--quiet", "--all", "--message", "Edited")
    shutil.rmtree(repo.path / ".dvc" / "tmp" / "audiodvc")
    assert counts(built(repo)) == (3, 2, 1)
    assert flavors.index(repo, "mono") == rows


def test_what_was_built_and_not_committed_counts_as_well(repo: Repo) -> None:
    """The clone has kept a note of it; DVC keeps none."""
    rows = flavors.index(repo, "mono")
    repo.git("rm", "--quiet", "--cached", "dvc.lock", "flavors/mono.media.csv")
    repo.git("commit", "--quiet", "--message", "Not yet")
    assert counts(built(repo)) == (3, 0, 1)
    assert flavors.index(repo, "mono") == rows


def test_what_the_remote_lacks_of_a_flavor_is_converted(repo: Repo) -> None:
    """A clone asks the remote for what was built, and for the sources of what it does not have."""
    made = flavors.index(repo, "mono")["audio/a.wav"]
    (repo.path.parent / "dataset.media" / "files" / "md5" / made["md5"][:2] / made["md5"][2:]).unlink()
    clone = repo.clone("clone")
    assert counts(built(clone)) == (3, 1, 1)
    assert flavors.index(clone, "mono")["audio/a.wav"] == made
    cache = flavors.objects(clone.path / ".dvc" / "cache")
    sources = {name: row["source_md5"] for name, row in flavors.index(clone, "mono").items()}
    assert cache == {row["md5"] for row in flavors.index(clone, "mono").values()} | {sources["audio/a.wav"]}


def test_objects_that_nobody_has_are_named_with_their_files(repo: Repo) -> None:
    """And nothing of the flavor is left half made."""
    shutil.rmtree(repo.path.parent / "dataset.media" / "files")
    clone = repo.clone("clone")
    index = (clone.path / "flavors/mono.media.csv").read_bytes()
    with pytest.raises(ObjectError, match="neither in the cache nor in the remote") as error:
        built(clone)
    assert any(line.startswith("audio/a.wav: object ") for line in error.value.details)
    assert (clone.path / "flavors/mono.media.csv").read_bytes() == index


def test_a_file_that_cannot_be_decoded_is_named(repo: Repo) -> None:
    """All others are converted before that is said, and for the next time; git's index is as it was."""
    broken = bytearray(tone(0.2, 22050, format="flac", pitch=200))
    broken[-2000:] = bytes(2000)
    (repo.path / "audio" / "bad.flac").write_bytes(broken)
    (repo.path / "audio" / "new.wav").write_bytes(flavors.NEW)
    repo.audiodvc("add", "audio")
    (repo.path / "flavors/mono.media.csv").unlink()
    with pytest.raises(ConversionError, match="1 file cannot be converted") as error:
        built(repo)
    assert error.value.details[0].startswith("audio/bad.flac: ")
    assert not (repo.path / "flavors/mono").exists()
    assert repo.git("status", "--short", "flavors") == ""
    (repo.path / "audio" / "bad.flac").unlink()
    repo.audiodvc("add", "audio")
    assert counts(built(repo)) == (4, 0, 1)


def test_attachments_are_no_part_of_a_flavor(repo: Repo) -> None:
    """The resolver hands them out as they are, and so does it a flavor that is up to date."""
    header = repo.path / "db.yaml"
    header.write_text(header.read_text() + "attachments: {spoken: {path: audio/c.flac}}\n")
    assert counts(built(repo)) == (2, 0, 1)
    said = repo.run("audiodvc", "validate").stdout
    assert (
        "AD005 flavor 'mono' is not the one that flavors/mono.media.csv lists" in said
    )  # before `dvc repro`
    assert "AD005 flavor 'low' was made from other media: 1 gone" in said


def test_media_that_have_no_index_are_not_passed_over(repo: Repo) -> None:
    """Their flavor would lack them without a word."""
    (repo.path / "more").mkdir()
    (repo.path / "more" / "m.wav").write_bytes(flavors.NEW)
    repo.dvc("add", "more")
    done = repo.run("audiodvc", "flavor", "build", "mono")
    assert (done.returncode, "more has no media index" in done.stderr) == (3, True)


def test_a_flavor_that_the_settings_do_not_name_is_refused(repo: Repo) -> None:
    """With those that they name."""
    with pytest.raises(UsageError, match=r"no flavor 'stereo' \(it names mono, low\)"):
        built(repo, "stereo")


def test_a_large_flavor_spares_dvc_the_hashing(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """DVC is told what we know of every file."""
    monkeypatch.setattr(build, "_WORTH_TELLING", 0)
    built(repo)
    found = dataset.find(repo.path)
    with found.workspace() as workspace:
        entries = list(disk.walk(str(repo.path / "flavors" / "mono")))
        known = workspace.known(entries)
    made = {
        str(repo.path / "flavors/mono" / name): row["md5"]
        for name, row in flavors.index(repo, "mono").items()
    }
    assert known == made


def test_a_dataset_without_media_has_an_empty_flavor(make_repo: MakeRepo) -> None:
    """Until there are some."""
    repo = make_repo()
    repo.commit(header="name: d\nsource: s\nusage: unrestricted\n")
    repo.audiodvc("flavor", "add", "mono", "--mixdown")
    assert counts(built(repo)) == (0, 0, 0)
    assert (repo.path / "flavors/mono.media.csv").read_text() == ",".join(mediaindex.FLAVOR_FIELDS) + "\n"


def test_status_and_add_know_flavors(repo: Repo) -> None:
    """They are no media folders, and their objects are pushed like others."""
    said = repo.audiodvc("status")
    assert "flavors" not in said
    assert "dataset.media: has every object" in said
    made = flavors.index(repo, "mono")["audio/a.wav"]["md5"]
    (repo.path.parent / "dataset.media" / "files" / "md5" / made[:2] / made[2:]).unlink()
    assert "1 object" in repo.audiodvc("status")
    (repo.path / "audio" / "new.wav").write_bytes(flavors.NEW)
    assert "audio  1 added, 4 unchanged" in repo.audiodvc("add", "audio")
    lines = mediaindex.parse_flavor((repo.path / "flavors/mono.media.csv").read_bytes(), "x")
    assert mediaindex.dump_flavor(lines) == (repo.path / "flavors/mono.media.csv").read_bytes()
    assert hashlib.md5(b"", usedforsecurity=False).hexdigest() not in {one.source for one in lines}
