"""Which alarms still ask for something, and what each asks for. Pure.

An alarm is over when somebody explained it, when an effect took care of its thing since, or when the thing is
proven absent: what is not there any more can neither be judged nor removed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from workbench.core.clock import as_moment, iso
from workbench.domain.detection import user_changes
from workbench.domain.detection.changes import REMEDIES, SLICES
from workbench.domain.model.effect_params import KeyCreateParams
from workbench.domain.model.plan import Effect, EffectKind, EffectState
from workbench.domain.model.situation import INTRUDER, Situation
from workbench.domain.model.state import Alarm, EffectRecord
from workbench.domain.runbook.coverage import unread
from workbench.domain.runbook.handover import kept
from workbench.domain.settings_audit.recorded import SweepRead
from workbench.domain.settings_audit.results import REMOVED, open_items

# What takes care of the thing that an alarm is about.
_ENDS = (
    EffectKind.KEY_DELETE,
    EffectKind.LOGIN_RESET,
    EffectKind.LOGIN_DELETE,
    EffectKind.SUBACCOUNT_DISABLE,
    EffectKind.DOMAIN_DELETE,
    EffectKind.DOMAIN_UPDATE,
    EffectKind.ROUTE_DELETE,
    EffectKind.ACCOUNT_WEBHOOK_DELETE,
    EffectKind.ALLOWLIST_REMOVE,
    EffectKind.ALLOWLIST_ADD,
    EffectKind.LIMIT_SET,
)
# Remedies that only take things away: those of several alarms go into one plan.
TAKES_AWAY = frozenset({"keys.delete", "logins.delete", "leftovers.remove"})
_DELETES = (EffectKind.KEY_DELETE, EffectKind.LOGIN_DELETE)
_REACHED = (EffectState.DONE, EffectState.VERIFIED)
# That the thing is absent is the news itself, or says nothing about who sends.
GONE = "gone:"
_KEY_GONE = f"{GONE}keys:"
_ABSENT_BY_NATURE = (GONE, "sends:", "reproof:")
# How the findings about one thing are named, by the alarm's kind.
_SINGULAR = {
    "keys": "key",
    "logins": "login",
    "users": "user",
    "domains": "domain",
    "subaccounts": "subaccount",
}
# A replacement that sends from where nobody sent before, and no more than usual goes out: a person knows whose it is.
MINTED_SENDS = (
    "made by this incident: yours where its program moved to these addresses (y); else judge it the intruder's (d), "
    "and it is replaced once more"
)


def open_alarms(situation: Situation) -> list[Alarm]:
    """Return the alarms that nobody explained and nothing took care of, the newest first."""
    if not situation.state.alarms:
        return []
    cared = _cared_for(situation)
    waiting = [
        alarm
        for alarm in situation.state.alarms.values()
        if not _over(situation, alarm, cared) and not _judged(situation, alarm)
    ]
    return sorted(waiting, key=lambda alarm: alarm.at, reverse=True)


def leaked_again(situation: Situation) -> frozenset[str]:
    """Return the keys (ids) and logins of this incident's making that are in other hands by now.

    That they send from addresses not seen before may be their program's move to another host: it takes far more mail
    than usual since the cut, or a person who judged the alarm. Computed once for each situation.
    """
    if situation.in_other_hands is None:
        state, inventory = situation.state, situation.inventory
        loud = excess_since_cut(situation) > 0
        rang = {
            alarm.target
            for alarm in open_alarms(situation)
            if alarm.id.startswith("sends:") and (loud or _is_judged(situation, alarm, (INTRUDER,)))
        }
        keys = {key for key in rang if key in inventory.keys and situation.minted_here(key)}
        logins = {login for login in rang if login in inventory.logins and login in state.passwords}
        situation.in_other_hands = frozenset(keys | logins)
    return situation.in_other_hands


def excess_since_cut(situation: Situation) -> float:
    """Return how many messages an hour above the usual go out in hours that began after the cut; 0.0 where none do."""
    volume, since = situation.volume, as_moment(situation.state.access_cut_at)
    if volume is None or since is None or volume.measured_from is None or volume.measured_from < since:
        return 0.0
    return max(volume.excess_now, 0.0)


def vanished(situation: Situation) -> frozenset[str]:
    """Return the keys of this incident's making that somebody else deleted, by the open alarms that tell of it."""
    gone = [alarm for alarm in open_alarms(situation) if alarm.id.startswith(_KEY_GONE)]
    return frozenset(alarm.target for alarm in gone)


