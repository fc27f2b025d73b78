"""The watch: intervals, changes, strips; rates; and the vendor's monitoring beside ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.blocklists.test_removal import listed
from workbench.blocklists.catalogue import load
from workbench.blocklists.monitoring import Agreement, merge, vendor_listings
from workbench.blocklists.rates import RateDay, RateLevel, quiet_days
from workbench.blocklists.removal import RemovalRequest
from workbench.blocklists.verdicts import ListingVerdict
from workbench.blocklists.watch import (
    ASCII_MARKS,
    LONGEST,
    SHORTEST,
    ChangeKind,
    Observation,
    changes,
    due_pairs,
    fold,
    interval,
    next_check,
    strip,
)
from workbench.core.errors import UsageError

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CATALOGUE = load()
ZONE = CATALOGUE.zones["bl.spamcop.net"]
L, N, D = ListingVerdict.LISTED, ListingVerdict.NOT_LISTED, ListingVerdict.CANNOT_TELL


def seen(hours: float, verdict: ListingVerdict, ttl: int | None = None) -> Observation:
    """Return an observation so many hours after the start."""
    return Observation(START + timedelta(hours=hours), "192.0.2.1", ZONE.name, verdict, 2, "why", ttl)


@given(st.one_of(st.none(), st.integers(-5, 2**32)), st.sampled_from(list(ListingVerdict)))
def test_the_interval_stays_within_its_bounds_and_the_zones_terms(
    ttl: int | None, verdict: ListingVerdict
) -> None:
    for zone in CATALOGUE.zones.values():
        wait = interval(zone, ttl, verdict)
        assert max(SHORTEST, timedelta(minutes=zone.recheck_minutes)) <= wait <= LONGEST


def test_ttl_lengthens_and_doubt_waits_longer_than_an_hour() -> None:
    assert interval(ZONE, 0, L) == timedelta(minutes=60)
    assert interval(ZONE, 7200, L) == timedelta(hours=2)
    assert interval(ZONE, 2**31, L) == LONGEST
    assert interval(ZONE, None, D) == timedelta(hours=2)


def test_a_request_is_checked_when_its_cool_down_is_over() -> None:
    last = seen(0, L, 86_400)
    assert next_check(ZONE, None, None, START) == START
    assert next_check(ZONE, last, None, START) == START + timedelta(hours=24)
    soon = RemovalRequest().requested(START, 0.5, containment_done=True)
    assert next_check(ZONE, last, soon, START) == START + timedelta(minutes=30)
    at_once = RemovalRequest().requested(START, 0.01, containment_done=True)
    assert next_check(ZONE, last, at_once, START) == START + SHORTEST


def test_due_pairs_come_by_how_long_they_wait() -> None:
    zones = {
        name: CATALOGUE.zones[name] for name in ("bl.spamcop.net", "psbl.surriel.com", "dnsbl.dronebl.org")
    }
    pairs = [(("192.0.2.1", name), zone) for name, zone in zones.items()]
    histories = fold([seen(0, N), replace(seen(0.5, N), zone="psbl.surriel.com")])
    now = START + timedelta(hours=1)
    assert due_pairs(pairs, histories, {}, now) == (
        ("192.0.2.1", "bl.spamcop.net"),
        ("192.0.2.1", "dnsbl.dronebl.org"),
    )


def test_history_knows_new_gone_and_relisted_and_doubt_changes_nothing() -> None:
    history = fold([seen(9, L), seen(1, N), seen(2, L), seen(3, D), seen(4, L), seen(5, N), seen(6, D)])
    (only,) = history.values()
    kinds = [(change.kind, change.rings) for change in only.changes]
    assert kinds == [(ChangeKind.LISTED, True), (ChangeKind.GONE, False), (ChangeKind.RELISTED, True)]
    assert only.listed is True
    assert [change.kind for change in changes(history, START + timedelta(hours=5))] == [ChangeKind.RELISTED]
    assert len(changes(history)) == 3
    assert next(iter(fold([seen(1, D)]).values())).listed is None


def test_a_strip_shows_the_worst_sure_word_of_each_day() -> None:
    points = [seen(-12, N), seen(-11, L), seen(14, D), seen(15, N), seen(38, D), seen(86, L)]
    history = fold(points)[("192.0.2.1", ZONE.name)]
    assert strip(history, date(2026, 11, 21), 5) == "█·? █"
    assert strip(history, date(2026, 11, 20), 7, ASCII_MARKS) == " #.? # "


def test_observations_survive_the_journal() -> None:
    for one in (seen(1, L, 300), Observation.of(listed("bl.spamcop.net", "127.0.0.2"))):
        assert Observation.from_record(one.record()) == one


@pytest.mark.parametrize(
    ("day", "level"),
    [
        (RateDay(date(2026, 11, 21), 10_000, 5, 100), RateLevel.FINE),
        (RateDay(date(2026, 11, 21), 10_000, 10, 100), RateLevel.WATCH),
        (RateDay(date(2026, 11, 21), 10_000, 30, 100), RateLevel.ALARM),
        (RateDay(date(2026, 11, 21), 900, 0, 100), RateLevel.WATCH),
        (RateDay(date(2026, 11, 21), 20, 20, 0), RateLevel.TOO_FEW),
        (RateDay(date(2026, 11, 21), 0, 0, 0), RateLevel.TOO_FEW),
    ],
)
def test_rates_follow_gmails_limits(day: RateDay, level: RateLevel) -> None:
    assert day.level is level


def test_quiet_days_count_back_from_the_latest() -> None:
    days = [RateDay(date(2026, 11, 10 + n), 1000, 5 if n == 3 else 0, 0) for n in range(8)]
    assert quiet_days(reversed(days)) == 4
    assert quiet_days([]) == 0


def test_the_vendors_monitoring_stands_beside_our_look_ups() -> None:
    item = {
        "list": "cbl.abuseat.org", "name": "CBL", "first_seen": "2026-11-21T10:00:00Z", "last_seen": "x",
        "delist_requested_at": "0001-01-01T00:00:00Z", "comments": ["https://check.spamhaus.org\x1b[31m", 7],
    }  # fmt: skip
    vendor = vendor_listings("192.0.2.1", [item, {"name": "no list"}, {"list": "B.barracudacentral.org."}])
    assert vendor[0].delist_requested_at is None
    assert vendor[0].last_seen is None
    assert vendor[0].first_seen == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert vendor[0].comments == ("https://check.spamhaus.org\\x1b[31m",)
    zen = listed("zen.dq.spamhaus.net", "127.0.0.4")
    psbl = listed("psbl.surriel.com", "127.0.0.2")
    rows = {row.zone: row for row in merge([zen, psbl], vendor, CATALOGUE)}
    assert rows["zen.spamhaus.org"].agreement is Agreement.BOTH
    assert rows["b.barracudacentral.org"].agreement is Agreement.VENDOR
    assert rows["psbl.surriel.com"].agreement is Agreement.OURS
    assert len(rows) == 3


@pytest.mark.parametrize(("verdict", "agreement"), [(N, Agreement.OPPOSED), (D, Agreement.UNSURE)])
def test_a_difference_with_the_vendor_is_said(verdict: ListingVerdict, agreement: Agreement) -> None:
    mine = replace(listed("bl.spamcop.net", "127.0.0.2"), verdict=verdict)
    vendor = vendor_listings("192.0.2.1", [{"list": "bl.spamcop.net"}])
    (row,) = merge([mine], vendor, CATALOGUE)
    assert row.agreement is agreement
    with pytest.raises(UsageError):
        vendor_listings("not a thing", [])
