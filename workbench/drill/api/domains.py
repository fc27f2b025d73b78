"""Sending domains, tracking, queues and the tracking host's certificate (dossier B2)."""

from __future__ import annotations

from typing import Any

from workbench.drill.api.dates import rfc1123
from workbench.drill.api.wire import STORAGE, EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import SimulatedCredential, SimulatedDkimKey, SimulatedDomain, Tenant

AREA = EndpointArea("domains")
_V4 = "/v4/domains"
# How long the deletion of a domain takes in the background, simulated seconds.
DELETION = 45.0
_MX = {"us": ("mxa.mailgun.org", "mxb.mailgun.org"), "eu": ("mxa.eu.mailgun.org", "mxb.eu.mailgun.org")}
_CNAME = {"us": "mailgun.org", "eu": "eu.mailgun.org"}


def shown(domain: SimulatedDomain, tenant: Tenant, region: str) -> dict[str, Any]:
    """Return a domain as the API lists it; ``disabled`` only where it is."""
    item: dict[str, Any] = {
        "created_at": rfc1123(domain.created),
        "id": domain.id,
        "is_disabled": domain.is_disabled,
        "name": domain.name,
        "require_tls": domain.require_tls,
        "skip_verification": domain.skip_verification,
        "smtp_login": f"postmaster@{domain.name}",
        "spam_action": domain.spam_action,
        "state": domain.state,
        "type": domain.type,
        "tracking_host": _CNAME[region],
        "use_automatic_sender_security": domain.automatic_security,
        "web_prefix": domain.web_prefix,
        "web_scheme": domain.web_scheme,
        "wildcard": domain.wildcard,
        "encrypt_incoming_message": domain.encrypt_incoming,
        "message_ttl": domain.message_ttl,
    }
    if domain.archive_to:
        item["archive_to"] = domain.archive_to
    if tenant.parent:
        item["subaccount_id"] = tenant.id
    if domain.disabled:
        item["disabled"] = {**domain.disabled, "until": rfc1123(domain.disabled["until"])}
    return item


def dkim_shown(domain: SimulatedDomain, key: SimulatedDkimKey) -> dict[str, Any]:
    """Return a DKIM key as the API lists it."""
    record = _record("TXT", f"{key.selector}._domainkey.{domain.name}", key.value)
    return {
        "signing_domain": domain.name,
        "selector": key.selector,
        "dns_record": {**record, "is_active": key.active},
    }


def _record(kind: str, name: str, value: str, priority: str = "") -> dict[str, Any]:
    item: dict[str, Any] = {
        "is_active": True,
        "cached": [value],
        "record_type": kind,
        "valid": "valid",
        "value": value,
        "name": name,
    }
    if priority:
        item["priority"] = priority
    return item


def _records(domain: SimulatedDomain, region: str) -> dict[str, Any]:
    sending = [_record("TXT", domain.name, "v=spf1 include:mailgun.org ~all")]
    sending += [dkim_shown(domain, key)["dns_record"] for key in domain.dkim]
    sending.append(_record("CNAME", f"{domain.web_prefix}.{domain.name}", _CNAME[region]))
    receiving = [_record("MX", domain.name, host, "10") for host in _MX[region]]
    return {"sending_dns_records": sending, "receiving_dns_records": receiving}


@AREA.on("GET", _V4, "/v3/domains")
def list_domains(call: WireCall) -> WireAnswer:
    """One page, newest first unless sorted; subaccounts' domains only on request."""
    limit, skip = call.number("limit", 100, most=1000), call.number("skip", 0)
    tenants = [call.tenant]
    if call.flag("include_subaccounts"):
        tenants += [t for t in call.account.world.tenants.values() if t.parent == call.tenant.id]
    now, state, search = call.now, call.arg("state"), call.arg("search").lower()
    found = [
        (domain, tenant)
        for tenant in tenants
        for domain in (tenant.regions[call.region].domains.values() if call.region in tenant.regions else ())
        if (domain.gone_at is None or domain.gone_at > now)
        and state in ("", domain.state)
        and search in domain.name
    ]
    order = call.arg("sort")
    if order.startswith("name"):
        found.sort(key=lambda pair: pair[0].name, reverse=order.endswith("desc"))
    else:
        found.sort(key=lambda pair: (-pair[0].created, pair[0].name))
    items = [shown(domain, tenant, call.region) for domain, tenant in found[skip : skip + limit]]
    return ok(total_count=len(found), items=items)


