"""Remove what the intruder left in the settings, and lift the suppressions that the abuse added (steps 6, 8)."""

from __future__ import annotations

from collections.abc import Collection

from workbench.core.clock import iso
from workbench.core.errors import UsageError
from workbench.core.redact import short_address, visible
from workbench.domain.model.effect_params import SuppressionLiftParams
from workbench.domain.model.plan import Effect, EffectKind, EffectState, Place, Plan
from workbench.domain.model.situation import INTRUDER, Situation
from workbench.domain.model.suppressions import Added
from workbench.domain.settings_audit.audit import JudgedAge, Swept
from workbench.domain.settings_audit.remedies import RANK, again, effect_of
from workbench.domain.settings_audit.results import came_back, proven, swept_items
from workbench.mailgun.endpoints import Region
from workbench.planning.allowlist import OF_ITS_OWN
from workbench.planning.ranking import NothingToDo, once_more, plural

# One call each: more than this belongs into a plan of its own.
MOST_LIFTED = 5000


def plan_leftovers(situation: Situation, marked: Collection[str] = ()) -> Plan:
    """Return the plan that removes the marked findings of the sweep, or those judged the intruder's.

    ``marked`` holds finding keys or ids. Without marks what the operator judged the intruder's is taken, and
    what was made inside the window with a strange host; the rest is named as left out. Raises UsageError when
    the settings are not swept yet, or nothing is left to remove.
    """
    items = swept_items(situation)
    if items is None:
        raise UsageError(
            "The settings are not swept yet.",
            "What the intruder left there is not known.",
            "Run the sweep first: `workbench sweep`, or the sweep action.",
        )
    home = situation.inventory.places[0].region if situation.inventory.places else Region.US
    effects: list[Effect] = []
    left_out: list[str] = []
    cared = proven(situation)
    wanted = frozenset(marked)
    for item in items:
        if wanted and wanted.isdisjoint((item.key, item.id)):
            continue
        if not marked and not _proposed(situation, item):
            continue
        if item.remedy == "allowlist.remove":
            left_out.append(f"{visible(item.title, 100)}: {OF_ITS_OWN}")
            continue
        effect = effect_of(item, home)
        if effect is None:
            left_out.append(f"{visible(item.title, 100)}: {item.instruct or 'only a person can judge this'}")
            continue
        mine = cared.get(item.key, [])
        if came_back(situation, item, mine):
            effect = again(effect, len(mine) + 1)
        if _done(situation, effect):
            continue
        effects.append(effect)
    if not effects:
        raise NothingToDo(
            "Nothing is left to remove here.",
            " ".join(left_out[:3]),
            "Judge the findings, or select some.",
            left_out=left_out,
        )
    return Plan("Remove what the intruder left", tuple(effects), tuple(left_out))


def _proposed(situation: Situation, item: Swept) -> bool:
    decision = situation.state.decisions.get(item.key)
    if decision is not None:
        return decision.decision == INTRUDER
    return item.judged is JudgedAge.INSIDE and item.score >= 3


def _done(situation: Situation, effect: Effect) -> bool:
    record = situation.state.record(effect.id)
    return record is not None and record.state.settled


def plan_lift(situation: Situation) -> Plan:
    """Return the plan that takes off the suppression tables what the abuse added and nobody lifted yet, and no more.

    Raises UsageError when the latest assessment named none, or all of them are lifted.
    """
    effects: list[Effect] = []
    more = len(situation.suppressed)
    for entry in situation.suppressed:
        if len(effects) == MOST_LIFTED:
            break
        more -= 1
        if (made := _lift(situation, entry)) is not None:
            effects.append(made)
    if not effects:
        known = bool(situation.suppressed)
        raise UsageError(
            "What the abuse suppressed is lifted."
            if known
            else "No suppression is known to come from the abuse.",
            "Complaints and unsubscribes are left alone: those people do not want this mail.",
            "Nothing needs doing.",
        )
    left_out = (f"{plural(more, 'further address', 'further addresses')}: run it again",) if more > 0 else ()
    return Plan("Lift suppressions the abuse added", tuple(effects), left_out)


def _lift(situation: Situation, entry: Added) -> Effect | None:
    """Return the effect that lifts a suppression, None where this incident lifted it and it did not come back since."""
    domain = situation.inventory.domains.get(entry.domain)
    effect = Effect(
        EffectKind.SUPPRESSION_LIFT,
        target=entry.address,
        place=domain.place if domain is not None else Place(situation.inventory.places[0].region),
        params=SuppressionLiftParams(
            domain=entry.domain, table=entry.table, instance=f"{entry.domain}/{entry.table}"
        ),
        rank=RANK - 20,
        what=f"send to {visible(short_address(entry.address), 80)} again from {visible(entry.domain, 80)}",
        breaks="nothing; a mailbox that refuses again is suppressed again",
        undo="the next refusal puts it back",
        why=entry.why,
    )
    record = situation.state.record(effect.id)
    if record is None or record.state is not EffectState.VERIFIED:
        return effect
    back = entry.created_at is not None and iso(entry.created_at) > record.done_at
    return once_more(situation.state, effect) if back else None
