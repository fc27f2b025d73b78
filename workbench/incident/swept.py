"""The sweep's results as the journal keeps them, seen from the present situation. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workbench.incident.plan import EffectState
from workbench.incident.remedies import effect_of
from workbench.incident.situation import OURS, Situation
from workbench.incident.state import EffectRecord
from workbench.incident.sweep import Swept
from workbench.mailgun.endpoints import Region

FACT = "sweep"
REMOVED = "removed"
BACK = "is there again: this incident had taken care of it"


def swept_items(situation: Situation) -> list[Swept] | None:
    """Return what the latest sweep asks about, None while there was no sweep."""
    fact = situation.state.facts.get(FACT)
    if fact is None:
        return None
    return [Swept.from_json(document) for document in fact.get("items", ())]


def open_items(situation: Situation) -> Iterator[tuple[Swept, str]]:
    """Yield each item with its decision: the operator's, ``removed`` once that is proven, ``""`` while open.

    What the operator called ours is no finding any more, as with keys and logins. What a later sweep still finds
    in need of the same remedy came back: it is open again, whatever was decided.
    """
    home = situation.inventory.places[0].region if situation.inventory.places else Region.US
    cared_for = set(situation.state.facts.get(FACT, {}).get("cared_for", ()))
    repaired = proven(situation)
    for item in swept_items(situation) or ():
        decision = situation.state.decisions.get(item.key)
        if decision is not None and decision.decision == OURS:
            continue
        effect = effect_of(item, home)
        record = situation.state.record(effect.id) if effect is not None else repaired.get(item.key)
        if record is None or record.state is not EffectState.VERIFIED:
            yield item, decision.decision if decision is not None else ""
        elif effect is None or item.key not in cared_for:
            yield item, REMOVED
        else:
            yield replace(item, score=3, why=(f"{BACK}, {record.done_at}", *item.why)), ""


def proven(situation: Situation) -> dict[str, EffectRecord]:
    """Return what was proven to be taken care of, by the names of the findings."""
    return {
        str(record.effect.params["about"]): record
        for record in situation.state.effects.values()
        if record.state is EffectState.VERIFIED and "about" in record.effect.params
    }
