"""Seven date formats, and everything that is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.mailgun.dates import parse_moment, rfc2822

STEADY = settings(derandomize=True, deadline=None, database=None)
NOON = datetime(2026, 1, 23, 10, 16, 0, tzinfo=UTC)
moments = st.datetimes(min_value=datetime(1971, 1, 2), max_value=datetime(2999, 12, 31)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-23T10:16:00",
        "2026-01-23T10:16:00.000000",
        "2026-01-23T10:16:00Z",
        "2026-01-23T10:16:00.000Z",
        "2026-01-23T12:16:00+02:00",
        "Fri, 23 Jan 2026 10:16:00 GMT",
        "Fri, 23 Jan 2026 10:16:00 UTC",
        "Fri, 23 Jan 2026 10:16:00 +0000",
        "Fri, 23 Jan 2026 10:16:00 -0000",
        "Fri, 23 Jan 2026 05:16:00 -0500",
        "23 Jan 2026 10:16:00 GMT",
        "Mon, 23 Jan 2026 10:16:00 GMT",  # the weekday is wrong, the date is not
        "  Fri, 23 jan 2026 10:16:00 gmt ",
        NOON.timestamp(),
        int(NOON.timestamp()),
        NOON.timestamp() * 1000,
        NOON,
    ],
)
def test_every_known_format_names_the_same_moment(written: object) -> None:
    assert parse_moment(written) == NOON


@pytest.mark.parametrize(
    "written",
    [
        None,
        "",
        "never",
        "0001-01-01T00:00:00Z",
        "2026-02-30T10:00:00",
        "Fri, 32 Jan 2026 10:16:00 GMT",
        "Fri, 23 Foo 2026 10:16:00 GMT",
        "Mon, 02 Jan 2006 15:04:05 MST",  # an unknown zone would move the window by hours
        "2026-01-23",
        True,
        False,
        float("nan"),
        float("inf"),
        -5,
        0,
        1e300,
        [],
        {},
        b"2026-01-23T10:16:00",
        "x" * 10_000,
        "2026-01-23T10:16:00+99:99",
        "٢٠٢٦-01-23T10:16:00",
    ],
)
def test_what_names_no_moment_is_none(written: object) -> None:
    assert parse_moment(written) is None


@STEADY
@given(moments)
def test_each_format_round_trips(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    assert parse_moment(whole.strftime("%Y-%m-%dT%H:%M:%S")) == whole
    assert parse_moment(moment.strftime("%Y-%m-%dT%H:%M:%S.%f")) == moment
    assert parse_moment(moment.isoformat().replace("+00:00", "Z")) == moment
    assert parse_moment(format_datetime(whole, usegmt=True)) == whole
    assert parse_moment(format_datetime(whole, usegmt=True).replace("GMT", "UTC")) == whole
    assert parse_moment(rfc2822(whole)) == whole
    found = parse_moment(moment.timestamp())
    assert found is not None
    assert abs(found - moment) < timedelta(milliseconds=1)


@STEADY
@given(moments, st.integers(-14 * 60, 14 * 60))
def test_offsets_are_turned_into_utc(moment: datetime, minutes: int) -> None:
    whole = moment.replace(microsecond=0)
    there = whole.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_moment(format_datetime(there)) == whole
    assert parse_moment(there.isoformat()) == whole


@STEADY
@given(st.one_of(st.text(), st.floats(), st.integers(), st.binary(), st.none(), st.booleans()))
def test_outside_text_never_raises_and_moments_are_aware(written: object) -> None:
    found = parse_moment(written)
    assert found is None or found.tzinfo is UTC
