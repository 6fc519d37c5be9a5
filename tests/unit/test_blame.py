"""Who gave a cell its value, in histories that are made by hand or at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.changes import renames
from audiodvc.changes.blame import History, Step, Trail, moves, trails
from audiodvc.changes.excerpt import Excerpt, Key
from audiodvc.model.spec import FILEWISE_LEVELS, Spec

FILE: Key = ("a.wav",)
ONE, NEAR, FAR = (("a.wav", *times) for times in (("1s", "2s"), ("1s", "2.2s"), ("7s", "8s")))


def excerpt(rows: Mapping[Key, str], column: str = "label") -> Excerpt:
    """Rows with one column."""
    return Excerpt((column,), {key: {column: value} for key, value in rows.items()})


def history(states: Sequence[Mapping[Key, str] | None], *, segmented: bool = False) -> History:
    """Commits in a row, given from the first to the last; None could not be read."""
    names = [f"c{at}" for at in range(len(states))]
    parents = {"c0": [], **{b: [a] for a, b in pairwise(names)}}
    excerpts = {
        name: None if rows is None else excerpt(rows) for name, rows in zip(names, states, strict=True)
    }
    return History({name: parents[name] for name in reversed(names)}, excerpts, segmented)


def said(trail: Trail) -> list[tuple[str, str, str | None]]:
    """The steps of a trail: what, in which commit, and to which value."""
    return [(step.op, step.commit, step.value) for step in trail.steps]


def only(found: Sequence[Trail]) -> Trail:
    """The only trail."""
    assert len(found) == 1
    return found[0]


def test_every_change_of_a_cell_is_found_and_nothing_else() -> None:
    """The latest first, down to the commit that added the row."""
    states = [{FILE: "happy"}, {FILE: "happy", ("b.wav",): "sad"}, {FILE: "angry"}, {FILE: "angry"}]
    found = only(trails(history(states), FILE, "label"))
    assert (found.key, found.column, found.value) == (FILE, "label", "angry")
    assert said(found) == [("change", "c2", "angry"), ("add", "c0", "happy")]
    assert found.steps[0].old == "happy"


def test_a_row_that_was_removed_is_told_with_who_removed_it() -> None:
    """Of a row that is not there now the last one counts, and its end comes first."""
    found = only(trails(history([{FILE: "happy"}, {FILE: "sad"}, {}, {}]), FILE))
    assert found.value is None
    assert said(found) == [("remove", "c2", None), ("change", "c1", "sad"), ("add", "c0", "happy")]


def test_a_row_that_came_back_begins_again() -> None:
    """What was before it was removed is another row's past."""
    found = only(trails(history([{FILE: "happy"}, {}, {FILE: "sad"}]), FILE))
    assert said(found) == [("add", "c2", "sad")]


def test_a_segment_that_was_moved_keeps_its_past() -> None:
    """A move is no change of a label; each step has the key as it was."""
    found = only(trails(history([{ONE: "happy"}, {ONE: "sad"}, {NEAR: "sad"}], segmented=True), NEAR))
    assert said(found) == [("change", "c1", "sad"), ("add", "c0", "happy")]
    assert {step.key for step in found.steps} == {ONE}


def test_a_segment_is_found_by_the_key_that_it_had() -> None:
    """Asked for as it was, it is told as it is."""
    found = only(trails(history([{ONE: "happy"}, {NEAR: "happy"}, {NEAR: "sad"}], segmented=True), ONE))
    assert (found.key, found.value) == (NEAR, "sad")
    assert said(found) == [("change", "c2", "sad"), ("add", "c0", "happy")]


def test_a_segment_elsewhere_is_another_one() -> None:
    """Segments that share less than half are no move."""
    found = trails(history([{ONE: "happy"}, {FAR: "happy"}], segmented=True), FILE)
    assert [(one.key, said(one)) for one in found] == [(FAR, [("add", "c1", "happy")])]


def test_the_first_values_of_a_key_stand_for_all_its_rows() -> None:
    """Every label of a file."""
    found = trails(history([{ONE: "happy", FAR: "sad", ("b.wav", "1s", "2s"): "angry"}]), FILE)
    assert [one.key for one in found] == [ONE, FAR]


def test_a_state_that_cannot_be_read_is_looked_through() -> None:
    """The next one that can be read is compared with the last one that could."""
    states = [{FILE: "happy"}, None, {FILE: "happy"}, None, {FILE: "sad"}, None]
    assert said(only(trails(history(states), FILE))) == [("change", "c4", "sad"), ("add", "c0", "happy")]


