"""Webhooks of a domain (v3, v4) and of the account (v1) (dossier B4)."""

from __future__ import annotations

from typing import Any

from workbench.drill.api.dates import rfc3339
from workbench.drill.api.wire import EndpointArea, WireAnswer, WireCall, WireRefusal, ok, said
from workbench.drill.world.records import SimulatedAccountWebhook, SimulatedDomain

AREA = EndpointArea("webhooks")
TYPES = (
    "accepted",
    "delivered",
    "opened",
    "clicked",
    "unsubscribed",
    "complained",
    "temporary_fail",
    "permanent_fail",
)
MOST = 3
_V3 = "/v3/domains/{domain}/webhooks"
_V4 = "/v4/domains/{domain}/webhooks"
_V1 = "/v1/webhooks"


def _all(domain: SimulatedDomain) -> WireAnswer:
    return ok(webhooks={kind: {"urls": urls} for kind, urls in domain.webhooks.items() if urls})


def _kind(name: str) -> str:
    if name not in TYPES:
        raise WireRefusal(400, f"invalid webhook type: {name}", "Reason")
    return name


def _urls(call: WireCall) -> list[str]:
    urls = call.args("url")
    if not urls:
        raise WireRefusal(400, "url is required", "Reason")
    if len(urls) > MOST:
        raise WireRefusal(400, f"at most {MOST} urls are allowed", "Reason")
    return urls


@AREA.on("GET", _V3)
def list_hooks(call: WireCall) -> WireAnswer:
    """By event type; types without an address are missing."""
    return _all(call.domain())


@AREA.on("POST", _V3)
def create_hook(call: WireCall) -> WireAnswer:
    """Add addresses for one type."""
    domain, kind = call.domain(), _kind(call.arg("id"))
    if domain.webhooks.get(kind):
        raise WireRefusal(400, "Webhook already exists", "Reason")
    domain.webhooks[kind] = _urls(call)
    call.account.changed()
    return said("Webhook has been created", webhook={"urls": domain.webhooks[kind]})


@AREA.on("GET", _V3 + "/{kind}")
def one_hook(call: WireCall) -> WireAnswer:
    """The addresses of one type."""
    return ok(webhook={"urls": _existing(call)})


def _existing(call: WireCall) -> list[str]:
    urls = call.domain().webhooks.get(call.params["kind"])
    if not urls:
        raise WireRefusal(404, "Webhook not found")
    return urls


@AREA.on("PUT", _V3 + "/{kind}")
def update_hook(call: WireCall) -> WireAnswer:
    """Replace the addresses of one type."""
    domain = call.domain()
    _existing(call)
    domain.webhooks[call.params["kind"]] = _urls(call)
    call.account.changed()
    return said("Webhook has been updated", webhook={"urls": domain.webhooks[call.params["kind"]]})


@AREA.on("DELETE", _V3 + "/{kind}")
def delete_hook(call: WireCall) -> WireAnswer:
    """Remove one type with all its addresses."""
    urls = _existing(call)
    del call.domain().webhooks[call.params["kind"]]
    call.account.changed()
    return said("Webhook has been deleted", webhook={"urls": urls})


def _types(call: WireCall) -> list[str]:
    kinds = [kind for value in call.args("event_types") for kind in value.split(",") if kind]
    if not kinds:
        raise WireRefusal(400, "event_types is required", "Reason")
    return [_kind(kind) for kind in kinds]


@AREA.on("POST", _V4)
def add_url(call: WireCall) -> WireAnswer:
    """Add one address to several types."""
    domain, url = call.domain(), _urls(call)[0]
    for kind in _types(call):
        urls = domain.webhooks.setdefault(kind, [])
        if url not in urls:
            if len(urls) >= MOST:
                raise WireRefusal(400, f"at most {MOST} urls are allowed", "Reason")
            urls.append(url)
    call.account.changed()
    return _all(domain)


