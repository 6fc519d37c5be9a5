"""`audiodvc add` on real git and DVC."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.builder import MakeRepo, Repo, tone

HEADER = "name: dataset\nsource: made by a test\nusage: unrestricted\n"


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    """A dataset without media."""
    made = make_repo()
    made.write(header=HEADER)
    return made


def put(repo: Repo, name: str, data: bytes = b"") -> Path:
    """Write a media file."""
    path = repo.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def index(repo: Repo, name: str = "audio") -> dict[str, dict[str, str]]:
    """The lines of a media index, by file."""
    with (repo.path / f"{name}.media.csv").open(newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


SPY = """
import os, runpy, sys
names = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
opened = lambda event, args: event == "open" and os.write(names, os.fsencode(f"{args[0]}\\n"))
sys.addaudithook(opened)
sys.argv[:] = sys.argv[2:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def opened(repo: Repo, *words: str) -> set[str]:
    """The names of the media files that a call opens."""
    trace = repo.path.parent / "trace"
    done = repo.run("python", "-c", SPY, str(trace), *words)
    assert done.returncode == 0, done.stderr
    return {Path(line).name for line in trace.read_text().splitlines() if line.endswith(".wav")}


def test_added_folder_has_pointer_index_and_ignore_line_staged(repo: Repo) -> None:
    """One call writes and stages all that a commit needs."""
    put(repo, "audio/a.wav", tone(0.5))
    repo.audiodvc("add", "audio/")
    staged = repo.git("diff", "--cached", "--name-only").split()
    assert {"audio.dvc", "audio.media.csv", ".gitignore", "dvc.yaml"} <= set(staged)
    assert "/audio\n" in (repo.path / ".gitignore").read_text()


@pytest.mark.parametrize(
    ("name", "form", "subtype", "expected"),
    [
        ("a.wav", "wav", "PCM_16", ("wav", "1", "16000", "16", "0.5")),
        ("a.wav", "wav", "FLOAT", ("wav", "1", "16000", "32", "0.5")),
        ("a.flac", "flac", "PCM_24", ("flac", "1", "16000", "24", "0.5")),
        ("a.ogg", "ogg", "VORBIS", ("ogg", "1", "16000", "", "0.5")),
        ("a.opus", "ogg", "OPUS", ("opus", "1", "16000", "", "0.5")),
        ("a.aiff", "aiff", "PCM_16", ("aiff", "1", "16000", "16", "0.5")),
    ],
)
def test_header_of_sound_is_in_the_index(
    repo: Repo, name: str, form: str, subtype: str, expected: tuple[str, ...]
) -> None:
    """Format, channels, rate, depth and duration come from the file."""
    put(repo, f"audio/{name}", tone(0.5, format=form, subtype=subtype))
    repo.audiodvc("add", "audio")
    row = index(repo)[f"audio/{name}"]
    assert tuple(row[f] for f in ("format", "channels", "sampling_rate", "bit_depth", "duration")) == expected


def test_mp3_is_probed(repo: Repo) -> None:
    """An mp3 has a duration and no bit depth."""
    put(repo, "more/file.mp3", tone(0.5, format="mp3"))
    repo.audiodvc("add", "more/file.mp3")
    row = index(repo, "more/file.mp3")["more/file.mp3"]
    assert (row["format"], row["channels"], row["bit_depth"]) == ("mp3", "1", "")
    assert float(row["duration"]) == pytest.approx(0.5, abs=0.1)


def test_other_files_are_tracked_with_empty_audio_cells(repo: Repo) -> None:
    """A text among the media is media too."""
    put(repo, "audio/read.TXT", b"hello")
    repo.audiodvc("add", "audio")
    assert list(index(repo)["audio/read.TXT"].values())[2:] == ["5", "txt", "", "", "", ""]


def test_content_decides_on_the_format_not_the_extension(repo: Repo) -> None:
    """A flac called wav is listed as flac, and a rule can say so."""
    put(repo, "audio/a.wav", tone(0.5, format="flac"))
    put(repo, "audio/b.dat", tone(0.5))
    repo.audiodvc("add", "audio")
    assert [row["format"] for row in index(repo).values()] == ["flac", "wav"]


def test_dvc_says_up_to_date_and_reads_no_media_file(repo: Repo) -> None:
    """DVC knows the hashes of all files from us."""
    for number in range(5):
        put(repo, f"audio/{number}.wav", tone(0.2, pitch=200 + number))
    repo.audiodvc("add", "audio")
    assert "up to date" in repo.dvc("status", "audio.dvc")
    assert opened(repo, "dvc", "status", "audio.dvc") == set()


def test_the_spy_sees_a_file_that_dvc_does_read(repo: Repo) -> None:
    """The measure of the test above can fail."""
    put(repo, "audio/a.wav", tone(0.2))
    repo.audiodvc("add", "audio")
    put(repo, "audio/a.wav", tone(0.3))
    assert opened(repo, "dvc", "status", "audio.dvc") == {"a.wav"}


@pytest.mark.parametrize("links", ["reflink,copy", "copy", "hardlink", "symlink", "hardlink,symlink"])
def test_plain_dvc_agrees_with_pointer_and_links(repo: Repo, links: str) -> None:
    """`dvc add` of the same folder changes neither pointer nor cache, whatever the link type."""
    repo.dvc("config", "cache.type", links)
    put(repo, "audio/a.wav", tone(0.2))
    put(repo, "audio/deep/b.wav", tone(0.3))
    put(repo, "audio/ümlaut.wav", tone(0.3))
    put(repo, "single.wav", tone(0.4))
    repo.audiodvc("add", "audio", "single.wav")
    pointers = [(repo.path / name).read_bytes() for name in ("audio.dvc", "single.wav.dvc")]
    kinds = [kind(repo, name) for name in ("audio/a.wav", "single.wav")]
    objects = sorted(path.name for path in (repo.path / ".dvc/cache/files/md5").rglob("*"))
    assert "up to date" in repo.dvc("status", "audio.dvc", "single.wav.dvc")
    repo.dvc("add", "audio", "single.wav")
    assert [(repo.path / name).read_bytes() for name in ("audio.dvc", "single.wav.dvc")] == pointers
    assert [kind(repo, name) for name in ("audio/a.wav", "single.wav")] == kinds
    assert sorted(path.name for path in (repo.path / ".dvc/cache/files/md5").rglob("*")) == objects


def kind(repo: Repo, name: str) -> tuple[bool, bool, bool]:
    """How a file hangs together with the cache: by symlink, by hardlink, and whether it can be written."""
    path = repo.path / name
    return path.is_symlink(), path.stat().st_nlink > 1, bool(path.stat().st_mode & 0o200)


@pytest.mark.parametrize("links", ["hardlink", "symlink"])
def test_linked_file_is_the_read_only_object(repo: Repo, links: str) -> None:
    """With links the folder holds no second copy, and nobody writes into the cache by accident."""
    repo.dvc("config", "cache.type", links)
    path = put(repo, "audio/a.wav", tone(0.2))
    repo.audiodvc("add", "audio")
    objects = [entry for entry in (repo.path / ".dvc/cache/files/md5").rglob("*") if entry.is_file()]
    assert any(entry.samefile(path) for entry in objects)
    assert path.stat().st_mode & 0o222 == 0


def test_executable_file_has_the_pointer_that_dvc_writes(repo: Repo) -> None:
    """DVC keeps the executable bit of a single file in its pointer."""
    put(repo, "tool.sh", b"#!/bin/sh\n").chmod(0o755)
    repo.audiodvc("add", "tool.sh")
    ours = (repo.path / "tool.sh.dvc").read_bytes()
    repo.dvc("add", "tool.sh")
    assert b"isexec: true" in ours
    assert (repo.path / "tool.sh.dvc").read_bytes() == ours


def test_clone_with_dvc_pull_has_the_same_bytes(repo: Repo) -> None:
    """What was added here arrives elsewhere by plain git and DVC."""
    repo.commit(media={"audio/a.wav": tone(0.2), "audio/x/b.flac": tone(0.3, format="flac")})
    repo.dvc("push")
    other = repo.clone("other")
    other.dvc("pull")
    for name in ("audio/a.wav", "audio/x/b.flac"):
        assert (other.path / name).read_bytes() == (repo.path / name).read_bytes()


def test_only_new_and_changed_files_are_read(repo: Repo) -> None:
    """Unchanged files are not even opened."""
    put(repo, "audio/old.wav", tone(0.2))
    put(repo, "audio/gone.wav", tone(0.25))
    repo.audiodvc("add", "audio")
    before = index(repo)["audio/old.wav"]
    put(repo, "audio/new.wav", tone(0.3))
    (repo.path / "audio/gone.wav").unlink()
    assert opened(repo, "audiodvc", "add", "audio") == {"new.wav"}
    assert index(repo).keys() == {"audio/old.wav", "audio/new.wav"}
    assert index(repo)["audio/old.wav"] == before


def test_adding_again_changes_nothing(repo: Repo) -> None:
    """Twice is once."""
    put(repo, "audio/a.wav", tone(0.2))
    repo.audiodvc("add", "audio")
    before = {path: path.stat().st_mtime_ns for path in repo.path.glob("audio.*")}
    assert "1 unchanged" in repo.audiodvc("add", "audio")
    assert {path: path.stat().st_mtime_ns for path in repo.path.glob("audio.*")} == before


def test_folder_of_plain_dvc_only_gets_its_index(repo: Repo) -> None:
    """The hash of a pointer that DVC wrote stays."""
    put(repo, "audio/a.wav", tone(0.2))
    repo.dvc("add", "audio")
    before = (repo.path / "audio.dvc").read_text()
    repo.audiodvc("add", "audio")
    assert (repo.path / "audio.dvc").read_text().startswith(before)
    assert index(repo).keys() == {"audio/a.wav"}


def test_keys_and_comments_of_a_pointer_stay(repo: Repo) -> None:
    """What people write into a pointer is theirs."""
    put(repo, "audio/a.wav", tone(0.2))
    repo.audiodvc("add", "audio")
    pointer = repo.path / "audio.dvc"
    pointer.write_text("# recorded in May\n" + pointer.read_text() + "  owner: Ada\ndesc: clean takes\n")
    put(repo, "audio/b.wav", tone(0.3))
    repo.audiodvc("add", "audio")
    text = pointer.read_text()
    assert "# recorded in May" in text
    assert "owner: Ada" in text
    assert "desc: clean takes" in text
    assert "nfiles: 2" in text


def test_single_file_of_a_tracked_folder_leaves_the_others_alone(repo: Repo) -> None:
    """In a clone without media one can still add one file."""
    repo.commit(media={"audio/a.wav": tone(0.2), "audio/b.wav": tone(0.3)})
    repo.dvc("push")
    other = repo.clone("other")
    put(other, "audio/c.wav", tone(0.4))
    other.audiodvc("add", "audio/c.wav")
    assert index(other).keys() == {"audio/a.wav", "audio/b.wav", "audio/c.wav"}
    assert "nfiles: 3" in (other.path / "audio.dvc").read_text()
    other.dvc("pull")
    assert "up to date" in other.dvc("status", "audio.dvc")


def test_files_that_were_never_pulled_do_not_leave_the_index_by_accident(repo: Repo) -> None:
    """A half-empty folder of a fresh clone is no wish to delete."""
    repo.commit(media={"audio/a.wav": tone(0.2), "audio/b.wav": tone(0.3)})
    other = repo.clone("other")
    put(other, "audio/c.wav", tone(0.4))
    refused = other.run("audiodvc", "add", "audio")
    assert refused.returncode == 3
    assert "audio/a.wav" in refused.stderr
    assert "--drop-missing" in refused.stderr
    other.audiodvc("add", "--drop-missing", "audio")
    assert index(other).keys() == {"audio/c.wav"}


def test_object_that_dvc_status_hashed_but_never_stored_is_stored(repo: Repo) -> None:
    """DVC's state knows hashes of files that are not in its cache."""
    put(repo, "audio/a.wav", tone(0.2))
    repo.audiodvc("add", "audio")
    put(repo, "audio/a.wav", tone(0.3))
    repo.run("dvc", "status", "audio.dvc")
    repo.audiodvc("add", "audio")
    repo.dvc("push")
    assert "up to date" in repo.dvc("status", "audio.dvc")
    assert "Cache and remote 'storage' are in sync" in repo.dvc("status", "--cloud")


def test_faults_of_all_files_are_named_at_once_and_nothing_is_done(repo: Repo) -> None:
    """One error for bad names, broken links and links to folders."""
    put(repo, "audio/good.wav", tone(0.2))
    put(repo, "audio/a:b.wav", tone(0.2))
    put(repo, "audio/Case.wav", tone(0.2))
    put(repo, "audio/case.wav", tone(0.2))
    (repo.path / "audio/broken.wav").symlink_to("nowhere.wav")
    (repo.path / "audio/folder").symlink_to(repo.path)
    done = repo.run("audiodvc", "add", "audio")
    assert done.returncode == 3
    for fault in (
        "a:b.wav",
        "Case.wav and audio/case.wav",
        "broken.wav: a broken link",
        "folder: a link to a",
    ):
        assert fault in done.stderr
    assert "Traceback" not in done.stderr
    assert nothing_done(repo)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root reads every file")
def test_unreadable_file_is_named_and_nothing_is_done(repo: Repo) -> None:
    """A file without permission stops the call before anything is written."""
    put(repo, "audio/a.wav", tone(0.2)).chmod(0)
    done = repo.run("audiodvc", "add", "audio")
    assert done.returncode == 3
    assert "audio/a.wav: permission denied" in done.stderr
    assert nothing_done(repo)


def test_audio_that_cannot_be_opened_is_refused_unless_allowed(repo: Repo) -> None:
    """Broken audio is named; --allow-broken tracks it with empty cells."""
    put(repo, "audio/a.wav", b"this is no sound")
    put(repo, "audio/b.flac", b"")
    done = repo.run("audiodvc", "add", "audio")
    assert done.returncode == 3
    assert "audio/a.wav" in done.stderr
    assert "audio/b.flac" in done.stderr
    assert nothing_done(repo)
    repo.audiodvc("add", "--allow-broken", "audio")
    assert index(repo)["audio/a.wav"]["format"] == "wav"
    assert index(repo)["audio/a.wav"]["duration"] == ""


def nothing_done(repo: Repo) -> bool:
    """Whether no file of `add` is there."""
    made = ["audio.dvc", "audio.media.csv", ".gitignore", "dvc.yaml"]
    return not any((repo.path / name).exists() for name in made)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nowhere", "nowhere does not exist"),
        ("../outside", "is not in the dataset"),
        (".", "is the dataset itself"),
        ("empty", "holds no files"),
    ],
)
def test_target_that_cannot_be_added_is_said(repo: Repo, target: str, says: str) -> None:
    """One line says what is wrong with a target."""
    (repo.path / "empty").mkdir()
    done = repo.run("audiodvc", "add", target)
    assert done.returncode in (2, 3)
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_audio_in_git_is_not_tracked_twice(repo: Repo) -> None:
    """Files that git tracks must leave git first."""
    put(repo, "audio/a.wav", tone(0.2))
    repo.git("add", "audio")
    done = repo.run("audiodvc", "add", "audio")
    assert done.returncode == 3
    assert "audio is tracked by git (1 file)" in done.stderr
    assert "git rm -r --cached audio" in done.stderr


