"""A history of five versions, made as maintainers make one, and read back file by file and label by label."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd
import pytest

import audiodvc
from audiodvc.cli import main
from tests.builder import Repo, RepoFactory, tone
from tests.servers_media import serve_s3

EMOTION = ("anger", "joy", "rage")
SOUNDS = {
    name: tone(0.1, pitch=200.0 + 40 * place) for place, name in enumerate(["a", "b", "c", "d", "new b"])
}


@dataclass(frozen=True)
class State:
    """What a version has to be: labels that may be used, media, labels of files, and of segments."""

    labels: tuple[str, ...]
    media: Mapping[str, str]
    emotion: Mapping[str, str]
    words: Mapping[tuple[str, float, float], str] = field(default_factory=dict)

    def files(self) -> dict[str, bytes]:
        """The media by path."""
        return {f"audio/{name}.wav": SOUNDS[sound] for name, sound in self.media.items()}

    def header(self) -> str:
        """The header that declares it."""
        return (
            "name: five\nsource: made by a test\nusage: unrestricted\nlanguages: [eng]\n"
            "schemes:\n  word: {dtype: str}\n"
            f"  emotion: {{dtype: str, labels: [{', '.join(self.labels)}]}}\n"
            "tables:\n  emotion: {type: filewise, columns: {emotion: {scheme_id: emotion}}}\n"
            "  words: {type: segmented, columns: {word: {scheme_id: word}}}\n"
        )

    def tables(self) -> dict[str, str]:
        """The tables as text."""
        rows = [f"audio/{name}.wav,{label}" for name, label in self.emotion.items()]
        spans = [
            f"audio/{name}.wav,{start}s,{end}s,{word}" for (name, start, end), word in self.words.items()
        ]
        return {
            "emotion": "\n".join(["file,emotion", *rows, ""]),
            "words": "\n".join(["file,start,end,word", *spans, ""]),
        }


FIRST = State(
    EMOTION,
    {"a": "a", "b": "b", "c": "c"},
    {"a": "joy", "b": "anger", "c": "joy"},
    {("a", 0, 0.05): "yes", ("b", 0, 0.1): "no"},
)
ADDED = replace(
    FIRST,
    media={**FIRST.media, "d": "d"},
    emotion={**FIRST.emotion, "d": "anger"},
    words={**FIRST.words, ("d", 0.02, 0.08): "maybe"},
)
CHANGED = replace(
    ADDED,
    media={**ADDED.media, "b": "new b"},
    emotion={**ADDED.emotion, "a": "anger"},
    words={("a", 0, 0.06): "yes", ("b", 0, 0.1): "no!", ("d", 0.02, 0.08): "maybe"},
)
RENAMED = State(
    EMOTION,
    {"a": "a", "b": "new b", "d": "d", "e": "c"},
    {"a": "anger", "b": "anger", "d": "anger", "e": "joy"},
    CHANGED.words,
)
REMOVED = State(
    EMOTION[:2],
    {"b": "new b", "d": "d", "e": "c"},
    {"b": "anger", "d": "anger", "e": "joy"},
    {("b", 0, 0.1): "no!", ("d", 0.02, 0.08): "maybe"},
)
HISTORY = {"1.0.0": FIRST, "1.1.0": ADDED, "1.1.1": CHANGED, "1.2.0": RENAMED, "2.0.0": REMOVED}


CONFIG = """\
[core]
    remote = storage
['remote "storage"']
    url = s3://media/five
    endpointurl = {endpoint}
"""
KEY = """\
['remote "storage"']
    access_key_id = somebody
    secret_access_key = secret
"""


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Iterator[Repo]:
    """A dataset with five versions, each of a number that follows from what changed, and its media on S3."""
    folder = tmp_path_factory.mktemp("history")
    repo = RepoFactory(folder, repo_template)("five")
    (repo.path / "audiodvc.yaml").unlink()
    (folder / "s3" / "media").mkdir(parents=True)
    with serve_s3(folder / "s3", "somebody,secret") as server:
        repo.write(files={".dvc/config": CONFIG.format(endpoint=server.endpoint), ".dvc/config.local": KEY})
        audiodvc_(repo, "init")
        audiodvc_(repo, "uninstall")  # what hooks do with a release is another test
        for state in HISTORY.values():
            make(repo, state)
            audiodvc_(repo, "release")
        # Nothing of it is left here but git: loaders have the remote.
        shutil.rmtree(repo.path / ".dvc" / "cache")
        shutil.rmtree(repo.path / "audio")
        yield repo


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A cache that all versions share, as one has it."""
    return str(tmp_path_factory.mktemp("cache"))


