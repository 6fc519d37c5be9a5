"""The project settings `audiodvc.yaml`, read strictly: what is not known is a finding."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

from audiodvc.codes import ALWAYS, CODES
from audiodvc.finding import Finding, Place
from audiodvc.model.flavor import BIT_DEPTHS, Flavor
from audiodvc.model.yamltext import Codes, Document, read

PATH = "audiodvc.yaml"

LINKS = ("reflink", "hardlink", "symlink", "copy")
"""How a file may get from the cache into a dataset, in the order of preference unless settings say more."""

FLAVOR_FIELDS = ("bit_depth", "channels", "format", "mixdown", "sampling_rate")

_AC001 = "AC001"
_MAX_BIT_DEPTH = max(BIT_DEPTHS)
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_Path = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Rules that are applied though off by default, and rules that are not applied."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project set; what cannot be understood is left out, and is among the findings."""

    document: Document
    findings: tuple[Finding, ...] = ()
    flavors: Mapping[str, Flavor] = field(default_factory=dict)
    rules: Choice = field(default_factory=Choice)
    tables: Mapping[str, Choice] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    links: tuple[str, ...] = LINKS

    def place(self, *path: Hashable, key: bool = False) -> Place:
        """The place of a setting, or of its key; else of the nearest one above."""
        return self.document.place(*path, key=key)


def parse(data: bytes | str, path: str = PATH) -> Settings:
    """The settings in a text; whatever the text is, its faults are findings."""
    document = read(data, path, Codes(broken=_AC001, repeated=_AC001))
    check = _Check(document, list(document.findings))
    top = check.section(document.data, (), ("flavors", "validate", "links"))
    validate = check.section(top.get("validate"), ("validate",), ("select", "ignore", "tables", "groups"))
    flavors = dict(_flavors(check, top["flavors"])) if "flavors" in top else {}
    return Settings(
        document,
        flavors=MappingProxyType(flavors),
        rules=_choice(check, validate, ("validate",)),
        tables=MappingProxyType(dict(_tables(check, validate.get("tables")))),
        groups=check.names(validate.get("groups"), ("validate", "groups")),
        links=check.names(top.get("links"), ("links",), LINKS) or LINKS,
        findings=tuple(sorted(check.findings)),
    )


def unfit(flavor: Flavor) -> str:
    """Why no file can be so, whatever it is; empty if one may."""
    if flavor.bit_depth == _MAX_BIT_DEPTH and flavor.format == "flac":
        return f"bit_depth: flac has no {_MAX_BIT_DEPTH} bit (at most 24)"
    return ""


def is_name(name: object) -> bool:
    """Whether a flavor may be called so."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _flavors(check: _Check, value: object) -> Iterator[tuple[str, Flavor]]:
    """What is not a mapping, null too, would keep DVC from reading its stages."""
    if value is None:
        check.fault(("flavors",), "'flavors' is not a mapping (write {} for none)")
        return
    for name, fields in check.entries(value, ("flavors",)):
        path = ("flavors", name)
        if not is_name(name):
            check.fault(path, f"flavor name '{name}' has other characters than A-Z a-z 0-9 _ -", key=True)
            continue
        known = check.section(fields, path, FLAVOR_FIELDS)
        sound = {key: one for key, one in known.items() if _sound(check, (*path, key), key, one)}
        if len(sound) == len(known):
            yield from _flavor(check, path, name, sound)


def _sound(check: _Check, path: _Path, key: str, value: object) -> bool:
    try:
        Flavor(**{key: value})  # type: ignore[arg-type]
    except ValueError as error:
        check.fault(path, str(error))
        return False
    return True


def _flavor(check: _Check, path: _Path, name: str, fields: dict[str, object]) -> Iterator[tuple[str, Flavor]]:
    """Fields that are sound each by itself need not be so together."""
    try:
        flavor = Flavor(**fields)  # type: ignore[arg-type]
    except ValueError as error:
        check.fault(path, str(error))
        return
    fault = unfit(flavor)
    if fault:
        check.fault((*path, "bit_depth"), fault)
        return
    yield name, flavor


def _tables(check: _Check, value: object) -> Iterator[tuple[str, Choice]]:
    for name, rules in check.entries(value, ("validate", "tables")):
        path = ("validate", "tables", name)
        yield name, _choice(check, check.section(rules, path, ("select", "ignore")), path)


def _choice(check: _Check, section: Mapping[str, object], path: _Path) -> Choice:
    select = check.names(section.get("select"), (*path, "select"), CODES)
    ignore = check.names(section.get("ignore"), (*path, "ignore"), CODES)
    for index, code in enumerate(ignore):
        if code in ALWAYS:
            check.fault((*path, "ignore", index), f"rule {code} can't be ignored")
    return Choice(select, tuple(code for code in ignore if code not in ALWAYS))


@dataclass(frozen=True, slots=True)
class _Check:
    """Reads values of a document, and keeps what is wrong with them."""

    document: Document
    findings: list[Finding]

    def fault(self, path: _Path, message: str, *, key: bool = False) -> None:
        place = self.document.place(*path, key=key)
        self.findings.append(self.document.finding(_AC001, message, place))

    def section(self, value: object, path: _Path, known: Collection[str]) -> dict[str, object]:
        """The entries of a mapping whose keys are known."""
        entries = dict(self.entries(value, path))
        for key in entries.keys() - set(known):
            self.fault((*path, key), f"unknown key '{key}'{_meant(key, known)}", key=True)
        return {key: entries[key] for key in entries if key in known}

    def entries(self, value: object, path: _Path) -> Iterator[tuple[str, object]]:
        """The entries of a mapping that is free in its keys."""
        if value is None:
            return
        if not isinstance(value, dict):
            self.fault(path, f"{_subject(path)} is not a mapping")
            return
        for key, one in value.items():
            if isinstance(key, str):
                yield key, one
            else:
                self.fault((*path, key), f"key '{key}' is not a text", key=True)

    def names(self, value: object, path: _Path, known: Collection[str] | None = None) -> tuple[str, ...]:
        """The items of a list of texts, of those that are known if they are fixed."""
        if value is None:
            return ()
        if not isinstance(value, list):
            self.fault(path, f"{_subject(path)} is not a list")
            return ()
        return tuple(one for index, one in enumerate(value) if self._name(one, (*path, index), known))

    def _name(self, one: object, path: _Path, known: Collection[str] | None) -> bool:
        if not isinstance(one, str):
            self.fault(path, f"'{one}' in {_subject(path[:-1])} is not a text")
        elif known is not None and one not in known:
            self.fault(path, f"unknown name '{one}' in {_subject(path[:-1])}{_meant(one, known)}")
        else:
            return True
        return False


def _subject(path: _Path) -> str:
    return f"'{path[-1]}'" if path else "the content"


def _meant(word: str, known: Collection[str]) -> str:
    near = get_close_matches(word, known, n=1) or get_close_matches(word.upper(), known, n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""
