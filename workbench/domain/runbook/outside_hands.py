"""Through which ways somebody else could administer the account, and until when: noted at each reading. Pure."""

from __future__ import annotations

from workbench.core.clock import iso
from workbench.domain.model.effect_params import KeyDeleteParams
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.situation import Situation
from workbench.domain.runbook.containment import key_is_left
from workbench.domain.runbook.old_and_new import still_answers
from workbench.domain.runbook.proof_age import LESSER
from workbench.domain.runbook.recorded import OutsideHands
from workbench.domain.runbook.ways_open import ways

_KEYS = ("key", "kept")


def news(situation: Situation) -> OutsideHands | None:
    """Return what is to be noted now, None where the last note still holds or nothing was cut yet.

    A way that a reading shows no more was open until that reading, unless a delete of our own says when it ended.
    """
    state = situation.state
    if not state.first_cut_at:
        return None
    known = state.known(OutsideHands)
    now_open = {way.target for way in ways(situation) if way.administers and way.kind not in _KEYS}
    now_open |= {
        item.id
        for item in situation.inventory.keys.values()
        if item.key.role not in LESSER and key_is_left(situation, item)
    }
    # One that was deleted and answers all the same is in no list; noted apart, for its delete is not its end.
    now_open |= {
        f"alive:{record.effect.target}"
        for record in state.of_kind(EffectKind.KEY_DELETE)
        if still_answers(record) and record.effect.given(KeyDeleteParams).role not in LESSER
    }
    if now_open == set(known.open):
        return None
    ended_by_us = {
        record.effect.target
        for record in state.of_kind(EffectKind.KEY_DELETE)
        if record.state in (EffectState.DONE, EffectState.VERIFIED)
    }
    vanished = set(known.open) - now_open - ended_by_us
    until = max(known.until, iso(situation.now)) if vanished else known.until
    return OutsideHands(open=tuple(sorted(now_open)), until=until)
