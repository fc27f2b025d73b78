"""From an action of the catalogue to its plan, and why it is not possible now."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from workbench.actions import contain, keys, logins, stops
from workbench.actions.catalog import ACTIONS
from workbench.errors import UsageError
from workbench.incident.plan import Plan
from workbench.incident.situation import Situation

Builder = Callable[..., Plan]


def _contain(situation: Situation, marked: Collection[str], **options: Any) -> Plan:
    return contain.plan(situation, contain.Scope(**options))


def _reset(situation: Situation, marked: Collection[str], **options: Any) -> Plan:
    return logins.plan_reset(situation, marked, **options)


def _limit(situation: Situation, marked: Collection[str], **options: Any) -> Plan:
    return stops.plan_limit(situation, int(options.get("limit", stops.LEAST_LIMIT)))


def _restore(situation: Situation, marked: Collection[str], **options: Any) -> Plan:
    return stops.plan_restore_limit(situation)


BUILDERS: dict[str, Builder] = {
    "contain.all": _contain,
    "keys.replace": lambda s, m, **o: keys.plan_replace(s, m, **o),
    "keys.delete": lambda s, m, **o: keys.plan_delete(s, m),
    "logins.reset": _reset,
    "logins.delete": lambda s, m, **o: logins.plan_delete(s, m),
    "queues.purge": lambda s, m, **o: stops.plan_purge(s, m),
    "limit.set": _limit,
    "limit.restore": _restore,
    "subaccounts.disable": lambda s, m, **o: stops.plan_subaccounts(s, m),
}


def build(action_id: str, situation: Situation, marked: Collection[str] = (), **options: Any) -> Plan:
    """Return the plan of an action on the marked items.

    Raises UsageError with the reason in words when the action plans nothing now, KeyError for an id that
    is no planning action.
    """
    builder = BUILDERS[action_id]
    plan = builder(situation, marked, **options)
    if not plan.effects:
        raise UsageError(
            "There is nothing left to do here.",
            " ".join(plan.left_out),
            "Go on with the next step of the runbook.",
        )
    return plan


def unavailable(action_id: str, situation: Situation, marked: Collection[str] = ()) -> str:
    """Return why an action cannot be done now, ``""`` when it can; one sentence for footer and palette."""
    action = ACTIONS[action_id]
    if not action.plans:
        return ""
    if action_id == "limit.set":
        return "" if situation.inventory.places else "the account is not read yet"
    try:
        build(action_id, situation, marked)
    except UsageError as error:
        return error.what
    return ""
