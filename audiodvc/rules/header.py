"""AH: the header says what audformat reads, and says it completely."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from audiodvc.finding import Finding
from audiodvc.model.header import DTYPES, Header
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules import attachments, entries, languages, references, schemes
from audiodvc.rules.entries import Entry, described, finding, meant, shown


def ah001(snapshot: Snapshot) -> Iterator[Finding]:
    """The header cannot be read as YAML, or holds no mapping.

    Nothing can be loaded without a header. As long as it cannot be read, tables are checked for
    their form only, since nobody knows what should be in them.

    Bad:

        name: emodb
        source: [https://example.org

    Good:

        name: emodb
        source: https://example.org
    """
    for found in _parsed(snapshot, "AH001"):
        yield found if snapshot.has_header else replace(found, message="there is no header db.yaml")


def ah002(snapshot: Snapshot) -> Iterator[Finding]:
    """A key stands twice in one mapping of the header.

    YAML loaders keep the last one without a word, so that the first one, with everything below it, is
    lost. This is what a merge by hand often leaves behind.

    Bad:

        schemes:
          age: {dtype: int}
          age: {dtype: float}

    Good:

        schemes:
          age: {dtype: float}
    """
    yield from _parsed(snapshot, "AH002")


def ah003(snapshot: Snapshot) -> Iterator[Finding]:
    """The name, the source or the usage of the dataset is missing.

    audformat refuses a header without these three. A source may be an empty text where nobody knows
    it; a name may not.

    Bad:

        name: emodb
        usage: research

    Good:

        name: emodb
        source: https://example.org
        usage: research
    """
    header = snapshot.header
    for key in _ASKED if entries.is_read(header) else ():
        value = header.data.get(key)
        if key not in header.data:
            yield finding(header, "AH003", f"the header has no '{key}'")
        elif value is None or (key == "name" and value == ""):
            yield finding(header, "AH003", f"'{key}' is empty", key, key=True)


def ah004(snapshot: Snapshot) -> Iterator[Finding]:
    """A value is outside the fixed set of values that audformat knows.

    There are such sets for the usage of the dataset, the type of media, raters, splits and tables, and
    the dtype of schemes and levels. A loader fails on some unknown words, and takes others for something
    that they are not: a table of an unknown type is read as a filewise one.

    Bad:

        schemes:
          age: {dtype: integer}

    Good:

        schemes:
          age: {dtype: int}
    """
    for entry in entries.everything(snapshot.header):
        for field, value in entry.fields.items():
            known = DTYPES if entry.kind == "levels" else _SETS.get((entry.kind, field))
            if known is None or not isinstance(value, str) or value in known:
                continue
            choice = meant(value, known) or f" (one of {', '.join(known)})"
            message = f"{_field(entry, field)} cannot be {shown(value)}{choice}"
            yield finding(snapshot.header, "AH004", message, *entry.path, field)


def ah005(snapshot: Snapshot) -> Iterator[Finding]:
    """A value is of the wrong type, or a key is.

    audformat fails on it when it loads the header, or later, in a place that has nothing to do with
    the cause. Ids and keys are texts, so a table called 2020 needs quotes. An entry without fields is
    written `{}`; one with nothing behind the colon is no mapping. A few keys are names that audformat
    uses for itself.

    Bad:

        languages: deu
        splits:
          train:

    Good:

        languages: [deu]
        splits:
          train: {type: train}
    """
    header = snapshot.header
    for entry in entries.everything(header):
        if not isinstance(entry.value, dict):
            message = f"{entry.words} is {shown(entry.value)}, not a mapping"
            hint = " (write {} for one without fields)" if entry.value is None else ""
            yield finding(header, "AH005", message + hint, *entry.path)
            continue
        yield from _keys(header, entry)
        yield from _types(header, entry)


def ah014(snapshot: Snapshot) -> Iterator[Finding]:
    """The dataset has expired.

    The day after which it may no longer be used is over. Whether it must be deleted or the date be
    extended, only its owner can say. On the day itself it may still be used.

    Bad, in June 2024:

        expires: 2024-05-31

    Good:

        expires: 2030-01-01
    """
    value = snapshot.header.data.get("expires")
    day = value.date() if isinstance(value, datetime) else value
    if isinstance(day, date) and day < snapshot.today:
        yield finding(snapshot.header, "AH014", f"the dataset has expired on {day.isoformat()}", "expires")


RULES = (
    *(ah001, ah002, ah003, ah004, ah005),
    *(references.ah006, schemes.ah007, schemes.ah008, languages.ah009),
    *(references.ah010, references.ah011, references.ah012, references.ah013),
    *(ah014, attachments.ah015),
)


_ASKED = ("name", "source", "usage")

_SETS: Mapping[tuple[str, object], tuple[str, ...]] = MappingProxyType(
    {
        ("", "usage"): ("commercial", "other", "research", "restricted", "unrestricted"),
        ("media", "type"): ("audio", "other", "video"),
        ("raters", "type"): ("ground truth", "human", "machine", "other", "vote"),
        ("splits", "type"): ("dev", "other", "test", "train"),
        ("tables", "type"): ("filewise", "segmented"),
        ("schemes", "dtype"): DTYPES,
    }
)


class _Type(NamedTuple):
    """What a value must be; null leaves most fields out, but not those that audformat always fills."""

    words: str
    holds: Callable[[object], bool]
    optional: bool = True


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_TEXT = _Type("a text", lambda value: isinstance(value, str))
_SET_TEXT = _TEXT._replace(optional=False)
_MAPPING = _Type("a mapping", lambda value: isinstance(value, dict))
_COUNT = _Type("a whole number above 0", _is_count)
_NUMBER = _Type("a number", _is_number)
_DATE = _Type("a date (without quotes, as in 2030-01-31)", lambda value: isinstance(value, date))
_LIST = _Type("a list", lambda value: isinstance(value, list), optional=False)
_LABELS = _Type("a list, a mapping or a misc table", lambda value: isinstance(value, list | dict | str))
_SIZES = _Type(
    "a list of whole numbers above 0",
    lambda value: isinstance(value, list) and all(_is_count(one) for one in value),
)

_DESCRIPTION = {"description": _TEXT}
_TABLE = {**_DESCRIPTION, "split_id": _TEXT, "media_id": _TEXT, "columns": _MAPPING}
_FIELDS: Mapping[str, Mapping[str, _Type]] = MappingProxyType(
    {
        "": {
            **dict.fromkeys(("name", "description", "source", "usage"), _TEXT),
            **dict.fromkeys(("author", "organization", "license", "license_url"), _TEXT),
            "expires": _DATE,
            "languages": _LIST,
            **dict.fromkeys(entries.SECTIONS, _MAPPING),
        },
        "attachments": {**_DESCRIPTION, "path": _SET_TEXT},
        "media": {
            **_DESCRIPTION,
            "type": _SET_TEXT,
            "format": _TEXT,
            **dict.fromkeys(("sampling_rate", "channels", "bit_depth"), _COUNT),
            **dict.fromkeys(("video_channels", "video_depth"), _COUNT),
            "video_fps": _NUMBER,
            "video_resolution": _SIZES,
        },
        "raters": {**_DESCRIPTION, "type": _SET_TEXT},
        "splits": {**_DESCRIPTION, "type": _SET_TEXT},
        "schemes": {
            **_DESCRIPTION,
            "dtype": _SET_TEXT,
            "labels": _LABELS,
            "minimum": _NUMBER,
            "maximum": _NUMBER,
        },
        "tables": {**_TABLE, "type": _SET_TEXT},
        "misc_tables": {**_TABLE, "levels": _MAPPING._replace(optional=False)},
        "columns": {**_DESCRIPTION, "scheme_id": _TEXT, "rater_id": _TEXT},
    }
)
_REQUIRED: Mapping[str, str] = MappingProxyType({"attachments": "path", "misc_tables": "levels"})

# Attributes of audformat's objects: its loader puts the value there, and loses it or fails on it.
_RESERVED = frozenset({"_db", "_df", "_files_duration", "_id", "_name", "_root", "_table"})


def _parsed(snapshot: Snapshot, code: str) -> Iterator[Finding]:
    return (found for found in snapshot.form if found.code == code)


def _keys(header: Header, entry: Entry) -> Iterator[Finding]:
    for key in entry.fields:
        if not isinstance(key, str):
            message = f"key {shown(key)} of {entry.words} is not a text (put it in quotes)"
        elif key in _RESERVED and entry.kind not in ("ids", "levels"):
            message = f"key '{key}' of {entry.words} is audformat's own"
        elif key == "has_confidence" and entry.kind == "columns":
            message = f"'has_confidence' is out of use (declare a column '@{entry.path[-1]}' instead)"
        else:
            continue
        yield finding(header, "AH005", message, *entry.path, key, key=True)


def _types(header: Header, entry: Entry) -> Iterator[Finding]:
    fields, known = entry.fields, _FIELDS.get(entry.kind, {})
    asked = _REQUIRED.get(entry.kind)
    if asked is not None and asked not in fields:
        yield finding(header, "AH005", f"{entry.words} has no '{asked}'", *entry.path, key=True)
    if fields.get("levels") == {} and entry.kind == "misc_tables":
        yield finding(header, "AH005", f"{entry.words} has no levels", *entry.path, "levels")
    for field, value in fields.items():
        must = _SET_TEXT if entry.kind == "levels" else known.get(str(field))
        if must is None or must.holds(value) or (value is None and must.optional):
            continue
        message = f"{_field(entry, field)} is {shown(value)}, not {must.words}"
        yield finding(header, "AH005", message, *entry.path, field)
    if entry.kind == "":
        yield from _language_types(header, fields.get("languages"))


def _language_types(header: Header, value: object) -> Iterator[Finding]:
    for number, language in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(language, str):
            hint = " (YAML reads a bare no as false: did you mean 'nor'?)" if language is False else ""
            message = f"language {shown(language)} is not a text{hint}"
            yield finding(header, "AH005", message, "languages", number)


def _field(entry: Entry, field: object) -> str:
    if entry.kind == "levels":
        return f"dtype of level {shown(field)} of {described(entry.path[:-1])}"
    return f"'{field}'" if not entry.path else f"'{field}' of {entry.words}"
