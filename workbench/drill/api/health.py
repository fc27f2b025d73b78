"""Bounce classification, alert rules and the Optimize add-on's blocklist watch (dossier B5)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from workbench.drill.activity.entries import PROVIDERS
from workbench.drill.activity.listings import RULES
from workbench.drill.api.dates import iso0, rfc2822, rfc3339
from workbench.drill.api.logs import window
from workbench.drill.api.metrics import tally
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import SimulatedRule

AREA = EndpointArea("evidence", "health")
_NEVER = "0001-01-01T00:00:00Z"
_ALERTS = "/v1/thresholds/alerts/send"
_LIMITS = "/v1/thresholds/limits"
WEEK = 7 * 86400.0


@AREA.on("POST", "/v2/bounce-classification/metrics")
def bounce_metrics(call: WireCall) -> WireAnswer:
    """Why mail is refused, by provider and domain; items without failures are left out."""
    body = call.body if isinstance(call.body, dict) else {}
    start, end = window(call, body, WEEK)
    dimensions = [str(name) for name in body.get("dimensions") or ["entity-name"]]
    rows: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for sender, _, counts in tally(call, (call.tenant.id,), start, end):
        for provider in PROVIDERS:
            row = rows[(provider.name, sender.domain if "domain.name" in dimensions else "")]
            row["critical_bounce_count"] += int(counts["failed"] * provider.share * 0.6)
            row["non_critical_bounce_count"] += int(counts["failed"] * provider.share * 0.4)
            row["non_critical_delay_count"] += int(counts["temporary"] * provider.share)
            row["delivered_smtp_count"] += int(counts["delivered"] * provider.share)
    items = [_classified(entity, domain, row) for (entity, domain), row in sorted(rows.items())]
    items = [item for item in items if item["metrics"]["classified_failures_count"]]
    paging = body.get("pagination") or {}
    skip, limit = int(paging.get("skip") or 0), int(paging.get("limit") or 100)
    return ok(
        start=rfc2822(start),
        end=rfc2822(end),
        resolution=str(body.get("resolution") or "day"),
        duration="",
        dimensions=dimensions,
        pagination={"sort": "entity-name:asc", "skip": skip, "limit": limit, "total": len(items)},
        items=items[skip : skip + limit],
    )


def _classified(entity: str, domain: str, row: dict[str, int]) -> dict[str, Any]:
    critical, other, delays = (
        row["critical_bounce_count"],
        row["non_critical_bounce_count"],
        row["non_critical_delay_count"],
    )
    done = row["delivered_smtp_count"] + critical + other
    item: dict[str, Any] = {
        "entity-name": entity,
        "metrics": {
            "critical_bounce_count": critical,
            "non_critical_bounce_count": other,
            "critical_delay_count": 0,
            "non_critical_delay_count": delays,
            "classified_failures_count": critical + other + delays,
            "delivered_smtp_count": row["delivered_smtp_count"],
            "critical_bounce_rate": _percent(critical, done),
            "non_critical_bounce_rate": _percent(other, done),
            "critical_delay_rate": 0,
            "non_critical_delay_rate": _percent(delays, done),
        },
    }
    if domain:
        item["domain.name"] = domain
    return item


def _percent(part: int, whole: int) -> int:
    """Return a share as the vendor writes it here: whole percent."""
    return round(100 * part / whole) if whole else 0


# --- thresholds


def _rule(call: WireCall, rule: SimulatedRule, alert: bool) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": rule.id,
        "parent_account_id": call.tenant.parent or call.tenant.id,
        "subaccount_id": call.tenant.id if call.tenant.parent else "",
        "account_group": "",
        "name": rule.name,
        "created_at": rfc3339(rule.created),
        "updated_at": rfc3339(rule.updated) if rule.updated else _NEVER,
        "last_checked": rfc3339(call.now - call.now % 3600.0),
        "description": rule.description,
        "filters": [],
        "metric": rule.metric,
        "comparator": rule.comparator,
        "limit": rule.limit,
        "dimension": rule.dimension,
        "period": rule.period,
    }
    if alert:
        item["alert_channels"] = rule.channels
    return item


def _book(call: WireCall) -> tuple[dict[str, SimulatedRule], bool]:
    alert = call.path.startswith(_ALERTS)
    return (call.area.alerts if alert else call.area.limits), alert


def _found(call: WireCall) -> tuple[SimulatedRule, bool]:
    book, alert = _book(call)
    rule = book.get(call.params["name"])
    if rule is None:
        raise WireRefusal(404, "not found")
    return rule, alert


@AREA.on("GET", _ALERTS, _LIMITS, area="alerts")
def list_rules(call: WireCall) -> WireAnswer:
    """Alert or limit rules; a deleted one leaves no trace."""
    book, alert = _book(call)
    return ok(items=[_rule(call, rule, alert) for rule in book.values()], total=len(book))


@AREA.on("POST", _ALERTS, _LIMITS, area="alerts")
def create_rule(call: WireCall) -> WireAnswer:
    """Add a rule."""
    book, alert = _book(call)
    body = call.body if isinstance(call.body, dict) else {}
    name = str(body.get("name") or "")
    if not name or name in book:
        raise WireRefusal(400, "name is missing or taken")
    rule = SimulatedRule(
        call.account.next_id("rule", 32),
        name,
        str(body.get("metric") or ""),
        str(body.get("comparator") or ">"),
        str(body.get("limit") or "0"),
        str(body.get("dimension") or "domain"),
        call.now,
        0.0,
        str(body.get("description") or ""),
        str(body.get("period") or "1h"),
        [str(channel) for channel in body.get("alert_channels") or []],
    )
    book[name] = rule
    call.account.changed()
    return WireAnswer(_rule(call, rule, alert))


@AREA.on("GET", _ALERTS + "/{name}", _LIMITS + "/{name}", area="alerts")
def one_rule(call: WireCall) -> WireAnswer:
    """One rule."""
    rule, alert = _found(call)
    return WireAnswer(_rule(call, rule, alert))


@AREA.on("PUT", _ALERTS + "/{name}", _LIMITS + "/{name}", area="alerts")
def update_rule(call: WireCall) -> WireAnswer:
    """Change a rule."""
    rule, _ = _found(call)
    body = call.body if isinstance(call.body, dict) else {}
    for name in ("metric", "comparator", "limit", "dimension", "period", "description"):
        if name in body:
            setattr(rule, name, str(body[name]))
    if "alert_channels" in body:
        rule.channels = [str(channel) for channel in body["alert_channels"]]
    rule.updated = call.now
    call.account.changed()
    return said("updated")


@AREA.on("DELETE", _ALERTS + "/{name}", _LIMITS + "/{name}", area="alerts")
def delete_rule(call: WireCall) -> WireAnswer:
    """Remove a rule."""
    rule, _ = _found(call)
    del _book(call)[0][rule.name]
    call.account.changed()
    return said("deleted")


@AREA.on("GET", "/v1/thresholds/hits", area="alerts")
def hits(call: WireCall) -> WireAnswer:
    """Rules that fired: the intruder raised the limit only after the first hour of abuse."""
    story = call.account.story
    items: list[dict[str, Any]] = []
    home = story.home
    fired = story.leak.first_use.timestamp() + 1500.0
    for rule in call.area.alerts.values():
        if story.scenario.leak == "none" or home is None or home.region != call.region or fired > call.now:
            continue
        items.append(
            {
                "id": call.tenant.id + rule.id[:8],
                "parent_account_id": call.tenant.parent or call.tenant.id,
                "subaccount_id": call.tenant.id if call.tenant.parent else "",
                "name": rule.name,
                "metric": rule.metric,
                "comparator": rule.comparator,
                "limit": "0.05",
                "latest_value": "0.1893",
                "triggered": True,
                "created_at": rfc3339(fired),
                "updated_at": rfc3339(fired),
                "expires_at": _NEVER,
                "dimension": rule.dimension,
                "dimension_value": home.name,
                "period": rule.period,
            }
        )
    return ok(items=items, total=len(items))


# --- Optimize (a paid add-on; the account of the drill has it, its subaccounts have not)


def _subscribed(call: WireCall) -> None:
    if "optimize" not in call.tenant.features:
        raise WireRefusal(403, "Forbidden")


def _watched(call: WireCall, kind: str, subject: str) -> list[dict[str, Any]]:
    """Return the listings of a subject that the vendor's own monitoring knows."""
    found: list[dict[str, Any]] = []
    for rule in RULES:
        if rule.subject == kind and call.account.listings.lookup(rule.zone, subject) is not None:
            since = call.account.world.start + rule.delay
            found.append(
                {
                    "list": rule.zone,
                    "name": rule.zone,
                    "first_seen": rfc3339(since),
                    "last_seen": rfc3339(call.now),
                    "delist_requested_at": None,
                    "comments": "",
                }
            )
    return found


