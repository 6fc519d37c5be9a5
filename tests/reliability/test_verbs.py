"""Every verb with odd words in odd folders: an exit code that is documented, one message, and no traceback.

A failure names the round that repeats it: `pytest tests/reliability/test_verbs.py -k NAME`.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from random import Random

import pytest

from audiodvc import dependencies, load
from tests.builder import Repo
from tests.reliability import oddcalls, oddfolders, soundfolders
from tests.reliability.oddcalls import Call
from tests.reliability.oddrun import Answer, OutsideError, Seen, answer, seen
from tests.reliability.tally import count, rounds

# Nothing may change, whatever they are told.
_READING = frozenset(
    [*"available blame cached conflicts diff doctor info status textconv versions".split(), "flavor list"]
)

# So do these with, or without, some options.
_READING_WITH = {"fmt": {"--check", "--diff"}, "release": {"--dry-run"}, "erase": {"--dry-run"}}
_READING_WITHOUT = {"gc": {"--yes"}, "verify": {"--repair"}, "validate": {"--fix", "--output", "--metrics"}}

_ANYWHERE = {"--cache-root", "-C", "AUDIODVC_CACHE_ROOT", "GITHUB_STEP_SUMMARY"}

_FEW = 1


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Path:
    """The sound dataset and its remote."""
    return soundfolders.make(tmp_path_factory.mktemp("sound"), repo_template).parent


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment in which all that a call may touch lies in the sandbox, which it returns."""
    sandbox = tmp_path / "sandbox"
    places = sandbox / "places"
    for name, value in {
        "HOME": places / "home",
        "TMPDIR": places / "tmp",
        "AUDIODVC_CACHE_ROOT": sandbox / "cache",
        "AUDIODVC_SHARED_CACHE_ROOT": "",
        # No name is looked up and nobody is asked for a password.
        "GIT_SSH_COMMAND": "false",
    }.items():
        monkeypatch.setenv(name, str(value))
    return sandbox


@pytest.mark.parametrize("name", oddfolders.FOLDERS)
def test_verbs_in_odd_folder(name: str, made: Path, sealed: Path) -> None:
    """Each call ends as documented, says why, and leaves alone what it has no business with."""
    verbs = oddcalls.verbs()
    first = list(oddfolders.FOLDERS).index(name) * _FEW
    folder = before = None
    for number in range(rounds(_FEW, 4 * len(verbs))):
        verb = verbs[(first + number) % len(verbs)]
        if folder is None or before is None:
            folder = _prepared(made, sealed, name)
            before = seen(sealed)
        call = oddcalls.draw(verb, sealed, Random(f"{name} {verb} {number}"))  # noqa: S311 - no secret
        done = answer(call, folder)
        where = f"{call.told()}\nin {name}: exit {done.code}\n{done.stdout[:2000]}{done.stderr[:4000]}"
        _hold(call, done, where)
        if before != (after := seen(sealed)):
            may = done.code not in (2, 70) and not _is_reading(call)
            assert may, f"{where}\nchanged {_changed(before, after)}"
        if before != after or not (_is_reading(call) or done.code in (2, 3)):
            folder = None
        count("fuzz", f"`{verb}` with odd words in an odd folder")


def test_call_cannot_write_elsewhere(sealed: Path, tmp_path: Path) -> None:
    """A word that leads out of the folder of the tests is a fault of the tests, and does nothing."""
    del sealed
    with pytest.raises(OutsideError):
        answer(Call(("init", "/proc/nothing"), "init"), tmp_path)


@pytest.mark.parametrize("verb", oddcalls.verbs())
def test_every_verb_tells_how_to_call_it(verb: str, tmp_path: Path) -> None:
    """Whatever else stands there; an option that is no option is named."""
    helped = answer(Call((*verb.split(), "--help"), verb), tmp_path)
    assert (helped.code, helped.stderr) == (0, "")
    assert helped.stdout.startswith(f"Usage: audiodvc {verb} ")
    for option in oddcalls.options(verb):
        assert option in helped.stdout
    wrong = answer(Call((*verb.split(), "--no-such-option"), verb), tmp_path)
    assert wrong.code == 2 or verb == "hook"  # which takes what git gives
    assert verb == "hook" or "No such option '--no-such-option'." in wrong.stderr


