"""The log: ``POST /v1/analytics/logs`` and the older ``GET /v3/{domain}/events`` (dossier B5)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec

from workbench.drill.activity.entries import Entries, disturbed, event_of
from workbench.drill.activity.history import Cursor, LogHistory, Query
from workbench.drill.activity.traffic import Event
from workbench.drill.api.dates import duration, parse, rfc2822_minus
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok

AREA = EndpointArea("evidence", "logs")
DAY = 86400.0
# The laggy scenario: how far the log is behind.
INDEXING = 600.0
_EVENTS = frozenset(
    {
        "accepted",
        "delivered",
        "failed",
        "opened",
        "unique_opened",
        "clicked",
        "unique_clicked",
        "unsubscribed",
        "complained",
        "rejected",
        "stored",
        "email_validation",
        "list_uploaded",
        "list_member_uploaded",
        "list_member_upload_error",
        "trapped",
    }
)
_METRIC_EVENTS = {
    "accepted": ("accepted",),
    "accepted_outgoing": ("accepted",),
    "delivered": ("delivered",),
    "delivered_smtp": ("delivered",),
    "opened": ("opened",),
    "clicked": ("clicked",),
    "complained": ("complained",),
    "unsubscribed": ("unsubscribed",),
    "failed": ("failed", "temporary"),
    "processed": ("delivered", "failed"),
    "sent": ("delivered", "failed"),
    "temporary_failed": ("temporary",),
    "permanent_failed": ("failed",),
    "bounced": ("failed",),
    "hard_bounces": ("failed",),
}
# The attributes the vendor knows; none of them is the key, the address or the method (dossier B5).
_ATTRIBUTES: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "id": lambda e: [e["id"]],
    "domain": lambda e: [e["domain"]["name"]],
    "ip": lambda e: [e["envelope"].get("sending-ip", "")],
    "ip_pool": lambda e: [""],
    "recipient_domain": lambda e: [e["recipient-domain"]],
    "recipient_provider": lambda e: [e["recipient-provider"]],
    "country": lambda e: [e.get("geolocation", {}).get("country", "")],
    "bot": lambda e: [""],
    "device": lambda e: [e.get("client-info", {}).get("device-type", "")],
    "subaccount": lambda e: [e["account"]["id"]],
    "event": lambda e: [e["event"]],
    "attachment_filename": lambda e: [],
    "from": lambda e: [e["message"]["headers"]["from"]],
    "message_id": lambda e: [e["message"]["headers"]["message-id"]],
    "subject": lambda e: [e["message"]["headers"]["subject"]],
    "mailing_list_address": lambda e: [],
    "to": lambda e: [e["message"]["headers"]["to"]],
    "size": lambda e: [str(e["message"]["size"])],
    "recipient": lambda e: [e["recipient"]],
    "tag": lambda e: e["tags"],
    "severity": lambda e: [e.get("severity", "")],
    "user_variables": lambda e: [e["user-variables"]],
    "delivered_at": lambda e: [""],
    "delivery_status_code": lambda e: [str(e.get("delivery-status", {}).get("code", ""))],
    "delivery_status_bounce_type": lambda e: [e.get("delivery-status", {}).get("bounce-type", "")],
    "delivery_status_message": lambda e: [e.get("delivery-status", {}).get("message", "")],
    "is_routed": lambda e: [str(e["flags"]["is-routed"]).lower()],
    "i_classification_rule_id": lambda e: [],
    "i_classification_group_id": lambda e: [],
    "recipients": lambda e: e["message"]["recipients"],
}


class LogQuery:
    """History and entries of one drill, kept on the account."""

    def __init__(self, call: WireCall) -> None:
        self.history = LogHistory(call.account)
        self.entries = Entries(call.account)


def reader(call: WireCall) -> LogQuery:
    """Return the reader of this drill's log (made on first use)."""
    kept = call.account.kept.get("reader")
    if not isinstance(kept, LogQuery):
        kept = call.account.kept["reader"] = LogQuery(call)
    return kept


def window(call: WireCall, body: dict[str, Any], default: float) -> tuple[float, float]:
    """Return the period a request asks for (start, end) in epoch seconds, ``default`` seconds long."""
    try:
        end = parse(str(body["end"])) if body.get("end") else call.now
        if body.get("duration"):
            return end - duration(str(body["duration"])), end
        start = parse(str(body["start"])) if body.get("start") else end - default
    except ValueError as error:
        raise WireRefusal(400, f"failed to parse request: {error}") from error
    if start > end:
        raise WireRefusal(400, "start date must be before the end date")
    return start, end