def _ip(call: WireCall, ip: str) -> dict[str, Any]:
    listed = _watched(call, "ip", ip)
    return {"ip": ip, "state": "listed" if listed else "healthy", "listed": listed}


def _domain(call: WireCall, name: str) -> dict[str, Any]:
    listed = _watched(call, "domain", name)
    created = int(call.domain(name).created)
    return {
        "domain": name,
        "created_at": created,
        "state": "listed" if listed else "healthy",
        "listed": listed,
    }


@AREA.on("GET", "/v1/inboxready/ip_addresses", family="optimize")
def ready_ips(call: WireCall) -> WireAnswer:
    """The account's addresses as the vendor's monitoring sees them."""
    _subscribed(call)
    items = [_ip(call, ip) for ip in call.account.story.sending_ips[call.region]]
    return ok(items=items, total=len(items))


@AREA.on("GET", "/v1/inboxready/ip_addresses/{ip}", family="optimize")
def ready_ip(call: WireCall) -> WireAnswer:
    """One address."""
    _subscribed(call)
    if call.params["ip"] not in call.account.story.sending_ips[call.region]:
        raise WireRefusal(404, "not found")
    return WireAnswer(_ip(call, call.params["ip"]))


@AREA.on("GET", "/v1/inboxready/domains", "/v1/monitoring/domains", family="optimize")
def ready_domains(call: WireCall) -> WireAnswer:
    """Domains under monitoring."""
    _subscribed(call)
    items = [_domain(call, domain.name) for domain in call.domains() if domain.type == "custom"]
    return ok(items=items, total=len(items))