@AREA.on("GET", _V4 + "/{domain}", "/v3/domains/{domain}")
def one_domain(call: WireCall) -> WireAnswer:
    """A domain with its DNS records."""
    domain = call.domain()
    return ok(domain=shown(domain, call.tenant, call.region), **_records(domain, call.region))


@AREA.on("POST", _V4, "/v3/domains")
def create_domain(call: WireCall) -> WireAnswer:
    """Add a domain; it starts unverified."""
    name = call.arg("name").lower()
    if "." not in name or any(char.isspace() for char in name):
        raise WireRefusal(400, "Invalid domain name", "Reason")
    if call.account.find_domain(call.region, name) is not None:
        raise WireRefusal(400, "This domain name is already taken", "Reason")
    now = call.now
    login = f"postmaster@{name}"
    password = call.arg("smtp_password") or f"{call.account.next_id('smtp', 32)}"
    domain = SimulatedDomain(
        name=name,
        id=call.account.next_id("domain"),
        created=now,
        state="unverified",
        wildcard=call.flag("wildcard"),
        spam_action=call.arg("spam_action", "disabled"),
        dkim=[SimulatedDkimKey("pic", f"k=rsa; p={call.account.next_id('dkim', 160)}")],
        credentials={login: SimulatedCredential(login, password, now, system=True)},
    )
    call.area.domains[name] = domain
    call.account.changed()
    shape = shown(domain, call.tenant, call.region)
    return said("Domain has been created", domain=shape, **_records(domain, call.region))


@AREA.on("PUT", _V4 + "/{domain}", "/v3/domains/{domain}")
def update_domain(call: WireCall) -> WireAnswer:
    """Change settings; an empty ``archive_to`` clears it, encryption of incoming mail cannot be undone."""
    domain = call.domain()
    if call.given("archive_to"):
        domain.archive_to = call.arg("archive_to")
    if call.given("mailfrom_host"):
        domain.mailfrom_host = call.arg("mailfrom_host")
    for name in ("wildcard", "require_tls", "skip_verification"):
        if call.given(name):
            setattr(domain, name, call.flag(name))
    for name in ("spam_action", "web_prefix", "web_scheme"):
        if call.arg(name):
            setattr(domain, name, call.arg(name))
    domain.encrypt_incoming = domain.encrypt_incoming or call.flag("encrypt_incoming_message")
    domain.message_ttl = call.number("message_ttl", domain.message_ttl)
    domain.automatic_security = call.flag("use_automatic_sender_security", domain.automatic_security)
    login = domain.credentials.get(f"postmaster@{domain.name}")
    if call.arg("smtp_password") and login is not None:
        login.password = call.arg("smtp_password")
    call.account.touch()
    shape = shown(domain, call.tenant, call.region)
    return said("Domain has been updated", domain=shape, **_records(domain, call.region))


@AREA.on("PUT", _V4 + "/{domain}/verify", "/v3/domains/{domain}/verify", family="verify")
def verify_domain(call: WireCall) -> WireAnswer:
    """Look at the DNS again: an unverified domain of the drill becomes active."""
    domain = call.domain()
    if domain.state == "unverified":
        domain.state = "active"
        call.account.touch()
    shape = shown(domain, call.tenant, call.region)
    return said("Domain DNS records have been updated", domain=shape, **_records(domain, call.region))


