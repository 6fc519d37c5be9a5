"""AH009: languages are named by their codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from audiodvc.finding import Finding
from audiodvc.model.snapshot import Snapshot
from audiodvc.rules.entries import finding, shown


def ah009(snapshot: Snapshot) -> Iterator[Finding]:
    """A language is not a code of ISO 639-3.

    The standard has one code of three letters in lower case for each language, so that two
    datasets name the same language alike and can be found by it. Two-letter codes, English
    names and the older three-letter codes (`ger`) belong to other parts of the standard. The codes from
    `qaa` to `qtz` are free for local use and accepted.

    Bad:

        languages: [de, english]

    Good:

        languages: [deu, eng]
    """
    languages = snapshot.header.data.get("languages")
    for number, language in enumerate(languages if isinstance(languages, list) else ()):
        if isinstance(language, str) and not _is_code(language):
            message = f"language {shown(language)} is not in ISO 639-3{_suggestion(language)}"
            yield finding(snapshot.header, "AH009", message, "languages", number)


_LOCAL = re.compile("q[a-t][a-z]")
_CODE = re.compile("[a-z]{3}")
_SEPARATOR = re.compile("[-_ (,;]")
_LONGEST_CODE = 3
_ALIKE = 0.75


def _is_code(text: str) -> bool:
    return bool(_CODE.fullmatch(text)) and (_LOCAL.fullmatch(text) is not None or _code(text) == text)


def _suggestion(text: str) -> str:
    """The code for a name or an older code, also in another case, misspelt or with a region."""
    code = _named(text) or _named(_SEPARATOR.split(text.strip())[0]) or _nearly_named(text)
    return f" (did you mean '{code}'?)" if code else ""


def _named(text: str) -> str:
    words = text.strip()
    return _code(words.lower() if len(words) <= _LONGEST_CODE else words.title())


def _nearly_named(text: str) -> str:
    """The one language that has the word in its name, or one in wide use that is spelt much like it."""
    from iso639 import iter_langs

    word = text.strip().title()
    if len(word) <= _LONGEST_CODE:
        return ""
    langs = [lang for lang in iter_langs() if lang.pt3]
    named = [lang.pt3 for lang in langs if word in lang.name.split()]
    # Among eight thousand names there is always one that is spelt alike.
    common = {lang.name: lang.pt3 for lang in langs if lang.pt1}
    near = get_close_matches(word, common, n=1, cutoff=_ALIKE)
    return named[0] if len(named) == 1 else common[near[0]] if near else ""


def _code(text: str) -> str:
    """The code of ISO 639-3 for an exact name or a code of any part, empty if there is none."""
    # A tenth of a second: only a dataset that names its languages pays for it.
    from iso639 import Lang
    from iso639.exceptions import DeprecatedLanguageValue, InvalidLanguageValue

    try:
        return Lang(text).pt3
    except DeprecatedLanguageValue as old:
        return _code(old.change_to) if old.change_to not in ("", text) else ""
    except InvalidLanguageValue:
        return ""