def test_generator_draws_every_option(sealed: Path) -> None:
    """Those of a verb that is new as well, since it reads them from the command."""
    for verb in oddcalls.verbs():
        drawn = {
            option
            for number in range(100)
            for option in oddcalls.draw(verb, sealed, Random(number)).options  # noqa: S311 - no secret
        }
        assert drawn >= set(oddcalls.options(verb)), verb


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("stauts", 2, "Error: No such verb 'stauts'. Did you mean 'status'?"),
        ("frobnicate", 2, "Error: No such verb 'frobnicate'."),
        ("flavor lst", 2, "Error: No such command 'lst'. Did you mean 'list'?"),
        ("diff --formt json", 2, "Error: No such option '--formt'. Did you mean '--format'?"),
        (
            "get . --workers many",
            2,
            "Error: Invalid value for '--workers': 'many' is not a valid whole number.",
        ),
        ("get . --bit-depth high", 2, "audiodvc: --bit-depth: 'high' is not a whole number"),
        ("flavor remove new", 2, "audiodvc: audiodvc.yaml names no flavor 'new' (it names low, mono)"),
        ("-C nowhere status", 3, "audiodvc: nowhere: no such folder (-C names it)"),
        (
            "init db.yaml",
            3,
            "audiodvc: {folder}/db.yaml is no folder (name one, or a place where nothing is)",
        ),
        (
            "info . --cache-root \udcff",
            3,
            "audiodvc: the cache '{folder}/\\udcff' is not UTF-8 (name another folder)",
        ),
        ("init loop", 3, "audiodvc: '{folder}/loop' is a link that leads to itself"),
        ("add loop/x", 3, "audiodvc: '{folder}/loop' is a link that leads to itself"),
        (
            "resolve db.yaml",
            3,
            "audiodvc: db.yaml has no conflict (`audiodvc conflicts` lists those that there are)",
        ),
        (
            "import-audb a,b --from .",
            3,
            "audiodvc: 'a,b' can be no name of a dataset of audb (A-Z a-z 0-9 . _ -)",
        ),
    ],
)
def test_wrong_word_is_named(words: str, code: int, said: str, made: Path, sealed: Path) -> None:
    """And the right one, where that can be told."""
    folder = _prepared(made, sealed, "a sound dataset")
    (folder / "loop").symlink_to("loop")
    done = answer(Call(tuple(words.split()), ""), folder)
    assert (done.code, done.stderr.splitlines()[-1]) == (code, said.format(folder=folder))


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("no repository", "status", "{folder} lies in no git repository (run `audiodvc init`)"),
        (
            "a git repository without a commit",
            "status",
            "no db.yaml in {folder} or above it (`audiodvc init` makes a dataset)",
        ),
        (
            "a bare repository",
            "status",
            "{folder} belongs to git itself, and is no work tree (work in a clone)",
        ),
        (
            "the folder .git",
            "install",
            "{folder} belongs to git itself, and is no work tree (work in a clone)",
        ),
        (
            "no header",
            "status",
            "no db.yaml in {folder} or above it, though git has one (`git restore db.yaml`)",
        ),
        (
            "a folder that was deleted",
            "status",
            "the current folder does not exist any more (`cd` to one that is there)",
        ),
        (
            "a broken index",
            "status",
            "git ls-files failed in {folder} (`git reset` makes the index anew, once .git/index is removed)",
        ),
        (
            "a .git that leads nowhere",
            "install",
            (
                "git gives no work tree for {folder} "
                "(what .git there leads to is gone: bring it back, or clone again)"
            ),
        ),
        (
            "a .git that is garbage",
            "diff",
            (
                "git gives no work tree for {folder} "
                "(the file .git there leads nowhere: mend it, or clone again)"
            ),
        ),
        (
            "a broken media index in git",
            "status",
            (
                "audio.media.csv is no media index: not UTF-8 (byte 0xff) "
                "(`git checkout` it, or remove it and add the media again)"
            ),
        ),
        ("broken settings of git", "diff", "git gives no work tree for {folder} (mend that line)"),
        ("an unborn branch", "diff HEAD~1", "{folder} has no commit yet (`git commit` makes the first one)"),
        ("a rebase that stopped", "release", "git is in the middle of a rebase (finish it, or give it up)"),
        ("a bisect", "release", "git is in the middle of a bisect (finish it, or give it up)"),
        ("no .git/HEAD", "init", "git takes {folder}/.git for no repository (mend its HEAD, or clone again)"),
        ("no .dvc", "status", "{folder} lies in no DVC repository (run `audiodvc init`)"),
    ],
)
def test_broken_folder_is_told(name: str, words: str, said: str, made: Path, sealed: Path) -> None:
    """What is wrong, where, and what next; git's own words follow."""
    folder = _prepared(made, sealed, name)
    done = answer(Call(tuple(words.split()), words), folder)
    assert (done.code, done.stderr.splitlines()[0]) == (3, f"audiodvc: {said.format(folder=folder)}")


