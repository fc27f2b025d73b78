"""What the account did: logs, volume, bounces, alerts (dossier B5). Read-only."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Required, Unpack

from workbench.core.errors import Incomplete, UnreadableAnswer
from workbench.core.words import plural
from workbench.mailgun.client import Mailgun
from workbench.mailgun.dates import parse_moment, rfc2822
from workbench.mailgun.evidence_models import BounceClass, LogEvent, MetricRow, StatRow
from workbench.mailgun.pagination import (
    MAX_PAGES,
    ListScope,
    announced,
    endless,
    items_of,
    missing,
    records,
    whole,
)
from workbench.mailgun.requests import at
from workbench.mailgun.where import Where, below

LOG_PAGE = 100
# Without the time dimension the API serves at most 1,000 rows a page, with it 1,500 (dossier B5).
METRIC_PAGE = 1000


class LogRange(Where, total=False):
    """Which entries of the log: those from ``start`` to ``end``, of all kinds and domains unless some are named.

    Oldest first unless ``ascending`` is False.
    """

    start: Required[datetime]
    end: Required[datetime]
    events: Sequence[str] | None
    domains: Sequence[str] | None
    include_subaccounts: bool
    ascending: bool


async def iter_log_items(
    client: Mailgun,
    *,
    start: datetime,
    end: datetime,
    events: Sequence[str] | None = None,
    domains: Sequence[str] | None = None,
    include_subaccounts: bool = False,
    ascending: bool = True,
    **where: Unpack[Where],
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield the log page by page as the API sends it, for an export that keeps every field.

    No filter exists for key, address or method: filter on this side. What is newer than about 30 minutes
    may be incomplete (dossier C); retention may be one day.
    """
    body: dict[str, Any] = {
        "start": rfc2822(start),
        "end": rfc2822(end),
        "include_subaccounts": include_subaccounts,
        "pagination": {"sort": f"timestamp:{'asc' if ascending else 'desc'}", "limit": LOG_PAGE},
    }
    if events:
        body["events"] = list(events)
    if domains:
        values = [{"label": name, "value": name} for name in domains]
        body["filter"] = {"AND": [{"attribute": "domain", "comparator": "=", "values": values}]}
    seen: set[str] = set()
    for _ in range(MAX_PAGES):
        answer = await client.call(
            "POST",
            "/v1/analytics/logs",
            **below(where),
            json=body,
            repeat_safe=True,
        )
        items = items_of(answer, "items")
        if not items:
            return
        yield items
        paging = answer.object().get("pagination")
        token = paging.get("next") if isinstance(paging, dict) else None
        if not isinstance(token, str) or not token:
            return
        if token in seen:
            raise endless(answer, "its pages point in a circle")
        seen.add(token)
        body["pagination"]["token"] = token
    raise endless(answer, f"it has more than {MAX_PAGES} pages")


async def iter_logs(
    client: Mailgun,
    **asked: Unpack[LogRange],
) -> AsyncIterator[list[LogEvent]]:
    """Yield the log page by page as records; see ``iter_log_items`` for what the API can and cannot do.

    Raises Incomplete after the last page where entries could not be read.
    """
    pages = iter_log_items(client, **asked)
    async for page in records(LogEvent, pages, "POST /v1/analytics/logs"):
        yield page


async def metrics(
    client: Mailgun,
    *,
    start: datetime,
    end: datetime,
    names: Sequence[str],
    dimensions: Sequence[str] = ("time",),
    resolution: str = "hour",
    include_subaccounts: bool = False,
    domains: Sequence[str] | None = None,
    **where: Unpack[Where],
) -> list[MetricRow]:
    """Return counts such as ``accepted_outgoing_count`` per interval (hour, day, month) and dimension.

    Dimensions: time, domain, ip, ip_pool, recipient_domain, recipient_provider, tag, country, subaccount…;
    none for the key. Hourly counts reach back 60 days.

    Raises Incomplete, with the rows that could be read, where a row has no readable interval, or a count that none can
    be (text, less than nothing): taken for nought it would say that nothing was sent.
    """
    body: dict[str, Any] = {
        "start": rfc2822(start),
        "end": rfc2822(end),
        "resolution": resolution,
        "dimensions": list(dimensions),
        "metrics": list(names),
        "include_subaccounts": include_subaccounts,
        "include_aggregates": False,
    }
    if domains:
        values = [{"label": name, "value": name} for name in domains]
        body["filter"] = {"AND": [{"attribute": "domain", "comparator": "=", "values": values}]}
    rows: list[MetricRow] = []
    odd = 0
    path = "/v1/analytics/metrics"
    async for items in _posted_pages(client, path, ListScope(**where), body):
        for item in items:
            row = _metric_row(item, names, timed="time" in dimensions)
            if row is None:
                odd += 1
            else:
                rows.append(row)
    if odd:
        raise Incomplete(
            f"{plural(odd, 'count')} of POST {path} could not be read.",
            "What was sent then is not known; it is not nothing.",
            "Read it again; if it stays so, tell Mailgun Support.",
            where=path,
            rows=rows,
        )
    return rows