def over(situation: Situation) -> set[str]:
    """Return the ids of the alarms whose thing is taken care of or gone, whatever was judged of them."""
    cared = _cared_for(situation)
    return {alarm.id for alarm in situation.state.alarms.values() if _over(situation, alarm, cared)}


def _cared_for(situation: Situation) -> dict[str, str]:
    """Return when an effect of this incident last took care of a thing, by the thing's id.

    A key or login that was deleted and is proven absent once more is taken care of until then.
    """
    ended: dict[str, str] = {}
    for record in situation.state.of_kind(*_ENDS):
        if record.state in _REACHED:
            target = _about(record)
            proven = record.proven_at if record.effect.kind in _DELETES else ""
            ended[target] = max(ended.get(target, ""), record.done_at, proven)
    return ended


def _about(record: EffectRecord) -> str:
    """Return the thing that a change is about, as an alarm names it: a limit is a place's."""
    effect = record.effect
    return str(effect.place) if effect.kind is EffectKind.LIMIT_SET else effect.target


def _over(situation: Situation, alarm: Alarm, cared: dict[str, str]) -> bool:
    return (
        alarm.seen
        or cared.get(alarm.target, "") >= alarm.at
        or _vanished(situation, alarm)
        or _made_anew(situation, alarm)
    )


def _made_anew(situation: Situation, alarm: Alarm) -> bool:
    """Return whether a key that somebody deleted was made once more since."""
    return any(r.state in _REACHED and r.done_at >= alarm.at for r in _mints_of(situation, alarm))


def _mints_of(situation: Situation, alarm: Alarm) -> list[EffectRecord]:
    """Return the mints of the key that an alarm says somebody deleted, the lost one among them; else none."""
    if not alarm.id.startswith(_KEY_GONE):
        return []
    mints = situation.state.of_kind(EffectKind.KEY_CREATE)
    lost = next((r.effect for r in mints if r.result.key_id == alarm.target), None)
    return [r for r in mints if lost is not None and _for_the_same(r.effect, lost)]


def _for_the_same(one: Effect, other: Effect) -> bool:
    """Return whether two mints replace the same key for the same domain."""
    domains = {effect.given(KeyCreateParams).domain_name for effect in (one, other)}
    return one.target == other.target and len(domains) == 1


def finding_key(alarm: Alarm, known: frozenset[str] | set[str]) -> str:
    """Return the finding under which an alarm is judged: the thing's own where it has one."""
    own = f"{_SINGULAR.get(alarm.kind, alarm.kind)}:{alarm.target}"
    return own if own in known else f"alarm:{alarm.id}"


def _made_here(situation: Situation, alarm: Alarm) -> bool:
    """Return whether an alarm is about a key of this incident's making, or a proven password of it that is used."""
    if alarm.target in situation.inventory.keys:
        return situation.minted_here(alarm.target)
    password = situation.state.passwords.get(alarm.target) if alarm.id.startswith("sends:") else None
    there = alarm.target in situation.inventory.logins
    return there and password is not None and password.state is EffectState.VERIFIED


def remedy(situation: Situation, alarm: Alarm) -> str:
    """Return the catalogue's action that takes care of an alarm, ``""`` where only a person can.

    That is so too where it was tried, and the same would come of it once more.
    """
    return "" if _in_vain(situation, alarm) else _remedy(situation, alarm)


def by_hand(situation: Situation, alarm: Alarm) -> str:
    """Return what a person does about an alarm that no action takes care of, in words."""
    if _made_here(situation, alarm):
        return MINTED_SENDS
    return "find out by hand who did it"


def _in_vain(situation: Situation, alarm: Alarm) -> bool:
    """Return whether what takes care of the thing failed for good as often as it is tried, and did since it rang."""
    tried = [r for r in situation.state.of_kind(*_ENDS) if _about(r) == alarm.target]
    tried += _mints_of(situation, alarm)
    return any(r.given_up and r.failed_at >= alarm.at for r in tried)