@AREA.on("DELETE", "/v3/domains/{domain}")
def delete_domain(call: WireCall) -> WireAnswer:
    """Delete a domain for good, in the background; sandbox, disabled and authority domains are refused."""
    domain = call.domain()
    if domain.type == "sandbox":
        raise WireRefusal(400, "Sandbox domain cannot be deleted")
    if domain.is_disabled:
        raise WireRefusal(400, "Disabled domain cannot be deleted")
    dependants = [d.name for d in call.domains() if d.dkim_authority == domain.name and d is not domain]
    if dependants:
        raise WireRefusal(400, f"Domain is the DKIM authority of {dependants[0]}")
    if domain.gone_at is None:
        domain.gone_at = call.now + DELETION
    call.account.touch()
    return said("Domain will be deleted in the background")


@AREA.on("GET", "/v3/domains/{domain}/tracking")
def tracking(call: WireCall) -> WireAnswer:
    """What is added to every mail: pixels, rewritten links, footers."""
    domain = call.domain()
    t = domain.tracking
    return ok(
        tracking={
            "open": {"active": t.open_active, "place_at_the_top": t.open_top},
            "click": {"active": _click(t.click_active)},
            "unsubscribe": _unsubscribe(domain),
            "web_scheme": domain.web_scheme,
        }
    )


def _click(value: str) -> bool | str:
    return value if value == "htmlonly" else value in ("true", "yes")


def _unsubscribe(domain: SimulatedDomain) -> dict[str, Any]:
    t = domain.tracking
    return {"active": t.unsubscribe_active, "html_footer": t.html_footer, "text_footer": t.text_footer}


_TRACKING_DONE = "Domain tracking settings have been updated"


@AREA.on("PUT", "/v3/domains/{domain}/tracking/click")
def track_clicks(call: WireCall) -> WireAnswer:
    """Switch link rewriting."""
    t = call.domain().tracking
    t.click_active = call.arg("active", t.click_active).lower()
    call.account.changed()
    return said(_TRACKING_DONE, click={"active": _click(t.click_active)})


@AREA.on("PUT", "/v3/domains/{domain}/tracking/open")
def track_opens(call: WireCall) -> WireAnswer:
    """Switch the tracking pixel."""
    t = call.domain().tracking
    t.open_active = call.flag("active", t.open_active)
    t.open_top = call.flag("place_at_the_top", t.open_top)
    call.account.changed()
    return said(_TRACKING_DONE, open={"active": t.open_active, "place_at_the_top": t.open_top})


@AREA.on("PUT", "/v3/domains/{domain}/tracking/unsubscribe")
def track_unsubscribes(call: WireCall) -> WireAnswer:
    """Switch and word the unsubscribe footer."""
    domain = call.domain()
    t = domain.tracking
    t.unsubscribe_active = call.flag("active", t.unsubscribe_active)
    if call.given("html_footer"):
        t.html_footer = call.arg("html_footer")
    if call.given("text_footer"):
        t.text_footer = call.arg("text_footer")
    call.account.changed()
    return said(_TRACKING_DONE, unsubscribe=_unsubscribe(domain))


@AREA.on("GET", "/v2/x509/{host}/status", family="tls")
def certificate(call: WireCall) -> WireAnswer:
    """The certificate of a tracking host (``<web_prefix>.<domain>``)."""
    host = call.params["host"]
    if not any(f"{domain.web_prefix}.{domain.name}" == host for domain in call.domains()):
        raise WireRefusal(404, "Domain not found", "Description")
    return ok(status="active", error=None, certificate="")


@AREA.on("GET", "/v3/domains/{domain}/sending_queues")
def queues(call: WireCall) -> WireAnswer:
    """Whether sending is blocked; never how much is queued."""
    domain = call.domain()
    state: dict[str, Any] = {"is_disabled": domain.is_disabled}
    if domain.disabled:
        reason, until = domain.disabled["reason"], rfc1123(domain.disabled["until"])
        state["disabled"] = {"until": until, "reason": reason}
    return ok(regular=state, scheduled=state)


@AREA.on("DELETE", "/v3/{domain}/envelopes", hosts=(STORAGE,))
def purge(call: WireCall) -> WireAnswer:
    """Throw away what is queued or scheduled on this storage host, the customer's own mail too."""
    domain = call.domain()
    domain.purged[call.host] = call.now
    call.account.touch()
    return said("done")