async def bounce_classification(
    client: Mailgun,
    *,
    start: datetime,
    end: datetime,
    dimensions: Sequence[str] = ("entity-name", "domain.name"),
    include_subaccounts: bool = False,
    **where: Unpack[Where],
) -> list[BounceClass]:
    """Return why receivers refuse mail now, by receiver and domain, worst first where the API says so.

    Raises Incomplete, with the rows that could be read, where one could not be.
    """
    body: dict[str, Any] = {
        "start": rfc2822(start),
        "end": rfc2822(end),
        "resolution": "day",
        "dimensions": list(dimensions),
        "metrics": ["critical_bounce_count", "non_critical_bounce_count", "classified_failures_count"],
        "include_subaccounts": include_subaccounts,
    }
    path = "/v2/bounce-classification/metrics"
    pages = _posted_pages(client, path, ListScope(**where), body)
    return await whole(records(BounceClass, pages, f"POST {path}"))


async def _posted_pages(
    client: Mailgun, path: str, scope: ListScope, body: dict[str, Any]
) -> AsyncIterator[list[Any]]:
    """Yield pages of a list asked for by POST with skip and limit inside the body."""
    skip = 0
    before: list[Any] = []
    for _ in range(MAX_PAGES):
        answer = await client.call(
            "POST",
            path,
            region=scope.region,
            subaccount=scope.subaccount,
            json={**body, "pagination": {"skip": skip, "limit": METRIC_PAGE}},
            priority=scope.priority,
            repeat_safe=True,
        )
        items = items_of(answer, "items")
        if items and items == before:
            raise endless(answer, "the same page came twice")
        before = items
        if items:
            yield items
        skip += len(items)
        if not items or (len(items) < METRIC_PAGE and announced(answer) <= skip):
            if announced(answer) > skip:
                raise missing(answer, skip, announced(answer))
            return
    raise endless(answer, f"it has more than {MAX_PAGES} pages")


def _metric_row(item: object, asked: Sequence[str], *, timed: bool) -> MetricRow | None:
    """Return one row with its rates, sent as text, as numbers; what is null or no number is left out.

    None where the row cannot be: something that was ``asked`` for is no number or below nought, or there is no interval
    although it is ``timed``.
    """
    if not isinstance(item, dict):
        return None
    dimensions: dict[str, str] = {}
    parts, held = item.get("dimensions"), item.get("metrics")
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict) and isinstance(part.get("dimension"), str):
            dimensions[part["dimension"]] = str(part.get("value", ""))
    counts: dict[str, float] = {}
    for name, value in held.items() if isinstance(held, dict) else ():
        number = _number(value)
        if name in asked and value is not None and (number is None or number < 0):
            return None
        if number is not None:
            counts[str(name)] = number
    time = parse_moment(dimensions.get("time"))
    return None if timed and time is None else MetricRow(dimensions=dimensions, metrics=counts, time=time)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


async def stats_total(
    client: Mailgun,
    *,
    events: Sequence[str] = ("accepted", "delivered", "failed", "complained"),
    start: datetime | None = None,
    end: datetime | None = None,
    resolution: str = "hour",
    domain: str | None = None,
    **where: Unpack[Where],
) -> list[StatRow]:
    """Return the older statistics, of the account or one domain: the way out where metrics are refused."""
    answer = await client.call(
        "GET",
        at("/v3/{}/stats/total", domain) if domain else "/v3/stats/total",
        **where,
        query={
            "event": tuple(events),
            "start": rfc2822(start) if start else None,
            "end": rfc2822(end) if end else None,
            "resolution": resolution,
        },
    )
    rows: list[StatRow] = []
    for item in items_of(answer, "stats"):
        if not isinstance(item, dict):
            raise UnreadableAnswer(
                f"The answer to {answer.where} holds a row that cannot be read.",
                "Either something changes the answers on the way, or the API has changed.",
                "Check the address and any proxy.",
                status=answer.status,
                where=answer.where,
            )
        counts = {name: value for name, value in item.items() if isinstance(value, dict)}
        rows.append(StatRow(time=parse_moment(item.get("time")), counts=counts))
    return rows
