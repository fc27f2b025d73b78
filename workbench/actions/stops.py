"""Stop what is already on its way: queued mail, the month's limit, rogue subaccounts (runbook step 3)."""

from __future__ import annotations

from collections.abc import Collection

from workbench.actions.common import RANK_LIMIT, RANK_PURGE, plural
from workbench.errors import UsageError
from workbench.incident.abuse import abused_domains
from workbench.incident.plan import Effect, EffectKind, EffectState, Place, Plan
from workbench.incident.situation import Situation
from workbench.mailgun.endpoints import Region
from workbench.redact import visible

# The vendor refuses a custom limit below this (dossier B3).
LEAST_LIMIT = 1000


def plan_purge(situation: Situation, marked: Collection[str] = ()) -> Plan:
    """Return the plan that purges the marked domains' queues, or those of the abused domains.

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
    effects = tuple(
        Effect(
            EffectKind.QUEUE_PURGE,
            target=item.name,
            place=item.place,
            rank=RANK_PURGE,
            what=f"purge the queue of {visible(item.name, 120)}",
            breaks="its own queued and scheduled mail is thrown away too",
            why="mail that the intruder queued or scheduled outlives the credentials",
        )
        for item in items
    )
    note = "Every storage host is asked; what your own programs have queued or scheduled there goes with it."
    return Plan("Purge queued mail", effects, notes=(note,))


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
        previous = int(before.limit) if before is not None and before.limit is not None else None
        effects.append(
            Effect(
                EffectKind.LIMIT_SET,
                target=f"{place.region.value}-monthly",
                place=place,
                params={"limit": limit, "previous": previous, "instance": str(limit)},
                rank=RANK_LIMIT,
                what=f"limit {place.region.value.upper()} to {limit:,} messages a month",
                breaks=_limit_breaks(limit, used),
                undo=f"restore {f'the limit of {previous:,}' if previous else 'no limit'}",
                why="caps what is still missed",
            )
        )
        shown = f"{used:,} used" if used is not None else "use this month not readable"
        notes.append(
            f"{place.region.value.upper()}: {shown}, limit now {f'{previous:,}' if previous else 'none'}."
        )
    return Plan("Set a sending limit", tuple(effects), notes=tuple(notes))


def plan_restore_limit(situation: Situation) -> Plan:
    """Return the plan that puts every limit this incident changed back. Raises UsageError when there is none."""
    first: dict[Place, int | None] = {}
    for record in situation.state.of_kind(EffectKind.LIMIT_SET):
        if record.state in (EffectState.DONE, EffectState.VERIFIED):
            first.setdefault(record.effect.place, record.effect.params.get("previous"))
    effects = []
    for place, previous in first.items():
        kind = EffectKind.LIMIT_CLEAR if previous is None else EffectKind.LIMIT_SET
        effects.append(
            Effect(
                kind,
                target=f"{place.region.value}-monthly",
                place=place,
                params={
                    "limit": previous,
                    "previous": None,
                    "instance": f"restore-{situation.state.last_seq}",
                },
                rank=RANK_LIMIT,
                what=f"restore the limit of {place}: {previous if previous is not None else 'none'}",
                breaks="nothing",
                undo="set the limit again",
            )
        )
    if not effects:
        raise UsageError("This incident has not changed a sending limit.", "", "There is nothing to restore.")
    return Plan("Restore the sending limit", tuple(effects))


def plan_subaccounts(situation: Situation, marked: Collection[str]) -> Plan:
    """Return the plan that disables the marked subaccounts. Raises UsageError when none is marked."""
    found = [situation.inventory.subaccounts[s] for s in marked if s in situation.inventory.subaccounts]
    effects = tuple(
        Effect(
            EffectKind.SUBACCOUNT_DISABLE,
            target=item.id,
            place=Place(situation.inventory.places[0].region),
            rank=RANK_PURGE + 50,
            what=f"disable subaccount {visible(item.name or item.id, 80)}",
            breaks="everything that subaccount sends",
            undo="enable it again",
        )
        for item in found
        if item.status == "open"
    )
    if not effects:
        raise UsageError(
            "No open subaccount is selected.",
            f"The account has {plural(len(situation.inventory.subaccounts), 'subaccount')}.",
            "Select one first.",
        )
    return Plan("Disable subaccounts", effects)


def _limit_breaks(limit: int, used: int | None) -> str:
    if used is None:
        return "sending stops when the limit is reached"
    if limit <= used:
        return f"probably ALL sending now: {used:,} were sent this month already"
    return f"sending stops after {limit - used:,} more messages"
