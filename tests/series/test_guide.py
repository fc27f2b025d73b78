"""Whoever only follows the guide gets to the end, or to a screen that says whom it waits for and until when.

Every scenario, pauses from nothing to two hours at any step, comebacks, runs stopped half-way, items left out of plans,
people who never do their part, and strangers who come back through a way that nobody knew of. A press that changes
nothing, and a play that goes round in circles, fail with their story. ``make guide`` plays fifty seeds of each; the
slice here is a few of them.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import process_time

import pytest

from tests.support.breaking import quiet
from tests.support.guided import Manner, player
from workbench.domain.runbook.guide import GuideKind

SCENARIOS = (
    *("stolen-env", "stolen-key", "stolen-login", "panel-session", "subaccount"),
    *("slow-abuse", "site-abuse", "lockout", "agency"),
)
MANNERS = (
    Manner(),
    Manner(pauses=(0.0, 60.0, 600.0, 7200.0)),
    Manner(pauses=(0.0, 180.0), leave_out=0.3),
    Manner(pauses=(0.0, 20.0), halve=0.4),
    Manner(pauses=(0.0, 180.0, 1800.0), others=False),
    Manner(pauses=(0.0, 20.0, 180.0), not_yet=1.0),
    Manner(pauses=(0.0, 60.0, 1800.0), returns=0.15),
    Manner(pauses=(0.0, 20.0, 180.0), faults=0.04),
)
# ``50`` plays seeds 1 to 50 of each scenario, ``11-15`` only those: a whole run is many slices of it.
_FIRST, _, _LAST = os.environ.get("WORKBENCH_GUIDE_SEEDS", "0").rpartition("-")
SEEDS = range(int(_FIRST or 1), int(_LAST) + 1)
# One of every manner, each of another scenario; those that once stood still among them.
SLICE = [
    ("stolen-env", 1, 1),
    ("slow-abuse", 2, 3),
    ("lockout", 3, 0),
    ("site-abuse", 4, 4),
    ("panel-session", 5, 2),
    ("stolen-key", 6, 5),
    ("stolen-login", 7, 6),
    ("agency", 6, 7),
]
PLAYS = [(name, seed, seed % len(MANNERS)) for seed in SEEDS for name in SCENARIOS] or SLICE


@pytest.mark.parametrize(("scenario", "seed", "manner"), PLAYS)
async def test_following_the_guide_reaches_the_end_or_says_whom_it_waits_for(
    tmp_path: Path, scenario: str, seed: int, manner: int
) -> None:
    quiet()
    began = process_time()
    async with player(tmp_path, scenario, seed, MANNERS[manner]) as person:
        lead = await person.play()
        # The figures of ``make guide``: one line a play, read with -s.
        came = f", {person.returned} comebacks" if person.returned else ""
        cost = f"{process_time() - began:.1f} s"
        print(
            f"{scenario} {seed} {manner}: {lead.kind.value}, {person.presses} presses, {person.confirmations} plans"
            f"{came}, {cost} of processor time"
        )
        if lead.kind is GuideKind.END:
            return
        if person.unsent(person.seen()):
            # Enter alone says of nothing that it was sent: that is what is left, and everything else is done.
            assert MANNERS[manner].not_yet
            return
        assert lead.waits, person.tale("it waits, and does not say for whom")
        assert all("waits for " in one or "is blocked: " in one or "way in" in one for one in lead.waits), (
            lead.waits
        )
        # In the drill the others' parts are played: nobody is left to wait for but what no play can mend.
        assert not MANNERS[manner].others or any("blocked" in one for one in lead.waits), person.tale(
            f"it waits: {lead.waits}"
        )
