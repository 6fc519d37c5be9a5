"""Times and dates are read as pandas reads them, and written in one form."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from audiodvc.model import timetext

DIGITS = st.text("0123456789", min_size=1, max_size=4)
BLANKS = st.sampled_from(["", " ", "  "])
UNITS = st.sampled_from(
    "d D day days h hr hour hours m min minute minutes s S sec second seconds ms milli millis millisecond us "
    "\u00b5s micros microsecond ns nano nanosecond W w Days Min M Y y weeks t".split()
)
COUNTS = st.builds(
    "{}{}{}{}".format, DIGITS, st.sampled_from(["", ".", ".5", ".29", ".123456789"]), BLANKS, UNITS
)
CLOCKS = st.builds(
    "{}:{}:{}{}".format, DIGITS, DIGITS, DIGITS, st.sampled_from(["", ".5", ".000000001", ".12345678912"])
)
ISO = st.builds(
    "{}P{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    st.sampled_from(["", "-"]),
    st.sampled_from(["", "1W", "2D", "1W2D"]),
    st.sampled_from(["", "T"]),
    st.sampled_from(["", "1H", "2M", "3S", "1H2M3.5S", "2M3.000000001S", "4.S"]),
)
SEPARATORS = st.sampled_from(["", " ", ", ", " +", "+"])
TIMES = st.one_of(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["", "-", "+", "- "]),
        COUNTS,
        SEPARATORS,
        st.one_of(CLOCKS, COUNTS),
    ),
    st.builds("{}{}".format, st.sampled_from(["", "-", "+", " "]), st.one_of(CLOCKS, COUNTS, DIGITS)),
    ISO,
    st.text("0123456789:.+-, dhmsPTDHMSW", max_size=8),
)
YEARS = st.sampled_from(["2020", "1999", "0001", "9999", "1677"])
DAYS = st.sampled_from(
    ["-01-31", "-02-29", "-12-01", "0228", "/03/04", "-03", "", "-1-2", "-13-01", "-00-10"]
)
HOURS = st.sampled_from(
    ["", " 10", "T10", " 10:20", "T23:59:59", " 10:20:30.5", " 10:20:30.123456789", " 24:00", " 10:60"]
)
ZONES = st.sampled_from(
    ["", "Z", "+00:00", "+02:00", "-0830", "+14", " +02:00", " UTC", "+25:00", " CET", "+01:75"]
)


def pandas_time(text: str) -> int | None:
    """What pandas reads, in nanoseconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return int(pd.to_timedelta(text).as_unit("ns").value)
        except ValueError:
            return None


def pandas_date(text: str) -> pd.Timestamp | None:
    """What pandas reads."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pd.to_datetime(text)
        except ValueError:
            return None


@given(TIMES)
def test_what_is_a_time_has_the_value_that_pandas_gives_it(text: str) -> None:
    """Nothing is read that pandas does not read, and nothing otherwise."""
    ours = timetext.time_ns(text)
    assume(ours is not None)
    assert ours == pandas_time(text)


@pytest.mark.parametrize(
    "text",
    (
        "1s|1500ms|1.5s|00:00:01|1:2:3|01:02:03.5|25:00:00|1 days 02:00:00|1 day|0|1500000000|P1DT2H|PT1.5S|"
        "-PT1S|P-1DT23H59M59S|0 days 00:00:01.500000000|-1 day, 2:00:00|-1 days +23:59:59|-1 days 02:00:00|"
        "-00:00:01|1h 30min| 1s |1d2h3m4s5ms6us7ns|4.35s"
    ).split("|"),
)
def test_forms_in_use_are_times(text: str) -> None:
    """Each reads as pandas reads it."""
    assert timetext.time_ns(text) == pandas_time(text) is not None


@pytest.mark.parametrize(
    "text",
    (
        "1.5|00:01|00:01.5|1e3|abc||-|1,5s|1 5s|PT1.5H|P1M|P|1M|1y|\u0661s|1s\n|106752 days|"
        "99999999999999999999:00:00|9223372036854775807"
    ).split("|"),
)
def test_what_loaders_refuse_or_misread_is_no_time(text: str) -> None:
    """It is never given a value."""
    assert timetext.time_ns(text) is None


@given(st.integers(-106751 * 86400 * 10**9, 2**63 - 1))
def test_a_written_time_reads_back(ns: int) -> None:
    """By us and by pandas, which writes the same but for the number of digits."""
    text = timetext.time_text(ns)
    assert timetext.time_ns(text) == ns == pandas_time(text)
    assert text.split(".")[0] == str(pd.Timedelta(ns, "ns")).split(".")[0]


@given(st.builds("{}{}{}{}".format, YEARS, DAYS, HOURS, ZONES))
def test_what_is_a_date_is_the_one_that_pandas_reads(text: str) -> None:
    """Wall clock, zone and instant agree."""
    at = timetext.moment(text)
    assume(at is not None)
    assert at is not None
    theirs = pandas_date(text)
    assert theirs is not None
    again = pandas_date(timetext.moment_text(at))
    assert again == theirs
    assert again.utcoffset() == theirs.utcoffset()


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01 00:00:00.000000", "2020-01-01"),
        ("2020-01-01T10:20", "2020-01-01 10:20:00"),
        ("2020-01-01 10:20:30.500", "2020-01-01 10:20:30.5"),
        ("20200101", "2020-01-01"),
        ("2020-01", "2020-01-01"),
        ("2020-01-01T00:00:00Z", "2020-01-01 00:00:00+00:00"),
        ("2020-01-01T10:20:30-0830", "2020-01-01 10:20:30-08:30"),
        ("9999-12-31", "9999-12-31"),
    ],
)
def test_a_date_has_one_form(text: str, form: str) -> None:
    """The day alone at midnight; the zone stays, as the loader keeps it."""
    at = timetext.moment(text)
    assert at is not None
    assert timetext.moment_text(at) == form


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01/02/2020",
        "now",
        "10:20:30",
        "2020-02-30",
        "2020-01-01 24:00:00",
        "0000-01-01",
        "2020-01-01Z",
        "1",
    ],
)
def test_what_is_no_date_or_not_sure_to_be_one_is_refused(text: str) -> None:
    """A day before a month, or a word, means different things to different readers."""
    assert timetext.moment(text) is None


def test_equal_instants_have_equal_nanoseconds() -> None:
    """Whatever their zones."""
    east, utc = timetext.moment("2020-01-01 12:00:00+02:00"), timetext.moment("2020-01-01 10:00:00Z")
    assert east is not None
    assert utc is not None
    assert timetext.moment_ns(east) == timetext.moment_ns(utc)
