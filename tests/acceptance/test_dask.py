"""Conversions on a real Dask cluster, whose workers have nothing of ours but the DVC remote."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import flavors
from tests.builder import Repo
from tests.servers_media import S3, serve_s3

pytest.importorskip("distributed")

CLUSTER = """\
import sys
from distributed import LocalCluster

if __name__ == "__main__":
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with LocalCluster(**options, local_directory=sys.argv[1]) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""

MINE = """\
['remote "storage"']
    url = s3://bucket
    endpointurl = {endpoint}
    access_key_id = somebody
    secret_access_key = secret
"""


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A server for objects."""
    with serve_s3(tmp_path_factory.mktemp("s3"), "somebody,secret") as server:
        yield server


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, which run in a folder of their own."""
    folder = tmp_path_factory.mktemp("elsewhere")
    script = folder / "cluster.py"
    script.write_text(CLUSTER)
    command = [sys.executable, str(script), str(folder / "workers")]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("tcp://127.0.0.1:"), address
        yield f"dask:{address}"
        process.communicate()


@pytest.fixture
def repo(with_flavors: Path, tmp_path: Path) -> Repo:
    """A copy of the dataset with flavors, and of its remote."""
    shutil.copytree(with_flavors, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("bin"))
    return Repo(tmp_path / "dataset")


def want_another(repo: Repo) -> None:
    """Let all files need a conversion."""
    settings = repo.path / "audiodvc.yaml"
    settings.write_text(settings.read_text().replace("16000", "11025"))


def test_a_cluster_makes_what_this_machine_would(repo: Repo, cluster: str, storage: S3) -> None:
    """In a clone without media, from and to a server: no original comes here, and the remote has all."""
    bucket = storage.root / "bucket"
    shutil.copytree(repo.path.parent / "dataset.media" / "files", bucket / "files")
    clone = repo.clone("clone")
    (clone.path / ".dvc" / "config.local").write_text(MINE.format(endpoint=storage.endpoint))
    want_another(clone)
    want_another(repo)
    done = clone.run("audiodvc", "flavor", "build", "mono", "--executor", cluster)
    assert (
        done.stdout
        == "mono: 3 files, 3 converted, 0 kept, 0 as they are; 1 file left out, which cannot be converted\n"
    ), done
    flavors.built(repo)
    rows = flavors.index(repo, "mono")
    assert flavors.index(clone, "mono") == rows
    assert flavors.objects(clone.path / ".dvc" / "cache") == {row["md5"] for row in rows.values()}
    assert {row["md5"] for row in rows.values()} <= flavors.objects(bucket)
    for name in rows:
        assert (clone.path / "flavors/mono" / name).read_bytes() == (
            repo.path / "flavors/mono" / name
        ).read_bytes()


def test_what_was_not_pushed_yet_is_for_the_cluster(
    repo: Repo, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that all machines have is a remote as well; one that cannot be decoded is named."""
    (repo.path / "audio" / "new.wav").write_bytes(flavors.NEW)
    broken = bytearray(flavors.MEDIA["audio/c.flac"])
    broken[-3000:] = bytes(3000)
    repo.audiodvc("add", "audio")
    monkeypatch.setenv("AUDIODVC_EXECUTOR", cluster)
    done = repo.run("audiodvc", "flavor", "build", "mono")
    assert "1 converted, 2 kept" in done.stdout or done.stderr, done
    made = flavors.index(repo, "mono")["audio/new.wav"]
    assert {made["md5"], made["source_md5"]} <= flavors.objects(repo.path.parent / "dataset.media")
    (repo.path / "audio" / "bad.flac").write_bytes(broken)
    repo.audiodvc("add", "audio")
    done = repo.run("audiodvc", "flavor", "build", "mono")
    assert done.returncode == 3
    assert "audio/bad.flac: " in done.stderr


def test_a_cluster_that_is_not_there_is_said_so(repo: Repo) -> None:
    """So is a word that names no executor."""
    code = "from audiodvc.adapters.dask_pool import DaskPool; DaskPool('tcp://127.0.0.1:9', '100ms')"
    assert "there is no Dask cluster at tcp://127.0.0.1:9" in repo.run("python", "-c", code).stderr
    for text in ("ray:x", "dask:"):
        done = repo.run("audiodvc", "flavor", "build", "mono", "--executor", text)
        assert (done.returncode, "it is local or dask:ADDRESS" in done.stderr) == (2, True), done.stderr
