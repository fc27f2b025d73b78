"""The sending figures of several regions, of which one may be missing or unreadable."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest

from tests.unit.mailgun.fakes import START, fake_client, reply
from workbench.core.clock import ManualClock
from workbench.core.errors import ApiError
from workbench.mailgun.endpoints import Region
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
