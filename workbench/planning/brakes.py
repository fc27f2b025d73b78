"""Stop what is already on its way: queued mail, the month's limit, rogue subaccounts (runbook step 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace

from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.domain.detection.abused_domains import abused_domains
from workbench.domain.model.credential_use import BOTH, PRODUCTION
from workbench.domain.model.effect_params import (
    DomainDeleteParams,
    EffectParams,
    LimitClearParams,
    LimitSetParams,
)
from workbench.domain.model.plan import Effect, EffectKind, EffectState, Place, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import EffectRecord
from workbench.domain.runbook.containment import rogue_subaccounts
from workbench.domain.runbook.handover import uses
from workbench.mailgun.endpoints import Region
from workbench.planning.own_things import all_theirs, domain_wants_name, why_theirs
from workbench.planning.ranking import RANK_LIMIT, RANK_PURGE, came_back, listed, once_more, plural

_REACHED = (EffectState.DONE, EffectState.VERIFIED)
# How what puts a limit back is told from what sets one.
_RESTORE = "restore-"
# The vendor refuses a custom limit below this (dossier B3).
LEAST_LIMIT = 1000


def plan_purge(situation: Situation, marked: Collection[str] = (), *, again: bool = True) -> Plan:
    """Return the plan that purges the marked domains' queues, or those of the abused domains.

    A queue that this incident has purged fills again while anything still sends: ``again`` purges it once more.

    Raises UsageError when nothing is marked and no domain is known to be abused.
    """
    items = [situation.inventory.domains[name] for name in marked if name in situation.inventory.domains]
    if not items and not marked:
        items = abused_domains(situation)
    if not items:
        raise UsageError(
            "No domain is selected and none is known to be abused.",
            "A purge also throws away the domain's own scheduled mail, so it is never done on all by itself.",
            "Select domains with space, or wait until the sending figures are read.",
        )
    effects = [
        Effect(
            EffectKind.QUEUE_PURGE,
            target=item.name,
            place=item.place,
            rank=RANK_PURGE,
            what=f"purge the queue of {visible(item.name, 120)}",
            breaks=_purge_breaks(situation, item.name),
            undo="cannot be undone: purged mail is gone, the program that made it must send it again",
            why="mail that the intruder queued or scheduled outlives the credentials",
        )
        for item in items
    ]
    if again:
        effects = [once_more(situation.state, effect) for effect in effects]
    notes = (
        "Every storage host is asked. What your own programs have queued or scheduled for these domains goes with "
        "it; no call counts it, so it cannot be said how much that is.",
        "Usually that is the mail of the last minutes that waits for another try, and all that is scheduled for the "
        "next 7 days.",
    )
    return Plan("Purge queued mail", tuple(effects), notes=notes)


def _purge_breaks(situation: Situation, domain: str) -> str:
    """Return what of the customer's own goes with a purge: by name where the logs showed who sends for it."""
    senders = [
        name.partition(":")[2]
        for name, use in uses(situation.state).items()
        if domain in use.domains and use.looks in (PRODUCTION, BOTH)
    ]
    names = {item.id: item.name for item in situation.inventory.keys.values()}
    if not senders:
        return "its own queued and scheduled mail is thrown away too"
    shown = listed((visible(names.get(sender, sender), 60) for sender in senders), 3)
    return f"its own queued and scheduled mail is thrown away too: that of {shown}"


def plan_limit(situation: Situation, limit: int, region: Region | None = None) -> Plan:
    """Return the plan that caps the month's sending in one region or in all. Raises UsageError below 1,000."""
    if limit < LEAST_LIMIT:
        raise UsageError(
            f"A sending limit of {limit} is not possible.",
            f"Mailgun accepts no limit below {LEAST_LIMIT} messages a month.",
            f"Give {LEAST_LIMIT} or more; to stop all sending, replace the credentials.",
        )
    effects, notes = [], []
    for place in situation.inventory.places:
        if place.subaccount is not None or (region is not None and place.region is not region):
            continue
        before = situation.inventory.limits.get(place)
        used = int(before.current or 0) if before is not None else None
        previous, known = _limit_now(situation, place)
        undo = f"the limit of {previous:,}" if previous else "no limit"
        effect = Effect(
            EffectKind.LIMIT_SET,
            target=f"{place.region.value}-monthly",
            place=place,
            params=LimitSetParams(limit=limit, previous=previous, unread=not known, instance=str(limit)),
            rank=RANK_LIMIT,
            what=f"limit {place.region.value.upper()} to {limit:,} messages a month",
            breaks=_limit_breaks(limit, used),
            undo=f"restore {undo}" if known else "set another limit: what it was before could not be read",
            why="caps what is still missed",
        )
        effects.append(_set_again(situation, effect))
        shown = f"{used:,} used" if used is not None else "use this month not readable"
        now = (f"{previous:,}" if previous else "none") if known else "not readable"
        notes.append(f"{place.region.value.upper()}: {shown}, limit now {now}.")
    return Plan("Set a sending limit", tuple(effects), notes=tuple(notes))


