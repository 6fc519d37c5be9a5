"""Our stages in a dvc.yaml that belongs to somebody."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from audiodvc.errors import FormatError
from audiodvc.model.stages import deps_of, outputs, stages, taken, write

DEPS = deps_of(["db.b.csv", "db.a.csv"], ["audio.media.csv"])

OURS = """\
  validate:
    cmd: audiodvc validate --metrics validation.json
    desc: Check the labels and media of this dataset
    deps:
    - audio.media.csv
    - audiodvc.yaml
    - db.a.csv
    - db.b.csv
    - db.yaml
    metrics:
    - validation.json:
        cache: false
    meta:
      audiodvc: validate
"""

FLAVORS = """\
  flavor:
    foreach:
    - mono
    - '8000'
    do:
      cmd: audiodvc flavor build ${item}
      desc: Convert the media of this dataset
      deps:
      - audio.media.csv
      params:
      - audiodvc.yaml:
        - flavors.${item}
      outs:
      - flavors/${item}
      - flavors/${item}.media.csv:
          cache: false
      meta:
        audiodvc: flavor
"""

OLD = """\
  validate:
    cmd: audiodvc validate
    deps: [db.yaml]
    meta: {audiodvc: validate}
"""

FLOW = (
    "validate: {cmd: audiodvc validate --metrics validation.json,"
    " desc: Check the labels and media of this dataset,"
    " deps: [audio.media.csv, audiodvc.yaml, db.a.csv, db.b.csv, db.yaml],"
    " metrics: [{validation.json: {cache: false}}], meta: {audiodvc: validate}}"
)


def test_validate_depends_on_all_that_it_reads() -> None:
    """Header, settings, tables and indexes, each once, in order."""
    assert DEPS == ("audio.media.csv", "audiodvc.yaml", "db.a.csv", "db.b.csv", "db.yaml")
    assert stages(reversed(DEPS))[0].content["deps"] == list(DEPS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "stages:\n" + OURS),
        ("# ours alone\n", "# ours alone\nstages:\n" + OURS),
        ("# no newline", "# no newline\nstages:\n" + OURS),
        ("{}\n", "stages:\n" + OURS),
        ("stages: {}\n", "stages:\n" + OURS),
        ("stages:\n", "stages:\n" + OURS),
        ("stages: null\n", "stages:\n" + OURS),
        ("stages: {}  # none yet\nvars: [a]\n", "stages:  # none yet\n" + OURS + "vars: [a]\n"),
        ("stages:\n  # none yet\n", "stages:\n" + OURS + "  # none yet\n"),
        ("vars:\n- a: 1\n", "vars:\n- a: 1\nstages:\n" + OURS),
        ("vars:\n- a: 1", "vars:\n- a: 1\nstages:\n" + OURS),
        ("stages:\n" + OLD, "stages:\n" + OURS),
        (
            "stages:\n" + OLD + "\n  # train\n  train: {cmd: x}\n",
            "stages:\n" + OURS + "\n  # train\n  train: {cmd: x}\n",
        ),
        (
            "stages:\n  train:\n    cmd: x # y\n    # z\n\n  # end\nplots: []\n",
            "stages:\n  train:\n    cmd: x # y\n    # z\n" + OURS + "\n  # end\nplots: []\n",
        ),
        (
            "stages:\n  train:\n    cmd: |\n      x\n\nplots: []\n",
            "stages:\n  train:\n    cmd: |\n      x\n\n" + OURS + "plots: []\n",
        ),
        (
            "base: &base {cmd: x}\nstages:\n  train: *base\n",
            "base: &base {cmd: x}\nstages:\n  train: *base\n" + OURS,
        ),
        ("stages: {train: {cmd: x}} # one\n", "stages: {" + FLOW + ", train: {cmd: x}} # one\n"),
        ("{stages: {train: {cmd: x}}}\n", "{stages: {" + FLOW + ", train: {cmd: x}}}\n"),
        ("{vars: [a]}\n", "{stages: {" + FLOW + "}, vars: [a]}\n"),
        ("{stages: }\n", "{stages: {" + FLOW + "}}\n"),
        (
            "stages: {validate: {cmd: audiodvc validate, meta: {audiodvc: validate}}, a: {cmd: x}}\n",
            "stages: {" + FLOW + ", a: {cmd: x}}\n",
        ),
        ("stages: { # none\n  }\n", "stages: {" + FLOW + " # none\n  }\n"),
        ("\ufeffstages: {}\n", "\ufeffstages:\n" + OURS),
    ],
)
def test_all_but_our_stage_stays_byte_for_byte(old: str, new: str) -> None:
    """Comments, blank lines, style and order of the user's are the user's."""
    assert write(old, DEPS) == new


def test_stages_keep_the_indent_of_those_that_are_there() -> None:
    """However deep it is."""
    old = "stages:\n      train:\n        cmd: x\n"
    assert write(old, DEPS) == old + "".join("    " + line for line in OURS.splitlines(keepends=True))


def test_the_line_ends_of_the_file_are_kept() -> None:
    """What is added has them too."""
    old = "stages:\r\n  train:\r\n    cmd: x\r\n\r\n# end\r\n"
    head, tail = "stages:\r\n  train:\r\n    cmd: x\r\n", "\r\n# end\r\n"
    assert write(old, DEPS) == head + OURS.replace("\n", "\r\n") + tail


def test_a_stage_that_says_the_same_is_left_as_it_is_written() -> None:
    """A comment in our stage stays until its content changes."""
    text = "stages:\n" + OURS.replace("desc:", "# why\n    desc:")
    assert write(text, DEPS) == text


def test_a_stage_of_the_users_with_our_name_is_left_and_told() -> None:
    """Ours bears a mark; what has none is the user's."""
    text = "stages:\n  validate:\n    cmd: make check\n"
    assert write(text, DEPS) == text
    assert taken(text) == ("validate",)
    assert taken(write("", DEPS)) == taken("") == ()


