"""In which order rows are handed out."""

from __future__ import annotations

from itertools import chain, zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.model.order import Order, order

ROWS = st.integers(0, 300)
SIZES = st.integers(1, 40)
BUFFERS = st.integers(0, 120)
SEEDS = st.integers(0, 2**63)


def flat(one: Order, rows: int) -> list[int]:
    """All rows, one after the other."""
    return list(chain.from_iterable(one.batches(rows)))


@given(ROWS, SIZES, BUFFERS, SEEDS)
def test_each_row_comes_once(rows: int, size: int, buffer: int, seed: int) -> None:
    """Shuffled or not, all batches but the last have the size that was asked for."""
    batches = list(Order(size, buffer, seed).batches(rows))
    assert sorted(chain.from_iterable(batches)) == list(range(rows))
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(batches)


@given(ROWS, SIZES)
def test_rows_keep_their_order(rows: int, size: int) -> None:
    """Unless they are shuffled."""
    assert flat(Order(size), rows) == list(range(rows))


@given(ROWS, SIZES, st.integers(1, 120), SEEDS)
def test_no_row_leaves_its_buffer(rows: int, size: int, buffer: int, seed: int) -> None:
    """Rows are shuffled among as many as the buffer holds, whatever the size of a batch."""
    mixed = flat(Order(size, buffer, seed), rows)
    assert all(row // buffer == place // buffer for place, row in enumerate(mixed))
    assert mixed == flat(Order(1, buffer, seed), rows)


def test_a_seed_is_an_order() -> None:
    """The same everywhere and in every release; another seed is another order."""
    assert flat(Order(3, 10, seed=1), 10) == [6, 8, 9, 7, 5, 3, 0, 4, 1, 2]
    assert len({tuple(flat(Order(3, 100, seed), 100)) for seed in range(20)}) == 20
    drawn = [order(4, 100, shuffle=True, seed=None) for _ in range(3)]
    assert len({tuple(flat(one, 50)) for one in drawn}) == 3


@given(ROWS, SIZES, BUFFERS, SEEDS, st.integers(1, 7))
def test_parts_are_the_whole(rows: int, size: int, buffer: int, seed: int, count: int) -> None:
    """Each row is in one part, and parts that are read in turn give the batches of the whole in order."""
    whole = Order(size, buffer, seed)
    parts = [list(whole.part(index, count).batches(rows)) for index in range(count)]
    turns = [batch for turn in zip_longest(*parts) for batch in turn if batch is not None]
    assert turns == list(whole.batches(rows))


@given(ROWS, SIZES, BUFFERS, st.integers(1, 4), st.integers(1, 4))
def test_a_part_has_parts(rows: int, size: int, buffer: int, outer: int, inner: int) -> None:
    """As for the workers of each of several machines."""
    for index in range(outer):
        part = Order(size, buffer).part(index, outer)
        parts = [list(part.part(one, inner).batches(rows)) for one in range(inner)]
        turns = [batch for turn in zip_longest(*parts) for batch in turn if batch is not None]
        assert turns == list(part.batches(rows))


@pytest.mark.parametrize(("index", "count"), [(-1, 2), (2, 2), (0, 0), (1, 1)])
def test_a_part_that_is_none_is_refused(index: int, count: int) -> None:
    """Parts are counted from 0."""
    with pytest.raises(ValueError, match="there is no part"):
        Order(1).part(index, count)


def test_parts_that_shuffle_differently_are_refused() -> None:
    """Each process would draw a seed of its own, and rows would be lost."""
    with pytest.raises(ValueError, match="need a seed"):
        order(1, 10, shuffle=True, seed=None).part(0, 2)
    assert order(1, 10, shuffle=True, seed=0).part(0, 2).count == 2
    assert order(1, 10, shuffle=False, seed=None).part(0, 2).count == 2


@pytest.mark.parametrize(
    ("size", "buffer", "name"), [(0, 1, "batch_size"), (-1, 1, "batch_size"), (1, 0, "buffer_size")]
)
def test_what_is_smaller_than_one_is_refused(size: int, buffer: int, name: str) -> None:
    """By its name."""
    with pytest.raises(ValueError, match=name):
        order(size, buffer, shuffle=False, seed=None)