def plan_restore_limit(situation: Situation) -> Plan:
    """Return the plan that puts every limit this incident changed back. Raises UsageError when there is none.

    A limit of before that nobody could read is not taken for none: it is left as it is.
    """
    first: dict[Place, LimitSetParams] = {}
    for record in _limits_done(situation):
        if (record.effect.params.instance or "").startswith(_RESTORE):
            first.pop(record.effect.place, None)
        elif record.effect.kind is EffectKind.LIMIT_SET:
            first.setdefault(record.effect.place, record.effect.given(LimitSetParams))
    kept = situation.state.baseline.limits or {}
    effects, left_out = [], []
    for place, ours in first.items():
        if ours.unread and str(place) not in kept:
            left_out.append(f"It is not known what the sending limit was in {place.region.value.upper()}.")
            continue
        previous = kept[str(place)] if ours.unread else ours.previous
        instance = f"{_RESTORE}{situation.state.last_seq}"
        effects.append(
            Effect(
                EffectKind.LIMIT_CLEAR if previous is None else EffectKind.LIMIT_SET,
                target=f"{place.region.value}-monthly",
                place=place,
                params=LimitClearParams(instance=instance)
                if previous is None
                else LimitSetParams(limit=previous, instance=instance),
                rank=RANK_LIMIT,
                what=f"restore the limit of {place}: {previous if previous is not None else 'none'}",
                breaks="nothing",
                undo="set the limit again",
            )
        )
    if left_out and not effects:
        raise UsageError(left_out[0], "It could not be read when it was set.", "Set the one it shall be (L).")
    if not effects:
        raise UsageError("This incident has not changed a sending limit.", "", "There is nothing to restore.")
    return Plan("Restore the sending limit", tuple(effects), tuple(left_out))


def _limit_now(situation: Situation, place: Place) -> tuple[int | None, bool]:
    """Return the limit as it was read, None for none, and whether it was read at all."""
    held = situation.inventory.limits.get(place)
    return (
        int(held.limit) if held is not None and held.limit is not None else None,
        place in situation.inventory.limits,
    )


def _limits_done(situation: Situation) -> list[EffectRecord]:
    """Return what this incident did to sending limits, the latest last."""
    done = situation.state.of_kind(EffectKind.LIMIT_SET, EffectKind.LIMIT_CLEAR)
    return sorted((r for r in done if r.state in _REACHED), key=lambda record: record.done_row)


def _set_again(situation: Situation, effect: Effect) -> Effect:
    """Return the effect that sets a limit, as one of its own where what was set before does not stand any more."""
    place, limit = effect.place, effect.given(LimitSetParams).limit
    latest = next((r for r in reversed(_limits_done(situation)) if r.effect.place == place), None)
    if latest is None:
        return effect
    read_at = situation.inventory.read_at.get("limits")
    seen, known = _limit_now(situation, place)
    # A reading from before it was set says nothing of it.
    changed = known and seen != limit and read_at is not None and iso(read_at) > latest.done_at
    ours = latest.effect.params
    if not isinstance(ours, LimitSetParams) or ours.limit != limit or changed:
        return once_more(situation.state, effect)
    return replace(effect, params=latest.effect.params)


def plan_stop(situation: Situation) -> Plan:
    """Return step 3 as one plan: rogue subaccounts disabled, queues of the abused domains purged.

    Raises UsageError when there is neither.
    """
    rogue = [item.id for item in rogue_subaccounts(situation)]
    plans = [plan_subaccounts(situation, rogue)] if rogue else []
    if abused_domains(situation) or not plans:
        plans.append(plan_purge(situation))
    return Plan("Stop what still sends").joined("Stop what still sends", plans)


def plan_subaccounts(situation: Situation, marked: Collection[str], *, enable: bool = False) -> Plan:
    """Return the plan that disables (or enables again) the marked subaccounts.

    Raises UsageError when no marked one is in the other state; without marks, ``enable`` takes those that
    this incident disabled.
    """
    held = situation.inventory.subaccounts
    if enable and not marked:
        ours = {r.effect.target for r in situation.state.of_kind(EffectKind.SUBACCOUNT_DISABLE)}
        marked = [item for item in held if item in ours]
    wanted = "disabled" if enable else "open"
    kind = EffectKind.SUBACCOUNT_ENABLE if enable else EffectKind.SUBACCOUNT_DISABLE
    verb = "enable" if enable else "disable"
    why, turns = all_theirs(situation, "subaccount"), _turns(situation)
    effects = tuple(
        Effect(
            kind,
            target=item.id,
            place=Place(situation.inventory.places[0].region),
            # It may be switched off, on and off again: each time is an effect of its own.
            params=EffectParams(instance=str(turns[item.id])),
            rank=RANK_PURGE + 50,
            what=f"{verb} subaccount {visible(item.name or item.id, 80)}",
            breaks="nothing: it can send again" if enable else "everything that subaccount sends",
            undo="disable it again" if enable else "enable it again",
            why="taken back by the operator" if enable else why(item.id),
        )
        for item in (held[s] for s in marked if s in held)
        if item.status == wanted
    )
    if not effects:
        raise UsageError(
            f"No {wanted} subaccount is selected.",
            f"The account has {plural(len(held), 'subaccount')}.",
            "Select one first.",
        )
    return Plan(f"{verb.capitalize()} subaccounts", effects)


