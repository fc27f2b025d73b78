"""Where an interrupted incident stands, from the journal alone: what is under way, unproven, not begun. Pure."""

from __future__ import annotations

from workbench.domain.model.plan import EffectState
from workbench.domain.model.state import State


def interrupted(state: State) -> str:
    """Return where the changes confirmed earlier stand, in one sentence; empty where nothing is left of them."""
    left = state.unfinished
    if not left:
        return ""
    asked = sum(record.open for record in left)
    unproven = sum(record.state is EffectState.DONE and not record.open for record in left)
    waiting = len(left) - asked - unproven
    parts = (
        (asked, "begun, outcome not known (the account is asked first)"),
        (unproven, "done and not proven"),
        (waiting, "not begun"),
    )
    shown = ", ".join(f"{number} {words}" for number, words in parts if number)
    over = sum(record.state is EffectState.VERIFIED for record in state.effects.values())
    return f"An earlier run was interrupted: {over} change(s) proven, {shown}."
