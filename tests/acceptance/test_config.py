"""Settings as they are when they are asked for: argument, attribute, environment, file, default."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from audiodvc.errors import ConfigError
from audiodvc.model.settings import LINKS
from audiodvc.model.userconfig import Repository
from audiodvc.resolve.config import Config, config, current


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home without any settings, and a program that set none."""
    for name in ("AUDIODVC_CACHE_ROOT", "AUDIODVC_SHARED_CACHE_ROOT", "AUDIODVC_CONFIG"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path
    config.CACHE_ROOT = config.SHARED_CACHE_ROOT = config.REPOSITORIES = None


def write(home: Path, text: str) -> Path:
    """The user's settings at their usual place."""
    path = home / ".config" / "audiodvc" / "config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_without_any_settings_there_are_defaults(home: Path) -> None:
    """A cache in the home folder, and no repositories."""
    assert current() == Config(home / ".cache" / "audiodvc", None, (), allow_local_remotes=False, links=LINKS)


def test_the_file_says_all(home: Path) -> None:
    """Relative paths count from the file, `~` is the home."""
    write(
        home,
        "cache_root: ~/cache\nshared_cache_root: shared\nallow_local_remotes: true\nlinks: [copy]\n"
        "repositories:\n"
        "- {name: a, git: 'data/{dataset}'}\n- {name: b, git: 'git@h:{dataset}'}\n"
        "- {name: c, git: '~/{dataset}'}\n- {name: d, git: 'file:///x/{dataset}'}\n",
    )
    found = current()
    below = home / ".config" / "audiodvc"
    assert (found.cache_root, found.shared_cache_root) == (home / "cache", below / "shared")
    assert [one.git for one in found.repositories] == [
        f"{below}/data/{{dataset}}",
        "git@h:{dataset}",
        f"{home}/{{dataset}}",
        "file:///x/{dataset}",
    ]
    assert (found.allow_local_remotes, found.links) == (True, ("copy",))


def test_each_place_wins_over_the_next(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument, attribute, environment, file; and the other way round when they are taken back."""
    write(home, "cache_root: /file\nshared_cache_root: /file-shared\n")
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", "/environment")
    monkeypatch.setenv("AUDIODVC_SHARED_CACHE_ROOT", "/environment-shared")
    config.CACHE_ROOT, config.SHARED_CACHE_ROOT = Path("/attribute"), "/attribute-shared"
    assert current("/argument") == Config(Path("/argument"))
    assert current() == Config(Path("/attribute"), Path("/attribute-shared"))
    config.CACHE_ROOT = config.SHARED_CACHE_ROOT = None
    assert current() == Config(Path("/environment"), Path("/environment-shared"))
    monkeypatch.delenv("AUDIODVC_CACHE_ROOT")
    monkeypatch.delenv("AUDIODVC_SHARED_CACHE_ROOT")
    assert current() == Config(Path("/file"), Path("/file-shared"))


def test_the_shared_cache_can_be_switched_off(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an empty text, which for the cache itself means nothing."""
    write(home, "shared_cache_root: /file-shared\n")
    monkeypatch.setenv("AUDIODVC_SHARED_CACHE_ROOT", "")
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", "")
    assert current() == Config(home / ".cache" / "audiodvc")
    monkeypatch.setenv("AUDIODVC_SHARED_CACHE_ROOT", "/environment-shared")
    config.SHARED_CACHE_ROOT = ""
    assert current().shared_cache_root is None


def test_repositories_of_the_program_replace_those_of_the_file(home: Path) -> None:
    """An empty list too."""
    write(home, "repositories:\n- {name: a, git: /x}\n")
    assert [one.name for one in current().repositories] == ["a"]
    config.REPOSITORIES = [Repository("b", "/y")]
    assert [one.name for one in current().repositories] == ["b"]
    config.REPOSITORIES = []
    assert current().repositories == ()


def test_what_was_not_set_reads_as_what_holds(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in audb; who puts it back sets nothing, so that the environment counts as before."""
    write(home, "cache_root: /file\nrepositories:\n- {name: a, git: /x}\n")
    assert (config.CACHE_ROOT, config.SHARED_CACHE_ROOT) == ("/file", None)
    assert [Repository("a", "/x")] == config.REPOSITORIES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "CACHE_ROOT", "/attribute")
        patch.setattr(config, "SHARED_CACHE_ROOT", home)
        patch.setattr(config, "REPOSITORIES", [])
        assert ("/attribute", str(home)) == (config.CACHE_ROOT, config.SHARED_CACHE_ROOT)
        assert current() == Config(Path("/attribute"), home)
    with mock.patch.multiple(config, CACHE_ROOT="/mock", REPOSITORIES=[]):
        assert current() == Config(Path("/mock"))
    monkeypatch.setenv("AUDIODVC_CACHE_ROOT", "/environment")
    write(home, "repositories: []\n")
    assert (config.CACHE_ROOT, config.REPOSITORIES) == ("/environment", [])
    assert current() == Config(Path("/environment"))


def test_the_list_of_repositories_can_be_changed_in_place(home: Path) -> None:
    """Whether it was set or only read; until it is the same again."""
    write(home, "repositories:\n- {name: a, git: /x}\n")
    for _ in range(2):
        config.REPOSITORIES.append(Repository("b", "/y"))
        assert [one.name for one in current().repositories] == ["a", "b"]
        assert [one.name for one in config.REPOSITORIES] == ["a", "b"]
        config.REPOSITORIES.pop()
        assert [one.name for one in current().repositories] == ["a"]
        config.REPOSITORIES = [Repository("a", "/x")]
    write(home, "repositories: []\n")
    config.REPOSITORIES = None
    config.REPOSITORIES += [Repository("c", "/z")]
    assert [one.name for one in current().repositories] == ["c"]


def test_relative_paths_become_absolute(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a call count from where it is made."""
    monkeypatch.chdir(home)
    config.SHARED_CACHE_ROOT = "shared"
    assert current().shared_cache_root == home / "shared"
    assert current("cache").cache_root == home / "cache"
    assert current("~/cache").cache_root == home / "cache"


def test_another_file_can_be_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the environment; it then has to be there."""
    (home / "other.yaml").write_text("cache_root: /other\n", encoding="utf-8")
    monkeypatch.setenv("AUDIODVC_CONFIG", "~/other.yaml")
    assert current().cache_root == Path("/other")
    monkeypatch.setenv("AUDIODVC_CONFIG", str(home / "missing.yaml"))
    with pytest.raises(ConfigError, match=r"missing\.yaml: no such file"):
        current()
    monkeypatch.setenv("AUDIODVC_CONFIG", str(home))
    with pytest.raises(ConfigError, match="cannot be read"):
        current()


def test_a_fault_is_told_with_its_place(home: Path) -> None:
    """File, line and column of each."""
    path = write(home, "cache_root: 5\nlinkz: []\n")
    with pytest.raises(ConfigError) as caught:
        current()
    assert caught.value.details == (
        f"{path}:1:13: 'cache_root' is not a text",
        f"{path}:2:1: unknown key 'linkz' (did you mean 'links'?)",
    )


def test_a_home_of_nobody_is_told(home: Path) -> None:  # noqa: ARG001 - no settings but this
    """Instead of a folder called `~nobody`."""
    with pytest.raises(ConfigError, match="no such home"):
        current("~nobody-here/x")


def test_a_wrong_attribute_is_told() -> None:
    """Rather than set and never looked at."""
    with pytest.raises(AttributeError):
        config.CACHE = "/x"  # type: ignore[attr-defined]