def _turns(situation: Situation) -> Counter[str]:
    """Return how often this incident has switched each subaccount on or off."""
    switches = situation.state.of_kind(EffectKind.SUBACCOUNT_DISABLE, EffectKind.SUBACCOUNT_ENABLE)
    return Counter(r.effect.target for r in switches if r.state is EffectState.VERIFIED)


def plan_domain_delete(situation: Situation, marked: Collection[str], *, typed: str = "") -> Plan:
    """Return the plan that deletes one rogue domain for good; ``typed`` must be its full name where it may be yours.

    Raises UsageError for more than one mark, for a name typed otherwise where one is wanted (``domain_wants_name``),
    and for a domain that the server refuses to delete (sandbox, disabled; dossier A5).
    """
    names = [name for name in marked if name in situation.inventory.domains] or [typed.strip()]
    item = situation.inventory.domains.get(names[0])
    if len(names) != 1 or item is None:
        raise UsageError(
            "A domain is deleted one at a time.",
            "It takes its logins, keys, templates and suppressions with it, for good.",
            "Select exactly one domain, and type its name.",
        )
    if domain_wants_name(situation, item.name) and typed.strip() != item.name:
        raise UsageError(
            f"To delete {visible(item.name, 120)} its name must be typed in full.",
            "A domain cannot be disabled by API, and a deleted one cannot be brought back.",
            "Type the name exactly, or leave the domain and reset its logins instead.",
        )
    if item.domain.is_sandbox or item.domain.is_disabled:
        raise UsageError(
            f"Mailgun does not let {visible(item.name, 120)} be deleted.",
            "The sandbox stays for ever, and a disabled domain stays until Support has looked at it.",
            "Reset its logins; ask Support to remove a disabled rogue domain.",
        )
    logins = len(situation.inventory.logins_of(item.name))
    effect = Effect(
        EffectKind.DOMAIN_DELETE,
        target=item.name,
        place=item.place,
        params=DomainDeleteParams(typed=True),
        rank=RANK_PURGE + 20,
        what=f"delete domain {visible(item.name, 120)}",
        breaks=f"everything of it: {plural(logins, 'SMTP login')}, templates, lists, suppressions, mail to and from it",
        undo="cannot be undone: its settings, keys and suppressions are gone for good",
        why="; ".join(situation.of_domain(item).why) or why_theirs(situation, "domain", item.name),
    )
    if came_back(situation.state, effect, "domains"):
        effect = once_more(situation.state, effect)
    return Plan(
        "Delete a rogue domain",
        (effect,),
        notes=("Mailgun deletes a domain in the background, over minutes.",),
    )


def plan_signing_key(situation: Situation) -> Plan:
    """Return the plan that makes a new HTTP webhook signing key: whoever read the old one can forge webhooks."""
    effect = Effect(
        EffectKind.SIGNING_KEY_RENEW,
        target="http_signing_key",
        place=Place(situation.inventory.places[0].region),
        params=EffectParams(instance=str(_renewals(situation, EffectKind.SIGNING_KEY_RENEW))),
        rank=RANK_LIMIT - 10,
        what="make a new HTTP webhook signing key",
        breaks="every webhook receiver that checks signatures, from now until it has the new key (no grace period)",
        undo="cannot be undone: the old key is gone",
        why="an admin key can read the signing key, and with it anybody can forge webhooks",
    )
    note = (
        "Have the receivers' people ready: the new key is stored in the vault and can be handed over at once."
    )
    return Plan("Renew the webhook signing key", (effect,), notes=(note,))


def plan_public_key(situation: Situation) -> Plan:
    """Return the plan that makes a new public validation key (it only validates addresses, dossier B1)."""
    effect = Effect(
        EffectKind.PUBLIC_KEY_RENEW,
        target="public_key",
        place=Place(situation.inventory.places[0].region),
        params=EffectParams(instance=str(_renewals(situation, EffectKind.PUBLIC_KEY_RENEW))),
        rank=RANK_LIMIT - 20,
        what="make a new public validation key",
        breaks="address validation in browsers and forms, until they have the new key",
        undo="cannot be undone: the old key is gone",
        why="validations with it are charged to the account",
    )
    return Plan("Renew the public validation key", (effect,))


def _renewals(situation: Situation, kind: EffectKind) -> int:
    return sum(r.state is EffectState.VERIFIED for r in situation.state.of_kind(kind))


def _limit_breaks(limit: int, used: int | None) -> str:
    if used is None:
        return "sending stops when the limit is reached"
    if limit <= used:
        return f"probably ALL sending now: {used:,} were sent this month already"
    return f"sending stops after {limit - used:,} more messages"
