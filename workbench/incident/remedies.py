"""What one key does about a leftover: a thing the sweep judged, as the effect that removes or repairs it. Pure."""

from __future__ import annotations

from typing import Any

from workbench.incident.plan import Effect, EffectKind, Place
from workbench.incident.sweep import Swept
from workbench.mailgun.endpoints import Region
from workbench.redact import visible

# After the cut and the queues, before anything cosmetic.
RANK = 80

_KINDS = {
    "route.delete": (EffectKind.ROUTE_DELETE, "delete", "cannot be undone; its text is in the snapshot"),
    "webhook.delete": (EffectKind.WEBHOOK_DELETE, "remove", "add the same address again"),
    "account_webhook.delete": (EffectKind.ACCOUNT_WEBHOOK_DELETE, "delete", "make it again by hand"),
    "allowlist.remove": (EffectKind.ALLOWLIST_REMOVE, "remove", "add the same entry again"),
    "domain.update": (EffectKind.DOMAIN_UPDATE, "clear", "set it back; its value is in the snapshot"),
    "list.close": (EffectKind.LIST_CLOSE, "close", "set its access level back"),
    "dkim.deactivate": (EffectKind.DKIM_DEACTIVATE, "deactivate", "activate it again"),
    "tracking.footer": (EffectKind.TRACKING_FOOTER, "clear", "set it back; its text is in the snapshot"),
    "sandbox_recipient.delete": (EffectKind.SANDBOX_RECIPIENT_DELETE, "remove", "add and confirm it again"),
    "suppression_allow.delete": (EffectKind.SUPPRESSION_ALLOW_DELETE, "remove", "add the same entry again"),
}
_BREAKS = {
    "route.delete": "inbound mail that this route handles",
    "webhook.delete": "whatever receives events at this address",
    "account_webhook.delete": "whatever receives events at this address",
    "allowlist.remove": "API and SMTP from this network",
    "list.close": "posting to this list, but for the API",
    "dkim.deactivate": "nothing, while another key signs",
    "tracking.footer": "the unsubscribe footer's own wording",
}


def place_of(where: tuple[str, ...], home: Region) -> Place:
    """Return the place that the first word of a ``where`` names: ``US``, ``EU/<subaccount>``, ``account``."""
    region, _, subaccount = where[0].partition("/")
    try:
        return Place(Region(region.lower()), subaccount or None)
    except ValueError:
        return Place(home, None if where[0] == "account" else where[0])


def effect_of(item: Swept, home: Region) -> Effect | None:
    """Return the effect that takes care of an item, None where only a person can. ``home`` is the main region."""
    if item.remedy not in _KINDS:
        return None
    kind, verb, undo = _KINDS[item.remedy]
    target, params = _target(item)
    return Effect(
        kind,
        target=target,
        place=place_of(item.where, home),
        params=params,
        rank=RANK,
        what=f"{verb} {visible(item.title, 140)}",
        breaks=_BREAKS.get(item.remedy, "nothing known"),
        undo=undo,
        why=item.why[0] if item.why else "",
    )


def _target(item: Swept) -> tuple[str, dict[str, Any]]:
    params = dict(item.params)
    match item.remedy:
        case "webhook.delete":
            return f"{params['domain']}|{item.id}", params
        case "domain.update":
            fields = params["fields"]
            # Two fields of one domain are two effects.
            return str(params["domain"]), {"fields": fields, "instance": ",".join(sorted(fields))}
        case "dkim.deactivate" | "suppression_allow.delete":
            return item.id, {**params, "instance": params["domain"]}
        case "account_webhook.delete" | "route.delete":
            return item.id, {}
        case _:
            return item.id, params
