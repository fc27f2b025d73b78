"""Deleting what is yours by all signs: nothing calls it a stranger's, so its name must be typed first. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection

from workbench.core.errors import UsageError
from workbench.core.redact import key_tail, visible
from workbench.domain.detection import suspicion
from workbench.domain.detection.findings import findings
from workbench.domain.model.situation import INTRUDER, Situation

DELETES = frozenset({"keys.delete", "logins.delete"})


class NameNeededError(UsageError):
    """A deletion of something that no sign calls a stranger's, without its name typed."""


def why_theirs(situation: Situation, kind: str, item: str) -> str:
    """Return what calls a thing a stranger's: its signs, else somebody's judgement, else that it was chosen."""
    return all_theirs(situation, kind)(item)


def all_theirs(situation: Situation, kind: str) -> Callable[[str], str]:
    """Return what answers ``why_theirs`` for any thing of a kind: a plan asks it of each, and judges them all once."""
    found: dict[str, tuple[str, ...]] = {}
    for one in findings(situation):
        if one.kind == kind:
            found.setdefault(one.id, tuple(one.why))

    def why(item: str) -> str:
        if signs := found.get(item):
            return "; ".join(visible(line, 160) for line in signs[:3])
        judged = situation.state.decisions.get(f"{kind}:{item}")
        if judged is not None and judged.decision == INTRUDER:
            return f"judged the intruder's by {visible(judged.who, 60)}"
        return "chosen by hand: no sign calls it a stranger's"

    return why


def without_sign(situation: Situation, action_id: str, marked: Collection[str]) -> dict[str, str]:
    """Return the marked things that no sign calls a stranger's, by id, each with the name that must be typed.

    A sign is whatever the judgement of its kind found, somebody's decision, or an alarm that rang for it.
    """
    inventory = situation.inventory
    rang = {alarm.target for alarm in situation.state.alarms.values()}
    found: dict[str, str] = {}
    for one in marked:
        if one in rang:
            continue
        if action_id == "keys.delete" and (key := inventory.keys.get(one)) is not None:
            if not situation.of_key(key).score and one != situation.own_key_id:
                found[one] = (key.key.description or "").strip() or one
        elif action_id == "logins.delete":
            login = inventory.logins.get(one)
            if login is not None and not situation.of_login(login).score and not login.is_postmaster:
                found[one] = login.login
    return found


def check_typed(situation: Situation, action_id: str, marked: Collection[str], typed: str) -> None:
    """Raise NameNeededError where something that is yours by all signs would go without its name typed."""
    named = without_sign(situation, action_id, marked)
    if not named or (len(named) == 1 and typed == next(iter(named.values()))):
        return
    shown = ", ".join(f"{visible(name, 60)} {key_tail(one)}" for one, name in list(named.items())[:3])
    raise NameNeededError(
        f"Yours by all signs: {shown}.",
        "No sign calls it a stranger's; deleted without a replacement, whatever uses it stops for good.",
        "Delete such things one at a time, each by its typed name; or replace it instead.",
    )


def domain_wants_name(situation: Situation, name: str) -> bool:
    """Return whether a domain is deleted only with its full name typed.

    It is not where two agree: a sign that the account shows (its date, or an alarm that rang for it), and a person who
    judged it the intruder's. Either alone may be a mistake, and a deleted domain does not come back.
    """
    item = situation.inventory.domains.get(name)
    if item is None:
        return True
    decision = situation.state.decisions.get(f"domain:{name}")
    rang = any(alarm.target == name for alarm in situation.state.alarms.values())
    sign = rang or bool(suspicion.of_domain(item, situation.background).score)
    return not (sign and decision is not None and decision.decision == INTRUDER)
