"""What this incident made and somebody else uses already: the old secret's leak was still open. Pure."""

from __future__ import annotations

from workbench.domain.detection.alarms import open_alarms
from workbench.domain.model.situation import Situation


def leaked_again(situation: Situation) -> frozenset[str]:
    """Return the keys (ids) and logins of this incident's making that an open alarm sees in other hands.

    Computed once for each situation: every key and login is held against it.
    """
    if situation.in_other_hands is None:
        state, inventory = situation.state, situation.inventory
        rang = {alarm.target for alarm in open_alarms(situation) if alarm.id.startswith("sends:")}
        keys = {key for key in rang if key in inventory.keys and situation.minted_here(key)}
        logins = {login for login in rang if login in inventory.logins and login in state.passwords}
        situation.in_other_hands = frozenset(keys | logins)
    return situation.in_other_hands
