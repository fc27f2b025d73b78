"""Everything that was judged the intruder's, taken away in one plan: settings, keys, logins, subaccounts (step 6)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from workbench.core.errors import UsageError
from workbench.core.redact import visible
from workbench.domain.detection.findings import Finding, findings
from workbench.domain.model.plan import EffectKind, Plan
from workbench.domain.model.situation import INTRUDER, Situation
from workbench.domain.settings_audit.remedies import RANK
from workbench.planning.allowlist import OF_ITS_OWN
from workbench.planning.brakes import plan_domain_delete, plan_subaccounts
from workbench.planning.keys import plan_delete as delete_keys
from workbench.planning.logins import plan_delete as delete_logins
from workbench.planning.own_things import domain_wants_name
from workbench.planning.ranking import NothingToDo
from workbench.planning.suppressions import plan_leftovers

TITLE = "Remove what the intruder left"
_BY_REMEDY: dict[str, Callable[[Situation, Collection[str]], Plan]] = {
    "keys.delete": delete_keys,
    "logins.delete": delete_logins,
    "subaccounts.disable": lambda s, m: plan_subaccounts(s, m),
}


def plan_removal(situation: Situation, marked: Collection[str] = ()) -> Plan:
    """Return the plan that removes the marked findings (by key or id), or everything judged the intruder's.

    A domain goes with them where the account shows a sign and a person judged it (``domain_wants_name``); every other
    domain is deleted in a plan of its own, by its name. That, and what only the control panel can do, is named as left
    out. Raises UsageError when nothing can be removed.
    """
    wanted = [f for f in findings(situation) if _meant(f, marked)]
    plans: list[Plan] = []
    along = [f for f in wanted if f.kind == "domain" and _goes_along(situation, f.id)]
    left_out = [line for f in wanted if f not in along and (line := _by_hand(f))]
    refused: UsageError | None = None
    for remedy, build in _BY_REMEDY.items():
        ids = [f.id for f in wanted if f.remedy == remedy]
        try:
            if ids:
                plans.append(build(situation, ids))
        except UsageError as error:
            refused = error
            left_out.append(error.what)
    try:
        plans.append(plan_leftovers(situation, marked))
    except NothingToDo as error:
        refused = refused or error
        left_out += error.left_out
    except UsageError as error:
        refused = refused or error
        if not marked:
            # A plan of everything that does not know all of it says so.
            left_out.append(f"{error.what} {error.todo}")
    plans += [_last(plan_domain_delete(situation, [f.id])) for f in along]
    if not plans:
        if refused is not None:
            raise refused
        raise UsageError(
            "Nothing was judged the intruder's.", " ".join(left_out[:3]), "Judge the findings first."
        )
    whole = plans[0].joined(TITLE, plans[1:])
    lines = (*whole.left_out, *(line for line in left_out if line not in whole.left_out))
    return Plan(TITLE, whole.effects, lines, whole.notes)


def _meant(finding: Finding, marked: Collection[str]) -> bool:
    if marked:
        return finding.key in marked or finding.id in marked
    return finding.decision == INTRUDER


def _goes_along(situation: Situation, name: str) -> bool:
    """Return whether a domain may be deleted together with the rest: it needs no typed name, and was not begun yet."""
    item = situation.inventory.domains.get(name)
    begun = any(r.effect.target == name for r in situation.state.of_kind(EffectKind.DOMAIN_DELETE))
    if item is None or begun or domain_wants_name(situation, name):
        return False
    # These Mailgun does not delete.
    return not (item.domain.is_sandbox or item.domain.is_disabled)


def _last(plan: Plan) -> Plan:
    """Return the plan of a domain with its turn after everything else: what lies inside it is taken away before."""
    return replace(plan, effects=tuple(replace(effect, rank=RANK - 40) for effect in plan.effects))


def _by_hand(finding: Finding) -> str:
    """Return why a finding is not in this plan, empty when it is."""
    name = visible(finding.title, 100)
    if finding.kind == "domain":
        return f"{name}: deleted in a plan of its own (domains: delete a rogue domain)"
    if finding.kind == "allowlist":
        return f"{name}: {OF_ITS_OWN}"
    if finding.kind == "user":
        return f"{name}: only in the control panel (Security, Users, Delete)"
    return ""
