"""Cut all access in one plan: the default answer to *my account was hacked* (runbook steps 1 to 3)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import chain

from workbench.core.errors import UsageError
from workbench.core.redact import key_tail, visible
from workbench.core.words import plural
from workbench.domain.detection.alarms import open_alarms
from workbench.domain.model.inventory import LoginItem
from workbench.domain.model.plan import EffectState, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.runbook import coverage
from workbench.domain.runbook.handover import NOW, kept
from workbench.domain.runbook.queues import queues_left
from workbench.planning import brakes, handover, keys, logins
from workbench.planning.cut_order import PROPOSED as PROPOSED_WAYS
from workbench.planning.cut_order import Choice, Ways
from workbench.planning.grants import PROPOSED, Grants
from workbench.planning.ranking import NOTHING_LEFT, NothingToDo

# What a plan about all rests on, by the inventory's names.
_ALL = {"keys": "API keys", "domains": "domains", "logins": "SMTP logins", "subaccounts": "subaccounts"}
_NAMED = 4
# Above everything that only could send: what came back is used now.
RANK_BACK = 10_000_000


@dataclass(frozen=True, slots=True)
class Scope:
    """What a containment covers. Empty collections mean everything; flags do what may stop production.

    ``keys``, ``logins``, ``domains`` narrow it; with any of them given, kinds that are not named are left
    out, and the plan says so. ``purge`` is ``all`` or domain names. ``ways`` and ``replace_first`` say what is
    kept until its hand-over, ``finish`` ends what was kept, ``grants`` what replacement keys may do. ``unreplaced``
    are keys that a person said are to be deleted without a replacement.
    """

    keys: Collection[str] = ()
    logins: Collection[str] = ()
    domains: Collection[str] = ()
    replace_first: Collection[str] = ()
    remove_strangers: bool = False
    purge: Collection[str] = ()
    limit: int | None = None
    ways: Choice = NOW
    grants: Grants = PROPOSED
    finish: bool = False
    unreplaced: Collection[str] = ()

    @property
    def narrowed(self) -> bool:
        """Return whether anything but everything was asked for."""
        return bool(self.keys or self.logins or self.domains)


EVERYTHING = Scope()


def plan(situation: Situation, scope: Scope = EVERYTHING) -> Plan:
    """Return one plan for the whole scope. Raises UsageError for names that are not in the account.

    An empty plan means that nothing is left to do: everything in scope was cut by this incident.
    """
    Ways(situation, scope.ways, scope.replace_first).check()
    _check_grants(situation, scope.grants)
    plans: list[Plan] = []
    left_out: list[str] = []
    # First what was kept: its end was part of what was confirmed, and is due once the hand-over shows.
    if ending := _kept_in(situation, scope):
        plans += _unless_empty(lambda: handover.plan_finish(situation, ending, adopted_only=not scope.finish))
    if scope.keys or not scope.narrowed:
        there = _present(situation, scope.keys, situation.inventory.keys, "key")
        if there or not scope.keys:
            plans += _unless_empty(lambda: _keys(situation, scope, there))
    else:
        left_out.append("API keys: not in the scope that was given")
    if gone := _unreplaced(situation, scope, left_out):
        plans = [_without_keys(p, gone) for p in plans]
        plans.append(keys.plan_delete(situation, gone, why="deleted without a replacement, as you said"))
    if scope.logins or scope.domains or not scope.narrowed:
        there = _present(situation, scope.logins, situation.inventory.logins, "SMTP login")
        there += _present(situation, scope.domains, situation.inventory.domains, "domain")
        if there or not scope.narrowed:
            plans += _unless_empty(lambda: _logins(situation, scope, there))
    else:
        left_out.append("SMTP logins: not in the scope that was given")
    if scope.narrowed:
        left_out += _left_out(situation, scope)
    left_out += [*coverage.lines(situation.inventory), *coverage.notes(situation.inventory)]
    if scope.remove_strangers:
        strange = [item for item in logins.strangers(situation) if _covers(scope, item)]
        effects = tuple(logins.removal(situation, item) for item in strange)
        plans = [_without_resets(p, {e.target for e in effects}) for p in plans]
        plans.append(Plan("Delete stranger SMTP logins", effects))
    if scope.purge:
        everything = list(scope.purge) == ["all"]
        names = list(situation.inventory.domains) if everything else list(scope.purge)
        there = _present(situation, names, situation.inventory.domains, "domain")
        plans += _purges(situation, there)
    if scope.limit is not None:
        plans.append(brakes.plan_limit(situation, scope.limit))
    title = "Cut all access"
    refused = _refused(situation)
    unread = [name for name in unread_yet(situation) if name not in refused]
    if not scope.narrowed and (unread or refused):
        # A plan about all that does not know all says so before anything else.
        names = [*unread, *(f"{name} that could not be read" for name in refused)]
        title = f"PARTIAL, without {', '.join(names[:_NAMED])}: {title}"
        left_out[:0] = [f"{name}: not read yet, so not in this plan" for name in unread]
    whole = Plan(title, left_out=tuple(left_out)).joined(title, plans)
    return _back_first(_without_settled(whole, situation), situation)


def _unreplaced(situation: Situation, scope: Scope, left_out: list[str]) -> list[str]:
    """Return the keys that are deleted without a replacement, as asked; ``left_out`` gets a line for each that is not.

    What is not deleted stays in the plan as what it is. Raises UsageError for the key the workbench runs on.
    """
    named = _present(situation, scope.unreplaced, situation.inventory.keys, "key")
    if situation.own_key_id in named:
        raise UsageError(
            f"The workbench itself runs on {key_tail(situation.own_key_id)}.",
            "Deleted without a replacement, nothing further could be cut.",
            "Leave it out of --without-replacement: it is replaced first, and ended in the same run.",
        )
    made = [key for key in named if situation.minted_here(key)]
    left_out += [f"{key_tail(key)}: made by this incident, not deleted without a replacement" for key in made]
    return [key for key in named if key not in made]


def _purges(situation: Situation, names: Collection[str]) -> list[Plan]:
    """Return the plans that purge queues: once more only where somebody filled one since this incident purged it."""
    left = set(queues_left(situation))
    filled = [name for name in names if name in left]
    parts = ((filled, True), ([name for name in names if name not in filled], False))
    return [brakes.plan_purge(situation, part, again=again) for part, again in parts if part]


def unread_yet(situation: Situation) -> list[str]:
    """Return the parts of the account that a plan about all rests on and that were not read yet, in words."""
    return [words for name, words in _ALL.items() if name not in situation.inventory.read_at]


def _refused(situation: Situation) -> list[str]:
    """Return the parts that could not be read, in words, each once."""
    parts = [coverage.part(gap) for gap in coverage.cut_by(situation.inventory)]
    return [_ALL.get(name, name) for name in dict.fromkeys(parts)]


def _back_first(plan_: Plan, situation: Situation) -> Plan:
    """Put what somebody came back through before everything else: it is used now."""
    rang = {alarm.target for alarm in open_alarms(situation)}
    if not any(effect.target in rang for effect in plan_):
        return plan_
    effects = [replace(e, rank=e.rank + RANK_BACK) if e.target in rang else e for e in plan_]
    ordered = sorted(effects, key=lambda effect: effect.target not in rang)
    return replace(plan_, effects=tuple(ordered))


def why_nothing_to_cut(situation: Situation) -> str:
    """Return why nothing can be cut now, ``""`` when something can; it looks no further than the first that can."""
    way, settled = Ways(situation, PROPOSED_WAYS), _settled(situation)
    ending = _kept_in(situation, EVERYTHING)
    finishing: list[Plan] = []
    if ending:
        finishing = _unless_empty(lambda: handover.plan_finish(situation, ending, adopted_only=True))
    try:
        found = chain(
            keys.replacements(situation, (), way, EVERYTHING.grants, []),
            logins.resets(situation, (), way, []),
            *finishing,
        )
        return "" if any(e.id not in settled for e in found) else NOTHING_LEFT
    except UsageError as error:
        return error.what


def _keys(situation: Situation, scope: Scope, marked: Collection[str]) -> Plan:
    return keys.plan_replace(
        situation, marked, replace_first=scope.replace_first, ways=scope.ways, grants=scope.grants
    )


def _logins(situation: Situation, scope: Scope, marked: Collection[str]) -> Plan:
    return logins.plan_reset(situation, marked, replace_first=scope.replace_first, ways=scope.ways)


def _kept_in(situation: Situation, scope: Scope) -> list[str]:
    """Return the kept credentials that the scope covers."""
    if not scope.narrowed:
        return [item.target for item in kept(situation)]
    domain = {login: item.domain for login, item in situation.inventory.logins.items()}
    named = {*scope.keys, *scope.logins}
    return [
        item.target
        for item in kept(situation)
        if item.target in named or domain.get(item.target) in scope.domains
    ]


def _unless_empty(build: Callable[[], Plan]) -> list[Plan]:
    try:
        return [build()]
    except NothingToDo as nothing:
        # The builders refuse an empty plan in words; inside the whole, only what they left out matters.
        return [Plan("", left_out=nothing.left_out)] if nothing.left_out else []


def _present(situation: Situation, names: Collection[str], held: Collection[str], what: str) -> list[str]:
    """Return the names that are in the account; raises UsageError for one that never was.

    What this incident itself has ended is no mistake: the same command must work a second time.
    """
    ended = {r.effect.target for r in situation.state.effects.values()}
    for name in names:
        if name not in held and name not in ended:
            raise UsageError(
                f"There is no {what} {visible(name, 120)} in the account.",
                "The plan would do less than you asked for.",
                "Check the name; `workbench status` lists what there is.",
            )
    return [name for name in names if name in held]


def _covers(scope: Scope, item: LoginItem) -> bool:
    """Return whether a login is in the scope: named, on a named domain, or where nothing was named."""
    return not scope.narrowed or item.login in scope.logins or item.domain in scope.domains


def _check_grants(situation: Situation, grants: Grants) -> None:
    """Raise UsageError where rights were given to a key, or for a domain, that is not in the account.

    And where the workbench's own key would come back with a role that cannot end the others.
    """
    if isinstance(grants, str):
        return
    _present(situation, grants, situation.inventory.keys, "key")
    own = situation.inventory.keys.get(situation.own_key_id)
    given = grants.get(own.id) if own is not None else None
    if own is not None and given is not None and (given.domains or given.role not in ("admin", own.key.role)):
        raise UsageError(
            f"The workbench itself runs on {key_tail(own.id)}: its replacement cannot have the role {given.role}.",
            "With it nothing further could be cut, and the workbench would have shut itself out.",
            f"Give it admin (--grant {own.id}=admin), or leave it out: it gets the role it has.",
        )
    for grant in grants.values():
        _present(situation, grant.domains, situation.inventory.domains, "domain")


def _left_out(situation: Situation, scope: Scope) -> list[str]:
    lines = []
    if scope.keys and len(scope.keys) < len(situation.inventory.keys):
        lines.append(
            f"{plural(len(situation.inventory.keys) - len(scope.keys), 'API key')} outside the given scope"
        )
    covered = sum(_covers(scope, item) for item in situation.inventory.logins.values())
    if (scope.logins or scope.domains) and covered < len(situation.inventory.logins):
        lines.append(
            f"{plural(len(situation.inventory.logins) - covered, 'SMTP login')} outside the given scope"
        )
    return lines


def _without_keys(plan_: Plan, gone: Collection[str]) -> Plan:
    """Leave out what would be done to keys that are deleted without a replacement instead."""
    tails = [key_tail(key) for key in gone]
    kept = plan_.only(effect.id for effect in plan_ if effect.target not in gone)
    lines = tuple(
        line for line in kept.left_out if not (keys.NOT_CUT in line and any(t in line for t in tails))
    )
    return replace(kept, left_out=lines)


def not_cut(plan_: Plan) -> list[str]:
    """Return the lines of a plan about what its scope asked for and it leaves alive: the cut is not done."""
    return [line for line in plan_.left_out if keys.NOT_CUT in line]


def _without_resets(plan_: Plan, logins_: set[str]) -> Plan:
    """A login that is deleted needs no new password first."""
    keep = [e.id for e in plan_ if not (e.kind.value == "smtp.reset" and e.target in logins_)]
    return plan_.only(keep)


def _without_settled(plan_: Plan, situation: Situation) -> Plan:
    """Leave out what this incident has verified: a second run plans nothing new (design, contracts).

    What was skipped is planned again: it waited for something that failed, and is still to be done.
    """
    settled = _settled(situation)
    return plan_.only(e.id for e in plan_ if e.id not in settled)


def _settled(situation: Situation) -> set[str]:
    return {i for i, r in situation.state.effects.items() if r.state is EffectState.VERIFIED}