def test_doctor_goes_on_where_something_cannot_be_read(made: Path, sealed: Path) -> None:
    """One broken thing hides no other one."""
    folder = _prepared(made, sealed, "a dvc.yaml that is a folder")
    done = answer(Call(("doctor",), "doctor"), folder)
    assert (done.code, done.stderr) == (1, "")
    assert f"{folder}/dvc.yaml: is a directory (a file belongs there)" in done.stdout
    assert "ok       audio.dvc" in done.stdout


def test_cache_whose_path_looks_like_a_pattern(made: Path, sealed: Path) -> None:
    """It is a name, and what is read again from it is found."""
    folder = _prepared(made, sealed, "a sound dataset")
    cache = ("--cache-root", str(sealed / "[a]*?{b}"))
    for words in (
        "info .",
        "get . --media b.wav",
        "get . --sampling-rate 8000",
        "get . --to there",
        "verify .",
    ):
        for _ in range(2):
            done = answer(Call((*words.split(), *cache), ""), folder)
            assert done.code == 0, done.stderr
    rows = dependencies(str(folder), version="1.1.0", cache_root=cache[1])
    assert rows.media == ["audio/a.wav", "audio/b.wav"]
    db = load(str(folder), version="1.1.0", cache_root=cache[1], full_path=False, verbose=False)
    assert db is not None
    assert list(db.files) == ["audio/a.wav", "audio/b.wav"]


def test_date_that_git_cannot_read_is_told(made: Path, sealed: Path) -> None:
    """It is not taken for a missing name."""
    folder = _prepared(made, sealed, "no settings")
    Repo(folder).git("commit", "--quiet", "--all", "--message", "None")
    call = Call(
        ("erase", "audio/a.wav", "--reason", "asked", "--no-push"),
        "erase",
        environment={"GIT_AUTHOR_DATE": "soon"},
    )
    assert "git cannot read the date that is set (mend GIT_AUTHOR_DATE or" in answer(call, folder).stderr


def _prepared(made: Path, sandbox: Path, name: str) -> Path:
    """The odd folder, made anew deep in the sandbox, so that `..` does not leave it."""
    shutil.rmtree(sandbox, ignore_errors=True)
    deep = sandbox / "one" / "two" / "three" / "four"
    shutil.copytree(made, deep, symlinks=True)
    oddcalls.furnish(sandbox)
    root = deep / "dataset"
    return oddfolders.FOLDERS[name](root) or root


def _hold(call: Call, done: Answer, where: str) -> None:
    """What is so of every call."""
    assert done.code in (0, 1, 2, 3), f"{where}\n{_traceback(done)}"
    assert "Traceback" not in done.stdout + done.stderr, where
    if done.code > 1:
        errors = [line for line in done.stderr.splitlines() if re.match("audiodvc: |Error: ", line)]
        assert len(errors) == 1, where
    if call.is_json and done.code < 2 and not call.options & {"--output", "--help"}:
        assert json.loads(done.stdout)["schema"].startswith("audiodvc."), where
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", done.stderr), where


def _traceback(done: Answer) -> str:
    """What a bug wrote down."""
    found = re.search(r"the traceback is in (\S+)", done.stderr)
    return Path(found[1]).read_text() if found else ""


def _is_reading(call: Call) -> bool:
    """Whether nothing may change, whatever it was told; a cache or a report that is named is anywhere."""
    if _ANYWHERE & {*call.options, *call.words, *call.environment}:
        return False
    if without := _READING_WITHOUT.get(call.verb):
        return not without & call.options
    return call.verb in _READING or bool(_READING_WITH.get(call.verb, set()) & call.options)


def _changed(before: Seen, after: Seen) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