def test_names_collide_across_media_folders(repo: Repo) -> None:
    """Two media folders whose files would be one on another system."""
    put(repo, "audio/x/a.wav", tone(0.2))
    repo.audiodvc("add", "audio")
    put(repo, "Audio/x/a.wav", tone(0.3))
    done = repo.run("audiodvc", "add", "Audio")
    assert done.returncode == 3
    assert "Audio/x/a.wav and audio/x/a.wav: one name to systems that ignore case" in done.stderr


def test_index_of_media_that_were_moved_goes_with_them(repo: Repo) -> None:
    """Also where the new name is the old one to some systems; what was never committed needs no way back."""
    repo.commit(media={"audio/a.wav": tone(0.2)})
    put(repo, "more.wav", tone(0.3))
    repo.audiodvc("add", "more.wav")
    repo.dvc("move", "audio", "Audio")
    repo.dvc("remove", "more.wav.dvc", "--outs")
    done = repo.run("audiodvc", "add", "Audio")
    assert done.returncode == 0, done.stderr
    back = "`git restore --staged --worktree audio.dvc audio.media.csv` brings both back"
    assert done.stderr.splitlines() == [
        f"audio.media.csv removed: audio and its pointer are gone ({back})",
        "more.wav.media.csv removed: more.wav and its pointer are gone",
    ]
    repo.git("commit", "--quiet", "--no-verify", "--message", "Move")
    assert repo.git("ls-files", "*.dvc", "*.media.csv").split() == ["Audio.dvc", "Audio.media.csv"]
    assert "more.wav" not in (repo.path / "dvc.yaml").read_text()


