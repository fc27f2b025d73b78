"""What one key does about a leftover: a thing the sweep judged, as the effect that removes or repairs it. Pure."""

from __future__ import annotations

from dataclasses import replace

from workbench.core.redact import visible
from workbench.domain.model.effect_params import (
    DomainUpdateParams,
    EffectParams,
    RuleDeleteParams,
    RuleSetParams,
    TemplateActivateParams,
    TemplateHeadersParams,
    TemplateParams,
    WebhookDeleteParams,
)
from workbench.domain.model.plan import PARAMS, Effect, EffectKind, Place
from workbench.domain.settings_audit.audit import Swept
from workbench.mailgun.endpoints import Region

# After the cut and the queues, before anything cosmetic.
RANK = 80

# What came after the snapshot is in none: nobody is to count on a way back that does not exist.
_IF_THERE = "the snapshot has its text if it was there then"
_KINDS = {
    "route.delete": (EffectKind.ROUTE_DELETE, "delete", f"cannot be undone; {_IF_THERE}"),
    "webhook.delete": (EffectKind.WEBHOOK_DELETE, "remove", "add the same address again"),
    "account_webhook.delete": (EffectKind.ACCOUNT_WEBHOOK_DELETE, "delete", "make it again by hand"),
    "domain.update": (EffectKind.DOMAIN_UPDATE, "undo:", "set it back; the snapshot has its value of then"),
    "list.close": (EffectKind.LIST_CLOSE, "close", "set its access level back"),
    "dkim.deactivate": (EffectKind.DKIM_DEACTIVATE, "deactivate", "activate it again"),
    "tracking.footer": (EffectKind.TRACKING_FOOTER, "undo:", "set it back; the snapshot has its text of then"),
    "sandbox_recipient.delete": (EffectKind.SANDBOX_RECIPIENT_DELETE, "undo:", "add and confirm it again"),
    "suppression_allow.delete": (EffectKind.SUPPRESSION_ALLOW_DELETE, "undo:", "add the same entry again"),
    "template.delete": (EffectKind.TEMPLATE_DELETE, "delete", f"cannot be undone; {_IF_THERE}"),
    "template.activate": (EffectKind.TEMPLATE_ACTIVATE, "set back", "make the other version active again"),
    "template.headers": (
        EffectKind.TEMPLATE_HEADERS, "take the foreign senders out of",
        "set the headers back; the snapshot has their values of then",
    ),
    "rule.delete": (EffectKind.RULE_DELETE, "delete", f"make it again by hand; {_IF_THERE}"),
    "rule.set": (EffectKind.RULE_SET, "tighten", "set it back"),
}  # fmt: skip
_BREAKS = {
    "route.delete": "inbound mail that this route handles",
    "webhook.delete": "whatever receives events at this address",
    "account_webhook.delete": "whatever receives events at this address",
    "list.close": "posting to this list, but for the API",
    "dkim.deactivate": "nothing, while another key signs",
    "tracking.footer": "the unsubscribe footer's own wording",
    "template.delete": "mail that is sent with this template",
    "template.activate": "nothing; the earlier version is sent again",
    "template.headers": "nothing; the sender your application names counts again",
    "rule.delete": "nothing; this rule no longer fires",
    "rule.set": "nothing; it fires sooner than now",
}


def place_of(where: tuple[str, ...], home: Region) -> Place:
    """Return the place that the first word of a ``where`` names: ``US``, ``EU/<subaccount>``, ``account``."""
    region, _, subaccount = where[0].partition("/")
    try:
        return Place(Region(region.lower()), subaccount or None)
    except ValueError:
        return Place(home, None if where[0] == "account" else where[0])


def effect_of(item: Swept, home: Region) -> Effect | None:
    """Return the effect that takes care of an item, None where none of a plan for several can.

    Only a person can look after some; an entry of the allowlist has a plan of its own (``planning.allowlist``).
    ``home`` is the main region.
    """
    if item.remedy not in _KINDS:
        return None
    kind, verb, undo = _KINDS[item.remedy]
    # The name of the finding: a later sweep sees the thing repaired, and must know by whom. A sweep of an
    # earlier version names no hosts among a route's parameters.
    params = PARAMS[kind].from_body({"hosts": item.hosts, **item.params, "about": item.key})
    target, instance = _target(item, params)
    return Effect(
        kind,
        target=target,
        place=place_of(item.where, home),
        params=params if instance is None else params.once_more(instance),
        rank=RANK,
        what=f"{verb} {visible(item.title, 140)}{_more(params)}",
        breaks=_BREAKS.get(item.remedy, "nothing known"),
        undo=undo,
        why=item.why[0] if item.why else "",
    )


def again(effect: Effect, times: int) -> Effect:
    """Return the effect as the so-manieth of its kind on the same thing, which came back after it was taken care of."""
    params = effect.params.once_more(f"{effect.params.instance or ''}#{times}")
    return replace(effect, params=params, what=f"{effect.what} (it came back)")


def _more(params: EffectParams) -> str:
    """Return what a repair sets, where the title does not say it."""
    match params:
        case TemplateActivateParams():
            return f": version {visible(params.tag, 40)} instead of {visible(params.instead, 40)}"
        case TemplateHeadersParams():
            return f": {visible(', '.join(params.taken), 60)} of version {visible(params.tag, 40)}"
        case RuleSetParams():
            rule = params.rule
            return f" to {rule.comparator} {rule.limit}; what it was before the change is not known"
        case _:
            return ""


def _target(item: Swept, params: EffectParams) -> tuple[str, str | None]:
    """Return what the API calls the thing, and what tells its effect apart from others on the same name."""
    match params:
        case WebhookDeleteParams():
            return f"{params.domain}|{item.id}", None
        case DomainUpdateParams():
            # Two fields of one domain are two effects.
            return item.where[1], ",".join(sorted(params.fields))
        case TemplateParams():
            # The API knows templates by their names; two domains may use the same one.
            return params.name, params.domain
        case RuleDeleteParams():
            return item.id, params.book.value
        case _ if item.remedy in ("dkim.deactivate", "suppression_allow.delete"):
            return item.id, params.domain
        case _:
            return item.id, None
