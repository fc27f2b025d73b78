"""IP allowlist, sending IPs and pools (dossier A3, B3)."""

from __future__ import annotations

import ipaddress
from typing import Any

from workbench.drill.api.dates import parse, rfc3339
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok
from workbench.drill.world.records import Allowed

AREA = EndpointArea("network", "ips")
_LIST = "/v2/ip_whitelist"


def _addresses(call: WireCall) -> WireAnswer:
    items = [{"ip_address": e.address, "description": e.description} for e in call.tenant.allowlist]
    return ok(addresses=items)


def _wanted(call: WireCall) -> str:
    address = call.arg("address")
    try:
        ipaddress.ip_network(address, strict=False)
    except ValueError:
        raise WireRefusal(400, "Invalid IP address") from None
    return address


@AREA.on("GET", _LIST, area="allowlist")
def show_allowlist(call: WireCall) -> WireAnswer:
    """The allowlist; entries have neither date nor author."""
    return _addresses(call)


@AREA.on("POST", _LIST, area="allowlist")
def allow(call: WireCall) -> WireAnswer:
    """Add an entry; the first one shuts everybody else out, API and SMTP."""
    address = _wanted(call)
    if any(entry.address == address for entry in call.tenant.allowlist):
        raise WireRefusal(400, "IP address already exists")
    call.tenant.allowlist.append(Allowed(address, call.arg("description")))
    call.account.touch(urgent=True)
    return _addresses(call)


@AREA.on("PUT", _LIST, area="allowlist")
def describe(call: WireCall) -> WireAnswer:
    """Change the description of an entry."""
    address = _wanted(call)
    for entry in call.tenant.allowlist:
        if entry.address == address:
            entry.description = call.arg("description")
            call.account.changed()
            return _addresses(call)
    raise WireRefusal(400, "IP address not found")


@AREA.on("DELETE", _LIST, area="allowlist")
def disallow(call: WireCall) -> WireAnswer:
    """Remove an entry; without any, everybody is let in again."""
    address = call.arg("address")
    left = [entry for entry in call.tenant.allowlist if entry.address != address]
    if len(left) == len(call.tenant.allowlist):
        raise WireRefusal(400, "IP address not found")
    call.tenant.allowlist = left
    call.account.touch(urgent=True)
    return _addresses(call)


def _ips(call: WireCall) -> tuple[str, ...]:
    return call.account.story.sending_ips.get(call.region, ())


def _dedicated(call: WireCall, ip: str) -> bool:
    # The first address of the US region is the customer's own; the rest are shared.
    return call.region == "us" and ip == _ips(call)[0]


@AREA.on("GET", "/v3/ips")
def list_ips(call: WireCall) -> WireAnswer:
    """The addresses this account sends from."""
    items = [ip for ip in _ips(call) if not call.flag("dedicated") or _dedicated(call, ip)]
    details = [{"ip": ip, "dedicated": _dedicated(call, ip), "is_on_warmup": False} for ip in items]
    return ok(items=items, details=details, assignable_to_pools=[], total_count=len(items))


@AREA.on("GET", "/v3/ips/{ip}")
def one_ip(call: WireCall) -> WireAnswer:
    """One address."""
    ip = call.params["ip"]
    if ip not in _ips(call):
        raise WireRefusal(404, "IP address not found")
    return ok(ip=ip, dedicated=_dedicated(call, ip), rdns=f"ip{ip.replace('.', '-')}.mailgun.net")


@AREA.on("GET", "/v3/ips/{ip}/domains")
def ip_domains(call: WireCall) -> WireAnswer:
    """The domains that send from an address."""
    ip = call.params["ip"]
    if ip not in _ips(call):
        raise WireRefusal(404, "IP address not found")
    skip, limit, search = call.number("skip", 0), call.number("limit", 100), call.arg("search")
    names = [d.name for d in call.domains() if search in d.name]
    items: list[dict[str, Any]] = [{"domain": name, "ips": list(_ips(call))} for name in names]
    return ok(items=items[skip : skip + limit], total_count=len(items))


@AREA.on("GET", "/v3/ip_pools")
def list_pools(call: WireCall) -> WireAnswer:
    """Dedicated IP pools."""
    return ok(ip_pools=[_pool(call)] if _has_pool(call) else [], message="success")


@AREA.on("GET", "/v3/ip_pools/{pool}")
def one_pool(call: WireCall) -> WireAnswer:
    """One pool with its domains."""
    if not _has_pool(call) or call.params["pool"] != _pool(call)["pool_id"]:
        raise WireRefusal(404, "Pool not found")
    return ok(
        details={**_pool(call), "linked_domains": [d.name for d in call.domains()][:3]}, message="success"
    )


def _has_pool(call: WireCall) -> bool:
    return call.has("ip_pools") and call.region == "us" and bool(call.domains()) and not call.tenant.parent


def _pool(call: WireCall) -> dict[str, Any]:
    ips = [ip for ip in _ips(call) if _dedicated(call, ip)]
    pool = f"{call.tenant.id[:20]}aa1b"
    return {
        "pool_id": pool,
        "name": "main",
        "description": "",
        "ips": ips,
        "is_linked": True,
        "is_inherited": False,
    }


@AREA.on("GET", "/v1/dynamic_pools/history")
def pool_history(call: WireCall) -> WireAnswer:
    """Moves of domains between pools by reputation: the abuse moved the main domain to the poor one."""
    limit = call.number("Limit", 10, most=100)
    story = call.account.story
    items: list[dict[str, Any]] = []
    first = call.account.story.home
    moved = story.leak.first_use.timestamp() + 5400.0
    abused = story.scenario.leak != "none" and first is not None and first.region == call.region
    if (
        abused
        and first
        and moved < call.now
        and call.arg("domain") in ("", first.name)
        and _within(call, moved)
    ):
        items.append(_move(call, first.name, moved))
    addresses = {name: call.url("/v1/dynamic_pools/history", Limit=limit) for name in ("Next", "Previous")}
    addresses |= dict.fromkeys(("First", "Last"), addresses["Next"])
    return ok(items=items[:limit], total_items=len(items), paging=addresses)


def _within(call: WireCall, moment: float) -> bool:
    try:
        after = parse(call.arg("after")) if call.arg("after") else 0.0
        before = parse(call.arg("before")) if call.arg("before") else float("inf")
    except ValueError as error:
        raise WireRefusal(400, str(error)) from error
    return after <= moment <= before


def _move(call: WireCall, name: str, moment: float) -> dict[str, Any]:
    domain = call.area.domains.get(name)
    return {
        "id": call.tenant.id[:23] + "7",
        "owning_account_id": call.tenant.id,
        "account_id": call.tenant.id,
        "account_name": call.tenant.name,
        "domain_id": domain.id if domain else "",
        "domain_name": name,
        "new_band": "dynamic_poor",
        "prev_band": "dynamic_good",
        "reason": "bounce_rate in poor threshold",
        "bounce_rate": 0.21,
        "complaint_rate": 0.012,
        "processed_count": 3000,
        "initiated_by": "system",
        "timestamp": rfc3339(moment),
    }
