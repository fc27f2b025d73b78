"""Counts: ``POST /v1/analytics/metrics``, usage metrics, the older stats (dossier B5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from workbench.drill.activity.entries import PROVIDERS
from workbench.drill.activity.traffic import EVENTS, HOUR
from workbench.drill.api.dates import parse, rfc2822, utctxt
from workbench.drill.api.logs import predicates, tenants, window
from workbench.drill.api.metric_names import RATES, SUMS, USAGE, events_behind
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok
from workbench.drill.world.records import Stream, SubmittedMessage

AREA = EndpointArea("evidence", "metrics")
DAY = 86400.0
WEEK = 7 * DAY
# Metrics are kept by the hour for 60 days (dossier C).
KEPT = 60 * DAY
Counts = dict[str, int]
Key = tuple[str, ...]
_DIMENSIONS = frozenset(
    {
        "time",
        "domain",
        "ip",
        "ip_pool",
        "recipient_domain",
        "recipient_provider",
        "tag",
        "country",
        "device",
        "bot",
        "subaccount",
    }
)
_FILTERS = _DIMENSIONS - {"time"}


def _resolve(moment: float, resolution: str) -> float:
    """Return the start of the hour, day or month a moment lies in (UTC)."""
    if resolution == "hour":
        return moment // HOUR * HOUR
    if resolution == "day":
        return moment // DAY * DAY
    at = datetime.fromtimestamp(moment, UTC)
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


def _slices(start: float, end: float, resolution: str) -> list[float]:
    """Return the starts of all buckets of a period."""
    found: list[float] = []
    at = _resolve(start, resolution)
    while at < end:
        found.append(at)
        at = _resolve(at + {"hour": HOUR, "day": DAY, "month": 32 * DAY}[resolution], resolution)
    return found


def tally(
    call: WireCall, who: tuple[str, ...], start: float, end: float, kinds: Collection[str] = EVENTS
) -> Iterator[tuple[Stream | SubmittedMessage, float, Counts]]:
    """Yield (sender, start of the hour, counts) for each hour of a period: whole hours, as the vendor's buckets.

    The counts hold at least ``kinds``.
    """
    now = call.now
    messy = call.account.story.quirk("messy")
    first = int(max(start, now - KEPT) // HOUR)
    last = int((min(end, now) - 0.001) // HOUR)
    for stream in call.account.streams():
        if stream.region != call.region or stream.tenant not in who:
            continue
        since = min((span[0] or 0.0 for span in stream.spans), default=now)
        hours = range(max(first, int(since // HOUR)), last + 1)
        for hour, counts in call.account.traffic.hourly(stream, hours, now, kinds):
            if messy:
                # A twentieth of what the log holds never reached the counters.
                counts = {kind: n - n // 20 for kind, n in counts.items()}
            if counts["accepted"] or counts.get("delivered"):
                yield stream, float(hour * HOUR), counts
    for sent in call.account.world.sent:
        if sent.tenant in who and sent.region == call.region and first <= int(sent.at // HOUR) <= last:
            done = int(not sent.test_mode and sent.scheduled_for is None)
            yield sent, sent.at // HOUR * HOUR, {**dict.fromkeys(EVENTS, 0), "accepted": 1, "delivered": done}


def _values(call: WireCall, dimension: str, sender: Stream | SubmittedMessage) -> list[tuple[str, float]]:
    """Return the values of a dimension for a sender with their shares; most have just one."""
    if dimension == "domain":
        return [(sender.domain, 1.0)]
    if dimension == "subaccount":
        return [(sender.tenant, 1.0)]
    if dimension == "tag":
        tag = sender.tag if isinstance(sender, Stream) else ""
        return [(tag, 1.0)] if tag else []
    if dimension == "ip":
        ips = call.account.story.sending_ips[call.region]
        if isinstance(sender, Stream) and sender.actor == "intruder":
            return [(ips[0], 1.0)]
        return [(ip, 1.0 / len(ips)) for ip in ips]
    if dimension == "recipient_provider":
        return [(provider.name, provider.share) for provider in PROVIDERS]
    if dimension == "recipient_domain":
        return [(name, p.share / len(p.domains)) for p in PROVIDERS for name in p.domains]
    if dimension == "country":
        return [("US", 0.6), ("GB", 0.2), ("DE", 0.2)]
    if dimension == "device":
        return [("mobile", 0.55), ("desktop", 0.45)]
    return [("default" if dimension == "ip_pool" else "", 1.0)]


def _share(counts: Counts, parts: list[tuple[str, float]]) -> list[tuple[str, Counts]]:
    """Split counts over values by their shares without losing one: the first value takes what rounding left."""
    if len(parts) <= 1:
        return [(value, counts) for value, _ in parts]
    split = [(value, {kind: int(n * share) for kind, n in counts.items()}) for value, share in parts]
    for kind, n in counts.items():
        split[0][1][kind] += n - sum(part[kind] for _, part in split)
    return split


def _combine(counts: Counts, values: Iterable[list[tuple[str, float]]]) -> list[tuple[Key, Counts]]:
    rows: list[tuple[Key, Counts]] = [((), counts)]
    for parts in values:
        rows = [((*key, value), part) for key, have in rows for value, part in _share(have, parts)]
    return rows


def _add(total: Counts, counts: Counts) -> None:
    for kind, n in counts.items():
        if n:
            total[kind] += n


def _shown(counts: Counts, names: list[str]) -> dict[str, Any]:
    metrics: dict[str, Any] = {}
    for name in names:
        if name in RATES:
            part, whole = RATES[name]
            total = sum(counts[kind] for kind in whole)
            metrics[name] = f"{counts[part] / total:.4f}" if total else "0.0000"
        elif name in SUMS:
            metrics[name] = sum(counts[kind] for kind in SUMS[name])
        else:
            raise WireRefusal(400, f"'{name}' is not a valid metric")
    return metrics


def _passes(call: WireCall, body: dict[str, Any]) -> Callable[[Stream | SubmittedMessage], bool]:
    filters = predicates(body, _FILTERS)

    def passes(sender: Stream | SubmittedMessage) -> bool:
        for name, comparator, wanted in filters:
            have = [value for value, _ in _values(call, name, sender)]
            if any(value in wanted for value in have) == (comparator == "!="):
                return False
        return True

    return passes


@AREA.on("POST", "/v1/analytics/metrics")
def metrics(call: WireCall) -> WireAnswer:
    """Counts by any dimensions; a time series has a row for every bucket, empty ones too."""
    body = call.body if isinstance(call.body, dict) else {}
    start, end = window(call, body, WEEK)
    resolution = str(body.get("resolution") or "day")
    if resolution not in ("hour", "day", "month"):
        raise WireRefusal(400, f"'{resolution}' is not a valid resolution")
    dimensions = [str(name) for name in body.get("dimensions") or []]
    for name in dimensions:
        if name not in _DIMENSIONS:
            raise WireRefusal(400, f"'{name}' is not a valid dimension")
    names = [
        str(name) for name in body.get("metrics") or ["accepted_count", "delivered_count", "failed_count"]
    ]
    rows: dict[Key, Counts] = defaultdict(lambda: dict.fromkeys(EVENTS, 0))
    whole = dict.fromkeys(EVENTS, 0)
    passes = _passes(call, body)
    others = [name for name in dimensions if name != "time"]
    place = dimensions.index("time") if "time" in dimensions else None
    # What a sender is counted under is the same in all its hours; None where the filter leaves it out.
    of_sender: dict[tuple[bool, str], list[list[tuple[str, float]]] | None] = {}
    who_sends = tenants(call, bool(body.get("include_subaccounts")))
    kinds = events_behind([*names, _order(body, dimensions)[0]])
    for sender, hour, counts in tally(call, who_sends, start, end, kinds):
        who = (isinstance(sender, Stream), sender.id)
        if who not in of_sender:
            of_sender[who] = [_values(call, name, sender) for name in others] if passes(sender) else None
        under = of_sender[who]
        if under is None:
            continue
        slot = rfc2822(_resolve(hour, resolution))
        _add(whole, counts)
        for key, part in _combine(counts, under):
            _add(rows[key if place is None else (*key[:place], slot, *key[place:])], part)
    if dimensions == ["time"]:
        for at in _slices(start, min(end, call.now), resolution):
            rows[(rfc2822(at),)]
    if not dimensions:
        rows = {}
    return _answer(call, body, start, end, resolution, dimensions, names, rows, whole)


def _order(body: dict[str, Any], dimensions: list[str]) -> tuple[str, str]:
    """Return what the rows are sorted by, and the order as it was asked for."""
    order = str((body.get("pagination") or {}).get("sort") or ("time:asc" if "time" in dimensions else ""))
    return order.partition(":")[0], order


def _answer(
    call: WireCall,
    body: dict[str, Any],
    start: float,
    end: float,
    resolution: str,
    dimensions: list[str],
    names: list[str],
    rows: dict[Key, Counts],
    whole: Counts,
) -> WireAnswer:
    paging = body.get("pagination") or {}
    most = 1500 if dimensions == ["time"] else 1000
    limit = int(paging.get("limit") or (1500 if "time" in dimensions else 10))
    skip = int(paging.get("skip") or 0)
    if limit > most:
        raise WireRefusal(400, f"limit must be at most {most}")
    by, order = _order(body, dimensions)
    keys = sorted(rows, key=lambda key: _sorting(key, dimensions, by, rows[key]))
    if order.endswith("desc"):
        keys.reverse()
    items = [
        {
            "dimensions": [
                {"dimension": name, "value": value, "display_value": value}
                for name, value in zip(dimensions, key, strict=True)
            ],
            "metrics": _shown(rows[key], names),
        }
        for key in keys[skip : skip + limit]
    ]
    answer: dict[str, Any] = {
        "start": rfc2822(start),
        "end": rfc2822(end),
        "resolution": resolution,
        "dimensions": dimensions,
        "pagination": {"sort": order, "skip": skip, "limit": limit, "total": len(rows)},
        "items": items,
    }
    if body.get("duration"):
        answer["duration"] = str(body["duration"])
    if body.get("include_aggregates"):
        answer["aggregates"] = {"metrics": _shown(whole, names)}
    return WireAnswer(answer)


def _sorting(key: Key, dimensions: list[str], by: str, counts: Counts) -> tuple[Any, ...]:
    plain = tuple(parse(v) if name == "time" else v for name, v in zip(dimensions, key, strict=True))
    if by in SUMS:
        return (sum(counts[kind] for kind in SUMS[by]), *plain)
    if by in dimensions:
        return (plain[dimensions.index(by)], *plain)
    return plain


@AREA.on("POST", "/v1/analytics/usage/metrics")
def usage(call: WireCall) -> WireAnswer:
    """Spend beside mail: nothing was validated or previewed in a drill, only mail was processed."""
    body = call.body if isinstance(call.body, dict) else {}
    start, end = window(call, body, WEEK)
    names = [str(name) for name in body.get("metrics") or USAGE]
    if any(name not in USAGE for name in names):
        raise WireRefusal(400, "invalid metric")
    done = sum(
        counts["delivered"] + counts["failed"] for _, _, counts in tally(call, (call.tenant.id,), start, end)
    )
    values = {name: done if name == "processed_count" else 0 for name in names}
    return ok(
        start=rfc2822(start),
        end=rfc2822(end),
        resolution=str(body.get("resolution") or "day"),
        dimensions=[],
        pagination={"sort": "", "skip": 0, "limit": 10, "total": 1},
        items=[{"dimensions": [], "metrics": values}],
        aggregates={"metrics": values},
    )


@AREA.on("GET", "/v3/stats/total", "/v3/{domain}/stats/total", family="stats")
def stats(call: WireCall) -> WireAnswer:
    """The deprecated totals, of the account or one domain."""
    wanted = call.args("event")
    if not wanted:
        raise WireRefusal(400, "event is required")
    body = {name: call.arg(name) for name in ("start", "end", "duration") if call.arg(name)}
    start, end = window(call, body, WEEK)
    resolution = call.arg("resolution", "day")
    if resolution not in ("hour", "day", "month"):
        raise WireRefusal(400, "invalid resolution")
    name = call.domain().name if "domain" in call.params else ""
    rows = {at: dict.fromkeys(EVENTS, 0) for at in _slices(start, min(end, call.now), resolution)}
    for sender, hour, counts in tally(call, (call.tenant.id,), start, end):
        row = rows.get(_resolve(hour, resolution))
        if row is not None and name in ("", sender.domain):
            for kind, n in counts.items():
                row[kind] += n
    items = [{"time": utctxt(at), **_stat(counts, wanted)} for at, counts in rows.items()]
    return ok(description="", start=utctxt(start), end=utctxt(end), resolution=resolution, stats=items)


def _stat(counts: Counts, wanted: list[str]) -> dict[str, Any]:
    n = counts
    shapes: dict[str, Any] = {
        "accepted": {"incoming": 0, "outgoing": n["accepted"], "total": n["accepted"]},
        "delivered": {"smtp": n["delivered"], "http": 0, "optimized": 0, "total": n["delivered"]},
        "failed": {
            "temporary": {"espblock": 0, "total": n["temporary"]},
            "permanent": {
                "suppress-bounce": 0,
                "suppress-unsubscribe": 0,
                "suppress-complaint": 0,
                "bounce": n["failed"],
                "delayed-bounce": 0,
                "webhook": 0,
                "optimized": 0,
                "total": n["failed"],
            },
        },
        "stored": {"total": 0},
        "opened": {"total": n["opened"], "unique": n["opened"]},
        "clicked": {"total": n["clicked"], "unique": n["clicked"]},
        "unsubscribed": {"total": n["unsubscribed"]},
        "complained": {"total": n["complained"]},
    }
    return {name: shapes[name] for name in wanted if name in shapes}