def test_index_without_pointer_stays_while_its_media_are_here(repo: Repo) -> None:
    """Whether they are to be tracked is not for another `add` to say."""
    repo.commit(media={"audio/a.wav": tone(0.2)})
    repo.dvc("remove", "audio.dvc")
    put(repo, "more.wav", tone(0.3))
    repo.audiodvc("add", "more.wav")
    assert index(repo).keys() == {"audio/a.wav"}
    repo.audiodvc("add", "audio")
    assert "up to date" in repo.dvc("status", "audio.dvc")


def test_media_that_are_gone_with_their_pointer_are_said_to_be(repo: Repo) -> None:
    """Not only that they do not exist."""
    repo.commit(media={"audio/a.wav": tone(0.2)})
    repo.dvc("remove", "audio.dvc", "--outs")
    done = repo.run("audiodvc", "add", "audio")
    assert done.returncode == 3
    assert "audio does not exist (its pointer is gone, too: was it moved? Add its new place" in done.stderr


def test_pattern_of_dvcignore_is_followed(repo: Repo) -> None:
    """What DVC leaves out of a folder we leave out, so that the hashes agree."""
    (repo.path / ".dvcignore").write_text("*.tmp\n")
    put(repo, "audio/a.wav", tone(0.2))
    put(repo, "audio/a.tmp", b"x")
    repo.audiodvc("add", "audio")
    assert index(repo).keys() == {"audio/a.wav"}
    assert "up to date" in repo.dvc("status", "audio.dvc")