def test_names_that_dvc_would_fill_in_are_escaped() -> None:
    """A file called `${x}` is no template."""
    (stage,) = yaml.safe_load(write("", ["db.${x}.csv"]))["stages"].values()
    assert stage["deps"] == ["db.\\${x}.csv"]


def test_flavors_are_one_stage_for_each_name() -> None:
    """Which depends on the media indexes and on its own settings; without flavors it goes again."""
    text = write("", DEPS, ["mono", "8000"], ["audio.media.csv"])
    assert text == "stages:\n" + OURS + FLAVORS
    assert write(text, DEPS, ["mono", "8000"], ["audio.media.csv"]) == text
    assert write(text, DEPS) == "stages:\n" + OURS
    names = ("mono", "8000")
    made = {f"flavors/{name}{end}" for name in names for end in ("", ".media.csv")}
    assert outputs(text) == {"validation.json", *made}


def test_a_stage_flavor_of_the_users_matters_where_there_are_flavors() -> None:
    """It is left alone, and told."""
    text = write("stages:\n  flavor:\n    cmd: make ice\n", DEPS)
    assert write(text, DEPS, ["mono"], []) == text
    assert (taken(text, ["mono"]), taken(text)) == (("flavor",), ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n", "it is not a mapping"),
        ("stages: [a]\n", "'stages' is not a mapping"),
        ("stages: {\n", "2:1: not valid YAML"),
        ("stages: {}\nstages: {}\n", "2:1: key 'stages' is given twice"),
        ("<<<<<<< ours\nstages: {}\n=======\n>>>>>>> theirs\n", "1:1: merge-conflict marker <<<<<<<"),
        ("vars: [a]\n...\n", "there is no place"),
        ("base: &base {a: {cmd: x}}\nstages: *base\n", "there is no place"),
        ("stages:\n  a:\n    cmd: |\n      x", "there is no place"),
    ],
)
def test_a_file_that_cannot_be_changed_safely_is_refused(text: str, words: str) -> None:
    """With the reason, and the text untouched."""
    with pytest.raises(FormatError, match=words):
        write(text, DEPS)


USER = st.recursive(
    st.sampled_from(["x", "a b", "", "1", "# no comment", "two\nlines\n"]) | st.none() | st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=6,
)


@given(
    stages=st.none() | st.dictionaries(st.sampled_from(["train", "eval", "a"]), USER, max_size=3),
    others=st.dictionaries(st.sampled_from(["vars", "plots", "zoo"]), USER, max_size=2),
    style=st.sampled_from([None, True, False]),
    indent=st.integers(2, 5),
    deps=st.lists(st.text(alphabet="ab.-# :'\"é{}[]&*!|%@`\\", min_size=1, max_size=6), max_size=4),
)
def test_a_written_file_says_what_it_said_and_our_stages(
    stages: Any,  # noqa: ANN401
    others: dict[str, Any],
    style: bool | None,  # noqa: FBT001
    indent: int,
    deps: list[str],
) -> None:
    """Whatever the user wrote in whatever style; written twice is written once."""
    data = {**others, "stages": stages}
    old = yaml.safe_dump(data, default_flow_style=style, indent=indent)
    new = write(old, deps)
    said = yaml.safe_load(new)
    assert said["stages"].pop("validate")["deps"] == sorted(set(deps))
    assert said == {**data, "stages": stages or {}}
    assert write(new, deps) == new
    if style is False:
        lines = iter(new.splitlines())
        assert all(line in lines for line in old.splitlines() if not line.startswith("stages:"))
