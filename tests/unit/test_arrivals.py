"""What arrives is held against its name, and nothing else is ever in its place."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.adapters import arrivals, cache
from audiodvc.adapters.arrivals import Batch, Fault, Incoming, Want, check, copy, place_of, wanting


def md5(data: bytes) -> str:
    """The name of an object."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def arrive(objects: Path, want: Want, *parts: bytes) -> None:
    """Let an object come in parts."""
    arrivals.prepare(str(objects), [want])
    incoming = Incoming(str(objects), want, "token")
    try:
        for part in parts:
            incoming.add(part)
        incoming.finish()
    except BaseException:
        incoming.discard()
        raise


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@given(st.lists(st.sampled_from([b"", b"a", b"\r\n" * 100, b"\0" * 2**19, b"b" * (2**20 + 1)]), max_size=5))
def test_an_object_is_the_sum_of_its_parts(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    """However it was cut, and whether it fits in memory or not."""
    objects, data = tmp_path_factory.mktemp("objects") / "files" / "md5", b"".join(parts)
    arrive(objects, Want(md5(data), size=len(data)), *parts)
    assert files(objects) == {f"{md5(data)[:2]}/{md5(data)[2:]}": data}


@pytest.mark.parametrize("size", [5, 3 * 2**20])
def test_wrong_bytes_leave_nothing(tmp_path: Path, size: int) -> None:
    """Neither an object nor a temporary file."""
    with pytest.raises(Fault, match="other bytes"):
        arrive(tmp_path, Want("ab" * 16), b"x" * size)
    assert files(tmp_path) == {}


@pytest.mark.parametrize("size", [0, 5, 2 * 2**20])
def test_more_bytes_than_said_leave_nothing(tmp_path: Path, size: int) -> None:
    """They are noticed as they come, not when all are here."""
    with pytest.raises(Fault, match="larger than"):
        arrive(tmp_path, Want("ab" * 16, size=size), b"x" * size, b"x", b"never taken")
    assert files(tmp_path) == {}


def test_bytes_in_memory_are_held_against_a_name() -> None:
    """As those of a directory object, whose name has more than its md5."""
    check(b"[]", Want(md5(b"[]") + ".dir"))
    check(b"a\r\nb\n", Want(md5(b"a\nb\n"), old=True))
    with pytest.raises(Fault):
        check(b"a\r\nb\n", Want(md5(b"a\nb\n")))
    with pytest.raises(Fault):
        check(b"\0\r\n", Want(md5(b"\0\n"), old=True))


@given(st.binary(max_size=1200) | st.text("ab\r\n\u00e4\0", max_size=1500).map(str.encode))
def test_old_names_are_those_that_dvc_gave(data: bytes) -> None:
    """DVC 2 looked at the first bytes to tell a text, and left its carriage returns out."""
    from dvc_data.hashfile.hash import fobj_md5

    check(data, Want(fobj_md5(BytesIO(data), name="md5-dos2unix"), old=True))


def test_only_what_is_not_here_is_wanted(tmp_path: Path) -> None:
    """Each once, in its order, whether the cache is small or large."""
    objects = tmp_path / "files" / "md5"
    names = [md5(bytes([number])) for number in range(20)]
    for number in range(0, 20, 2):
        arrive(objects, Want(names[number]), bytes([number]))
    wants = [Want(name) for name in [*names, *names]]
    assert [want.md5 for want in wanting(str(objects), wants)] == names[1::2]
    prefix = objects / names[0][:2]
    for number in range(100):
        (prefix / f"other{number}").touch()
    assert [want.md5 for want in wanting(str(objects), wants[:3])] == [names[1]]
    assert cache.present_of(str(objects), []) == set()


def test_objects_have_their_places() -> None:
    """DVC 3 keeps them two folders below where DVC 2 did."""
    assert place_of("root", Want("ab" * 16)) == f"root/files/md5/ab/{'ab' * 15}"
    assert place_of("root", Want("ab" * 16, old=True)) == f"root/ab/{'ab' * 15}"


def test_a_batch_tells_what_did_not_come(tmp_path: Path) -> None:
    """In its order, and the rest is there."""
    remote = tmp_path / "remote" / "files" / "md5"
    arrive(remote, Want(md5(b"a")), b"a")
    wants = [Want("ab" * 16), Want(md5(b"a")), Want("cd" * 16)]
    arrivals.prepare(str(tmp_path / "objects"), wants)
    failures = copy(Batch(str(tmp_path / "remote"), str(tmp_path / "objects"), "token", wants))
    assert [(one.md5, one.kind) for one in failures] == [("ab" * 16, "missing"), ("cd" * 16, "missing")]
    assert list(files(tmp_path / "objects").values()) == [b"a"]


def test_what_killed_workers_left_is_removed(tmp_path: Path) -> None:
    """Temporary files of this fetch, not those of another one."""
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / f"{'ab' * 15}.token.tmp").touch()
    (tmp_path / "ab" / f"{'ab' * 15}.other.tmp").touch()
    arrivals.sweep(Batch("", str(tmp_path), "token", [Want("ab" * 16), Want("cd" * 16)]))
    assert list(files(tmp_path)) == [f"ab/{'ab' * 15}.other.tmp"]
