"""Objects that leave a remote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audiodvc.adapters import removals
from audiodvc.adapters.arrivals import Want
from audiodvc.adapters.removals import Removed
from tests.servers_media import store


class Folder:
    """A remote that is a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def drop(self, wants: Sequence[Want], *, really: bool) -> list[Removed]:
        """Delete objects."""
        return removals.from_folder(str(self.root), wants, really=really)


def test_an_object_goes_from_both_places(tmp_path: Path) -> None:
    """Where DVC keeps it now, and where DVC 2 kept it; others stay."""
    new, old, both = (store(tmp_path, data) for data in (b"new", b"old", b"both"))
    store(tmp_path, b"both", old=True)
    (tmp_path / "files" / "md5" / old[:2] / old[2:]).unlink()
    store(tmp_path, b"old", old=True)
    kept, absent = store(tmp_path, b"kept"), "0" * 32
    wanted = [new, old, both, absent]
    looked = {one.md5: one.outcome for one in removals.remove(Folder(tmp_path), wanted, really=False)}
    assert looked == {new: "present", old: "present", both: "present", absent: "absent"}
    done = {one.md5: one.outcome for one in removals.remove(Folder(tmp_path), wanted)}
    assert done == {new: "deleted", old: "deleted", both: "deleted", absent: "absent"}
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [kept[2:]]


def test_what_is_in_the_way_is_said(tmp_path: Path) -> None:
    """Of one place is enough: then it is not all gone."""
    md5 = store(tmp_path, b"data")
    (tmp_path / md5[:2] / md5[2:]).mkdir(parents=True)
    (one,) = removals.remove(Folder(tmp_path), [md5])
    assert one.outcome == "failed"
    assert one.why
    (one,) = removals.remove(Folder(tmp_path / "nowhere"), [md5])
    assert one == Removed(md5, "failed", "there is no such folder")


def test_a_bucket_with_versions_deletes_nothing() -> None:
    """S3 answers with a marker, behind which the bytes are still there."""
    assert removals.kept_version({"ResponseMetadata": {}}) == ("deleted", "")
    outcome, why = removals.kept_version({"DeleteMarker": True, "VersionId": "1"})
    assert outcome == "failed"
    assert "versions" in why
