"""Processes that are killed at any point of what they do, and the same command given again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from audiodvc.adapters import deliveries
from tests.reliability import worlds
from tests.reliability.doomed import Death, Ended, How, Nursery
from tests.reliability.tally import count, rounds
from tests.reliability.verbs import MORE, VERBS, Verb
from tests.reliability.worlds import Seen, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, repo_template: Path) -> Iterator[World]:
    """A dataset and all that is around it, and where processes are born that are to die."""
    with Nursery() as nursery, worlds.made(tmp_path_factory.mktemp("kills"), repo_template, nursery) as world:
        yield world


@pytest.mark.parametrize("verb", [*VERBS, *MORE][: rounds(len(VERBS), 99)], ids=lambda verb: verb.what)
def test_what_is_killed_loses_nothing_and_is_done_by_the_next_try(world: World, verb: Verb) -> None:
    """Every file is as before or as after, and after the next try all is as if nothing had been."""
    with world.laid("base"):
        verb.prepare(world)
        world.keep(verb.what)
    with world.laid(verb.what):
        before = world.seen()
        clean = _run(world, verb)
        assert clean.code == 0, clean.said
        after = world.seen()
        assert after != before
    for death in _deaths(clean, rounds(verb.few, verb.kills)):
        with world.laid(verb.what):
            killed = _run(world, verb, death)
            _look(world, verb, killed, before, after)
            _try_again(world, verb, after)
        if killed.code:
            count("kills", verb.what)


def _run(world: World, verb: Verb, death: Death | None = None) -> Ended:
    return world.nursery.run(verb.given(world), world.dataset.path, death, world.environment)


def _deaths(clean: Ended, number: int) -> Iterator[Death]:
    """All over the time that it took, and all over what it wrote."""
    hows: Sequence[How] = ("all", "all", "alone", "interrupt", "all", "terminate")
    for place in range(number):
        part, how = (place + 0.5) / number, hows[place % len(hows)]
        if clean.events and (place % 2 or number < len(hows)):
            yield Death(how, event=1 + int(part * clean.events))
        else:
            yield Death(how, seconds=part * clean.seconds)


def _look(world: World, verb: Verb, killed: Ended, before: Seen, after: Seen) -> None:
    """Nothing is lost, nothing is half, and nobody was left behind."""
    assert killed.strays == 0
    assert "Traceback" not in killed.said or verb.words.startswith("git")
    now = world.seen()
    wrong = {
        name: (before.get(name), now.get(name), after.get(name))
        for name in {*now, *before, *after}
        if now.get(name) not in (before.get(name), after.get(name))
        and not name.endswith(" status")
        and not re.fullmatch(verb.passing, name)
    }
    assert not wrong
    world.check(before)


def _try_again(world: World, verb: Verb, after: Seen) -> None:
    """The same command again does the rest, and what is unfinished goes, in the end by `gc`."""
    verb.recover(world)
    # git removes no lock of a git that was killed: it asks for that.
    (world.dataset.path / ".git" / "index.lock").unlink(missing_ok=True)
    done = verb.done if world.seen() == after else (0,)
    again = _run(world, verb)
    assert again.code in done, again.said
    now = world.seen()
    assert {name: now.get(name) for name in {*now, *after} if now.get(name) != after.get(name)} == {}
    if world.unfinished():
        world.age()
        _run(world, verb)
        world.nursery.run(["audiodvc", "gc", "--yes"], world.dataset.path, env=world.environment)
    if world.unfinished():
        _bring_more(world)
    assert world.unfinished() == []


def _bring_more(world: World) -> None:
    """Let another object come into each folder of objects: whoever brings one removes what is old."""
    data = b"later"
    (world.dataset.path / "audio" / "later.txt").write_bytes(data)
    added = world.nursery.run(["audiodvc", "add", "audio"], world.dataset.path, env=world.environment)
    assert added.code == 0, added.said
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    for folder in (*world.path.glob("*.media"), *world.path.glob("srv/*.media")):
        deliveries.into_folder(str(folder), {md5: data}, lambda _: None)
