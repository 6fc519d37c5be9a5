"""Which pointer has which file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from audiodvc.finding import Place
from audiodvc.model import pointer
from audiodvc.model.mediaindex import Media
from audiodvc.model.pointer import Output
from audiodvc.project.publishing.arrangement import Arranged, Before, arrange

MD5 = "0123456789abcdef0123456789abcdef"
FOLDERS = st.lists(st.sampled_from("abc"), min_size=0, max_size=3).map("/".join)
FILES = st.lists(
    FOLDERS.flatmap(lambda folder: st.integers(0, 3).map(lambda n: f"{folder}/{n}.wav".lstrip("/")))
)


def rows(files: list[str]) -> list[Media]:
    """Lines of an index."""
    return [Media(file, MD5, "1", "wav") for file in sorted(set(files))]


def before(*paths: str) -> Before:
    """Pointers that there are, of folders that have changed."""
    outputs = (Output(path, "", f"{path}.dvc", Place(1, 1)) for path in paths)
    return Before(outputs=tuple(outputs))


def listed(arranged: Arranged) -> list[str]:
    """The files in all indexes."""
    texts = [data.decode() for path, data in arranged.texts.items() if path.endswith(".media.csv")]
    return sorted(line.partition(",")[0] for text in texts for line in text.splitlines()[1:])


@given(FILES, st.lists(FOLDERS.filter(bool), max_size=2))
def test_each_file_has_one_pointer(files: list[str], known: list[str]) -> None:
    """Whatever there was before, no file is lost or listed twice, and no pointer is inside another one."""
    places = [path for path in known if not any(path.startswith(f"{other}/") for other in known)]
    arranged = arrange(rows(files), before(*sorted(set(places))))
    assert listed(arranged) == sorted(set(files))
    tracked = arranged.tracked
    assert not [(one, other) for one in tracked for other in tracked if one.startswith(f"{other}/")]


def test_a_folder_at_the_top_has_a_pointer_and_a_file_there_its_own() -> None:
    """However deep the files are."""
    arranged = arrange(rows(["a/b/1.wav", "a/2.wav", "3.wav"]), Before())
    assert arranged.tracked == ("3.wav", "a")


def test_pointers_that_there_are_keep_their_files() -> None:
    """What lies beside them gets the nearest to the top that is in no other's way."""
    arranged = arrange(rows(["a/b/1.wav", "a/c/d/2.wav", "a/3.wav"]), before("a/b"))
    assert arranged.tracked == ("a/3.wav", "a/b", "a/c")


def test_what_has_not_changed_stays_byte_for_byte() -> None:
    """Also what somebody wrote into the pointer."""
    files = rows(["a/1.wav", "a/2.wav"])
    texts = dict(arrange(files, Before()).texts)
    texts["a.dvc"] += b"desc: words  # and a remark\n"
    (out,) = pointer.outputs(texts["a.dvc"], "a.dvc")
    again = arrange(files, Before(texts, (out,)))
    assert (again.texts, again.lists) == (texts, {})
    more = arrange(rows(["a/1.wav"]), Before(texts, (out,)))
    assert b"desc: words" in more.texts["a.dvc"]
    assert pointer.outputs(more.texts["a.dvc"], "a.dvc")[0].nfiles == 1
