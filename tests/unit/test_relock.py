"""Entries of `dvc.lock`, changed in place."""

from __future__ import annotations

from audiodvc.model.relock import Locked, relocked

OLD, NEW = "a" * 32, "b" * 32
TEXT = f"""\
schema: '2.0'
stages:
  validate:
    cmd: audiodvc validate
    deps:
    - path: audio.media.csv
      hash: md5
      md5: {OLD}
      size: 10
  flavor@small:
    cmd: build
    deps:
    - path: audio.media.csv
      hash: md5
      md5: {OLD}
      size: 10
    outs:
    - path: flavors/small
      hash: md5
      md5: {OLD}.dir
      size: 10
      nfiles: 2
"""


def test_one_stage_changes_and_no_other() -> None:
    """Another stage that read the same file has to run again."""
    changes = {
        "audio.media.csv": (OLD, Locked(NEW, 5)),
        "flavors/small": (f"{OLD}.dir", Locked(f"{NEW}.dir", 5, 1)),
    }
    head, _, tail = TEXT.partition("  flavor@small:")
    wanted = tail.replace(OLD, NEW).replace("size: 10", "size: 5").replace("nfiles: 2", "nfiles: 1")
    assert relocked(TEXT, "flavor@small", changes) == f"{head}  flavor@small:{wanted}"


def test_what_was_out_of_step_stays_so() -> None:
    """An entry of another object is not touched, nor is a text without the stage."""
    assert relocked(TEXT, "flavor@small", {"audio.media.csv": (NEW, Locked(OLD, 5))}) == TEXT
    assert relocked(TEXT, "flavor@other", {"audio.media.csv": (OLD, Locked(NEW, 5))}) == TEXT


def test_a_name_that_looks_like_a_number_gets_quotes() -> None:
    """As DVC writes it; YAML would read a number."""
    text = relocked(TEXT, "flavor@small", {"audio.media.csv": (OLD, Locked("1" * 32, 5))})
    assert f"md5: '{'1' * 32}'\n" in text
