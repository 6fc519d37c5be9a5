"""What every test lives in: no user's settings, no default cache, no other machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import warm
from tests.builder import MakeRepo, RepoFactory, make_template
from tests.guard.sitecustomize import forbid_network

# How long an example takes is the machine's business, and a test leaves nothing behind.
settings.register_profile("audiodvc", deadline=None, database=None, max_examples=50)
settings.load_profile("audiodvc")

# Many small files come and go: on a RAM disk with room for them that takes half of the time, or less.
_RAM, _ROOM = Path("/dev/shm"), 8 << 30  # noqa: S108 - each run makes a folder of its own in it
if _RAM.is_dir() and shutil.disk_usage(_RAM).free > _ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_RAM))

PROJECT = Path(__file__).resolve().parent.parent

# Settings of the one who runs the tests: a hook's GIT_DIR, credentials, proxies, an own cache.
FOREIGN = ("GIT_", "DVC_", "AUDIODVC_", "XDG_", "AWS_", "AZURE_", "GOOGLE_", "PRE_COMMIT_", "GITHUB_")
FOREIGN_NAMES = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LANGUAGE", "EDITOR", "VISUAL", "PAGER")


@pytest.fixture(scope="session", autouse=True)
def sealed_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An environment, for this process and its children, in which nothing of the user's can be reached."""
    world = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(FOREIGN) or name in FOREIGN_NAMES:
                patch.delenv(name)
        for name, value in _environment(world, tmp_path_factory.getbasetemp()).items():
            patch.setenv(name, value)
        forbid_network()
        with warm.opened():
            yield world


@pytest.fixture
def warm_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare this test the start-up of Python, in hooks and scripts too: see tests/warm.py."""
    warm.stand_in(monkeypatch)


@pytest.fixture(scope="session")
def repo_template(sealed_world: Path) -> Path:
    """A git and DVC repository without a commit, made once and copied for each test that wants one."""
    return make_template(sealed_world / "template")


@pytest.fixture
def make_repo(tmp_path: Path, repo_template: Path) -> MakeRepo:
    """Build a git and DVC repository in the test's own folder; called again, another one."""
    return RepoFactory(tmp_path, repo_template)


def _environment(world: Path, basetemp: Path) -> dict[str, str]:
    home = world / "home"
    home.mkdir()
    # A folder cannot be made below a regular file: whoever uses the default cache or the
    # user's configuration without having said so in the test fails.
    nowhere = world / "not-set-in-this-test"
    nowhere.touch()
    return {
        **_homes(home),
        **_audiodvc(nowhere),
        **_git(basetemp),
        **_dvc(world),
        **_network(),
        "PYTHONPATH": os.pathsep.join([str(PROJECT / "tests" / "guard"), str(PROJECT)]),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
    }


def _homes(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "XDG_STATE_HOME": str(home / ".local" / "state"),
    }


def _audiodvc(nowhere: Path) -> dict[str, str]:
    return {
        "AUDIODVC_CACHE_ROOT": str(nowhere / "cache"),
        "AUDIODVC_SHARED_CACHE_ROOT": str(nowhere / "shared"),
        # A regular file, and an empty one: settings that say nothing.
        "AUDIODVC_CONFIG": str(nowhere),
    }


def _git(basetemp: Path) -> dict[str, str]:
    return {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "false",
        "GIT_CEILING_DIRECTORIES": str(basetemp),
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_AUTHOR_DATE": "2024-01-02T03:04:05+00:00",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        "GIT_COMMITTER_DATE": "2024-01-02T03:04:05+00:00",
    }


def _dvc(world: Path) -> dict[str, str]:
    return {
        "DVC_GLOBAL_CONFIG_DIR": str(world / "dvc-global"),
        "DVC_SYSTEM_CONFIG_DIR": str(world / "dvc-system"),
        "DVC_SITE_CACHE_DIR": str(world / "dvc-site-cache"),
        "DVC_NO_ANALYTICS": "1",
        # Without it each dvc command may start a daemon that asks for newer versions.
        "DVC_TEST": "1",
    }


def _network() -> dict[str, str]:
    # Python children are stopped by tests/guard; git and curl by a proxy that is not there.
    dead_proxy = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    return {**dead_proxy, "no_proxy": "localhost,127.0.0.1,::1", "AUDIODVC_TEST_NO_NETWORK": "1"}
