"""The sweep's results as the journal keeps them, seen from the present situation. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import replace

from workbench.domain.model.plan import EffectState
from workbench.domain.model.situation import OURS, Situation
from workbench.domain.model.state import EffectRecord
from workbench.domain.settings_audit.audit import Swept
from workbench.domain.settings_audit.recorded import SweepRead

REMOVED = "removed"
BACK = "is there again: this incident had taken care of it"


def swept_items(situation: Situation) -> list[Swept] | None:
    """Return what the latest sweep asks about, None while there was no sweep."""
    fact = situation.state.fact(SweepRead)
    return None if fact is None else list(fact.items)


def open_items(situation: Situation) -> Iterator[tuple[Swept, str]]:
    """Yield each item with its decision: the operator's, ``removed`` once that is proven, ``""`` while open.

    What the operator called ours is no finding any more, as with keys and logins. What a later sweep still finds
    in need of the same remedy came back: it is open again, whatever was decided until then.
    """
    repaired = proven(situation)
    for item in swept_items(situation) or ():
        decision = situation.state.decisions.get(item.key)
        if decision is not None and decision.decision == OURS:
            continue
        mine = repaired.get(item.key, [])
        if not mine:
            yield item, decision.decision if decision is not None else ""
        elif came_back(situation, item, mine):
            # What was said of it before it was taken away says nothing of its coming back; what was said since does.
            since = decision.decision if decision is not None and decision.at > mine[-1].done_at else ""
            yield replace(item, score=3, why=(f"{BACK}, {mine[-1].done_at}", *item.why)), since
        else:
            yield item, REMOVED


def came_back(situation: Situation, item: Swept, mine: Collection[EffectRecord]) -> bool:
    """Return whether the latest sweep, begun after all these repairs, finds the item in need of one again."""
    before = set(situation.state.known(SweepRead).cared_for)
    return bool(item.remedy) and bool(mine) and all(record.effect.id in before for record in mine)


def proven(situation: Situation) -> dict[str, list[EffectRecord]]:
    """Return the effects that were proven to take care of something, by the names of the findings, oldest first."""
    made: dict[str, list[EffectRecord]] = defaultdict(list)
    for record in situation.state.effects.values():
        about = record.effect.params.about
        if record.state is EffectState.VERIFIED and about is not None:
            made[about].append(record)
    return made