def _remedy(situation: Situation, alarm: Alarm) -> str:
    inventory, target = situation.inventory, alarm.target
    sends = alarm.id.startswith("sends:") or alarm.kind == "proof"
    if sends and any(item.target == target and item.proven for item in kept(situation)):
        # Its replacement stands: what is kept for its hand-over sends abuse now, and is ended at once.
        return "handover.finish"
    if _made_here(situation, alarm):
        # Production's own: never deleted alone, and replaced once more where somebody else has it for sure. Its program
        # may have moved: it would be handed the next one too, and ring the same alarm.
        again = "keys.replace" if target in inventory.keys else "logins.reset"
        return again if target in leaked_again(situation) else ""
    if target in inventory.keys:
        # What came after the baseline gets no replacement: that would be a new key for whoever made it.
        of_before = situation.state.baseline.had_key(target)
        return (
            "keys.replace"
            if sends and of_before and not _deleted_before(situation, target)
            else "keys.delete"
        )
    if (login := inventory.logins.get(target)) is not None:
        return "logins.reset" if sends or login.is_postmaster else "logins.delete"
    if alarm.id.startswith("sends:"):
        # What is not in the account any more and seems to send on: whether what we ended is dead is asked once more.
        ended = [r for r in situation.state.of_kind(*_DELETES) if r.effect.target == target]
        return "contain.prove" if any(r.tried_at < alarm.at for r in ended) else ""
    if any(not record.effect.params.own for record in _mints_of(situation, alarm)):
        # What used it has neither the old one nor this one: it is made once more, with whatever else is left.
        return "contain.all"
    if alarm.id.startswith(GONE) or alarm.kind in ("keys", "logins"):
        return ""
    if alarm.kind == "allowlist" and "allowlist" not in inventory.read_at:
        return ""  # No list that cannot be read is changed.
    wanted = REMEDIES.get(alarm.kind, "")
    return "" if wanted == "leftovers.remove" and _swept_in_vain(situation, alarm) else wanted


def _swept_in_vain(situation: Situation, alarm: Alarm) -> bool:
    """Return whether the settings were read since an alarm rang, and nothing in them asks for the removal of its thing.

    A route that somebody edited, and that looks like any other: whose it is now is for a person to say.
    """
    swept = situation.state.fact(SweepRead)
    if swept is None or swept.row is None or swept.row < alarm.row:
        return False
    return all(item.id != alarm.target or decision == REMOVED for item, decision in open_items(situation))


def _deleted_before(situation: Situation, key_id: str) -> bool:
    return any(r.effect.target == key_id for r in situation.state.of_kind(EffectKind.KEY_DELETE))


def _judged(situation: Situation, alarm: Alarm) -> bool:
    """Return whether somebody explained it; what was judged the intruder's stays until it is taken care of."""
    settled = ("ours", "removed") if REMEDIES.get(alarm.kind) else ("ours", "removed", "intruder")
    return _is_judged(situation, alarm, settled)


def _is_judged(situation: Situation, alarm: Alarm, as_: Collection[str]) -> bool:
    return any(
        (found := situation.state.decisions.get(key)) is not None and found.decision in as_
        for key in names_of(alarm)
    )


def names_of(alarm: Alarm) -> Iterator[str]:
    """Yield the findings under which somebody may have judged an alarm: its own, and its thing's."""
    yield f"alarm:{alarm.id}"
    yield f"{_SINGULAR.get(alarm.kind, alarm.kind)}:{alarm.target}"


def _vanished(situation: Situation, alarm: Alarm) -> bool:
    """Return whether what the alarm told of is so no more: it is not in the account, by a later reading without gaps.

    That is how a user who was deleted in the control panel ends, and a route that was edited and then removed. A
    subaccount stays in the list when it is closed; what a user may do, or their address, may be as it was again.
    """
    if alarm.id.startswith(GONE) and alarm.kind in SLICES:
        # That it is gone was the news: it is over when the thing is there again.
        return alarm.target in getattr(situation.inventory, alarm.kind)
    if alarm.id.startswith(_ABSENT_BY_NATURE) or alarm.kind not in SLICES:
        return False
    inventory = situation.inventory
    read_at = inventory.read_at.get(alarm.kind)
    if read_at is None or iso(read_at) < alarm.at or unread(inventory, (alarm.kind,)):
        return False
    if alarm.kind == "subaccounts" and alarm.target in inventory.subaccounts:
        return inventory.subaccounts[alarm.target].status not in (None, "open")
    if alarm.kind == "users" and alarm.target in inventory.users:
        return user_changes.as_before(inventory, situation.state, alarm.id, alarm.target)
    return alarm.target not in getattr(inventory, alarm.kind)
