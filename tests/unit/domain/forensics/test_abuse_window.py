"""Metrics and log beside each other: which one is not complete is said, the hours only one of them covers are not."""

from __future__ import annotations

from array import array
from datetime import datetime, timedelta

import pytest

from tests.unit.domain.logs import START, accepted, page
from workbench.core.clock import iso
from workbench.domain.forensics.abuse_window import AbuseWindow, HourSeen, disagreement, with_log
from workbench.domain.forensics.attribution import Attribution, Group, GroupKey
from workbench.domain.forensics.classification import Proposal

HOUR = timedelta(hours=1)


def _log(hours: int, per_hour: int) -> Attribution:
    table = Attribution(START, START + hours * HOUR)
    for hour in range(hours):
        at = START + hour * HOUR + timedelta(minutes=1)
        table.take(page(*(accepted(at, recipient=f"{hour}-{n}@x.example") for n in range(per_hour))))
    return table


def _metrics(hours: int, per_hour: int, first: int = 0) -> AbuseWindow:
    seen = (
        HourSeen(START + n * HOUR, per_hour, float(per_hour), 2.0 * per_hour) for n in range(first, hours)
    )
    return AbuseWindow(hours=tuple(seen))


def test_a_log_that_lacks_a_fifth_is_said_with_both_figures() -> None:
    [words] = disagreement(_metrics(10, 100), _log(10, 80))
    # The log's first hours are left out, for the reading may begin inside them, and the last, still on its way.
    assert words.startswith("metrics count 700 messages where the log holds 560: the log is not complete")


def test_metrics_that_lack_a_fifth_are_said_too() -> None:
    [words] = disagreement(_metrics(10, 80), _log(10, 100))
    assert "the metrics are not complete" in words


def test_a_fiftieth_apart_is_agreement_and_few_prove_nothing() -> None:
    assert disagreement(_metrics(10, 100), _log(10, 98)) == []
    assert disagreement(_metrics(10, 100), _log(10, 97)) != []
    assert disagreement(_metrics(10, 8), _log(10, 2)) == []


def test_hours_of_before_the_log_are_not_held_against_it() -> None:
    early = AbuseWindow(hours=(HourSeen(START - 5 * HOUR, 9_000, 50.0, 90.0), *_metrics(10, 100).hours))
    assert disagreement(early, _log(10, 100)) == []


def test_what_lacks_in_the_hours_of_the_abuse_does_not_drown_in_calm_days() -> None:
    calm = [HourSeen(START + n * HOUR, 100, 100.0, 150.0) for n in range(200)]
    wild = [HourSeen(START + n * HOUR, 200, 100.0, 150.0) for n in range(200, 204)]
    table = _log(206, 0)
    for hour in (*calm, *wild):
        count = 100 if hour.accepted == 100 else 160
        table.take(page(*(accepted(hour.start) for _ in range(count))))
    [words] = disagreement(AbuseWindow(hours=(*calm, *wild)), table)
    assert "metrics count 800 messages in the hours of the abuse where the log holds 640" in words


@pytest.mark.parametrize(("read_after", "ended"), [(0.5, None), (3.0, 15.4)])
def test_who_came_back_after_hours_of_quiet_moves_the_end_of_the_abuse(
    read_after: float, ended: float | None
) -> None:
    window = AbuseWindow(began=START, ended=START + 10 * HOUR)
    last = START + 15.4 * HOUR
    found = with_log(window, [_stranger(START, last)], last + read_after * HOUR)
    assert found.ended == (None if ended is None else START + ended * HOUR)
    assert found.until.startswith("to ") and f"{last:%H:%M}Z" in found.until


def test_a_log_that_ends_before_the_metrics_do_leaves_their_end() -> None:
    window = AbuseWindow(began=START, ended=START + 10 * HOUR)
    found = with_log(window, [_stranger(START, START + 9 * HOUR)], START + 20 * HOUR)
    assert found.ended == START + 10 * HOUR


def _stranger(first: datetime, last: datetime) -> Proposal:
    key = GroupKey("", "x.example", "key:a", "198.51.100.7", "http", "notice@x.example", "")
    group = Group(key, array("l", [0]))
    group.first, group.last = iso(first), iso(last)
    return Proposal(group, "intruder", ())


def test_a_log_that_begins_within_the_hour_tells_its_minute_and_one_that_begins_later_hides_no_hour() -> None:
    within = with_log(
        AbuseWindow(began=START), [_stranger(START + HOUR / 3, START + 2 * HOUR)], START + 3 * HOUR
    )
    assert within.began == START + HOUR / 3 and not within.notes
    # The log is kept for a day or two: what the figures show before it was abuse all the same.
    later = with_log(
        AbuseWindow(began=START), [_stranger(START + 5 * HOUR, START + 6 * HOUR)], START + 7 * HOUR
    )
    assert later.began == START and "the log only from" in later.notes[0]
    before = with_log(AbuseWindow(began=START), [_stranger(START - 5 * HOUR, START + HOUR)], START + 7 * HOUR)
    assert before.began == START - 5 * HOUR