def tenants(call: WireCall, include: bool) -> tuple[str, ...]:
    """Return whose events count: the account's, with its subaccounts where asked for."""
    mine = (call.tenant.id,)
    if not include:
        return mine
    return mine + tuple(t.id for t in call.account.world.tenants.values() if t.parent == call.tenant.id)


def predicates(body: dict[str, Any], known: frozenset[str]) -> list[tuple[str, str, list[str]]]:
    """Return the AND filters as (attribute, comparator, values); 400 names an attribute that is not known."""
    groups = (body.get("filter") or {}).get("AND") or []
    found: list[tuple[str, str, list[str]]] = []
    for item in groups:
        attribute = str(item.get("attribute", ""))
        if attribute not in known:
            raise WireRefusal(400, f"'{attribute}' is not a valid filter attribute")
        values = [
            str(v.get("value", "")) if isinstance(v, dict) else str(v) for v in item.get("values") or []
        ]
        found.append((attribute, str(item.get("comparator", "=")), values))
    return found


def _holds(values: list[str], comparator: str, wanted: list[str]) -> bool:
    if comparator == "=":
        return any(value in wanted for value in values)
    if comparator == "!=":
        return not any(value in wanted for value in values)
    if comparator == "contains":
        return any(part in value for value in values for part in wanted)
    if comparator == "not contains":
        return not any(part in value for value in values for part in wanted)
    raise WireRefusal(400, f"'{comparator}' is not a valid comparator")


def _query(call: WireCall, body: dict[str, Any], who: tuple[str, ...], start: float, end: float) -> Query:
    """Return what a request asks for: kinds and domains decide first, other filters need the rendered entry."""
    kinds: set[str] | None = None
    for name in body.get("events") or []:
        if name not in _EVENTS:
            raise WireRefusal(400, f"'{name}' is not a valid event")
        kinds = (
            (kinds or set()) | {name.removeprefix("unique_")} | ({"temporary"} if name == "failed" else set())
        )
    for name in body.get("metric_events") or []:
        kinds = (kinds or set()) | set(_METRIC_EVENTS.get(str(name), ()))
    filters = predicates(body, frozenset(_ATTRIBUTES))
    domains = [(how, values) for name, how, values in filters if name == "domain"]
    others = [item for item in filters if item[0] != "domain"]
    entries = reader(call).entries

    def match(event: Event) -> bool:
        entry = entries.entry(event)
        return all(_holds(_ATTRIBUTES[name](entry), how, values) for name, how, values in others)

    return Query(
        region=call.region,
        tenants=who,
        start=start,
        end=end,
        kinds=None if kinds is None else frozenset(kinds),
        domain=(lambda name: all(_holds([name], how, values) for how, values in domains))
        if domains
        else None,
        match=match if others else None,
    )


def _token(backward: bool, cursor: Cursor | None) -> str:
    place = [int(backward), *(cursor or ())]
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _place(token: str, default: bool) -> tuple[bool, Cursor | None]:
    if not token:
        return default, None
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)), type=list[int])
    except (msgspec.DecodeError, binascii.Error):
        raise WireRefusal(400, "invalid pagination token") from None
    return bool(place[0]), Cursor(place[1], place[2]) if len(place) == 3 else None


@AREA.on("POST", "/v1/analytics/logs")
def logs(call: WireCall) -> WireAnswer:
    """One page of the log; nothing older than the plan's retention."""
    body = call.body if isinstance(call.body, dict) else {}
    start, end = window(call, body, DAY)
    kept = call.now - call.account.story.scenario.retention_days * DAY
    paging = body.get("pagination") or {}
    limit = int(paging.get("limit") or 100)
    if not 1 <= limit <= 100:
        raise WireRefusal(400, "limit must be between 1 and 100")
    newest_first = not str(paging.get("sort") or "timestamp:desc").endswith("asc")
    who = tenants(call, bool(body.get("include_subaccounts")))
    if call.account.story.quirk("laggy"):
        end = min(end, call.now - INDEXING)
    query = _query(call, body, who, max(start, kept), end)
    backward, cursor = _place(str(paging.get("token") or ""), newest_first)
    history = reader(call).history
    walk = history.backward if backward else history.forward
    found = list(islice(walk(query, cursor), limit))
    if backward != newest_first:
        # A page asked for through ``previous`` or ``last`` was read against the order.
        found.reverse()
    items = [reader(call).entries.entry(event) for _, event in found]
    if call.account.story.quirk("messy"):
        items = disturbed(items)
    answer: dict[str, Any] = {
        "start": rfc2822_minus(start),
        "end": rfc2822_minus(end),
        "items": items,
        "pagination": _links(found, backward, newest_first, cursor),
    }
    if body.get("include_totals"):
        total = history.total(query)
        answer["pagination"]["total"] = total
        answer["aggregates"] = {"all": total, "metrics": {}}
    return WireAnswer(answer)


