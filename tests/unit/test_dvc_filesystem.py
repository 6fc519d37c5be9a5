"""What DVC's file systems are kept from before they are opened."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from audiodvc.adapters import dvc_filesystem

if TYPE_CHECKING:
    import pytest


def test_no_host_gets_the_keys_of_the_user() -> None:
    """DVC would forward them to every host of ssh."""
    fs = SimpleNamespace(fs_args={"agent_forwarding": True})
    dvc_filesystem.guard(fs, "ssh://example.org/x")
    assert fs.fs_args == {"agent_forwarding": False}


def test_a_password_for_all_hosts_is_told_to_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is for the host is."""
    netrc = tmp_path / "netrc"
    monkeypatch.setenv("NETRC", str(netrc))
    for entry, is_read in (("default", False), ("machine example.org", True)):
        netrc.write_text(f"{entry} login me password x\n")
        netrc.chmod(0o600)
        fs = SimpleNamespace(fs_args={"client_kwargs": {"trust_env": True}})
        dvc_filesystem.guard(fs, "https://example.org/x")
        assert fs.fs_args["client_kwargs"]["trust_env"] is is_read
