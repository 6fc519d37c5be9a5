"""What the pages of the docs say of names, settings and of one another, held against the code."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from types import FunctionType

import pytest

import audiodvc
from audiodvc.model import remoteconfig, userconfig
from audiodvc.model.settings import LINKS
from audiodvc.model.userconfig import Repository
from audiodvc.resolve import config
from audiodvc.resolve.dependencies import Dependencies
from audiodvc.resolve.flavor import Flavor

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
INDEX = DOCS / "README.md"

PYTHON = (DOCS / "reference" / "python.md").read_text("utf-8")
SETTINGS = (DOCS / "reference" / "configuration.md").read_text("utf-8")

CALLS = dict(re.findall(r"(?ms)^```py\naudiodvc\.([\w.]+)(\(.*?)^```$", PYTHON))
CLASSES = ("Damage", "Flavor", "Repository")
SHOWN = sorted(
    name for name in audiodvc.__all__ if name in CLASSES or isinstance(getattr(audiodvc, name), FunctionType)
)
OF_INFO = {
    name: value
    for name, value in vars(audiodvc.info).items()
    if isinstance(value, FunctionType) and value.__module__ == audiodvc.info.__name__
    if not name.startswith("_") and name != "load_header"
}


# ---------------------------------------------------------------------------
# Python


@pytest.mark.parametrize("name", SHOWN)
def test_the_docs_have_the_signature_of_each_call(name: str) -> None:
    """With its parameters, their defaults, and what it gives."""
    assert name in CALLS, f"docs/reference/python.md has no signature of {name}"
    assert shown(CALLS[name]) == shown(signature(getattr(audiodvc, name)))


def test_the_docs_have_each_public_name() -> None:
    """What can be imported is on the page."""
    missing = [name for name in audiodvc.__all__ if f"`{name}`" not in PYTHON and not titled(PYTHON, name)]
    assert [name for name in missing if f"`audiodvc.{name}`" not in PYTHON] == []


def test_the_docs_have_each_function_of_info() -> None:
    """In one of two tables, each with a signature that all of it share."""
    said, heard = first_column(PYTHON, "| function |", nth=0), first_column(PYTHON, "| function |", nth=1)
    assert said | heard == set(OF_INFO)
    assert said & heard == set()
    for names, like in (said, "author"), (heard, "duration"):
        for name in names:
            given = signature(OF_INFO[name]).replace("load_tables=True, ", "").partition(" -> ")[0]
            assert shown(given) == shown(CALLS[f"info.{like}"].partition(" -> ")[0]), name


@pytest.mark.parametrize("kind", [Flavor, Dependencies])
def test_the_docs_have_each_member(kind: type) -> None:
    """Of the values that calls give."""
    named = set(re.findall(r"`(\w+)(?:\([\w, ]*\))?`", PYTHON))
    assert {name for name in dir(kind) if not name.startswith("_")} <= named


# ---------------------------------------------------------------------------
# configuration


def test_the_settings_of_the_docs_are_understood() -> None:
    """Each key is in the example, which has no fault."""
    example = SETTINGS.partition("<!-- settings -->\n```yaml\n")[2].partition("```")[0]
    read = userconfig.parse(example, "config.yaml")
    assert read.findings == ()
    assert [one.name for one in read.repositories] == ["github", "local", "rooms"]
    assert read.links == LINKS
    assert set(re.findall(r"(?m)^(\w+):", example)) == keys()


def test_the_docs_have_each_setting() -> None:
    """Of the user, of a repository, and what counts in the configuration of another."""
    assert first_column(SETTINGS, "| key | default |") == keys()
    assert first_column(SETTINGS, "| field |") == {one.name for one in fields(Repository)}
    assert first_column(SETTINGS, "| kind |") == set(LINKS)
    assert first_column(SETTINGS, "| key | for |") == set(remoteconfig.KEYS)


def test_the_docs_have_the_defaults() -> None:
    """Where the cache and the settings are, and what a program can set."""
    attributes = [name for name in vars(config.Overrides) if name.isupper()]
    assert len(attributes) == len(["cache", "shared cache", "repositories"])
    for name in (config.CACHE, config.PATH, *(f"audiodvc.config.{name}" for name in attributes)):
        assert f"`{name}`" in SETTINGS
    assert f"links: [{', '.join(LINKS)}]" in SETTINGS


# ---------------------------------------------------------------------------
# pages


def test_every_page_is_in_the_index() -> None:
    """Decisions are listed as a folder."""
    listed = {place for place, _ in links(INDEX)}
    pages = [page for page in PAGES if DOCS in page.parents and page != INDEX]
    missing = [page for page in pages if page not in listed and DOCS / "decisions" not in page.parents]
    assert missing == []
    assert DOCS / "decisions" in listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that is there, and to a title in it."""
    for place, title in links(page):
        assert place.exists(), f"{page}: {place}"
        if title:
            assert title in set(titles(place)), f"{page}: {place}#{title}"


def keys() -> set[str]:
    """What a user can set."""
    return {one.name for one in fields(userconfig.UserConfig)} - {"findings"}


def signature(call: Callable[..., object]) -> str:
    """Names and defaults of the parameters, and what is given."""
    known = inspect.signature(call)
    bare = [one.replace(annotation=inspect.Parameter.empty) for one in known.parameters.values()]
    return str(known.replace(parameters=bare, return_annotation=inspect.Signature.empty)) + _given(known)


def _given(known: inspect.Signature) -> str:
    given = known.return_annotation
    return "" if given is inspect.Signature.empty else f" -> {given}"


def shown(text: str) -> str:
    """A signature in one form, however it is written."""
    return ast.unparse(ast.parse(f"def call{text.strip()}: ..."))


def titled(text: str, name: str) -> bool:
    """Whether a title names something."""
    return re.search(rf"(?m)^#+ (?:.*, )?{name}(?:,.*)?$", text) is not None


def first_column(text: str, head: str, *, nth: int = 0) -> set[str]:
    """The names in the first column of a table, by how its first line begins."""
    table = text.split(f"\n{head}")[nth + 1].partition("\n\n")[0]
    return {name for line in table.split("\n")[2:] for name in re.findall(r"`(\w+)", line.split("|")[1])}


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The files that a page leads to, each with a title in it or none."""
    text = re.sub(r"(?ms)^```.*?^```$|^ {4}.*?$|`[^`\n]*`", "", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            file, _, title = target.partition("#")
            yield (page.parent / file).resolve() if file else page, title


def titles(page: Path) -> Iterator[str]:
    """The titles of a page, as GitHub names them in links."""
    for title in re.findall(r"(?m)^#+ (.*)$", page.read_text("utf-8")):
        yield re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
