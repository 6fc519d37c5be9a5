"""Times and dates as text: the forms that audformat's loader reads, without pandas.

Left out on purpose are forms that the loader takes for something else than they say: a blank or a
comma between digits (`1,5s` loads as 15 s), fractions of ISO hours (`PT1.5H` loads as five hours
and a second), ISO months (`P1M` loads as a minute), days before months (`01/02/2020`) and words
(`now`). Such a cell is no time or date.
"""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

_SECOND = 10**9
_DAY = 86400 * _SECOND
_LARGEST = 2**63 - 1
FIRST, LAST = -(_LARGEST // _SECOND) * _SECOND, _LARGEST
"""The dates that loaders can count in 64 bit of nanoseconds; the first is a whole second for them."""

RANGE = "1677-09-22 to 2262-04-11"
"""The days between these dates."""

# Below it pandas writes -106752 days, which it cannot read.
_SMALLEST = -106751 * _DAY


def time_ns(text: str) -> int | None:
    """Read a time as nanoseconds; a number without unit counts nanoseconds, as it does for loaders."""
    text = text.strip(" ")
    for reads in (_clock_ns, _iso_ns, _count_ns):
        ns = reads(text)
        if ns is not None:
            return ns if _SMALLEST <= ns <= _LARGEST else None
    return None


def time_text(ns: int) -> str:
    """Write nanoseconds in canonical form: as pandas does, but always with nine digits."""
    days, rest = divmod(ns, _DAY)
    seconds, fraction = divmod(rest, _SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    sign = "+" if days < 0 else ""
    return f"{days} days {sign}{hour:02}:{minute:02}:{second:02}.{fraction:09}"


class Moment(NamedTuple):
    """A date: nanoseconds of the wall clock since 1970, and minutes east of UTC if it has a zone."""

    wall: int
    zone: int | None


def moment(text: str) -> Moment | None:
    """Read a date, with or without time of day and zone."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    day = _day(found)
    rest = _time_of_day(found)
    zone = _zone(found["zone"])
    if day is None or rest is None or zone == _NO_ZONE:
        return None
    at = Moment(day * _DAY + rest, zone)
    fits = -_LARGEST <= moment_ns(at) <= _LARGEST
    # Beyond the years 1677 to 2262 loaders count microseconds.
    return at if fits or rest % 1000 == 0 else None


def moment_text(at: Moment) -> str:
    """Write a date in canonical form: the day alone at midnight, the zone as it is."""
    days, rest = divmod(at.wall, _DAY)
    text = date.fromordinal(days + _EPOCH).isoformat()
    if rest == 0 and at.zone is None:
        return text
    seconds, fraction = divmod(rest, _SECOND)
    minutes, second = divmod(seconds, 60)
    text += f" {minutes // 60:02}:{minutes % 60:02}:{second:02}"
    if fraction:
        text += f".{fraction:09}".rstrip("0")
    return text + _zone_text(at.zone)


def moment_ns(at: Moment) -> int:
    """Nanoseconds since 1970 in UTC; a date without zone counts as UTC."""
    return at.wall - (at.zone or 0) * 60 * _SECOND


_UNITS = {
    **dict.fromkeys(("d", "day", "days"), _DAY),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600 * _SECOND),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60 * _SECOND),
    **dict.fromkeys(("s", "sec", "second", "seconds"), _SECOND),
    **dict.fromkeys(("ms", "milli", "millis", "millisecond", "milliseconds"), 10**6),
    **dict.fromkeys(("us", "\u00b5s", "micro", "micros", "microsecond", "microseconds"), 10**3),
    **dict.fromkeys(("ns", "nano", "nanos", "nanosecond", "nanoseconds"), 1),
    "w": 7 * _DAY,
}
_COUNT = re.compile(r"([0-9]+)(?:\.([0-9]*))? *([A-Za-z\u00b5]+)")
_CLOCK = re.compile(
    r"(?P<sign>[+-]?) *"
    r"(?P<counts>(?:[0-9]+(?:\.[0-9]*)? *[A-Za-z\u00b5]+[ ,]*)*)"
    r"(?:\+?(?P<hour>[0-9]+):(?P<minute>[0-9]+):(?P<second>[0-9]+)(?:\.(?P<fraction>[0-9]+))?)?"
)


def _clock_ns(text: str) -> int | None:
    """`1 days 02:00:00`, `00:00:01.5`, `1h 30min`: a sign holds for the counts, or for a clock alone."""
    found = _CLOCK.fullmatch(text)
    if found is None or not (found["counts"] or found["hour"]) or text.endswith(","):
        return None
    counts = _counts_ns(found["counts"])
    if counts is None:
        return None
    sign = -1 if found["sign"] == "-" else 1
    clock = _fields_ns(found) if found["hour"] else 0
    return sign * counts + clock if found["counts"] else sign * clock


def _counts_ns(text: str) -> int | None:
    total = 0
    for number, fraction, unit in _COUNT.findall(text):
        scale = _UNITS.get(unit.lower()) if unit != "M" else None
        if scale is None:
            return None
        total += _scaled(f"{number}.{fraction}", scale)
    return total


def _scaled(number: str, scale: int) -> int:
    """Multiply as pandas does: by way of a float, its fraction rounded to the digits of the scale."""
    value = min(float(number), 2.0**64)
    whole = int(value)
    digits = len(str(scale)) - 1
    fraction = round(value - whole, digits) if digits else value - whole
    return whole * scale + int(fraction * scale)


def _fields_ns(found: re.Match[str]) -> int:
    seconds = _whole(found["hour"]) * 3600 + _whole(found["minute"]) * 60 + _whole(found["second"])
    return seconds * _SECOND + _fraction_ns(found["fraction"])


def _whole(digits: str | None) -> int:
    """Read digits; beyond 20 of them only their size matters (Python refuses to read very many)."""
    return int((digits or "0").lstrip("0")[:21] or "0")


def _fraction_ns(digits: str | None) -> int:
    return int((digits or "")[:9].ljust(9, "0"))


_ISO = re.compile(
    r"(?P<sign>-?)P(?P<first>-?)(?P<fields>(?:(?P<weeks>[0-9]+)W)?(?:(?P<days>[0-9]+)D)?"
    r"(?:T(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?"
    r"(?:(?P<seconds>[0-9]+)(?:\.(?P<fraction>[0-9]{1,9}))?S)?)?)"
)
_ISO_UNITS = (("weeks", "w"), ("days", "d"), ("hours", "h"), ("minutes", "m"), ("seconds", "s"))


def _iso_ns(text: str) -> int | None:
    """`P1DT2H`; a sign after the P holds for the first field, as in what pandas writes (`P-1DT23H59M`)."""
    found = _ISO.fullmatch(text)
    if found is None or not found["fields"].strip("T"):
        return None
    parts = [_whole(found[name]) * _UNITS[unit] for name, unit in _ISO_UNITS if found[name]]
    if found["seconds"]:
        parts[-1] += _fraction_ns(found["fraction"])
    if found["first"]:
        parts[0] = -parts[0]
    return -sum(parts) if found["sign"] else sum(parts)


def _count_ns(text: str) -> int | None:
    found = re.fullmatch(r"([+-]?) *([0-9]+)", text)
    if found is None:
        return None
    ns = _scaled(found[2], 1)
    return -ns if found[1] == "-" else ns


_EPOCH = date(1970, 1, 1).toordinal()
_HOURS, _SIXTY = 24, 60
_NO_ZONE = _HOURS * _SIXTY
_DATE = re.compile(
    r"(?P<year>[0-9]{4})"
    r"(?:-(?P<month>[0-9]{2})"
    r"|(?P<mark>[-/]?)(?P<month2>[0-9]{2})(?P=mark)(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2})"
    r"(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?)?"
    r"(?P<zone> ?[+-][0-9]{2}(?::?[0-9]{2})?|Z| UTC)?)?"
    r")?"
)


def _day(found: re.Match[str]) -> int | None:
    month = found["month"] or found["month2"] or 1
    try:
        return date(int(found["year"]), int(month), int(found["day"] or 1)).toordinal() - _EPOCH
    except ValueError:
        return None


def _time_of_day(found: re.Match[str]) -> int | None:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if hour >= _HOURS or minute >= _SIXTY or second >= _SIXTY:
        return None
    return (hour * 3600 + minute * 60 + second) * _SECOND + _fraction_ns(found["fraction"])


def _zone(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.strip(" ZUTC").replace(":", "").ljust(5, "0")
    if not digits.strip("0"):
        return 0
    minutes = int(digits[1:3]) * 60 + int(digits[3:5])
    if int(digits[3:5]) >= _SIXTY or minutes >= _NO_ZONE:
        return _NO_ZONE
    return -minutes if digits[0] == "-" else minutes


def _zone_text(zone: int | None) -> str:
    if zone is None:
        return ""
    hours, minutes = divmod(abs(zone), 60)
    return f"{'-' if zone < 0 else '+'}{hours:02}:{minutes:02}"
