"""The sweep's results as the journal keeps them, seen from the present situation. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.incident.plan import EffectState
from workbench.incident.remedies import effect_of
from workbench.incident.situation import OURS, Situation
from workbench.incident.sweep import Swept
from workbench.mailgun.endpoints import Region

FACT = "sweep"
REMOVED = "removed"


def swept_items(situation: Situation) -> list[Swept] | None:
    """Return what the latest sweep asks about, None while there was no sweep."""
    fact = situation.state.facts.get(FACT)
    if fact is None:
        return None
    return [Swept.from_json(document) for document in fact.get("items", ())]


def open_items(situation: Situation) -> Iterator[tuple[Swept, str]]:
    """Yield each item with its decision: the operator's, ``removed`` once that is proven, ``""`` while open.

    What the operator called ours is no finding any more, as with keys and logins.
    """
    home = situation.inventory.places[0].region if situation.inventory.places else Region.US
    for item in swept_items(situation) or ():
        decision = situation.state.decisions.get(item.key)
        if decision is not None and decision.decision == OURS:
            continue
        effect = effect_of(item, home)
        record = situation.state.record(effect.id) if effect is not None else None
        if record is not None and record.state is EffectState.VERIFIED:
            yield item, REMOVED
        else:
            yield item, decision.decision if decision is not None else ""
