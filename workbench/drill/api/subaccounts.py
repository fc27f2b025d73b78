"""Subaccounts and the monthly sending limit of accounts (dossier B3)."""

from __future__ import annotations

from typing import Any

from workbench.drill.activity.usage import month_use
from workbench.drill.api.dates import rfc1123
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.account import Account, month_start
from workbench.drill.world.records import SimulatedRegion, Tenant

AREA = EndpointArea("subaccounts")
_PATH = "/v5/accounts/subaccounts"
_LIMIT = "/v5/accounts/limit/custom"
_CHILD_LIMIT = _PATH + "/{subaccount}/limit/custom/monthly"
LEAST = 1000


def _shown(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "status": tenant.status,
        "created_at": rfc1123(tenant.created),
        "updated_at": rfc1123(tenant.updated),
        "features": {},
    }


def _children(call: WireCall) -> list[Tenant]:
    if not call.has("subaccounts"):
        raise WireRefusal(403, "Forbidden")
    return [t for t in call.account.world.tenants.values() if t.parent == call.tenant.id]


def _child(call: WireCall) -> Tenant:
    for tenant in _children(call):
        if tenant.id == call.params["subaccount"] and tenant.status != "closed":
            return tenant
    raise WireRefusal(404, "Not Found")


@AREA.on("GET", _PATH)
def list_children(call: WireCall) -> WireAnswer:
    """One page; closed ones only when asked for."""
    limit, skip = call.number("limit", 10, most=1000), call.number("skip", 0)
    wanted = call.arg("filter").lower()
    found = [
        t
        for t in _children(call)
        if wanted in t.name.lower()
        and (t.status != "closed" or call.flag("closed"))
        and (not call.given("enabled") or call.flag("enabled") == (t.status == "open"))
    ]
    found.sort(key=lambda t: (t.name, t.id), reverse=call.arg("sort") == "desc")
    return ok(subaccounts=[_shown(t) for t in found[skip : skip + limit]], total=len(found))


@AREA.on("GET", _PATH + "/{subaccount}")
def one_child(call: WireCall) -> WireAnswer:
    """One subaccount."""
    return ok(subaccount=_shown(_child(call)))


@AREA.on("POST", _PATH)
def create_child(call: WireCall) -> WireAnswer:
    """Make a subaccount."""
    _children(call)
    name = call.arg("name")
    if not name:
        raise WireRefusal(400, "name is required")
    now = call.now
    tenant = Tenant(
        id=call.account.next_id("subaccount"),
        name=name,
        created=now,
        updated=now,
        parent=call.tenant.id,
        signing_key=f"key-{call.account.next_id('signing', 32)}",
        regions={region: SimulatedRegion() for region in call.tenant.regions},
    )
    call.account.world.tenants[tenant.id] = tenant
    call.account.changed()
    return ok(subaccount=_shown(tenant))


@AREA.on("POST", _PATH + "/{subaccount}/disable")
def disable_child(call: WireCall) -> WireAnswer:
    """Suspend a subaccount: its sending stops."""
    tenant = _child(call)
    if tenant.status == "disabled":
        raise WireRefusal(400, "subaccount is already disabled")
    return _set(call, tenant, "disabled")


@AREA.on("POST", _PATH + "/{subaccount}/enable")
def enable_child(call: WireCall) -> WireAnswer:
    """Take a suspension back."""
    tenant = _child(call)
    if tenant.status == "open":
        raise WireRefusal(400, "subaccount is already enabled")
    return _set(call, tenant, "open")


def _set(call: WireCall, tenant: Tenant, status: str) -> WireAnswer:
    tenant.status, tenant.updated = status, call.now
    call.account.touch(urgent=True)
    return ok(subaccount=_shown(tenant))


@AREA.on("DELETE", _PATH)
def delete_child(call: WireCall) -> WireAnswer:
    """Close the subaccount named by the On-Behalf-Of header, for good."""
    if not call.tenant.parent:
        raise WireRefusal(400, "X-Mailgun-On-Behalf-Of header is required")
    call.tenant.status, call.tenant.updated = "closed", call.now
    call.account.touch(urgent=True)
    return said("Subaccount successfully deleted")


# --- the monthly limit


def _limit_shown(call: WireCall, tenant: Tenant) -> WireAnswer:
    area = call.account.region(tenant, call.region)
    if area.custom_limit is None:
        raise WireRefusal(404, "No threshold for account")
    return ok(limit=area.custom_limit, current=month_use(call.account, tenant, call.region), period="1m")


def _limit_set(call: WireCall, tenant: Tenant) -> WireAnswer:
    limit = call.number("limit", -1) if call.given("limit") else -1
    if limit < LEAST:
        raise WireRefusal(400, f"The limit parameter minumum is {LEAST}")
    area = call.account.region(tenant, call.region)
    area.custom_limit = limit
    _apply(call.account, tenant, call.region)
    return ok(success=True)


def _limit_drop(call: WireCall, tenant: Tenant) -> WireAnswer:
    area = call.account.region(tenant, call.region)
    if area.custom_limit is None:
        raise WireRefusal(400, "No threshold for account")
    area.custom_limit, area.stopped_month = None, None
    call.account.touch(urgent=True)
    return ok(success=True)


def _apply(account: Account, tenant: Tenant, region: str) -> None:
    """Stop sending where this month's use already reached the limit; it lifts itself next month."""
    area = account.region(tenant, region)
    hit = area.custom_limit is not None and month_use(account, tenant, region) >= area.custom_limit
    area.stopped_month = month_start(account.now()) if hit else None
    account.touch(urgent=True)


@AREA.on("GET", _LIMIT + "/monthly", area="limits")
def own_limit(call: WireCall) -> WireAnswer:
    """The account's limit in this region, and this month's use."""
    return _limit_shown(call, call.tenant)


@AREA.on("PUT", _LIMIT + "/monthly", area="limits")
def set_own_limit(call: WireCall) -> WireAnswer:
    """Set it; under 1,000 is refused."""
    return _limit_set(call, call.tenant)


@AREA.on("DELETE", _LIMIT + "/monthly", area="limits")
def drop_own_limit(call: WireCall) -> WireAnswer:
    """Remove it."""
    return _limit_drop(call, call.tenant)


@AREA.on("PUT", _LIMIT + "/enable", area="limits")
def enable_after_limit(call: WireCall) -> WireAnswer:
    """Lift a stop that the limit caused; any other needs Support."""
    if call.tenant.disabled or call.area.stopped_month is None:
        raise WireRefusal(400, "Unable to re-enable account with current account disablement")
    call.area.stopped_month = None
    call.account.touch(urgent=True)
    return ok(success=True)


@AREA.on("GET", _CHILD_LIMIT, area="limits")
def child_limit(call: WireCall) -> WireAnswer:
    """A subaccount's limit."""
    return _limit_shown(call, _child(call))


@AREA.on("PUT", _CHILD_LIMIT, area="limits")
def set_child_limit(call: WireCall) -> WireAnswer:
    """Set a subaccount's limit."""
    return _limit_set(call, _child(call))


@AREA.on("DELETE", _CHILD_LIMIT, area="limits")
def drop_child_limit(call: WireCall) -> WireAnswer:
    """Remove a subaccount's limit."""
    return _limit_drop(call, _child(call))
