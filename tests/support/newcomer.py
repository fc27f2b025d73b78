"""Somebody who only knows what the screen says: presses what it names, counts, and keeps all that was drawn."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from textual.pilot import Pilot

from tests.pilot.conftest import app_of, screen_text
from tests.support.patience import HANGS
from workbench.domain.runbook.guide import LOOK, GuideKind
from workbench.domain.runbook.runbook import StepView
from workbench.session.session import Session
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.leaks import LeaksScreen
from workbench.tui.screens.lists import ListScreen
from workbench.tui.screens.texts import ErrorScreen

MOST_KEYS = 40
MANY = re.compile(r"Type (\d+) and Enter")
COUNT = re.compile(r"To go ahead type (\d+) and Enter")
OWN_ADDRESS = re.compile(r"In the drill it is ([\d.]+\d)")
# Lists that want another key than Enter, by their heading; each says so in its last line.
NAMED = {
    "New credentials into the applications": ("y",),
    "Harden": ("l",),
    "Judge the findings": ("i",),
    "Who is a stranger?": ("i",),
}
BY_HAND = "that no call removes"
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
    *("sweep", "assess", "blocklists", "blocklists.check", "leaks", "report", "use", "record"),
)


@dataclass
class Newcomer:
    """Presses what the screen names, and counts: ``keys`` pressed, ``typed`` characters of confirmations.

    ``seen`` is everything that was ever drawn, ``people`` every address of a user that was ever known, ``confirmed``
    how many plans were confirmed by their count. ``before`` is awaited before each press: what passes between two
    presses is its own business.
    """

    keys: int = 0
    typed: int = 0
    confirmed: int = 0
    size: tuple[int, int] = (120, 40)
    before: Callable[[Session], Awaitable[None]] | None = None
    story: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)

    async def sit(self, session: Session, enough: Callable[[StepView], bool]) -> None:
        """Open the app on a session and do what it says, until it is enough or only waiting is left."""

        async def opener() -> Session:
            return session

        app = WorkbenchApp(opener, drill=True, watch_every=0, rate_every=0)
        async with app.run_test(size=self.size, notifications=True) as pilot:
            await self.rest(pilot)
            for _ in range(2 * MOST_KEYS):
                if self.before is not None:
                    await self.before(session)
                    await self.rest(pilot)
                lead = session.lead()
                step = next((one for one in session.steps() if one.id == lead.step), None)
                self.people |= {i.user.email for i in session.inventory.users.values() if i.user.email}
                over = len(app.screen_stack) > 1
                # Where the drill plays the others' part, waiting is a press away.
                waits = lead.waiting and lead.action == LOOK
                if not over and (waits or lead.kind is GuideKind.END or (step is not None and enough(step))):
                    return
                self.story.append(await self.once(pilot, session, step))
        raise AssertionError(self.story)

    def shown_whole(self) -> list[str]:
        """Return the lines in which somebody's address stood whole on the shared screen."""
        return [line for line in self.seen if any(email in line for email in self.people)]

    async def rest(self, pilot: Pilot[int]) -> None:
        """Wait until nothing works any more, then look at the screen."""
        app = app_of(pilot)
        for _ in range(2):
            await pilot.pause()
            for group in GROUPS:
                await app.work.rest(group, HANGS)
        await pilot.pause(0.1)
        for _ in range(200):
            # What is shown follows what is known soon, not at once: a newcomer reads before they press.
            if app.main.runbook.fresh:
                break
            await pilot.pause(0.05)
        self.seen.update(line.strip() for line in screen_text(pilot).splitlines())

    async def press(self, pilot: Pilot[int], *keys: str) -> None:
        """Press keys that count."""
        self.keys += len(keys)
        await pilot.press(*keys)
        await self.rest(pilot)

    async def confirm(self, pilot: Pilot[int], text: str) -> None:
        """Type a confirmation and take it."""
        self.typed += len(text)
        await pilot.press(*text)
        await self.press(pilot, "enter")

    async def once(self, pilot: Pilot[int], session: Session, step: StepView | None) -> str:
        """Do what the guide, or the dialog in front of it, says; return what it was."""
        front, text = pilot.app.screen, screen_text(pilot)
        if len(pilot.app.screen_stack) == 1:
            await self.press(pilot, "enter")
            lead = session.lead()
            return f"{lead.kind.value} {lead.step} {lead.action}"
        # An account that lets nobody in says so once; everything else that fails is a fault of the play.
        assert not isinstance(front, ErrorScreen) or session.account.refused, text
        if (found := COUNT.search(text)) is not None:
            self.confirmed += 1
            await self.confirm(pilot, found.group(1))
            return f"confirmed {found.group(1)}"
        if (found := MANY.search(text)) is not None:
            await self.confirm(pilot, found.group(1))
            return f"counted {found.group(1)}"
        if (found := OWN_ADDRESS.search(text)) is not None:
            await self.confirm(pilot, found.group(1))
            return f"typed {found.group(1)}"
        keys: tuple[str, ...] = ("enter",)
        if isinstance(front, ListScreen):
            keys = NAMED.get(front.heading, keys)
        if "y it was sent" in text:
            # A newcomer sends what they copied; Enter alone says that it was not sent yet.
            keys = ("y",)
        if "this host's own address?" in text:
            keys = ("down", "enter")
        if isinstance(front, LeaksScreen):
            # In the drill the developers clean the places; there is nothing to say by hand.
            keys = ("escape",)
        if BY_HAND in text:
            # What was done by hand is said of all that is selected; nothing is selected beforehand.
            keys = ("a", "h")
        self.story += [
            f.title for f in session.findings() if not f.decision and step is not None and step.id == "6"
        ]
        await self.press(pilot, *keys)
        return f"{' '.join(keys)} on {type(front).__name__}"