def test_name_with_glob_characters_is_ignored_as_it_is(repo: Repo) -> None:
    """`.gitignore` reads patterns; a folder's name is none."""
    put(repo, "take [1]*/a.wav", tone(0.2))
    put(repo, "take 1/b.txt", b"")
    repo.audiodvc("add", "take [1]*")
    untracked = repo.git("ls-files", "--others", "--exclude-standard")
    assert "take 1/b.txt" in untracked
    assert "a.wav" not in untracked


def test_lock_of_a_dead_dvc_does_not_stop_us(repo: Repo) -> None:
    """A killed `dvc add` leaves its second lock behind."""
    put(repo, "audio/a.wav", tone(0.2))
    lock = repo.path / ".dvc/tmp/rwlock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text('{"%s": {"write": {"pid": 999999, "cmd": "dvc add"}}}' % (repo.path / "audio"))
    repo.audiodvc("add", "audio")
    assert index(repo)


def test_dvc_is_kept_out_while_we_work(repo: Repo) -> None:
    """Our lock is DVC's lock."""
    code = (
        "from pathlib import Path; from audiodvc.adapters import dvc_lock\n"
        "with dvc_lock.locked(Path('.').resolve()): print('held', flush=True); input()"
    )
    put(repo, "audio/a.wav", tone(0.2))
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=repo.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        refused = repo.run("dvc", "add", "audio")
        holder.communicate("\n")
    assert refused.returncode != 0
    assert "Unable to acquire lock" in refused.stderr


