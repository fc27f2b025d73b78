"""A newcomer recovers the whole drill with Enter alone: every step closed by evidence, over real sockets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from textual.pilot import Pilot

from tests.pilot.conftest import app_of, screen_text
from tests.support.drills import opened, running_drill
from workbench.app import WorkbenchApp
from workbench.cli.screen import drill_places
from workbench.clock import ShiftedClock
from workbench.incident.runbook import next_step
from workbench.session import Session

MOST_KEYS = 40
COUNT = re.compile(r"To go ahead type (\d+) and Enter")
CLOSED = ("done", "attested", "not applicable")
GROUPS = (
    *(
        "open",
        "connect",
        "read",
        "rate",
        "plan",
        "run",
        "preserve",
        "preserve-rest",
        "attest",
        "decide",
        "drill",
    ),
    *("sweep", "assess", "blocklists", "leaks", "report", "use", "record"),
)


@dataclass
class Newcomer:
    """Presses what the screen names, and counts: ``keys`` pressed, ``typed`` characters of confirmations."""

    pilot: Pilot[int]
    session: Session
    keys: int = 0
    typed: int = 0
    story: list[str] = field(default_factory=list)

    async def rest(self) -> None:
        """Wait until nothing works any more and the screen shows it."""
        app = app_of(self.pilot)
        for _ in range(3):
            await self.pilot.pause()
            for group in GROUPS:
                await app.work.rest(group, 30)
        await self.pilot.pause(0.16)

    async def press(self, *keys: str) -> None:
        self.keys += len(keys)
        await self.pilot.press(*keys)
        await self.rest()

    async def type(self, text: str) -> None:
        """Type a confirmation."""
        self.typed += len(text)
        await self.pilot.press(*text)

    def top(self) -> str:
        """Return the id or kind of what lies over the panes, empty for the panes themselves."""
        screen = app_of(self.pilot).screen
        return "" if screen is app_of(self.pilot).main else screen.id or type(screen).__name__


async def step_once(person: Newcomer) -> str:
    """Do what the guide or the dialog in front says; return what it was."""
    top = person.top()
    if not top:
        step = next_step(person.session.steps())
        assert step is not None
        await person.press("enter")
        return f"{step.id} {step.next_action}"
    text = screen_text(person.pilot)
    if (found := COUNT.search(text)) is not None:
        await person.type(found.group(1))
        await person.press("enter")
        return f"confirm {found.group(1)}"
    assert top != "ErrorScreen", text
    if top == "AskScreen" and "Type its full name" in text:
        name = next(
            i
            for i, d in person.session.state.decisions.items()
            if i.startswith("domain:") and d.decision == "intruder"
        )
        await person.type(name.removeprefix("domain:"))
        await person.press("enter")
        return "typed the domain"
    if "hand-over list" in text and top == "list-screen":
        await person.press("c")
        return "copied the hand-over list"
    if "leave for later" in text and top == "list-screen":
        await person.press("l")
        return "left the rest for later"
    if "that no call removes" in text and top == "list-screen":
        await person.press("a", "enter")
        return "repaired by hand"
    if top == "LeaksScreen":
        await person.press("a", "enter")
        return "closed the leaks"
    await person.press("enter")
    return f"enter on {top}"


async def test_a_newcomer_recovers_the_drill(tmp_path: Path) -> None:
    async with running_drill(tmp_path) as drill:
        places = drill_places(drill.document())
        clock = ShiftedClock()
        async with opened(drill, tmp_path, clock=clock, search_places=places) as session:

            async def opener() -> Session:
                return session

            app = WorkbenchApp(opener, drill=True, watch_every=0, rate_every=0)
            async with app.run_test(size=(120, 40), notifications=True) as pilot:
                person = Newcomer(pilot, session)
                await person.rest()
                for _ in range(70):
                    if next_step(session.steps()) is None:
                        break
                    person.story.append(await step_once(person))
                    print(person.keys, person.typed, person.story[-1])
                for s in session.steps():
                    print(s.id, s.verdict.value, s.idle, s.next_action, s.evidence[:2])
                assert all(step.verdict.value in CLOSED or step.idle for step in session.steps())
                assert person.keys + person.typed <= MOST_KEYS, person.story
