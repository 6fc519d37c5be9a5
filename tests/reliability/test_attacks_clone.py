"""Whoever clones what somebody else wrote and works in it loses nothing: no file, no secret, no command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builder import Repo, tone
from tests.reliability import hostile, traps
from tests.reliability.clones import CODES, DOES, LOOKS, Clone, Said, clone, settings
from tests.reliability.hostile import ATTACKS, Attack, World, prepare
from tests.reliability.tally import count, rounds
from tests.reliability.traps import TRAPS
from tests.servers_media import Http, http_server

__all__ = ["http_server"]

PRIVATE = "XYZZY-PRIVATE"
FEW = (
    "table is a link",
    "list nests deeply",
    "pointer is nested deeply",
    "configuration names files and programs",
)
"""Of the attacks on those who load a dataset, those tried on a clone each time."""
CLONED = [
    name
    for name in ATTACKS
    # What lies in `.git` comes with no clone; a repository on this machine may have a folder for a remote.
    if "beside the repository" not in name and name != "remote is the user's folder"
]
QUICK = ("status", "doctor", "textconv", "hook", "fmt", "add", "flavor", "erase", "release")
"""The verbs that they are tried with each time."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """A dataset without a fault, and its remote."""
    return hostile.make(tmp_path_factory.mktemp("sound"), repo_template)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A user with files and settings; at the end all of that is as it was."""
    made = World.make(tmp_path / "world")
    made.victim.write_text(f"{PRIVATE}\n")
    for name, value in settings(made).items():
        monkeypatch.setenv(name, value)
    before = made.seen("origin")
    yield made
    assert made.seen("origin") == before
    assert not made.mark.exists()


@pytest.fixture
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own settings of DVC, and an environment, with secrets in them."""
    path = tmp_path / "own" / "config"
    path.parent.mkdir()
    path.write_text(traps.OWN.format(secret=PRIVATE))
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(path.parent))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"AKIA{PRIVATE}")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", PRIVATE)
    return path


def attacked(sound: Path, world: World, attack: Attack) -> Clone | None:
    """A clone of a dataset with an attack; none where git refuses to check that out."""
    return clone(prepare(sound, world.root / "origin", attack, **world.words), world)


def judge(said: list[Said]) -> str:
    """All that was said, once no verb has failed otherwise than it should, or given something away."""
    for one in said:
        assert one.code in CODES, one
        assert PRIVATE not in one.text, one
        assert "\x1b" not in one.text, one
    return "\n".join(one.text for one in said)


@pytest.mark.parametrize("name", TRAPS)
def test_nothing_comes_of_a_trap(
    sound: Path, world: World, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """No verb writes where a link leads, or believes what a clone should have by itself alone."""
    trap = TRAPS[name]
    here = attacked(sound, world, trap.attack)
    assert here is not None
    if ("add", "new") in trap.verbs:
        (here.repo.path / "new").mkdir()
        shutil.copy(here.repo.path / "audio" / "a.wav", here.repo.path / "new" / "x.wav")
    verbs = rounds(0, 1) and (*LOOKS, *DOES)
    said = judge(list(here.calls([*trap.verbs, *(verbs or ())])))
    assert re.search(trap.attack.says, said + caplog.text), said
    count("attacks", f"{trap.attack.kind} in a clone")


@pytest.mark.parametrize("name", CLONED if rounds(0, 1) else FEW)
def test_nothing_comes_of_what_a_dataset_holds(sound: Path, world: World, name: str) -> None:
    """What those who load a dataset are kept from, whoever works in a clone of it is kept from as well."""
    here = attacked(sound, world, ATTACKS[name])
    if here is not None:
        few = [words for words in (*LOOKS, *DOES) if words[0] in QUICK]
        judge(list(here.calls((*LOOKS, *DOES) if rounds(0, 1) else few)))
    count("attacks", f"{ATTACKS[name].kind} in a clone")


ASKING = (("status", "--remote"), ("hook", "pre-push", "origin", "url"))
"""Verbs that ask the remote."""


def test_no_program_of_a_remote_runs(
    sound: Path, world: World, http_server: Http, caplog: pytest.LogCaptureFixture
) -> None:
    """The remote is asked without what the dataset wants to be run first."""
    here = attacked(sound, world, Attack("", lambda _: traps.programs(http_server.url), "harmless"))
    assert here is not None
    judge(list(here.calls(ASKING)))
    assert http_server.requests
    assert re.search(r"left out .*remote\.storage\.configpath", caplog.text)
    count("attacks", "programs of a remote, in a clone")


@pytest.mark.usefixtures("own_settings")
@pytest.mark.parametrize("kind", ["http", "s3"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # DVC has not followed aiohttp yet
def test_no_secret_of_the_user_goes_to_a_server_of_the_datasets(
    sound: Path, world: World, http_server: Http, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Neither those for a remote that is called the same, nor those of the environment."""
    url = f"{http_server.url}/x" if kind == "http" else f"s3://media\n    endpointurl = {http_server.url}"
    here = attacked(sound, world, Attack(kind, lambda _: traps.elsewhere(url), "harmless"))
    assert here is not None
    verbs = (
        ASKING if kind == "s3" else (("flavor", "add", "low", "--channels", "0"), ("flavor", "build", "low"))
    )
    judge(list(here.calls(verbs)))
    assert http_server.requests
    assert PRIVATE not in str(http_server.requests)
    assert not [one for one in http_server.headers if "Authorization" in one]
    assert "your own settings for 'storage' are for another place, and were not used" in caplog.text
    count("attacks", "a server that wants a password, in a clone")


