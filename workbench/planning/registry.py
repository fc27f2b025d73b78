"""From an action of the catalogue to its plan, and why it is not possible now."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from workbench.core.errors import UsageError
from workbench.domain.model.plan import Plan
from workbench.domain.model.situation import Situation
from workbench.planning import (
    allowlist,
    brakes,
    contain,
    handover,
    hardening,
    keys,
    logins,
    removal,
    suppressions,
)
from workbench.planning.catalog import ACTIONS
from workbench.planning.cut_order import PROPOSED
from workbench.planning.own_things import DELETES, NameNeededError, check_typed
from workbench.planning.ranking import NOTHING_LEFT

Builder = Callable[..., Plan]


def _contain(situation: Situation, marked: Collection[str], **options: Any) -> Plan:
    return contain.plan(situation, contain.Scope(**{"ways": PROPOSED, **options}))


def _replace(situation: Situation, marked: Collection[str], **options: Any) -> Plan:
    return keys.plan_replace(situation, marked, **{"ways": PROPOSED, **options})


def _reset(situation: Situation, marked: Collection[str], **options: Any) -> Plan:
    return logins.plan_reset(situation, marked, **{"ways": PROPOSED, **options})


def _limit(situation: Situation, marked: Collection[str], **options: Any) -> Plan:
    return brakes.plan_limit(situation, int(options.get("limit", brakes.LEAST_LIMIT)))


# On the screen the way to cut each credential is proposed and can be changed (``ways``); the command line asks
# for its plans directly, where everything is cut now.
BUILDERS: dict[str, Builder] = {
    "contain.all": _contain,
    "keys.replace": _replace,
    "keys.delete": lambda s, m, **o: keys.plan_delete(s, m),
    "logins.reset": _reset,
    "logins.delete": lambda s, m, **o: logins.plan_delete(s, m),
    "handover.finish": lambda s, m, **o: handover.plan_finish(s, m, **o),
    "queues.purge": lambda s, m, **o: brakes.plan_purge(s, m),
    "limit.set": _limit,
    "limit.restore": lambda s, m, **o: brakes.plan_restore_limit(s),
    "suppressions.lift": lambda s, m, **o: suppressions.plan_lift(s),
    "leftovers.remove": lambda s, m, **o: removal.plan_removal(s, m),
    "stop.all": lambda s, m, **o: brakes.plan_stop(s),
    "subaccounts.disable": lambda s, m, **o: brakes.plan_subaccounts(s, m),
    "subaccounts.enable": lambda s, m, **o: brakes.plan_subaccounts(s, m, enable=True),
    "domains.delete": lambda s, m, **o: brakes.plan_domain_delete(s, m, **o),
    "signing_key.renew": lambda s, m, **o: brakes.plan_signing_key(s),
    "public_key.renew": lambda s, m, **o: brakes.plan_public_key(s),
    "harden.apply": lambda s, m, **o: hardening.plan(s, m),
    "allowlist.add": lambda s, m, **o: allowlist.plan_add(s, **o),
    "allowlist.remove": lambda s, m, **o: allowlist.plan_remove(s, m, **o),
}
# Actions that ask for something typed first: without it they are not impossible, only not yet planned.
ASK_FIRST = frozenset({"limit.set", "allowlist.add", "domains.delete"})
# Plans that grow with the account answer whether there is one without being built (a test holds both together).
WHY_NOT: dict[str, Callable[[Situation, Collection[str]], str]] = {
    "contain.all": lambda s, m: contain.why_nothing_to_cut(s),
    "keys.replace": keys.why_nothing_to_replace,
    "logins.reset": logins.why_nothing_to_reset,
}


def build(action_id: str, situation: Situation, marked: Collection[str] = (), **options: Any) -> Plan:
    """Return the plan of an action on the marked items.

    Raises UsageError with the reason in words when the action plans nothing now, KeyError for an id that
    is no planning action.
    """
    if action_id in DELETES:
        check_typed(situation, action_id, marked, str(options.get("typed", "")))
    plan = BUILDERS[action_id](situation, marked, **options)
    if not plan.effects:
        raise UsageError(
            NOTHING_LEFT,
            " ".join(plan.left_out),
            "Go on with the next step of the runbook.",
        )
    return plan


def unavailable(action_id: str, situation: Situation, marked: Collection[str] = ()) -> str:
    """Return why an action cannot be done now, ``""`` when it can; one sentence for footer and palette."""
    action = ACTIONS[action_id]
    if not action.plans:
        return ""
    if action_id in ASK_FIRST:
        return "" if situation.inventory.places else "the account is not read yet"
    if (why_not := WHY_NOT.get(action_id)) is not None:
        return why_not(situation, marked)
    try:
        build(action_id, situation, marked)
    except NameNeededError:
        # Not impossible: its name is asked for first.
        return ""
    except UsageError as error:
        return error.what
    return ""
