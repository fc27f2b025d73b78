"""The sending figures of several regions, of which one may be missing or unreadable."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest

from tests.unit.mailgun.fakes import START, fake_client, reply
from workbench.core.clock import ManualClock
from workbench.core.errors import ApiError, VendorFault
from workbench.mailgun.endpoints import Region
from workbench.readers import sending_volume
from workbench.readers.sending_volume import Metering


def _figures(request: httpx.Request, count: object) -> httpx.Response:
    named = json.loads(request.content)["dimensions"][0]
    value = "Sat, 21 Nov 2026 13:00:00 +0000" if named == "time" else "mg.acme.example"
    row = {"dimensions": [{"dimension": named, "value": value}], "metrics": {"accepted_count": count}}
    return reply({"items": [row]})


@pytest.mark.parametrize("count", [-3, "many", True])
async def test_a_region_whose_counts_cannot_be_is_named_and_counts_for_nothing(count: object) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return _figures(request, count if "eu." in request.url.host else 40)

    client, _ = fake_client(handle)
    metering = Metering(client, ManualClock(START))
    volume = await metering.read(whole=True)
    assert volume.unread == (Region.EU,)
    assert [hour.accepted for hour in volume.hours] == [40]


async def test_a_region_that_answers_again_is_no_longer_missing() -> None:
    well = False

    def handle(request: httpx.Request) -> httpx.Response:
        if "eu." in request.url.host and not well:
            return reply({"message": "Forbidden"}, 403)
        return _figures(request, 40)

    client, _ = fake_client(handle)
    metering = Metering(client, ManualClock(START))
    assert (await metering.read(whole=True)).unread == (Region.EU,)
    well = True
    assert (await metering.read()).unread == ()


class TwoRegions:
    """Each hour 100 messages in the US and, while it answers, 700 in the EU."""

    def __init__(self) -> None:
        self.clock = ManualClock(MONDAY)
        self.eu_answers = True

    def part_of(self, hour: datetime) -> float:
        """Return how much of an hour is over."""
        return min(1.0, (self.clock.now() - hour).total_seconds() / 3600)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        eu, body = "eu." in request.url.host, json.loads(request.content)
        if eu and not self.eu_answers:
            return reply({"message": "Forbidden"}, 403)
        if body["dimensions"] != ["time"]:
            return reply({"items": []})
        start, end = (parsedate_to_datetime(body[name]) for name in ("start", "end"))
        first = start.replace(minute=0, second=0)
        hours = [first + timedelta(hours=n) for n in range(24 * 40) if first + timedelta(hours=n) <= end]
        return reply(
            {
                "items": [
                    {
                        "dimensions": [{"dimension": "time", "value": format_datetime(hour)}],
                        "metrics": {"accepted_count": round((700 if eu else 100) * self.part_of(hour))},
                    }
                    for hour in hours
                ]
            }
        )


async def test_the_hours_that_a_region_was_missing_from_are_read_once_it_answers_again() -> None:
    account = TwoRegions()
    metering = Metering(fake_client(account)[0], account.clock)
    await metering.read(whole=True)
    for answers in (False, False, False, False, False, True):
        account.eu_answers = answers
        account.clock.advance(3600)
        volume = await metering.read()
        # What a region's coming and going does to the counts is nobody's sending.
        assert volume.excess_now == 0
    assert volume.unread == () and {hour.accepted for hour in volume.hours} == {800}


async def test_a_region_that_one_of_two_readings_misses_stays_missing_in_that_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = TwoRegions()
    metering = Metering(fake_client(account)[0], account.clock)
    await metering.read(whole=True)
    begun, goes_on = asyncio.Event(), asyncio.Event()
    refused = [True]

    async def metrics(*_: object, region: Region, dimensions: tuple[str, ...], **__: object) -> list[object]:
        if region is Region.EU and refused:
            refused.clear()
            raise VendorFault("the server is down")
        if dimensions == ("domain",) and region is Region.US and not begun.is_set():
            begun.set()
            await goes_on.wait()
        return []

    monkeypatch.setattr(sending_volume, "metrics", metrics)
    first = asyncio.ensure_future(metering.read(whole=True))
    await begun.wait()
    await metering.read()
    goes_on.set()
    assert (await first).unread == (Region.EU,)


async def test_where_no_region_can_be_read_there_are_no_figures() -> None:
    client, _ = fake_client(lambda request: _figures(request, -1))
    metering = Metering(client, ManualClock(START))
    with pytest.raises(ApiError):
        await metering.read(whole=True)
    assert metering.volume is None


async def test_a_domain_that_was_abused_stands_out_weeks_later() -> None:
    now = START.replace(minute=0, second=0)
    began, ended = now - timedelta(days=10), now - timedelta(days=10) + timedelta(hours=8)

    def sent(domain: str, start: datetime, end: datetime) -> int:
        hours = [start + timedelta(hours=n) for n in range(int((end - start).total_seconds()) // 3600)]
        return sum(20 + 700 * (domain == "mg" and began <= hour < ended) for hour in hours)

    def handle(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        start, end = (
            parsedate_to_datetime(asked[name]).replace(minute=0, second=0) for name in ("start", "end")
        )
        if asked["dimensions"] == ["domain"]:
            rows = [("domain", name, sent(name, start, end)) for name in ("mg", "shop")]
        else:
            hours = [start + timedelta(hours=n) for n in range(int((end - start).total_seconds()) // 3600)]
            rows = [
                ("time", format_datetime(h), sum(sent(n, h, h + timedelta(hours=1)) for n in ("mg", "shop")))
                for h in hours
            ]
        return reply(
            {
                "items": [
                    {"dimensions": [{"dimension": d, "value": v}], "metrics": {"accepted_count": c}}
                    for d, v, c in rows
                ]
            }
        )

    client, _ = fake_client(handle)
    volume = await Metering(client, ManualClock(START), [Region.US]).read(whole=True)
    assert (volume.began, volume.ended) == (began, ended + timedelta(hours=1))
    loud = [name for name, count in volume.by_domain.items() if count > 3 * volume.usual_by_domain[name] + 20]
    assert loud == ["mg"], volume.by_domain


MONDAY = datetime(2026, 11, 30, 8, 30, tzinfo=UTC)


class Sent:
    """An account that sends 240 an hour and a newsletter at nine every day; ``more`` by the hour comes on top."""

    def __init__(self, now: datetime) -> None:
        self.clock = ManualClock(now)
        self.more: dict[datetime, int] = {}
        self.asked: list[timedelta] = []

    def in_hour(self, hour: datetime) -> int:
        """Return what an hour had; of the running one what there was by now."""
        part = min(1.0, (self.clock.now() - hour).total_seconds() / 3600)
        usual = 740 if hour.hour == 9 else 240 + hour.day % 3
        return round(usual * part) + self.more.get(hour, 0)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        start, end = (parsedate_to_datetime(body[name]) for name in ("start", "end"))
        self.asked.append(end - start)
        first = start.replace(minute=0, second=0)
        hours = [first + timedelta(hours=n) for n in range(24 * 40) if first + timedelta(hours=n) <= end]
        named = body["dimensions"][0]
        rows = [(format_datetime(hour), self.in_hour(hour)) for hour in hours] if named == "time" else []
        return reply(
            {
                "items": [
                    {"dimensions": [{"dimension": named, "value": v}], "metrics": {"accepted_count": c}}
                    for v, c in rows
                ]
            }
        )

    def metering(self) -> Metering:
        """Return what reads this account."""
        return Metering(fake_client(self)[0], self.clock, [Region.US])


@pytest.mark.parametrize("day", [0, 1, 5, 16])
async def test_a_newsletter_of_the_hour_before_is_no_abuse_of_this_one(day: int) -> None:
    sent = Sent(MONDAY)
    metering = sent.metering()
    await metering.read(whole=True)
    sent.clock.advance(86400 * day + 2.48 * 3600)
    # A count that says nothing by itself: above the usual, not beyond chance. The hour before must not speak for it.
    sent.more[sent.clock.now().replace(minute=0, second=0)] = 25
    volume = await metering.read(cut=MONDAY)
    assert volume.measured_from is not None and volume.excess_now == 0


async def test_what_the_hour_before_had_above_its_own_usual_still_tells() -> None:
    sent = Sent(MONDAY)
    metering = sent.metering()
    await metering.read(whole=True)
    sent.clock.advance(2.48 * 3600)
    now = sent.clock.now().replace(minute=0, second=0)
    sent.more |= {now: 25, now - timedelta(hours=1): 600}
    volume = await metering.read(cut=MONDAY)
    assert volume.excess_now == pytest.approx(600, abs=20)


async def test_in_the_first_seconds_of_an_hour_the_newsletter_before_it_is_no_abuse_either() -> None:
    sent = Sent(MONDAY.replace(hour=10, minute=0, second=30))
    assert (await sent.metering().read(whole=True)).excess_now == 0


async def test_hours_in_which_nobody_read_are_read_later() -> None:
    sent = Sent(MONDAY)
    metering = sent.metering()
    await metering.read(whole=True)
    sent.clock.advance(86400 * 3)
    volume = await metering.read(cut=MONDAY)
    known = {hour.start for hour in volume.hours}
    assert all(MONDAY.replace(minute=0) + timedelta(hours=n) in known for n in range(72))
    sent.clock.advance(86400 * 60)
    await metering.read(cut=MONDAY)
    assert max(sent.asked) <= timedelta(days=28, hours=2), "no more than the weeks it is judged by"
