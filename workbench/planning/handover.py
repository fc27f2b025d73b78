"""End the credentials that were replaced first: delete the old key, reset (or delete) the old login."""

from __future__ import annotations

from collections.abc import Collection

from workbench.core.redact import key_tail, visible
from workbench.domain.detection.alarms import GONE, open_alarms
from workbench.domain.model.plan import Effect, Plan
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.handover import Kept, kept
from workbench.planning import keys, logins
from workbench.planning.ranking import NothingToDo


def plan_finish(
    situation: Situation,
    marked: Collection[str] = (),
    *,
    adopted_only: bool = False,
    remove: bool = False,
) -> Plan:
    """Return the plan that ends the marked kept credentials, or all of them.

    One whose replacement is not proven, or was deleted by somebody since, stays: ending it would leave nothing that
    works. ``adopted_only`` leaves those whose replacement was not seen in use; ``remove`` deletes old logins instead
    of resetting them. Raises UsageError when nothing can be ended.
    """
    wanted = frozenset(marked)
    waiting = [item for item in kept(situation) if not wanted or item.target in wanted]
    rang = open_alarms(situation)
    gone = {alarm.target for alarm in rang if alarm.id.startswith(GONE)}
    # What somebody else uses is ended whatever becomes of its hand-over.
    used = {alarm.target for alarm in rang}
    effects: list[Effect] = []
    left_out: list[str] = []
    idle = 0
    for item in waiting:
        name = key_tail(item.target) if item.is_key else visible(item.target, 80)
        if not item.proven:
            left_out.append(f"{name}: its replacement is not proven yet, it stays")
        elif (item.is_key or remove) and item.target not in used and gone & set(_names(item)):
            # A login is given a new password, which is in the vault: that much is left of it.
            left_out.append(
                f"{name}: somebody deleted its replacement; it stays until another one is made (C)"
            )
        elif adopted_only and not item.adopted:
            left_out.append(f"{name}: kept, {item.why}")
        elif (effect := _ending(situation, item, remove=remove)) is not None:
            effects.append(effect)
            idle += not item.adopted
    if not effects:
        raise NothingToDo(
            "No kept credential can be ended now.",
            " ".join(left_out) or "Nothing that was replaced first is waiting.",
            "Hand the replacements over first (secrets, step 10), or go on with the next step.",
            left_out=left_out,
        )
    notes = []
    if idle:
        were = "was" if idle == 1 else "were"
        notes.append(
            f"{idle} of these replacements {were} not seen in use: programs that still use the old one stop sending."
        )
    return Plan("End what was kept for the hand-over", tuple(effects), tuple(left_out), tuple(notes))


def _names(item: Kept) -> list[str]:
    """Return what replaces a kept credential as the account calls it."""
    return [name.partition(":")[2] for name in item.replacements]


def _ending(situation: Situation, item: Kept, *, remove: bool) -> Effect | None:
    if item.is_key:
        key = situation.inventory.keys.get(item.target)
        return keys.deletion(situation, key, why=item.why) if key is not None else None
    login = situation.inventory.logins.get(item.target)
    if login is None:
        return None
    if remove and not login.is_postmaster:
        return logins.removal(situation, login, why=item.why)
    return logins.reset(situation, login, why=item.why)