def _links(
    found: list[tuple[Cursor, Event]], backward: bool, newest_first: bool, cursor: Cursor | None
) -> dict[str, Any]:
    """Return the tokens of a page. A cursor behind an event differs by one from the one in front of it."""
    first, last = cursor, cursor
    if found:
        # Cursors of a forward walk stand behind their event, those of a backward walk in front of it.
        step = 0 if backward else -1
        head, tail = found[0][0], found[-1][0]
        before_head, before_tail = Cursor(head.hour, head.place + step), Cursor(tail.hour, tail.place + step)
        after = (lambda c: Cursor(c.hour, c.place + 1)) if newest_first else (lambda c: c)
        first = after(before_head)
        last = before_tail if newest_first else Cursor(before_tail.hour, before_tail.place + 1)
    return {
        "first": _token(newest_first, None),
        "last": _token(not newest_first, None),
        "next": _token(newest_first, last),
        "previous": _token(not newest_first, first),
    }


@AREA.on("GET", "/v3/{domain}/events", "/v3/{domain}/events/{page}", family="events")
def events(call: WireCall) -> WireAnswer:
    """The older log of one domain: links always present, an empty page ends it."""
    domain = call.domain()
    limit = call.number("limit", 100)
    if limit > 300:
        raise WireRefusal(400, "limit must be at most 300")
    try:
        begin = parse(call.arg("begin")) if call.arg("begin") else None
        end = parse(call.arg("end")) if call.arg("end") else None
    except ValueError as error:
        raise WireRefusal(400, str(error)) from error
    state: dict[str, Any] = {
        "begin": begin,
        "end": end,
        "ascending": call.flag("ascending"),
        "limit": max(1, limit),
        "event": call.arg("event"),
        "token": "",
    }
    if call.params.get("page"):
        try:
            state = msgspec.json.decode(base64.urlsafe_b64decode(call.params["page"].encode()))
        except (msgspec.DecodeError, binascii.Error):
            raise WireRefusal(404, "page not found") from None
    return _event_page(call, domain.name, state)


def _event_page(call: WireCall, name: str, state: dict[str, Any]) -> WireAnswer:
    kept = call.now - call.account.story.scenario.retention_days * DAY
    low = kept if state["begin"] is None else state["begin"]
    high = call.now if state["end"] is None else state["end"]
    ascending = state["ascending"]
    if state["end"] is None and state["begin"] is not None and not ascending:
        # Descending from ``begin``: it names the newer end then.
        low, high = kept, state["begin"]
    wanted = {part.strip() for part in str(state["event"]).split("OR") if part.strip()}
    body = {
        "events": sorted(wanted & _EVENTS),
        "filter": {"AND": [{"attribute": "domain", "comparator": "=", "values": [name]}]},
    }
    query = _query(call, body, (call.tenant.id,), max(low, kept), high)
    backward, cursor = _place(state["token"], not ascending)
    history, entries = reader(call).history, reader(call).entries
    found = list(islice((history.backward if backward else history.forward)(query, cursor), state["limit"]))
    if backward == ascending:
        found.reverse()
    links = _links(found, backward, not ascending, cursor)

    def url(token: str) -> str:
        page = base64.urlsafe_b64encode(msgspec.json.encode({**state, "token": token})).decode()
        return call.url(f"/v3/{name}/events/{page}")

    items = [event_of(entries.entry(event), event.at) for _, event in found]
    return ok(items=items, paging={kind: url(links[kind]) for kind in ("next", "previous", "first", "last")})
