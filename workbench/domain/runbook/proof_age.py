"""What a password's proof is worth: one made while somebody else could still set passwords says nothing of now. Pure.

Whoever administers the account can give any SMTP login a password of their own, and no list shows it: a login's entry
has no date of its last change (vendor-facts B1). So a new password counts as ours only where it was proven after the
last such way was shut; until then it is to be proven again. Keys need no such care: nobody can choose a key's secret.
"""

from __future__ import annotations

from workbench.domain.model.effect_params import KeyDeleteParams
from workbench.domain.model.plan import EffectKind, EffectState
from workbench.domain.model.state import EffectRecord, State
from workbench.domain.runbook.recorded import OutsideHands

_REACHED = (EffectState.DONE, EffectState.VERIFIED)
# Roles whose keys cannot set a password (vendor-facts A2); a role that is not known may.
LESSER = frozenset({"developer", "basic", "analyst", "support", "sending"})


def shut_row(state: State) -> int:
    """Return the row of the last end of a way through which somebody else could set passwords; 0 where none is known.

    Rows and not moments: a cut is over within a second or two, and a host's clock may be set right in the middle.
    """
    calm = {
        record.effect.params.replaces
        for record in state.of_kind(EffectKind.KEY_CREATE)
        if record.effect.params.harden
    }
    ended = [
        record.done_row
        for record in state.of_kind(EffectKind.KEY_DELETE)
        if record.state in _REACHED
        and record.effect.target not in calm
        and record.effect.given(KeyDeleteParams).role not in LESSER
    ]
    return max([*ended, state.hands_ended_row])


def overtaken(state: State) -> dict[str, EffectRecord]:
    """Return the proven passwords, by login, whose proof is older than the end of the last such way.

    Empty while a way is known to be open: whatever is proven then, nobody need believe.
    """
    shut = shut_row(state)
    if not shut or state.known(OutsideHands).open:
        return {}
    return {
        login: record
        for login, record in state.passwords.items()
        if record.state is EffectState.VERIFIED and record.proven_row < shut
    }


def due(state: State) -> list[EffectRecord]:
    """Return the overtaken that nobody looked at again since: what was, and could not be told, waits for a host."""
    shut = shut_row(state)
    return [record for record in overtaken(state).values() if record.tried_row < shut]
