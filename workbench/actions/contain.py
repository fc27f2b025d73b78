"""Cut all access in one plan: the default answer to *my account was hacked* (runbook steps 1 to 3)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from workbench.actions import keys, logins, stops
from workbench.errors import UsageError
from workbench.incident.plan import EffectState, Plan
from workbench.incident.situation import Situation


@dataclass(frozen=True, slots=True)
class Scope:
    """What a containment covers. Empty collections mean everything; flags do what may stop production.

    ``keys``, ``logins``, ``domains`` narrow it; with any of them given, kinds that are not named are left
    out, and the plan says so. ``purge`` is ``all`` or domain names.
    """

    keys: Collection[str] = ()
    logins: Collection[str] = ()
    domains: Collection[str] = ()
    replace_first: Collection[str] = ()
    remove_strangers: bool = False
    purge: Collection[str] = ()
    limit: int | None = None

    @property
    def narrowed(self) -> bool:
        """Return whether anything but everything was asked for."""
        return bool(self.keys or self.logins or self.domains)


EVERYTHING = Scope()


def plan(situation: Situation, scope: Scope = EVERYTHING) -> Plan:
    """Return one plan for the whole scope. Raises UsageError for names that are not in the account.

    An empty plan means that nothing is left to do: everything in scope was cut by this incident.
    """
    plans: list[Plan] = []
    left_out: list[str] = []
    if scope.keys or not scope.narrowed:
        _known(scope.keys, situation.inventory.keys, "key")
        plans += _unless_empty(
            lambda: keys.plan_replace(situation, scope.keys, replace_first=scope.replace_first)
        )
    else:
        left_out.append("API keys: not in the scope that was given")
    if scope.logins or scope.domains or not scope.narrowed:
        _known(scope.logins, situation.inventory.logins, "SMTP login")
        _known(scope.domains, situation.inventory.domains, "domain")
        plans += _unless_empty(lambda: logins.plan_reset(situation, (*scope.logins, *scope.domains)))
    else:
        left_out.append("SMTP logins: not in the scope that was given")
    if scope.narrowed:
        left_out += _left_out(situation, scope)
    if scope.remove_strangers:
        effects = tuple(logins.removal(situation, item) for item in logins.strangers(situation))
        plans = [_without_resets(p, {e.target for e in effects}) for p in plans]
        plans.append(Plan("Delete stranger SMTP logins", effects))
    if scope.purge:
        everything = list(scope.purge) == ["all"]
        names = list(situation.inventory.domains) if everything else list(scope.purge)
        _known(names, situation.inventory.domains, "domain")
        plans += _unless_empty(lambda: stops.plan_purge(situation, names))
    if scope.limit is not None:
        plans.append(stops.plan_limit(situation, scope.limit))
    whole = Plan("Cut all access", left_out=tuple(left_out)).joined("Cut all access", plans)
    return _without_settled(whole, situation)


def _unless_empty(build: Callable[[], Plan]) -> list[Plan]:
    try:
        return [build()]
    except UsageError:
        # The builders refuse an empty plan in words; inside the whole, nothing to do is simply nothing.
        return []


def _known(names: Collection[str], held: Collection[str], what: str) -> None:
    for name in names:
        if name not in held:
            raise UsageError(
                f"There is no {what} {name!r} in the account.",
                "The plan would do less than you asked for.",
                "Check the name; `workbench status` lists what there is.",
            )


def _left_out(situation: Situation, scope: Scope) -> list[str]:
    lines = []
    if scope.keys and len(scope.keys) < len(situation.inventory.keys):
        lines.append(f"{len(situation.inventory.keys) - len(scope.keys)} API key(s) outside the given scope")
    covered = sum(
        item.login in scope.logins or item.domain in scope.domains
        for item in situation.inventory.logins.values()
    )
    if (scope.logins or scope.domains) and covered < len(situation.inventory.logins):
        lines.append(f"{len(situation.inventory.logins) - covered} SMTP login(s) outside the given scope")
    return lines


def _without_resets(plan_: Plan, logins_: set[str]) -> Plan:
    """A login that is deleted needs no new password first."""
    keep = [e.id for e in plan_ if not (e.kind.value == "smtp.reset" and e.target in logins_)]
    return plan_.only(keep)


def _without_settled(plan_: Plan, situation: Situation) -> Plan:
    """Leave out what this incident has verified: a second run plans nothing new (design, contracts).

    What was skipped is planned again: it waited for something that failed, and is still to be done.
    """
    verified = {i for i, r in situation.state.effects.items() if r.state is EffectState.VERIFIED}
    return plan_.only(e.id for e in plan_ if e.id not in verified)
