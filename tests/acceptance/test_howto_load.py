"""The page on loading a dataset, run as it stands there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import audiodvc
from tests import page
from tests.builder import Repo, RepoFactory, tone

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "load-a-dataset.md"
TABLE = "file,mood\naudio/a.wav,calm\naudio/b.wav,wild\n"
HEADER = """\
name: voices
source: made by a test
usage: unrestricted
schemes:
  mood: {dtype: str, labels: [calm, wild, glad]}
  speaker: {dtype: str}
attachments:
  paper: {path: paper.bib}
tables:
  mood: {type: filewise, columns: {mood: {scheme_id: mood}}}
  speaker: {type: filewise, columns: {speaker: {scheme_id: speaker}}}
"""


@pytest.fixture
def server(tmp_path: Path, repo_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that git takes for git.example.org, and settings that allow remotes that are folders."""
    place = tmp_path / "server"
    make = RepoFactory(place, repo_template)
    _voices(make("voices.git"))
    _corpora(make("corpora.git"))
    _stand_in(tmp_path, f"{place}/")
    (tmp_path / "config.yaml").write_text(f"cache_root: {tmp_path}/cache\nallow_local_remotes: true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("AUDIODVC_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.delenv("AUDIODVC_CACHE_ROOT")
    monkeypatch.delenv("AUDIODVC_SHARED_CACHE_ROOT")
    monkeypatch.setattr(audiodvc.config, "REPOSITORIES", None)
    return place


def test_a_dataset_is_loaded_as_the_page_says(server: Path, tmp_path: Path) -> None:
    """With the repositories first, and then without them."""
    online, offline = PAGE.read_text("utf-8").split("## Without a network")
    work = tmp_path / "work"
    work.mkdir()
    said = page.perform(page.session(online), work, tmp_path / "bin")
    assert "1.0.0\n1.1.0\n" in said
    assert "4de1fe49\n" in said
    assert (work / "mine" / "db.mood.csv").read_text() == TABLE.replace("wild", "glad")
    shutil.rmtree(server)
    _stand_in(tmp_path, "git://127.0.0.1:9/")
    page.perform([page.Block("python", "import audiodvc\n", None), *page.session(offline)], work, tmp_path)


def test_the_errors_of_the_page_are_public() -> None:
    """Each can be caught by the name that the page gives it."""
    table = PAGE.read_text("utf-8").partition("| error |")[2]
    names = [line.split("`")[1] for line in table.splitlines() if line.startswith("| `")]
    assert len(names) > 5
    assert all(issubclass(getattr(audiodvc, name), audiodvc.AudiodvcError) for name in names)


def _stand_in(folder: Path, url: str) -> None:
    (folder / "gitconfig").write_text(f'[url "{url}"]\n    insteadOf = https://git.example.org/\n')


def _voices(repo: Repo) -> None:
    _use(repo, "voices.git.media")
    tables = {"mood": TABLE, "speaker": "file,speaker\naudio/a.wav,ann\n"}
    media = {"audio/a.wav": tone(1.0, channels=2), "audio/b.wav": tone(1.0, channels=2, pitch=300)}
    files = {"paper.bib": "@article{}\n"}
    repo.commit(header=HEADER, tables=tables, media=media, files=files, tag="v1.0.0")
    repo.commit(tables={"mood": TABLE.replace("wild", "glad")}, tag="v1.1.0")
    repo.git("checkout", "--quiet", "-b", "new-labels")
    commit = repo.commit(tables={"mood": TABLE.replace("calm", "glad")})
    repo.git("update-ref", "refs/pull/7/head", commit)
    repo.git("checkout", "--quiet", "main")
    repo.push()


def _corpora(repo: Repo) -> None:
    _use(repo, "corpora.git.media")
    header = "name: animals\nsource: made by a test\nusage: unrestricted\n"
    repo.write(files={"animals/db.yaml": header, "animals/audio/cat.wav": tone(0.1)})
    repo.audiodvc("-C", "animals", "add", "audio")
    repo.commit(tag="animals@v1.0.0")
    repo.push()


def _use(repo: Repo, folder: str) -> None:
    # Seen from a mirror a relative url leads nowhere.
    repo.dvc("remote", "modify", "storage", "url", str(repo.path.parent / folder))
