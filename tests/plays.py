"""The drill's plays: each scenario by what the screen says, on the real app over real sockets; one row of a table each.

``python -m tests.plays [SCENARIO …] [--size 80x24] [--pauses 0,20,180] [--small]``. Between two presses the
drill's clock is moved by one of ``--pauses`` seconds: a real wait shows nothing that a moved clock does not. Keys and
characters are exact; seconds are those of this machine, *drill* is what passed on the drill's clock.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

from tests.support.breaking import quiet
from tests.support.drills import SMALL, opened, running_drill
from tests.support.newcomer import Newcomer
from workbench.cli.screen import drill_places
from workbench.core.clock import ShiftedClock
from workbench.core.errors import ApiError
from workbench.domain.runbook.guide import Lead
from workbench.drill.servers.serve import RunningDrill
from workbench.session.session import Session

SCENARIOS = (
    *("stolen-env", "stolen-key", "stolen-login", "panel-session", "subaccount"),
    *("slow-abuse", "site-abuse", "lockout", "agency"),
)
HEAD = "| scenario | keys | characters | plans | cut after | seconds to the end | drill | how it ended |"
RULE = "|---|---|---|---|---|---|---|---|"


@dataclass
class Watch:
    """Lets time pass before each press, and notes when access was cut."""

    drill: RunningDrill
    person: Newcomer
    pauses: Sequence[float]
    rng: random.Random
    began: float
    opened: datetime
    cut: str = "-"

    async def __call__(self, session: Session) -> None:
        """Let one pause pass, and have the account read as the screen's watch would."""
        if self.cut == "-" and session.state.access_cut_at:
            self.cut = f"{monotonic() - self.began:.0f} s, {self.person.keys} keys"
        if seconds := self.rng.choice(self.pauses):
            self.drill.clock.advance(seconds)
            # An account that lets nobody in is looked at in vain, as by the screen's own watch.
            with contextlib.suppress(ApiError):
                await session.account.watch(whole=False)


async def played(
    scenario: str, size: tuple[int, int], pauses: Sequence[float], seed: int, sizes: dict[str, int]
) -> str:
    """Play one scenario to the end, or to whoever is waited for; return its row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with running_drill(folder, scenario=scenario, **sizes) as drill:
            places = drill_places(drill.document())
            async with opened(drill, folder, clock=ShiftedClock(), search_places=places) as session:
                person = Newcomer(size=size)
                rng = random.Random(f"{scenario} {seed}")
                watch = Watch(drill, person, pauses, rng, monotonic(), drill.clock.now())
                person.before = watch
                await person.sit(session, lambda _: False)
                assert not person.shown_whole(), person.shown_whole()
                wall, passed = monotonic() - watch.began, drill.clock.now() - watch.opened
                hours = f"{passed.total_seconds() / 3600:.1f} h"
                counts = f"{person.keys} | {person.typed} | {person.confirmed}"
                return f"| {scenario} | {counts} | {watch.cut} | {wall:.0f} | {hours} | {ended(session.lead())} |"


def ended(lead: Lead) -> str:
    """Return how a play ended: the guide's own words, and who is waited for."""
    return f"{lead.title}{'; ' if lead.waits_short else ''}{'; '.join(lead.waits_short)}"


def main(arguments: Sequence[str]) -> None:
    """Play what was asked for and print the table, a row as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m tests.plays")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"default: {', '.join(SCENARIOS)}")
    parser.add_argument("--size", default="120x40")
    parser.add_argument("--pauses", default="0")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="4 domains, 10 logins, 5 users")
    options = parser.parse_args(arguments)
    columns, _, lines = options.size.partition("x")
    pauses = [float(one) for one in options.pauses.split(",")]
    quiet()
    print(f"{HEAD}\n{RULE}", flush=True)
    for scenario in options.scenarios or SCENARIOS:
        sizes = SMALL if options.small else {}
        print(
            asyncio.run(played(scenario, (int(columns), int(lines)), pauses, options.seed, sizes)), flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:])
