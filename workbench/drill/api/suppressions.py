"""Suppression tables of a domain: bounces, complaints, unsubscribes, allow entries (dossier B4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workbench.drill.api.address_pages import by_address
from workbench.drill.api.dates import parse, utctxt
from workbench.drill.api.wire import EndpointArea, Handler, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import SimulatedDomain, SimulatedSuppression

AREA = EndpointArea("suppressions")
ONE_POST = 1000


@dataclass(frozen=True)
class SuppressionApi:
    """One suppression table: its path, how an entry looks, and the vendor's words."""

    name: str
    shown: Callable[[SimulatedSuppression], dict[str, Any]]
    cleared: str
    removed: str
    area: str = "suppressions"

    def of(self, domain: SimulatedDomain) -> dict[str, SimulatedSuppression]:
        """Return the table of a domain."""
        rows: dict[str, SimulatedSuppression] = getattr(domain, self.name)
        return rows


def _bounce(entry: SimulatedSuppression) -> dict[str, Any]:
    detail = entry.detail
    return {
        "address": entry.value,
        "code": str(detail.get("code", "550")),
        "error": str(detail.get("error", "")),
        "created_at": utctxt(entry.created),
    }


def _complaint(entry: SimulatedSuppression) -> dict[str, Any]:
    return {"address": entry.value, "count": 1, "created_at": utctxt(entry.created)}


def _unsubscribe(entry: SimulatedSuppression) -> dict[str, Any]:
    return {
        "address": entry.value,
        "tags": entry.detail.get("tags", ["*"]),
        "created_at": utctxt(entry.created),
    }


def _allow(entry: SimulatedSuppression) -> dict[str, Any]:
    detail = entry.detail
    # Only this table writes createdAt (dossier B4).
    return {
        "type": detail.get("type", "address"),
        "value": entry.value,
        "reason": detail.get("reason", ""),
        "createdAt": utctxt(entry.created),
    }


TABLES = (
    SuppressionApi(
        "bounces",
        _bounce,
        "Bounced addresses for this domain have been removed",
        "Bounced addresses for this domain have been removed",
    ),
    SuppressionApi(
        "complaints",
        _complaint,
        "Complaint addresses for this domain have been removed",
        "Complaint addresses for this domain have been removed",
    ),
    SuppressionApi(
        "unsubscribes",
        _unsubscribe,
        "Unsubscribe addresses for this domain have been removed",
        "Unsubscribe event has been removed",
    ),
    SuppressionApi(
        "whitelists",
        _allow,
        "Allowlist addresses/domains for this domain have been removed",
        "Allowlist address/domain has been removed",
        "allow",
    ),
)


def _list(table: SuppressionApi) -> Handler:
    def handler(call: WireCall) -> WireAnswer:
        rows = table.of(call.domain())
        term = call.arg("term")
        names = [name for name in sorted(rows) if name.startswith(term)]
        if call.arg("address") and not call.arg("page"):
            names = [name for name in names if name == call.arg("address")]
        page, paging = by_address(call, names, max(1, call.number("limit", 100, most=1000)), back="previous")
        return ok(items=[table.shown(rows[name]) for name in page], paging=paging)

    return handler


def _one(table: SuppressionApi) -> Handler:
    def handler(call: WireCall) -> WireAnswer:
        entry = table.of(call.domain()).get(call.params["value"])
        if entry is None:
            raise WireRefusal(404, f"Address not found in {table.name} table")
        return WireAnswer(table.shown(entry))

    return handler


def _add(table: SuppressionApi) -> Handler:
    def handler(call: WireCall) -> WireAnswer:
        rows = table.of(call.domain())
        entries = call.body if isinstance(call.body, list) else [dict((*call.query, *call.form))]
        if len(entries) > ONE_POST:
            raise WireRefusal(400, f"at most {ONE_POST} entries may be added at once")
        for item in entries:
            _store(call, table, rows, item)
        call.account.changed()
        if table.name == "whitelists":
            value = str(entries[0].get("address") or entries[0].get("domain"))
            kind = rows[value].detail["type"]
            return said("Address/Domain has been added to the allowlists table", type=kind, value=value)
        return said(f"{len(entries)} addresses have been added to the {table.name} table")

    return handler


def _store(call: WireCall, table: SuppressionApi, rows: dict[str, SimulatedSuppression], item: Any) -> None:
    if not isinstance(item, dict):
        raise WireRefusal(400, "entries must be objects")
    value = str(item.get("address") or item.get("domain") or "")
    if not value:
        raise WireRefusal(400, "address is required")
    try:
        created = parse(str(item["created_at"])) if item.get("created_at") else call.now
    except ValueError as error:
        raise WireRefusal(400, str(error)) from error
    detail: dict[str, Any] = {}
    if table.name == "bounces":
        detail = {"code": str(item.get("code", "550")), "error": str(item.get("error", ""))}
    elif table.name == "unsubscribes":
        tags = item.get("tags", item.get("tag", "*"))
        detail = {"tags": tags if isinstance(tags, list) else [tags]}
    elif table.name == "whitelists":
        detail = {
            "type": "domain" if item.get("domain") else "address",
            "reason": str(item.get("reason", "")),
        }
    rows[value] = SimulatedSuppression(value, created, detail)


def _remove(table: SuppressionApi) -> Handler:
    def handler(call: WireCall) -> WireAnswer:
        value = call.params["value"]
        if table.of(call.domain()).pop(value, None) is None:
            raise WireRefusal(404, f"Address not found in {table.name} table")
        call.account.changed()
        key = "value" if table.name == "whitelists" else "address"
        return said(table.removed, **{key: value})

    return handler


def _clear(table: SuppressionApi) -> Handler:
    def handler(call: WireCall) -> WireAnswer:
        table.of(call.domain()).clear()
        call.account.changed()
        return said(table.cleared)

    return handler


for _table in TABLES:
    _path = "/v3/{domain}/" + _table.name
    AREA.on("GET", _path, area=_table.area)(_list(_table))
    AREA.on("POST", _path, area=_table.area)(_add(_table))
    AREA.on("DELETE", _path, area=_table.area)(_clear(_table))
    AREA.on("GET", _path + "/{value}", area=_table.area)(_one(_table))
    AREA.on("DELETE", _path + "/{value}", area=_table.area)(_remove(_table))