def test_interrupted_add_can_be_repeated(repo: Repo) -> None:
    """Ctrl-C in the middle leaves a repository that works, and no worker behind."""
    sound = [tone(0.05, pitch=200 + number) for number in range(50)]
    for number in range(6000):
        put(repo, f"audio/{number}.wav", sound[number % 50] + number.to_bytes(4, "big"))
    with subprocess.Popen(
        [sys.executable, "-m", "audiodvc", "add", "audio"],
        cwd=repo.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as adding:
        objects = repo.path / ".dvc/cache/files/md5"
        while adding.poll() is None and not any(objects.glob("*/*")):
            time.sleep(0.01)
        adding.send_signal(signal.SIGINT)
        _, stderr = adding.communicate()
    assert adding.returncode == 130
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert not (repo.path / "audio.dvc").exists()
    assert not list(objects.glob("*/*.tmp"))
    repo.audiodvc("add", "audio")
    assert len(index(repo)) == 6000
    assert "up to date" in repo.dvc("status", "audio.dvc")


def test_large_file_is_stored_whole(repo: Repo) -> None:
    """A file that does not fit into one read has the hash that DVC gives it."""
    put(repo, "audio/long.wav", tone(200))
    repo.audiodvc("add", "audio")
    ours = (repo.path / "audio.dvc").read_bytes()
    repo.dvc("add", "audio")
    assert (repo.path / "audio.dvc").read_bytes() == ours
    repo.dvc("push")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--message", "long")
    other = repo.clone("other")
    other.dvc("pull")
    assert (other.path / "audio/long.wav").read_bytes() == tone(200)


@pytest.mark.parametrize(
    "target", ["audio.dvc", "audio.media.csv", "db.yaml", "dvc.yaml", "dvc.lock", ".git", ".dvc"]
)
def test_own_files_of_a_dataset_are_no_media(repo: Repo, target: str) -> None:
    """Pointers, indexes and tables are text for git."""
    put(repo, "audio/a.wav", tone(0.2))
    repo.audiodvc("add", "audio")
    done = repo.run("audiodvc", "add", target)
    assert done.returncode == 3
    assert "belongs to the dataset's own files" in done.stderr


def test_import_of_dvc_is_left_to_dvc(repo: Repo) -> None:
    """A pointer with a dependency is brought up to date by DVC alone."""
    source = repo.path.parent / "source.wav"
    source.write_bytes(tone(0.2))
    repo.dvc("import-url", str(source), "a.wav")
    before = (repo.path / "a.wav.dvc").read_bytes()
    done = repo.run("audiodvc", "add", "a.wav")
    assert done.returncode == 3
    assert "dvc update" in done.stderr
    assert (repo.path / "a.wav.dvc").read_bytes() == before


@pytest.mark.parametrize("links", ["hardlink", "symlink"])
def test_refused_files_are_not_made_links(repo: Repo, links: str) -> None:
    """Until all is known good the user's own files are as they were: whole, and theirs to write."""
    repo.dvc("config", "cache.type", links)
    good = put(repo, "audio/a.wav", tone(0.2))
    put(repo, "audio/c.wav", b"")
    assert repo.run("audiodvc", "add", "audio").returncode == 3
    assert kind(repo, "audio/a.wav") == (False, False, True)
    assert good.read_bytes() == tone(0.2)


def test_uneditable_stages_stop_before_anything_is_written(repo: Repo) -> None:
    """A broken dvc.yaml is said first."""
    put(repo, "audio/a.wav", tone(0.2))
    (repo.path / "dvc.yaml").write_text("stages: [\n")
    done = repo.run("audiodvc", "add", "audio")
    assert done.returncode == 3
    assert "dvc.yaml" in done.stderr
    assert not (repo.path / "audio.dvc").exists()


def test_output_of_a_stage_is_not_tracked_twice(repo: Repo) -> None:
    """DVC would refuse every command afterwards."""
    repo.write(
        files={
            "dvc.yaml": "stages:\n  prep:\n    cmd: mkdir -p feats && echo 1 > feats/a\n    outs: [feats]\n"
        }
    )
    repo.dvc("repro", "prep")
    done = repo.run("audiodvc", "add", "feats")
    assert done.returncode == 3
    assert "made by a stage" in done.stderr


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("audio/x/.git/config", "belongs to a git repository"),
        ("audio/.dvcignore", "DVC allows no .dvcignore"),
    ],
)
def test_files_of_git_and_dvc_are_no_media(repo: Repo, name: str, says: str) -> None:
    """A repository inside a media folder would come back in every clone, with its settings."""
    put(repo, "audio/a.wav", tone(0.2))
    put(repo, name, b"x")
    done = repo.run("audiodvc", "add", "audio")
    assert done.returncode == 3
    assert says in done.stderr


def test_ignored_target_is_said(repo: Repo) -> None:
    """Where .dvcignore leaves nothing, there is nothing to track."""
    (repo.path / ".dvcignore").write_text("/audio\n")
    put(repo, "audio/a.wav", tone(0.2))
    done = repo.run("audiodvc", "add", "audio")
    assert done.returncode == 3
    assert ".dvcignore" in done.stderr


def test_odd_size_in_the_index_is_said_with_its_line(repo: Repo) -> None:
    """An index that someone broke by hand is not believed."""
    put(repo, "audio/a.wav", tone(0.2))
    repo.audiodvc("add", "audio")
    path = repo.path / "audio.media.csv"
    path.write_text(path.read_text().replace(f",{len(tone(0.2))},", ",big,"))
    done = repo.run("audiodvc", "add", "audio")
    assert done.returncode == 3
    assert "audio.media.csv:2" in done.stderr
