"""Which alarms still ask for something, and what each asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.domain.detection.changes import REMEDIES, SLICES
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.model.state import Alarm

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
_REACHED = (EffectState.DONE, EffectState.VERIFIED)
# How the findings about one thing are named, by the alarm's kind.
_SINGULAR = {
    "keys": "key",
    "logins": "login",
    "users": "user",
    "domains": "domain",
    "subaccounts": "subaccount",
}


def open_alarms(situation: Situation) -> list[Alarm]:
    """Return the alarms that nobody explained and nothing took care of, the newest first."""
    state = situation.state
    if not state.alarms:
        return []
    ended: dict[str, str] = {}
    for record in state.of_kind(*_ENDS):
        if record.state in _REACHED:
            target = record.effect.target
            ended[target] = max(ended.get(target, ""), record.done_at)
    waiting = [
        alarm
        for alarm in state.alarms.values()
        if not alarm.seen
        and ended.get(alarm.target, "") < alarm.at
        and not _judged(situation, alarm)
        and not _vanished(situation, alarm)
    ]
    return sorted(waiting, key=lambda alarm: alarm.at, reverse=True)


def finding_key(alarm: Alarm, known: frozenset[str] | set[str]) -> str:
    """Return the finding under which an alarm is judged: the thing's own where it has one."""
    own = f"{_SINGULAR.get(alarm.kind, alarm.kind)}:{alarm.target}"
    return own if own in known else f"alarm:{alarm.id}"


def remedy(situation: Situation, alarm: Alarm) -> str:
    """Return the catalogue's action that takes care of an alarm, ``""`` where only a person can."""
    inventory, target = situation.inventory, alarm.target
    sends = alarm.id.startswith("sends:") or alarm.kind == "proof"
    if target in inventory.keys:
        # What came after the baseline gets no replacement: that would be a new key for whoever made it.
        of_before = target in situation.state.baseline.get("keys", (target,))
        return (
            "keys.replace"
            if sends and of_before and not _deleted_before(situation, target)
            else "keys.delete"
        )
    if (login := inventory.logins.get(target)) is not None:
        return "logins.reset" if sends or login.is_postmaster else "logins.delete"
    if alarm.id.startswith("gone:") or alarm.kind in ("keys", "logins"):
        return ""
    return REMEDIES.get(alarm.kind, "")


def _deleted_before(situation: Situation, key_id: str) -> bool:
    return any(r.effect.target == key_id for r in situation.state.of_kind(EffectKind.KEY_DELETE))


def _judged(situation: Situation, alarm: Alarm) -> bool:
    """Return whether somebody explained it; what was judged the intruder's stays until it is taken care of."""
    settled = ("ours", "removed") if REMEDIES.get(alarm.kind) else ("ours", "removed", "intruder")
    return any(
        (found := situation.state.decisions.get(key)) is not None and found.decision in settled
        for key in _keys(alarm)
    )


def _keys(alarm: Alarm) -> Iterator[str]:
    yield f"alarm:{alarm.id}"
    yield f"{_SINGULAR.get(alarm.kind, alarm.kind)}:{alarm.target}"


def _vanished(situation: Situation, alarm: Alarm) -> bool:
    """Return whether what had appeared is gone again, as a user who was deleted in the control panel is."""
    appeared = alarm.id == f"{alarm.kind}:{alarm.target}" or alarm.id.startswith("back:")
    inventory = situation.inventory
    if not appeared or alarm.kind not in SLICES or alarm.kind not in inventory.read_at:
        return False
    return alarm.target not in getattr(inventory, alarm.kind)