@AREA.on("GET", "/v1/monitoring/domains/{domain}/blocklists", family="optimize")
def ready_blocklists(call: WireCall) -> WireAnswer:
    """The blocklists that hold one domain."""
    _subscribed(call)
    return ok(items=_watched(call, "domain", call.domain().name))


# Gmail's figures come two days late, and show the abuse only from then on.
_GMAIL_LATE, _GMAIL_DAYS, _DAY = 2, 7, 86_400


@AREA.on("GET", "/v1/reputationanalytics/gpt/domains", family="optimize")
def gmail_domains(call: WireCall) -> WireAnswer:
    """What Gmail counted of each domain by day, as Postmaster Tools tells it."""
    _subscribed(call)
    today = int(call.now // _DAY)
    abused = int(call.account.world.start // _DAY)
    days = range(today - _GMAIL_LATE, today - _GMAIL_LATE - _GMAIL_DAYS, -1)
    data = [
        {
            "name": domain.name,
            "date": rfc3339(day * _DAY),
            "user_reported_spam_ratio": 0.006 if day >= abused else 0.0004,
        }
        for domain in call.domains()
        if domain.type == "custom"
        for day in days
    ]
    first = call.number("offset", 0)
    return ok(data=data[first : first + call.number("limit", 100)], total=len(data))


@AREA.on(
    "GET",
    "/v1/blocklist-monitoring/events",
    "/v1/monitoring/domains/{domain}/events",
    "/v1/alerts/events",
    family="optimize",
)
def ready_events(call: WireCall) -> WireAnswer:
    """When something was listed."""
    _subscribed(call)
    names = [call.domain().name] if "domain" in call.params else [d.name for d in call.domains()]
    ips = [] if "domain" in call.params else list(call.account.story.sending_ips[call.region])
    items: list[dict[str, Any]] = []
    for kind, subjects in (("ip", ips), ("domain", names)):
        for subject in subjects:
            for item in _watched(call, kind, subject):
                moment = item["first_seen"]
                items.append(
                    {"event_type": f"{kind}_listed", "subject": subject, "list": item["list"], "at": moment}
                )
    limit = call.number("limit", 50, most=50)
    return ok(items=items[:limit], total=len(items))


@AREA.on("GET", "/v1/alerts/settings", "/v1/alerts/settings/events", family="optimize", area="settings")
def alert_settings(call: WireCall) -> WireAnswer:
    """Where blocklist alerts go; shows a second signing key in clear."""
    _subscribed(call)
    start = iso0(call.account.world.start)
    events = [{"id": call.tenant.id, "event_type": "ip_listed", "channel": "email", "disabled_at": None}]
    return ok(
        events=events,
        webhooks={"signing_key": call.tenant.alert_signing_key},
        slack={"token": "", "team_id": "", "team_name": "", "scope": ""},
        email={"created_at": start},
    )


@AREA.on("PUT", "/v1/alerts/settings/webhooks/signing_key", family="optimize", area="settings")
def new_alert_key(call: WireCall) -> WireAnswer:
    """Reset the second signing key."""
    _subscribed(call)
    call.tenant.alert_signing_key = call.account.next_id("alert", 32)
    call.account.changed(urgent=True)
    return ok(signing_key=call.tenant.alert_signing_key)
