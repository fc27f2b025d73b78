"""Hardening as a plan (runbook step 11): keys that may do less and end, alert rules, TLS, DKIM, the signing key.

Nothing here stops production at once: a broad key goes on working until its replacement is in use and the
operator ends it (``handover.finish``), a new DKIM key signs nothing before its record is published. What does
break something says so, and can be left out of the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.core.redact import key_tail, visible
from workbench.domain.hardening import facts
from workbench.domain.hardening import measures as hardening
from workbench.domain.hardening.recorded import SettingsSeen
from workbench.domain.model.effect_params import (
    AlertCreateParams,
    DkimCreateParams,
    DkimRotateParams,
    DomainParams,
    DomainUpdateParams,
    KeyCreateParams,
    Rule,
)
from workbench.domain.model.inventory import LAG, KeyItem
from workbench.domain.model.plan import Effect, EffectKind, Place, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.handover import kept
from workbench.planning import brakes, keys
from workbench.planning.grants import lasting
from workbench.planning.ranking import NothingToDo, once_more, plural

# A quarter: long enough to plan the renewal, short enough that a forgotten key dies.
KEY_LIFE = 90 * 86400
RANK_HARDEN = 40
Part = tuple[list[Effect], list[str], list[str]]


def plan(situation: Situation, measures: Collection[str] = ()) -> Plan:
    """Return the plan of the named measures, or of every open one that is planned here.

    Raises UsageError before access is cut, and when none of them has anything to plan.
    """
    if not situation.state.contained_at:
        raise UsageError(
            "Access is not cut yet.",
            "Hardening while a stolen credential works only delays the cut.",
            "Finish steps 1 and 2 first.",
        )
    held = {item.id: item for item in hardening.items(situation)}
    wanted = [held[name] for name in measures if name in held] or [
        item for item in held.values() if not hardening.settled(item)
    ]
    effects: dict[str, Effect] = {}
    left_out: list[str] = []
    notes: list[str] = []
    for item in wanted:
        part = _PARTS.get(item.id)
        if part is None:
            left_out.append(f"{item.title}: {item.how}")
            continue
        made, out, said = part(situation)
        effects.update((effect.id, effect) for effect in made)
        left_out += [line for line in out if line not in left_out]
        notes += [line for line in said if line not in notes]
    if not effects:
        raise NothingToDo(
            "None of these measures has anything to plan.",
            " ".join(left_out),
            "What no call does is done in the control panel and attested in the list of measures.",
            left_out=left_out,
        )
    return Plan("Harden the account", tuple(effects.values()), tuple(left_out), tuple(notes))


def _keys(situation: Situation) -> Part:
    """Replace what lasts for ever, or may do more than it was seen to need, by keys that end."""
    waiting = {item.target for item in kept(situation)}
    effects: list[Effect] = []
    left_out = []
    for item in facts.broad_keys(situation):
        name = f"{item.name} {key_tail(item.id)}"
        if item.id in waiting:
            left_out.append(f"{name}: its replacement waits for the hand-over already")
        elif situation.of_key(item).likely:
            left_out.append(f"{name}: looks like a stranger's; delete it instead")
        else:
            effects += _lesser(situation, item)
    if situation.own_key_id:
        left_out.append("The workbench's own key: delete it in the control panel when the watch ends")
    replaced = {e.params.replaces for e in effects}
    notes = (
        f"{plural(len(replaced), 'key gets', 'keys get')} a replacement that ends after {KEY_LIFE // 86400} days. What "
        "is old works on until the new one is seen in use; then F ends it. Hand over in step 10.",
    )
    return effects, left_out, list(notes) if effects else []


def _lesser(situation: Situation, item: KeyItem) -> list[Effect]:
    grant = lasting(situation, item, KEY_LIFE)
    mints = keys.kept_until_used(situation, item, grant)
    ends = f"ends after {(grant.expiration or 0) // 86400} days"
    return [
        replace(
            mint,
            rank=RANK_HARDEN,
            params=mint.given(KeyCreateParams).hardening(),
            why=f"{mint.why}; {ends}",
        )
        for mint in mints
    ]


def _signing_key(situation: Situation) -> Part:
    made = brakes.plan_signing_key(situation)
    return list(made.effects), [], list(made.notes)


def _alerts(situation: Situation) -> Part:
    effects = [
        Effect(
            EffectKind.ALERT_CREATE,
            target=name,
            place=Place(region),
            params=AlertCreateParams(
                rule=Rule(
                    metric=metric,
                    comparator=">",
                    limit=limit,
                    dimension="domain",
                    period="1h",
                    alert_channels=("email",),
                )
            ),
            rank=RANK_HARDEN,
            what=f"alert by mail when {metric.replace('_', ' ')} is over {float(limit):.1%} in an hour",
            breaks="nothing",
            undo="delete the rule in the control panel: Send, Alerts",
            why="abuse shows in complaints and bounces before anybody writes to you",
        )
        for region, name in facts.alerts_missing(situation)
        for metric, limit in (facts.ALERTS[name],)
    ]
    return effects, [], []


def _tls(situation: Situation) -> Part:
    effects, left_out = [], []
    for item in situation.inventory.domains.values():
        fields = hardening.weak_tls(item)
        if item.domain.is_sandbox or not fields or situation.of_domain(item).likely:
            continue
        if item.domain.is_disabled:
            left_out.append(f"{item.name}: disabled, Mailgun refuses changes")
            continue
        words = " and ".join(f"{name} {'on' if value else 'off'}" for name, value in fields.items())
        effect = Effect(
            EffectKind.DOMAIN_UPDATE,
            target=item.name,
            place=item.place,
            # Other changes of this domain's settings are other effects.
            params=DomainUpdateParams(fields=fields, instance="tls"),
            rank=RANK_HARDEN,
            what=f"turn {words} for {visible(item.name, 80)}",
            breaks="its mail to servers without TLS, or with a bad certificate, bounces",
            undo="set it back",
            why="mail that goes out in clear can be read on the way",
        )
        # Somebody turned back what was turned here, as a later reading shows.
        effects.append(once_more(situation.state, effect) if _undone(situation, effect) else effect)
    return effects, left_out, []


def _undone(situation: Situation, effect: Effect) -> bool:
    known, read = situation.state.record(effect.id), situation.inventory.read_at.get("domains")
    return known is not None and read is not None and iso(read - LAG) > known.done_at


def _dkim(situation: Situation) -> Part:
    effects, left_out = [], []
    short, _ = facts.short_keys(situation)
    for one in short:
        name = visible(one.domain.name, 80)
        if one.waiting is not None:
            where, value = one.waiting
            record = (
                f"{visible(where, 120)} TXT {visible(value, 460)}" if where else "sweep again (w) to see it"
            )
            left_out.append(f"{name}: publish the new key's record first: {record}")
        elif one.ready:
            effects.append(_activate(one))
        elif one.domain.domain.use_automatic_sender_security:
            effects.append(_roll(situation, one))
        else:
            effects.append(_make(situation, one))
    new = any(effect.kind is EffectKind.DKIM_CREATE for effect in effects)
    note = "A new DKIM key signs nothing yet: publish the record that its effect shows, then plan this measure again."
    return effects, left_out, [note] if new else []


def _make(situation: Situation, one: facts.ShortKey) -> Effect:
    # Named by month, so that whoever finds it in the DNS years later knows what it is.
    selector = f"wb{situation.now:%Y%m}"
    return Effect(
        EffectKind.DKIM_CREATE,
        target=selector,
        place=one.domain.place,
        params=DkimCreateParams(
            domain=one.domain.name,
            bits=facts.LEAST_DKIM_BITS,
            instance=one.domain.name,
        ),
        rank=RANK_HARDEN,
        what=f"make a {facts.LEAST_DKIM_BITS}-bit DKIM key {selector} for {visible(one.domain.name, 80)}",
        breaks="nothing: it signs nothing until it is switched on",
        undo="delete the key",
        why=f"it signs with a shorter key ({', '.join(visible(s, 40) for s in one.selectors)})",
    )


def _activate(one: facts.ShortKey) -> Effect:
    return Effect(
        EffectKind.DKIM_ACTIVATE,
        target=one.ready,
        place=one.domain.place,
        params=DomainParams(domain=one.domain.name, instance=one.domain.name),
        rank=RANK_HARDEN,
        what=f"sign mail of {visible(one.domain.name, 80)} with the DKIM key {visible(one.ready, 40)}",
        breaks="nothing: its record is published",
        undo="switch it off again",
        why="its record is published and valid",
    )


def _roll(situation: Situation, one: facts.ShortKey) -> Effect:
    keys = situation.state.known(SettingsSeen).dkim
    before = tuple(sorted({key.selector for key in keys if key.domain == one.domain.name}))
    return Effect(
        EffectKind.DKIM_ROTATE,
        target=one.domain.name,
        place=one.domain.place,
        params=DkimRotateParams(domain=one.domain.name, before=before),
        rank=RANK_HARDEN,
        what=f"roll the DKIM key of {visible(one.domain.name, 80)}",
        breaks="nothing: Mailgun publishes the new record itself",
        undo="cannot be undone: the next roll is possible after five days",
        why=f"it signs with a short key ({', '.join(visible(s, 40) for s in one.selectors)})",
    )


_PARTS: dict[str, Callable[[Situation], Part]] = {
    "admin-keys": _keys,
    "key-expiry": _keys,
    "signing-key": _signing_key,
    "alerts": _alerts,
    "domain-tls": _tls,
    "dkim-keys": _dkim,
}
