"""DKIM keys of domains and their rotation (dossier B2)."""

from __future__ import annotations

from typing import Any

from workbench.drill.api.domains import dkim_shown
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import SimulatedDkimKey, SimulatedDomain

AREA = EndpointArea("domains", "dkim")
_KEYS = "/v4/domains/{domain}/keys"
# An automatic rotation may be asked for every five days at most (dossier B2).
ROTATION = 5 * 86400.0


@AREA.on("GET", "/v1/dkim/keys")
def list_all(call: WireCall) -> WireAnswer:
    """All keys of all domains, ten a page, following page tokens; filters are read from query or body."""
    limit = max(1, call.number("limit", 10, most=100))
    wanted, selector = call.arg("signing_domain"), call.arg("selector")
    offset = call.number("page", 0)
    items = [
        dkim_shown(domain, key)
        for domain in call.domains()
        for key in domain.dkim
        if wanted in ("", domain.name) and selector in ("", key.selector)
    ]

    def page(at: int) -> str:
        return call.url(
            "/v1/dkim/keys", page=at, limit=limit, **({"signing_domain": wanted} if wanted else {})
        )

    last = max(0, (len(items) - 1) // limit * limit)
    paging = {
        "previous": page(max(0, offset - limit)),
        "first": page(0),
        "next": page(offset + limit),
        "last": page(last),
    }
    return ok(items=items[offset : offset + limit], paging=paging)


@AREA.on("GET", _KEYS)
def list_domain(call: WireCall) -> WireAnswer:
    """The keys of one domain, active or not."""
    domain = call.domain()
    return ok(items=[dkim_shown(domain, key) for key in domain.dkim])


@AREA.on("POST", "/v1/dkim/keys")
def create(call: WireCall) -> WireAnswer:
    """Make or import a key; whoever imported it holds its private half."""
    domain = call.domain(call.arg("signing_domain"))
    selector = call.arg("selector")
    if not selector or any(key.selector == selector for key in domain.dkim):
        raise WireRefusal(400, "selector is missing or taken")
    value = f"k=rsa; p={call.account.next_id('dkim', 160)}"
    key = SimulatedDkimKey(selector, value, active=False, imported=bool(call.arg("pem")))
    domain.dkim.append(key)
    call.account.changed()
    return WireAnswer(dkim_shown(domain, key))


@AREA.on("DELETE", "/v1/dkim/keys")
def delete(call: WireCall) -> WireAnswer:
    """Remove a key; one active key must remain."""
    domain = call.domain(call.arg("signing_domain"))
    key = _find(domain, call.arg("selector"))
    _keep_one(domain, key)
    domain.dkim.remove(key)
    call.account.changed()
    return said("success")


@AREA.on("PUT", _KEYS + "/{selector}/activate")
def activate(call: WireCall) -> WireAnswer:
    """Sign with this key."""
    return _switch(call, True)


@AREA.on("PUT", _KEYS + "/{selector}/deactivate")
def deactivate(call: WireCall) -> WireAnswer:
    """Stop signing with this key."""
    return _switch(call, False)


@AREA.on("POST", "/v1/dkim_management/domains/{domain}/rotate")
def rotate(call: WireCall) -> WireAnswer:
    """Roll the keys of a domain with automatic sender security."""
    domain = call.area.domains.get(call.params["domain"])
    if domain is None:
        raise WireRefusal(404, "Domain not found", "Description")
    if not domain.automatic_security:
        raise WireRefusal(400, "Automatic sender security is not enabled for this domain", "Reason")
    if domain.rotated_at and call.now - domain.rotated_at < ROTATION:
        raise WireRefusal(400, "Domain was rotated too recently", "Reason")
    for key in domain.dkim:
        key.active = False
    value = f"k=rsa; p={call.account.next_id('dkim', 160)}"
    domain.dkim.append(SimulatedDkimKey(f"pdk{len(domain.dkim) + 1}", value))
    domain.rotated_at = call.now
    call.account.changed()
    return said("ok")


def _find(domain: SimulatedDomain, selector: str) -> SimulatedDkimKey:
    for key in domain.dkim:
        if key.selector == selector:
            return key
    raise WireRefusal(404, "domain key not found")


def _keep_one(domain: SimulatedDomain, key: SimulatedDkimKey) -> None:
    if key.active and sum(other.active for other in domain.dkim) == 1:
        raise WireRefusal(400, "at least one active domain key is required")


def _switch(call: WireCall, active: bool) -> WireAnswer:
    domain = call.domain()
    key = _find(domain, call.params["selector"])
    if not active:
        _keep_one(domain, key)
    key.active = active
    call.account.changed()
    more: dict[str, Any] = {"authority": domain.name, "selector": key.selector, "active": active}
    return said(f"domain key {'activated' if active else 'deactivated'}", **more)