@AREA.on("PUT", _V4)
def move_url(call: WireCall) -> WireAnswer:
    """Let one address have exactly these types."""
    domain, url, kinds = call.domain(), _urls(call)[0], _types(call)
    _forget(domain, url)
    for kind in kinds:
        domain.webhooks.setdefault(kind, []).append(url)
    call.account.changed()
    return _all(domain)


@AREA.on("DELETE", _V4)
def drop_url(call: WireCall) -> WireAnswer:
    """Remove one address from all types."""
    domain = call.domain()
    for url in _urls(call):
        if not _forget(domain, url):
            raise WireRefusal(404, "Webhook not found")
    call.account.changed()
    return _all(domain)


def _forget(domain: SimulatedDomain, url: str) -> bool:
    found = False
    for kind in list(domain.webhooks):
        if url in domain.webhooks[kind]:
            found = True
            domain.webhooks[kind].remove(url)
            if not domain.webhooks[kind]:
                del domain.webhooks[kind]
    return found


# --- webhooks of the whole account, one set a region


def _shown(hook: SimulatedAccountWebhook) -> dict[str, Any]:
    return {
        "webhook_id": hook.id,
        "description": hook.description,
        "url": hook.url,
        "event_types": hook.event_types,
        "created_at": rfc3339(hook.created),
    }


def _hook(call: WireCall) -> SimulatedAccountWebhook:
    hook = call.area.webhooks.get(call.params["webhook"])
    if hook is None:
        raise WireRefusal(404, "webhook not found", "Description")
    return hook


@AREA.on("GET", _V1)
def list_account(call: WireCall) -> WireAnswer:
    """The account's webhooks in this region."""
    wanted = [item for value in call.args("webhook_ids") for item in value.split(",") if item]
    hooks = [hook for hook in call.area.webhooks.values() if not wanted or hook.id in wanted]
    return ok(webhooks=[_shown(hook) for hook in hooks])


@AREA.on("POST", _V1)
def create_account(call: WireCall) -> WireAnswer:
    """Add one."""
    url = call.arg("url")
    if not url.startswith(("http://", "https://")):
        raise WireRefusal(400, "url", "Field", Value=url)
    if any(hook.url == url for hook in call.area.webhooks.values()):
        raise WireRefusal(409, "webhook with this url already exists", "Description")
    hook = SimulatedAccountWebhook(
        call.account.next_id("webhook"), url, _types(call), call.now, call.arg("description")
    )
    call.area.webhooks[hook.id] = hook
    call.account.changed()
    return ok(webhook_id=hook.id)


@AREA.on("GET", _V1 + "/{webhook}")
def one_account(call: WireCall) -> WireAnswer:
    """One webhook of the account."""
    return WireAnswer(_shown(_hook(call)))


@AREA.on("PUT", _V1 + "/{webhook}")
def update_account(call: WireCall) -> WireAnswer:
    """Change one."""
    hook = _hook(call)
    if call.given("url"):
        hook.url = call.arg("url")
    if call.given("description"):
        hook.description = call.arg("description")
    if call.given("event_types"):
        hook.event_types = _types(call)
    call.account.changed()
    return WireAnswer(status=204)


@AREA.on("DELETE", _V1 + "/{webhook}")
def delete_account(call: WireCall) -> WireAnswer:
    """Remove one."""
    hook = _hook(call)
    del call.area.webhooks[hook.id]
    call.account.changed()
    return WireAnswer(status=204)


@AREA.on("DELETE", _V1)
def delete_accounts(call: WireCall) -> WireAnswer:
    """Remove several, or all of them."""
    if call.flag("all"):
        call.area.webhooks.clear()
    else:
        wanted = [item for value in call.args("webhook_ids") for item in value.split(",") if item]
        missing = [item for item in wanted if item not in call.area.webhooks]
        if not wanted or missing:
            raise WireRefusal(404, "webhook not found", "Description")
        for item in wanted:
            del call.area.webhooks[item]
    call.account.changed()
    return WireAnswer(status=204)