def audiodvc_(repo: Repo, *words: str) -> None:
    """Run audiodvc in this process, and quietly."""
    assert main.run(["-C", str(repo.path), "--quiet", *words]) == 0


def make(repo: Repo, state: State) -> None:
    """Let the folder be as a version has to be, and commit it."""
    audio = repo.path / "audio"
    if audio.exists():
        for path in audio.iterdir():
            if f"audio/{path.name}" not in state.files():
                path.unlink()
    for name, data in state.files().items():
        path = repo.path / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)
    repo.write(header=state.header(), tables=state.tables())
    audiodvc_(repo, "add", str(audio))
    audiodvc_(repo, "fmt")
    repo.git("add", "--all")
    repo.git("commit", "--quiet", "--no-verify", "--message", "Change")


def contents(folder: Path) -> dict[str, bytes]:
    """Every media file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("audio/*")}


def test_numbers_follow_from_what_changed(history: Repo, cache: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Added, corrected, renamed, removed; and they are read back."""
    monkeypatch.setattr(audiodvc.config, "CACHE_ROOT", cache)
    assert audiodvc.versions(str(history.path)) == list(HISTORY)
    assert audiodvc.latest_version(str(history.path)) == "2.0.0"


@pytest.mark.parametrize("version", list(HISTORY))
def test_a_version_is_loaded_as_it_was_made(history: Repo, cache: str, version: str) -> None:
    """Every file has its bytes, every row its label, and there is nothing else."""
    state = HISTORY[version]
    db = audiodvc.load(str(history.path), version=version, cache_root=cache, full_path=False)
    assert db is not None
    assert contents(Path(db.meta["audiodvc"]["root"])) == state.files()
    assert db.meta["audiodvc"]["complete"]
    assert list(db.schemes["emotion"].labels) == list(state.labels)
    emotion = {f"audio/{name}.wav": label for name, label in state.emotion.items()}
    assert db["emotion"]["emotion"].get().to_dict() == emotion
    words = {
        (f"audio/{name}.wav", pd.Timedelta(seconds=start), pd.Timedelta(seconds=end)): word
        for (name, start, end), word in state.words.items()
    }
    assert db["words"]["word"].get().to_dict() == words


def test_plain_dvc_pull_agrees_at_every_tag(
    history: Repo, cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has no audiodvc has the same files, and tables of the same bytes."""
    from dvc.cli import main as dvc

    monkeypatch.chdir(tmp_path)  # DVC goes where `--cd` says, and stays there
    clone = history.clone("pulled")
    clone.write(files={".dvc/config.local": KEY})
    for version, state in HISTORY.items():
        clone.git("checkout", "--quiet", f"v{version}")
        assert dvc(["--cd", str(clone.path), "pull", "--quiet", "--force"]) == 0
        assert contents(clone.path) == state.files()
        db = audiodvc.load(str(history.path), version=version, cache_root=cache, only_metadata=True)
        assert db is not None
        for path in ("db.yaml", "db.emotion.csv", "db.words.csv"):
            root = Path(db.meta["audiodvc"]["root"])
            assert (root / path).read_bytes() == (clone.path / path).read_bytes()


def test_the_changelog_tells_what_changed(history: Repo) -> None:
    """Labels by class, segments, media and header, the newest version first."""
    text = (history.path / "CHANGELOG.md").read_text()
    headings = [line.split("]")[0].removeprefix("## [") for line in text.splitlines() if line[:3] == "## "]
    assert headings == list(reversed(HISTORY))
    for line in (
        "- Label `rage` of scheme `emotion`",
        "- 1 media file: `audio/a.wav`",
        "- 1 media file renamed: `audio/c.wav` → `audio/e.wav`",
        "- 1 media file replaced: `audio/b.wav`",
        "- 1 value of `emotion` in table `emotion`: `joy` → `anger`",
        "- 1 segment moved in table `words`",
        "- 1 value of `word` in table `words`: `no` → `no!`",
        "- 1 media file: `audio/d.wav`",
        "- 1 row in table `emotion`",
        "- 3 media files in `audio` (0.3 s)",
        "- Table `words` with 2 rows",
    ):
        assert f"\n{line}\n" in text, line