def test_a_merge_is_followed_to_the_side_that_has_the_value() -> None:
    """The one who set it is blamed, and not who merged it."""
    parents = {"merge": ["left", "right"], "right": ["base"], "left": ["base"], "base": []}
    values = {"merge": "sad", "right": "sad", "left": "angry", "base": "happy"}
    states = History(parents, {name: excerpt({FILE: value}) for name, value in values.items()})
    assert said(only(trails(states, FILE))) == [("change", "right", "sad"), ("add", "base", "happy")]


def test_a_merge_that_sets_a_value_itself_is_blamed() -> None:
    """Neither side had what a resolved conflict has."""
    parents = {"merge": ["left", "right"], "right": ["base"], "left": ["base"], "base": []}
    values = {"merge": "calm", "right": "sad", "left": "angry", "base": "happy"}
    states = History(parents, {name: excerpt({FILE: value}) for name, value in values.items()})
    found = only(trails(states, FILE))
    assert said(found) == [("change", "merge", "calm"), ("change", "left", "angry"), ("add", "base", "happy")]


def test_a_column_that_was_renamed_keeps_its_past() -> None:
    """Where the histories of both names are known to be one."""
    excerpts: dict[str, Excerpt | None] = {
        "new": excerpt({FILE: "sad"}, "mood"),
        "old": excerpt({FILE: "sad"}, "emotion"),
    }
    states = History({"new": ["old"], "old": []}, excerpts, renamed=lambda _, __: {"mood": "emotion"})
    assert only(trails(states, FILE, "mood")).steps == (Step("add", "old", FILE, "emotion", None, "sad"),)
    plain = History({"new": ["old"], "old": []}, excerpts)
    assert said(only(trails(plain, FILE, "mood"))) == [("change", "new", "sad"), ("add", "old", "")]


def test_a_table_without_columns_has_rows_to_blame() -> None:
    """Who put a file on a list."""
    states = History({"c0": []}, {"c0": Excerpt((), {FILE: {}})})
    found = only(trails(states, FILE))
    assert (found.column, found.value, said(found)) == (None, "", [("add", "c0", "")])


VALUES = st.sampled_from((None, "", "happy", "sad"))


@settings(max_examples=80)
@given(st.lists(VALUES, min_size=1, max_size=8))
def test_a_history_is_what_its_changes_say(values: list[str | None]) -> None:
    """Made anew from its steps, a cell has the same value in every commit since its row came."""
    found = trails(history([{} if value is None else {FILE: value} for value in values]), FILE)
    if not any(value is not None for value in values):
        assert found == []
        return
    steps = {step.commit: step for step in only(found).steps}
    assert len(steps) == len(only(found).steps)
    now: str | None = None
    for at, value in enumerate(values):
        step = steps.get(f"c{at}")
        if step is not None:
            assert step.old == now
            assert step.value != now
            now = step.value
        assert now == value or not any(int(name[1:]) <= at for name in steps)
    assert now == values[-1]


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), max_size=7, unique=True), st.integers(0, 7))
def test_moves_are_those_of_a_plain_comparison(segments: list[tuple[int, int]], cut: int) -> None:
    """Half of the union is shared, and by no other pair."""
    keys = [("a.wav", f"{start}s", f"{start + length}s") for start, length in segments]
    places = dict(zip(keys, ((start, start + length) for start, length in segments), strict=True))
    gone, come = keys[:cut], keys[cut:]
    near = [(a, b) for a in gone for b in come if shares(places[a], places[b])]
    alone = {b: a for a, b in near if sum(a == x for x, _ in near) == sum(b == y for _, y in near) == 1}
    assert moves(gone, come) == alone


def shares(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether two segments share half of what they cover."""
    covered = [set(range(*one)) for one in (a, b)]
    return 2 * len(covered[0] & covered[1]) >= len(covered[0] | covered[1])


SPEC = Spec("t", "filewise", FILEWISE_LEVELS, (("mood", "str"),))


def test_a_column_that_says_the_same_in_every_row_was_renamed() -> None:
    """Whatever else happened to the table."""
    old = b"file,emotion,x\na.wav,happy,1\nb.wav,sad,2\n"
    new = b"file,x,mood\r\nb.wav,3,sad\r\na.wav,1,happy\r\nc.wav,1,sad\r\n"
    assert renames.columns(old, new, SPEC) == {"mood": "emotion"}


def test_columns_that_may_be_others_were_not_renamed() -> None:
    """Two that say the same, one that says nothing, one that says something else."""
    old = b"file,emotion\na.wav,happy\n"
    for new in (
        b"file,mood,other\na.wav,happy,happy\n",
        b"file,mood\na.wav,sad\n",
        b"file,mood\nb.wav,happy\n",
    ):
        assert renames.columns(old, new, SPEC) == {}
    assert renames.columns(b"file,emotion\na.wav,\n", b"file,mood\na.wav,\n", SPEC) == {}