def test_media_go_to_no_folder_that_a_dataset_from_elsewhere_names(
    sound: Path, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Until the user has let it, which is said."""
    here = attacked(sound, world, Attack("folder", lambda _: traps.elsewhere("@home@"), "harmless"))
    assert here is not None
    here.repo.git("remote", "set-url", "origin", "https://example.org/dataset.git")
    (here.repo.path / "audio" / "c.wav").write_bytes(tone(0.1))
    verbs = (("status",), ("add", "audio"), ("hook", "pre-push", "origin", "url"), ("release", "3.0.0"))
    judge(list(here.calls(verbs)))
    assert "left out are the settings remote.storage" in caplog.text
    assert "lets media of 'storage' go to a folder of this machine" in here.call("install").text
    count("attacks", "configuration in a clone")


FORMS = (
    *(word for word in LOOKS if word[0] in {"status", "doctor", "fmt", "conflicts", "flavor"}),
    ("blame", "mood", "audio/a.wav"),
    ("fmt", "--diff"),
    *(("validate", "--format", form) for form in ("text", "json", "github", "sarif")),
    *(("diff", "v1.0.0", "HEAD", "--format", form) for form in ("text", "json", "markdown")),
    ("release", "--dry-run"),
    ("hook", "pre-commit"),
    ("erase", "audio/a.wav", "--reason", "asked", "--dry-run"),
)
"""Every verb and format that shows what somebody else has written."""


def test_words_of_others_are_words(sound: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels, paths, authors and messages steer no terminal or build server, and are no markup of a page."""
    summary = world.cache / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    origin = prepare(sound, world.root / "origin", Attack("", traps.steering, "harmless"), **world.words)
    sign(
        origin,
        f"Mallory {traps.ESCAPES} {traps.COMMANDS}",
        f"{traps.COMMANDS}\n\n{traps.ESCAPES} {traps.MARKUP}",
    )
    here = clone(origin, world)
    assert here is not None
    for one in here.calls(FORMS):
        assert one.code in CODES, one
        # A patch and JSON are for programs: on a terminal both are shown otherwise.
        is_data = re.search("--diff|json|sarif", one.verb)
        assert is_data or not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", one.text), one
        steers = [line for line in one.text.splitlines() if steering(line, is_ours="github" in one.verb)]
        assert not steers, (one.verb, steers)
        if "json" in one.verb or "sarif" in one.verb:
            json.loads(one.text)
        if "markdown" in one.verb:
            assert_inert(one.text)
    assert_inert(summary.read_text("utf-8"))
    count("attacks", "words that steer, in a clone")


def sign(repo: Repo, author: str, message: str) -> None:
    """Let the last commit be by somebody who calls himself so."""
    who = {"GIT_AUTHOR_NAME": author, "GIT_COMMITTER_NAME": author}
    words = ["git", "commit-tree", "main^{tree}", "-p", "v1.0.0", "-m", message]
    done = subprocess.run(
        words, cwd=repo.path, env={**os.environ, **who}, capture_output=True, text=True, check=True
    )
    repo.git("update-ref", "refs/heads/main", done.stdout.strip())


def steering(line: str, *, is_ours: bool) -> bool:
    """Whether a build server takes a line of output for a command, other than ours on a finding."""
    said = line.lstrip()
    if is_ours and re.match(r"::(error|warning) file=[^:,]+,line=\d+,col=\d+,title=[A-Z]{2}\d{3}::", said):
        return False
    return said.startswith("::") or ("##[" in said and not is_ours)


def assert_inert(page: str) -> None:
    """No markup in a page is anybody else's."""
    for text in re.findall(r"```diff\n.*?```", page, re.DOTALL):
        page = page.replace(text, "")
    bare = re.sub(r"`[^`\n]*`", "", page)
    assert not re.search(r"(?<!\\)<img|(?<!\\)\]\(|(?<!\\)@ada", bare), bare
    assert bare.count("<details>") == bare.count("</details>")


def test_git_runs_nothing_of_the_dataset_through_us(
    sound: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither modules that are called as ours, nor what its attributes, stages and settings of git name."""
    program = world.cache / "bin" / "audiodvc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m audiodvc "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    attack = Attack("", lambda lair: {**traps.stages(lair), **traps.modules(lair)}, "harmless")
    here = attacked(sound, world, attack)
    assert here is not None
    repo = here.repo
    repo.audiodvc("install")
    table = (repo.path / "db.mood.csv").read_text()
    (repo.path / "db.mood.csv").write_text(table.replace("b.wav,wild", "b.wav,calm"))
    assert "+audio/b.wav  mood: calm" in repo.git("diff")
    repo.run("git", "commit", "--quiet", "--all", "--message", "Mine")
    repo.git("checkout", "--quiet", "-b", "other", "HEAD^")
    (repo.path / "db.mood.csv").write_text(table.replace("a.wav,calm", "a.wav,wild"))
    repo.run("git", "commit", "--quiet", "--all", "--message", "Other")
    repo.git("merge", "--quiet", "main", "--no-edit")
    assert "a.wav,wild" in (repo.path / "db.mood.csv").read_text()
    assert "b.wav,calm" in (repo.path / "db.mood.csv").read_text()
    repo.run("git", "push", "--quiet", "origin", "other")
    judge(list(here.calls([*traps.BUILD, ("release", "--dry-run")])))
    assert not world.mark.exists()
    count("attacks", "programs in a clone", 7)


def test_no_verb_waits_for_a_pipe(sound: Path, world: World) -> None:
    """In an archive a text can be one that nobody writes to; it is named."""
    here = attacked(sound, world, Attack("", lambda _: {}, "harmless"))
    assert here is not None
    for name in ("db.yaml", "db.mood.csv", "audio.dvc", "audio.media.csv", "audiodvc.yaml", "dvc.yaml"):
        text = here.repo.path / name
        text.unlink()
        os.mkfifo(text)
        said = judge(list(here.calls((("status",), ("validate",), ("fmt",), ("doctor",)))))
        assert re.search(
            rf"{name}[^\n]* is neither a file nor a folder|{name}: not staged|no {name}", said
        ), said
        text.unlink()
        here.repo.git("checkout", "--quiet", "--", name)
        count("attacks", "pipes in a clone")


def test_pipes_and_devices_are_no_recordings(sound: Path, world: World) -> None:
    """Each is named, and nothing is added."""
    here = attacked(sound, world, Attack("", lambda _: {}, "harmless"))
    assert here is not None
    os.mkfifo(here.repo.path / "audio" / "c.wav")
    (here.repo.path / "audio" / "d.wav").symlink_to("/dev/zero")
    said = here.call("add", "audio")
    assert said.code == 3
    assert "audio/c.wav: neither a file nor a folder" in said.text
    assert "audio/d.wav: neither a file nor a folder" in said.text
    count("attacks", "pipes in a clone")


def test_a_branch_of_somebody_else_is_merged_or_left_to_its_reader(sound: Path, world: World) -> None:
    """Lists and pointers that lead elsewhere are a conflict, which can be settled; nothing is written."""
    here = attacked(sound, world, Attack("", traps.listed_above, "harmless"))
    assert here is not None
    repo = here.repo
    repo.git("checkout", "--quiet", "-B", "mine", "v1.0.0")
    (repo.path / "audio" / "c.wav").write_bytes(tone(0.1, pitch=900))
    repo.audiodvc("add", "audio")
    repo.git("commit", "--quiet", "--all", "--message", "Mine")
    repo.audiodvc("install")
    assert repo.run("git", "merge", "--quiet", "--no-edit", "main").returncode == 1
    verbs = (
        ("conflicts",),
        ("resolve", "audio.media.csv", "--theirs"),
        ("resolve", "--theirs"),
        ("status",),
        ("add", "audio"),
    )
    said = judge(list(here.calls(verbs)))
    assert "audio/../../x.wav" in said
    count("attacks", "merges of a branch")


def test_what_is_published_is_in_the_folder_that_was_named(sound: Path, world: World) -> None:
    """No link takes a file of the user's along, and no path leads out of the folder."""
    here = attacked(sound, world, Attack("", lambda _: {}, "harmless"))
    assert here is not None
    target = world.root / "origin" / "public.git"
    for name, data in traps.SUBMISSIONS.items():
        folder = world.cache / f"handed {name.replace('/', ' ')}"
        traps.submission(folder)
        path = folder / name
        if path.exists():
            path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(world.victim if data is None else data)
        words = (
            "publish",
            str(folder),
            "1.0.0",
            str(target),
            "--media",
            str(world.root / "origin" / "media"),
        )
        said = judge([here.call(*words)])
        assert name.split("/")[0] in said, (name, said)
        assert not holds(world.root / "origin", PRIVATE), name
        count("attacks", "links in a folder that is published")


def holds(folder: Path, text: str) -> bool:
    """Whether a file below a folder has this text in it."""
    return any(text.encode() in path.read_bytes() for path in folder.rglob("*") if is_plain(path))


def test_neither_pickles_nor_links_of_a_clone_are_published(sound: Path, world: World) -> None:
    """A loader would take the one instead of a table, and run it; the other is any file that it names."""
    here = attacked(sound, world, ATTACKS["pickle beside a table"])
    assert here is not None
    said = here.call("publish", ".", "3.0.0", str(world.root / "origin" / "public.git"))
    assert said.code == 3
    assert "db.mood.pkl came with the git repository" in said.text
    assert not world.mark.exists()
    for form in ("pkl", "parquet"):
        (here.repo.path / f"db.mood.{form}").unlink()
    (here.repo.path / "audio" / "a.wav").unlink()
    (here.repo.path / "audio" / "a.wav").symlink_to(world.victim)
    here.repo.git("add", "--force", "audio/a.wav")
    said = here.call("publish", ".", "3.0.0", str(world.root / "origin" / "public.git"))
    assert said.code == 3
    assert "1 file would be what a symbolic link in git leads to" in said.text
    assert not holds(world.root / "origin", PRIVATE)
    count("attacks", "programs in a clone")


def is_plain(path: Path) -> bool:
    """Whether this is a file itself, and no link to one."""
    return path.is_file() and not path.is_symlink()


def test_branches_and_tags_are_no_options(sound: Path, world: World) -> None:
    """However they are called: git takes what begins with `--` for one."""
    here = attacked(sound, world, Attack("", lambda _: {}, "harmless"))
    assert here is not None
    for ref in (
        "heads/--output=stolen",
        "tags/--output=stolen",
        "tags/-9.9.9",
        "remotes/origin/--upload-pack=x",
    ):
        here.repo.git("update-ref", f"refs/{ref}", "HEAD")
    here.repo.git("symbolic-ref", "HEAD", "refs/heads/--output=stolen")
    verbs = (
        ("status",),
        ("diff", "--", "--output=stolen", "HEAD"),
        ("validate", "--rev", "--output=stolen"),
        ("blame", "mood", "audio/a.wav", "--rev=--output=stolen"),
        ("release", "3.0.0"),
        ("erase", "audio/a.wav", "--reason", "asked", "--no-push"),
        ("hook", "post-checkout", "@v1.0.0", "@main", "1"),
    )
    judge(list(here.calls(verbs)))
    assert not list(world.root.rglob("stolen"))
    count("attacks", "names that look like options, in a clone", len(verbs))


def test_a_recording_that_claims_to_last_for_ages_is_no_more_than_it_is(sound: Path, world: World) -> None:
    """What its first bytes promise is neither waited for nor made room for."""
    here = attacked(sound, world, Attack("", lambda _: {}, "harmless"))
    assert here is not None
    data = bytearray(tone(1.0, format="flac"))
    data[21:26] = bytes([data[21] | 15]) + b"\xff" * 4  # how many samples there are, in 36 bits
    (here.repo.path / "audio" / "c.flac").write_bytes(data)
    judge(list(here.calls((("add", "audio"), ("flavor", "add", "low", "--sampling-rate", "8000")))))
    made = here.call("flavor", "build", "low")
    assert made.code in CODES
    assert sum(path.stat().st_size for path in (here.repo.path / "flavors").rglob("*")) < 2**20
    count("attacks", "sound that lies about itself, in a clone")
