"""Reading the log in slices: everything once, faults said, evidence sealed, memory flat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.domain.logs import accepted, text
from tests.unit.mailgun.fakes import fake_client, json_of, reply
from tests.unit.mailgun.fakes import text as plain
from workbench.core.errors import NotAuthorised, VaultError
from workbench.core.sealing import Sealer
from workbench.domain.forensics.attribution import Attribution
from workbench.domain.model.credential_use import Use, credential_of, judged
from workbench.mailgun.endpoints import Region
from workbench.mailgun.log_entries import read_page
from workbench.readers.credential_use import read_use
from workbench.readers.log import Failed, gaps_of, oldest_entry, read_logs
from workbench.readers.log_export import LogExport, pages_of

NOW = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)
START = NOW - timedelta(hours=30)


class Log:
    """A log of entries by minute, served as the API does: sorted, paged by token, with totals."""

    def __init__(self, count: int, *, page: int = 100, totals: bool = True) -> None:
        self.entries = [
            accepted(START + timedelta(seconds=30 * number), subject=f"News {number}")
            for number in range(count)
        ]
        self.page = page
        self.totals = totals

    def __call__(self, request: httpx.Request) -> httpx.Response | Exception:
        body = json_of(request)
        if "eu" in request.url.host:
            return reply({"items": [], "pagination": {}})
        low, high = (text(parsedate_to_datetime(body[name]).astimezone(UTC)) for name in ("start", "end"))
        found = [e for e in self.entries if low <= e["@timestamp"] < high]
        if body["pagination"]["sort"].endswith("desc"):
            found.reverse()
        skip = int(body["pagination"].get("token") or 0)
        items = found[skip : skip + self.page]
        paging: dict[str, Any] = {"next": str(skip + len(items)) if items else ""}
        if body.get("include_totals") and self.totals:
            paging["total"] = len(found)
        return reply({"items": items, "pagination": paging})


async def _read(log: Any) -> tuple[Attribution, Any]:
    client, _ = fake_client(log)
    table = Attribution(START, NOW)
    read = await read_logs(
        client, [Region.US, Region.EU], START, NOW, [lambda _region, page, _raw: table.take(page)]
    )
    return table, read


@pytest.mark.parametrize(("page", "totals"), [(100, True), (100, False), (37, True)])
async def test_every_entry_is_read_once_whatever_the_pages(page: int, totals: bool) -> None:
    table, read = await _read(Log(3500, page=page, totals=totals))
    assert table.entries == read.entries == 3500
    assert table.repeated == 0
    assert read.gaps == []
    assert read.slices > 1


async def test_a_slice_that_fails_is_a_gap_with_its_hours_and_the_rest_goes_on() -> None:
    log = Log(3500)

    def faulty(request: httpx.Request) -> httpx.Response | Exception:
        body = json_of(request)
        if body["pagination"].get("token") == "200" and "include_totals" not in body:
            return plain("<html>captive</html>", media="text/html")
        return log(request)

    table, read = await _read(faulty)
    assert read.gaps
    assert "log US" in read.gaps[0]
    assert 0 < table.entries < 3500


async def test_a_token_that_points_in_a_circle_ends() -> None:
    entry = accepted(START)
    _, read = await _read(lambda _request: reply({"items": [entry], "pagination": {"next": "same"}}))
    assert any("circle" in gap or "does not end" in gap for gap in read.gaps)


async def test_a_region_that_answers_nothing_useful_is_a_gap_not_an_end() -> None:
    log = Log(10)

    def half(request: httpx.Request) -> httpx.Response | Exception:
        return plain("Forbidden", 401) if "eu" in request.url.host else log(request)

    table, read = await _read(half)
    assert table.entries == 10
    assert any(gap.startswith("log EU") for gap in read.gaps)


async def test_the_oldest_entry_tells_how_long_the_plan_keeps_the_log() -> None:
    client, _ = fake_client(Log(10))
    assert await oldest_entry(client, Region.US, NOW) == START
    empty, _ = fake_client(Log(0))
    assert await oldest_entry(empty, Region.US, NOW) is None


async def test_the_export_gives_back_every_byte_and_opens_for_its_own_vault_only(tmp_path: Path) -> None:
    client, _ = fake_client(Log(900))
    sealer = Sealer(b"k" * 32)
    export = LogExport(tmp_path / "log", sealer)
    seen: list[bytes] = []
    await read_logs(
        client, [Region.US], START, NOW, [export.take, lambda _region, _page, raw: seen.append(raw)]
    )
    manifest = await export.close()
    assert manifest["entries"] == 900
    back = [raw for chunk in manifest["chunks"] for raw in pages_of(tmp_path / "log" / chunk["name"], sealer)]
    assert sorted(back) == sorted(seen)
    assert all(read_page(raw) is not None for raw in back)
    path = tmp_path / "log" / manifest["chunks"][0]["name"]
    assert path.stat().st_mode & 0o077 == 0
    assert b"acme.example" not in path.read_bytes()
    with pytest.raises(VaultError):
        list(pages_of(path, Sealer(b"x" * 32)))


async def test_the_quick_look_scales_its_sample_and_needs_few_calls() -> None:
    client, api = fake_client(Log(3600))
    use = await read_use(client, [Region.US, Region.EU], NOW, began=NOW - timedelta(hours=2))
    assert use.calls == len(api.requests) <= 10
    found = use.by_credential["key:k1"]
    assert abs(found.last_hour - 120) <= 2
    assert found.looks == "production"
    assert use.fact(7).by_credential["key:k1"].addresses == ("192.0.2.1",)


async def test_the_quick_look_fails_only_where_nothing_answers() -> None:
    log = Log(100)
    client, _ = fake_client(lambda r: plain("Forbidden", 401) if "eu" in r.url.host else log(r))
    use = await read_use(client, [Region.US, Region.EU], NOW)
    assert any(gap.startswith("EU") for gap in use.gaps)
    dead, _ = fake_client(lambda _r: plain("Forbidden", 401))
    with pytest.raises(NotAuthorised):
        await read_use(dead, [Region.US, Region.EU], NOW)


def test_what_a_use_looks_like() -> None:
    known = {"key:a": {"192.0.2.1"}}
    assert judged(Use(addresses={"192.0.2.1": 3}), known, "key:a").looks == "production"
    assert judged(Use(addresses={"203.0.113.1": 3}), known, "key:a").looks == "intruder"
    both = judged(Use(addresses={"192.0.2.1": 3, "203.0.113.1": 9}), known, "key:a")
    assert (both.looks, both.recorded().strange_last_hour) == ("both", 9)
    assert judged(Use(addresses={"192.0.2.1": 3}), None, "key:a").looks == "unclear"
    assert judged(Use(addresses={"192.0.2.1": 3}), known, "key:a", calm=False).looks == "unclear"
    assert credential_of(None, "smtp", "a@b.example") == "smtp:a@b.example"
    assert credential_of(None, "http", None) == "?"


def test_a_server_that_went_away_is_one_gap_a_region_not_one_a_slice() -> None:
    hour = timedelta(hours=1)
    start = datetime(2026, 11, 21, 5, tzinfo=UTC)
    slices = [Failed("EU", "no answer", start + n * hour, start + (n + 1) * hour) for n in (2, 0, 1, 5)]
    lines = gaps_of(
        [*slices, Failed("US", "no answer", start, start + hour), Failed("EU", "500", start, start + hour)]
    )
    assert lines == [
        "log EU 2026-11-21 05:00–11-21 06:00Z: 500",
        "log EU 2026-11-21 05:00–11-21 08:00Z: no answer",
        "log EU 2026-11-21 10:00–11-21 11:00Z: no answer",
        "log US 2026-11-21 05:00–11-21 06:00Z: no answer",
    ]
